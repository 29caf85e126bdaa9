/** Frames of any size in, frames of exactly one size out; each sample is copied at most once. */
import { type AudioFrame, type Format, frameOf } from './frame.ts'

/** Cuts frames of one format to `samples` per channel. */
export const cutter = (samples: number): Cutter => new Cutter(samples)

export class Cutter {
  readonly #samples: number
  #part: AudioFrame | undefined
  #filled = 0

  constructor(samples: number) {
    this.#samples = samples
  }

  /** What a frame has, in samples per channel. */
  get samples(): number {
    return this.#samples
  }
  /** How many samples per channel wait for more. */
  get size(): number {
    return this.#filled
  }

  /** Takes a frame in and gives back those that are full now. */
  push(frame: AudioFrame): AudioFrame[] {
    if (this.#filled === 0 && frame.samplesPerChannel === this.#samples) return [frame]
    const full: AudioFrame[] = []
    for (let read = 0; read < frame.samplesPerChannel; ) {
      const part = this.#part ?? this.#empty(frame)
      const count = Math.min(this.#samples - this.#filled, frame.samplesPerChannel - read)
      part.data.set(frame.data.subarray(read * frame.channels, (read + count) * frame.channels), this.#filled * frame.channels)
      read += count
      this.#filled += count
      this.#part = part
      if (this.#filled < this.#samples) break
      full.push(part)
      this.#part = undefined
      this.#filled = 0
    }
    return full
  }

  /** Takes out what is left: less than a frame, or nothing. */
  rest(): AudioFrame | undefined {
    const rest = this.#part && frameOf(this.#part.data.slice(0, this.#filled * this.#part.channels), this.#part)
    this.#part = undefined
    this.#filled = 0
    return rest
  }

  #empty(format: Format): AudioFrame {
    return frameOf(new Int16Array(this.#samples * format.channels), format)
  }
}

/** The stage: every frame has exactly `samples` per channel, but for the last, which has what is left. */
export const cut = (samples: number) =>
  async function* (source: AsyncIterable<AudioFrame>): AsyncGenerator<AudioFrame> {
    const knife = cutter(samples)
    for await (const frame of source) yield* knife.push(frame)
    const rest = knife.rest()
    if (rest) yield rest
  }
