/** Noise cancellation: who is asked, what passes through it, and what its failures cost. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createActor } from 'xstate'
import type { SenseEvent } from '../../machines/inbound/sense.ts'
import { type AudioFrame, frameOf } from '../../src/audio/frame.ts'
import { createEar } from '../../src/inbound/ear.ts'
import { microphoneOn } from '../../src/inbound/microphone.ts'
import type { FrameProcessor, NoiseCancellation, NoiseSelector } from '../../src/inbound/noise.ts'
import type { Participant, TrackInfo } from '../../src/ports.ts'
import { virtualClock } from '../../src/virtual.ts'
import { newCall, samples, startCall } from '../fakes/call.ts'
import { about, person, track } from '../fakes/people.ts'
import { framesOf, joined, noise, ramp } from '../fakes/sound.ts'
import { bytesOf, fakeBytes, fakeTracks } from '../fakes/tracks.ts'

const it = suite('noise')
const format = { sampleRate: 24_000, channels: 1 }

const one = track('TR_1', { key: 'a' })
const two = track('TR_2', { key: 'b' })
const ann = person('ann', { tracks: [one] })

/** A microphone at work on an ear, with somebody who reads. */
const scene = (noiseCancellation: NoiseCancellation, { timeoutMs = 3_000 } = {}) => {
  const clock = virtualClock()
  const { tracks, feed } = fakeTracks()
  const { byteIn, send } = fakeBytes()
  const logged: string[] = []
  const ear = createEar(
    { tracks, byteIn, clock, log: (level, code) => logged.push(`${level} ${code}`) },
    { noiseCancellation, preConnectAudioTimeoutMs: timeoutMs },
  )
  ear.start()
  const actor = createActor(microphoneOn(ear), { clock, id: 'microphone' })
  const frames: AudioFrame[] = []
  void (async () => {
    for await (const frame of ear.audio) frames.push(frame)
  })()
  for (const key of ['a', 'a2', 'b']) feed(key)
  actor.start()
  const act = async (...events: SenseEvent[]) => {
    for (const event of events) actor.send(event)
    await clock.settle()
  }
  /** In frames of 50 ms, as an ear asks for them. */
  const speak = async (key: string, data: Int16Array) => {
    feed(key).push(...framesOf(data, 1_200, format))
    await clock.settle()
  }
  return { clock, ear, act, speak, feed, send, logged, data: () => joined(frames) }
}
/** Ramps in words: `1…1200 3001…4200`. */
const runs = (data: Int16Array): string => {
  const text: string[] = []
  for (let from = 0, n = 1; n <= data.length; n++) {
    if (data[n] === (data[n - 1] ?? 0) + 1) continue
    text.push(`${data[from]}…${data[n - 1]}`)
    from = n
  }
  return text.join(' ')
}
const listen = (participant: Participant): SenseEvent => ({ type: 'listen', participant })

/** Adds one to every sample; keeps how long the frames were that it got. */
const adder = (more: Partial<FrameProcessor> = {}) => {
  const sizes: number[] = []
  const processor = {
    sizes,
    closed: 0,
    process: (frame: AudioFrame) => {
      sizes.push(frame.samplesPerChannel)
      return frameOf(
        frame.data.map(sample => sample + 1),
        frame,
      )
    },
    close: () => {
      processor.closed++
    },
    ...more,
  }
  return processor
}

it('gives an options object to the world as it is, for every track (MIC-14)', async () => {
  const options = { moduleId: 'quiet', options: { level: 3 } }
  const { act, speak, feed, data } = scene(options)
  await act(listen(ann))
  await speak('a', ramp(2_400))
  await act(about('track.subscribed', ann, { ...one, key: 'a2' }))
  assert.is(feed('a').asked[0]?.noiseCancellation, options)
  assert.is(feed('a2').asked[0]?.noiseCancellation, options)
  assert.is(runs(data()), runs(ramp(2_400)))
})

it('asks a selector once for each track that is opened, with whose it is (MIC-14)', async () => {
  const asked: { participant: Participant; track: TrackInfo }[] = []
  const options = { moduleId: 'quiet' }
  const select: NoiseSelector = opened => {
    asked.push(opened)
    return opened.track.sid === 'TR_1' ? options : undefined
  }
  const { act, feed, speak } = scene(select)
  const both = person('ann', { tracks: [one, two] })
  await act(listen(both))
  await speak('a', ramp(2_400))
  await act(about('track.unsubscribed', ann, one))
  assert.equal(asked, [
    { participant: both, track: one },
    { participant: { ...both, tracks: [track('TR_1'), two] }, track: two },
  ])
  assert.is(feed('a').asked[0]?.noiseCancellation, options)
  assert.not.ok('noiseCancellation' in (feed('b').asked[0] ?? {}))
})

it('sends every frame through a processor, whole, and what was said before too (MIC-15)', async () => {
  const processor = adder()
  const { act, speak, send, data, ear } = scene(processor)
  await act(listen(person('ann', { tracks: [track('TR_1', { key: 'a', preconnect: true })] })))
  const stream = send()
  stream.push(bytesOf(ramp(1_000, 10)), bytesOf(ramp(500, 1_010)))
  stream.end()
  for (let n = 0; n < 6; n++) await speak('a', ramp(1_200, 2_000 + 1_200 * n))
  await act(about('track.unsubscribed', ann, one))
  const said = Int16Array.of(...ramp(1_500, 11), ...ramp(7_200, 2_001))
  assert.is(runs(data().slice(0, said.length)), runs(said))
  assert.ok(
    processor.sizes.every(size => size === 1_200),
    `${processor.sizes}`,
  )
  const { received, silence, delivered } = ear.counters
  assert.is(received + silence, delivered)
  assert.is(received, said.length)
})

it('does not send what comes while the agent does not hear, and keeps nothing of it for later (MIC-9, MIC-10)', async () => {
  const processor = adder()
  const { act, speak, send, data, ear } = scene(processor)
  await act(listen(person('ann', { tracks: [track('TR_1', { key: 'a', preconnect: true })] })))
  const stream = send()
  stream.push(bytesOf(ramp(1_800))) // half a frame of it waits in front of the processor
  await act()
  await act({ type: 'detach' })
  stream.end()
  await speak('a', ramp(1_200, 1_800))
  await act({ type: 'attach' })
  const live = noise(4_800)
  await speak('a', live)
  assert.is(runs(data().slice(0, 1_200)), runs(ramp(1_200, 1)))
  assert.equal(
    data().slice(1_200),
    live.map(sample => sample + 1),
  )
  assert.is(processor.sizes.length, 5)
  const { received, delivered, gated } = ear.counters
  assert.equal([received, delivered, gated], [7_800, 6_000, 1_800])
})

it('passes by a processor that is not enabled', async () => {
  const { act, speak, data } = scene(adder({ isEnabled: () => false }))
  await act(listen(ann))
  await speak('a', ramp(1_200))
  assert.is(runs(data()), runs(ramp(1_200)))
})

it('closes a processor that was given at the end, once, and one that was chosen with its track (MIC-15)', async () => {
  const given = adder()
  const direct = scene(given)
  await direct.act(listen(person('ann', { tracks: [one, two] })))
  await direct.act(about('track.unsubscribed', ann, one))
  await direct.act({ type: 'unlisten' })
  assert.is(given.closed, 0)
  await direct.act({ type: 'close' })
  direct.ear.close()
  assert.is(given.closed, 1)

  const chosen: ReturnType<typeof adder>[] = []
  const selected = scene(() => {
    const processor = adder()
    chosen.push(processor)
    return processor
  })
  const closed = () => chosen.map(processor => processor.closed)
  await selected.act(listen(person('ann', { tracks: [one, two] })))
  await selected.speak('a', ramp(1_200))
  assert.equal(closed(), [0])
  await selected.act(about('track.subscribed', ann, { ...one, key: 'a2' }))
  assert.equal(closed(), [1, 0])
  await selected.act(about('track.unsubscribed', ann, { ...one, key: 'a2' }))
  assert.equal(closed(), [1, 1, 0])
  await selected.act({ type: 'close' })
  assert.equal(closed(), [1, 1, 1])
})

it('lets a track pass as it is whose selector throws, or gives nothing that can be used (MIC-16, section 13)', async () => {
  const wrong: unknown[] = ['loud', Promise.resolve(adder())]
  const thrower = () => {
    throw new Error('no model')
  }
  for (const select of [thrower, ...wrong.map(value => () => value)]) {
    const { act, speak, data, logged } = scene(select as NoiseSelector) // what no type allows
    await act(listen(ann))
    await speak('a', ramp(2_400))
    assert.is(runs(data()), runs(ramp(2_400)))
    assert.equal(logged, ['error noise.selector.failed'])
  }
})

it('lets a frame pass unchanged where the processor throws or spoils it, and says so once a track (MIC-16)', async () => {
  const spoils: FrameProcessor['process'][] = [
    frame => {
      frame.data.fill(9)
      throw new Error('no memory')
    },
    frame => ({ ...frame, sampleRate: 16_000 }),
    () => undefined as unknown as AudioFrame, // what no type allows
  ]
  for (const process of spoils) {
    const { act, speak, data, logged } = scene(adder({ process }))
    await act(listen(person('ann', { tracks: [one, two] })))
    await speak('a', ramp(2_400))
    assert.is(runs(data()), runs(ramp(2_400)))
    assert.equal(logged, ['error noise.failed'])
    await act(about('track.subscribed', ann, { ...one, key: 'a2' }))
    await speak('a2', ramp(2_400))
    assert.equal(logged, ['error noise.failed', 'error noise.failed'])
  }
})

it('goes on when a processor does not close (MIC-16)', async () => {
  const close = () => {
    throw new Error('stuck')
  }
  const { act, logged } = scene(adder({ close }))
  await act(listen(ann), { type: 'close' })
  assert.equal(logged, ['error noise.close.failed'])
})

it('warns once of noise that is cancelled twice, and only where ours is on (MIC-17)', async () => {
  const enhanced = track('TR_1', { key: 'a', enhanced: true })
  for (const [cancellation, warnings] of [
    [adder(), ['warn noise.twice']],
    [{ moduleId: 'quiet' }, ['warn noise.twice']],
    [() => undefined, []],
  ] as [NoiseCancellation, string[]][]) {
    const { act, speak, logged } = scene(cancellation)
    await act(listen(person('ann', { tracks: [enhanced] })))
    await speak('a', ramp(4_800))
    assert.equal(logged, warnings)
  }
})

// A room

it('works in a room, through every track, until it closes (MIC-14, MIC-15, MIC-17)', async () => {
  const processor = adder()
  const { room, clock, caller, codes } = await startCall({ options: { audioInput: { noiseCancellation: processor } } })
  const heard: number[] = []
  const reading = (async () => {
    for await (const { data } of room.audio) heard.push(...data)
  })()
  for (const enhanced of [false, true]) {
    const mic = caller.publish({ enhanced })
    await clock.advance(50)
    void mic.speak(samples(200))
    await clock.advance(400)
    mic.unpublish()
    await clock.advance(10)
  }
  assert.equal([heard.filter(sample => sample === 4_801).length, processor.closed], [2, 0])
  assert.equal(codes(), ['noise.twice'])
  await clock.runUntil(room.close())
  await reading
  assert.is(processor.closed, 1)
})

it('closes the processor of a room that could not be joined (MIC-15)', async () => {
  const processor = adder()
  const call = newCall({ options: { audioInput: { noiseCancellation: processor } } })
  call.hub.failNext('join', new Error('no such room'))
  await call.clock.runUntil(call.open().closed)
  assert.is(processor.closed, 1)
})

it.run()
