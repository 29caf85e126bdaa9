/**
 * The native queue's tick. It plays one block every 10 ms, on a grid that is fixed when the queue is made and that never drifts
 * against the monotonic clock: each tick is due 10 ms after the last one was due, and runs 0 to 1.1 ms late (measured on Linux).
 * A capture that overfills the queue resolves on a tick; from a few such moments the grid is known.
 */

/** Milliseconds from tick to tick, and of a block. */
export const TICK = 10
/** Until so many ms after it was due, a tick may not have run yet. */
export const LATE = 1.3
/** The grid may be known so many ms too late. */
export const OFF = 0.3
/** What is handed over so many ms before a tick may come after it: a native call takes up to 0.5 of them. */
export const EARLY = OFF + 0.5
/** The same for emptying the queue and handing over the block that is to follow without a hole: two calls, one after the other. */
export const EARLIER = OFF + 1.2
/** The share of moments that must lie on ticks for the grid to count as known: by chance it would be 0.13. */
const AGREEING = 0.5

/** How long after the last tick of this grid `at` lies: 0 to 10 ms. */
export const sinceTick = (phase: number, at: number): number => (((at - phase) % TICK) + TICK) % TICK
/** The number of the last tick due at `at`. */
export const tickAt = (phase: number, at: number): number => Math.floor((at - phase) / TICK)

/** The grid with ticks right before the most of these moments (none is early, few are very late), or undefined if it has too few. */
export const phaseOf = (moments: number[]): number | undefined => {
  const explained = (phase: number) => moments.filter(at => sinceTick(phase, at) <= LATE).length
  let best: number | undefined
  for (const at of moments) if (best === undefined || explained(at) > explained(best)) best = at
  return best !== undefined && explained(best) >= moments.length * AGREEING ? best : undefined
}

/** The first moment from `now` on at which it is beyond doubt which tick was the last, and the next one is not within `early` ms. */
export const settledFrom = (phase: number, now: number, early: number): number => {
  const since = sinceTick(phase, now)
  if (since < LATE) return now + LATE - since
  if (since > TICK - early) return now + TICK - since + LATE
  return now
}
