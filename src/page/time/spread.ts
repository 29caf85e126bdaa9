/** Where words go: each begins where it was heard, and none covers another. */
import { type Window, xOf } from './scale.ts'
import type { Said, Tracks } from './tracks.ts'

export type Measure = (text: string) => number
export type PlacedText = { x: number; line: number; text: string; speaker: Said['speaker']; full: string; written: boolean }

/** Speech takes about so many px a second when it is written; where there are fewer, words are told in one with what belongs to them. */
const wordsFrom = 85
/** Where a second has fewer px than this, nothing that is said can be read. */
const wordsUntil = 4
/** In a column of fewer px words would be chopped: then none of them is told. */
const columnFrom = 56
/** So long before the window words are placed too, so that what is seen does not jump as it moves, in ms. */
const before = 15_000

/** The agent's words of one utterance in one. */
const joined = (said: Said[]): Said[] => {
  const whole: Said[] = []
  for (const one of said) {
    const last = whole.at(-1)
    if (last && last.id === one.id && !one.written) Object.assign(last, { to: one.to, text: `${last.text} ${one.text}` })
    else whole.push({ ...one })
  }
  return whole
}

/** `text`, cut with an ellipsis where it is wider than `width`; empty if not even two letters fit. */
export const fitted = (text: string, width: number, measure: Measure): string => {
  if (measure(text) <= width) return text
  let [low, high] = [0, text.length]
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if (measure(`${text.slice(0, middle)}…`) <= width) low = middle
    else high = middle - 1
  }
  return low > 1 ? `${text.slice(0, low).trimEnd()}…` : ''
}

type Line = { end: number; last: PlacedText }
/** Each begins where it was heard, and none covers another: the one that gives way is cut, and the next left out at the worst. */
const placedIn = (lines: number, texts: Said[], x: (at: number) => number, width: number, measure: Measure): PlacedText[] => {
  const taken: Line[] = []
  const all: PlacedText[] = []
  const gap = 5
  for (const { from, to, text, speaker, written } of texts) {
    const end = x(to)
    // What began before the window is read from its edge on.
    const left = x(from) < 0 && end > 40 ? 0 : x(from)
    let line = Array.from({ length: lines }, (_, i) => i).find(i => (taken[i]?.end ?? Number.NEGATIVE_INFINITY) + gap <= left)
    if (line === undefined) {
      const first = taken.reduce((best, one, i) => (one.end < (taken[best]?.end ?? 0) ? i : best), 0)
      const { last } = taken[first] ?? {}
      const shorter = last ? fitted(last.full, left - gap - last.x, measure) : ''
      if (!last || shorter.length < Math.min(8, last.full.length)) continue
      last.text = shorter
      line = first
    }
    const cut = fitted(text, width - left - 2, measure)
    if (cut === '') continue
    const one: PlacedText = { x: left, line, text: cut, full: text, speaker, written: written === true }
    taken[line] = { end: left + measure(cut), last: one }
    all.push(one)
  }
  return all.filter(one => one.x + measure(one.text) > 0)
}

/** In as many lines as there are, up to where the next begins. */
const wrappedIn = (lines: number, texts: Said[], x: (at: number) => number, width: number, measure: Measure): PlacedText[] =>
  texts.flatMap((one, i) => {
    const left = x(one.from) < 0 && x(one.to) > 40 ? 0 : x(one.from)
    const room = Math.min(width, i + 1 < texts.length ? x(texts[i + 1]?.from ?? 0) - 5 : width) - left
    if (room < columnFrom && measure(one.text) > room) return []
    const rest = one.text.split(' ')
    const placed: PlacedText[] = []
    for (let line = 0; line < lines && rest.length > 0 && room > 0; line++) {
      let count = 1
      while (count < rest.length && measure(rest.slice(0, count + 1).join(' ')) <= room) count++
      const text =
        line === lines - 1 ? fitted(rest.join(' '), room, measure) : fitted(rest.slice(0, count).join(' '), room, measure)
      rest.splice(0, count)
      if (text !== '') placed.push({ x: left, line, text, full: one.text, speaker: one.speaker, written: one.written === true })
    }
    return placed.filter(({ x, text }) => x + measure(text) > 0)
  })

/** Of both, in the window: one by one where there is room for that, else what belongs together in one. */
export const wordsOf = (
  { said }: Tracks,
  window: Window,
  width: number,
  lines: Record<Said['speaker'], number>,
  measure: Measure,
): PlacedText[] => {
  const x = xOf(window, width)
  const perSecond = (width * 1000) / (window.to - window.from)
  if (perSecond < wordsUntil) return []
  const near = said.filter(({ from, to }) => to > window.from - before && from < window.to)
  const of = (speaker: Said['speaker']) => near.filter(one => one.speaker === speaker)
  const agent =
    perSecond * Math.min(2, lines.agent) < wordsFrom
      ? wrappedIn(lines.agent, joined(of('agent')), x, width, measure)
      : placedIn(lines.agent, of('agent'), x, width, measure)
  return [...placedIn(lines.caller, of('caller'), x, width, measure), ...agent]
}
