/** What was said before the agent came, in front of what it hears live. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { frameOf } from '../../src/audio/frame.ts'
import { noise, ramp, voice } from '../fakes/sound.ts'
import { bytesOf } from '../fakes/tracks.ts'
import { balance, format, listener, live } from './listener.ts'

const it = suite('hear.recall')

it('gives what was said before first, then the live audio that was held meanwhile (PRE-4)', async () => {
  const { clock, ear, feed, readAfter, reader, send } = listener()
  const { data } = reader()
  const { claimed } = readAfter('a')
  await clock.settle()
  feed('a').push(...live(ramp(4_800, 10_000)))
  await clock.settle()
  assert.is(data().length, 0)
  const stream = send()
  assert.is(await claimed, true)
  stream.push(bytesOf(ramp(3_000)))
  await clock.settle()
  assert.equal(data(), ramp(2_400), 'passed on as it comes (PRE-7)')
  stream.push(bytesOf(ramp(1_000, 3_000)))
  stream.end()
  await ear.replay()
  await clock.settle()
  feed('a').push(...live(ramp(1_200, 14_800)))
  await clock.settle()
  assert.equal(data(), Int16Array.of(...ramp(4_000), ...ramp(5_600, 10_000)))
  assert.equal([ear.counters.overlap, balance(ear.counters)], [0, 0])
})

it('ends at once while it waits for what was said before, or for a reader (law 4)', async () => {
  const waiting = listener()
  const idle = waiting.readAfter('a')
  await waiting.clock.settle()
  idle.stop()
  await idle.done
  await waiting.ear.replay()
  assert.is(await idle.claimed, false)
  const full = listener({ maxBufferMs: 100 })
  const busy = full.readAfter('a')
  const stream = full.send()
  await busy.claimed
  for (let index = 0; index < 4; index++) stream.push(bytesOf(ramp(1_200)))
  await full.clock.settle()
  assert.is(full.clock.timers, 1)
  const { received } = full.ear.counters
  busy.stop()
  await busy.done
  await full.clock.settle()
  assert.equal([full.ear.counters.received, full.clock.timers], [received, 0])
})

it('uses what has come when the stream is cut (PRE-6)', async () => {
  const { clock, ear, feed, readAfter, reader, send } = listener()
  const { data } = reader()
  const { claimed } = readAfter('a')
  const stream = send()
  await claimed
  stream.push(bytesOf(ramp(2_000)))
  await clock.settle()
  ear.cut()
  await ear.receive()
  stream.push(bytesOf(ramp(2_000, 2_000)))
  await ear.replay()
  feed('a').push(...live(ramp(5_200, 10_000)))
  await clock.settle()
  assert.equal(data(), Int16Array.of(...ramp(2_000), ...ramp(5_200, 10_000)))
})

it('takes out of the live audio what the recording ends with (PRE-13)', async () => {
  const said = voice(60_000, 24_000, 3)
  for (const { lap, early } of [
    { lap: 9_600, early: 14_400 }, // all of the repetition is there when it is looked for
    { lap: 18_000, early: 4_800 }, // only its beginning
  ]) {
    const { clock, ear, feed, readAfter, reader, send } = listener()
    const { data } = reader()
    const { claimed } = readAfter('a')
    await clock.settle()
    const stream = send()
    await claimed
    stream.push(bytesOf(said.slice(0, 30_000)))
    const rest = live(said.slice(30_000 - lap))
    feed('a').push(...rest.slice(0, early / 240))
    await clock.settle()
    stream.end()
    await clock.settle()
    feed('a').push(...rest.slice(early / 240))
    await clock.settle()
    assert.equal(data(), said)
    assert.equal([ear.counters.overlap, balance(ear.counters)], [lap, 0])
  }
})

it('waits for a reader who is slower than the replay, so that nothing of it is lost', async () => {
  const { clock, ear, feed, readAfter, send, runs } = listener()
  const { claimed } = readAfter('a')
  const stream = send()
  await claimed
  for (let second = 0; second < 25; second++) stream.push(bytesOf(noise(24_000, second)))
  stream.end()
  await clock.settle()
  let frames = 0
  const reader = ear.audio[Symbol.asyncIterator]()
  for (let ms = 0; ms < 30_000; ms += 50) {
    feed('a').push(frameOf(noise(1_200, ms), format))
    for (let turn = 0; turn < 2 && ear.counters.buffered > 0; turn++) {
      await reader.next()
      frames++
      await clock.settle()
      assert.ok(clock.timers <= 1)
    }
    await clock.advance(50)
  }
  assert.is(frames + ear.counters.buffered / 1_200, 500 + 600)
  assert.ok(ear.counters.buffered < 5 * 1_200)
  assert.equal([runs, ear.counters.dropped, balance(ear.counters), clock.timers], [[], 0, 0, 0])
})

it('waits no longer than live audio can be held: then the oldest goes, counted and told (MIC-11, law 6)', async () => {
  const { clock, ear, feed, readAfter, send, runs } = listener()
  const { claimed } = readAfter('a')
  const stream = send()
  await claimed
  for (let second = 0; second < 30; second++) stream.push(bytesOf(noise(24_000, second)))
  stream.end()
  await clock.settle()
  const reader = ear.audio[Symbol.asyncIterator]()
  for (let ms = 0; ms < 30_000; ms += 50) {
    feed('a').push(frameOf(noise(1_200, ms), format))
    await reader.next() // as fast as it is spoken, and never faster
    await clock.advance(50)
  }
  const { received, dropped, delivered, buffered } = ear.counters
  assert.equal([received, delivered, buffered], [60 * 24_000, 30 * 24_000, 240_000])
  assert.equal([dropped, balance(ear.counters)], [20 * 24_000, 0])
  assert.equal(runs[0]?.samples, 1_200)
})

it('does not wait for a reader who stands still: the oldest is dropped, and live audio comes (MIC-11)', async () => {
  const { clock, ear, feed, readAfter, send, runs } = listener()
  const { claimed } = readAfter('a')
  const stream = send()
  await claimed
  for (let second = 0; second < 25; second++) stream.push(bytesOf(noise(24_000, second)))
  stream.end()
  await clock.advance(999)
  assert.equal([ear.counters.dropped, runs], [0, []])
  await clock.advance(1)
  assert.equal(runs, [{ samples: 1_200, from: 0 }])
  for (let ms = 0; ms < 500; ms += 50) feed('a').push(frameOf(noise(1_200, ms + 100), format))
  await clock.settle()
  assert.equal([ear.counters.received, ear.counters.buffered], [25 * 24_000 + 12_000, 240_000])
  assert.equal([balance(ear.counters), clock.timers], [0, 0])
})

it('drops what was said before when the agent stops hearing (PRE-17)', async () => {
  const { clock, ear, feed, readAfter, reader, send } = listener()
  const { data } = reader()
  const { claimed } = readAfter('a')
  const stream = send()
  await claimed
  ear.gate(false)
  stream.push(bytesOf(ramp(2_400)))
  feed('a').push(...live(ramp(1_200, 5_000)))
  await clock.settle()
  ear.gate(true)
  stream.push(bytesOf(ramp(2_400, 2_400)))
  stream.end()
  await clock.settle()
  feed('a').push(...live(ramp(4_800, 10_000)))
  await clock.settle()
  assert.equal(data(), Int16Array.of(...ramp(2_400, 2_400), ...ramp(4_800, 10_000)))
  assert.equal([ear.counters.gated, balance(ear.counters)], [3_600, 0])
})

it.run()
