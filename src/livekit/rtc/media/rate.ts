/** When the next frame is due at a fixed rate. Due times are counted from one moment on, so they never drift. */
import { sleep } from '../../../clock.ts'
import type { Clock, Log } from '../../../ports.ts'

export type RateOptions = {
  /** Frames a second; need not be whole. */
  fps: number
  /** By how much a frame may be late, in ms: those after it catch up. One that is later is warned of, and the count begins anew. */
  toleranceMs: number
  clock: Clock
  log: Log
}

export class Rate {
  readonly #options: RateOptions
  /** How many send times are kept: those of a second. */
  readonly #window: number
  /** The frame number `#count` since `#start` is the next one; without a start it is due at once. */
  #start: number | undefined
  #count = 0
  #sent: number[] = []
  #nap = new AbortController()

  constructor(options: RateOptions) {
    this.#options = options
    this.#window = Math.max(2, Math.floor(options.fps))
  }

  /** Resolves when the next frame is due, never before; at once if it is late. `reset` and `stop` end the wait. */
  async due(): Promise<void> {
    const { clock, log, toleranceMs } = this.#options
    for (let ms = this.#dueIn(); ms > 0 && !this.#nap.signal.aborted; ms = this.#dueIn())
      await sleep(clock, Math.ceil(ms), this.#nap.signal)
    const behindMs = -this.#dueIn()
    if (behindMs > toleranceMs) log('warn', 'livekit.video.late', { behindMs: Math.round(behindMs), toleranceMs })
    if (this.#start === undefined || behindMs > toleranceMs) this.#begin()
  }

  /** The frame that was due is dealt with: the next one is due one interval after this one was. */
  next(): void {
    this.#count++
  }
  /** A frame was sent, now. */
  noteSent(): void {
    this.#sent.push(this.#options.clock.now())
    if (this.#sent.length > this.#window) this.#sent.shift()
  }

  /** What was sent in the last second, in frames a second; 0 with fewer than two, or before time has passed. */
  get fps(): number {
    const [first = 0, last = 0] = [this.#sent[0], this.#sent.at(-1)]
    return last > first ? ((this.#sent.length - 1) * 1000) / (last - first) : 0
  }

  /** The next frame is due at once, and what was sent is forgotten. */
  reset(): void {
    this.#start = undefined
    this.#sent = []
    this.#nap.abort()
    this.#nap = new AbortController()
  }

  /** Nobody waits any more. */
  stop(): void {
    this.#nap.abort()
  }

  #begin() {
    this.#start = this.#options.clock.now()
    this.#count = 0
  }
  #dueIn(): number {
    const { clock, fps } = this.#options
    return this.#start === undefined ? 0 : this.#start + (this.#count * 1000) / fps - clock.now()
  }
}
