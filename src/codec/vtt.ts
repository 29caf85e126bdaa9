/** WebVTT: cues with a speaker and the time of each word, read and written. */

import { coded } from '../errors.ts'

/** A word with the space before it: words joined are the text of their cue. Milliseconds. */
export type VttWord = { text: string; startMs: number; endMs: number }
/** One cue. `text` is free of markup; `words` have times of their own, or times spread over the cue by their length. */
export type Cue = { id?: string; speaker?: string; startMs: number; endMs: number; text: string; words: VttWord[] }
/** What a cue is written from: with `words` each carries its own time, else the `text` is one piece. */
export type CueToWrite = Omit<Cue, 'text' | 'words'> &
  ({ text: string; words?: undefined } | { words: VttWord[]; text?: undefined })

const stamp = /(?:(\d+):)?(\d{2}):(\d{2})[.,](\d{3})/.source
const arrow = new RegExp(`^\\s*${stamp}\\s+-->\\s+${stamp}(?:\\s|$)`)
/** Two times and no arrow, or a wrong one: `00:01.000 -> 00:02.000`. */
const misspelt = new RegExp(`^\\s*${stamp}\\D+${stamp}`)
const inline = new RegExp(`<${stamp}>`)
const msFrom = ([hours = '0', minutes = '0', seconds = '0', ms = '0']: (string | undefined)[]) =>
  ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000 + Number(ms)

const refuse = (what: string): never => {
  throw coded('ERR_VTT', `${what}; a WebVTT file begins with WEBVTT and has cues like 00:01.000 --> 00:02.500`)
}

const entities: Record<string, string> = { amp: '&', lt: '<', gt: '>', nbsp: '\u00a0', lrm: '\u200e', rlm: '\u200f' }
const plain = (text: string) => text.replace(/<[^>]*>/g, '').replace(/&(\w+);/g, (whole, name: string) => entities[name] ?? whole)
const escaped = (text: string) => text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;')

/** Pieces between inline time stamps: `startMs` where one stands before the piece. */
type Piece = { text: string; startMs?: number }
const piecesOf = (payload: string): Piece[] => {
  const parts = payload.split(inline) // each stamp leaves its four groups between two texts
  const pieces: Piece[] = [{ text: plain(parts[0] ?? '') }]
  for (let at = 1; at < parts.length; at += 5)
    pieces.push({ startMs: msFrom(parts.slice(at, at + 4)), text: plain(parts[at + 4] ?? '') })
  return pieces
}

/** Cuts text into words, each with the space before it. */
const wordsIn = (text: string): string[] => text.match(/\s*\S+/g) ?? []

/** Shares the span among the words by their length. */
const spread = (text: string, startMs: number, endMs: number): VttWord[] => {
  const total = text.length || 1
  let passed = 0
  return wordsIn(text).map(word => {
    const from = passed
    passed += word.length
    const at = (length: number) => Math.round(startMs + ((endMs - startMs) * length) / total)
    return { text: word, startMs: at(from), endMs: at(passed) }
  })
}

/** Space belongs to the word after it; a stamp before nothing but space ends the word before it. */
const timedWords = (pieces: Piece[], startMs: number, endMs: number): VttWord[] => {
  const words: VttWord[] = []
  let lead = ''
  let at = startMs
  pieces.forEach((piece, i) => {
    const from = Math.min(endMs, Math.max(at, piece.startMs ?? at)) // times that go backwards stand still instead
    const to = Math.min(endMs, Math.max(from, pieces[i + 1]?.startMs ?? endMs))
    const body = (lead + piece.text).trimEnd()
    words.push(...spread(body, from, to))
    lead = (lead + piece.text).slice(body.length)
    at = from
  })
  const last = words.at(-1)
  if (last) last.text += lead
  return words
}

const cueFrom = (block: string[]): Cue | undefined => {
  const arrowed = block.findIndex(text => text.includes('-->'))
  const line = arrowed < 0 ? block.findIndex(text => misspelt.test(text)) : arrowed
  const times = arrow.exec(block[line] ?? '')
  if (!times) return line < 0 ? undefined : refuse(`cannot read the cue times "${block[line]}"`)
  const [startMs, endMs] = [msFrom(times.slice(1, 5)), msFrom(times.slice(5, 9))]
  if (endMs < startMs) refuse(`the cue at "${block[line]}" ends before it starts`)
  const payload = block
    .slice(line + 1)
    .join(' ')
    .trim()
  const words = timedWords(piecesOf(payload), startMs, endMs)
  const speaker = /<v(?:\.[^\s>]*)?\s+([^>]+)>/.exec(payload)?.[1]
  return {
    ...(line > 0 && { id: block.slice(0, line).join(' ').trim() }),
    ...(speaker !== undefined && { speaker: plain(speaker).trim() }),
    startMs,
    endMs,
    text: words.map(word => word.text).join(''),
    words,
  }
}

/** Reads a WebVTT file into its cues in the order of time; notes, styles and regions are passed over. Throws one clear line (code ERR_VTT). */
export const parseVtt = (file: string): Cue[] => {
  const text = file.replace(/^\ufeff/, '').replace(/\r\n?/g, '\n')
  if (!/^WEBVTT(?:[ \t\n]|$)/.test(text)) refuse('this is not a WebVTT file')
  const blocks = text.split(/\n{2,}/).slice(1)
  const cues = blocks.flatMap(block => {
    if (/^\s*(?:NOTE|STYLE|REGION)(?:\s|$)/.test(block)) return []
    return cueFrom(block.split('\n').filter(line => line !== '')) ?? []
  })
  return cues.sort((a, b) => a.startMs - b.startMs)
}

const pad = (value: number, width = 2) => String(value).padStart(width, '0')
const clock = (time: number) => {
  const ms = Math.round(time)
  return `${pad(Math.floor(ms / 3_600_000))}:${pad(Math.floor(ms / 60_000) % 60)}:${pad(Math.floor(ms / 1000) % 60)}.${pad(ms % 1000, 3)}`
}

/** A word's own stamps: none where the cue begins (WebVTT wants them later than that), the end only where the next word does not begin. */
const written = (words: VttWord[], cueStartMs: number, cueEndMs: number): string =>
  words
    .map(({ text, startMs, endMs }, i) => {
      const bare = text.trimStart()
      const space = text.slice(0, text.length - bare.length)
      const next = words[i + 1]?.startMs ?? cueEndMs
      const start = i === 0 && startMs <= cueStartMs ? '' : `<${clock(startMs)}>`
      return `${space}${start}${escaped(bare)}${endMs < next ? `<${clock(endMs)}>` : ''}`
    })
    .join('')

/** Writes cues as a WebVTT file, with the time of each word where there are words. Line breaks in a text become spaces. */
export const writeVtt = (cues: CueToWrite[]): string => {
  const blocks = cues.map(cue => {
    const body = cue.words ? written(cue.words, cue.startMs, cue.endMs) : escaped(cue.text)
    const voice = cue.speaker ? `<v ${escaped(cue.speaker)}>` : ''
    const head = `${cue.id ? `${cue.id}\n` : ''}${clock(cue.startMs)} --> ${clock(cue.endMs)}\n`
    return head + voice + body.replace(/\s*\n\s*/g, ' ')
  })
  return `${['WEBVTT', ...blocks].join('\n\n')}\n`
}
