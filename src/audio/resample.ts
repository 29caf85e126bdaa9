/** Band-limited resampling of a stream, and the stage that brings any stream of frames to one format. */
import { type AudioFrame, type Format, frameOf } from './frame.ts'
import { mix } from './mix.ts'

/** Zero crossings of the sinc on each side: steep enough for a slope of a fifth of the band. */
const CROSSINGS = 24
/** The band kept, as a share of the lower rate's; the rest is the filter's slope. */
const BAND = 0.92
/** Kaiser window: about −80 dB beside the pass band. */
const BETA = 8
/** More phases than this are rounded to the nearest: only odd ratios such as 44 101 : 24 000 have them. */
const PHASES = 1024

/** From one rate to another, in Hz, for interleaved samples of `channels`. */
export const resampler = (from: number, to: number, channels: number): Resampler => new Resampler(from, to, channels)

/** Resamples interleaved samples piece by piece: in all exactly round(samples in × to ÷ from) per channel, in place and without delay. */
export class Resampler {
  readonly #ratio: number
  readonly #channels: number
  readonly #up: number
  readonly #down: number
  readonly #half: number
  readonly #filter: Float32Array[]
  /** The window of the next sample begins at its head; before the first sample there was silence. */
  #pending: Float32Array
  /** How far behind the middle of the window the next sample lies, in 1 ÷ up of an input sample. */
  #phase = 0
  #taken = 0
  #made = 0

  constructor(from: number, to: number, channels: number) {
    const divisor = gcd(from, to)
    this.#ratio = to / from
    this.#channels = channels
    this.#up = to / divisor
    this.#down = from / divisor
    this.#half = Math.ceil(CROSSINGS * Math.max(1, from / to))
    this.#filter = filterOf(Math.min(this.#up, PHASES), this.#half, BAND * Math.min(1, to / from))
    this.#pending = new Float32Array((this.#half - 1) * channels)
  }

  push(data: Int16Array): Int16Array {
    this.#append(data)
    this.#taken += data.length / this.#channels
    return this.#run(Number.POSITIVE_INFINITY)
  }

  /** The end of the stream: what the filter still held back. */
  flush(): Int16Array {
    this.#append(new Float32Array(this.#half * this.#channels))
    return this.#run(Math.round(this.#taken * this.#ratio) - this.#made)
  }

  #run(limit: number): Int16Array {
    const windows = this.#pending.length / this.#channels - 2 * this.#half + 1
    const count = Math.max(0, Math.min(limit, Math.ceil((windows * this.#up - this.#phase) / this.#down)))
    const out = new Int16Array(count * this.#channels)
    let start = 0
    for (let write = 0; write < out.length; write += this.#channels) {
      this.#sample(start, out, write)
      this.#phase += this.#down
      start += Math.floor(this.#phase / this.#up)
      this.#phase %= this.#up
    }
    this.#pending = this.#pending.slice(start * this.#channels)
    this.#made += count
    return out
  }

  #sample(start: number, out: Int16Array, write: number) {
    // In locals: this loop is most of what a call costs, and reading fields in it doubles that.
    const [pending, channels] = [this.#pending, this.#channels]
    const taps = this.#filter[Math.floor((this.#phase * this.#filter.length) / this.#up)] ?? new Float32Array()
    const { length } = taps
    for (let channel = 0; channel < channels; channel++) {
      let sum = 0
      for (let tap = 0, at = start * channels + channel; tap < length; tap++, at += channels)
        sum += (pending[at] ?? 0) * (taps[tap] ?? 0)
      out[write + channel] = Math.max(-32768, Math.min(32767, Math.round(sum)))
    }
  }

  #append(data: ArrayLike<number>) {
    const longer = new Float32Array(this.#pending.length + data.length)
    longer.set(this.#pending)
    longer.set(data, this.#pending.length)
    this.#pending = longer
  }
}

/** The stage: every frame comes out in `to`; frames that have it already pass as they are. Follows a source that changes its format. */
export const conform = (to: Format) =>
  async function* (source: AsyncIterable<AudioFrame>): AsyncGenerator<AudioFrame> {
    let rate = to.sampleRate
    let convert: Resampler | undefined
    for await (const frame of source) {
      if (frame.sampleRate !== rate) {
        yield* framed(convert?.flush(), to)
        rate = frame.sampleRate
        convert = rate === to.sampleRate ? undefined : resampler(rate, to.sampleRate, to.channels)
      }
      const mixed = mix(frame.data, frame.channels, to.channels)
      if (convert) yield* framed(convert.push(mixed), to)
      else yield mixed === frame.data ? frame : frameOf(mixed, to)
    }
    yield* framed(convert?.flush(), to)
  }

const framed = (data: Int16Array | undefined, format: Format) => (data && data.length > 0 ? [frameOf(data, format)] : [])

/** One windowed sinc for each place between two input samples, each adding up to one. */
const filterOf = (count: number, half: number, cutoff: number): Float32Array[] =>
  Array.from({ length: count }, (_, phase) => {
    const taps = Float32Array.from({ length: 2 * half }, (_, tap) => {
      const at = tap - half + 1 - phase / count
      return sinc(cutoff * at) * kaiser(at / half)
    })
    const sum = taps.reduce((total, tap) => total + tap, 0)
    return taps.map(tap => tap / sum)
  })

const sinc = (x: number) => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x))
const kaiser = (x: number) => (Math.abs(x) > 1 ? 0 : bessel(BETA * Math.sqrt(1 - x * x)) / bessel(BETA))
/** The modified Bessel function of order 0, by its series. */
const bessel = (x: number) => {
  let sum = 1
  for (let term = 1, k = 1; term > 1e-12 * sum; k++) {
    term *= (x / (2 * k)) ** 2
    sum += term
  }
  return sum
}
const gcd = (a: number, b: number): number => (b === 0 ? a : gcd(b, a % b))
