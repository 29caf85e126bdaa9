/** One row of the score: the caller above, the agent below, the agent's state between them, and the time. */
import { envelope, outline } from './envelope.ts'
import { type Placed, placed } from './lanes.ts'
import { type CallRecord, type HeardWord, isCut, type Span, type Speaker, type Spoken } from './record.ts'
import { element, fitted, label, textWidth, tooltip } from './svg.ts'
import { colors, outlineStep, page, row, stateColors } from './theme.ts'
import { clock, seconds } from './times.ts'

/** A row's time, the distance of its lines, and how much each voice is enlarged to fill its lane. */
export type Row = Span & { tickMs: number; gain: Record<Speaker, number> }
type Drawn = { svg: string; height: number }
type Scale = (ms: number) => number

const scaleOf =
  ({ startMs, endMs }: Row): Scale =>
  ms =>
    page.left + ((page.right - page.left) * (ms - startMs)) / (endMs - startMs)
const overlaps = (one: Span, other: Span): boolean => one.startMs < other.endMs && one.endMs > other.startMs
/** The pixels of a span within the row. */
const extent = (span: Span, line: Row, x: Scale): { x: number; width: number } => {
  const left = x(Math.max(span.startMs, line.startMs))
  return { x: left, width: x(Math.min(span.endMs, line.endMs)) - left }
}

const voice = (call: CallRecord, of: Speaker, line: Row, top: number): string => {
  const [soft, full] = of === 'caller' ? [colors.callerSoft, colors.caller] : [colors.agentSoft, colors.agent]
  const middle = top + row.voice / 2
  const columns = Math.round((page.right - page.left) / outlineStep.columns)
  const { peak, mean } = envelope(call.voices[of], line.startMs, line.endMs, columns)
  const transform = `translate(${page.left} ${middle}) scale(${outlineStep.columns} ${row.voice / 2 / outlineStep.reach})`
  const shape = (values: number[], fill: string) => {
    const d = outline(values, line.gain[of], outlineStep.reach)
    return d === '' ? '' : element('path', { d, fill, transform })
  }
  const over = Math.round(scaleOf(line)(Math.min(call.durationMs, line.endMs)))
  const axis = element('path', { d: `M${page.left} ${middle}H${over}`, stroke: soft })
  const name = label(of, { x: page.left - 14, y: middle + 4, class: 'name', fill: full })
  return axis + shape(peak, soft) + shape(mean, full) + name
}

/** A row that does not begin at a named line names its beginning, if that leaves room for the next name, in pixels. */
const nameRoom = 36

/** Lines over the whole height, a darker one with its time at every fifth. */
const grid = (line: Row, x: Scale, height: number): string => {
  const lines: string[] = []
  const draw = (ms: number, named: boolean) => {
    const at = Math.round(x(ms)) + 0.5
    lines.push(element('path', { d: `M${at} 0V${height}`, stroke: named ? colors.beat : colors.rule }))
    if (named) lines.push(label(clock(ms), { x: at, y: height + 13, class: 'tick' }))
  }
  const step = 5 * line.tickMs
  const next = x(Math.ceil(line.startMs / step) * step)
  for (let ms = line.startMs; ms <= line.endMs; ms += line.tickMs)
    draw(ms, ms % step === 0 || (ms === line.startMs && next - page.left >= nameRoom))
  return lines.join('')
}

const states = (call: CallRecord, line: Row, x: Scale, top: number): string =>
  call.states
    .filter(span => overlaps(span, line))
    .map(span => {
      const place = extent(span, line, x)
      const { fill, ink } = stateColors[span.state]
      const hint = tooltip(`${span.state} for ${seconds(span.endMs - span.startMs)}`)
      const name = fitted(span.state, place.width - 12, 10) === span.state ? span.state : ''
      const bar = element('rect', { ...place, y: top, height: row.states, fill }, hint)
      return bar + (name && label(name, { x: place.x + 8, y: top + 11, class: 'state', fill: ink }))
    })
    .join('')

/** How an utterance is called in the picture: the first digits of its id. */
const shortId = (id: string): string => id.replace(/^SG_/, '').slice(0, 6)

/** What is written on an utterance, as much as fits. */
const summary = ({ id, outcome, heardMs }: Spoken, width: number): string => {
  const short = `${shortId(id)} · ${seconds(heardMs)}`
  const all = [outcome === 'finished' ? short : `${short} · ${outcome}`, short, shortId(id)]
  return all.find(text => textWidth(text, 10) <= width) ?? ''
}

/** A box around an utterance; open at the side where it goes on in another row. */
const box = (utterance: Spoken, line: Row, x: Scale, top: number): string => {
  const { x: left, width } = extent(utterance, line, x)
  const [bottom, right] = [top + row.tab + row.voice, left + width]
  const opens = utterance.startMs >= line.startMs
  const ends = utterance.endMs <= line.endMs
  const r = Math.min(5, width / 2)
  const start = opens
    ? `M${right - (ends ? r : 0)} ${top}H${left + r}q${-r} 0 ${-r} ${r}V${bottom - r}q0 ${r} ${r} ${r}`
    : `M${right - (ends ? r : 0)} ${top}H${left}V${bottom}`
  const end = ends ? `H${right - r}q${r} 0 ${r} ${-r}V${top + r}q0 ${-r} ${-r} ${-r}` : `H${right}`
  const hint = tooltip(
    `${utterance.id}: ${utterance.outcome}, heard ${seconds(utterance.heardMs)}\n${utterance.spoken ?? ''}`.trim(),
  )
  const text = opens ? summary(utterance, width - 12) : ''
  return (
    element('path', { d: start + end, fill: colors.utterance, stroke: colors.utteranceEdge }, hint) +
    (text && label(text, { x: left + 6, y: top + 11, class: 'tab' }))
  )
}

const pause = (span: Span, line: Row, x: Scale, top: number): string => {
  const place = extent(span, line, x)
  const lasting = seconds(span.endMs - span.startMs)
  const text = [`paused ${lasting}`, 'paused'].find(words => textWidth(words, 10) + 6 <= place.width) ?? ''
  return (
    element('rect', { ...place, y: top + row.tab, height: row.voice, fill: 'url(#pause)' }, tooltip(`paused for ${lasting}`)) +
    (text && label(text, { x: place.x + place.width / 2, y: top + row.tab + row.voice / 2 + 4, class: 'pause' }))
  )
}

/** Where the agent was cut short. */
const cut = (utterance: Spoken, x: Scale, from: number, to: number): string => {
  const at = Math.round(x(utterance.endMs)) + 0.5
  const cross = `M${at} ${from}V${to}M${at - 3.5} ${from - 3.5}l7 7m0 -7l-7 7`
  return element('path', { d: cross, class: 'cut' }, tooltip(`interrupted at ${seconds(utterance.endMs)}`))
}

const wordsOf = (call: CallRecord, of: Speaker, line: Row, x: Scale): Placed<HeardWord>[] =>
  placed(
    call.words.filter(word => word.speaker === of && word.startMs >= line.startMs && word.startMs < line.endMs),
    { x, right: page.width - 6, size: row.wordSize, lanes: row.lanes, gap: 4 },
  )
const lanesIn = (words: Placed<HeardWord>[]): number => words.reduce((most, { lane }) => Math.max(most, lane + 1), 1)
const written = (words: Placed<HeardWord>[], baseline: (lane: number) => number): string =>
  words
    .map(({ word, text, x, lane }) =>
      label(text, { x, y: baseline(lane), class: word.speaker }, `${word.text.trim()} · ${(word.startMs / 1000).toFixed(2)} s`),
    )
    .join('')

/** One row and its height in pixels. The first line of words is the one next to the voice. */
export const system = (call: CallRecord, line: Row): Drawn => {
  const x = scaleOf(line)
  const [said, told] = [wordsOf(call, 'caller', line, x), wordsOf(call, 'agent', line, x)]
  const caller = lanesIn(said) * row.word + row.space
  const state = caller + row.voice + row.space
  const agent = state + row.states + row.space
  const floor = agent + row.tab + row.voice
  const below = floor + row.space + lanesIn(told) * row.word + row.space
  const utterances = call.utterances.filter(one => overlaps(one, line))
  const cuts = call.utterances.filter(one => isCut(one) && one.endMs > line.startMs && one.endMs <= line.endMs)
  const svg = [
    grid(line, x, below),
    voice(call, 'caller', line, caller),
    states(call, line, x, state),
    ...utterances.map(one => box(one, line, x, agent)),
    voice(call, 'agent', line, agent + row.tab),
    ...call.pauses.filter(span => overlaps(span, line)).map(span => pause(span, line, x, agent)),
    ...cuts.map(one => cut(one, x, state + row.states / 2, floor)),
    written(said, lane => caller - row.space - 2 - lane * row.word),
    written(told, lane => floor + row.space + row.word - 4 + lane * row.word),
  ].join('')
  return { svg, height: below + row.axis }
}
