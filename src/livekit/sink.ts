/**
 * The native queue of an audio source as a Sink (OUT-12). The queue cannot be asked what it still holds, but it plays one block
 * per tick of a fixed grid: so all that was handed over has a tick at which its last block is played, and the rest is counting.
 */
import { type Format, samplesOf } from '../audio/frame.ts'
import { coded, lineOf } from '../errors.ts'
import type { Log, Sink, TakenBack } from '../ports.ts'
import { EARLIER, EARLY, LATE, OFF, phaseOf, settledFrom, sinceTick, TICK, tickAt } from './tick.ts'

/** What the sink needs of an audio source: `capture` resolves when the block is in the queue and the queue within its bound. */
export type NativeQueue = { capture(data: Int16Array): Promise<void>; clear(): void }
/** Monotonic milliseconds, not frozen, and a wait that does not give way to the event loop. */
export type Watch = { now(): number; spin(until: number): void }
export type SinkOptions = Format & { queueMs: number; log: Log; watch?: Watch }

/** A capture is in the native queue so many ms after its request (95 % are answered within 0.7; a block that lands later plays). */
const LANDING = 3
/** Blocks beyond the bound of a capture that is to resolve on a tick: more than our count may be off, so that it must wait for one. */
const OVERFILL = 2
/** Blocks by which the count may be off while it is a guess. */
const DOUBT = 2
/** The grid is looked at again after so many ms: on Linux it stays, elsewhere a clock may drift or stop while the machine sleeps. */
const TRUSTED = 60_000
/** Ticks to watch at first, and at most: 12 tell the grid to 0.2 ms; when the machine is busy more are needed. */
const TICKS = 12
const MOST_TICKS = 48
/** Moments that must agree with one another against the known grid. */
const STRAYS = 3

const monotonic: Watch = {
  now: () => performance.now(),
  spin: until => {
    while (performance.now() < until);
  },
}

export class NativeSink implements Sink {
  readonly sampleRate: number
  readonly channels: number
  readonly #native: NativeQueue
  readonly #watch: Watch
  readonly #log: Log
  /** Samples per channel of a block, and blocks of a full queue. */
  readonly #block: number
  readonly #capacity: number
  /** The grid, once it is known; until then `#grid` is a guess. */
  #phase: number | undefined
  #grid = 0
  #seenAt = 0
  #strays: number[] = []
  /** The number of the tick at which the last block handed over is played, and whether that is beyond doubt. */
  #end = 0
  #sure = false
  #overfilled = false
  #busy: Promise<void> | undefined
  #handedAt = 0
  /** Goes up with each clear: what was asked before it is void. */
  #round = 0
  #closed = false
  /** What was not played when it was closed, until somebody takes it back: in blocks. */
  #left = 0

  constructor(native: NativeQueue, { sampleRate, channels, queueMs, log, watch = monotonic }: SinkOptions) {
    this.#native = native
    this.#watch = watch
    this.#log = log
    this.sampleRate = sampleRate
    this.channels = channels
    this.#block = samplesOf(TICK, sampleRate)
    this.#capacity = queueMs / TICK
  }

  /** Learns the grid with silence, before anybody listens: takes 0.12 s, up to 0.5 s on a busy machine. Never rejects. */
  async tune(signal: AbortSignal): Promise<void> {
    const silence = (blocks: number) => new Int16Array(blocks * this.#block * this.channels)
    const moments: number[] = []
    try {
      await this.#native.capture(silence(this.#capacity))
      while (this.#phase === undefined && moments.length < MOST_TICKS && !signal.aborted && !this.#closed) {
        await this.#native.capture(silence(1))
        moments.push(this.#watch.now())
        if (moments.length % TICKS === 0) this.#phase = phaseOf(moments)
      }
      if (!this.#closed) this.#native.clear()
    } catch (error) {
      this.#log('warn', 'livekit.sink.untuned', { error: lineOf(error) })
    }
    if (this.#phase === undefined) this.#log('debug', 'livekit.sink.grid.unknown', { ticks: moments.length })
    this.#sure = this.#phase !== undefined
    this.#seenAt = this.#watch.now()
  }

  queued(): number {
    return this.#queued() * this.#block
  }

  free(): number {
    if (this.#closed || this.#overfilled) return 0
    const bound = this.#wantsTick() ? this.#capacity + OVERFILL : this.#capacity - (this.#sure ? 0 : 1)
    return Math.min(this.#capacity, Math.max(0, bound - this.#queued())) * this.#block
  }

  write(data: Int16Array): Promise<void> {
    try {
      this.#check(data)
    } catch (error) {
      return Promise.reject(error)
    }
    const blocks = data.length / this.channels / this.#block
    const wanted = this.#wantsTick()
    if (this.#end + (this.#sure ? 0 : DOUBT) < tickAt(this.#grid, this.#watch.now() + EARLY)) this.#begin()
    const first = Math.max(this.#end, tickAt(this.#grid, this.#watch.now())) + 1
    this.#end = first - 1 + blocks
    this.#overfilled = wanted && this.#queued() >= this.#capacity + OVERFILL
    // The SDK takes the pointer of the whole underlying buffer: it must have neither an offset nor a rest.
    const whole = data.byteLength === data.buffer.byteLength ? data : data.slice()
    return this.#hand(whole, { blocks, first, overfills: this.#overfilled })
  }

  clear(): TakenBack {
    if (this.#closed) {
      const unplayed = this.queued()
      this.#left = 0
      return { unplayed, exact: false }
    }
    if (this.#queued() === 0) return { unplayed: 0, exact: this.#sure }
    this.#settle()
    const now = tickAt(this.#grid, this.#watch.now())
    const blocks = Math.max(0, this.#end - now)
    const exact = this.#sure && !this.#overfilled
    this.#native.clear()
    // What was handed over has landed and is gone: the next block need not wait for the answer. One that overfilled still blocks.
    if (!this.#overfilled) this.#busy = undefined
    this.#overfilled = false
    this.#end = now
    this.#sure = this.#phase !== undefined // whatever was there, now it is empty
    this.#round++
    return { unplayed: blocks * this.#block, exact }
  }

  /** Nothing can be written any more, and nothing plays: what was not played counts as queued until it is taken back (law 2). */
  close(): void {
    if (this.#closed) return
    this.#left = this.#queued()
    this.#closed = true
    this.#round++
  }

  /** Blocks that are surely not played yet: a tick counts only when it must have run. */
  #queued(): number {
    if (this.#closed) return this.#left
    return Math.max(0, this.#end - tickAt(this.#grid, this.#watch.now() - LATE))
  }
  #wantsTick(): boolean {
    return !this.#sure || this.#watch.now() - this.#seenAt > TRUSTED
  }
  #check(data: Int16Array): void {
    if (this.#closed) throw coded('ERR_CLOSED', 'the speaker is closed: nothing can be written')
    if (!(data instanceof Int16Array)) throw new TypeError('the speaker takes an Int16Array of interleaved samples')
    const samples = data.length / this.channels
    if (samples <= 0 || !Number.isInteger(samples / this.#block))
      throw new RangeError(`the speaker takes whole blocks of ${this.#block} samples, not ${samples}: pad the last one`)
    const free = this.free()
    if (samples > free) throw new RangeError(`the speaker has room for ${free} samples, not for ${samples}: ask free() first`)
  }

  /** The queue has run dry: the next tick plays what comes now. */
  #begin(): void {
    this.#sure = this.#phase !== undefined
    if (this.#phase === undefined) this.#grid = this.#watch.now() - TICK / 2
    else {
      this.#grid = this.#phase
      this.#watch.spin(settledFrom(this.#phase, this.#watch.now(), EARLY))
    }
    this.#end = tickAt(this.#grid, this.#watch.now())
  }
  /** Waits, at most 6 ms and mostly not at all, until it is beyond doubt what has been played and until what was handed over has landed. */
  #settle(): void {
    if (this.#busy && !this.#overfilled) this.#watch.spin(this.#handedAt + LANDING)
    if (this.#phase !== undefined) this.#watch.spin(settledFrom(this.#phase, this.#watch.now(), EARLIER))
  }

  /** One capture at a time; at once, in this very turn, if none is on its way. */
  #hand(data: Int16Array, about: { blocks: number; first: number; overfills: boolean }): Promise<void> {
    const round = this.#round
    const capture = async () => {
      if (round !== this.#round) return // taken back before it was handed over
      this.#handedAt = this.#watch.now()
      await this.#native.capture(data)
      if (round === this.#round) this.#landed(about)
    }
    const done = this.#busy ? this.#busy.then(capture) : capture()
    // It counts until its writer hears of it, and nobody may ask in between: so this comes first.
    done.catch(() => {
      if (round === this.#round) this.#refused(about)
    })
    const settled: Promise<void> = done.then(
      () => this.#free(settled),
      () => this.#free(settled),
    )
    this.#busy = settled
    return done
  }
  #free(settled: Promise<void>): void {
    if (this.#busy === settled) this.#busy = undefined
  }
  #refused({ blocks, overfills }: { blocks: number; overfills: boolean }): void {
    this.#end = Math.max(this.#end - blocks, tickAt(this.#grid, this.#watch.now()))
    if (overfills) this.#overfilled = false
  }
  #landed({ first, overfills }: { first: number; overfills: boolean }): void {
    const now = this.#watch.now()
    if (overfills) this.#ticked(now)
    else if (this.#phase !== undefined && now > this.#phase + first * TICK - OFF) this.#sure = false // perhaps a tick too late
  }
  /** A capture that overfilled was answered: this is a tick, and exactly a full queue remains. */
  #ticked(at: number): void {
    this.#overfilled = false
    this.#seenAt = at
    if (this.#phase === undefined || sinceTick(this.#phase, at) > LATE) this.#doubt(at)
    else this.#strays = []
    this.#sure = this.#phase !== undefined && this.#strays.length === 0
    this.#grid = this.#phase ?? at
    this.#end = tickAt(this.#grid, at) + this.#capacity
  }
  /** The known grid does not explain this moment: either the answer came late, or the grid is another. */
  #doubt(at: number): void {
    this.#strays.push(at)
    if (this.#strays.length < STRAYS) return
    const found = phaseOf(this.#strays.slice(-STRAYS))
    if (found === undefined) return
    this.#log('debug', 'livekit.sink.grid.found', { known: this.#phase !== undefined })
    this.#phase = found
    this.#strays = []
  }
}
