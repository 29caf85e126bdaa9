/** The machine's own clock, and waiting by any clock. */
import type { Clock } from './ports.ts'

/** The longest time that a timer can be set for, in ms: 24.8 days. Longer ones would be over at once. */
export const LONGEST = 2 ** 31 - 1

/** The machine's monotonic clock: milliseconds since `origin`, frozen until the current turn of the event loop ends. */
export const realClock = (origin = performance.now()): Clock => {
  let frozen: number | undefined
  return {
    now: () => {
      if (frozen === undefined) {
        frozen = performance.now() - origin
        setImmediate(() => {
          frozen = undefined
        })
      }
      return frozen
    },
    setTimeout: (callback, ms) => setTimeout(callback, ms),
    clearTimeout: handle => clearTimeout(handle as NodeJS.Timeout),
    hold: work => work,
  }
}

/** Resolves after `ms`, or at once when `signal` aborts. Never rejects: the caller looks at the signal. */
export const sleep = (clock: Clock, ms: number, signal?: AbortSignal): Promise<void> =>
  new Promise(resolve => {
    if (signal?.aborted) return resolve()
    const wake = () => {
      clock.clearTimeout(handle)
      signal?.removeEventListener('abort', wake)
      resolve()
    }
    const handle = clock.setTimeout(wake, ms)
    signal?.addEventListener('abort', wake, { once: true })
  })
