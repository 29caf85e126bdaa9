/** The loopback's live tracks: their pace, their silence, what a slow listener loses, and how little they cost. */
import { getEventListeners } from 'node:events'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type AudioFrame, frameOf, joined } from '../../src/audio/frame.ts'
import { sleep } from '../../src/clock.ts'
import type { MicOptions } from '../../src/loopback/index.ts'
import type { Listening } from '../../src/ports.ts'
import { loudMs, pitchOf, placeOf, testHz, tone } from '../ports/sound.ts'
import { counting, never, outcome, scene } from './scene.ts'

const it = suite('loopback listening')
const usual: Listening = { sampleRate: 24_000, channels: 1, frameMs: 50 }

const live = async (options: MicOptions = {}) => {
  const { agent, caller, ...rest } = scene()
  const world = await agent()
  const ann = caller()
  const mic = ann.publish(options)
  await rest.clock.advance(0)
  const keys = () => world.facts.flatMap(event => (event.type === 'track.subscribed' ? [event.track.key ?? ''] : []))
  return { ...rest, world, ann, mic, keys, key: keys()[0] ?? '' }
}
const gather = (frames: AsyncIterable<AudioFrame>) => {
  const heard: AudioFrame[] = []
  const read = async () => {
    for await (const frame of frames) heard.push(frame)
  }
  return { heard, over: outcome(read().then(() => true)), samples: () => joined(heard.map(({ data }) => data)) }
}

it('sends silence while nobody speaks, a frame every frameMs', async () => {
  const { clock, world, key } = await live()
  const { heard } = gather(world.tracks.listen(key, usual, never()))
  await clock.advance(1_000)
  assert.is(heard.length, 20)
  assert.ok(heard.every(frame => frame.samplesPerChannel === 1_200 && frame.data.every(x => x === 0)))
})

it('gives every sample at its moment', async () => {
  const { clock, world, key, mic } = await live()
  const { samples } = gather(world.tracks.listen(key, usual, never()))
  await clock.advance(123)
  void mic.speak(counting(2_400))
  await clock.advance(300)
  assert.is(placeOf(counting(2_400), samples()), 123 * 24)
})

it('begins on the 10 ms grid, with the next whole block', async () => {
  const { clock, world, key, mic } = await live()
  void mic.speak(counting(24_000))
  await clock.advance(123)
  const { samples, heard } = gather(world.tracks.listen(key, { ...usual, frameMs: 10 }, never()))
  await clock.advance(17)
  assert.is(heard.length, 1)
  assert.is(samples()[0], 130 * 24 + 1)
})

it('delivers nothing while muted; the frame that was begun is completed after it', async () => {
  const { clock, world, key, mic } = await live()
  const { heard, samples } = gather(world.tracks.listen(key, usual, never()))
  void mic.speak(counting(24_000))
  await clock.advance(70)
  mic.mute()
  await clock.advance(500)
  assert.is(heard.length, 1)
  mic.unmute()
  await clock.advance(30)
  assert.is(heard.length, 2)
  const second = heard[1]?.data ?? new Int16Array()
  assert.equal(second.slice(0, 480), counting(480, 50 * 24 + 1)) // up to the mute
  assert.equal(second.slice(480), counting(720, 570 * 24 + 1)) // what is spoken at the unmute
  assert.is(samples().length, 2_400)
})

it('converts rate and channels on the way, and still fills its frames', async () => {
  const { clock, world, key, mic } = await live({ sampleRate: 48_000, channels: 2 })
  const { heard, samples } = gather(world.tracks.listen(key, usual, never()))
  const mono = tone(500, 48_000)
  void mic.speak(Int16Array.from({ length: 2 * mono.length }, (_, n) => mono[n >> 1] ?? 0))
  await clock.advance(1_000)
  assert.ok(heard.every(frame => frame.samplesPerChannel === 1_200 && frame.channels === 1))
  assert.ok(Math.abs(loudMs(samples(), 24_000) - 500) <= 10)
  assert.ok(Math.abs(pitchOf(samples(), 24_000) - testHz) < 25)
})

it('gives all of what it converted when the track ends: the filter holds nothing back', async () => {
  const { clock, world, key, mic } = await live({ sampleRate: 48_000 })
  const { heard, samples } = gather(world.tracks.listen(key, usual, never()))
  void mic.speak(tone(500, 48_000))
  await clock.advance(500)
  mic.unpublish()
  await clock.advance(0)
  assert.is(heard.length, 10)
  assert.ok(loudMs(samples(), 24_000) >= 490)
})

it('drops what was not read when its signal aborts, and takes its listeners off', async () => {
  const { clock, world, key } = await live()
  const enough = new AbortController()
  const frames = world.tracks.listen(key, usual, enough.signal)[Symbol.asyncIterator]()
  const first = outcome(frames.next())
  await clock.advance(500)
  assert.is(first.value?.done, false)
  assert.is(getEventListeners(enough.signal, 'abort').length, 1)
  enough.abort()
  assert.is((await frames.next()).done, true)
  const other = new AbortController()
  const again = world.tracks.listen(key, usual, other.signal)[Symbol.asyncIterator]()
  void again.next()
  await again.return?.()
  assert.is(getEventListeners(other.signal, 'abort').length, 0)
})

it('loses the oldest beyond a second with a listener that does not read, counts it and logs it once (law 6)', async () => {
  const { clock, world, key, hub, logged, mic } = await live()
  const frames = world.tracks.listen(key, usual, never())[Symbol.asyncIterator]()
  void mic.speak(counting(24_000 * 1.2))
  const first = outcome(frames.next())
  await clock.advance(1_200)
  assert.is(first.value?.done, false)
  await clock.advance(100)
  assert.equal((await frames.next()).value?.data[0], 300 * 24 + 1) // 1 300 ms were sent; the last 1 000 are kept
  await frames.return?.()
  assert.is(hub.lost, 250 * 24) // the first frame was read
  assert.equal(logged, ['listener.behind'])
})

it('costs one timer a frame at most, and none once it is over', async () => {
  const { clock, world, key, hub } = await live()
  const enough = new AbortController()
  gather(world.tracks.listen(key, usual, enough.signal))
  for (let ms = 0; ms < 500; ms += 10) {
    await clock.advance(10)
    assert.is(hub.open.timers, 1)
  }
  assert.is(hub.open.listeners, 2) // the facts, and this one
  enough.abort()
  assert.equal(hub.open, { listeners: 1, streams: 0, timers: 0 })
})

it('starts nothing before the first next()', async () => {
  const { world, key, hub } = await live()
  world.tracks.listen(key, usual, never())[Symbol.asyncIterator]()
  assert.is(hub.open.timers, 0)
  assert.is(hub.open.listeners, 1)
})

it('gives what was sent before the track ended, then ends (AST-5)', async () => {
  const { clock, world, key, mic } = await live()
  const frames = world.tracks.listen(key, usual, never())[Symbol.asyncIterator]()
  const first = outcome(frames.next())
  await clock.advance(200)
  mic.unpublish()
  assert.is(first.value?.done, false)
  for (let n = 0; n < 3; n++) assert.is((await frames.next()).done, false)
  assert.is((await frames.next()).done, true)
})

it('refuses frames that are no whole number of samples', async () => {
  const { world, key } = await live()
  assert.throws(
    () => world.tracks.listen(key, { sampleRate: 11_025, channels: 1, frameMs: 10 }, never()),
    /whole number of samples/,
  )
})

it('speaks what comes as frames at the pace of the clock, reading only a little ahead', async () => {
  const { clock, world, key, mic } = await live()
  let read = 0
  const source = async function* () {
    for (let n = 0; n < 100; n++) {
      read++
      yield frameOf(counting(480, n * 480 + 1), usual)
    }
  }
  const { samples } = gather(world.tracks.listen(key, usual, never()))
  const spoken = outcome(mic.speak(source()).then(() => true))
  await clock.advance(1_000)
  assert.ok(read >= 54 && read <= 61, `${read} frames of 20 ms read after a second`)
  assert.not.ok(spoken.value)
  await clock.advance(1_000)
  assert.is(spoken.value, true)
  await clock.advance(50)
  assert.is(placeOf(counting(48_000), samples()), 0)
})

it('speaks one thing after another', async () => {
  const { clock, world, key, mic } = await live()
  const { samples } = gather(world.tracks.listen(key, usual, never()))
  void mic.speak(counting(2_400))
  void mic.speak(counting(2_400, 2_401))
  await clock.advance(300)
  assert.is(placeOf(counting(4_800), samples()), 0)
})

it('stops speaking when told to, also while its source makes it wait, and returns the source', async () => {
  const { clock, hub, mic, world, key } = await live()
  const { samples } = gather(world.tracks.listen(key, usual, never()))
  let returned = false
  const source = async function* () {
    try {
      yield frameOf(counting(2_400), usual)
      await sleep(clock, 10_000)
      yield frameOf(counting(480), usual)
    } finally {
      returned = true
    }
  }
  const enough = new AbortController()
  const spoken = outcome(mic.speak(source(), enough.signal).then(() => true))
  await clock.advance(10)
  enough.abort()
  await clock.advance(0)
  assert.is(spoken.value, true)
  assert.is(hub.open.timers, 1) // of the listener
  await clock.advance(10_000)
  assert.is(returned, true)
  assert.is(samples().filter(x => x !== 0).length, 10 * 24)
})

it('tells of a source that fails, and speaks the next one all the same', async () => {
  const { clock, world, key, mic } = await live()
  const { samples } = gather(world.tracks.listen(key, usual, never()))
  // biome-ignore lint/correctness/useYield: it fails before its first frame
  const broken = async function* (): AsyncGenerator<AudioFrame> {
    throw new Error('no voice')
  }
  const failed = outcome(mic.speak(broken()))
  void mic.speak(counting(2_400))
  await clock.advance(200)
  assert.is(failed.error, 'no voice')
  assert.ok(placeOf(counting(2_400), samples()) >= 0)
})

it('ends what is spoken with the track', async () => {
  const { clock, hub, mic } = await live()
  const spoken = outcome(mic.speak(counting(24_000)).then(() => true))
  await clock.advance(100)
  mic.unpublish()
  await clock.advance(0)
  assert.is(spoken.value, true)
  assert.is(hub.open.timers, 0)
})

it('replaces a track with the old end first, or late', async () => {
  const { clock, world, mic, keys } = await live()
  const told = () => world.facts.flatMap(event => ('track' in event ? [`${event.type} ${event.track.key ?? ''}`] : [])).slice(-2)
  mic.replace()
  await clock.advance(0)
  assert.equal(told(), [`track.unsubscribed ${keys()[0]}`, `track.subscribed ${keys()[1]}`])
  mic.replace({ late: true })
  await clock.advance(0)
  assert.equal(told(), [`track.subscribed ${keys()[2]}`, `track.unsubscribed ${keys()[1]}`])
  assert.is(new Set(keys()).size, 3)
})

it('lets a participant hear another live, and take away bit by bit what it heard', async () => {
  const { clock, hub, caller, ...rest } = scene()
  const ann = caller('ann')
  const bob = caller('bob')
  const ear = bob.hears('ann')
  const listening = gather(ear.frames(20, never()))
  await clock.advance(100)
  const mic = ann.publish()
  void mic.speak(counting(4_800))
  await clock.advance(100)
  const bits = [ear.take()]
  mic.mute()
  await clock.advance(50)
  mic.unmute()
  await clock.advance(150)
  bits.push(ear.take(), ear.samples())
  const expected = new Int16Array(400 * 24)
  expected.set(counting(2_400), 2_400)
  expected.set(counting(1_200, 3_601), 6_000) // 50 ms were muted
  assert.equal(joined(bits), expected)
  assert.equal(listening.samples(), expected)
  ear.close()
  await clock.advance(0)
  assert.is(listening.over.value, true)
  hub.close()
  await clock.advance(0)
  assert.equal(hub.open, { listeners: 0, streams: 0, timers: 0 })
  assert.equal(rest.logged, [])
})

it('lets an ear hear on through replacements, and keeps what it heard of a track that ended', async () => {
  const { clock, caller } = scene()
  const mic = caller('ann').publish()
  const ear = caller('bob').hears('ann')
  void mic.speak(counting(9_600))
  await clock.advance(100)
  mic.replace()
  await clock.advance(100)
  mic.replace({ late: true })
  await clock.advance(100)
  mic.unpublish()
  await clock.advance(100)
  const expected = new Int16Array(400 * 24)
  expected.set(counting(7_200))
  assert.equal(ear.samples(), expected)
})

it('lets an ear be taken from while it is heard live', async () => {
  const { clock, caller } = scene()
  const mic = caller('ann').publish()
  const ear = caller('bob').hears('ann')
  const { samples } = gather(ear.frames(50, never()))
  for (let block = 0; block < 40; block++) void mic.speak(counting(240, block * 240 + 1))
  for (let ms = 0; ms < 400; ms += 25) {
    await clock.advance(25)
    ear.take()
  }
  assert.equal(samples(), counting(9_600))
})

it('hears nothing of mutes once it is over', async () => {
  const { clock, world, key, mic, hub } = await live()
  const enough = new AbortController()
  gather(world.tracks.listen(key, usual, enough.signal))
  await clock.advance(100)
  enough.abort()
  mic.mute()
  mic.unmute()
  await clock.advance(0)
  assert.is(hub.open.timers, 0)
})

it('says which track an ear is deaf to', async () => {
  const { clock, caller, logged } = scene()
  const ear = caller('bob').hears('ann', 16_000)
  void caller('ann').publish().speak(counting(2_400))
  await clock.advance(100)
  assert.ok(ear.samples().every(x => x === 0))
  assert.equal(logged, ['ear.deaf'])
})

it.run()
