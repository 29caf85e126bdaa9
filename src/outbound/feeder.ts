/** Keeps a sink fed from the line, knows what of it was played, and stops an utterance at the very sample. */
import type { Format } from '../audio/frame.ts'
import { lineOf } from '../errors.ts'
import type { Clock, Sink } from '../ports.ts'
import type { Line } from './line.ts'
import type { Handed, Playhead } from './playhead.ts'
import type { Segment } from './segment.ts'

/** OUT-17: after so many refused blocks in a row the sink counts as broken. */
const MAX_FAILURES = 3
/** OUT-18: a queue of which nothing was played for so long stands still, in ms. */
const STILL_MS = 1_000
/** Law 4: one that has stood still for so long, with something to play, counts as broken, in ms: what it holds plays in the next. */
const STUCK_MS = 5_000
/** What is overdue is looked for again after as long as it is overdue, at most after this, in ms. */
const MAX_LATE_MS = 50

export type FeederHands = {
  format: Format
  line: Line
  playhead: Playhead
  clock: Clock
  /** It is time to feed. */
  wake: () => void
  /** A block was refused (OUT-16); whose it was. */
  failed: (owners: Segment[], error: string) => void
  /** The sink counts as broken, and is unplugged. */
  broken: (error: string) => void
}

/** Counts are samples per channel, moments clock ms. */
export class Feeder {
  readonly #hands: FeederHands
  #sink: Sink | undefined
  #timer: unknown
  #blocks = 0
  #failures = 0
  #movedAt = 0
  /** There was something to play when it was last fed. */
  #busy = false
  #handedAt = -1

  constructor(hands: FeederHands) {
    this.#hands = hands
  }

  /** Plays into this sink from now on. */
  plug(sink: Sink): void {
    this.unplug()
    this.#sink = sink
    this.#failures = 0
    this.#movedAt = this.#hands.clock.now()
  }
  /** Takes back what was not played, and plays nothing until another sink is plugged in. */
  unplug(): void {
    const { clock, playhead } = this.#hands
    clock.clearTimeout(this.#timer)
    if (!this.#sink) return
    this.#takeBack(this.#sink)
    const segment = playhead.sounding
    playhead.rest()
    if (segment) segment.soundsFrom = segment.played // it will go on from the middle
    this.#sink = undefined
  }

  /** Whether what was pushed will be heard, as far as is known: the sink plays on, or another one is awaited. */
  get moving(): boolean {
    return !this.#sink || this.#hands.clock.now() - this.#movedAt < STILL_MS
  }
  /** Brings the account up to this moment. */
  settle(queued = this.#sink?.queued() ?? 0): void {
    // In the moment of a hand-over nothing more was played; but the sink may have refused the block, and we not know it yet.
    if (this.#hands.clock.now() !== this.#handedAt) this.#advance(this.#hands.playhead.queued - queued)
  }

  /** Hands over what fits, and wakes when there is more to do. */
  feed(): void {
    const { clock, playhead, wake } = this.#hands
    clock.clearTimeout(this.#timer)
    if (!this.#sink) return
    const queued = this.#sink.queued()
    this.settle(queued)
    if (!this.#busy) this.#movedAt = clock.now()
    const next = Math.min(this.#fill(this.#sink, queued), this.#expected(playhead.next))
    this.#busy = next < Number.POSITIVE_INFINITY
    if (!this.#busy) return
    if (clock.now() - this.#movedAt >= STUCK_MS) this.#break('the speaker plays no more')
    else this.#timer = clock.setTimeout(wake, Math.max(1, Math.ceil(next - clock.now())))
  }

  /** Stops `segment`: it fades out, and what else was not played is taken back. What the line has now is to be fed again. */
  cut(segment: Segment): void {
    const { line, playhead } = this.#hands
    this.settle()
    // What sounds may be back already, if another one was cut in this turn.
    if (!this.#sink || (segment.sent === segment.played && playhead.sounding !== segment)) return
    const { exact, fade } = this.#takeBack(this.#sink)
    const sounds = playhead.sounding === segment
    // A fade that was cut off is played to its end: its samples have been counted.
    if (fade) this.#handFade(this.#sink, fade)
    else if (sounds && exact && this.moving) {
      const data = line.fade(segment)
      if (data.length > 0) this.#handFade(this.#sink, data)
      playhead.fade(data.length / this.#hands.format.channels)
    }
    if (sounds) playhead.rest()
  }

  #takeBack(sink: Sink): { exact: boolean; fade: Int16Array | undefined } {
    const { playhead } = this.#hands
    const { unplayed, exact } = sink.clear()
    this.#advance(playhead.queued - unplayed)
    return { exact, fade: playhead.rewind() }
  }
  #advance(played: number): void {
    if (played <= 0) return
    this.#movedAt = this.#hands.clock.now()
    this.#hands.playhead.advance(played)
  }

  /** Gives back when to come again. */
  #fill(sink: Sink, held: number): number {
    const { line, clock } = this.#hands
    for (let queued = held; ; ) {
      const free = sink.free()
      const plan = line.next(queued, this.#failures > 0 ? 0 : queued + free) // of a sink that refuses, a block is enough to lose
      if (plan.after > 0) return clock.now() + this.#ms(plan.after)
      if (free < plan.size) return clock.now() + this.#ms(plan.size - free)
      const { data, parts } = line.take(plan)
      this.#hand(sink, data, { at: clock.now() + this.#ms(queued), parts })
      queued += plan.size
    }
  }
  /** Sinks take whole 10 ms blocks. */
  #handFade(sink: Sink, fade: Int16Array): void {
    const { sampleRate, channels } = this.#hands.format
    const block = (sampleRate / 100) * channels
    const data = new Int16Array(Math.ceil(fade.length / block) * block)
    data.set(fade)
    const parts = [{ segment: undefined, n: data.length / channels }]
    this.#hand(sink, data, { at: this.#hands.clock.now(), parts, fade: data })
  }
  #hand(sink: Sink, data: Int16Array, handed: Omit<Handed, 'block'>): void {
    const block = ++this.#blocks
    this.#handedAt = this.#hands.clock.now()
    this.#hands.playhead.hand({ block, ...handed })
    sink.write(data).then(
      () => {
        if (sink === this.#sink) this.#failures = 0
      },
      error => {
        if (sink === this.#sink) this.#refused(block, lineOf(error)) // else its samples were taken back
      },
    )
  }
  #refused(block: number, error: string): void {
    const { playhead, failed, wake } = this.#hands
    failed(playhead.lose(block), error)
    if (++this.#failures === MAX_FAILURES) this.#break(error)
    wake()
  }
  #break(error: string): void {
    this.unplug()
    this.#hands.broken(error)
  }

  /** When to look for what was expected at `moment`. */
  #expected(moment = Number.POSITIVE_INFINITY): number {
    const now = this.#hands.clock.now()
    return moment > now ? moment : now + Math.min(Math.max(now - moment, 1), MAX_LATE_MS)
  }
  #ms(samples: number): number {
    return (samples * 1000) / this.#hands.format.sampleRate
  }
}
