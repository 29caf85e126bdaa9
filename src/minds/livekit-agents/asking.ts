/** What a model is asked to do: each is answered, or rejects in time, or when the session is over (MM-8). */
import { coded } from '../../errors.ts'
import type { Clock } from '../../ports.ts'

export class Asking {
  readonly #clock: Clock
  readonly #timeoutMs: number
  readonly #waits = new Set<(error: Error) => void>()
  /** Only one at a time: what is asked in turn begins when the one before is answered. */
  #lane: Promise<unknown> = Promise.resolve()
  #over: Error | undefined

  constructor(clock: Clock, timeoutMs: number) {
    this.#clock = clock
    this.#timeoutMs = timeoutMs
  }

  /** `what` goes behind "the model did not". */
  async ask<T>(what: string, work: () => Promise<T>): Promise<T> {
    if (this.#over) throw coded('ERR_CLOSED', `the model cannot ${what}: its session is closed`, this.#over)
    return this.#limited(what, work)
  }
  inTurn<T>(what: string, work: () => Promise<T>): Promise<T> {
    const turn = this.#lane.then(() => this.ask(what, work))
    this.#lane = turn.catch(() => {}) // whoever asked is told
    return turn
  }
  /** Nothing more may be asked; what waits rejects with `error`. The last question is still limited in time. */
  async close<T>(error: Error, what: string, work: () => Promise<T>): Promise<T> {
    this.#over = error
    for (const reject of [...this.#waits]) reject(error)
    return this.#limited(what, work)
  }

  #limited<T>(what: string, work: () => Promise<T>): Promise<T> {
    let stop: () => void = () => {}
    const limit = new Promise<never>((_, reject) => {
      const late = () => reject(coded('ERR_TIMEOUT', `the model did not ${what} within ${this.#timeoutMs} ms`))
      const timer = this.#clock.setTimeout(late, this.#timeoutMs)
      this.#waits.add(reject)
      stop = () => {
        this.#clock.clearTimeout(timer)
        this.#waits.delete(reject)
      }
    })
    const asking = async () => work() // what throws at once rejects too
    return Promise.race([asking(), limit]).finally(stop)
  }
}
