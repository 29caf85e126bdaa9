/** Audio processing, by the native module: what it refuses, and what it does to sound. */
import { dispose } from '@livekit/rtc-node'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { codeOf, lineOf } from '../../../../src/errors.ts'
import { type AudioProcessing, AudioProcessingModule } from '../../../../src/livekit/rtc/media/apm.ts'
import { AudioFrame, type AudioFrameLike } from '../../../../src/livekit/rtc/media/audio-frame.ts'
import { type Handle, type Native, native, replaceNative } from '../../../../src/livekit/rtc/native.ts'
import { guarded } from '../guard.ts'

const it = suite('livekit rtc apm')
it.after(() => dispose())

const RATE = 16_000
const BLOCK = RATE / 100
/** The same noise each time: a linear congruential generator, from -1 to 1. */
const noiseFrom = (seed: number) => () => {
  seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0
  return seed / 2 ** 31 - 1
}
const rms = (samples: ArrayLike<number>) =>
  Math.sqrt(Array.from(samples).reduce((sum, value) => sum + value * value, 0) / samples.length)
const block = (samples: number[]) => new AudioFrame(Int16Array.from(samples), RATE, 1, samples.length)
const failure = (deed: () => unknown) => {
  try {
    deed()
    return 'none'
  } catch (error) {
    return `${codeOf(error)} ${lineOf(error)}`
  }
}
const codeFor = (deed: () => unknown) => failure(deed).split(' ', 1)[0]
/** Processes so many seconds of it block by block, and gives the last second. */
const processed = (options: AudioProcessing, seconds: number, sound: (n: number) => number) => {
  const apm = new AudioProcessingModule(options)
  const last: number[] = []
  for (let n = 0; n < seconds * RATE; n += BLOCK) {
    const frame = block(Array.from({ length: BLOCK }, (_, k) => sound(n + k)))
    apm.processStream(frame)
    if (n >= (seconds - 1) * RATE) last.push(...frame.data)
  }
  apm.close()
  return last
}

it('does nothing unless it is said (APM-1)', () => {
  const noise = noiseFrom(1)
  const given = Array.from({ length: RATE }, () => Math.trunc(9_000 * noise()))
  assert.equal(
    processed({}, 1, n => given[n] ?? 0),
    given,
  )
})

it('puts the result into the data of the frame, a part of a larger buffer too, and gives nothing back (APM-2)', () => {
  const apm = new AudioProcessingModule({ highPassFilter: true })
  const around = new Int16Array(3 * BLOCK).fill(5_000)
  const data = around.subarray(BLOCK, 2 * BLOCK)
  for (let n = 0; n < 100; n++) {
    data.fill(5_000)
    assert.is(apm.processStream({ data, sampleRate: RATE, channels: 1, samplesPerChannel: BLOCK }), undefined)
  }
  assert.ok(rms(data) < 50)
  assert.equal([rms(around.subarray(0, BLOCK)), rms(around.subarray(2 * BLOCK))], [5_000, 5_000])
  apm.close()
})

it('takes 10 ms of every usual rate, mono and stereo, both ways (APM-3)', () => {
  const apm = new AudioProcessingModule({
    echoCancellation: true,
    noiseSuppression: true,
    highPassFilter: true,
    autoGainControl: true,
  })
  for (const rate of [8_000, 16_000, 24_000, 32_000, 44_100, 48_000])
    for (const channels of [1, 2]) {
      apm.processReverseStream(AudioFrame.create(rate, channels, rate / 100))
      apm.processStream(AudioFrame.create(rate, channels, rate / 100))
    }
  apm.close()
})

const frameOf = (sampleRate: number, channels: number, samplesPerChannel: number, length = channels * samplesPerChannel) => ({
  data: new Int16Array(length),
  sampleRate,
  channels,
  samplesPerChannel,
})
const bothWays = (frame: AudioFrameLike) => [
  () => new AudioProcessingModule().processStream(frame),
  () => new AudioProcessingModule().processReverseStream(frame),
]
/** What is asked of the native layer without a check. */
const bare = ({ data, sampleRate, channels }: AudioFrameLike, what: 'apmProcessStream' | 'apmProcessReverseStream') => {
  const off = {
    echoCancellerEnabled: false,
    gainControllerEnabled: false,
    highPassFilterEnabled: false,
    noiseSuppressionEnabled: false,
  }
  const { apm } = native().request<{ apm: { handle: { id: bigint } } }>({ case: 'newApm', value: off })
  const dataPtr = native().pointerTo(new Uint8Array(data.buffer))
  const about = { apmHandle: apm.handle.id, dataPtr, size: data.byteLength, sampleRate, numChannels: channels }
  native().request({ case: what, value: about })
}

it(
  'refuses what is not 10 ms, with which the native layer ends the process (APM-3, APM-4, law 11)',
  guarded({
    code: 'ERR_FRAME',
    does: [
      ...bothWays(frameOf(48_000, 1, 240)),
      ...bothWays(frameOf(48_000, 1, 960)),
      ...bothWays(frameOf(48_000, 1, 481)),
      ...bothWays(frameOf(48_000, 1, 0)),
      ...bothWays(frameOf(48_000, 2, 480, 480)),
      ...bothWays(frameOf(48_000, 1, 480, 960)),
      ...bothWays(frameOf(48_000, 1, 480, 0)),
    ],
    alone: [
      () => bare(frameOf(48_000, 1, 240), 'apmProcessStream'),
      () => bare(frameOf(48_000, 1, 240), 'apmProcessReverseStream'),
    ],
  }),
)

it(
  'refuses rates without whole frames of 10 ms, and numbers of channels that nothing has (APM-3, law 11)',
  guarded({
    code: 'ERR_FORMAT',
    does: [
      ...bothWays(frameOf(11_025, 1, 110)),
      ...bothWays(frameOf(22_050, 1, 220)),
      ...bothWays(frameOf(4_000, 1, 40)),
      () => new AudioProcessingModule().processStream(frameOf(2_147_483_700, 1, 21_474_837)),
      ...bothWays({ ...frameOf(48_000, 1, 480), channels: 0 }),
      ...bothWays({ ...frameOf(48_000, 1, 480), sampleRate: Number.NaN }),
    ],
    alone: [
      () => bare({ ...frameOf(48_000, 1, 480), channels: 0 }, 'apmProcessStream'),
      () => bare(frameOf(2_147_483_700, 1, 21_474_837), 'apmProcessStream'),
    ],
  }),
)

it('throws what the native layer answers, for each of its three methods (APM-5, SD-1)', () => {
  const handle: Handle = { handle: 7n, dispose: () => {} }
  const refusing: Native = {
    request: asked => answerOf(asked.case),
    listen: () => () => {},
    unlisten: () => {},
    own: () => handle,
    pointerTo: () => 1n,
    copy: () => new Uint8Array(),
  }
  const answerOf = (what: string | undefined) => Object.assign(Object.create(null), what === 'newApm' ? made : { error: what })
  const made = { apm: { handle: { id: 7n } } }
  const back = replaceNative(refusing)
  const apm = new AudioProcessingModule()
  const frame = AudioFrame.create(48_000, 1, 480)
  const failures = [() => apm.processStream(frame), () => apm.processReverseStream(frame), () => apm.setStreamDelayMs(1)].map(
    failure,
  )
  back()
  assert.equal(failures, ['ERR_NATIVE apmProcessStream', 'ERR_NATIVE apmProcessReverseStream', 'ERR_NATIVE apmSetStreamDelay'])
})

it('takes a delay of 40 ms, and reports that others are refused (APM-6)', () => {
  const apm = new AudioProcessingModule({ echoCancellation: true })
  apm.setStreamDelayMs(40)
  for (const delay of [-5, 5_000])
    assert.match(
      failure(() => apm.setStreamDelayMs(delay)),
      /^ERR_NATIVE .*stream delay/,
    )
  for (const delay of [1.5, Number.NaN])
    assert.match(
      failure(() => apm.setStreamDelayMs(delay)),
      /^ERR_RANGE/,
    )
  apm.close()
})

it('is closed once, and of no use afterwards (APM-7)', () => {
  const apm = new AudioProcessingModule()
  apm.close()
  apm.close()
  const frame = AudioFrame.create(48_000, 1, 480)
  const codes = [() => apm.processStream(frame), () => apm.processReverseStream(frame), () => apm.setStreamDelayMs(1)].map(
    codeFor,
  )
  assert.equal(codes, ['ERR_CLOSED', 'ERR_CLOSED', 'ERR_CLOSED'])
})

it('takes out what does not swing, and lowers steady noise (APM-8)', () => {
  assert.ok(rms(processed({ highPassFilter: true }, 2, () => 5_000)) < 50)
  const noise = noiseFrom(2)
  const hiss = () => 500 * noise()
  const [before, after] = [rms(processed({}, 5, hiss)), rms(processed({ noiseSuppression: true }, 5, hiss))]
  assert.ok(before > 250 && after < before / 2, `${before} → ${after}`)
})

it('takes out the echo of what is played, and leaves it where it is not told of it (APM-8)', () => {
  const echoOf = (told: boolean) => {
    const apm = new AudioProcessingModule({ echoCancellation: true })
    const [noise, delay, seconds] = [noiseFrom(3), 4 * BLOCK, 6]
    const far = Array.from({ length: seconds * RATE }, () => 8_000 * noise())
    const heard: number[] = []
    for (let n = 0; n < far.length; n += BLOCK) {
      const near = block(Array.from({ length: BLOCK }, (_, k) => 0.5 * (far[n + k - delay] ?? 0)))
      if (told) apm.processReverseStream(block(far.slice(n, n + BLOCK)))
      if (told) apm.setStreamDelayMs(40)
      apm.processStream(near)
      if (n >= (seconds - 1) * RATE) heard.push(...near.data)
    }
    apm.close()
    return rms(heard)
  }
  const [left, taken] = [echoOf(false), echoOf(true)]
  assert.ok(left > 2_000 && taken < 100, `${left} → ${taken}`)
})

it.run()
