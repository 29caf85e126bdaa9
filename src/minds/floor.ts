/** Who has the floor: whether the caller speaks, how many turns there were, and waiting for either. */

import type { Utterance } from '../mind.ts'
import type { Clock, Played } from '../ports.ts'
import type { SpeechFact } from './speech.ts'

/** The floor of one conversation. Every wait ends with the signal too: the waiter looks at it. */
export class Floor {
  readonly #clock: Clock
  readonly #signal: AbortSignal
  readonly #watching = new Set<() => void>()
  #isTaken = false
  #turns = 0

  constructor(clock: Clock, signal: AbortSignal) {
    this.#clock = clock
    this.#signal = signal
  }

  /** The caller is in a turn that was confirmed. */
  get isTaken(): boolean {
    return this.#isTaken
  }
  /** Turns begun so far. */
  get turns(): number {
    return this.#turns
  }
  /** Takes the facts of the caller's turns in. */
  note(fact: SpeechFact): void {
    if (fact.type === 'speech.confirmed') {
      this.#isTaken = true
      this.#turns++
    } else if (fact.type === 'turn.ended') this.#isTaken = false
    for (const look of [...this.#watching]) look()
  }
  /** A turn that takes no time. */
  pass(): void {
    this.#turns++
    for (const look of [...this.#watching]) look()
  }
  /** Resolves when the caller is not in a turn. */
  free(): Promise<void> {
    return this.#until(() => !this.#isTaken)
  }
  /** Resolves with the end of a turn that is under way or begins within `ms`: true; or when none did: false. */
  async turnWithin(ms: number): Promise<boolean> {
    const before = this.#turns
    if (!this.#isTaken) await this.#until(() => this.#turns > before, ms)
    const has = this.#isTaken || this.#turns > before
    await this.free()
    return has
  }

  #until(isDone: () => boolean, ms?: number): Promise<void> {
    return new Promise(resolve => {
      const leave = () => {
        this.#watching.delete(look)
        this.#signal.removeEventListener('abort', leave)
        this.#clock.clearTimeout(timer)
        resolve()
      }
      const look = () => isDone() && leave()
      const timer = ms === undefined ? undefined : this.#clock.setTimeout(leave, ms)
      this.#watching.add(look)
      this.#signal.addEventListener('abort', leave)
      if (this.#signal.aborted) leave()
      else look()
    })
  }
}

/** What became of an utterance; undefined if `signal` aborts first. */
export const endOf = (utterance: Utterance, signal: AbortSignal): Promise<Played | undefined> =>
  new Promise(resolve => {
    const leave = () => resolve(undefined)
    signal.addEventListener('abort', leave, { once: true })
    if (signal.aborted) leave()
    void utterance.played.then(played => {
      signal.removeEventListener('abort', leave)
      resolve(played)
    })
  })
