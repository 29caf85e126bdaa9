/** The examples: each does what it says, in a room in virtual time; and runs by the command line as a user's own mind. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { build } from 'esbuild'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { booking } from '../examples/booking.ts'
import answeringMachine from '../examples/custom-machine.ts'
import parrot from '../examples/parrot.ts'
import { encodeWav } from '../src/codec/wav.ts'
import { OpenAIRealtimeModel } from '../src/minds/openai/index.ts'
import { virtualClock } from '../src/virtual.ts'
import { bundled } from './call/program.ts'
import { samples, startCall } from './fakes/call.ts'
import { audio, call, scriptedServer } from './fakes/openai/index.ts'

const it = suite<{ program: string; base: string }>('examples', { program: '', base: '' })
it.before(async context => {
  context.program = await bundled('examples-test')
  context.base = mkdtempSync(join(tmpdir(), 'chartroom-examples-'))
  await Promise.all([import('openai'), import('openai/realtime/ws')]) // no real I/O in virtual time
})
it.after(({ base }) => rmSync(base, { recursive: true, force: true }))

const loud = (ms: number) => samples(ms, 5_000)
const spoken = ({ facts }: Awaited<ReturnType<typeof startCall>>) =>
  facts.flatMap(fact => (fact.type === 'words.shown' && fact.speaker === 'agent' && !fact.final ? fact.text : [])).join('')

it('parrot: says back all that it heard, in less than 20 lines', async () => {
  const { room, clock, caller, ends } = await startCall({ options: { mind: parrot } })
  const ear = caller.hears('agent')
  const mic = caller.publish()
  await clock.advance(100)
  void mic.speak(loud(1_000))
  await clock.advance(4_000)
  assert.equal(
    ends().map(({ outcome }) => outcome),
    ['finished'],
  )
  const heard = [...ear.samples()].filter(sample => sample !== 0)
  assert.equal([heard.length, heard[0], heard.at(-1)], [24_000, 5_000, 28_999])
  await clock.runUntil(room.close())
  const lines =
    readFileSync('examples/parrot.ts', 'utf8').split('const parrot: Mind = {')[1]?.split('\n}\n')[0]?.split('\n') ?? []
  assert.ok(lines.length < 17, `${lines.length} lines`)
})

it('custom-machine: takes a message and hangs up; so it does if nobody speaks', async () => {
  const busy = await startCall({ options: { mind: answeringMachine } })
  await busy.clock.advance(2_000)
  const mic = busy.caller.publish()
  void mic.speak(loud(3_000))
  await busy.clock.advance(8_000)
  assert.is(await busy.room.closed, 'message.taken')
  assert.match(spoken(busy), /^Nobody is here\. Speak after the tone\.That was 3(\.0\d)? s\. Goodbye\.$/)

  const silent = await startCall({ options: { mind: answeringMachine } })
  await silent.clock.advance(11_000)
  assert.ok(silent.room.isOpen)
  await silent.clock.advance(2_000)
  assert.is(await silent.room.closed, 'nobody.spoke')
})

it('booking: a model looks for a table, books it, and says so; the last one is booked once', async () => {
  const tables = new Map([[20, 1]])
  const clock = virtualClock()
  const server = scriptedServer({ clock })
  const model = new OpenAIRealtimeModel({ apiKey: 'sk-test', baseURL: server.plug() })
  const here = await startCall({ clock, options: { mind: booking(model, tables) } })
  const { room, hub, caller } = here
  await clock.advance(100)
  const guest = { hour: 20, guests: 2, name: 'Ann' }
  server.answer(
    { parts: [call('find_tables', { hour: 20 })] },
    { parts: [call('book_table', guest), call('book_table', guest)] },
    { parts: [audio({ ms: 800, words: 'Your table is booked.' })] },
  )
  void caller.publish().speak(loud(1_000))
  server.speech({ start: 100, end: 900, transcript: 'A table for two at eight, please.' })
  await clock.advance(5_000)
  assert.is(tables.get(20), 0)
  const outputs = JSON.stringify(server.said('conversation.item.create').map(({ item }) => Object(item).output))
  assert.match(outputs, /\{\\"free\\":1\}/)
  assert.match(outputs, /\{\\"reservation\\":\\"20-1\\",\\"name\\":\\"Ann\\"\}/)
  assert.match(outputs, /Error: no table is free at this hour/)
  assert.match(spoken(here), /Your table is booked\./)
  await clock.runUntil(room.close())
  await clock.runUntil(server.close())
  assert.is(hub.openOf('agent').listeners, 0)
})

for (const [name, says] of [
  ['parrot', /agent was interrupted|caller is here/],
  ['custom-machine', /Nobody is here\. Speak after the tone\./],
] as const)
  it(`${name}: runs by the command line, bundled`, async ({ program, base }) => {
    const outfile = resolve(`.cache/examples-test/${name}.mjs`)
    await build({
      ...{ entryPoints: [`examples/${name}.ts`], outfile, bundle: true, packages: 'external', logLevel: 'silent' },
      ...{ platform: 'node', target: 'node20', format: 'esm', alias: { chartroom: resolve('src/index.ts') } },
    })
    writeFileSync(join(base, 'my.wav'), encodeWav({ sampleRate: 24_000, channels: 1, data: loud(5_000) }))
    const args = [program, 'call', 'my.wav', '--mind', outfile, '--out', name]
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: base, encoding: 'utf8', timeout: 60_000 })
    assert.equal([status, stderr], [0, ''])
    assert.match(stdout, says)
  })

it.run()
