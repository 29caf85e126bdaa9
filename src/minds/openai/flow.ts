/** What a response brings, piece by piece: read once, bounded, and ended for certain (MM-7). */
import { Queue } from '../../audio/buffer.ts'
import { coded } from '../../errors.ts'

export class Flow<T> implements AsyncIterable<T> {
  readonly #queue: Queue<T>
  readonly #sizeOf: (item: T) => number
  readonly #full: (error: Error) => void
  #taken = false

  /** A reader that is further behind than `limit` loses the rest: the flow fails, and `full` is told. */
  constructor(limit: number, sizeOf: (item: T) => number, full: (error: Error) => void) {
    this.#queue = new Queue('drop', limit, sizeOf)
    this.#sizeOf = sizeOf
    this.#full = full
  }

  get ended(): boolean {
    return this.#queue.ended
  }
  push(item: T): void {
    if (this.#queue.ended) return
    if (this.#queue.size + this.#sizeOf(item) <= this.#queue.limit) return void this.#queue.push(item)
    const error = coded('ERR_OVERFLOW', 'the reader of a response is too far behind: the rest of it is dropped')
    this.end(error)
    this.#full(error)
  }
  /** The reader gets what is left, then the error if there is one, then the end. */
  end(error?: Error): void {
    this.#queue.end(error)
  }
  /** Nobody wants the rest. */
  drop(): void {
    this.#queue.end()
    this.#queue.clear()
  }

  /** Throws ERR_LOCKED for a second reader. Whoever leaves early leaves nothing behind. */
  [Symbol.asyncIterator](): AsyncIterator<T, undefined> {
    if (this.#taken) throw coded('ERR_LOCKED', 'this stream is read once, and has had its reader')
    this.#taken = true
    const reader = this.#queue[Symbol.asyncIterator]()
    return {
      next: () => reader.next(),
      return: async () => {
        this.drop()
        await reader.return?.()
        return { done: true, value: undefined }
      },
    }
  }
}
