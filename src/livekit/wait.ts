/** Waits that always end: with the work, with the signal, or with a limit of the clock. */
import { coded } from '../errors.ts'
import type { Clock } from '../ports.ts'

/** `what` begins the message of a time-out: "<what> took longer than 15 s". */
export type Limits = { clock: Clock; ms: number; what: string; signal?: AbortSignal }

/** Settles as `work` does; rejects with the signal's reason, or with code ERR_TIMEOUT. What `work` does after that is nobody's concern. */
export const within = <T>(work: Promise<T>, { clock, ms, what, signal }: Limits): Promise<T> =>
  new Promise((resolve, reject) => {
    const stop = () => {
      clock.clearTimeout(timer)
      signal?.removeEventListener('abort', cancel)
    }
    const cancel = () => {
      stop()
      reject(reasonOf(signal))
    }
    const expire = () => {
      stop()
      reject(coded('ERR_TIMEOUT', `${what} took longer than ${ms / 1000} s: is the server overloaded, or the network slow?`))
    }
    const timer = clock.setTimeout(expire, ms)
    work.then(resolve, reject).finally(stop)
    if (signal?.aborted) cancel()
    else signal?.addEventListener('abort', cancel, { once: true })
  })

/** Settles as `work` does, or rejects with the signal's reason. */
export const until = <T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> =>
  new Promise((resolve, reject) => {
    const cancel = () => reject(signal?.reason)
    if (signal?.aborted) cancel()
    else signal?.addEventListener('abort', cancel, { once: true })
    work.then(resolve, reject).finally(() => signal?.removeEventListener('abort', cancel))
  })

/** Why a signal aborted, as an Error of one line. */
export const reasonOf = (signal: AbortSignal | undefined): Error =>
  signal?.reason instanceof Error ? signal.reason : coded('ERR_ABORTED', 'it was cancelled', signal?.reason)
