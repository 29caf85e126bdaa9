/** Utterances in the order in which they are heard, cut into the blocks that a sink takes. */
import { type Format, samplesOf } from '../audio/frame.ts'
import { fall, rise } from '../audio/ramp.ts'
import { Segment } from './segment.ts'

/** OUT-10: a partial block goes out when the queue is so close to running dry, and less does not start an utterance. In ms. */
const LOW_MS = 20

/** So many samples of a segment; without one they are padding. */
export type Part = { segment: Segment | undefined; n: number }
/** Interleaved samples for the sink, and whose they are. */
export type Block = { data: Int16Array; parts: Part[] }
/** The next block: its size, and how many samples the line has for it. `after`: when it wants to go, counted in played samples. */
export type Plan = { size: number; samples: number; after: number }

const nothing: Plan = { size: 0, samples: 0, after: Number.POSITIVE_INFINITY }

/** All counts are samples per channel. */
export class Line {
  readonly #format: Format
  readonly #tick: number
  readonly #whole: number
  readonly #low: number
  readonly #fade: number
  readonly #keptMs: number
  #segments: Segment[] = []
  #unsent = 0

  /** `keptMs`: how much of what was heard can be played again. */
  constructor(format: Format, fadeMs: number, keptMs = 0) {
    this.#format = format
    this.#keptMs = keptMs
    this.#tick = format.sampleRate / 100 // sinks play whole 10 ms blocks
    this.#whole = format.sampleRate / 20 // OUT-9: 50 ms
    this.#low = samplesOf(LOW_MS, format.sampleRate)
    this.#fade = samplesOf(fadeMs, format.sampleRate)
  }

  /** What waits to be handed over, of all utterances. */
  get unsent(): number {
    return this.#unsent
  }
  /** The first that still gets samples. */
  get growing(): Segment | undefined {
    return this.#segments.find(({ ended }) => !ended)
  }
  /** Whether a whole block waits for the sink: more of it changes nothing for now. */
  get hasWhole(): boolean {
    return this.#ready(this.#whole).ready >= this.#whole
  }
  /** Puts a new utterance at the end. */
  add(id: string): Segment {
    const changed = (unsent: number) => {
      this.#unsent += unsent
    }
    const segment = new Segment(id, this.#format, changed, this.#keptMs)
    this.#segments.push(segment)
    return segment
  }
  /** Takes out one that has nothing left to send. */
  remove(segment: Segment): void {
    this.#segments = this.#segments.filter(other => other !== segment)
  }

  /** What goes next, given what the sink still plays. If it holds three whole blocks they go by two: each hand-over has its price. */
  next(queued: number, holds = 0): Plan {
    const most = holds >= 3 * this.#whole ? 2 * this.#whole : this.#whole
    const { ready, ended, grows } = this.#ready(most)
    const whole = Math.floor(ready / this.#whole) * this.#whole
    if (whole > 0) return { size: Math.min(whole, most), samples: Math.min(whole, most), after: 0 }
    if (ready === 0) return nothing
    if (!grows) return this.#padded(ready)
    if (queued > this.#low) return { ...nothing, after: queued - this.#low }
    const size = Math.floor(ready / this.#tick) * this.#tick
    if (size > ended) return { size, samples: size, after: 0 }
    return ended > 0 ? this.#padded(ended) : nothing // an end does not wait for those behind it
  }

  /** The next `samples` of the line in a block of `size`; zeros fill the rest. */
  take({ size, samples }: Pick<Plan, 'size' | 'samples'>): Block {
    const data = new Int16Array(size * this.#format.channels)
    const parts: Part[] = []
    let at = 0
    for (const segment of this.#segments) {
      if (at === samples) break
      const n = Math.min(segment.unsent, samples - at)
      if (n === 0) continue
      this.#send(segment, n, data, at)
      parts.push({ segment, n })
      at += n
    }
    if (at < size) parts.push({ segment: undefined, n: size - at })
    return { data, parts }
  }

  /** The next samples of `segment`, as many as there are for it, falling to silence (OUT-23). */
  fade(segment: Segment): Int16Array {
    const { channels } = this.#format
    const n = Math.min(this.#fade, segment.unsent)
    const data = new Int16Array(n * channels)
    this.#send(segment, n, data, 0)
    fall(data, channels)
    return data
  }

  /** How many samples may go, `most` or more if there are so many; how many of them end an utterance; and whether there may be more of them soon. */
  #ready(most: number): { ready: number; ended: number; grows: boolean } {
    let ready = 0
    let ended = 0
    for (const segment of this.#segments) {
      if (!segment.open || ready >= most) break
      const starts = segment.sent === segment.soundsFrom
      if (!segment.ended && starts && segment.unsent < this.#low) return { ready, ended, grows: true }
      ready += segment.unsent
      if (!segment.ended) return { ready, ended, grows: true }
      ended = ready
    }
    return { ready, ended, grows: false }
  }
  /** OUT-11: an end is padded to whole ticks. */
  #padded(samples: number): Plan {
    return { size: Math.ceil(samples / this.#tick) * this.#tick, samples, after: 0 }
  }
  #send(segment: Segment, n: number, data: Int16Array, at: number): void {
    const { channels } = this.#format
    const from = segment.sent - segment.soundsFrom
    segment.send(n, data, at)
    if (segment.soundsFrom > 0 && from < this.#fade)
      rise(data.subarray(at * channels, (at + n) * channels), channels, from, this.#fade)
  }
}
