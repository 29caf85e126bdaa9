/** A stage that ends as soon as a signal says so, whatever its source is doing. */

/**
 * Passes a source on until it ends or `signal` aborts. The source's `return` is called and not awaited: on a generator that waits it
 * would not settle.
 */
export const until = <T>(signal: AbortSignal) =>
  async function* (source: AsyncIterable<T>): AsyncGenerator<T> {
    await undefined // a source is asked in a turn of its own: its code may call whoever is just starting this
    const iterator = source[Symbol.asyncIterator]()
    let stop: () => void = () => {}
    const abort = () => stop()
    signal.addEventListener('abort', abort, { once: true })
    let open = true
    try {
      while (!signal.aborted) {
        // Not Promise.race: racing against one long-lived promise would retain every item until that promise settles.
        const next = await new Promise<IteratorResult<T> | undefined>((resolve, reject) => {
          stop = () => resolve(undefined)
          iterator.next().then(resolve, reject)
        })
        if (next === undefined) return
        if (next.done) {
          open = false
          return
        }
        yield next.value
      }
    } catch (error) {
      open = false // a source that threw has ended
      throw error
    } finally {
      signal.removeEventListener('abort', abort)
      if (open) letGo(iterator)
    }
  }

/** Calls a source's `return`, and does not wait for it: nobody is left to hear what it would say to that. */
export const letGo = (iterator: AsyncIterator<unknown>) => {
  const returning = async () => iterator.return?.()
  returning().catch(() => undefined)
}
