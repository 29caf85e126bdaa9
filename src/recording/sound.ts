/** The sound of a recording: the caller's pieces where they came, the agent's where they were heard. */
import type { FileHandle } from 'node:fs/promises'
import type { FactMessage, Message, SoundMessage } from '../inspector/messages.ts'

export type Side = 'caller' | 'agent'
/** Samples in media.bin: `at` in ms of the clock, `byte` where the first of them is. */
type Place = { at: number; samples: number; rate: number; byte: number }
/** A piece of an utterance, as it was given: `offset` in samples. */
type Piece = { offset: number; samples: number; rate: number; byte: number }
type Utterance = { pieces: Piece[]; runs: Run[]; startedAt: number | undefined }
/** What was heard of it without a break, in samples of the agent's voice. */
type Run = { startedAt: number; offset: number; duration: number }

/** Pieces that follow each other are joined without a seam if their moments say so within this, in ms: a clock is read late, a sample is not. */
const SEAM = 80

export class Sound {
  readonly rate: number
  readonly #media: FileHandle | undefined
  readonly #caller: Place[] = []
  readonly #utterances = new Map<string, Utterance>()
  #longest = 0
  #next = { offset: -1, at: 0 }

  /** `rate`: of the agent's voice, and of what is rendered. */
  constructor(rate: number, media: FileHandle | undefined) {
    this.rate = rate
    this.#media = media
  }

  add(message: Message): void {
    if (message.type === 'fact') this.#note(message)
    if (message.type !== 'sound' || !message.media) return
    if (message.of === 'caller') this.#place(message, message.media[0])
    else {
      const { offset, samples, sampleRate: rate, media } = message
      this.#of(message.of.slice('utterance:'.length)).pieces.push({ offset, samples, rate, byte: media[0] })
    }
  }

  /** Between two samples of the time that begins at `zero` ms: silence where nothing sounds, or where nothing is in the file. */
  async render(side: Side, zero: number, from: number, to: number): Promise<Int16Array> {
    const out = new Int16Array(Math.max(0, to - from))
    const [start, end] = [zero + (from * 1000) / this.rate, zero + (to * 1000) / this.rate]
    for (const place of side === 'caller' ? this.#callerIn(start, end) : this.#agentIn(start, end)) {
      const first = Math.round(((place.at - zero) * this.rate) / 1000) - from
      await this.#lay(place, out, first)
    }
    return out
  }

  #of(id: string): Utterance {
    const known = this.#utterances.get(id) ?? { pieces: [], runs: [], startedAt: undefined }
    this.#utterances.set(id, known)
    return known
  }
  #note({ fact }: FactMessage): void {
    if (fact.type === 'utterance.started') this.#of(fact.id).startedAt = fact.at
    if (fact.type === 'utterance.progressed') this.#of(fact.id).runs.push(fact)
  }
  #place({ at, offset, samples, sampleRate: rate }: SoundMessage, byte: number): void {
    const ms = (samples * 1000) / rate
    const follows = offset === this.#next.offset && Math.abs(at - ms - this.#next.at) <= SEAM
    const from = follows ? this.#next.at : at - ms
    this.#next = { offset: offset + samples, at: from + ms }
    this.#longest = Math.max(this.#longest, ms)
    this.#caller.push({ at: from, samples, rate, byte })
  }
  #callerIn(start: number, end: number): Place[] {
    let [low, high] = [0, this.#caller.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#caller[middle]?.at ?? 0) < start - this.#longest) low = middle + 1
      else high = middle
    }
    const found: Place[] = []
    for (let place = this.#caller[low]; place && place.at < end; place = this.#caller[++low]) found.push(place)
    return found
  }
  #agentIn(start: number, end: number): Place[] {
    return [...this.#utterances.values()].flatMap(({ pieces, runs, startedAt }) => {
      // It sounded when the recording broke off: how long, nothing tells.
      const open =
        runs.length === 0 && startedAt !== undefined ? [{ startedAt, offset: 0, duration: Number.MAX_SAFE_INTEGER }] : runs
      return open
        .filter(run => run.startedAt < end && run.startedAt + (run.duration * 1000) / this.rate > start)
        .flatMap(run => pieces.flatMap(piece => this.#heard(piece, run)))
    })
  }
  #heard({ offset, samples, rate, byte }: Piece, run: Run): Place[] {
    const first = Math.max(offset, run.offset)
    const count = Math.min(offset + samples, run.offset + run.duration) - first
    if (count <= 0) return []
    return [{ at: run.startedAt + ((first - run.offset) * 1000) / rate, samples: count, rate, byte: byte + 2 * (first - offset) }]
  }

  /** Puts its samples from the `first` sample of `out` on, as far as they belong there. */
  async #lay({ samples, rate, byte }: Place, out: Int16Array, first: number): Promise<void> {
    const ratio = rate / this.rate
    const [from, to] = [Math.max(0, first), Math.min(out.length, first + Math.floor(samples / ratio))]
    if (to <= from || !this.#media) return
    const skipped = Math.floor((from - first) * ratio)
    const wanted = Math.min(samples - skipped, Math.ceil((to - from) * ratio) + 1)
    const bytes = Buffer.alloc(2 * wanted)
    await this.#media.read(bytes, 0, bytes.length, byte + 2 * skipped) // where the file is short it stays silent
    const at = (index: number) => bytes.readInt16LE(2 * Math.min(wanted - 1, index))
    for (let i = from; i < to; i++) {
      const where = (i - first) * ratio - skipped
      const whole = Math.floor(where)
      const part = where - whole
      out[i] = part === 0 ? at(whole) : at(whole) * (1 - part) + at(whole + 1) * part
    }
  }
}
