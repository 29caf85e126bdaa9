/** Back-pressure: holds producers while too much waits to be handed over, and lets others have a turn in between. */
import { samplesOf } from '../audio/frame.ts'
import { sleep } from '../clock.ts'
import type { Clock } from '../ports.ts'
import type { Line } from './line.ts'
import type { Segment } from './segment.ts'

/** The utterance that is next may always be so far ahead, in ms: it would wait for those behind it, and they for it. */
const AHEAD_MS = 1_000
/** Who has all of it at once gives way after so much audio, in ms: the sink is to be fed meanwhile, and other timers are due. */
const AT_ONCE_MS = 500

export type HoldOptions = { line: Line; clock: Clock; sampleRate: number; maxPendingMs: number }

export class Hold {
  readonly #line: Line
  readonly #clock: Clock
  readonly #most: number
  readonly #ahead: number
  readonly #atOnce: number
  readonly #held = new Map<() => void, Segment>()
  /** The turn of the event loop, by its time, and what was pushed in it. */
  #turn = { at: 0, samples: 0 }

  constructor({ line, clock, sampleRate, maxPendingMs }: HoldOptions) {
    this.#line = line
    this.#clock = clock
    this.#most = samplesOf(maxPendingMs, sampleRate)
    this.#ahead = Math.min(this.#most, samplesOf(AHEAD_MS, sampleRate))
    this.#atOnce = samplesOf(AT_ONCE_MS, sampleRate)
  }

  /** After `pushed` samples: resolves when `segment` may have more, when it takes no more, or when `signal` aborts. */
  async ready(segment: Segment, pushed: number, signal?: AbortSignal): Promise<void> {
    if (this.#isLong(pushed)) await sleep(this.#clock, 0, signal)
    while (this.#isFull(segment) && !signal?.aborted) await this.#wait(segment, signal)
  }
  /** Lets those go on who need not wait any more. */
  release(): void {
    for (const [go, segment] of this.#held) if (!this.#isFull(segment)) go()
  }

  /** Whether this turn has lasted long enough; then another one begins. */
  #isLong(pushed: number): boolean {
    const at = this.#clock.now()
    const samples = (this.#turn.at === at ? this.#turn.samples : 0) + pushed
    const isLong = samples > this.#atOnce
    this.#turn = { at, samples: isLong ? 0 : samples }
    return isLong
  }
  /** OUT-13: whether `segment` is to get nothing for now. */
  #isFull(segment: Segment): boolean {
    if (segment.ended || this.#line.unsent <= this.#most) return false
    return segment.unsent > this.#ahead || segment !== this.#line.growing
  }
  #wait(segment: Segment, signal?: AbortSignal): Promise<void> {
    return new Promise(resolve => {
      const go = () => {
        this.#held.delete(go)
        signal?.removeEventListener('abort', go)
        resolve()
      }
      this.#held.set(go, segment)
      signal?.addEventListener('abort', go, { once: true })
    })
  }
}
