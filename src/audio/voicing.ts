/**
 * How far speech has come in audio that is pushed piece by piece: the time that is voiced, and how much the level has gone up and down,
 * which is about the same for each syllable, spoken fast or slowly. Keeps no samples, and only what was not heard yet.
 */
import type { Format } from './frame.ts'

/** ms of voice, and the sum of all changes of level, in parts of the usual loudness. */
export type Extent = { voicedMs: number; change: number }
/** A silence with voice on both sides: from when to when, and how far speech has come there. */
export type Silence = { atMs: number; endMs: number; extent: Extent }

/** The level is taken in steps of this length, in ms. */
const STEP_MS = 10
/** A silence of this length or more is no part of the speech, in ms (SYNC-8). */
const SILENCE_MS = 200
/** One of this length is told, in ms: a comma of fast speech. Within a word the mouth is closed for less. */
const TOLD_MS = 120
/** What is softer than this part of the usual loudness is silence: 36 dB below. */
const SOFT = 0.016
/** The usual loudness before anything was loud, of 32 768. */
const LOUDNESS = 500
/** … and what is left of it after a step that is softer: half after 7 s. */
const DECAY = 0.999
/** So much is kept of what was heard, in ms. */
const KEPT_MS = 1_000

export class Voicing {
  readonly #step: number
  readonly #channels: number
  #power = 0
  #samples = 0
  #loudness = LOUDNESS
  /** The levels of the last two steps and the mean of three: one step says little. */
  #levels: [number, number] = [0, 0]
  #mean = 0
  /** How far speech has come at the beginning of each step from number `#first` on. */
  #extents: Extent[] = [{ voicedMs: 0, change: 0 }]
  #first = 0
  /** What has changed in each soft step at the end: they may be part of the speech. */
  #soft: number[] = []
  /** How long it has been soft, in steps. */
  #still = 0
  #begun = false
  readonly silences: Silence[] = []
  #ended = false

  constructor({ sampleRate, channels }: Format) {
    this.#step = (sampleRate * STEP_MS) / 1000
    this.#channels = channels
  }

  /** Takes interleaved samples. */
  push(data: Int16Array): void {
    for (let at = 0; at < data.length; ) {
      const end = Math.min(data.length, at + (this.#step - this.#samples) * this.#channels)
      this.#samples += (end - at) / this.#channels
      for (; at < end; at++) this.#power += (data[at] ?? 0) ** 2
      if (this.#samples < this.#step) return
      this.#take(Math.sqrt(this.#power / (this.#step * this.#channels)))
      this.#power = 0
      this.#samples = 0
    }
  }
  /** Nothing more will be pushed. */
  end(): void {
    this.#ended = true
    this.#soft = [] // not followed by voice: a silence
  }
  get ended(): boolean {
    return this.#ended
  }

  /** How far speech has come in all that was pushed. */
  get total(): Extent {
    return this.#extents.at(-1) ?? { voicedMs: 0, change: 0 }
  }
  /** Up to which position it is known how far speech has come, in ms. */
  get knownMs(): number {
    return (this.#first + this.#extents.length - 1) * STEP_MS
  }
  /** How far it has come at `ms`; beyond what is known, as far as is known. */
  at(ms: number): Extent {
    const place = Math.max(0, Math.min(ms / STEP_MS - this.#first, this.#extents.length - 1))
    const from = this.#extents[Math.floor(place)] ?? this.total
    const to = this.#extents[Math.ceil(place)] ?? from
    const share = place % 1
    return {
      voicedMs: from.voicedMs + share * (to.voicedMs - from.voicedMs),
      change: from.change + share * (to.change - from.change),
    }
  }
  /** How many steps are kept. */
  get size(): number {
    return this.#extents.length
  }
  /** What lies long before `ms` will not be asked for any more. */
  forget(ms: number): void {
    const over = Math.floor((ms - KEPT_MS) / STEP_MS) - this.#first
    if (over < this.#extents.length / 2) return // half of it at once: the work for each step stays constant
    const gone = Math.min(over, this.#extents.length - 1)
    this.#extents = this.#extents.slice(gone)
    this.#first += gone
  }

  #take(rms: number): void {
    this.#loudness = Math.max(rms, this.#loudness * DECAY)
    const change = this.#changeTo(Math.sqrt(rms / this.#loudness))
    if (rms >= SOFT * this.#loudness) this.#sound(change)
    else this.#hush(change)
  }
  #changeTo(level: number): number {
    const mean = (this.#levels[0] + this.#levels[1] + level) / 3
    const change = Math.abs(mean - this.#mean)
    this.#levels = [this.#levels[1], level]
    this.#mean = mean
    return change
  }
  #hush(change: number): void {
    this.#still++
    if (this.#begun && this.#still * STEP_MS < SILENCE_MS) {
      this.#soft.push(change)
      return
    }
    for (const _ of this.#soft) this.#advance(0, 0)
    this.#soft = []
    this.#advance(0, 0)
  }
  #sound(change: number): void {
    if (this.#begun && this.#still * STEP_MS >= TOLD_MS) {
      const endMs = this.knownMs + this.#soft.length * STEP_MS
      this.silences.push({ atMs: endMs - this.#still * STEP_MS, endMs, extent: this.total })
    }
    for (const soft of this.#soft) this.#advance(STEP_MS, soft)
    this.#soft = []
    this.#still = 0
    this.#begun = true
    this.#advance(STEP_MS, change)
  }
  #advance(voicedMs: number, change: number): void {
    const { total } = this
    this.#extents.push({ voicedMs: total.voicedMs + voicedMs, change: total.change + change })
  }
}
