/** A wait that ends. */

/** Settles with `work`, or rejects with the reason of the first of the signals that aborts. Takes its listeners off again. */
export const unless = <T>(work: Promise<T>, ...signals: AbortSignal[]): Promise<T> =>
  new Promise((resolve, reject) => {
    const abort = () => {
      off()
      reject(signals.find(signal => signal.aborted)?.reason)
    }
    const off = () => {
      for (const signal of signals) signal.removeEventListener('abort', abort)
    }
    if (signals.some(signal => signal.aborted)) return abort()
    for (const signal of signals) signal.addEventListener('abort', abort, { once: true })
    work.then(resolve, reject).finally(off)
  })
