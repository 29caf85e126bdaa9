/** What participants said before we came, kept until the track that it belongs to is read. */
import type { Claim } from '../../machines/inbound/preconnect.ts'
import { type Queue, slide } from '../audio/buffer.ts'
import { type AudioFrame, samplesOf } from '../audio/frame.ts'
import { codeOf, lineOf } from '../errors.ts'
import { letGo } from '../pipes/until.ts'
import type { ByteIn, Clock, Incoming, Log } from '../ports.ts'
import { samplesIn } from './input.ts'

/** PRE-1: where LiveKit's clients send it. */
const TOPIC = 'lk.agent.pre-connect-audio-buffer'
/** PRE-8: as many streams are kept, and as much audio of each. */
const STREAMS = 8
const KEPT_MS = 30_000
/** As many publications are remembered: more than are read in one room. */
const SETTLED = 64

/** One stream, as it comes. */
export type Recording = {
  readonly identity: string
  /** The publication that it names; empty where it names none. */
  readonly sid: string
  /** Its audio in the format of the input; ends when nothing more will come. */
  readonly audio: Queue<AudioFrame>
  /** Resolves when nothing more will come. */
  readonly arrived: Promise<void>
  /** Ends it now; what has come stays. */
  cut(): void
}
type Waiter = Claim & { answer: (recording?: Recording) => void }
export type StoreOptions = {
  byteIn: ByteIn
  clock: Clock
  log: Log
  sampleRate: number
  /** How long a stream that is complete waits to be claimed. */
  timeoutMs: number
  /** The stream's audio, as it comes. Throws at once what makes it useless, in one line. */
  recall: (stream: Incoming<Uint8Array>, signal: AbortSignal) => AsyncIterable<AudioFrame>
}

export class Store {
  readonly #options: StoreOptions
  /** Not claimed yet, with the timer by which those that are complete expire. */
  readonly #kept = new Map<Recording, unknown>()
  readonly #waiters = new Set<Waiter>()
  #settled: string[] = []
  #letGo: (() => void) | undefined
  #late = false

  constructor(options: StoreOptions) {
    this.#options = options
  }

  /** Takes the topic over. `late`: the room was connected before, so something may have been missed (PRE-16). */
  start(late: boolean): void {
    this.#late = late
    try {
      this.#letGo = this.#options.byteIn.listen(TOPIC, stream => this.#take(stream))
    } catch (error) {
      if (codeOf(error) !== 'ERR_TOPIC_TAKEN') throw error
      this.#options.log('warn', 'preconnect.taken', { topic: TOPIC }) // PRE-15: without it, and their handler stays
    }
  }

  /**
   * The recording of a publication, as soon as there is one; undefined where there will be none. Only the first claim of a publication
   * may wait, or gets something (PRE-3, PRE-14).
   */
  async claim(claim: Claim, signal: AbortSignal): Promise<Recording | undefined> {
    if (!this.#letGo || signal.aborted || this.#settled.includes(claim.sid)) return undefined
    this.#settle(claim.sid)
    for (const recording of this.#kept.keys()) {
      if (isFor(recording, claim)) {
        this.#release(recording)
        return recording
      }
      if (recording.identity === claim.identity && recording.sid === '') this.#drop(recording, 'it names none of several tracks')
    }
    if (this.#late) this.#options.log('warn', 'preconnect.late', { identity: claim.identity })
    this.#late = false
    return this.#wait(claim, signal)
  }

  /** That publication, or all of the participant's, will not be read: what was kept of it goes. */
  forget(identity: string, sid?: string): void {
    this.#settled = this.#settled.filter(settled => settled !== sid)
    for (const recording of this.#kept.keys())
      if (recording.identity === identity && (sid === undefined || recording.sid === sid)) this.#drop(recording)
  }

  close(): void {
    this.#letGo?.()
    this.#letGo = undefined
    for (const recording of this.#kept.keys()) this.#drop(recording)
    for (const waiter of this.#waiters) waiter.answer()
  }

  #wait(claim: Claim, signal: AbortSignal) {
    return new Promise<Recording | undefined>(resolve => {
      const giveUp = () => waiter.answer()
      const waiter: Waiter = {
        ...claim,
        answer: recording => {
          this.#waiters.delete(waiter)
          signal.removeEventListener('abort', giveUp)
          resolve(recording)
        },
      }
      this.#waiters.add(waiter)
      signal.addEventListener('abort', giveUp, { once: true })
    })
  }

  #take(stream: Incoming<Uint8Array>) {
    const { identity, info } = stream
    const sid = info.attributes.trackId ?? ''
    const waiters = [...this.#waiters].filter(waiter => waiter.identity === identity)
    const waiter = waiters.find(claim => isFor({ identity, sid }, claim))
    try {
      if (!waiter && this.#settled.includes(sid)) throw new Error('its track is passed on without it already')
      if (!waiter && sid === '' && waiters.length > 0) throw new Error('it names none of several tracks')
      const recording = this.#record(identity, sid, stream)
      if (waiter) waiter.answer(recording)
      else this.#keep(recording)
    } catch (error) {
      this.#options.log('warn', 'preconnect.refused', { identity, sid, error: lineOf(error) })
      if (sid !== '') this.#settle(sid)
      waiter?.answer()
      letGo(stream.chunks[Symbol.asyncIterator]()) // unread, it would pile up until the room ends
    }
  }

  #record(identity: string, sid: string, stream: Incoming<Uint8Array>): Recording {
    const { recall, log, sampleRate } = this.#options
    const ended = new AbortController()
    const frames = recall(stream, ended.signal)
    const audio = slide<AudioFrame>(samplesOf(KEPT_MS, sampleRate), samplesIn, ({ size }) =>
      log('debug', 'preconnect.slid', { identity, sid, samples: size }),
    )
    const fill = async () => {
      try {
        for await (const frame of frames) void audio.push(frame) // a queue that slides makes nobody wait
      } catch (error) {
        log('warn', 'preconnect.broken', { identity, sid, error: lineOf(error) })
      }
      audio.end()
    }
    return { identity, sid, audio, arrived: fill(), cut: () => ended.abort() }
  }

  #keep(recording: Recording) {
    const { identity, sid } = recording
    const [oldest] = this.#kept.keys()
    for (const other of this.#kept.keys())
      if (other.identity === identity && other.sid === sid) this.#drop(other, 'there is a newer one')
    if (oldest && this.#kept.size === STREAMS) this.#drop(oldest, 'too many wait')
    this.#kept.set(recording, undefined)
    void this.#expire(recording)
  }

  async #expire(recording: Recording) {
    const { clock, timeoutMs } = this.#options
    await recording.arrived
    if (this.#kept.has(recording))
      this.#kept.set(
        recording,
        clock.setTimeout(() => this.#drop(recording, 'nobody came for it'), timeoutMs),
      )
  }

  #drop(recording: Recording, reason?: string) {
    const { identity, sid } = recording
    if (reason !== undefined) this.#options.log('warn', 'preconnect.dropped', { identity, sid, reason })
    this.#release(recording)
    recording.cut()
    recording.audio.clear()
  }

  #release(recording: Recording) {
    const expiry = this.#kept.get(recording)
    if (expiry !== undefined) this.#options.clock.clearTimeout(expiry)
    this.#kept.delete(recording)
  }

  #settle(sid: string) {
    this.#settled = [...this.#settled, sid].slice(-SETTLED)
  }
}

/** PRE-9: a stream that names no publication belongs to the sender's only one. */
const isFor = ({ identity, sid }: { identity: string; sid: string }, claim: Claim): boolean =>
  identity === claim.identity && (sid === '' ? claim.sole : sid === claim.sid)
