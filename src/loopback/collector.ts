/** Collects the sound of a track as it is sent: in whole blocks, when they are due. */
import type { Format } from '../audio/frame.ts'
import type { Clock } from '../ports.ts'

/** Something that sounds. Positions: samples per channel since the clock's zero. */
export type Sound = {
  readonly format: Format
  /** Copies `count` samples from position `from` to sample `at` of `into`, which stays as it is where nothing sounds. */
  read(from: number, count: number, into: Int16Array, at: number): void
  /** Muted: it sends nothing, not even silence. */
  muted(): boolean
  /** Calls back after each mute and unmute. */
  watch(changed: () => void): () => void
}
/** `missingMs`: after how much more sound the collector is to wake; `push` gets what is due, interleaved. */
export type Collecting = { clock: Clock; missingMs: () => number; push: (data: Int16Array) => void }

/** A live track sends one block at a time, on this grid. */
const blockMs = 10

/** One timer at most waits. */
export class Collector {
  readonly #sound: Sound
  readonly #how: Collecting
  readonly #block: number
  /** The position read next; undefined while nothing is sent. */
  #from: number | undefined
  #timer: unknown
  #unwatch = () => {}

  constructor(sound: Sound, how: Collecting) {
    this.#sound = sound
    this.#how = how
    this.#block = (sound.format.sampleRate * blockMs) / 1000
  }

  start(): void {
    this.#unwatch = this.#sound.watch(() => this.#change())
    this.#change()
  }
  /** Pushes what is due by now. */
  collect(): void {
    const due = Math.floor(this.#position() / this.#block) * this.#block
    if (this.#from === undefined || due <= this.#from) return
    const count = due - this.#from
    const data = new Int16Array(count * this.#sound.format.channels)
    this.#sound.read(this.#from, count, data, 0)
    this.#from = due
    this.#how.push(data)
  }
  stop(): void {
    this.#unwatch()
    this.#rest()
    this.#from = undefined
  }

  #position(): number {
    return (this.#how.clock.now() * this.#sound.format.sampleRate) / 1000
  }
  #change(): void {
    this.collect()
    if (this.#sound.muted()) this.#from = undefined
    else this.#from ??= Math.ceil(this.#position() / this.#block) * this.#block
    this.#wait()
  }
  #wait(): void {
    this.#rest()
    if (this.#from === undefined) return
    const { sampleRate } = this.#sound.format
    const { clock, missingMs } = this.#how
    const due = Math.ceil((this.#from + (missingMs() * sampleRate) / 1000) / this.#block) * this.#block
    this.#timer = clock.setTimeout(() => this.#wake(), (due * 1000) / sampleRate - clock.now())
  }
  #wake(): void {
    this.#timer = undefined
    this.collect()
    this.#wait()
  }
  #rest(): void {
    if (this.#timer !== undefined) this.#how.clock.clearTimeout(this.#timer)
    this.#timer = undefined
  }
}
