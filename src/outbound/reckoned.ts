/** A playhead where nobody tells what was heard: from its start on it runs with the clock, no further than the audio that came. */
import type { Playhead } from '../pipes/prompter.ts'
import type { Clock } from '../ports.ts'

export class Reckoned implements Playhead {
  readonly clock: Clock
  readonly #listeners = new Set<() => void>()
  #startedAt: number | undefined
  #pushedMs = 0
  #restedMs = 0
  /** It stands here while it rests. */
  #leastMs = 0
  #timer: unknown

  constructor(clock: Clock) {
    this.clock = clock
  }

  heardMs(): number {
    return Math.min(Math.max(this.#elapsed(), this.#leastMs), this.#pushedMs)
  }
  running(): boolean {
    return this.#startedAt !== undefined && this.#elapsed() < this.#pushedMs
  }
  changed(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => {
      this.#listeners.delete(listener)
      this.clock.clearTimeout(this.#timer)
    }
  }

  start(): void {
    this.#startedAt ??= this.clock.now()
    this.#tell()
  }
  /** So much more audio came. */
  push(ms: number): void {
    this.#pushedMs += ms
    this.#tell()
  }
  /** A sentence ended: the voice makes a pause of so many ms. */
  rest(ms: number): void {
    this.#leastMs = this.heardMs()
    this.#restedMs += ms
  }

  #elapsed(): number {
    return this.#startedAt === undefined ? 0 : this.clock.now() - this.#startedAt - this.#restedMs
  }
  /** Also when it has come to the end of the audio. */
  #tell(): void {
    this.clock.clearTimeout(this.#timer)
    for (const listener of [...this.#listeners]) listener()
    if (this.#listeners.size > 0 && this.running())
      this.#timer = this.clock.setTimeout(() => this.#tell(), this.#pushedMs - this.#elapsed())
  }
}
