/** Counts what is open, so that a test can see that nothing was left behind. */
import type { Clock } from '../ports.ts'

/** What is held at this moment: callbacks, text and byte streams that have not ended, timers that wait. */
export type Open = { listeners: number; streams: number; timers: number }

/** The same clock, with `open.timers` counting those that wait. */
export const countingClock = (clock: Clock, open: Open): Clock => {
  const waiting = new Map<unknown, unknown>()
  return {
    virtual: clock.virtual ?? false,
    now: () => clock.now(),
    setTimeout: (callback, ms) => {
      const mine = {}
      const fire = () => {
        waiting.delete(mine)
        open.timers--
        callback()
      }
      open.timers++
      waiting.set(mine, clock.setTimeout(fire, ms))
      return mine
    },
    clearTimeout: mine => {
      if (!waiting.has(mine)) return
      clock.clearTimeout(waiting.get(mine))
      waiting.delete(mine)
      open.timers--
    },
    hold: work => clock.hold(work),
  }
}

/** The sum of several counts. */
export const sumOf = (opens: Iterable<Open>): Open => {
  const sum = { listeners: 0, streams: 0, timers: 0 }
  for (const { listeners, streams, timers } of opens) {
    sum.listeners += listeners
    sum.streams += streams
    sum.timers += timers
  }
  return sum
}

/** Counts one more of `kind`; gives back the function that counts it off, once. */
export const counted = (open: Open, kind: 'listeners' | 'streams'): (() => void) => {
  let off = false
  open[kind]++
  return () => {
    if (off) return
    off = true
    open[kind]--
  }
}
