/** The samples of one utterance, kept until they were heard, and the account of them: pushed = heard + discarded + pending. */
import { type Format, samplesOf } from '../audio/frame.ts'
import type { Tally } from '../ports.ts'

/** Samples are kept in pages of this length in ms: however they are pushed, each is found, and let go of, in one step. */
const PAGE_MS = 200

/**
 * Positions and counts are samples per channel. A position counts what is kept: what a refused block cost is taken out. Of what was
 * heard the last is kept too, so that it can be played again: that counts once.
 */
export class Segment {
  readonly id: string
  readonly #channels: number
  readonly #page: number
  readonly #changed: (unsent: number) => void
  readonly #kept: number
  #pages: Int16Array[] = []
  /** The position of the first page, of the next sample to send, of the next to be heard, and of the next to be pushed. */
  #base = 0
  #sent = 0
  #heard = 0
  #length = 0
  #lost = 0
  /** How many samples before the next to be heard are played again; and of such, how many a refused block took out. */
  #again = 0
  #spared = 0
  /** No more samples will come. */
  ended = false
  /** Its samples may be handed over. */
  open = true
  /** Where it last began to sound: from there on its samples rise from silence, unless it is the very start. */
  soundsFrom = 0

  /** `changed` is told by how much `unsent` changes; `keptMs` of what was heard can be played again. */
  constructor(id: string, { sampleRate, channels }: Format, changed: (unsent: number) => void = () => {}, keptMs = 0) {
    this.id = id
    this.#channels = channels
    this.#page = samplesOf(PAGE_MS, sampleRate)
    this.#changed = changed
    this.#kept = samplesOf(keptMs, sampleRate)
  }

  /** How far the samples were handed to the sink. */
  get sent(): number {
    return this.#sent
  }
  /** How much of it was heard. Never falls. */
  get heard(): number {
    return this.#heard + this.#spared
  }
  /** The position of the next sample to be played: once more, if it was heard before. */
  get played(): number {
    return this.#heard - this.#again
  }
  /** How many samples are heard once more. */
  get again(): number {
    return this.#again
  }
  get unsent(): number {
    return this.#length - this.#sent
  }
  get pending(): number {
    return this.#length - this.#heard
  }
  get drained(): boolean {
    return this.ended && this.pending === 0 && this.#again === 0
  }
  get tally(): Tally {
    return { pushed: this.#length + this.#lost + this.#spared, heard: this.heard, discarded: this.#lost }
  }

  /** Takes a copy of interleaved samples. */
  push(data: Int16Array): void {
    this.#append(data)
    this.#changed(data.length / this.#channels)
  }

  /** Copies the next `n` unsent samples into `out` from sample `at` on, and counts them as sent. */
  send(n: number, out: Int16Array, at: number): void {
    this.#copy(this.#sent, n, out, at)
    this.#sent += n
    this.#changed(-n)
  }

  /** The last `n` samples that were sent are here again: the sink has not played them. */
  takeBack(n: number): void {
    this.#sent -= n
    this.#changed(n)
  }

  /** All that was sent is here again: plays the last `n` heard samples once more, or as many as are kept. */
  rewind(n: number): void {
    const sent = this.#sent
    this.#sent = Math.max(this.#base, this.#heard - this.#kept, Math.min(this.#sent, this.#heard - n))
    this.#again = this.#heard - this.#sent
    this.#changed(sent - this.#sent)
  }

  /** Counts the next `n` samples as heard, and lets go of them. */
  hear(n: number): void {
    const again = Math.min(n, this.#again)
    this.#again -= again
    this.#heard += n - again
    while (this.#pages.length > 0 && this.#base + this.#page <= this.#heard - this.#kept) {
      this.#pages.shift()
      this.#base += this.#page
    }
  }

  /** Takes `n` sent samples from position `from` on out of the utterance: they are lost, and counted as discarded. */
  lose(from: number, n: number): void {
    const kept = new Int16Array((this.#length - from - n) * this.#channels)
    this.#copy(from + n, this.#length - from - n, kept, 0)
    const spared = Math.min(n, Math.max(0, this.#heard - from))
    this.#length = from
    this.#sent -= n
    this.#lost += n - spared
    this.#spared += spared
    this.#heard -= spared
    this.#again -= spared
    this.#append(kept)
  }

  /** Discards all that was not heard; the account is final. */
  discard(): Tally {
    this.#changed(-this.unsent)
    this.#lost += this.pending
    this.#length = this.#heard
    this.#sent = this.#heard
    this.#again = 0
    this.#pages = []
    this.ended = true
    return this.tally
  }

  #append(data: Int16Array): void {
    const { length } = data
    const page = this.#page * this.#channels
    for (let done = 0; done < length; ) {
      const at = (this.#length - this.#base) * this.#channels
      const index = Math.floor(at / page)
      const part = data.subarray(done, done + page - (at % page))
      this.#pages[index] ??= new Int16Array(page)
      this.#pages[index].set(part, at % page)
      this.#length += part.length / this.#channels
      done += part.length
    }
  }
  #copy(from: number, n: number, out: Int16Array, at: number): void {
    const page = this.#page * this.#channels
    const start = (from - this.#base) * this.#channels
    const end = start + n * this.#channels
    for (let done = start; done < end; ) {
      const part = this.#pages[Math.floor(done / page)]?.subarray(done % page, (done % page) + end - done)
      if (!part) return
      out.set(part, at * this.#channels + done - start)
      done += part.length
    }
  }
}
