/** What was said as WebVTT: a cue per sentence, with the time of every word. */
import { type CueToWrite, type VttWord, writeVtt } from '../codec/vtt.ts'
import type { HeardWord } from './record.ts'

/** A silence this long within an utterance begins a new cue, in ms. */
const breath = 1200
/** A cue longer than this is hard to read at once, in ms. */
const longest = 8000

/** Words so close are written as if they touched, in ms: an end that nobody hears would cost a stamp of its own. */
const touching = 50

const endsSentence = (text: string): boolean => /[.?!…。？！]["'”’)]*\s*$/u.test(text)
const belongs = (word: HeardWord, { id, speaker, startMs }: HeardWord, before: HeardWord): boolean =>
  word.id === id &&
  word.speaker === speaker &&
  word.startMs - before.endMs < breath &&
  word.endMs - startMs <= longest &&
  !endsSentence(before.text)

const sentences = (words: HeardWord[]): HeardWord[][] => {
  const all: HeardWord[][] = []
  for (const word of words) {
    const open = all.at(-1)
    const [first, before] = [open?.[0], open?.at(-1)]
    if (open && first && before && belongs(word, first, before)) open.push(word)
    else all.push([word])
  }
  return all
}

const cueOf = (words: HeardWord[]): CueToWrite[] => {
  const [first, last] = [words[0], words.at(-1)]
  if (!first || !last) return []
  const timed = words.map(({ text, startMs, endMs }, i): VttWord => {
    const next = words[i + 1]?.startMs ?? endMs
    return { text: (i === 0 ? '' : ' ') + text.trim(), startMs, endMs: next - endMs < touching ? next : endMs }
  })
  return [{ speaker: first.speaker, startMs: first.startMs, endMs: last.endMs, words: timed }]
}

/** The captions of a call: both speakers, in order of time. */
export const captions = (words: HeardWord[]): string => {
  const of = (speaker: HeardWord['speaker']) => sentences(words.filter(word => word.speaker === speaker)).flatMap(cueOf)
  return writeVtt([...of('caller'), ...of('agent')].sort((a, b) => a.startMs - b.startMs))
}
