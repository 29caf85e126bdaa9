/** When speech comes to each unit of its text: by the times given where there are any, else by its course. */
import { Course, type Speech } from './course.ts'
import { beginsClause, endsClause, weightOf } from './weight.ts'
import type { Timed } from './word.ts'

/** Of plain English speech: the start value of LiveKit's own synchronizers (SYNC-7). */
export const syllablesPerSecond = 3.83

/** Audio of which nothing is known: it might be voice throughout. */
const unknown: Speech = {
  ended: false,
  total: { voicedMs: 0, change: 0 },
  knownMs: Number.POSITIVE_INFINITY,
  silences: [],
  at: ms => ({ voicedMs: ms, change: 0 }),
  forget: () => {},
}

/** A moment that is given: after so many syllables so many ms. */
type Anchor = { syllables: number; ms: number }

/** Speech runs evenly between the times given, and after the last as it is heard to; before it is, at `speed` times the usual rate. */
export class Pace {
  readonly #course: Course
  readonly #anchors: Anchor[] = [{ syllables: 0, ms: 0 }]
  /** Of the last anchor that was passed. */
  #at = 0
  #syllables = 0
  /** How many units had times that were no use: negative, not numbers, or backwards. */
  ignored = 0

  constructor(speed = 1, speech: Speech = unknown) {
    this.#course = new Course((syllablesPerSecond * speed) / 1000, speech)
  }

  /** Takes the next unit, gives back the place of its middle in the speech: the key for `dueMs`. */
  add(unit: Timed): number {
    const weight = weightOf(unit.text)
    const usable = this.#isUsable(unit)
    if (!usable) this.ignored++
    if (usable) this.#anchor(unit.startMs)
    if (beginsClause(unit.text)) this.#course.pause(true)
    const middle = this.#syllables + weight / 2
    this.#syllables += weight
    this.#course.grow(this.#syllables)
    if (endsClause(unit.text)) this.#course.pause(false)
    if (usable) this.#anchor(unit.endMs)
    return middle
  }
  /** No more text will come. */
  end(): void {
    this.#course.end()
  }
  /** Fixes what was heard: called before the text or its audio goes on (law 11). */
  settle(heardMs: number): void {
    this.#course.settle(heardMs)
  }
  /** When the playhead passes this place, in ms of audio, as far as is known now. Places and positions are asked for in rising order. */
  dueMs(middle: number, heardMs: number): number {
    const anchors = this.#anchors
    for (let next = anchors[this.#at + 1]; next && next.syllables < middle; next = anchors[this.#at + 1]) this.#at++
    if (this.#at > 1_000) this.#at -= anchors.splice(0, this.#at).length // in slabs: one by one each would move all that are left
    const [from, to] = [anchors[this.#at], anchors[this.#at + 1]]
    if (!from || !to) return this.#course.whenMs(middle, heardMs)
    const share = to.syllables > from.syllables ? (middle - from.syllables) / (to.syllables - from.syllables) : 0
    return Math.round((from.ms + share * (to.ms - from.ms)) * 1000) / 1000 // 900, not 900.0000000001: a timer would wait 1 ms more
  }

  /** Later than all before it; a little overlap is put right. */
  #isUsable({ startMs = 0, endMs = Infinity }: Timed): boolean {
    return startMs >= 0 && startMs < Infinity && endMs >= startMs && endMs >= (this.#anchors.at(-1)?.ms ?? 0)
  }
  #anchor(ms: number | undefined): void {
    if (ms === undefined || ms === Infinity) return
    const anchor = { syllables: this.#syllables, ms: Math.max(ms, this.#anchors.at(-1)?.ms ?? 0) }
    this.#anchors.push(anchor)
    this.#course.give(anchor.syllables, anchor.ms)
  }
}
