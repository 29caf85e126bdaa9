/** Speech whose words have known times: the level of what espeak-ng said (test/fixtures/words.json), and the sound of another voice. */
import { readFileSync } from 'node:fs'
import { levelOf, rate } from './signal.ts'

/** `speed` in words a minute, times in ms. */
export type Reply = { speed: number; words: Word[]; speech: Int16Array }
export type Word = { text: string; startMs: number; endMs: number }
type Kept = { speed: number; words: [text: string, startMs: number, endMs: number][]; levels: string }

const step = rate / 100
/** So much louder or softer is the voice made at most. */
const most = 30

/** `carrier` is never silent and nowhere like itself, so each moment of what is heard can be found again. */
export const repliesFrom = (file: string, carrier: Int16Array): Reply[] => {
  const kept: Kept[] = JSON.parse(readFileSync(file, 'utf8'))
  return kept.map(({ speed, words, levels }, index) => {
    const timed = words.map(([text, startMs, endMs]) => ({ text, startMs, endMs }))
    return { speed, words: timed, speech: shaped(turned(carrier, index * 7 * rate), Buffer.from(levels, 'base64')) }
  })
}

/** Begins somewhere else, so that replies sound different, and is as long. */
const turned = (carrier: Int16Array, by: number): Int16Array => {
  const from = by % carrier.length
  const whole = new Int16Array(carrier.length)
  whole.set(carrier.subarray(from))
  whole.set(carrier.subarray(0, from), carrier.length - from)
  return whole
}
/** With these levels, one for each 10 ms; from step to step the gain goes in a straight line. */
const shaped = (carrier: Int16Array, levels: Uint8Array): Int16Array => {
  const gains = [...levels].map((level, n) => {
    const own = levelOf(carrier, { from: n * step, to: (n + 1) * step })
    return Math.min(most, ((level / 255) ** 2 * 32_768) / Math.max(1, own))
  })
  return Int16Array.from({ length: levels.length * step }, (_, at) => {
    const n = Math.floor(at / step)
    const share = (at % step) / step
    const gain = (gains[n] ?? 0) * (1 - share) + (gains[n + 1] ?? 0) * share
    return Math.max(-32_000, Math.min(32_000, Math.round((carrier[at] ?? 0) * gain)))
  })
}
