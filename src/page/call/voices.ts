/** What the sound worklet does, apart from the browser: a microphone's samples to the server's rate, and the server's to the loudspeaker's. */

import { type Resampler, resampler } from '../../audio/resample.ts'
import { Lead, type LeadCounters } from '../../loopback/lead.ts'
import { Ring } from './ring.ts'

/** Of what goes to the server and comes from it, in Hz. */
export const sampleRate = 24_000
/** So much of the microphone is sent at once, in ms. */
const pieceMs = 20
/** What comes from the server comes up to so much late or early, in ms; a page at work takes that long to draw. */
const leadMs = 60
/** The most that may wait to be played, in ms: what the agent said is heard no later than this after an interruption. */
const mostMs = 160

const converter = (from: number, to: number): Resampler | undefined => (from === to ? undefined : resampler(from, to, 1))

/** A microphone at `rate`: floats in any number, pieces of 20 ms out. */
export class Capture {
  readonly #piece: Int16Array
  readonly #convert: Resampler | undefined
  #size = 0

  constructor(rate: number) {
    this.#piece = new Int16Array(Math.round((rate * pieceMs) / 1000))
    this.#convert = converter(rate, sampleRate)
  }

  /** Gives back the piece that is whole now, if one is: 16 bits at 24 000 Hz. At most one piece of samples at a time. */
  push(samples: Float32Array): Int16Array<ArrayBuffer> | undefined {
    const room = this.#piece.length - this.#size
    this.#note(samples.subarray(0, room))
    if (this.#size < this.#piece.length) return undefined
    const whole = this.#convert ? this.#convert.push(this.#piece) : this.#piece
    this.#size = 0
    const piece = Int16Array.from(whole)
    this.#note(samples.subarray(room))
    return piece
  }

  #note(samples: Float32Array): void {
    for (const sample of samples) {
      const value = Math.round(sample * 32_768)
      this.#piece[this.#size++] = Math.max(-32_768, Math.min(32_767, value))
    }
  }
}

/** A loudspeaker at `rate`, with a small buffer for what comes unevenly. */
export class Playback {
  readonly #lead: Lead
  readonly #ring: Ring
  readonly #convert: Resampler | undefined

  constructor(rate: number) {
    this.#lead = new Lead({ sampleRate: rate, leadMs, mostMs })
    this.#ring = new Ring(Math.round((rate * mostMs) / 1000))
    this.#convert = converter(sampleRate, rate)
  }

  get counters(): LeadCounters {
    return this.#lead.counters
  }
  /** How many samples wait. */
  get size(): number {
    return this.#ring.size
  }
  /** Takes what came from the server; with two channels both voices are heard. */
  push(samples: Int16Array, channels: 1 | 2): void {
    const mono = channels === 1 ? samples : both(samples)
    this.#ring.write(this.#lead.place(this.#convert ? this.#convert.push(mono) : mono, this.#ring.size))
  }
  pull(into: Float32Array): void {
    this.#ring.read(into)
  }
}

/** The sum of two voices that take turns, sample by sample. */
const both = (samples: Int16Array): Int16Array => {
  const sum = new Int16Array(samples.length >> 1)
  for (let i = 0; i < sum.length; i++)
    sum[i] = Math.max(-32_768, Math.min(32_767, (samples[2 * i] ?? 0) + (samples[2 * i + 1] ?? 0)))
  return sum
}
