/** The native queue of an audio source as it was measured, in time of its own: a grid of late ticks, and captures that land late. */
import type { NativeQueue, Watch } from '../../src/livekit/sink.ts'
import { TICK } from '../../src/livekit/tick.ts'

/** `random` gives 0 to 1; all times in ms. A tick runs up to `lateMs` after it is due, a capture lands up to `landMs` after its call. */
export type QueueOptions = {
  queueMs: number
  block: number
  phase?: number
  lateMs?: number
  landMs?: number
  random?: () => number
}
type Event = { at: number; run: () => void }
type Waiting = { blocks: Int16Array[]; done: () => void }

export class FakeQueue implements NativeQueue, Watch {
  readonly #options: Required<QueueOptions>
  readonly #limit: number
  #time = 0
  #events: Event[] = []
  #waiting: Waiting | undefined
  /** Blocks in the queue, and all that was played: a tick without a block plays undefined. */
  queue: Int16Array[] = []
  readonly played: (Int16Array | undefined)[] = []
  /** Makes the next capture fail. */
  failing: Error | undefined
  /** How many captures there were, and how many of them on their way at once, at most. */
  captures = 0
  mostAtOnce = 0
  #atOnce = 0
  closed = false

  constructor(options: QueueOptions) {
    this.#options = { phase: 0, lateMs: 1.1, landMs: 0.4, random: () => 0.5, ...options }
    this.#limit = options.queueMs / TICK
    this.#tick(this.#options.phase)
  }

  now(): number {
    return this.#time
  }
  spin(until: number): void {
    this.#run(until)
  }
  /** Lets time go by; what was promised meanwhile has settled when this resolves. */
  async advance(ms: number): Promise<void> {
    for (const end = this.#time + ms; this.#time < end; ) {
      this.#run(Math.min(end, this.#time + 0.25))
      await new Promise(resolve => setImmediate(resolve))
    }
  }

  async capture(data: Int16Array): Promise<void> {
    if (this.closed) throw new Error('AudioSource is closed')
    const blocks = Array.from({ length: data.length / this.#options.block }, (_, n) =>
      data.slice(n * this.#options.block, (n + 1) * this.#options.block),
    )
    this.captures++
    const { failing } = this
    this.failing = undefined
    this.mostAtOnce = Math.max(this.mostAtOnce, ++this.#atOnce)
    await new Promise<void>((done, fail) => {
      this.#at(this.#time + this.#options.random() * this.#options.landMs, () => {
        if (failing || this.#waiting) return fail(failing ?? new Error('failed to capture frame'))
        this.queue.push(...blocks)
        if (this.queue.length <= this.#limit) done()
        else this.#waiting = { blocks, done }
      })
    }).finally(() => this.#atOnce--)
  }
  clear(): void {
    this.queue = []
  }

  #at(at: number, run: () => void): void {
    this.#events.push({ at, run })
    this.#events.sort((a, b) => a.at - b.at)
  }
  /** Due on the grid, run a little late; what waits for room is answered by the tick that makes it. */
  #tick(due: number): void {
    this.#at(due + this.#options.random() * this.#options.lateMs, () => {
      this.played.push(this.queue.shift())
      if (this.#waiting && this.queue.length <= this.#limit) {
        this.#waiting.done()
        this.#waiting = undefined
      }
      this.#tick(due + TICK)
    })
  }
  #run(until: number): void {
    for (let next = this.#events[0]; next && next.at <= until; next = this.#events[0]) {
      this.#events.shift()
      this.#time = Math.max(this.#time, next.at)
      next.run()
    }
    this.#time = Math.max(this.#time, until)
  }
}
