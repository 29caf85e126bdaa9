/** Sound that tells whose it is and which sample it is, and the comparison of what was played with what was told of it. */
import type { Format } from '../../src/audio/frame.ts'
import { fall, rise } from '../../src/audio/ramp.ts'
import type { Heard } from '../../src/outbound/speaker.ts'

/** Two channels: which sample it is, from 1, and whose. A ramp changes both, and never gives the mark of another. */
export const markOf = (voice: number): number => 30_000 - voice
export const scoreOf = (voice: number, from: number, length: number): Int16Array => {
  const data = new Int16Array(2 * length).fill(markOf(voice))
  for (let n = 0; n < length; n++) data[2 * n] = from + n + 1
  return data
}

export type Told = Extract<Heard, { type: 'utterance.progressed' }>

const isSame = (a: Int16Array, b: Int16Array) => a.length === b.length && a.every((value, index) => value === b[index])
/** The first and the last `n` values: ramps are there. */
const edges = (data: Int16Array, n: number) =>
  data.length > 2 * n ? Int16Array.of(...data.slice(0, n), ...data.slice(-n)) : data
const middle = (data: Int16Array, n: number) => data.subarray(n, Math.max(n, data.length - n))
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
  if (isRamped(actual, full, fade)) return
  const wrong = Math.floor(full.findIndex((value, index) => value !== actual[index]) / 2)
  const seen = actual.slice(Math.max(0, 2 * wrong - 4), 2 * wrong + 16)
  throw new Error(`voice ${voice}, at ${startedAt} ms from sample ${offset}: sample ${wrong} of ${duration} is wrong: … ${seen}`)
}

/** Whether `actual` is the beginning of `full`, or all of it, with a rise, or a fall, or both, of at most `fade` samples. */
const isRamped = (actual: Int16Array, full: Int16Array, fade: number): boolean => {
  if (isSame(actual, full)) return true
  const isWhole = actual.length === full.length
  const edge = isWhole ? 2 * fade : full.length
  if (!isSame(middle(actual, edge), middle(full, edge))) return false
  const seen = edges(actual, edge)
  const plain = edges(full, edge)
  for (let began = -1; began < fade; began++)
    for (let falls = 0; falls <= Math.min(fade, full.length / 2); falls++) {
      const expected = plain.slice()
      if (began >= 0) rise(expected, 2, began, fade)
      if (falls > 0) fall(expected.subarray(expected.length - 2 * falls), 2)
      if (isSame(expected.subarray(0, seen.length), seen)) return true
    }
  return false
}

/** The samples of each voice at full gain, in the order in which they were played. */
export const playedOf = (played: Int16Array): Map<number, number[]> => {
  const voices = new Map<number, number[]>()
  for (let at = 0; at < played.length; at += 2) {
    const voice = markOf(played[at + 1] ?? 0)
    const samples = voices.get(voice)
    if (samples) samples.push((played[at] ?? 0) - 1)
    else voices.set(voice, [(played[at] ?? 0) - 1])
  }
  return voices
}
