/** Samples in = samples out, and pictures too, in 10,000 runs of mixer, synchronizer and resampler with stalls, ends, failures and changing rates. */
import { dispose, VideoBufferType, VideoFrame } from '@livekit/rtc-node'
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { frameOf } from '../../../../src/audio/frame.ts'
import { sleep } from '../../../../src/clock.ts'
import { codeOf } from '../../../../src/errors.ts'
import { AudioFrame, type AudioFrameLike } from '../../../../src/livekit/rtc/media/audio-frame.ts'
import { AudioMixer } from '../../../../src/livekit/rtc/media/mixer.ts'
import { AudioResampler, type ResamplerQuality } from '../../../../src/livekit/rtc/media/resampler.ts'
import { AVSynchronizer } from '../../../../src/livekit/rtc/media/synchronizer.ts'
import { type VirtualClock, virtualClock } from '../../../../src/virtual.ts'
import { FakeSource } from '../source.ts'

const seed = Number(process.env.CHARTROOM_SEED ?? Date.now() % 0x7fff_ffff)
const times = Number(process.env.CHARTROOM_RUNS ?? 1)
const seeded = `seed ${seed} (again: CHARTROOM_SEED=${seed})`
console.log(`rtc samples: ${seeded}`)
const runs = { mixer: 4_000, synchronizer: 3_000, resampler: 3_000 }
const parameters = (count: number) => ({ seed, numRuns: Math.round(count * times), includeErrorInReport: true })

const it = suite('rtc samples')
it.after(() => dispose())

/** `mixed` samples of stream k are digits at base ** k, so that a sum says what each of three streams gave. They count from 1 to 29 and on. */
const base = 30
type Ending = 'ends' | 'fails' | 'changes' | 'hangs'
type Stream = { addedMs: number; pieces: { gapMs: number; samples: number }[]; ending: Ending }
type Mixing = {
  streams: Stream[]
  pauses: number[]
  options: { channels: number; blocksize: number; streamTimeoutMs: number; capacity: number }
}

const gap = fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.integer({ min: 1, max: 60 }))
const stream: fc.Arbitrary<Stream> = fc.record({
  addedMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 100 })),
  pieces: fc.array(fc.record({ gapMs: gap, samples: fc.integer({ min: 0, max: 40 }) }), { maxLength: 7 }),
  ending: fc.constantFrom<Ending[]>('ends', 'ends', 'fails', 'changes', 'hangs'),
})
const mixing: fc.Arbitrary<Mixing> = fc.record({
  streams: fc.array(stream, { minLength: 1, maxLength: 3 }),
  pauses: fc.array(gap, { maxLength: 4 }),
  options: fc.record({
    channels: fc.integer({ min: 1, max: 2 }),
    blocksize: fc.integer({ min: 1, max: 40 }),
    streamTimeoutMs: fc.integer({ min: 0, max: 40 }),
    capacity: fc.integer({ min: 0, max: 3 }),
  }),
})

/** The frames of one stream; the second channel has the same with the other sign. */
async function* frames(
  clock: VirtualClock,
  { pieces, ending }: Stream,
  digit: number,
  channels: number,
): AsyncGenerator<AudioFrameLike> {
  let given = 0
  for (const { gapMs, samples } of pieces) {
    if (gapMs > 0) await sleep(clock, gapMs)
    const data = new Int16Array(samples * channels)
    for (let n = 0; n < samples; n++, given++)
      for (let channel = 0; channel < channels; channel++)
        data[n * channels + channel] = (channel === 0 ? 1 : -1) * digit * (1 + (given % (base - 1)))
    yield frameOf(data, { sampleRate: 1_000, channels })
  }
  if (ending === 'fails') throw new Error('it failed')
  if (ending === 'changes') yield frameOf(new Int16Array(20 * channels).fill(1), { sampleRate: 2_000, channels })
  if (ending === 'hangs') await new Promise(() => {})
}
/** What stream `digit` gave to these samples: its digits, without the zeros of the silence that fills up. */
const digitsOf = (samples: number[], digit: number) => samples.map(sum => Math.floor(sum / digit) % base).filter(Boolean)

const mix = async ({ streams, pauses, options }: Mixing) => {
  const clock = virtualClock()
  const errors: string[] = []
  const log = (level: string, code: string) => void (level === 'error' && errors.push(code))
  const mixer = new AudioMixer(1_000, options.channels, { clock, log, ...options })
  const sources = streams.map((one, k) => ({ one, source: frames(clock, one, base ** k, options.channels) }))
  const feed = async () => {
    await Promise.all(sources.map(({ one, source }) => sleep(clock, one.addedMs).then(() => mixer.addStream(source))))
    mixer.endInput()
    await sleep(clock, 2_000) // longer than anybody gives or waits
    for (const { one, source } of sources) if (one.ending === 'hangs') mixer.removeStream(source)
  }
  const [left, right]: [number[], number[]] = [[], []]
  const read = async () => {
    const waits = [...pauses]
    for await (const { data, samplesPerChannel, channels } of mixer) {
      assert.equal(
        [samplesPerChannel, channels, data.length],
        [options.blocksize, options.channels, options.blocksize * channels],
      )
      assert.is.not(data[0], 0, 'a block begins with something')
      for (let n = 0; n < data.length; n += channels) left.push(data[n] ?? 0)
      for (let n = channels - 1; n < data.length; n += channels) right.push((channels === 1 ? 1 : -1) * (data[n] ?? 0))
      await sleep(clock, waits.shift() ?? 0)
    }
  }
  await clock.runUntil(Promise.all([feed(), read()]))
  await clock.settle()
  for (const [k, { pieces }] of streams.entries()) {
    const given = pieces.reduce((sum, { samples }) => sum + samples, 0)
    const counted = Array.from({ length: given }, (_, n) => 1 + (n % (base - 1)))
    assert.equal(digitsOf(left, base ** k), counted, `stream ${k}`)
  }
  assert.equal(right, left)
  assert.is(errors.length, streams.filter(({ ending }) => ending === 'fails' || ending === 'changes').length)
  assert.is(clock.timers, 0)
}

it('mixes each sample of each stream once and in order, whatever stalls, fails, hangs, changes its rate or reads slowly (MX-6, MX-9, MX-11)', () =>
  fc.assert(fc.asyncProperty(mixing, mix), parameters(runs.mixer)))

type Step =
  | { do: 'sound'; ms: number }
  | { do: 'picture' }
  | { do: 'pass'; ms: number }
  | { do: 'clear' }
  | { do: 'reset' }
  | { do: 'refuse'; pictures: number }
type Showing = { fps: number; videoQueueSizeMs: number; audioQueueMs: number; steps: Step[]; closes: boolean }
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.constant({ do: 'picture' as const }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('sound' as const), ms: fc.integer({ min: 1, max: 60 }) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 400 }) }) },
  { weight: 1, arbitrary: fc.constantFrom({ do: 'clear' as const }, { do: 'reset' as const }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('refuse' as const), pictures: fc.integer({ min: 1, max: 3 }) }) },
)
const showing: fc.Arbitrary<Showing> = fc.record({
  fps: fc.integer({ min: 10, max: 600 }).map(n => n / 10),
  videoQueueSizeMs: fc.integer({ min: 0, max: 300 }),
  audioQueueMs: fc.integer({ min: 20, max: 200 }),
  steps: fc.array(step, { maxLength: 30 }),
  closes: fc.boolean(),
})

const picture = (n: number) => new VideoFrame(new Uint8Array([n, 0, 0, 0]), 1, 1, VideoBufferType.RGBA)
const sound = (ms: number, first: number) =>
  new AudioFrame(
    Int16Array.from({ length: ms }, (_, n) => first + n),
    1_000,
    1,
    ms,
  )

const showAll = async ({ fps, videoQueueSizeMs, audioQueueMs, steps, closes }: Showing) => {
  const clock = virtualClock()
  const audioSource = new FakeSource(clock, audioQueueMs)
  const sent: { n: number; at: number; resets: number }[] = []
  const seen = { pictures: 0, samples: 0, resets: 0, toRefuse: 0 }
  const queuedAt: number[] = []
  const videoSource = {
    captureFrame: ({ data }: VideoFrame) => {
      sent.push({ n: data[0] ?? -1, at: clock.now(), resets: seen.resets })
      if (seen.toRefuse-- > 0) throw new Error('it is refused')
    },
  }
  const sync = new AVSynchronizer({ audioSource, videoSource, videoFps: fps, videoQueueSizeMs, clock, log: () => {} })
  const pushes: Promise<unknown>[] = []
  let speaking: Promise<void> = Promise.resolve()
  const show = async (n: number) => {
    await sync.push(picture(n))
    queuedAt[n] = clock.now()
  }
  const take = (one: Step) => {
    if (one.do === 'picture') pushes.push(show(seen.pictures++))
    if (one.do === 'refuse') seen.toRefuse = one.pictures
    if (one.do === 'clear') sync.clearQueue()
    if (one.do === 'reset') sync.reset()
    if (one.do === 'reset') seen.resets++
    if (one.do !== 'sound') return
    const first = seen.samples
    seen.samples += one.ms
    speaking = speaking.then(() => sync.push(sound(one.ms, first), (first + one.ms) / 1_000))
  }
  const live = async () => {
    for (const one of steps)
      if (one.do === 'pass') await sleep(clock, one.ms)
      else take(one)
    speaking.catch(error => assert.is(closes && codeOf(error), 'ERR_CLOSED'))
    if (closes) await sync.close()
    await Promise.all([...pushes, closes ? undefined : speaking])
    await sync.waitForPlayout()
  }
  await clock.runUntil(live())
  const before = sent.length
  await clock.advance(1_000)
  assert.is(sent.length, before, 'nothing comes after it was played out, or closed')
  checkPictures({ sent, queuedAt, interval: 1_000 / fps })
  assert.equal(audioSource.taken, [...new Array(audioSource.taken.length).keys()])
  if (!closes) {
    assert.is(audioSource.taken.length, seen.samples)
    assert.is(sync.lastAudioTime, seen.samples / 1_000)
    if (!steps.some(one => one.do === 'clear')) assert.is(sent.length, seen.pictures)
    await sync.close()
  }
  assert.is(clock.timers, 0)
}

type Sent = { sent: { n: number; at: number; resets: number }[]; queuedAt: number[]; interval: number }
/** Pictures are sent in order, not before they are due, and then at once. */
const checkPictures = ({ sent, queuedAt, interval }: Sent) => {
  for (const [index, { n, at, resets }] of sent.entries()) {
    const last = sent[index - 1]
    assert.ok(last === undefined || n > last.n, `${n} came after ${last?.n}`)
    const due = Math.max(queuedAt[n] ?? Number.POSITIVE_INFINITY, last ? last.at + interval : 0)
    assert.ok(at <= due + 1, `${n} was sent at ${at}, and was due at ${due}`)
    for (const [earlier, other] of sent.slice(0, index).entries()) {
      const least = (index - earlier) * interval - toleranceMs
      assert.ok(other.resets !== resets || at - other.at >= least - 1e-6, `${n} came ${at - other.at} ms after ${other.n}`)
    }
  }
}
/** Of the synchronizer, where it is not told another: so late a picture may be without those after it being put off. */
const toleranceMs = 300

it('sends each picture once, in order and when it is due, and each sample, whatever stalls, is cleared, reset or closed (AVS-4, AVS-6, AVS-10)', () =>
  fc.assert(fc.asyncProperty(showing, showAll), parameters(runs.synchronizer)))

type Part = { rate: number; pieces: number[] }
type Converting = { parts: Part[]; to: number; channels: number; quality: ResamplerQuality }
const rate = fc.oneof(
  fc.constantFrom(8_000, 11_025, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 96_000),
  fc.integer({ min: 8_000, max: 96_000 }),
)
const converting: fc.Arbitrary<Converting> = fc.record({
  parts: fc.array(fc.record({ rate, pieces: fc.array(fc.integer({ min: 0, max: 1_500 }), { maxLength: 8 }) }), {
    minLength: 1,
    maxLength: 2,
  }),
  to: rate,
  channels: fc.integer({ min: 1, max: 2 }),
  quality: fc.constantFrom<ResamplerQuality[]>('quick', 'low', 'medium', 'high', 'very_high'),
})
/** What the native filter keeps back at most, in samples of the lower rate: 1,780 were measured (11,025 → 44,101 Hz, `medium`). */
const keptBack = 2_500
const loudness = 8_000
/** What its beginning and end may change the sum by, in samples of the lower rate: 0.9 were measured. */
const edge = 2.5

const convert = ({ parts, to, channels, quality }: Converting) => {
  for (const { rate: from, pieces } of parts) {
    const resampler = new AudioResampler(from, to, channels, quality)
    const made: number[] = []
    const take = (out: AudioFrame[]) => {
      for (const { data, sampleRate, samplesPerChannel } of out) {
        assert.equal([sampleRate, data.length], [to, samplesPerChannel * channels])
        for (let n = 0; n < data.length; n += channels) made.push(data[n] ?? 0)
      }
    }
    let given = 0
    for (const samples of pieces) {
      const data = new Int16Array(samples * channels).fill(loudness)
      take(resampler.push(new AudioFrame(data, from, channels, samples)))
      given += samples
      const kept = given / from - made.length / to
      assert.ok(kept * Math.min(from, to) <= keptBack, `${given} at ${from} Hz gave ${made.length} at ${to} Hz so far`)
      assert.ok(made.length <= (given * to) / from + 1, 'no more than was given')
    }
    take(resampler.flush())
    resampler.close()
    assert.ok(Math.abs(made.length - (given * to) / from) <= 1.5, `${given} at ${from} Hz gave ${made.length} at ${to} Hz`)
    // A tone of 0 Hz keeps its height: nothing is lost within, and nothing is made up.
    const excess = made.reduce((total, sample) => total + sample, 0) / loudness - (given * to) / from
    assert.ok(Math.abs(excess) <= edge * Math.max(1, to / from), `${excess} samples too many`)
  }
}

it('gives as many samples of another rate as it is given, at any change of rates and size of pieces (RSM-1)', () =>
  fc.assert(fc.property(converting, convert), parameters(runs.resampler)))

it.run()
