/** Audio frames: checked and their own, and in their other forms. */
import { AudioResampler, dispose, AudioFrame as SdkAudioFrame } from '@livekit/rtc-node'
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { parseWav } from '../../../../src/codec/wav.ts'
import { AudioFrame, combineAudioFrames } from '../../../../src/livekit/rtc/index.ts'
import { adoptedAudio, safeAudioFrame } from '../../../../src/livekit/rtc/media/audio-frame.ts'
import { kindOf, refusal } from '../refusal.ts'

const it = suite('rtc audio frame')

const seed = Number(process.env.CHARTROOM_SEED ?? Date.now() % 0x7fff_ffff)
console.log(`rtc audio frame: seed ${seed} (again: CHARTROOM_SEED=${seed})`)

const samples = (...values: number[]) => Int16Array.from(values)

it('takes as many samples as it needs or more, and says how many are missing (AF-1)', () => {
  assert.is(new AudioFrame(new Int16Array(960), 48_000, 2, 480).data.length, 960)
  assert.is(new AudioFrame(new Int16Array(1_000), 48_000, 2, 480).data.length, 1_000)
  const { kind, code, message } = refusal(() => new AudioFrame(new Int16Array(959), 48_000, 2, 480))
  assert.equal([kind, code], ['RangeError', 'ERR_FRAME'])
  assert.match(message, /960.*959/)
})

it('takes raw little-endian bytes, from an odd place too, but not half a sample (AF-1)', () => {
  const bytes = Uint8Array.of(9, 1, 0, 0xff, 0xff, 0, 128)
  assert.equal([...new AudioFrame(bytes.subarray(1), 48_000, 1, 3).data], [1, -1, -32_768])
  assert.equal([...new AudioFrame(Buffer.from([2, 1]), 48_000, 1, 1).data], [258])
  assert.is(
    kindOf(() => new AudioFrame(bytes, 48_000, 1, 3)),
    'RangeError ERR_FRAME',
  )
})

it('refuses what are no samples, and numbers that no frame has (AF-1, law 10)', () => {
  for (const data of [undefined, [1, 2], 'aGk=', new Float32Array(2), new ArrayBuffer(4)]) {
    const make = () => Reflect.construct(AudioFrame, [data, 48_000, 1, 1])
    assert.is(kindOf(make), 'TypeError ERR_FRAME', String(data))
  }
  for (const [rate, channels, count] of [...wrong(0), ...wrong(-1), ...wrong(1.5), ...wrong(Number.NaN), [48_000, 1, -1]])
    assert.is(
      kindOf(() => new AudioFrame(samples(1), rate ?? 1, channels ?? 1, count ?? 1)),
      'RangeError ERR_FORMAT',
      `${rate} ${channels} ${count}`,
    )
  assert.is(
    kindOf(() => AudioFrame.create(48_000, 1, -5)),
    'RangeError ERR_FORMAT',
  )
})
const wrong = (value: number) => [
  [value, 1, 1],
  [48_000, value, 1],
]

it("does not change when the caller's samples do (AF-2)", () => {
  const [data, bytes] = [samples(1, 2), Uint8Array.of(1, 0, 2, 0)]
  const frames = [new AudioFrame(data, 48_000, 1, 2), new AudioFrame(bytes, 48_000, 1, 2)]
  data.fill(7)
  bytes.fill(7)
  for (const frame of frames) assert.equal([...frame.data], [1, 2])
})

it('sends the samples of a sub-array, not the beginning of what they lie in (AF-3)', () => {
  const whole = new Int16Array(2 * 4_800).fill(9_000, 0, 4_800)
  const quiet = new AudioFrame(whole.subarray(4_800), 48_000, 1, 4_800)
  assert.equal([quiet.data.byteOffset, quiet.data.buffer.byteLength], [0, quiet.data.byteLength])
  const loudest = (frame: SdkAudioFrame) => {
    const resampler = new AudioResampler(48_000, 16_000)
    const out = [...resampler.push(frame), ...resampler.flush()]
    resampler.close()
    assert.is(
      out.reduce((sum, { samplesPerChannel }) => sum + samplesPerChannel, 0),
      1_600,
    )
    return Math.max(...out.flatMap(({ data }) => [...data]))
  }
  assert.ok(loudest(quiet) < 10) // it dithers
  const bare = new SdkAudioFrame(whole.subarray(4_800), 48_000, 1, 4_800)
  assert.ok(loudest(bare) > 8_000, 'of a bare one the beginning is sent')
  assert.ok(loudest(safeAudioFrame(bare)) < 10)
})

it('is copied on its way to the native layer only where it lies within something larger (AF-3)', () => {
  const whole = new SdkAudioFrame(samples(1, 2, 3), 48_000, 1, 3)
  assert.is(safeAudioFrame(whole), whole)
  const plain = { data: samples(1, 2, 3), sampleRate: 48_000, channels: 1, samplesPerChannel: 3 }
  assert.is(safeAudioFrame(plain).data, plain.data)
  assert.equal([...safeAudioFrame({ ...plain, data: samples(0, 1, 2, 3).subarray(1) }).data], [1, 2, 3])
  whole.samplesPerChannel = 4
  assert.is(
    kindOf(() => safeAudioFrame(whole)),
    'RangeError ERR_FRAME',
  )
})

it('lasts as many seconds as it has samples at its rate (AF-4)', () => {
  assert.is(AudioFrame.create(48_000, 2, 480).duration, 0.01)
  assert.is(AudioFrame.create(44_100, 1, 0).duration, 0)
})

it('gives all of its data as a WAV file (AF-5)', () => {
  const frame = new AudioFrame(samples(1, -2, 300, -32_768, 5, 6), 44_100, 2, 2)
  const bytes = frame.toWavBytes()
  const view = new DataView(bytes.buffer, bytes.byteOffset)
  const text = (at: number) => Buffer.from(bytes.subarray(at, at + 4)).toString('latin1')
  assert.equal([0, 8, 12, 36].map(text), ['RIFF', 'WAVE', 'fmt ', 'data'])
  assert.equal(
    [4, 16, 24, 28, 40].map(at => view.getUint32(at, true)),
    [36 + 12, 16, 44_100, 44_100 * 4, 12],
  )
  assert.equal(
    [20, 22, 32, 34].map(at => view.getUint16(at, true)),
    [1, 2, 4, 16],
  )
  assert.is(bytes.length, 44 + 12)
  assert.equal(parseWav(bytes), { sampleRate: 44_100, channels: 2, data: frame.data })
})

it('comes back from JSON with its samples and its format, without its userdata (AF-6)', () => {
  const numbers = fc.record({ rate: fc.integer({ min: 1, max: 384_000 }), channels: fc.integer({ min: 1, max: 8 }) })
  const property = fc.property(numbers, fc.int16Array({ maxLength: 64 }), ({ rate, channels }, data) => {
    const frame = new AudioFrame(data, rate, channels, Math.floor(data.length / channels), { tag: 1 })
    const text = JSON.stringify(frame)
    const back = AudioFrame.fromJSON(JSON.parse(text))
    assert.equal([back.data, back.sampleRate, back.channels], [frame.data, rate, channels])
    assert.is(back.samplesPerChannel, frame.samplesPerChannel)
    assert.equal(back.userdata, {})
    assert.equal(Object.keys(JSON.parse(text)), ['data', 'sample_rate', 'num_channels', 'samples_per_channel'])
  })
  fc.assert(property, { seed })
})

it('is made of a frame or of the first item of an array too, and of nothing else (AF-6)', () => {
  const frame = new AudioFrame(samples(1, 2), 16_000, 1, 2)
  assert.is(AudioFrame.fromJSON(frame), frame)
  assert.is(AudioFrame.fromJSON([frame, 'more']), frame)
  assert.equal([...AudioFrame.fromJSON([frame.toJSON()]).data], [1, 2])
  const theirs = new SdkAudioFrame(samples(3), 16_000, 1, 1)
  const ours = AudioFrame.fromJSON(theirs)
  assert.ok(ours instanceof AudioFrame && ours.data !== theirs.data)
  const good = frame.toJSON()
  const wrong = [
    ...[null, undefined, 7, 'frame', [], {}, { ...good, data: 7 }, { ...good, data: 'AQA' }, { ...good, data: 'A A=' }],
    ...[
      { ...good, data: 'AQ==' },
      { ...good, sample_rate: '16000' },
      { ...good, num_channels: 0 },
    ],
    { ...good, samples_per_channel: 3 },
  ]
  for (const value of wrong)
    assert.is(
      kindOf(() => AudioFrame.fromJSON(value)),
      'TypeError ERR_JSON',
      JSON.stringify(value),
    )
})

it('says what it is, as the frames of other SDKs do', () => {
  const said = 'rtc.AudioFrame(sample_rate=48000, num_channels=1, samples_per_channel=480, duration=0.010)'
  assert.is(String(AudioFrame.create(48_000, 1, 480)), said)
})

it("is one of rtc-node's, and one of rtc-node's becomes ours without a copy", () => {
  const theirs = new SdkAudioFrame(samples(1), 48_000, 1, 1, { tag: 1 })
  const ours = adoptedAudio(theirs)
  assert.ok(ours instanceof AudioFrame && ours instanceof SdkAudioFrame)
  assert.is(ours.data, theirs.data)
  assert.equal([ours.duration, ours.userdata], [1 / 48_000, { tag: 1 }])
  assert.is(adoptedAudio(ours), ours)
})

const stereo = (...values: number[]) => new AudioFrame(samples(...values), 48_000, 2, values.length / 2)

it('combines frames in order, and gives a single one back as it is (CAF-1)', () => {
  const { data, channels, samplesPerChannel, sampleRate } = combineAudioFrames([stereo(1, 2), stereo(3, 4)])
  assert.equal([[...data], channels, samplesPerChannel, sampleRate], [[1, 2, 3, 4], 2, 2, 48_000])
  const one = stereo(1, 2)
  assert.is(combineAudioFrames(one), one)
  assert.is.not(combineAudioFrames([one]), one)
})

it('combines nothing and frames of several formats not at all (CAF-1)', () => {
  const messageOf = (frames: AudioFrame[]) => {
    const { kind, code, message } = refusal(() => combineAudioFrames(frames))
    assert.equal([kind, code], ['RangeError', 'ERR_FRAME'])
    return message
  }
  assert.match(messageOf([]), 'buffer is empty')
  assert.match(messageOf([stereo(1, 2), AudioFrame.create(16_000, 2, 1)]), 'sample rate mismatch: expected 48000, got 16000')
  assert.match(messageOf([stereo(1, 2), AudioFrame.create(48_000, 1, 1)]), 'channel mismatch: expected 2, got 1')
})

it('leaves the frames that it combines as they were, and shares nothing with them (CAF-2)', () => {
  const [a, b] = [stereo(1, 2), stereo(3, 4)]
  const whole = combineAudioFrames([a, b])
  whole.data.fill(9)
  assert.equal([...a.data, ...b.data], [1, 2, 3, 4])
})

it('combines of each frame only the samples that it declares (CAF-3)', () => {
  const long = new AudioFrame(samples(1, 2, 99, 99), 48_000, 2, 1)
  const whole = combineAudioFrames([long, stereo(3, 4), long])
  assert.equal([...whole.data], [1, 2, 3, 4, 1, 2])
  assert.is(whole.samplesPerChannel, 3)
  const short = Object.assign(stereo(1, 2), { samplesPerChannel: 2 })
  assert.is(
    kindOf(() => combineAudioFrames([short])),
    'RangeError ERR_FRAME',
  )
})

it('merges the userdata of what it combines, the later wins (CAF-4)', () => {
  const [a, b] = [stereo(1, 2), stereo(3, 4)]
  Object.assign(a.userdata, { speaker: 'a', from: 'a' })
  Object.assign(b.userdata, { speaker: 'b' })
  const whole = combineAudioFrames([a, b])
  assert.equal(whole.userdata, { speaker: 'b', from: 'a' })
  assert.equal(a.userdata, { speaker: 'a', from: 'a' })
})

it.after(() => dispose()) // of the native layer, which would keep the process

it.run()
