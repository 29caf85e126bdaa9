/** What a room tells, on its way out. */
import type { RoomFact } from './facts.ts'

/** Facts are told one by one in a turn of their own, so that whoever listens may call the room at once. */
export class News<F = RoomFact> {
  readonly #listeners = new Set<(fact: F) => unknown>()
  readonly #waiting: F[] = []
  readonly #failed: (error: unknown) => void

  /** `failed` hears of a listener that throws, or rejects. */
  constructor(failed: (error: unknown) => void) {
    this.#failed = failed
  }

  /** Throws a TypeError for what cannot be called. */
  add(listener: (fact: F) => unknown): () => void {
    if (typeof listener !== 'function') throw new TypeError(`a listener is a function of a fact, not a ${typeof listener}`)
    const mine = (fact: F) => listener(fact)
    this.#listeners.add(mine)
    return () => void this.#listeners.delete(mine)
  }
  tell(fact: F): void {
    this.#waiting.push(fact)
    if (this.#waiting.length > 1) return
    queueMicrotask(() => {
      for (const next of this.#waiting.splice(0)) for (const listener of [...this.#listeners]) void this.#pass(next, listener)
    })
  }
  async #pass(fact: F, listener: (fact: F) => unknown): Promise<void> {
    try {
      await listener(fact)
    } catch (error) {
      this.#failed(error)
    }
  }
}
