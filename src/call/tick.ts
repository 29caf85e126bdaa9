/** Something regular. */
import type { Clock } from '../ports.ts'

/** Calls `tick` every `ms` of the clock's time until the function given back is called. */
export const every = (clock: Clock, ms: number, tick: () => void): (() => void) => {
  let timer: unknown
  const next = () => {
    timer = clock.setTimeout(() => {
      tick()
      next()
    }, ms)
  }
  next()
  return () => clock.clearTimeout(timer)
}
