/** From what was told, heard and read to how far text and sound were apart. Pure. */
import { endIn, startIn } from './measure.ts'
import type { Heard } from './recording.ts'
import type { Reply, Word } from './replies.ts'
import { firstLoud, levelOf, placeOf, rate } from './signal.ts'
import type { Told } from './telling.ts'

/** A piece of text, and the moment at which the listener had it. */
export type Chunk = { at: number; text: string }

const ms = rate / 1000
/** What is softer than this share of the speech is silence. */
const silent = 0.05
/** A word is looked for in so much around its middle, and so far from where it should be, in ms. */
const window = 100
const reach = 150

/** A sound may end so much later than it was found to, in ms. */
const margin = 10

const middleOf = ({ startMs, endMs }: Word) => ((startMs + endMs) / 2) * ms

/** The moment at which each word was there, by the text so far. */
export const stampsOf = (words: readonly Word[], chunks: readonly Chunk[]): (number | undefined)[] => {
  let length = 0
  let have = 0
  let next = 0
  return words.map(({ text }) => {
    length += text.length
    for (; have < length && chunks[next]; next++) have += chunks[next]?.text.length ?? 0
    return have >= length ? chunks[next - 1]?.at : undefined
  })
}

/** Text − middle of the word as heard, of each word, in ms. `undefined`: the start was not found. */
export const lagsOf = (
  reply: Reply,
  { playedAt, endedAt }: Told,
  heard: Heard,
  chunks: readonly Chunk[],
): number[] | undefined => {
  const speech = Float32Array.from(reply.speech)
  const level = silent * levelOf(speech, { from: 0, to: speech.length })
  const start = startIn(heard.samples, speech, { from: heard.sampleAt(playedAt), to: heard.sampleAt(endedAt) }, level)
  if (!start) return undefined
  const stamps = stampsOf(reply.words, chunks)
  let { shift } = start.place
  return reply.words.flatMap((word, n) => {
    const middle = middleOf(word)
    const from = Math.round(middle - shift - (window * ms) / 2)
    const among = {
      from: Math.max(0, middle - (window / 2 + reach) * ms),
      to: Math.min(speech.length, middle + (window / 2 + reach) * ms),
    }
    shift = placeOf(heard.samples, { from, to: from + window * ms }, speech, among)?.shift ?? shift
    const at = stamps[n]
    return at === undefined ? [] : [at - heard.timeOf(Math.round(middle - shift))]
  })
}

/** How much was heard when it was cut: from the last sound to the next that would have come. Words reported − words of which at least half was heard. */
export type Excess = { heardMs: { from: number; to: number }; words: number }
/** `undefined`: the end was not found. */
export const excessIn = (reply: Reply, { cutAt = 0, spoken, endedAt }: Told, heard: Heard): Excess | undefined => {
  const speech = Float32Array.from(reply.speech)
  const level = silent * levelOf(speech, { from: 0, to: speech.length })
  const end = endIn(heard.samples, speech, { from: heard.sampleAt(cutAt - 1_500), to: heard.sampleAt(endedAt) }, level)
  if (!end) return undefined
  const reported = spoken.split(/(?= )/).filter(Boolean).length
  const next = firstLoud(speech, { from: end.said + margin * ms, to: speech.length }, level) ?? speech.length
  const to = next - margin * ms > end.said + ms ? next : end.said
  return {
    heardMs: { from: end.said / ms, to: to / ms },
    words: reported - reply.words.filter(word => middleOf(word) <= end.said).length,
  }
}
