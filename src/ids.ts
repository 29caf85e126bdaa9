/** Ids that are the same in every run. */
import type { Ids } from './ports.ts'

/** mulberry32: small, spreads well, and gives the same numbers everywhere. */
const numbers = (seed: number) => {
  let state = seed >>> 0
  return (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return (mixed ^ (mixed >>> 14)) >>> 0
  }
}

/** Ids from a whole number: the prefix and 12 hex digits, as they would be drawn by lot. */
export const seededIds = (seed: number): Ids => {
  const next = numbers(seed)
  const hex = (digits: number) => next().toString(16).padStart(8, '0').slice(0, digits)
  return { next: prefix => `${prefix}${hex(8)}${hex(4)}` }
}
