/**
 * The speech that is played. One voice alone is silent between its words, soft within each of its periods, and like itself from period
 * to period: so it is two voices at once, the docent's and the same a fifth higher, both at an even level and without their silences.
 * Each moment of it can be told from every other, and where it stops is clear to a millisecond.
 */
import { levelOf, rate } from './signal.ts'

const block = rate / 100
/** Softer than this share of the whole's level is silence. */
const soft = 0.2
/** Each voice is brought to this level, by at most a factor of `most`. */
const even = 2_500
const most = 4
/** How much faster, and so higher, the second voice is. */
const higher = 1.5
/** An utterance begins and ends where it is at least so loud: its first and last sample are to be heard. */
const loud = 0.8

/** Both voices. As long as the one that ends first. */
export const chorus = (speech: Int16Array): Int16Array => {
  const [low, high] = [levelled(dense(speech)), levelled(dense(faster(speech, higher)))]
  return low.slice(0, high.length).map((sample, n) => sample + (high[n] ?? 0))
}

const faster = (speech: Int16Array, times: number): Int16Array =>
  Int16Array.from({ length: Math.floor((speech.length - 1) / times) }, (_, n) => {
    const at = Math.floor(n * times)
    const part = n * times - at
    return Math.round((speech[at] ?? 0) * (1 - part) + (speech[at + 1] ?? 0) * part)
  })

/** Leaves out every 10 ms that are silent. */
const dense = (speech: Int16Array): Int16Array => {
  const level = soft * levelOf(speech, { from: 0, to: speech.length })
  const out = new Int16Array(speech.length)
  let length = 0
  for (let at = 0; at + block <= speech.length; at += block) {
    const piece = speech.subarray(at, at + block)
    if (levelOf(piece, { from: 0, to: block }) < level) continue
    out.set(piece, length)
    length += block
  }
  return out.slice(0, length)
}

/** At an even level: the gain goes in straight lines from the middle of one block to that of the next. */
const levelled = (speech: Int16Array): Int16Array => {
  const gains: number[] = []
  for (let at = 0; at < speech.length; at += block)
    gains.push(Math.min(most, Math.max(1 / most, even / levelOf(speech, { from: at - block, to: at + 2 * block }))))
  return speech.map((sample, n) => {
    const at = n / block - 0.5
    const [left, right] = [gains[Math.floor(at)] ?? gains[0] ?? 1, gains[Math.floor(at) + 1] ?? gains.at(-1) ?? 1]
    const part = at - Math.floor(at)
    return Math.max(-12_000, Math.min(12_000, Math.round(sample * (left * (1 - part) + right * part))))
  })
}

/** A stretch of about `ms` (up to 100 ms more) from somewhere in `speech` that begins and ends loud. `roll`: 0 to 1. */
export const stretchOf = (speech: Int16Array, ms: number, roll: number): { from: number; to: number } => {
  const level = loud * levelOf(speech, { from: 0, to: speech.length })
  const isLoud = (at: number) => levelOf(speech, { from: at, to: at + block }) >= level
  const wanted = (ms * rate) / 1000
  const last = speech.length - wanted - 11 * block
  if (last < 0) throw new Error(`the speech has ${Math.round((speech.length * 1000) / rate)} ms: too little for ${ms} ms`)
  const start = Math.floor((roll * last) / block) * block
  for (let from = start; from <= last; from += block) {
    if (!isLoud(from)) continue
    for (let to = from + wanted; to <= from + wanted + 10 * block; to += block) if (isLoud(to - block)) return { from, to }
  }
  return { from: start, to: start + wanted }
}
