/** When the event loop stood still: one watch for all who ask, and none while nobody does. */

/** How often it looks, and how much later than that it must be called to tell, in ms. */
const LOOK_MS = 20
const LATE_MS = 50

const listeners = new Set<(ms: number) => void>()
let timer: NodeJS.Timeout | undefined

/** Tells how many ms it stood still, right after it did; until the returned function is called. Keeps no process alive. */
export const watchStalls = (listener: (ms: number) => void): (() => void) => {
  listeners.add(listener)
  timer ??= look()
  return () => {
    listeners.delete(listener)
    if (listeners.size > 0) return
    clearInterval(timer)
    timer = undefined
  }
}

const look = (): NodeJS.Timeout => {
  let before = performance.now()
  return setInterval(() => {
    const now = performance.now()
    const late = now - before - LOOK_MS
    before = now
    if (late > LATE_MS) for (const listener of [...listeners]) listener(Math.round(late))
  }, LOOK_MS).unref()
}
