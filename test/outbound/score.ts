/** Sound that tells whose it is and which sample it is, and the comparison of what was played with what was told of it. */
import type { Format } from '../../src/audio/frame.ts'
import { fall, rise } from '../../src/audio/ramp.ts'
import type { Heard } from '../../src/outbound/speaker.ts'

/** Two channels: which sample it is, from 1, and whose. A ramp changes both, and never gives the mark of another. */
export const markOf = (voice: number): number => 30_000 - voice
export const scoreOf = (voice: number, from: number, length: number): Int16Array =>
  Int16Array.from({ length: 2 * length }, (_, n) => (n % 2 === 0 ? from + n / 2 + 1 : markOf(voice)))

export type Told = Extract<Heard, { type: 'utterance.progressed' }>

const isSame = (a: Int16Array, b: Int16Array) => a.length === b.length && a.every((value, index) => value === b[index])
/** Where a moment lies on the clock, in samples. */
export const positionOf = (ms: number, { sampleRate }: Format): number => Math.floor((ms * sampleRate) / 1000 + 1e-6)

export type Score = { voice: number; format: Format; fade: number; cutAt: readonly number[] }
/**
 * Throws unless `played`, where `run` says that it was heard, has just the samples from `offset` on, in order, at full gain but for a
 * rise at its beginning and a fall at its end; up to where the device was cut off, if it was. Silences what it has compared.
 */
export const compareRun = (
  played: Int16Array,
  { startedAt, offset, duration }: Told,
  { voice, format, fade, cutAt }: Score,
): void => {
  const at = positionOf(startedAt, format)
  const end = Math.min(at + duration, ...cutAt.filter(cut => cut > at))
  const actual = played.slice(2 * at, 2 * end)
  played.fill(0, 2 * at, 2 * end)
  const full = scoreOf(voice, offset, duration)
  for (let began = -1; began < fade; began++)
    for (let falls = 0; falls <= Math.min(fade, duration); falls++) {
      const expected = full.slice()
      if (began >= 0) rise(expected, 2, began, fade)
      if (falls > 0) fall(expected.subarray(2 * (duration - falls)), 2)
      if (isSame(expected.subarray(0, actual.length), actual)) return
    }
  const wrong = Math.floor(full.findIndex((value, index) => value !== actual[index]) / 2)
  const seen = actual.slice(Math.max(0, 2 * wrong - 4), 2 * wrong + 16)
  throw new Error(`voice ${voice}, at ${startedAt} ms from sample ${offset}: sample ${wrong} of ${duration} is wrong: … ${seen}`)
}

/** The samples of `voice` at full gain, in the order in which they were played. */
export const playedOf = (played: Int16Array, voice: number): number[] =>
  [...played].flatMap((value, index) => (index % 2 === 0 && played[index + 1] === markOf(voice) ? value - 1 : []))
