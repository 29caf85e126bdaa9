/** A live microphone in the loopback room: uneven pieces in, an even stream out, and how long that takes. */
import * as fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type AudioFrame, joined } from '../../src/audio/frame.ts'
import { placeOf } from '../ports/sound.ts'
import { counting, never, scene } from './scene.ts'

const it = suite('loopback live')
const usual = { sampleRate: 24_000, channels: 1, frameMs: 10 }

const live = async () => {
  const { agent, caller, clock, hub } = scene()
  const { facts, tracks } = await agent()
  const ann = caller()
  const mic = ann.publish()
  await clock.advance(0)
  const key = facts.flatMap(event => (event.type === 'track.subscribed' ? [event.track.key ?? ''] : []))[0] ?? ''
  const heard: AudioFrame[] = []
  void (async () => {
    for await (const frame of tracks.listen(key, usual, never())) heard.push(frame)
  })()
  await clock.settle()
  const input = mic.live()
  /** Brings `count` pieces of 20 ms, each at its time. */
  const bring = async (times: number[], first = 0) => {
    const zero = clock.now()
    for (const [n, time] of times.entries()) {
      if (zero + time > clock.now()) await clock.advance(zero + time - clock.now())
      input.push(counting(480, (first + n) * 480 + 1))
    }
  }
  return { clock, hub, ann, mic, input, heard, bring, samples: () => joined(heard.map(({ data }) => data)) }
}
const even = (count: number) => Array.from({ length: count }, (_, n) => n * 20)

it('is heard 40 ms after it came, whole, however unevenly it came', async () => {
  const { clock, bring, samples, input } = await live()
  await clock.advance(100)
  await bring(even(50).map(time => time + ((time / 20) % 5 === 2 ? 35 : 0)))
  await clock.advance(300)
  assert.is(placeOf(counting(50 * 480), samples()), (100 + 40) * 24)
  assert.equal(input.counters, { late: 0, filled: 0, dropped: 0 })
})

it('makes silence of what is missing, and goes on', async () => {
  const { clock, bring, samples, input } = await live()
  await bring(even(10))
  await clock.advance(500)
  await bring(even(10), 10)
  await clock.advance(300)
  assert.is(placeOf(counting(4_800), samples()), 40 * 24)
  assert.is(placeOf(counting(4_800, 4_801), samples()), (180 + 500 + 40) * 24)
  assert.is(input.counters.late, 1)
})

it('lets no more than 160 ms wait after a burst', async () => {
  const { clock, bring, samples, input } = await live()
  await bring(Array.from({ length: 100 }, () => 0))
  await clock.advance(1_000)
  const loud = samples().filter(sample => sample !== 0).length
  assert.is(loud, (160 - 40) * 24)
  assert.is(input.counters.dropped, 100 * 480 - loud)
})

/** The silence between what is heard, hole by hole, in samples. */
const holesIn = (heard: Int16Array): number[] => {
  const [first, last] = [heard.findIndex(sample => sample !== 0), heard.findLastIndex(sample => sample !== 0)]
  const holes: number[] = []
  for (let n = first; n < last; n++) {
    if (heard[n] !== 0) continue
    if (heard[n - 1] !== 0) holes.push(0)
    holes[holes.length - 1] = (holes.at(-1) ?? 0) + 1
  }
  return holes
}

it('plays what came in its order, within 160 ms, whatever came when; and counts what it put in and left out', async () => {
  const piece = fc.record({
    size: fc.oneof(fc.constant(480), fc.integer({ min: 1, max: 6_000 })),
    afterMs: fc.oneof({ weight: 4, arbitrary: fc.constantFrom(18, 20, 22) }, { weight: 1, arbitrary: fc.nat(150) }),
    isLost: fc.constantFrom(false, false, false, false, false, false, false, true),
  })
  const property = fc.asyncProperty(fc.array(piece, { minLength: 1, maxLength: 120 }), async pieces => {
    const { clock, hub, samples, input } = await live()
    const zero = clock.now()
    const came = new Map<number, number>()
    let sent = 0
    for (const [n, { size, afterMs, isLost }] of pieces.entries()) {
      await clock.advance(afterMs)
      if (isLost) continue
      input.push(new Int16Array(size).fill(n + 1)) // every sample tells its piece
      came.set(n + 1, clock.now() - zero)
      sent += size
    }
    await clock.advance(500)
    const heard = samples()
    const { late, filled, dropped } = input.counters
    const voice = heard.filter(sample => sample !== 0)
    assert.is(voice.length, sent - dropped)
    assert.ok(voice.every((sample, n) => sample >= (voice[n - 1] ?? 0)))
    const holes = holesIn(heard)
    assert.equal([holes.length, filled], [late, late * 40 * 24])
    assert.ok(holes.every(length => length >= 40 * 24))
    for (const [value, at] of came) {
      const last = heard.lastIndexOf(value)
      if (last >= 0) assert.ok(heard.indexOf(value) >= at * 24 && last < (at + 160) * 24, `${at} ms: up to ${last / 24} ms`)
    }
    hub.close()
  })
  await fc.assert(property, { numRuns: 150 }) // a failing run prints its seed
})

it('is live once, and not while it speaks', async () => {
  const { ann, clock, mic, input } = await live()
  const says = /this microphone is in use: publish another/
  assert.throws(() => mic.live(), says)
  assert.throws(() => mic.speak(counting(480)), says)
  input.push(counting(480))
  const other = ann.publish()
  const spoken = other.speak(counting(480))
  assert.throws(() => other.live(), says)
  await clock.advance(100)
  await spoken
  assert.equal(other.live().counters, { late: 0, filled: 0, dropped: 0 })
})

it('refuses two channels, and takes nothing once the track has ended', async () => {
  const { ann, clock, input, hub } = await live()
  assert.throws(() => ann.publish({ channels: 2 }).live(), /live sound is mono, and this microphone has 2 channels/)
  ann.leave()
  input.push(counting(480))
  hub.close()
  await clock.advance(2_000)
  assert.equal(hub.open, { listeners: 0, streams: 0, timers: 0 })
})

it('keeps nothing of what an ear has heard, if it is told to forget, and its frames stay whole', async () => {
  const { bring, hub, clock, ann } = await live()
  const ear = hub.participant({ identity: 'bob' })
  ear.join()
  const hears = ear.hears('ann')
  const frames: AudioFrame[] = []
  void (async () => {
    for await (const frame of hears.frames(20, never())) {
      frames.push(frame)
      hears.forget()
    }
  })()
  await clock.settle()
  await bring(even(200))
  await clock.advance(100)
  assert.is(placeOf(counting(200 * 480), joined(frames.map(({ data }) => data))), 40 * 24)
  assert.is(hears.samples().length, 0)
  ann.leave()
})

it.run()
