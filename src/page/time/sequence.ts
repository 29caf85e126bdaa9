/** Who told whom: where lifelines, arrows and boxes go. Plain numbers, for whoever draws. */

import { isNoise } from '../../inspector/find.ts'
import type { Path } from '../../inspector/messages.ts'
import { type Row, shortPath } from '../../inspector/rows.ts'

/** A line of the picture. `from` null: from the edge, since it came from outside of the actor system. */
export type Arrow = {
  kind: 'arrow'
  y: number
  from: number | null
  to: number
  name: string
  rows: Row[]
  dead: boolean
}
/** What an actor did by itself, or what became of it. `led`: what the arrow above led to. */
export type Box = { kind: 'box'; y: number; on: number; text: string; rows: Row[]; failed: boolean; led: boolean }
/** What takes the whole width: a gap in the tape, a silence. */
export type Break = { kind: 'break'; y: number; text: string; rows: Row[] }
export type Mark = Arrow | Box | Break
export type Lifeline = { path: Path; name: string; x: number; from: number; to: number; ended: boolean }
export type Sequence = { width: number; height: number; lifelines: Lifeline[]; marks: Mark[]; left: number; lane: number }

export type Wanted = {
  /** Of these actors only; none: of all. */
  actors?: ReadonlySet<Path>
  /** Whether that is drawn which comes all the time and tells little. */
  noise: boolean
  /** Actors that are no machines: what they tell is told by whom they belong to, and they have no lifelines. */
  minors: ReadonlySet<Path>
  /** At least so wide, in px. */
  width: number
}

export const metrics = { edge: 96, lane: 132, narrow: 106, line: 32, led: 20, top: 10, most: 160 }
/** A pause of this length between two lines is told, in ms. */
const quietMs = 1000

const isSelf = (row: Row): boolean => row.from === row.actor || row.kind === 'actor'
/** What a promise of an actor's tells is the actor's own doing. */
const owned = (row: Row, { minors, noise }: Wanted): Row =>
  !noise && row.from !== null && minors.has(row.from) ? { ...row, from: row.actor } : row
const isSame = (one: Row, other: Row | undefined): boolean =>
  other !== undefined &&
  one.kind === other.kind &&
  one.name === other.name &&
  one.actor === other.actor &&
  one.from === other.from

/** Rows that are drawn: of these actors, the last `most`. */
const drawn = (rows: readonly Row[], wanted: Wanted): { shown: Row[]; left: number } => {
  const { actors, noise } = wanted
  const all = rows.filter(row => {
    if (row.mark === 'gap') return true
    if (row.kind !== 'event' && row.kind !== 'actor') return false
    if (!noise && isNoise(row)) return false
    return !actors || actors.size === 0 || actors.has(row.actor) || (row.from !== null && actors.has(row.from))
  })
  return { shown: all.slice(-metrics.most).map(row => owned(row, wanted)), left: Math.max(0, all.length - metrics.most) }
}

/** Runs of the same event between the same two become one line, and so does what an actor does by itself without a break. */
const runsOf = (rows: Row[], noise: boolean): Row[][] => {
  const runs: Row[][] = []
  for (const row of rows) {
    const last = runs.at(-1)
    const before = last?.at(-1)
    const isOwn = !noise && before?.kind === 'event' && isSelf(row) && isSelf(before) && before.actor === row.actor
    if (row.kind === 'event' && last && (isSame(row, before) || isOwn)) last.push(row)
    else runs.push([row])
  }
  return runs
}

/** Parents stand left of their children, and else those that come up first. */
const inTree = (rows: Row[]): Path[] => {
  const all = rows.flatMap(({ from, actor, mark }) => (mark === 'gap' ? [] : from === null ? [actor] : [from, actor]))
  const paths = [...new Set(all)]
  const rank = new Map(paths.map(path => [path, paths.findIndex(one => one === path || one.startsWith(`${path}/`))]))
  return [...paths].sort((one, other) => (rank.get(one) ?? 0) - (rank.get(other) ?? 0) || one.length - other.length)
}

const boxText = ({ kind, name, about, led, mark }: Row): string => {
  if (kind !== 'actor') return name
  if (name === 'started') return led === '' ? 'starts' : `starts: ${led}`
  return mark === 'failed' && about !== '' ? `${name}: ${about}` : name
}

const markOf = (run: Row[], y: number, lane: (path: Path) => number): Mark | undefined => {
  const row = run.at(-1)
  if (!row) return undefined
  const isMixed = run.some(one => !isSame(one, row))
  const times = run.length > 1 ? ` ×${run.length}` : ''
  if (row.mark === 'gap') return { kind: 'break', y, text: row.about, rows: run }
  const on = lane(row.actor)
  if (isSelf(row))
    return {
      kind: 'box',
      y,
      on,
      text: isMixed ? `${run.length} own steps` : boxText(row) + times,
      rows: run,
      failed: row.mark === 'failed',
      led: false,
    }
  const from = row.from === null ? null : lane(row.from)
  return { kind: 'arrow', y, from, to: on, name: row.name + times, rows: run, dead: row.mark === 'dead' }
}

/** Whether it led to another state. */
const isMove = ({ kind, led, mark }: Row): boolean => kind === 'event' && led.includes('→') && mark !== 'dead'

const quiet = (ms: number): string => `${(ms / 1000).toFixed(1)} s later`

/** What stands below each other, and how high all of it is. */
const stacked = (shown: Row[], noise: boolean, lane: (path: Path) => number): { marks: Mark[]; height: number } => {
  const { line, led, top } = metrics
  const marks: Mark[] = []
  let y = top
  let before: number | undefined
  for (const run of runsOf(shown, noise)) {
    const last = run.at(-1)
    const at = run[0]?.at ?? 0
    if (before !== undefined && at - before >= quietMs) {
      marks.push({ kind: 'break', y: y + line / 2, text: quiet(at - before), rows: [] })
      y += line
    }
    before = last?.at ?? at
    const mark = markOf(run, y + line / 2, lane)
    if (mark) marks.push(mark)
    y += line
    if (!mark || mark.kind === 'break' || !last || !isMove(last)) continue
    const on = mark.kind === 'box' ? mark.on : mark.to
    marks.push({ kind: 'box', y: y + led / 2 - 6, on, text: last.led, rows: run, failed: false, led: true })
    y += led
  }
  return { marks, height: y + top }
}

/** Lays out rows, in the order of time, one line each. */
export const sequenceOf = (rows: readonly Row[], wanted: Wanted): Sequence => {
  const { shown, left } = drawn(rows, wanted)
  const paths = inTree(shown)
  const isTight = metrics.edge + paths.length * metrics.lane > wanted.width
  const lane = isTight ? metrics.narrow : metrics.lane
  const step = Math.max(lane, Math.floor((wanted.width - metrics.edge) / Math.max(1, paths.length)))
  const places = new Map(paths.map((path, i) => [path, Math.round(metrics.edge + (i + 0.5) * step)]))
  const { marks, height } = stacked(shown, wanted.noise, path => places.get(path) ?? 0)
  const lifelines = [...places].map(([path, x]) => lifelineOf(path, x, marks, height))
  return { width: metrics.edge + paths.length * step, height, lifelines, marks, left, lane }
}

/** From where it starts to where it ends, if that is in the picture. */
const lifelineOf = (path: Path, x: number, marks: Mark[], height: number): Lifeline => {
  const own = marks.filter(
    mark => mark.kind === 'box' && !mark.led && mark.rows.at(-1)?.actor === path && mark.rows.at(-1)?.kind === 'actor',
  )
  const started = own.find(({ rows }) => rows.at(-1)?.name === 'started')
  const ended = own.findLast(({ rows }) => rows.at(-1)?.name !== 'started')
  const isOver = ended !== undefined && (started === undefined || ended.y > started.y)
  const from = started && !(ended && ended.y < started.y) ? started.y : 0
  return { path, name: shortPath(path), x, from, to: isOver ? ended.y : height, ended: isOver }
}
