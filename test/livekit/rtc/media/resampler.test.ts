/** Other sample rates, by the native resampler. */
import { dispose, AudioFrame as SdkAudioFrame, AudioResampler as SdkAudioResampler } from '@livekit/rtc-node'
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { codeOf } from '../../../../src/errors.ts'
import { AudioFrame } from '../../../../src/livekit/rtc/media/audio-frame.ts'
import {
  AudioResampler,
  AudioResamplerQuality,
  qualityOf,
  type ResamplerQuality,
} from '../../../../src/livekit/rtc/media/resampler.ts'
import { guarded } from '../guard.ts'

const it = suite('livekit rtc resampler')
it.after(() => dispose())

const seed = Number(process.env.CHARTROOM_SEED ?? Date.now() % 0x7fff_ffff)
console.log(`resampler: seed ${seed} (again: CHARTROOM_SEED=${seed})`)

const samplesIn = (frames: AudioFrame[]) => frames.reduce((sum, { samplesPerChannel }) => sum + samplesPerChannel, 0)
const codeFor = (deed: () => unknown) => {
  try {
    deed()
    return 'none'
  } catch (error) {
    return codeOf(error)
  }
}
const sine = (samples: number, hz: number, rate: number) =>
  Int16Array.from({ length: samples }, (_, n) => 10_000 * Math.sin((2 * Math.PI * hz * n) / rate))

it('keeps 480 samples to itself and gives 160 at the end, one frame or none each time (RSM-1, SD-6)', () => {
  const resampler = new AudioResampler(48_000, 16_000)
  assert.equal(resampler.push(new AudioFrame(new Int16Array(480), 48_000, 1, 480)), [])
  const [frame, ...others] = resampler.flush()
  assert.equal([frame?.samplesPerChannel, frame?.sampleRate, frame?.channels, others], [160, 16_000, 1, []])
  assert.equal(resampler.flush(), [], 'there is nothing left')
  resampler.push(new AudioFrame(new Int16Array(480), 48_000, 1, 480))
  assert.is(samplesIn(resampler.flush()), 160, 'what comes after the end is something new')
  resampler.close()
})

it('gives as much as it is given, whatever the rates, the channels, the quality and the pieces (RSM-1)', () => {
  const rate = fc.constantFrom(8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 96_000)
  const quality = fc.constantFrom<ResamplerQuality>('quick', 'low', 'medium', 'high', 'very_high')
  const pieces = fc.array(fc.integer({ min: 0, max: 2_000 }), { minLength: 1, maxLength: 12 })
  const run = (input: number, output: number, channels: number, how: ResamplerQuality, sizes: number[]) => {
    const resampler = new AudioResampler(input, output, channels, how)
    const push = (samples: number) => resampler.push(new AudioFrame(new Int16Array(samples * channels), input, channels, samples))
    const given = sizes.reduce((sum, size) => sum + size, 0)
    const got = samplesIn([...sizes.flatMap(push), ...resampler.flush()])
    resampler.close()
    assert.ok(Math.abs(got - Math.round((given * output) / input)) <= 1, `${given} at ${input} → ${got} at ${output}`)
  }
  fc.assert(fc.property(rate, rate, fc.integer({ min: 1, max: 3 }), quality, pieces, run), { seed, numRuns: 300 })
})

it('keeps the sound: a tone is the same tone, at the same height, in each channel', () => {
  const resampler = new AudioResampler(48_000, 16_000, 2, 'high')
  const tones = [sine(24_000, 440, 48_000), sine(24_000, 1_000, 48_000)]
  const data = Int16Array.from({ length: 48_000 }, (_, n) => tones[n % 2]?.[n >> 1] ?? 0)
  const frames = [...resampler.push(new AudioFrame(data, 48_000, 2, 24_000)), ...resampler.flush()]
  resampler.close()
  const out = frames.flatMap(frame => [...frame.data])
  const wanted = [sine(8_000, 440, 16_000), sine(8_000, 1_000, 16_000)]
  // The filter's beginning and end are not the tone's.
  for (let n = 400; n < 2 * 7_800; n++) assert.ok(Math.abs((out[n] ?? 0) - (wanted[n % 2]?.[n >> 1] ?? 0)) < 30, `at ${n}`)
})

it('refuses a frame of another format, and one that is broken, and takes nothing of it (RSM-2)', () => {
  const resampler = new AudioResampler(48_000, 16_000, 2)
  const push = (rate: number, channels: number, samples: number, data = new Int16Array(samples * channels)) =>
    codeFor(() => resampler.push({ data, sampleRate: rate, channels, samplesPerChannel: samples }))
  assert.equal(
    [push(44_100, 2, 441), push(48_000, 1, 480), push(48_000, 2, 480, new Int16Array(959))],
    ['ERR_FORMAT', 'ERR_FORMAT', 'ERR_FRAME'],
  )
  assert.is(samplesIn(resampler.flush()), 0)
  resampler.close()
})

it('takes bytes, from an odd place too, and refuses half a sample (RSM-3)', () => {
  const tone = sine(960, 440, 48_000)
  const resample = (data: AudioFrame | Uint8Array, channels = 1) => {
    const resampler = new AudioResampler(48_000, 16_000, channels)
    const frames = [...resampler.push(data), ...resampler.flush()]
    resampler.close()
    return frames.flatMap(frame => [...frame.data])
  }
  const bytes = new Uint8Array(1 + tone.byteLength)
  bytes.set(new Uint8Array(tone.buffer), 1)
  const [mono, stereo] = [new AudioFrame(tone, 48_000, 1, 960), new AudioFrame(tone, 48_000, 2, 480)]
  // The native resampler dithers: no two runs are the same to the last bit.
  const off = (some: number[], others: number[]) => Math.max(...some.map((value, n) => Math.abs(value - (others[n] ?? 1e9))))
  assert.ok(off(resample(bytes.subarray(1)), resample(mono)) <= 4)
  assert.ok(off(resample(bytes.subarray(1), 2), resample(stereo, 2)) <= 4)
  assert.equal([codeFor(() => resample(bytes)), codeFor(() => resample(bytes.subarray(1, 7), 2))], ['ERR_FRAME', 'ERR_FRAME'])
})

it("hears a part of a larger buffer, and no more than a frame declares, where rtc-node hears the buffer's beginning (RSM-4)", () => {
  const whole = new Int16Array(2_000)
  whole.set(sine(960, 440, 48_000), 1_000)
  const part = whole.subarray(1_000, 1_960)
  const loudest = (resampler: SdkAudioResampler, frame: SdkAudioFrame) => {
    const frames = [...resampler.push(frame), ...resampler.flush()]
    resampler.close()
    return [
      frames.reduce((sum, one) => sum + one.samplesPerChannel, 0),
      Math.max(...frames.flatMap(one => [...one.data])) > 9_000,
    ]
  }
  const bare = new SdkAudioFrame(part, 48_000, 1, 960)
  assert.equal(loudest(new SdkAudioResampler(48_000, 16_000), bare), [320, false])
  assert.equal(loudest(new AudioResampler(48_000, 16_000), bare), [320, true])
  assert.equal(loudest(new AudioResampler(48_000, 16_000), new SdkAudioFrame(whole.subarray(1_000), 48_000, 1, 480)), [160, true])
})

it('gives frames of ours, with a userdata of their own', () => {
  const resampler = new AudioResampler(16_000, 48_000, 1, 'quick')
  const userdata = { id: 7 }
  const [frame] = resampler.push(new AudioFrame(new Int16Array(1_600), 16_000, 1, 1_600, userdata))
  assert.instance(frame, AudioFrame)
  assert.equal(frame?.userdata, { id: 7 })
  assert.is.not(frame?.userdata, userdata)
  resampler.close()
})

it(
  'refuses rates and channels with which the native layer ends the process, or never answers (RSM-5, law 11)',
  guarded({
    code: 'ERR_FORMAT',
    does: [
      ...[0, -1, 0.5, 1, 10, 999, 44_100.5, 384_001, Number.NaN, Number.POSITIVE_INFINITY, 4_000_000_000].flatMap(rate => [
        () => new AudioResampler(rate, 16_000),
        () => new AudioResampler(48_000, rate),
      ]),
      ...[0, -1, 1.5, Number.NaN, 5_000_000].map(channels => () => new AudioResampler(48_000, 16_000, channels)),
    ],
    alone: () => new SdkAudioResampler(48_000, 16_000, 0).push(SdkAudioFrame.create(48_000, 1, 480)),
  }),
)

it('says its rates and channels (RSM-6)', () => {
  const resampler = new AudioResampler(48_000, 16_000, 2)
  assert.equal([resampler.inputRate, resampler.outputRate, resampler.channels], [48_000, 16_000, 2])
  resampler.close()
})

it('is closed once, and of no use afterwards', () => {
  const resampler = new AudioResampler(48_000, 16_000)
  resampler.close()
  resampler.close()
  const frame = AudioFrame.create(48_000, 1, 480)
  assert.equal([codeFor(() => resampler.push(frame)), codeFor(() => resampler.flush())], ['ERR_CLOSED', 'ERR_CLOSED'])
})

it('knows the qualities by name and by number, and no others (RSQ-1)', () => {
  const { QUICK, LOW, MEDIUM, HIGH, VERY_HIGH } = AudioResamplerQuality
  const named = (['quick', 'low', 'medium', 'high', 'very_high'] as const).map(qualityOf)
  assert.equal(named, [QUICK, LOW, MEDIUM, HIGH, VERY_HIGH])
  assert.equal([QUICK, LOW, MEDIUM, HIGH, VERY_HIGH].map(qualityOf), named)
  for (const other of ['best', 'MEDIUM', '', 'toString', 9, -1])
    assert.is(
      codeFor(() => Reflect.apply(qualityOf, undefined, [other])),
      'ERR_FORMAT',
      String(other),
    )
  assert.is(
    codeFor(() => Reflect.construct(AudioResampler, [48_000, 16_000, 1, 'best'])),
    'ERR_FORMAT',
  )
})

it.run()
