/** The rows: what was measured, the bar, and whether it is kept. Pure. */
import { type Figures, figuresOf, median } from './figures.ts'
import type { Round } from './measure.ts'
import type { Both as PlainAndTimed, Tale } from './tell.ts'
import type { Truncations } from './truncate.ts'

/** `floor` is empty where plain rtc-node has no such thing, `ok` undefined where there is no bar. `n`: rounds, or what was counted. `peer` where one took part. */
export type Row = {
  name: string
  what: string
  floor: string
  ours: string
  peer?: string
  bar: string
  ok: boolean | undefined
  n: number
}

/** How far two medians, and two 95th percentiles, of the same thing lie apart in one run, in ms: half a tick of the native queue, and one. */
const sameMedian = 3
const sameTail = 10
/** The fade of a cut, in ms. */
const fade = 10
/** A position may be off by so much, in ms (design: the median of what is lost). */
const exact = 3
const clickLimit = 1.5
const clickShare = 0.85

const one = (value: number) => (Math.abs(value) < 0.05 ? 0 : value).toFixed(1)
const delay = ({ median, p95 }: Figures) => `${one(median)} / ${one(p95)}`
const signed = ({ median, p5, p95 }: Figures) => `${one(median)} [${one(p5)} .. ${one(p95)}]`

type Both<T> = { floor: T; ours: T; peer?: T }
const figures = ({ floor, ours, peer }: Both<Round>, of: (round: Round) => number[]): Both<Figures> => ({
  floor: figuresOf(of(floor)),
  ours: figuresOf(of(ours)),
  ...(peer ? { peer: figuresOf(of(peer)) } : {}),
})
/** The cells of all who took part. */
const cells = <T>({ floor, ours, peer }: Both<T>, text: (of: T) => string) => ({
  ...{ floor: text(floor), ours: text(ours) },
  ...(peer ? { peer: text(peer) } : {}),
})

/** A delay that may be `more` ms above the floor. */
const delayRow = (name: string, what: string, all: Both<Figures>, more: number): Row => {
  const { floor, ours } = all
  return {
    ...{ name, what, ...cells(all, delay), n: ours.n },
    bar: more > 0 ? `floor + ${more}` : 'floor',
    ok: ours.median <= floor.median + more + sameMedian && ours.p95 <= floor.p95 + more + sameTail,
  }
}
/** A position that is right, and as sharp as the floor's. */
const exactRow = (name: string, what: string, all: Both<Figures>): Row => {
  const { floor, ours } = all
  return {
    ...{ name, what, ...cells(all, signed), n: ours.n },
    bar: `±${exact}, no wider`,
    ok: Math.abs(ours.median) <= exact && ours.p95 - ours.p5 <= floor.p95 - floor.p5,
  }
}

const tailRow = (all: Both<Round>): Row => {
  const { floor, ours } = all
  const sent = (round: Round) => {
    const usual = median(round.pauseMs)
    return figuresOf(round.tail.map(({ silenceMs }) => Math.max(0, silenceMs - usual)))
  }
  const early = (round: Round) => round.tail.filter(tail => tail.early).length
  const text = (round: Round) => `${delay(sent(round))}${early(round) ? `, ${early(round)} × early` : ''}`
  return {
    ...{ name: 'tail', what: 'pause with 150 ms left: still sent, ms', ...cells(all, text), n: ours.tail.length },
    bar: '0, no early end',
    ok:
      early(ours) === 0 &&
      sent(ours).median <= Math.max(exact, sent(floor).median) &&
      sent(ours).p95 <= sent(floor).p95 + sameTail,
  }
}
const finishedRow = (all: Both<Figures>): Row => ({
  ...{ name: 'finished', what: 'finished event − last sound heard, ms', ...cells(all, signed), n: all.ours.n },
  bar: `floor ± ${sameTail}`,
  ok: Math.abs(all.ours.median - all.floor.median) <= sameTail,
})
const wholeRow = (all: Both<Figures>): Row => ({
  ...{ name: 'whole', what: 'given all at once: longest hole, ms (median / worst)', n: all.ours.n },
  ...cells(all, ({ median, worst }) => `${one(median)} / ${one(worst)}`),
  bar: 'none',
  ok: all.ours.worst <= Math.max(sameTail, all.floor.worst),
})
const clickRow = (all: Both<Round>): Row => {
  const { ours } = all
  const share = ({ click }: Round) => click.filter(ratio => ratio <= clickLimit).length / click.length
  const text = (round: Round) => `${Math.round(100 * share(round))} % (p95 ${figuresOf(round.click).p95.toFixed(1)})`
  return {
    ...{ name: 'click', what: `cuts at most ${clickLimit} × as rough as the speech`, ...cells(all, text) },
    ...{ bar: `${100 * clickShare} %`, ok: share(ours) >= clickShare, n: ours.click.length },
  }
}

/** The rows that the listener's rounds give. A row without figures is not ok. */
export const heardRows = (both: Both<Round>): Row[] => [
  delayRow(
    'play',
    'play → sound, ms',
    figures(both, round => round.playMs),
    0,
  ),
  delayRow(
    'interrupt',
    'interrupt → silence, ms',
    figures(both, round => round.interruptMs),
    fade,
  ),
  delayRow(
    'pause',
    'pause → silence, ms',
    figures(both, round => round.pauseMs),
    fade,
  ),
  exactRow(
    'lost',
    'lost (repeated: −) per pause, ms',
    figures(both, round => round.lostMs),
  ),
  tailRow(both),
  exactRow(
    'reported',
    'reported − heard at an interruption, ms',
    figures(both, round => round.reportedMs),
  ),
  exactRow(
    'reported',
    'the same after two pauses, ms',
    figures(both, round => round.reportedAfterPausesMs),
  ),
  finishedRow(figures(both, round => round.finishedMs)),
  wholeRow(figures(both, round => round.holeMs)),
  clickRow(both),
]

const cpuMore = 1.1
const rssMore = 20
type Costs = Record<number, { cpu: number; rss: number }>
/** The rows of what sessions cost. `cpu` in core-seconds per session-second, `rss` in MB. */
export const costRows = (all: Both<Costs>, rounds: number): Row[] => {
  const { floor, ours } = all
  const counts = Object.keys(ours).map(Number)
  const none = { cpu: Number.NaN, rss: Number.NaN }
  const each = (text: (cost: { cpu: number; rss: number }) => string) =>
    cells(all, of => counts.map(count => text(of[count] ?? none)).join(' / '))
  const keeps = (is: (ours: { cpu: number; rss: number }, floor: { cpu: number; rss: number }) => boolean) =>
    counts.every(count => ours[count] !== undefined && floor[count] !== undefined && is(ours[count], floor[count]))
  const sessions = `${counts.join(' / ')} sessions`
  return [
    {
      ...{ name: 'cpu', what: `core-s per session-s, ${sessions}`, ...each(({ cpu }) => cpu.toFixed(3).replace(/^0/, '')) },
      ...{ bar: 'floor + 10 %', ok: keeps((ours, floor) => ours.cpu <= floor.cpu * cpuMore), n: rounds },
    },
    {
      ...{ name: 'memory', what: `resident MB, ${sessions}`, ...each(({ rss }) => rss.toFixed(0)) },
      ...{ bar: `floor + ${rssMore}`, ok: keeps((ours, floor) => ours.rss <= floor.rss + rssMore), n: rounds },
    },
  ]
}

/** A row with a fixed bar. */
export const limitRow = (name: string, what: string, value: number, limit: number, unit: string, n: number): Row => ({
  ...{ name, what, floor: '', ours: `${value < 10 ? value.toFixed(2) : value.toFixed(0)} ${unit}`, bar: `≤ ${limit} ${unit}` },
  ...{ ok: value <= limit, n },
})

/** Bars of text, in ms and in words. */
const lagLimit = { median: 100, p95: 250 }
const timedLag = { from: -90, to: -20 }
const excessLimit = { plain: 0.6, timed: 0.3, worst: 1 }

/** The rows of when text came; plain rtc-node has no such thing. */
export const textRows = ({ lags, excess }: Tale): Row[] => [
  ...[...lags].map(([speed, { plain }]): Row => {
    const figures = figuresOf(plain.map(Math.abs))
    return {
      ...{ name: 'text', what: `text − middle of the word, no times, ${speed} words/min, |ms|`, floor: '', ours: delay(figures) },
      ...{ bar: `≤ ${lagLimit.median} / ${lagLimit.p95}`, n: figures.n },
      ok: figures.median <= lagLimit.median && figures.p95 <= lagLimit.p95,
    }
  }),
  ...[...lags].map(([speed, { timed }]): Row => {
    const figures = figuresOf(timed)
    return {
      ...{ name: 'text', what: `the same with word times, ${speed} words/min, ms`, floor: '', ours: signed(figures) },
      ...{
        bar: `${timedLag.from} .. ${timedLag.to}`,
        n: figures.n,
        ok: figures.p5 >= timedLag.from && figures.p95 <= timedLag.to,
      },
    }
  }),
  ...[...excess].map(([speed, both]) => excessRow(speed, both)),
]
const excessRow = (speed: number, { plain, timed }: PlainAndTimed): Row => {
  const mean = (values: number[]) => values.reduce((sum, value) => sum + Math.abs(value), 0) / values.length
  const worst = figuresOf(timed).worst
  return {
    ...{ name: 'words', what: `words reported − heard, plain / timed, ${speed} words/min, mean |…|`, floor: '' },
    ...{ ours: `${mean(plain).toFixed(2)} / ${mean(timed).toFixed(2)}`, bar: `< ${excessLimit.plain} / ${excessLimit.timed}` },
    ok: mean(plain) < excessLimit.plain && mean(timed) < excessLimit.timed && Math.abs(worst) <= excessLimit.worst,
    n: plain.length + timed.length,
  }
}

/** A realtime model may be told what lies so far beside what was heard, in ms, and so many words. */
const truncated = { ms: 20, words: 1 }
/** The rows of what a realtime model is told; plain rtc-node has no such thing. */
export const truncationRows = ({ ms, words }: Truncations): Row[] => {
  const worst = (values: number[]) => (values.length > 0 ? Math.max(...values.map(Math.abs)) : Number.NaN)
  const rowOf = (what: string, values: number[], limit: number): Row => ({
    ...{ name: 'truncate', what, floor: '', ours: `${signed(figuresOf(values))}, worst ${one(worst(values))}` },
    ...{ bar: `all within ±${limit}`, ok: worst(values) <= limit, n: values.length },
  })
  return [
    rowOf('audio_end_ms told to the model − heard, ms', ms, truncated.ms),
    rowOf('words committed − heard', words, truncated.words),
  ]
}

/** Lines of text, columns aligned. The peer has one where it took part. */
export const render = (rows: readonly Row[]): string[] => {
  const isBeside = rows.some(({ peer }) => peer !== undefined)
  const lineOf = (name: string, what: string, floor: string, ours: string, peer: string, ...rest: string[]) => [
    ...[name, what, floor, ours],
    ...(isBeside ? [peer] : []),
    ...rest,
  ]
  const lines = [
    lineOf('row', '', 'plain rtc-node', 'ours', '@livekit/agents', 'bar', '', 'n'),
    ...rows.map(({ name, what, floor, ours, peer = '', bar, ok, n }) =>
      lineOf(name, what, floor, ours, peer, bar, ok === undefined ? '' : ok ? 'ok' : 'OVER', String(n)),
    ),
  ]
  const widths = lines.reduce<number[]>((most, line) => line.map((cell, at) => Math.max(most[at] ?? 0, cell.length)), [])
  return lines.map(line =>
    line
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}
