/** What a person sees of a call while it runs: a live picture on a terminal, plain lines elsewhere. */
import type { AgentState } from '../mind.ts'
import type { Clock } from '../ports.ts'
import { bar, palette, tame, timeColumn, widthOf, wrapped } from './paint.ts'
import type { Speaker } from './record.ts'
import { clock as clockText } from './times.ts'

/** `words`: the whole text of the sentence or utterance `id` so far. `remark`: something that happened. `at` in ms of the call. */
export type News =
  | { type: 'state'; state: AgentState; at: number }
  | { type: 'words'; speaker: Speaker; id: string; text: string; final: boolean; at: number }
  | { type: 'remark'; text: string; at?: number }
/** Where it goes: standard output, or a test's memory. */
export type Terminal = { write(text: string): void; isTTY: boolean; columns: number }
export interface Screen {
  tell(news: News): void
  /** The time of the call, and its length where it is known. */
  progress(at: number, of?: number): void
  /** Takes the live part away; prints `lines` if there are any. */
  close(lines?: string[]): void
}
export type ScreenOptions = { terminal: Terminal; color: boolean; quiet: boolean; clock: Clock }

/** At most twenty pictures a second: more is not seen. */
const paintInterval = 50
/** Of a long utterance that still goes on, this many lines are shown. */
const openLines = 3
/** Columns of the time and the name before a text. */
const indent = 16

type Sentence = { speaker: Speaker; text: string; at: number }

const silent: Screen = { tell: () => {}, progress: () => {}, close: () => {} }

/** The lines of one speaker's text: time and name once, the rest below each other. */
const paragraph = ({ speaker, text, at }: Sentence, color: boolean, columns: number): string[] => {
  const colors = palette(color)
  const head = `${colors.faint(timeColumn(at))}  ${colors[speaker](speaker.padEnd(indent - 7))}`
  return wrapped(text, columns - indent - 1).map((line, i) => (i === 0 ? head : ' '.repeat(indent)) + line)
}
const remark = (text: string, at: number | undefined, color: boolean): string =>
  palette(color).faint(`${at === undefined ? '     ' : timeColumn(at)}  ${text}`)

/** Sentences that are over, each on a line of its own, and what happened between them. */
const plainScreen = ({ terminal, color }: ScreenOptions): Screen => {
  const begun = new Map<string, number>()
  const print = (line: string) => terminal.write(`${line}\n`)
  return {
    tell: news => {
      if (news.type === 'remark') print(remark(tame(news.text), news.at, color))
      if (news.type !== 'words') return
      if (!begun.has(news.id)) begun.set(news.id, news.at)
      const text = tame(news.text).trim()
      if (!news.final) return
      if (text !== '')
        print(
          paragraph({ speaker: news.speaker, text, at: begun.get(news.id) ?? news.at }, color, Number.POSITIVE_INFINITY).join(''),
        )
      begun.delete(news.id)
    },
    progress: () => {},
    close: (lines = []) => lines.forEach(print),
  }
}

/** What the live picture is made from; `over` waits to be printed for good. */
type View = { open: Map<string, Sentence>; over: string[]; state: AgentState; now: number; whole?: number }
type Look = { color: boolean; columns: number }

const noteNews = (view: View, news: News, { color, columns }: Look): void => {
  if (news.type === 'state') view.state = news.state
  else if (news.type === 'remark') view.over.push(remark(tame(news.text), news.at, color))
  else {
    const { speaker, id, final } = news
    const sentence = { speaker, text: tame(news.text).trim(), at: view.open.get(id)?.at ?? news.at }
    if (!final && sentence.text === '') return // a place for words that may come
    if (!final) return void view.open.set(id, sentence)
    view.open.delete(id)
    if (sentence.text !== '') view.over.push(...paragraph(sentence, color, columns))
  }
}

const statusLine = ({ now, whole, state }: View, { color, columns }: Look): string => {
  const colors = palette(color)
  const times = whole === undefined ? clockText(now) : `${clockText(now)} / ${clockText(whole)}`
  const width = Math.min(40, columns - widthOf(times) - 'initializing'.length - 10)
  const line = whole === undefined || width < 8 ? '' : `${bar(now, whole, width, colors)}  `
  return `  ${line}${times}  ${colors[state](`● ${state}`)}`
}

const liveLines = (view: View, { color, columns }: Look): string[] => {
  const texts = [...view.open.values()].flatMap(sentence => paragraph(sentence, color, columns).slice(-openLines))
  return [...texts, '', statusLine(view, { color, columns })]
}

/** What is over scrolls away above; below stand the sentences that go on, and a line with time, progress and state. */
const liveScreen = ({ terminal, color, clock }: ScreenOptions): Screen => {
  const view: View = { open: new Map(), over: [], state: 'initializing', now: 0 }
  // Some pretend to have no columns at all.
  const look = (): Look => ({ color, columns: terminal.columns || 80 })
  let shown = 0
  let timer: unknown

  /** Takes the last picture away and puts the new one in its place. */
  const paint = (live: string[]) => {
    const erased = shown === 0 ? '' : `\x1b[${shown}A\r\x1b[J`
    terminal.write(erased + [...view.over, ...live].map(line => `${line}\n`).join(''))
    view.over = []
    shown = live.length
  }
  const paintSoon = () => {
    timer ??= clock.setTimeout(() => {
      timer = undefined
      paint(liveLines(view, look()))
    }, paintInterval)
  }

  return {
    tell: news => {
      noteNews(view, news, look())
      paintSoon()
    },
    progress: (at, of) => {
      view.now = at
      if (of !== undefined) view.whole = of
      paintSoon()
    },
    close: (lines = []) => {
      clock.clearTimeout(timer)
      for (const sentence of view.open.values()) view.over.push(...paragraph(sentence, color, look().columns))
      view.over.push(...lines)
      paint([])
    },
  }
}

/** The screen for this terminal. A quiet one shows nothing at all. */
export const screenOn = (options: ScreenOptions): Screen => {
  if (options.quiet) return silent
  return options.terminal.isTTY ? liveScreen(options) : plainScreen(options)
}
