import * as fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type AudioFrame, frameOf } from '../../src/audio/frame.ts'
import { conform, resampler } from '../../src/audio/resample.ts'
import { all, framesOf, joined, level, noise, sourceOf, tone } from '../fakes/sound.ts'

const it = suite('resample')
const rates = [8_000, 11_025, 16_000, 22_050, 24_000, 32_000, 44_100, 44_101, 48_000, 96_000]

/** `data` resampled in pieces of these sizes. */
const resampled = (data: Int16Array, from: number, to: number, sizes: number[] = [data.length], channels = 1) => {
  const one = resampler(from, to, channels)
  const parts: Int16Array[] = []
  for (let at = 0, piece = 0; at < data.length; piece++) {
    const size = (sizes[piece % sizes.length] ?? data.length) * channels
    parts.push(one.push(data.slice(at, at + size)))
    at += size
  }
  return Int16Array.from([...parts, one.flush()].flatMap(part => [...part]))
}
/** How far `heard` is from `meant`, in dB, but for the ends, where the silence around is heard too. */
const errorDb = (heard: Int16Array, meant: Int16Array) => {
  const edge = 200
  const [one, other] = [heard.slice(edge, meant.length - edge), meant.slice(edge, meant.length - edge)]
  return 20 * Math.log10(level(one.map((value, index) => value - (other[index] ?? 0))) / level(other))
}

it('makes exactly as many samples as the ratio says, for any rates and any pieces, and the pieces do not matter', () => {
  const cases = fc.record({
    from: fc.constantFrom(...rates),
    to: fc.constantFrom(...rates),
    count: fc.nat(3_000),
    sizes: fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1 }),
  })
  fc.assert(
    fc.property(cases, ({ from, to, count, sizes }) => {
      const data = noise(count)
      const whole = resampled(data, from, to)
      assert.is(whole.length, Math.round((count * to) / from))
      assert.equal(resampled(data, from, to, sizes), whole)
    }),
    { seed: 13, numRuns: 60 },
  )
})

it('keeps a tone where it was, in time and in level', () => {
  for (const from of rates)
    for (const to of rates.filter(rate => rate !== from)) {
      const [heard, meant] = [resampled(tone(from / 5, 440, from), from, to), tone(Math.round(to / 5), 440, to)]
      assert.ok(errorDb(heard, meant) < -55, `${from} → ${to}: ${errorDb(heard, meant).toFixed(1)} dB`)
    }
})

it('keeps what the lower rate can carry, and takes out what it cannot', () => {
  const passes = resampled(tone(48_000, 9_500, 48_000), 48_000, 24_000)
  assert.ok(Math.abs(20 * Math.log10(level(passes.slice(500, -500)) / (10_000 / Math.SQRT2))) < 0.5)
  const stops = resampled(tone(48_000, 14_000, 48_000), 48_000, 24_000)
  assert.ok(level(stops.slice(500, -500)) < 10, 'an alias of 14 kHz is at least 57 dB down')
})

it('keeps channels apart', () => {
  const left = tone(4_800, 440, 48_000)
  const stereo = Int16Array.from({ length: 9_600 }, (_, index) => (index % 2 === 0 ? (left[index / 2] ?? 0) : 0))
  const both = resampled(stereo, 48_000, 24_000, [480], 2)
  assert.equal(
    both.filter((_, index) => index % 2 === 0),
    resampled(left, 48_000, 24_000),
  )
  assert.is(level(both.filter((_, index) => index % 2 === 1)), 0)
})

it('clips rather than wraps', () => {
  const square = Int16Array.from({ length: 2_000 }, (_, index) => (index % 100 < 50 ? 32_767 : -32_768))
  const heard = resampled(square, 24_000, 48_000)
  assert.ok(
    heard.every((value, index) => index < 40 || index > 3_960 || index % 100 < 6 || index % 100 > 94 || Math.abs(value) > 20_000),
  )
})

const to = { sampleRate: 24_000, channels: 1 }
const conformed = (frames: AudioFrame[], format = to) => all(conform(format)(sourceOf(frames).stream))

it('conform passes frames that have the format as they are', async () => {
  const frames = framesOf(noise(2_400), 240, to)
  const through = await conformed(frames)
  assert.ok(through.length === 10 && through.every((frame, index) => frame === frames[index]))
})

it('conform mixes and resamples, exact over the whole stream (PRE-12)', async () => {
  const frames = framesOf(noise(2 * 44_100), 441, { sampleRate: 44_100, channels: 2 })
  const through = await conformed(frames)
  assert.is(joined(through).length, 24_000)
  assert.ok(through.every(({ sampleRate, channels }) => sampleRate === 24_000 && channels === 1))
})

it('conform follows a source that changes its format, and loses nothing at the seams', async () => {
  const frames = [
    ...framesOf(noise(4_800), 480, { sampleRate: 48_000, channels: 1 }),
    ...framesOf(noise(2_400), 240, to),
    ...framesOf(noise(3_200), 160, { sampleRate: 16_000, channels: 2 }),
  ]
  assert.is(joined(await conformed(frames)).length, 2_400 + 2_400 + 2_400)
})

it('conform returns its source when the reader leaves early', async () => {
  const source = sourceOf([frameOf(noise(4_800), { sampleRate: 48_000, channels: 1 })])
  for await (const _ of conform(to)(source.stream)) break
  assert.ok(source.returned)
})

it.run()
