import * as fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  clickAt,
  endOf,
  firstLoud,
  halved,
  holeIn,
  lastLoud,
  levelOf,
  type Place,
  placeOf,
  rate,
  startOf,
} from '../../scripts/bench/signal.ts'
import { babble, heardAs } from './voice.ts'

const it = suite('bench signal')
const ms = rate / 1000
const speech = babble(3_000, 7)
const known = Float32Array.from(speech)
const whole = { from: 0, to: speech.length }
const close = (actual: number | undefined, expected: number, within: number, what: string) =>
  assert.ok(actual !== undefined && Math.abs(actual - expected) <= within, `${what}: ${actual}, not ${expected} ± ${within}`)
const certain = (place: Place | undefined): Place => {
  assert.ok(place, 'no place was found')
  return place ?? { shift: 0, gain: 1, likeness: 0 }
}

it('finds where a stretch was said, to the sample, through noise and another level', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2_800 * ms }), fc.integer({ min: 1, max: 1_000 }), (from, seed) => {
      const heard = halved(heardAs(speech, [500, { from, to: from + 100 * ms }], seed))
      const place = placeOf(heard, { from: 500, to: 500 + 100 * ms }, known)
      close(place?.shift, from - 500, 1, 'shift')
      close(place?.gain, 0.9, 0.1, 'gain')
    }),
    { numRuns: 15 },
  )
})

it('finds no place for what was never said, and only where it may look', () => {
  const other = halved(heardAs(babble(300, 99), [{ from: 0, to: 300 * ms }]))
  assert.is(placeOf(other, { from: 100, to: 100 + 100 * ms }, known), undefined)
  const heard = halved(heardAs(speech, [{ from: 1_000 * ms, to: 1_100 * ms }]))
  const at = { from: 0, to: 100 * ms }
  assert.is(placeOf(heard, at, known, { from: 0, to: 900 * ms }), undefined)
  close(placeOf(heard, at, known, { from: 900 * ms, to: 1_200 * ms })?.shift, 1_000 * ms, 1, 'shift')
})

it('finds where the speech stops to 2 ms, cut hard or faded, also at its very end', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 300 * ms, max: 2_800 * ms }),
      fc.boolean(),
      fc.constantFrom(0, 5 * ms, 10 * ms),
      fc.integer({ min: -15 * ms, max: 15 * ms }),
      (to, last, fall, off) => {
        const utterance = last ? known.subarray(0, to) : known
        const heard = halved(heardAs(speech, [{ from: to - 300 * ms, to, fall }, 200 * ms], to))
        const place = certain(placeOf(heard, { from: 160 * ms, to: 260 * ms }, utterance))
        const end = endOf(heard, utterance, place, 300 * ms + off)
        close(end, 300 * ms, 2 * ms, `end of a fade of ${fall / ms} ms`)
        assert.ok(end + place.shift <= utterance.length, 'it ends after its end')
      },
    ),
    { numRuns: 25 },
  )
})

it('finds where the speech starts to 2 ms, hard or rising, also at its very beginning', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 50 * ms, max: 2_600 * ms }),
      fc.boolean(),
      fc.constantFrom(0, 5 * ms, 10 * ms),
      fc.integer({ min: -15 * ms, max: 15 * ms }),
      (from, first, rise, off) => {
        const utterance = first ? known.subarray(from) : known
        const heard = halved(heardAs(speech, [200 * ms, { from, to: from + 300 * ms, rise }], from + 1))
        const place = certain(placeOf(heard, { from: 240 * ms, to: 340 * ms }, utterance))
        close(startOf(heard, utterance, place, 200 * ms + off), 200 * ms, 2 * ms, `start of a rise of ${rise / ms} ms`)
      },
    ),
    { numRuns: 25 },
  )
})

it('finds the first and the last loud moment', () => {
  const heard = halved(heardAs(speech, [100 * ms, { from: 500 * ms, to: 700 * ms }, 100 * ms]))
  const level = 0.05 * levelOf(known, whole)
  close(firstLoud(heard, { from: 0, to: heard.length }, level), 100 * ms, 5 * ms, 'first')
  close(lastLoud(heard, { from: 0, to: heard.length }, level), 300 * ms, 5 * ms, 'last')
  assert.is(firstLoud(heard, { from: 0, to: 90 * ms }, level), undefined)
  assert.is(lastLoud(heard, { from: 310 * ms, to: heard.length }, level), undefined)
})

it('hears the click of a hard cut, and none where the speech fades', () => {
  const cuts = Array.from({ length: 12 }, (_, n) => (1_000 + 37 * n) * ms)
  const clicks = (fall: number) =>
    cuts.map(to => clickAt(heardAs(speech, [{ from: to - 400 * ms, to, fall }, 100 * ms]), 800 * ms, 2 * rate))
  const faded = clicks(10 * ms)
  assert.ok(
    faded.every(ratio => ratio <= 1.5),
    `${faded}`,
  )
  // A cut at the highest point of a wave, without the codec that would round it.
  const tone = Int16Array.from({ length: 24_000 }, (_, n) =>
    n < 12_000 ? 8_000 * Math.cos((2 * Math.PI * (n - 12_000)) / 480) : 0,
  )
  assert.ok(clickAt(tone, 12_000, 2 * rate) > 10)
})

it('finds a hole, and none where there is none or the speech is only stretched a little', () => {
  const heardWith = (gap: number) =>
    halved(heardAs(speech, [50 * ms, { from: 0, to: 700 * ms }, gap * ms, { from: 700 * ms, to: 2_000 * ms }]))
  const hole = (gap: number) => {
    const heard = heardWith(gap)
    const place = certain(placeOf(heard, { from: 65 * ms, to: 165 * ms }, known))
    return holeIn(heard, { from: 50 * ms, to: heard.length }, known, place)
  }
  close(hole(0), 0, 0.2, 'no hole')
  close(hole(1), 1, 0.2, 'a stretch')
  close(hole(19), 19, 1, 'a hole of 19 ms')
  close(hole(68), 68, 1, 'a hole of 68 ms')
})

it('takes a vowel, which is like itself a period later, for no hole', () => {
  const period = 151
  const vowel = speech.map((_, n) => speech[24_000 + (n % period)] ?? 0)
  const rough = Float32Array.from(vowel, (sample, n) => sample + 0.3 * (known[n] ?? 0))
  const heard = halved(heardAs(vowel, [{ from: 0, to: 1_000 * ms }], 4))
  const place = { shift: 0, gain: 0.9, likeness: 1 }
  close(holeIn(heard, { from: 0, to: 1_000 * ms }, rough, place), 0, 0.5, 'no hole')
})

it.run()
