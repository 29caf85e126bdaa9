/** Waiting for what happens: no polling, and every wait ends. */

/** How long anything is waited for where nothing else is said, in ms: joining a room takes up to 2 s on a busy machine. */
const LIMIT = 8_000

/** Whoever makes something happen calls `look`; whoever waits for it says what it looks like. */
export class Watch {
  readonly #looks = new Set<() => void>()

  readonly look = (): void => {
    for (const look of [...this.#looks]) look()
  }
  /** The first value of `is` that is neither undefined nor false; rejects, naming `what`, after `limitMs`. */
  until<T>(what: string, is: () => T | undefined | false, limitMs = LIMIT): Promise<T> {
    return new Promise((resolve, reject) => {
      const stop = () => {
        clearTimeout(timer)
        this.#looks.delete(look)
      }
      const look = () => {
        const value = is()
        if (value === undefined || value === false) return
        stop()
        resolve(value)
      }
      const timer = setTimeout(() => {
        stop()
        reject(new Error(`did not happen within ${limitMs} ms: ${what}`))
      }, limitMs)
      this.#looks.add(look)
      look()
    })
  }
}

/** The value of `work`; rejects, naming `what`, after `limitMs`. */
export const within = async <T>(what: string, work: Promise<T>, limitMs = LIMIT): Promise<T> => {
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`did not settle within ${limitMs} ms: ${what}`)), limitMs)
  })
  return Promise.race([work, limit]).finally(() => clearTimeout(timer))
}

/** Waits for `work`, but not for ever: rtc-node's own disconnect is not answered now and then after a reconnect, and is not under test. */
export const atMost = (what: string, work: Promise<unknown>, limitMs = 3_000): Promise<void> =>
  within(what, work, limitMs).then(
    () => {},
    error => console.log(`plain rtc-node: ${error instanceof Error ? error.message : error}`),
  )

/** Real time goes by: for audio, which takes its time, and for nothing else. */
export const pass = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))
