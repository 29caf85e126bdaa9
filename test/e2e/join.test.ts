// deadline: 180 s
/** `chartroom join` as a user runs it, on a real server, with a plain caller in the room. */
import { tmpdir } from 'node:os'
import * as assert from 'uvu/assert'
import { bundled, type Run, started } from '../call/program.ts'
import { micRate } from './mic.ts'
import { type Stage, suiteOnServer } from './stage.ts'
import { sweep } from './sweep.ts'
import { within } from './watch.ts'

const it = await suiteOnServer('join')
const program = await bundled('join-test')
const joining = ({ server, name }: Stage, args: string[] = [], env: Record<string, string> = {}): Run =>
  started(program, tmpdir(), ['join', '--url', server.url, '--room', name, ...args], env)
/** What we say; the native layer has a log of its own, with its own line head. */
const ours = (stderr: string): string => stderr.replace(/^\[\d{4}-\S+ [A-Z]+ \S+\] .*\n/gm, '')
const keysOf = ({ server }: Stage) => ({ LIVEKIT_API_KEY: server.apiKey, LIVEKIT_API_SECRET: server.apiSecret })

it('greets whoever comes, shows its words, and leaves with the caller; standard output is clean', async stage => {
  const { shows, ended } = joining(stage, [], keysOf(stage))
  await within('it is in the room', shows(/in the room "[^"]+" as chartroom-agent, waiting for a caller/), 20_000)
  const caller = await stage.caller()
  const mic = await caller.publish()
  await mic.speak(sweep(100, micRate))
  await within('it speaks', shows(/agent {4}\w+/), 20_000)
  await caller.watch.until('its words are shown', () =>
    caller.texts.some(({ from, text }) => from === 'chartroom-agent' && text.length > 10),
  )
  await caller.leave()
  const { code, stdout, stderr } = await within('it leaves', ended, 20_000)
  assert.is(ours(stderr), '')
  assert.is(code, 0)
  for (const line of stdout.trimEnd().split('\n')) assert.match(line, /^ {1,2}\d+:\d\d {2}\S/)
  assert.match(stdout, /the caller has left, and so has the agent\n$/)
})

it('leaves the room at Ctrl-C, with exit code 130', async stage => {
  const caller = await stage.caller()
  const { child, shows, ended } = joining(stage, ['--mind', 'parrot'], keysOf(stage))
  await within('it is in the room', shows(/caller is here/), 20_000)
  child.kill('SIGINT')
  const { code, stderr } = await within('it ends', ended, 10_000)
  assert.is(code, 130)
  assert.is(ours(stderr), '')
  await caller.watch.until('it has left', () => caller.gone.includes('chartroom-agent'))
})

it('says in one line why it cannot get in, with exit code 1', async stage => {
  const wrong: [run: Run, says: RegExp][] = [
    [
      joining(stage, [], { ...keysOf(stage), LIVEKIT_API_SECRET: 'wrong' }),
      /^chartroom: the server at \S+ refuses the token \(.*\): check the API key/,
    ],
    [joining(stage, ['--token', 'nonsense']), /^chartroom: the server at \S+ refuses the token/],
  ]
  for (const [{ ended }, says] of wrong) {
    const { code, stdout, stderr } = await within('it gives up', ended, 30_000)
    assert.is(code, 1)
    assert.is(stdout, '')
    assert.match(ours(stderr), says)
    assert.is(ours(stderr).trim().split('\n').length, 1)
  }
})

it.run()
