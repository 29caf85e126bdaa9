/** Words as others want them: with times in seconds, where they are known. */
import type { Timed } from './word.ts'

/** `confidence` from 0 to 1; `offsetMs`: where the audio begins from which the times are counted. */
export type Rated = Timed & { confidence?: number; offsetMs?: number }
/** A string with its times in seconds, as LiveKit's agents pass it on. */
export type TimedString = {
  text: string
  startTime?: number
  endTime?: number
  confidence?: number
  startTimeOffset?: number
}

/** A number that is none says nothing. */
const sound = (value: number | undefined) => (value !== undefined && Number.isFinite(value) && value >= 0 ? value : undefined)
const seconds = (ms: number | undefined) => {
  const known = sound(ms)
  return known === undefined ? undefined : known / 1000
}
const milliseconds = (seconds: unknown) => (typeof seconds === 'number' ? seconds * 1000 : undefined)
/** Without what is undefined. */
const known = <T extends object>(fields: { [K in keyof T]: T[K] | undefined }): Partial<T> => {
  const some: Partial<T> = {}
  for (const key in fields) if (fields[key] !== undefined) some[key] = fields[key]
  return some
}

/** One JSON object and a newline (TXT-15). */
export const jsonLine = ({ text, startMs, endMs, confidence, offsetMs }: Rated): string =>
  `${JSON.stringify({
    text,
    start_time: seconds(startMs),
    end_time: seconds(endMs),
    confidence: sound(confidence),
    start_time_offset: seconds(offsetMs),
  })}\n`

/** The text alone where nothing more is known. What is handed on bears the mark by which LiveKit's agents know it (SESS-5). */
export const timedString = ({ text, startMs, endMs, confidence, offsetMs }: Rated): string | TimedString => {
  const times: Omit<TimedString, 'text'> = known<Required<Omit<TimedString, 'text'>>>({
    startTime: seconds(startMs),
    endTime: seconds(endMs),
    confidence: sound(confidence),
    startTimeOffset: seconds(offsetMs),
  })
  if (Object.keys(times).length === 0) return text
  return { text, ...times, [Symbol.for('lk.TimedString')]: true }
}
/** The way back, from a text or a timed one (SESS-5). Throws a TypeError for what is neither. */
export const wordOf = (piece: unknown): Rated => {
  if (typeof piece === 'string') return { text: piece }
  if (typeof piece !== 'object' || piece === null || !('text' in piece) || typeof piece.text !== 'string')
    throw new TypeError("the agent's words are a text, or an object with a text and, in seconds, its startTime and endTime")
  const { text, startTime, endTime, confidence, startTimeOffset } = piece as TimedString
  return {
    text,
    ...known<Required<Omit<Rated, 'text'>>>({
      startMs: milliseconds(startTime),
      endMs: milliseconds(endTime),
      confidence: typeof confidence === 'number' ? confidence : undefined,
      offsetMs: milliseconds(startTimeOffset),
    }),
  }
}
