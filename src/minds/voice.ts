/** A recorded voice: its lines, the exact time of every word, and what to say from any word on. */
import { pipe } from 'it-pipe'
import { type AudioFrame, type Format, frameOf, samplesOf } from '../audio/frame.ts'
import { conform } from '../audio/resample.ts'
import { type Cue, parseVtt, type VttWord } from '../codec/vtt.ts'
import type { Recording } from '../codec/wav.ts'
import type { Saying } from '../mind.ts'
import type { Word } from '../ports.ts'

/** One line, mono or not. `words` count from the start of the line, in ms; joined they are its text. */
export type Line = Recording & { id: string; words: VttWord[] }
/** All lines of a voice by id, in the order in which they were recorded. */
export type Voice = ReadonlyMap<string, Line>

/** What a line is said in: short enough that little is decoded ahead of an interruption. */
const chunkMs = 100

/** Cuts a recording into the lines that its WebVTT cues name. Throws an Error for a cue without an id. */
export const voiceOf = (recording: Recording, vtt: string): Voice =>
  new Map(
    parseVtt(vtt).map(cue => {
      const line = lineOf(recording, cue)
      return [line.id, line]
    }),
  )

const lineOf = ({ sampleRate, channels, data }: Recording, { id, startMs, endMs, words }: Cue): Line => {
  if (id === undefined)
    throw new Error(`the cue at ${startMs} ms of the voice has no id: give it a name on the line before its times`)
  const at = (ms: number) => samplesOf(ms, sampleRate) * channels
  return {
    id,
    sampleRate,
    channels,
    data: data.slice(at(startMs), at(endMs)),
    words: words.map(word => ({ ...word, startMs: word.startMs - startMs, endMs: word.endMs - startMs })),
  }
}

/** How long a line is, in ms. */
export const lengthOf = ({ data, sampleRate, channels }: Line): number => (data.length / channels / sampleRate) * 1000

/** The word that was heard last when `ms` of the line were heard; the first, if nothing was. */
export const wordAt = ({ words }: Line, ms: number): number =>
  Math.max(
    0,
    words.findLastIndex(({ startMs }) => startMs < ms),
  )

/** Where word `index` begins, in ms. */
export const startOf = ({ words }: Line, index: number): number => words[index]?.startMs ?? 0

/** The line from its word `index` on, in `format`: audio in chunks made as they are asked for, each word with its time in that audio. */
export const sayingFrom = (line: Line, index: number, format: Format): Saying => ({
  audio: pipe(chunks(line, startOf(line, index)), conform(format)),
  text: wordsFrom(line, index),
})

async function* chunks(line: Line, fromMs: number): AsyncGenerator<AudioFrame> {
  const { data, sampleRate, channels } = line
  const size = samplesOf(chunkMs, sampleRate) * channels
  for (let at = samplesOf(fromMs, sampleRate) * channels; at < data.length; at += size)
    yield frameOf(data.slice(at, at + size), line)
}

async function* wordsFrom(line: Line, index: number): AsyncGenerator<Word> {
  const fromMs = startOf(line, index)
  for (const [i, { text, startMs, endMs }] of line.words.slice(index).entries())
    yield { text: i === 0 ? text.trimStart() : text, startMs: startMs - fromMs, endMs: endMs - fromMs }
}
