/** Where the word began that is under way, from the words that were given out and when. */
import { weightOf } from './weight.ts'
import type { Timed } from './word.ts'

type Given = { unit: Timed; atMs: number; syllables: number }

export class Mark {
  #before: Given | undefined
  #last: Given | undefined

  /** This word was given out when its middle was heard, at `atMs` of the audio. */
  note(unit: Timed, atMs: number): void {
    this.#before = this.#last
    this.#last = { unit, atMs, syllables: weightOf(unit.text) }
  }

  /** The start of the word that is under way at `heardMs`, in ms of the audio; what follows a word begins where that ends. */
  startOf(heardMs: number): number {
    const last = this.#last
    if (!last) return 0
    const half = this.#halfMs(last)
    const start = last.unit.startMs ?? last.atMs - half
    const end = last.unit.endMs ?? last.atMs + half
    return Math.max(0, Math.min(heardMs, heardMs < end ? start : end))
  }

  /** Half as long as the word takes, by the way from the middle of the one before to its own. */
  #halfMs({ atMs, syllables }: Given): number {
    const { atMs: from = 0, syllables: before = 0 } = this.#before ?? {}
    const way = (before + syllables) / 2
    return way === 0 ? 0 : ((atMs - from) * syllables) / (2 * way)
  }
}
