/** What one member of the room hears of another: exactly what sounded, and silence where nothing did. */
import type { AudioFrame, Format } from '../audio/frame.ts'
import { mix } from '../audio/mix.ts'
import type { Clock } from '../ports.ts'
import type { Sound } from './collector.ts'
import { framesOf } from './listening.ts'
import { copyPieces, cutAt, forgetBefore, type Piece } from './pieces.ts'
import type { Track } from './track.ts'

export type EarOptions = {
  identity: string
  sampleRate: number
  clock: Clock
  begun: () => () => void
  lost: (samples: number) => void
  /** Told a track that has another rate, and so is not heard. */
  deaf: (track: Track) => void
  closed: () => void
}
/** Mono samples of what one member of the room plays, from `hears` on. */
export type Ear = Pick<EarInside, 'identity' | 'sampleRate' | 'samples' | 'take' | 'forget' | 'frames' | 'close'>
type Tap = { pieces: Piece[]; off: () => void }

/** An ear, and what the room does with it. */
export class EarInside implements Sound {
  readonly identity: string
  readonly sampleRate: number
  readonly format: Format
  readonly #options: EarOptions
  readonly #taps = new Map<Track, Tap>()
  /** What was heard of tracks that have ended. */
  readonly #heard: Piece[][] = []
  readonly #ended = new AbortController()
  #start: number

  constructor(options: EarOptions) {
    this.identity = options.identity
    this.sampleRate = options.sampleRate
    this.format = { sampleRate: options.sampleRate, channels: 1 }
    this.#options = options
    this.#start = this.#now()
  }

  /** All that was heard from the beginning (or since the last `take`), up to now. */
  samples(): Int16Array {
    const heard = new Int16Array(this.#now() - this.#start)
    this.read(this.#start, heard.length, heard, 0)
    return heard
  }
  /** The same, which is then forgotten: for what lasts long. */
  take(): Int16Array {
    const heard = this.samples()
    this.forget()
    return heard
  }
  /** What was heard until now is kept no longer: for who listens to `frames` only. */
  forget(): void {
    this.#start = this.#now()
    const old = this.#start - this.sampleRate // `frames` may still want the last second
    for (const pieces of this.#all()) forgetBefore(pieces, 1, old)
    for (let n = this.#heard.length - 1; n >= 0; n--) if (this.#heard[n]?.length === 0) this.#heard.splice(n, 1)
  }
  /** What is heard from the first `next()` on, as frames of exactly `frameMs` (10), paced by the clock. Ends at `close()`. */
  frames(frameMs: number | undefined, signal: AbortSignal): AsyncIterable<AudioFrame> {
    const { clock, lost, begun } = this.#options
    const how = frameMs === undefined ? this.format : { ...this.format, frameMs }
    return framesOf(this, how, { clock, signal, ended: this.#ended.signal, lost, begun })
  }
  close(): void {
    if (this.#ended.signal.aborted) return
    for (const track of [...this.#taps.keys()]) this.detach(track)
    this.#ended.abort()
    this.#options.closed()
  }

  /** For the room: hears this track from now on. */
  attach(track: Track): void {
    if (this.#taps.has(track) || track.pictures) return
    const { sampleRate, channels } = track.format
    if (sampleRate !== this.sampleRate) {
      this.#options.deaf(track)
      return
    }
    const pieces: Piece[] = []
    const off = track.tap({
      wrote: (at, data) => pieces.push({ at, data: mix(data, channels, 1) }),
      cut: at => cutAt(pieces, 1, at),
    })
    this.#taps.set(track, { pieces, off })
  }
  detach(track: Track): void {
    const tap = this.#taps.get(track)
    if (!tap) return
    tap.off()
    this.#taps.delete(track)
    this.#heard.push(tap.pieces)
  }
  read(from: number, count: number, into: Int16Array, at: number): void {
    for (const pieces of this.#all()) copyPieces(pieces, 1, from, count, into, at)
  }
  muted(): boolean {
    return false
  }
  watch(): () => void {
    return () => {}
  }

  #all(): Piece[][] {
    return [...this.#heard, ...[...this.#taps.values()].map(({ pieces }) => pieces)]
  }
  #now(): number {
    return Math.floor((this.#options.clock.now() * this.sampleRate) / 1000)
  }
}
