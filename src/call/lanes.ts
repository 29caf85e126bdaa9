/** Words side by side: each starts where it was heard, and none covers another. */
import { fitted, textWidth } from './svg.ts'

export type Placed<W> = { word: W; text: string; x: number; lane: number }
export type Room = { x: (ms: number) => number; right: number; size: number; lanes: number; gap: number }

type Ends = { placed: Placed<unknown>; end: number }

/** The first lane that is free at `x`; else the one that ends first, whose last word gives way if it stays readable. */
const laneAt = (taken: Ends[], x: number, { lanes, gap, size }: Room): number => {
  for (let lane = 0; lane < lanes; lane++) if ((taken[lane]?.end ?? Number.NEGATIVE_INFINITY) + gap <= x) return lane
  const lane = taken.indexOf(taken.reduce((first, other) => (other.end < first.end ? other : first)))
  const before = taken[lane]
  const shorter = before ? fitted(before.placed.text, x - gap - before.placed.x, size) : ''
  if (!before || shorter === '') return -1
  before.placed.text = shorter
  return lane
}

/** Places words (in order of time) into at most `lanes` lines; what finds no place is cut short, or left out at the worst. */
export const placed = <W extends { startMs: number; text: string }>(words: W[], room: Room): Placed<W>[] => {
  const taken: Ends[] = []
  const all: Placed<W>[] = []
  for (const word of words) {
    const x = room.x(word.startMs)
    const text = fitted(word.text.trim(), room.right - x, room.size)
    const lane = text === '' ? -1 : laneAt(taken, x, room)
    if (lane < 0) continue
    const one = { word, text, x, lane }
    taken[lane] = { placed: one, end: x + textWidth(text, room.size) }
    all.push(one)
  }
  return all
}
