/** Which rows are shown, and which of them hold what is searched for. */
import { type Row, type RowKind, shortPath } from './rows.ts'

/** Plain JSON: a page asks a recording for the rows that pass. */
export type Filter = {
  /** An actor with all below it; '' for all. */
  actor: string
  /** Kinds that are not shown. */
  hidden: readonly RowKind[]
  /** The event's type, or the beginning of it with a star: `utterance.*`; '' for all. */
  name: string
  /** Whether that is shown which comes all the time and tells little. */
  noise: boolean
}

/** What nobody took notice of, how far the voice has come, several times a second, and the life of promises. */
export const isNoise = ({ mark, kind, name, minor }: Row): boolean =>
  mark === 'ignored' || (minor === true && mark === undefined) || (kind !== 'actor' && name === 'utterance.progressed')

const isBelow = (path: string | null, actor: string): boolean => path === actor || (path?.startsWith(`${actor}/`) ?? false)

/** Gaps are always shown: what is left out belongs to every view. */
export const isShown = (row: Row, { actor, hidden, name, noise }: Filter): boolean => {
  if (row.mark === 'gap') return true
  if (hidden.includes(row.kind)) return false
  if (!noise && name === '' && isNoise(row)) return false
  if (actor !== '' && !isBelow(row.actor, actor) && !isBelow(row.from, actor)) return false
  if (name === '') return true
  return name.endsWith('*') ? row.name.startsWith(name.slice(0, -1)) : row.name === name
}

/** Case does not matter; the words may stand anywhere, but all of them must. */
export const needlesOf = (text: string): string[] =>
  text
    .toLowerCase()
    .split(/\s+/)
    .filter(word => word !== '')

export const holds = (row: Row, needles: readonly string[]): boolean => {
  const text = `${row.name} ${shortPath(row.actor)} ${row.about} ${row.led}`.toLowerCase()
  return needles.every(needle => text.includes(needle))
}

/** The next match after `from`, or before it, round the ends; -1 if there is none. */
export const neighbour = (found: readonly number[], from: number, forward: boolean): number => {
  if (found.length === 0) return -1
  return (forward ? found.find(index => index > from) : found.findLast(index => index < from)) ?? found.at(forward ? 0 : -1) ?? -1
}

/** The last row that is not later than a message; -1: all are. Rows are in order of `seq` but for steps that stand for lost events. */
export const rowAt = (rows: readonly Row[], seq: number): number => {
  let [low, high] = [0, rows.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((rows[middle]?.seq ?? 0) <= seq) low = middle + 1
    else high = middle
  }
  return low - 1
}
