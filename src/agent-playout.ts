/** Plays the agent's utterances one at a time, each with its captions, and says of each what was heard. It keeps no state of its own. */

import type { AudioFrame } from './audio/frame.ts'
import { realClock, sleep } from './clock.ts'
import { coded, lineOf } from './errors.ts'
import { seededIds } from './ids.ts'
import { playoutOn } from './outbound/playout.ts'
import { type Heard, Speaker } from './outbound/speaker.ts'
import type { Forwarder } from './outbound/tts.ts'
import { Handle, type PlayoutHandle, type PlayoutReason } from './playout-handle.ts'
import type { Clock, Ids, Log, Publication, Sink, Word } from './ports.ts'

export type { PlayoutEnd, PlayoutHandle, PlayoutOutcome, PlayoutReason } from './playout-handle.ts'
export type AgentPlayoutOptions = {
  /** Where it plays: a queue that plays by itself, or the publication that has one. It is never closed here. */
  audioSource: Sink | Publication
  clock?: Clock
  ids?: Ids
  log?: Log
  /** As in the room's `audioOutput`: 30 000 and 10. */
  maxPendingMs?: number
  fadeMs?: number
}
export type PlayOptions = {
  itemId: string
  contentIndex: number
  /** Shows the words. It serves one utterance. */
  transcriptionFwd: Forwarder
  textStream: AsyncIterable<string | Word>
  /** Frames of any format. */
  audioStream: AsyncIterable<AudioFrame>
  /** `replace` interrupts what is not done, `after` waits for it. Default `replace`. */
  when?: 'replace' | 'after'
}
export type PlayoutNews = {
  /** The first sample is heard. */
  playout_started: { handle: PlayoutHandle }
  /** Nothing of it is heard or shown any more; once for each start. */
  playout_stopped: { handle: PlayoutHandle; interrupted: boolean }
}
type Listeners = { [E in keyof PlayoutNews]: Set<(news: PlayoutNews[E]) => unknown> }
type Told = { run: () => void; after?: Promise<unknown> }

/** Captions of one that is over have so long to be sent, in ms; then its stop is told. */
const closeTimeout = 1_000

export class AgentPlayout {
  readonly #clock: Clock
  readonly #ids: Ids
  readonly #log: Log
  readonly #sink: Sink
  readonly #fadeMs: number
  readonly #speaker: Speaker
  readonly #machine
  /** Those that are not done, in the order of their calls. */
  readonly #handles = new Map<string, Handle>()
  readonly #listeners: Listeners = { playout_started: new Set(), playout_stopped: new Set() }
  readonly #told: Told[] = []
  #telling: Promise<void> | undefined
  #isPaused = false
  #closing: Promise<void> | undefined

  /** Throws a TypeError for a source that is none, a RangeError for limits that cannot be. */
  constructor({ audioSource, clock = realClock(), ids = seededIds(1), log = stderr, ...limits }: AgentPlayoutOptions) {
    this.#clock = clock
    this.#ids = ids
    this.#log = log
    this.#sink = sinkOf(audioSource)
    this.#fadeMs = limits.fadeMs ?? 10
    const { sampleRate, channels } = this.#sink
    this.#speaker = new Speaker({ sampleRate, channels, clock, log, ...limits, tell: fact => this.#heard(fact) })
    this.#speaker.plug(this.#sink)
    this.#machine = playoutOn(this.#speaker, (id, signal) => this.#handles.get(id)?.read(signal), {
      showRest: id => this.#handles.get(id)?.showRest(),
    })
  }

  /** Plays something; both streams are read side by side, from a later turn on. Misuse throws at once and changes nothing. */
  play(options: PlayOptions): PlayoutHandle {
    check(options)
    if (this.#closing) throw coded('ERR_CLOSED', 'this playout is closed: make another')
    const { itemId, contentIndex, transcriptionFwd: forwarder, textStream: text, audioStream: audio, when = 'replace' } = options
    used.add(forwarder)
    if (when === 'replace') this.#interruptAll('replaced')
    const handle = new Handle(
      { itemId, contentIndex, forwarder, text, audio },
      {
        ...{ id: this.#ids.next('SG_'), speaker: this.#speaker, clock: this.#clock, log: this.#log, machine: this.#machine },
        over: (...end) => this.#over(...end),
      },
    )
    this.#handles.set(handle.id, handle)
    handle.start()
    if (this.#isPaused) handle.send('pause')
    return handle
  }
  /** Stops the voice at once, and holds what is played meanwhile; `resume` goes on with the very next sample. */
  pause(): void {
    this.#isPaused = true
    for (const handle of this.#handles.values()) handle.send('pause')
  }
  resume(): void {
    this.#isPaused = false
    for (const handle of this.#handles.values()) handle.send('resume')
  }
  /** Ends all that is not done, the last first, so that none of them starts. */
  interrupt(): void {
    this.#interruptAll('asked')
  }
  /** Tells these news from now on, in order, in a turn of their own; until the returned function is called. */
  on<E extends keyof PlayoutNews>(event: E, listener: (news: PlayoutNews[E]) => unknown): () => void {
    this.#listeners[event].add(listener)
    return () => this.off(event, listener)
  }
  off<E extends keyof PlayoutNews>(event: E, listener: (news: PlayoutNews[E]) => unknown): void {
    this.#listeners[event].delete(listener)
  }
  /** Ends everything, within 2 s. Never rejects; a second call is the same end. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    this.#interruptAll('closed')
    while (this.#telling) await this.#telling
    for (const listeners of Object.values(this.#listeners)) listeners.clear()
    await sleep(this.#clock, this.#fadeMs + 10) // what fades out is played to its end
    this.#speaker.unplug()
  }
  #interruptAll(reason: PlayoutReason): void {
    for (const handle of [...this.#handles.values()].reverse()) handle.interrupt(reason)
  }
  #heard(fact: Heard): void {
    if (fact.type === 'sink.failed') this.#broken(fact.error)
    const handle = fact.type === 'utterance.started' ? this.#handles.get(fact.id) : undefined
    if (!handle) return
    for (const other of [...this.#handles.values()]) {
      if (other === handle) break
      other.send('hurry') // all of it was heard: at most its text is late
    }
    this.#tell({ run: () => this.#emit('playout_started', { handle }) })
    handle.sound()
  }
  /** The device counts as broken: what was to be heard is lost, and the next utterance tries it again. */
  #broken(error: string): void {
    for (const handle of [...this.#handles.values()].reverse()) handle.fail(new Error(error))
    this.#speaker.plug(this.#sink)
  }
  #over(handle: Handle, wasHeard: boolean, closed: Promise<unknown>, told: () => void): void {
    this.#handles.delete(handle.id)
    const interrupted = handle.outcome !== 'finished'
    this.#tell({
      after: this.#within(closed), // from now on: several of them wait side by side
      run: () => {
        if (wasHeard) this.#emit('playout_stopped', { handle, interrupted })
        told()
      },
    })
  }

  #tell(told: Told): void {
    this.#told.push(told)
    this.#telling ??= this.#runTold()
  }
  async #runTold(): Promise<void> {
    await undefined
    for (let next = this.#told.shift(); next; next = this.#told.shift()) {
      await next.after
      next.run()
    }
    this.#telling = undefined
  }
  async #within(work: Promise<unknown>): Promise<void> {
    const over = new AbortController()
    await Promise.race([work, sleep(this.#clock, closeTimeout, over.signal)])
    over.abort()
  }
  #emit<E extends keyof PlayoutNews>(event: E, news: PlayoutNews[E]): void {
    for (const listener of [...this.#listeners[event]]) {
      const pass = async () => listener(news)
      pass().catch(error => this.#log('error', 'listener.failed', { error: lineOf(error) }))
    }
  }
}

const sinkOf = (source: unknown): Sink => {
  const given: unknown = typeof source === 'object' && source !== null && 'sink' in source ? source.sink : source
  if (isSink(given)) return given
  throw new TypeError(
    'audioSource must be a Sink, or what speakers.publish of a world gives; of an AudioSource sinkOn in chartroom/livekit makes one',
  )
}
const isSink = (value: unknown): value is Sink =>
  ['write', 'free', 'queued', 'clear'].every(method => typeof Reflect.get(Object(value), method) === 'function')

const used = new WeakSet<Forwarder>()
const isSource = (value: unknown) => typeof value === 'object' && value !== null && Symbol.asyncIterator in value
const check = ({ itemId, contentIndex, transcriptionFwd, textStream, audioStream, when }: PlayOptions) => {
  if (typeof itemId !== 'string') throw new TypeError(`itemId must be a string, not ${String(itemId)}`)
  if (!Number.isInteger(contentIndex) || contentIndex < 0)
    throw new TypeError(`contentIndex must be a whole number from 0, not ${String(contentIndex)}`)
  if (!isSource(audioStream)) throw new TypeError('audioStream must be an async iterable of frames: an async generator will do')
  if (!isSource(textStream)) throw new TypeError('textStream must be an async iterable of the text: an async generator will do')
  if (when !== undefined && when !== 'replace' && when !== 'after')
    throw new TypeError(`when is "${String(when)}": use replace, after`)
  if (typeof transcriptionFwd !== 'object' || transcriptionFwd === null)
    throw new TypeError('transcriptionFwd must be a forwarder')
  if (used.has(transcriptionFwd) || transcriptionFwd.closed)
    throw coded('ERR_FORWARDER_IN_USE', 'this forwarder is closed, or serves another utterance: make one for each')
}
const stderr: Log = (level, code, fields) => {
  if (level !== 'debug') console.error(level, code, JSON.stringify(fields ?? {}))
}
