/** What the listener heard: frames of 10 ms with the moment at which each arrived, and the way from moments to samples and back. */
import { readFileSync, writeFileSync } from 'node:fs'
import { halved } from './signal.ts'

/** The listener's rate in Hz, and samples of a frame. */
export const heardRate = 48_000
const frame = heardRate / 100

/** `stamps[n]`: the moment (`now()`) at which frame n arrived; `data`: the samples of all frames, mono at `heardRate`. */
export type Recording = { stamps: Float64Array; data: Int16Array }

/** The machine's monotonic clock in ms: the same in all of its processes. */
export const now = (): number => Number(process.hrtime.bigint()) / 1e6

/** Keeps the last minutes of what one listener hears. */
export class Recorder {
  readonly #keptFrames: number
  #stamps: number[] = []
  #frames: Int16Array[] = []

  constructor(keptMs: number) {
    this.#keptFrames = keptMs / 10
  }
  push(data: Int16Array, at: number): void {
    this.#stamps.push(at)
    this.#frames.push(data)
    if (this.#stamps.length < 2 * this.#keptFrames) return
    this.#stamps = this.#stamps.slice(-this.#keptFrames)
    this.#frames = this.#frames.slice(-this.#keptFrames)
  }
  /** What arrived in this time. */
  between(from: number, to: number): Recording {
    const wanted = this.#stamps.flatMap((at, n) => (at >= from && at <= to ? [n] : []))
    const data = new Int16Array(wanted.length * frame)
    for (const [place, n] of wanted.entries()) data.set(this.#frames[n]?.subarray(0, frame) ?? [], place * frame)
    return { stamps: Float64Array.from(wanted, n => this.#stamps[n] ?? 0), data }
  }
}

export const save = (file: string, { stamps, data }: Recording): void => {
  const bytes = [new Float64Array([stamps.length]), stamps, data].map(
    part => new Uint8Array(part.buffer, part.byteOffset, part.byteLength),
  )
  writeFileSync(file, Buffer.concat(bytes))
}
export const load = (file: string): Recording => {
  const bytes = readFileSync(file)
  // From the pool a small file's bytes may begin anywhere.
  const { buffer } = new Uint8Array(bytes)
  const length = new Float64Array(buffer, 0, 1)[0] ?? 0
  return { stamps: new Float64Array(buffer, 8, length), data: new Int16Array(buffer, 8 + 8 * length) }
}

/** A recording at the rate of the speech, with its moments. */
export class Heard {
  readonly recording: Recording
  readonly samples: Float32Array

  constructor(recording: Recording) {
    this.recording = recording
    this.samples = halved(recording.data)
  }
  /** The moment at which sample `n` (24 kHz) is heard by somebody who plays each frame as it arrives. */
  timeOf(n: number): number {
    const { stamps } = this.recording
    const index = Math.max(0, Math.min(stamps.length - 1, Math.floor((2 * n) / frame)))
    return (stamps[index] ?? 0) + ((2 * n - index * frame) * 1000) / heardRate
  }
  /** The first sample (24 kHz) of the first frame that arrived at `at` or later. */
  sampleAt(at: number): number {
    const index = this.recording.stamps.findIndex(stamp => stamp >= at)
    return ((index < 0 ? this.recording.stamps.length : index) * frame) / 2
  }
}
