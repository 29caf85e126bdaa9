/** Bounded queues between a producer and one reader at a time, named after what they do when full: hold, slide, drop. */

/** A run of drops so far: `size` of what was dropped, `from` the place of its first piece in all that was ever offered. */
export type Drops = { size: number; from: number }
type SizeOf<T> = (item: T) => number
/** Is told at the start and at the end of each run of drops. It must not throw. */
type Told = (drops: Drops) => void

/** Full: the producer waits. `sizeOf` is 1 for each item where not given. */
export const hold = <T>(limit: number, sizeOf?: SizeOf<T>, told?: Told) => new Queue<T>('hold', limit, sizeOf, told)
/** Full: the oldest items give way. */
export const slide = <T>(limit: number, sizeOf?: SizeOf<T>, told?: Told) => new Queue<T>('slide', limit, sizeOf, told)
/** Full: the newest item is refused. */
export const drop = <T>(limit: number, sizeOf?: SizeOf<T>, told?: Told) => new Queue<T>('drop', limit, sizeOf, told)

type Entry<T> = { item: T; size: number }
type Step<T> = IteratorResult<T, undefined>
const END = { done: true, value: undefined } as const
const TAKEN = Promise.resolve()

/** A queue that is read with `for await`. When a reader returns, the next one goes on where it stopped. */
export class Queue<T> implements AsyncIterable<T> {
  readonly limit: number
  readonly #policy: 'hold' | 'slide' | 'drop'
  readonly #sizeOf: SizeOf<T>
  readonly #told: Told
  readonly #entries: Entry<T>[] = []
  /** Those who called `next()` and wait. */
  readonly #takers: ((step: Step<T>) => void)[] = []
  /** Those who called `changed()` and wait. */
  readonly #wakers = new Set<() => void>()
  #failure: { error: unknown } | undefined
  #run: Drops | undefined
  #locked = false
  #ended = false
  #size = 0
  #offered = 0
  #taken = 0
  #dropped = 0

  constructor(policy: 'hold' | 'slide' | 'drop', limit: number, sizeOf: SizeOf<T> = () => 1, told: Told = () => {}) {
    this.#policy = policy
    this.limit = limit
    this.#sizeOf = sizeOf
    this.#told = told
  }

  /** The size of what waits, of all that readers took, and of all that was dropped. */
  get size(): number {
    return this.#size
  }
  get taken(): number {
    return this.#taken
  }
  get dropped(): number {
    return this.#dropped
  }
  get ended(): boolean {
    return this.#ended
  }
  /** What waits, oldest first. */
  get waiting(): T[] {
    return this.#entries.map(({ item }) => item)
  }

  /** Offers an item. Only `hold` makes the producer wait: until there is room, or the queue ends or `signal` aborts (then it is dropped). */
  push(item: T, signal?: AbortSignal): Promise<void> {
    const entry = { item, size: this.#sizeOf(item) }
    if (this.#policy === 'hold' && !this.#fits(entry.size)) return this.#pushLater(entry, signal)
    this.#offer(entry)
    return TAKEN
  }

  /** No more items: readers get what is left, then `error` if there is one, then the end. */
  end(error?: unknown): void {
    if (this.#ended) return
    this.#ended = true
    if (error !== undefined) this.#failure = { error }
    this.#closeRun()
    for (const take of this.#takers.splice(0)) take(END)
    this.#wake()
  }

  /** Empties the queue and gives back the size of what was in it, which counts as neither taken nor dropped. */
  clear(): number {
    const cleared = this.#size
    this.#entries.length = 0
    this.#size = 0
    this.#closeRun()
    this.#wake()
    return cleared
  }

  /** Resolves with the next push, take, clear or end, or when `signal` aborts. Never rejects. */
  changed(signal?: AbortSignal): Promise<void> {
    return new Promise(resolve => {
      if (signal?.aborted) return resolve()
      const wake = () => {
        this.#wakers.delete(wake)
        signal?.removeEventListener('abort', wake)
        resolve()
      }
      this.#wakers.add(wake)
      signal?.addEventListener('abort', wake, { once: true })
    })
  }

  /** Throws ERR_LOCKED while another reader has it. */
  [Symbol.asyncIterator](): AsyncIterator<T, undefined> {
    if (this.#locked)
      throw Object.assign(new Error('this stream has a reader already: let that one return first'), { code: 'ERR_LOCKED' })
    this.#locked = true
    let open = true
    const leave = () => {
      if (!open) return END // what waits may be the next reader's
      open = false
      this.#locked = false
      for (const take of this.#takers.splice(0)) take(END)
      return END
    }
    return {
      next: async () => {
        if (!open) return END
        const step = this.#take() ?? (await new Promise<Step<T>>(resolve => this.#takers.push(resolve)))
        if (!step.done) return step
        leave()
        return this.#lastWord()
      },
      return: async () => leave(),
    }
  }

  #fits(size: number): boolean {
    return this.#takers.length > 0 || this.#size + size <= this.limit
  }

  async #pushLater(entry: Entry<T>, signal: AbortSignal | undefined) {
    while (!this.#fits(entry.size) && !this.#ended && !signal?.aborted) await this.changed(signal)
    this.#offer(entry)
  }

  #offer(entry: Entry<T>) {
    const fits = this.#fits(entry.size) && !this.#ended
    if (fits || (this.#policy === 'slide' && !this.#ended)) this.#accept(entry)
    else this.#drop(entry.size, this.#offered)
    this.#offered += entry.size
    if (this.#policy === 'slide') this.#giveWay()
    if (fits) this.#closeRun()
    this.#wake()
  }

  #accept({ item, size }: Entry<T>) {
    const take = this.#takers.shift()
    if (take) {
      this.#taken += size
      return take({ done: false, value: item })
    }
    this.#entries.push({ item, size })
    this.#size += size
  }

  #giveWay() {
    while (this.#size > this.limit) {
      const from = this.#offered - this.#size
      this.#drop(this.#shift()?.size ?? 0, from)
    }
  }

  #shift(): Entry<T> | undefined {
    const entry = this.#entries.shift()
    this.#size -= entry?.size ?? 0
    return entry
  }

  #take(): Step<T> | undefined {
    const entry = this.#shift()
    if (!entry) return this.#ended ? END : undefined
    this.#taken += entry.size
    this.#wake()
    return { done: false, value: entry.item }
  }

  #lastWord(): Step<T> {
    const failure = this.#failure
    this.#failure = undefined
    if (failure) throw failure.error
    return END
  }

  #drop(size: number, from: number) {
    this.#dropped += size
    if (this.#run) {
      this.#run.size += size
      return
    }
    this.#run = { size, from }
    this.#told({ ...this.#run })
  }

  #closeRun() {
    const run = this.#run
    this.#run = undefined
    if (run) this.#told(run)
  }

  #wake() {
    for (const wake of [...this.#wakers]) wake()
  }
}
