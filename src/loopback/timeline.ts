/** The sound of one track, laid on the clock: what is played follows from the time, nothing ticks. */
import type { Format } from '../audio/frame.ts'
import type { Clock } from '../ports.ts'
import { copyPieces, cutAt, forgetBefore, type Piece } from './pieces.ts'

/** Told what is placed where, and where it was cut. Positions: samples per channel since the clock's zero. */
export type Watcher = { wrote(at: number, data: Int16Array): void; cut(at: number): void }

/** What was played longer ago is forgotten: a listener's timer that comes later than this hears silence. */
const rememberedMs = 1_000

export class Timeline {
  readonly format: Format
  readonly #clock: Clock
  readonly #pieces: Piece[] = []
  readonly #watchers = new Set<Watcher>()
  #end = 0

  /** Throws a RangeError if a block of 10 ms would be no whole number of samples. */
  constructor({ sampleRate, channels }: Format, clock: Clock) {
    if (!Number.isInteger(sampleRate / 100) || sampleRate <= 0)
      throw new RangeError(`sampleRate must be a whole number of samples in 10 ms, not ${sampleRate}`)
    if (!Number.isInteger(channels) || channels < 1) throw new RangeError(`channels must be 1 or more, not ${channels}`)
    this.format = { sampleRate, channels }
    this.#clock = clock
  }

  /** The position that sounds now. */
  played(): number {
    return Math.floor((this.#clock.now() * this.format.sampleRate) / 1000)
  }
  /** How many samples are placed and not played yet. */
  ahead(): number {
    return Math.max(0, this.#end - this.played())
  }
  /** Places `data` (interleaved, not copied) behind what is there; from now on if that has been played. */
  write(data: Int16Array): void {
    if (data.length === 0) return
    const { sampleRate, channels } = this.format
    const now = this.played()
    forgetBefore(this.#pieces, channels, now - (rememberedMs * sampleRate) / 1000)
    const at = Math.max(this.#end, now)
    this.#pieces.push({ at, data })
    this.#end = at + data.length / channels
    for (const watcher of this.#watchers) watcher.wrote(at, data)
  }
  /** Takes back all that was not played yet: interleaved samples. */
  takeBack(): Int16Array {
    const now = this.played()
    const rest = this.#restFrom(now)
    if (rest.length === 0) return rest
    cutAt(this.#pieces, this.format.channels, now)
    this.#end = now
    for (const watcher of this.#watchers) watcher.cut(now)
    return rest
  }
  /** Copies `count` samples from position `from` to sample `at` of `into`, which stays as it is where nothing was placed. */
  read(from: number, count: number, into: Int16Array, at: number): void {
    copyPieces(this.#pieces, this.format.channels, from, count, into, at)
  }
  /** Watches from now on, beginning with what is placed ahead. The function given back ends that, with a cut at now. */
  watch(watcher: Watcher): () => void {
    const now = this.played()
    const rest = this.#restFrom(now)
    if (rest.length > 0) watcher.wrote(now, rest)
    this.#watchers.add(watcher)
    return () => {
      if (this.#watchers.delete(watcher)) watcher.cut(this.played())
    }
  }

  /** What is placed from `now` on is one run of samples: there are no gaps in what is ahead. */
  #restFrom(now: number): Int16Array {
    const count = Math.max(0, this.#end - now)
    const rest = new Int16Array(count * this.format.channels)
    this.read(now, count, rest, 0)
    return rest
  }
}
