/** Virtual time: it jumps from timer to timer. Apart from the real clock, since it takes 60 ms to load. */
import { createClock } from '@sinonjs/fake-timers'
import type { Clock } from './ports.ts'

/** A clock that only moves when told to: `advance` and `runUntil` fire each due timer in order and let all that follows from it settle. */
export interface VirtualClock extends Clock {
  /** Lets what is ready settle, then moves on by `ms`, timer by timer. */
  advance(ms: number): Promise<void>
  /** Runs timer by timer until `done` settles; gives back its value. Rejects if no timer is left or `limitMs` (an hour) went by. */
  runUntil<T>(done: Promise<T>, limitMs?: number): Promise<T>
  /** Lets all that is ready settle, without moving the time. */
  settle(): Promise<void>
  /** How many timers wait. */
  readonly timers: number
}

/** All microtasks, however many follow from one another, run before the next immediate does. */
const turn = () => new Promise<void>(resolve => setImmediate(resolve))

export const virtualClock = (): VirtualClock => {
  const fake = createClock(0)
  let held: Promise<unknown> | undefined

  const settle = async () => {
    await turn()
    while (held) {
      const work = held
      await work.catch(() => undefined)
      if (held === work) held = undefined
      await turn()
    }
  }
  let fired = 0
  /** Fires what is due at this very moment, and what that makes due, until nothing is. */
  const fireDue = async () => {
    for (let before = -1; before !== fired; ) {
      before = fired
      fake.tick(0)
      await settle()
    }
  }

  return {
    virtual: true,
    now: () => fake.now,
    // Whole milliseconds, rounded up: a timer never fires before its time. One of 0 ms that another sets as it fires waits 1 ms, as in Node.
    setTimeout: (callback, ms) =>
      fake.setTimeout(
        () => {
          fired++
          callback()
        },
        Math.max(0, Math.ceil(ms)),
      ),
    clearTimeout: handle => fake.clearTimeout(handle as ReturnType<typeof fake.setTimeout>),
    hold: work => {
      const before = held
      const mine = before
        ? before.then(
            () => work,
            () => work,
          )
        : work
      held = mine
      mine.catch(() => undefined) // whoever asked has `work`
      return work
    },
    advance: async ms => {
      let arrived = false
      await settle()
      fake.setTimeout(() => {
        arrived = true
      }, ms)
      while (!arrived) {
        fake.next()
        await settle()
      }
      await fireDue()
    },
    runUntil: async (done, limitMs = 3_600_000) => {
      const until = fake.now + limitMs
      let over = false
      const end = () => {
        over = true
      }
      done.then(end, end)
      await settle()
      while (!over) {
        if (fake.countTimers() === 0)
          throw new Error('virtual time stands still: no timer is left and what was waited for did not happen')
        if (fake.now > until) throw new Error(`what was waited for did not happen within ${limitMs} ms of virtual time`)
        fake.next()
        await settle()
      }
      return done
    },
    settle,
    get timers() {
      return fake.countTimers()
    },
  }
}
