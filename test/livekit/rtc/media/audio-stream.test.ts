/** The sound of a track of our own, looped back without a server. */
import {
  dispose,
  FrameProcessor,
  LocalAudioTrack,
  LocalVideoTrack,
  type AudioFrame as SdkAudioFrame,
  AudioStream as SdkAudioStream,
} from '@livekit/rtc-node'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { codeOf } from '../../../../src/errors.ts'
import { AudioFrame, AudioSource, AudioStream, type AudioStreamOptions, VideoSource } from '../../../../src/livekit/rtc/index.ts'
import { loudMs, pitchOf, testHz, tone } from '../../../ports/sound.ts'
import { guarded } from '../guard.ts'

const it = suite('rtc audio stream')
it.after(dispose)

const RATE = 48_000
/** A track on which a tone sounds until it is closed. */
const humming = () => {
  const source = new AudioSource(RATE, 1, 100)
  const track = LocalAudioTrack.createAudioTrack('hum', source)
  const data = tone(1_000, RATE)
  let on = true
  const sing = async () => {
    for (let at = 0; on; at = (at + 480) % data.length)
      await source.captureFrame(new AudioFrame(data.subarray(at, at + 480), RATE, 1, 480))
  }
  const singing = sing()
  const close = async () => {
    on = false
    await singing
    await track.close()
  }
  return { track, close }
}
/** The next `count` frames. */
const some = async (stream: AudioStream, count: number) => {
  const frames: AudioFrame[] = []
  const steps = stream.values({ preventCancel: true })
  while (frames.length < count) {
    const step = await steps.next()
    if (step.done) break
    frames.push(step.value)
  }
  await steps.return?.()
  return frames
}
const refusal = (make: () => unknown) => {
  try {
    make()
    return 'none'
  } catch (error) {
    return `${error instanceof Error ? error.constructor.name : ''} ${codeOf(error)}`
  }
}

it('gives 10 ms of mono at 48 kHz where nothing is asked for, and what is asked for otherwise, by place or by name (AST-1, AST-6)', async () => {
  const { track, close } = humming()
  const streams = [
    { stream: new AudioStream(track), is: [480, 48_000, 1] },
    { stream: new AudioStream(track, 24_000), is: [240, 24_000, 1] },
    { stream: new AudioStream(track, 16_000, 2), is: [160, 16_000, 2] },
    { stream: new AudioStream(track, undefined, 2), is: [480, 48_000, 2] },
    { stream: new AudioStream(track, { sampleRate: 24_000, frameSizeMs: 20 }), is: [480, 24_000, 1] },
    { stream: AudioStream.fromTrack({ track: { sdk: track }, sampleRate: 24_000, frameSizeMs: 25 }), is: [600, 24_000, 1] },
  ]
  for (const { stream, is } of streams) {
    const [, frame] = await some(stream, 2)
    assert.ok(frame instanceof AudioFrame)
    assert.equal([frame?.samplesPerChannel, frame?.sampleRate, frame?.channels], is)
    assert.is(frame?.data.length, (is[0] ?? 0) * (is[2] ?? 0))
    stream.close()
  }
  await close()
})

it('gives the sound of the track, without gaps, and as events for who wants those (AFE-1)', async () => {
  const { track, close } = humming()
  const stream = new AudioStream(track, 24_000)
  const heard: number[] = []
  for await (const event of stream.events()) {
    assert.equal(Object.keys(event), ['frame'])
    heard.push(...event.frame.data)
    if (heard.length >= 24_000) break
  }
  const samples = Int16Array.from(heard.slice(4_800))
  assert.ok(Math.abs(pitchOf(samples, 24_000) - testHz) < 25, `${pitchOf(samples, 24_000)} Hz`)
  assert.ok(loudMs(samples, 24_000) >= 790, `${loudMs(samples, 24_000)} of 800 ms`)
  assert.ok((await stream.values().next()).done)
  await close()
})

it('ends when the local track is closed, with what came before; closing it then is harmless (AST-3, AST-5)', async () => {
  const { track, close } = humming()
  const stream = new AudioStream(track)
  await some(stream, 5)
  const more = stream.getReader()
  await close()
  await stream.ended
  let left = 0
  while (!(await more.read()).done) left++
  assert.ok(left <= 100, `${left} frames`)
  stream.close()
})

it('keeps the newest where there is a capacity, and all of a while where there is none (AST-2)', async () => {
  const { track, close } = humming()
  const few = new AudioStream(track, { capacity: 3 })
  const many = new AudioStream(track)
  const pace = new AudioStream(track)
  await some(pace, 40)
  for (const stream of [few, many]) stream.end()
  const count = async (stream: AudioStream) => (await some(stream, 1_000)).length
  assert.is(await count(few), 3)
  const all = await count(many)
  assert.ok(all >= 35, `${all} frames of 40`)
  assert.ok(few.dropped >= 30 && many.dropped === 0, `${few.dropped} and ${many.dropped} were dropped`)
  pace.close()
  await close()
})

class Turned extends FrameProcessor<SdkAudioFrame> {
  closed = 0
  isEnabled() {
    return true
  }
  setEnabled() {}
  process(frame: SdkAudioFrame) {
    const data = frame.data.map(sample => -sample)
    return Object.assign(new AudioFrame(data, frame.sampleRate, frame.channels, frame.samplesPerChannel, { turned: true }))
  }
  close() {
    this.closed++
    throw new Error('closed twice?')
  }
}

it('sends each frame through a processor, and closes it with itself, once, unless told not to', async () => {
  const { track, close } = humming()
  for (const autoCloseNoiseCancellation of [true, false]) {
    const codes: string[] = []
    const noiseCancellation = new Turned()
    const log = (_: string, code: string) => void codes.push(code)
    const stream = new AudioStream(track, { noiseCancellation, autoCloseNoiseCancellation, log })
    const [frame] = await some(stream, 1)
    assert.equal(frame?.userdata, { turned: true })
    assert.is(noiseCancellation.closed, 0)
    stream.close()
    stream.close()
    assert.equal([noiseCancellation.closed, codes], autoCloseNoiseCancellation ? [1, ['livekit.noise.failed']] : [0, []])
  }
  await close()
})

/** A track with sound in it, for as long as it takes until the first of it has been received. */
const hearWith = async (channels: number, open: (track: LocalAudioTrack) => unknown) => {
  const source = new AudioSource(RATE, channels, 100)
  const track = LocalAudioTrack.createAudioTrack('hum', source)
  open(track)
  for (let n = 0; n < 100; n++) await source.captureFrame(AudioFrame.create(RATE, channels, 480))
}
const tooMuch = [
  [769_000, 1],
  [385_000, 2],
  [100_000, 8],
] as const
it(
  'refuses rates that end the process when the first sound comes (law 11)',
  guarded({
    code: 'ERR_RANGE',
    does: tooMuch.map(
      ([rate, channels]) =>
        () =>
          hearWith(channels, track => new AudioStream(track, rate, channels)),
    ),
    alone: tooMuch.map(
      ([rate, channels]) =>
        () =>
          hearWith(channels, track => new SdkAudioStream(track, rate, channels)),
    ),
  }),
)

it('refuses numbers that make no frames, what is no audio track, a filter that is not there and a closed track (law 10, law 11)', async () => {
  const { track, close } = humming()
  const wrong: AudioStreamOptions[] = [
    { sampleRate: 0 },
    { sampleRate: 44_100.5 },
    { sampleRate: 99 },
    { numChannels: 0 },
    { frameSizeMs: 0 },
    { frameSizeMs: 2.5 },
    { capacity: -1 },
  ]
  for (const options of wrong)
    assert.is(
      refusal(() => new AudioStream(track, options)),
      'RangeError ERR_RANGE',
      JSON.stringify(options),
    )
  const video = LocalVideoTrack.createVideoTrack('camera', new VideoSource(64, 64))
  assert.is(
    refusal(() => new AudioStream(video)),
    'TypeError ERR_TRACK',
  )
  const nothing: unknown = undefined
  assert.is(
    refusal(() => new AudioStream(nothing as LocalAudioTrack)),
    'TypeError ERR_TRACK',
  )
  const noiseCancellation = { moduleId: 'none', options: {} }
  assert.is(
    refusal(() => new AudioStream(track, { noiseCancellation })),
    'Error ERR_STREAM',
  )
  await close()
  await video.close()
  assert.is(
    refusal(() => new AudioStream(track)),
    'Error ERR_STREAM',
  )
})

it.run()
