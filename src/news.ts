/** What a room tells, on its way out. */
import type { RoomFact } from './facts.ts'

/** Facts are told one by one in a turn of their own, so that whoever listens may call the room at once. */
export class News {
  readonly #listeners = new Set<(fact: RoomFact) => unknown>()
  readonly #waiting: RoomFact[] = []
  readonly #failed: (error: unknown) => void

  /** `failed` hears of a listener that throws, or rejects. */
  constructor(failed: (error: unknown) => void) {
    this.#failed = failed
  }

  add(listener: (fact: RoomFact) => unknown): () => void {
    const mine = (fact: RoomFact) => listener(fact)
    this.#listeners.add(mine)
    return () => void this.#listeners.delete(mine)
  }
  tell(fact: RoomFact): void {
    this.#waiting.push(fact)
    if (this.#waiting.length > 1) return
    queueMicrotask(() => {
      for (const next of this.#waiting.splice(0)) for (const listener of [...this.#listeners]) void this.#pass(next, listener)
    })
  }
  async #pass(fact: RoomFact, listener: (fact: RoomFact) => unknown): Promise<void> {
    try {
      await listener(fact)
    } catch (error) {
      this.#failed(error)
    }
  }
}
