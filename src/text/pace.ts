/** When speech comes to each unit of its text: by the times given where there are any, else by counting syllables. */
import type { Timed } from './word.ts'

/** Of plain English speech: the start value of LiveKit's own synchronizers (SYNC-7). */
export const syllablesPerSecond = 3.83

const vowels = /[aeiouyæœøаеиоуыэюяєіαεηιουω]+/giu
/** The last e of "time" and "whole", not that of "table". */
const mute = /(?:[^aeiouyl]|[aeiouy]l)e\W*$/i
/** An estimate for text of any script; 0 for text without letters or digits. */
export const syllablesOf = (text: string): number => {
  const letters = text.match(/[\p{L}\p{N}]/gu)?.length ?? 0
  if (letters === 0) return 0
  const groups = text.normalize('NFD').match(vowels)?.length ?? 0
  if (groups === 0) return Math.max(1, letters / 3) // no vowels written: about three letters a syllable
  return groups > 1 && mute.test(text) ? groups - 1 : groups
}

export type Pace = {
  /** Takes the next unit, gives back the place of its middle in the speech: the key for `dueMs`. */
  add(unit: Timed): number
  /** When the playhead passes this place, in ms of audio, as far as is known now. Places are asked for in rising order. */
  dueMs(middle: number): number
  /** How many units had times that were no use: negative, not numbers, or backwards. */
  readonly ignored: number
}

/** A moment of the speech: after so many syllables so many ms. */
type Anchor = { syllables: number; ms: number }

/** Speech runs evenly between the times given, and after the last at `speed` times the usual rate. */
export const paceOf = (speed = 1): Pace => {
  const anchors: Anchor[] = [{ syllables: 0, ms: 0 }]
  const msPerSyllable = 1000 / (syllablesPerSecond * speed)
  let syllables = 0
  let ignored = 0
  let at = 0

  /** Later than all before it; a little overlap is put right. */
  const isUsable = ({ startMs = 0, endMs = Infinity }: Timed) =>
    startMs >= 0 && startMs < Infinity && endMs >= startMs && endMs >= (anchors.at(-1)?.ms ?? 0)
  const anchor = (ms: number | undefined) => {
    if (ms !== undefined && ms < Infinity) anchors.push({ syllables, ms: Math.max(ms, anchors.at(-1)?.ms ?? 0) })
  }

  return {
    add: unit => {
      const weight = syllablesOf(unit.text)
      const usable = isUsable(unit)
      if (!usable) ignored++
      if (usable) anchor(unit.startMs)
      const middle = syllables + weight / 2
      syllables += weight
      if (usable) anchor(unit.endMs)
      return middle
    },
    dueMs: middle => {
      for (let next = anchors[at + 1]; next && next.syllables < middle; next = anchors[at + 1]) at++
      const from = anchors[at] ?? { syllables: 0, ms: 0 }
      const to = anchors[at + 1]
      if (!to) return from.ms + (middle - from.syllables) * msPerSyllable
      const share = to.syllables > from.syllables ? (middle - from.syllables) / (to.syllables - from.syllables) : 0
      return from.ms + share * (to.ms - from.ms)
    },
    get ignored() {
      return ignored
    },
  }
}
