/** What the commands that open a page take, and do. */
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { openerOn } from '../../src/call/browser.ts'
import { commandFrom } from '../../src/call/options.ts'
import { codeOf } from '../../src/errors.ts'
import { header, recordingOf } from '../recording/tapes.ts'
import { bundled, type Run, started } from './program.ts'

const it = suite('viewing')
let base = ''
let program = ''
const runs: Run[] = []
it.before(async () => {
  program = await bundled('viewing-test')
})
it.before.each(async () => {
  base = await mkdtemp(join(tmpdir(), 'chartroom-viewing-'))
})
it.after.each(async () => {
  for (const { child, ended } of runs.splice(0)) {
    child.kill('SIGKILL')
    await ended
  }
  await rm(base, { recursive: true, force: true })
})
const start = (...args: string[]): Run => {
  const run = started(program, base, args)
  runs.push(run)
  return run
}
const complaint = (...args: string[]): string => {
  try {
    commandFrom(args, {})
  } catch (error) {
    assert.is(codeOf(error), 'ERR_USAGE')
    return error instanceof Error ? (error.message.split('\n', 1)[0] ?? '') : ''
  }
  return `accepted ${args.join(' ')}`
}
const serving = { port: 0, allowRemote: false, browser: true }
const answering = { mind: 'docent', minSpeechMs: 200, quiet: false, color: true, seed: 1 }

it('reads what to open, and where to serve it', () => {
  assert.equal(commandFrom(['open', 'calls/1'], {}), { name: 'open', options: { path: 'calls/1', ...serving } })
  assert.equal(commandFrom(['open', 'x', '--port', '4000', '--host', '::1', '--allow-remote', '--no-open'], {}), {
    name: 'open',
    options: { path: 'x', port: 4000, host: '::1', allowRemote: true, browser: false },
  })
  assert.equal(commandFrom(['open', '-h'], {}), { name: 'help', about: 'open' })
  assert.is(complaint('open'), 'which recording? Name its folder')
  assert.is(complaint('open', 'a', 'b'), 'one recording at a time: "b" is one too many')
  assert.is(complaint('open', 'a', '--port', '70000'), '--port must be a whole number from 0 to 65535, not "70000"')
  assert.is(complaint('open', 'a', '--host='), '--host is empty')
  assert.is(complaint('open', 'a', '--ports', '1'), 'unknown option --ports; did you mean --port?')
})

it('reads what to inspect', () => {
  assert.equal(commandFrom(['inspect'], {}), { name: 'inspect', options: { ...answering, ...serving, sends: false } })
  const { options } = commandFrom(['inspect', 'my.wav', '--send', '--mind', 'parrot', '--seed', '7'], {}) as { options: object }
  assert.equal(options, { ...answering, ...serving, wav: 'my.wav', sends: true, mind: 'parrot', seed: 7 })
  assert.equal(commandFrom(['inspect', '--help'], {}), { name: 'help', about: 'inspect' })
  assert.is(complaint('inspect', 'a.wav', 'b.wav'), 'one WAV file at a time: "b.wav" is one too many')
})

it('reads whether a room of a server is shown as well', () => {
  const join = ['join', '--dev', '--room', 'x']
  const inspectOf = (...more: string[]) => {
    const { options } = commandFrom([...join, ...more], {}) as { options: { inspect?: object } }
    return options.inspect
  }
  assert.is(inspectOf(), undefined)
  assert.equal(inspectOf('--inspect'), { ...serving, sends: false })
  assert.equal(inspectOf('--inspect', '--send', '--no-open', '--port', '9'), { ...serving, sends: true, browser: false, port: 9 })
  for (const lone of ['--send', '--no-open', '--allow-remote']) assert.is(complaint(...join, lone), `${lone} is for --inspect`)
  assert.is(complaint(...join, '--port', '9'), '--port is for --inspect')
})

it('opens a browser only where somebody would see it', () => {
  assert.is(openerOn('linux', {}), undefined)
  assert.equal(openerOn('linux', { DISPLAY: ':0' }), ['xdg-open'])
  assert.equal(openerOn('linux', { WAYLAND_DISPLAY: 'wayland-0' }), ['xdg-open'])
  assert.equal(openerOn('darwin', {}), ['open'])
  assert.is(openerOn('win32', {})?.[0], 'rundll32')
})

const addressIn = (text: string): string => /http:\/\/\S+/.exec(text)?.[0] ?? 'no address'

it('serves a recording until Ctrl-C, and says what of it is not whole', async () => {
  await recordingOf(join(base, 'call'), 20_000)
  await rm(join(base, 'call/media.bin'))
  const run = start('open', 'call', '--no-open')
  await run.shows(/Ctrl-C ends/)
  assert.match(run.so.stdout, /^demo as agent, 24\.0 s, \d+ messages\nnote: there is no media\.bin/)
  const page = await fetch(addressIn(run.so.stdout))
  assert.equal([page.status, page.headers.get('content-type')], [200, 'text/html; charset=utf-8'])
  run.child.kill('SIGINT')
  assert.equal([(await run.ended).code, run.so.stderr], [130, ''])
})

it('says in one line what cannot be opened', async () => {
  await writeFile(join(base, 'newer.jsonl'), `${JSON.stringify({ ...header, version: 99, product: '9.0.0' })}\n`)
  await writeFile(join(base, 'empty.jsonl'), '')
  const lines: [string, RegExp][] = [
    ['nowhere', /^chartroom: cannot open nowhere: there is no such file or folder\n$/],
    ['.', /^chartroom: \. is not a recording: there is no tape\.jsonl in it\n$/],
    ['empty.jsonl', /^chartroom: empty\.jsonl is empty: nothing was recorded\n$/],
    ['newer.jsonl', /^chartroom: newer\.jsonl was made by a newer Chartroom \(9\.0\.0\): update this one to open it; [^\n]+\n$/],
  ]
  for (const [path, line] of lines) {
    const { code, stdout, stderr } = await start('open', path, '--no-open').ended
    assert.equal([code, stdout], [1, ''])
    assert.match(stderr, line)
  }
})

it('refuses an address that others reach, and a port that is in use', async () => {
  await recordingOf(join(base, 'call'), 8_000)
  const far = await start('open', 'call', '--host', '0.0.0.0', '--no-open').ended
  assert.match(far.stderr, /^chartroom: 0\.0\.0\.0 can be reached by other machines[^\n]+\n$/)
  const first = start('open', 'call', '--no-open')
  await first.shows(/Ctrl-C ends/)
  const { port } = new URL(addressIn(first.so.stdout))
  const second = await start('open', 'call', '--port', port, '--no-open').ended
  assert.match(second.stderr, /^chartroom: cannot listen on 127\.0\.0\.1:\d+: it is in use: choose another port, or none\n$/)
})

it('inspects a call, which begins when a page looks, and is recorded, and is stopped by Ctrl-C', async () => {
  const run = start('inspect', '--no-open', '--mind', 'parrot', '-q', '--record=kept')
  await run.shows(/http:\/\/\S+\//)
  assert.is((await fetch(addressIn(run.so.stdout))).status, 200)
  run.child.kill('SIGINT')
  assert.equal([(await run.ended).code, run.so.stderr], [130, 'chartroom: stopped\n'])
  assert.equal((await readdir(join(base, 'kept'))).sort(), ['inputs.jsonl', 'media.bin', 'tape.jsonl'])
})

it.run()
