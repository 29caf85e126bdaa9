/** Waits that end though nobody answers. */
import { sleep } from '../clock.ts'
import { deferred } from '../deferred.ts'
import { coded } from '../errors.ts'
import type { Clock } from '../ports.ts'

/** What a session promises, unless nobody waits for it any more: then it rejects with ERR_CLOSED. */
export const inTime = (work: Promise<void>, signal: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    const gone = () => reject(coded('ERR_CLOSED', 'the session was given up before it was ready'))
    signal.addEventListener('abort', gone, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', gone))
  })
/** An absence: `resolve` when it is over, `reject` when it will not be. Whoever waits for it is told; that nobody does is no failure. */
export const absence = () => {
  const away = deferred<void>()
  away.promise.catch(() => {})
  return away
}
/** Resolves with the work, or after `ms`. */
export const within = async (clock: Clock | undefined, ms: number, work: Promise<void>): Promise<void> => {
  const over = new AbortController()
  await Promise.race([work, clock && sleep(clock, ms, over.signal)])
  over.abort()
}
