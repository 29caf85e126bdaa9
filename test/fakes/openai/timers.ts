/** Timers that go when the server does. */
import type { Clock } from '../../../src/ports.ts'

export type Timers = { readonly clock: Clock; after(ms: number, work: () => void): () => void; clear(): void }

/** `after` runs `work` at once if there is nothing to wait for; what it gives back takes it back. */
export const timersOn = (clock: Clock): Timers => {
  const waiting = new Set<unknown>()
  return {
    clock,
    after: (ms, work) => {
      if (ms <= 0) {
        work()
        return () => {}
      }
      const handle = clock.setTimeout(() => {
        waiting.delete(handle)
        work()
      }, ms)
      waiting.add(handle)
      return () => {
        waiting.delete(handle)
        clock.clearTimeout(handle)
      }
    },
    clear: () => {
      for (const handle of waiting) clock.clearTimeout(handle)
      waiting.clear()
    },
  }
}

export type Deferred<T> = { readonly promise: Promise<T>; resolve(value: T): void; reject(error: unknown): void }
/** A promise that somebody else settles; nobody has to look at it. */
export const deferred = <T>(): Deferred<T> => {
  let settle: Pick<Deferred<T>, 'resolve' | 'reject'> = { resolve: () => {}, reject: () => {} }
  const promise = new Promise<T>((resolve, reject) => {
    settle = { resolve, reject }
  })
  promise.catch(() => undefined)
  return { promise, ...settle }
}
