/** The device queue of the loopback room: bounded, and drained by the clock. */
import type { Clock, Sink, SpeakerTrack, TakenBack } from '../ports.ts'
import { Timeline } from './timeline.ts'

/** `exact` is what its `clear` says of itself; `refusal` gives the error with which the next write fails, if there is one. */
export type DeviceOptions = { exact: boolean; refusal: () => Error | undefined }

/** The native queue takes blocks of this length, in milliseconds. */
const blockMs = 10

export class Device implements Sink {
  readonly sampleRate: number
  readonly channels: number
  readonly timeline: Timeline
  readonly #options: DeviceOptions
  readonly #block: number
  readonly #capacity: number
  /** What was handed over while the device hangs, and what it had not played by then. */
  #held: Int16Array[] | undefined
  #closed = false
  /** Samples that were refused, and whose writer does not know yet: until then they count. */
  #refused = 0

  /** Throws a RangeError if the native queue could not be made so. */
  constructor({ sampleRate, channels, queueMs }: SpeakerTrack, clock: Clock, options: DeviceOptions) {
    if (!Number.isInteger(queueMs / blockMs) || queueMs <= 0)
      throw new RangeError(`queueMs must be a positive multiple of ${blockMs}, not ${queueMs}`)
    this.timeline = new Timeline({ sampleRate, channels }, clock)
    this.sampleRate = sampleRate
    this.channels = channels
    this.#options = options
    this.#block = (sampleRate * blockMs) / 1000
    this.#capacity = (sampleRate * queueMs) / 1000
  }

  free(): number {
    if (this.#closed) return 0
    return Math.floor((this.#capacity - this.queued()) / this.#block) * this.#block
  }
  queued(): number {
    const held = (this.#held ?? []).reduce((sum, data) => sum + data.length, 0)
    return this.timeline.ahead() + held / this.channels + this.#refused
  }
  write(data: Int16Array): Promise<void> {
    const samples = data.length / this.channels
    const misuse = this.#misuseOf(samples)
    if (misuse) return Promise.reject(misuse)
    const refusal = this.#options.refusal()
    if (refusal) return this.#refuse(samples, refusal)
    const copy = data.slice() // the caller may use his array again
    if (this.#held) this.#held.push(copy)
    else this.timeline.write(copy)
    return Promise.resolve()
  }
  clear(): TakenBack {
    const queued = this.queued()
    this.timeline.takeBack()
    if (this.#held) this.#held = []
    return { unplayed: queued, exact: this.#options.exact && !this.#closed }
  }
  /** Stops playing, as a device that hangs; the function given back lets it go on with what is queued. */
  stall(): () => void {
    this.#held ??= [this.timeline.takeBack()]
    return () => {
      for (const data of this.#held ?? []) this.timeline.write(data)
      this.#held = undefined
    }
  }
  /** Nothing is played or taken any more. What was not played counts as queued until it is taken back. */
  close(): void {
    this.stall()
    this.#closed = true
  }

  #refuse(samples: number, error: Error): Promise<void> {
    this.#refused += samples
    const told = Promise.reject(error)
    told.catch(() => {
      this.#refused -= samples // before the writer hears of it, and nothing in between
    })
    return told
  }
  #misuseOf(samples: number): Error | undefined {
    if (this.#closed) return new Error('the speaker is closed: nothing can be written')
    if (!Number.isInteger(samples / this.#block))
      return new Error(`the speaker takes whole blocks of ${this.#block} samples, not ${samples}: pad the last one`)
    if (samples > this.free())
      return new Error(`the speaker has room for ${this.free()} samples, not for ${samples}: ask free() first`)
    return undefined
  }
}
