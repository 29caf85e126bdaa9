/** What the sink has in its queue and whose it is: turns "so many were played" into heard samples and unbroken runs. */
import type { Format } from '../audio/frame.ts'
import type { Part } from './line.ts'
import type { Segment } from './segment.ts'

/** An unbroken stretch of one utterance as it is heard: clock ms, and samples per channel. */
export type Run = { segment: Segment; startedAt: number; offset: number }
/** What the playhead tells as it happens; whoever is told must not call back. */
export type PlayheadHands = {
  started: (run: Run) => void
  /** `duration` in samples per channel. */
  ended: (run: Run, duration: number) => void
  /** The last sample of the utterance was heard. */
  drained: (segment: Segment) => void
}
/** A block that was handed over: its number, when its first sample is due, and whose it is. A fade is nobody's, and kept. */
export type Handed = { block: number; at: number; parts: Part[]; fade?: Int16Array | undefined }
/** Samples in the queue. `until`: when the last of them is due to have been played. */
type Span = Pick<Handed, 'block' | 'fade'> & { segment: Segment | undefined; left: number; until: number }

/** Counts are samples per channel, moments clock ms. */
export class Playhead {
  readonly #format: Format
  readonly #hands: PlayheadHands
  #spans: Span[] = []
  #queued = 0
  #run: Run | undefined

  constructor(format: Format, hands: PlayheadHands) {
    this.#format = format
    this.#hands = hands
  }

  /** How many samples were handed over and are not accounted for. */
  get queued(): number {
    return this.#queued
  }
  /** The utterance that is heard. */
  get sounding(): Segment | undefined {
    return this.#run?.segment
  }
  /** When there is something to tell, as far as is known: an utterance begins to sound, or the last of it that was handed over is over. */
  get next(): number | undefined {
    let last: Span | undefined
    for (const span of this.#spans) {
      if (span.segment && span.segment === this.sounding) last = span
      else if (last) break
      else if (span.segment) return span.until - this.#ms(span.left - 1)
    }
    return last?.until
  }

  hand({ block, at, parts, fade }: Handed): void {
    let until = at
    for (const { segment, n } of parts) {
      until += this.#ms(n)
      this.#spans.push({ block, segment, left: n, until, fade })
      this.#queued += n
    }
  }

  /** The first `n` of the queue were played. */
  advance(n: number): void {
    while (n > 0) {
      const span = this.#spans[0]
      if (!span) return
      const take = Math.min(n, span.left)
      if (span.segment) this.#hear(span.segment, take, span.until - this.#ms(span.left))
      span.left -= take
      this.#queued -= take
      n -= take
      if (span.left === 0) this.#spans.shift()
      if (this.#queued === 0) this.rest() // it has run dry
    }
  }

  /** The next `n` samples of what sounds were handed over as a fade: they count already, and end the run. */
  fade(n: number): void {
    const run = this.#run
    if (run) this.#hear(run.segment, n, run.startedAt)
    this.rest()
  }

  /** The queue was emptied: what was not played goes back to its utterances. Gives back what is left of a fade. */
  rewind(): Int16Array | undefined {
    let rest: Int16Array | undefined
    for (const { segment, left, fade } of this.#spans) {
      segment?.takeBack(left)
      if (fade) rest = fade.subarray(fade.length - left * this.#format.channels)
    }
    this.#spans = []
    this.#queued = 0
    return rest
  }

  /** The block was refused: its samples are lost. Gives back whose they were. */
  lose(block: number): Segment[] {
    const owners: Segment[] = []
    const before = new Map<Segment, number>()
    for (const { segment, left, block: own } of this.#spans) {
      if (own === block) this.#queued -= left
      if (!segment) continue
      const ahead = before.get(segment) ?? 0
      if (own !== block) before.set(segment, ahead + left)
      else {
        segment.lose(segment.played + ahead, left)
        owners.push(segment)
      }
    }
    this.#spans = this.#spans.filter(span => span.block !== block)
    if (this.#queued === 0) this.rest()
    return owners
  }

  /** All that the queue holds of `segment`, and what is before it, counts as played. */
  concede(segment: Segment): void {
    let n = 0
    let upTo = 0
    for (const span of this.#spans) {
      n += span.left
      if (span.segment === segment) upTo = n
    }
    this.advance(upTo)
  }

  /** Nothing sounds any more. */
  rest(): void {
    const run = this.#run
    this.#run = undefined
    if (run) this.#hands.ended(run, run.segment.heard - run.offset)
  }

  #hear(segment: Segment, n: number, at: number): void {
    const { again } = segment
    if (again === 0 || again >= n) this.#follow(segment, n, at)
    else {
      this.#follow(segment, again, at) // from here on it is new, and its run has another offset
      this.#follow(segment, n - again, at + this.#ms(again))
    }
  }
  #follow(segment: Segment, n: number, at: number): void {
    const { again } = segment
    const begins = this.#run?.segment !== segment
    if (begins) this.rest()
    this.#run ??= { segment, startedAt: at, offset: segment.heard }
    segment.hear(n)
    if (begins) this.#hands.started(this.#run)
    if (again > 0 && segment.again === 0) this.rest()
    if (!segment.drained) return
    this.rest()
    this.#hands.drained(segment)
  }
  #ms(samples: number): number {
    return (samples * 1000) / this.#format.sampleRate
  }
}
