// node: --expose-gc
// deadline: 240 s
/** Nothing is left behind: a thousand rooms, and a reader who stands still for ten minutes. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { frameOf } from '../src/audio/frame.ts'
import { sleep } from '../src/clock.ts'
import { format, type newCall, outcomeOf, perMs, samples, sound, startCall, timed } from './fakes/call.ts'

const it = suite('leak')

const MB = 1024 * 1024
/** What is used, in MB, when all that can go has gone: buffers outside of the heap take a turn or two. */
const memory = async () => {
  for (let n = 0; n < 4; n++) {
    globalThis.gc?.()
    await new Promise(resolve => setTimeout(resolve, 20))
  }
  const { heapUsed, external, rss } = process.memoryUsage()
  return { heap: (heapUsed + external) / MB, rss: rss / MB }
}
/** What keeps a process alive; pipes are those of the test itself. */
const resources = () => process.getActiveResourcesInfo().filter(kind => kind !== 'Immediate' && kind !== 'PipeWrap')

/** A room from its opening to its end: linked, heard, speaking, captioned, journaled every other time. */
const cycle = async (n: number): Promise<void> => {
  let lines = 0
  const options = n % 2 ? { journal: () => void lines++ } : {}
  const { clock, hub, caller, room, codes } = await startCall({ seed: n, options })
  const captions = caller.collect('lk.transcription')
  const mic = caller.publish()
  const read = async () => {
    for await (const _ of room.audio);
  }
  const reading = read()
  void mic.speak(samples(300))
  const { played } = room.say({ audio: sound(1_000), text: timed(5) })
  await clock.advance(n % 7 === 0 ? 0 : 120)
  if (n % 5 === 0) room.pause()
  if (n % 11 === 0) hub.disconnect('agent')
  await clock.runUntil(room.close())
  await Promise.all([reading, played])
  await clock.advance(1) // the last words arrive
  assert.equal(hub.openOf('agent'), { listeners: 0, streams: 0, timers: 0 })
  assert.ok(captions.every(({ state }) => state !== 'open'))
  caller.leave()
  await clock.advance(1)
  assert.is(clock.timers, 0)
  assert.equal(hub.open, { listeners: 0, streams: 0, timers: 0 })
  assert.equal(codes(), [])
}

it('leaves nothing behind after 1,000 rooms (ROOM-13, law 5)', async () => {
  assert.type(globalThis.gc, 'function')
  for (let n = 0; n < 400; n++) await cycle(n) // until the compiler has seen all of it
  const [before, open] = [await memory(), resources()]
  for (let n = 0; n < 1_000; n++) await cycle(n)
  const after = await memory()
  assert.equal(resources(), open)
  // A room that is held keeps over 20 kB: one in seven would be found. The compiler's own keeping has been seen to take 1.1 MB.
  assert.ok(after.heap - before.heap < 3, `the heap has grown by ${(after.heap - before.heap).toFixed(2)} MB`)
  assert.ok(after.rss - before.rss < 20, `resident memory has grown by ${(after.rss - before.rss).toFixed(1)} MB`)
})

it('bounds what waits for a reader that stands still for ten minutes, and tells what it drops (MIC-11, law 17)', async () => {
  const minutes = 10
  const call = await startCall()
  const { clock, caller, room, facts } = call
  const mic = caller.publish()
  const talk = async function* () {
    const second = samples(1_000)
    for (let n = 0; n < minutes * 60; n++) yield frameOf(second, format)
  }
  const iterator = room.audio[Symbol.asyncIterator]()
  const first = outcomeOf(clock, iterator.next())
  void mic.speak(talk())
  await clock.advance(60_000)
  const before = await memory()
  await clock.advance((minutes - 1) * 60_000)
  const after = await memory()
  assert.ok('value' in (await first))
  // A room that is held keeps over 20 kB: one in seven would be found. The compiler's own keeping has been seen to take 1.1 MB.
  assert.ok(after.heap - before.heap < 3, `the heap has grown by ${(after.heap - before.heap).toFixed(2)} MB`)
  const { received, delivered, dropped, buffered } = room.counters
  assert.is(buffered, 10_000 * perMs)
  assert.is(received, delivered + dropped + buffered)
  assert.ok(received >= (minutes * 60_000 - 100) * perMs)
  assert.ok(dropped > (minutes * 60_000 - 11_000) * perMs)
  const told = () => facts.flatMap(fact => (fact.type === 'input.dropped' ? [fact] : []))
  assert.is(told().length, 1, 'told when the run of drops began')
  // The run ends when there is room again.
  for (let n = 0; n < 5; n++) await iterator.next()
  await sleepOn(call, 100)
  assert.is(told().length, 2)
  assert.is(told()[1]?.samples, room.counters.dropped)
  assert.is(told()[1]?.from, 50 * perMs) // behind the one frame that was read
  await clock.runUntil(room.close())
})

const sleepOn = ({ clock }: Pick<ReturnType<typeof newCall>, 'clock'>, ms: number) => clock.runUntil(sleep(clock, ms))

it('holds a producer who has all of it at once, however long it is (OUT-13, law 17)', async () => {
  const { clock, room } = await startCall({ caller: { subscribes: false } })
  let given = 0
  const endless = async function* () {
    for (;;) {
      given += 1_000
      yield frameOf(samples(1_000), format)
    }
  }
  const { played } = room.say({ audio: endless() })
  await clock.advance(60_000)
  assert.ok(given <= 32_000, `${given} ms were taken and nobody listens`)
  await clock.runUntil(room.close())
  assert.is((await played).outcome, 'abandoned')
})

it.run()
