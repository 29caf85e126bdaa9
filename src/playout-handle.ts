/** One utterance of a playout: an actor of the playout machine, what its captions are told, and its numbers. */
import { createActor } from 'xstate'
import type { PlayoutRef, playoutMachine } from '../machines/outbound/playout.ts'
import type { AudioFrame } from './audio/frame.ts'
import { deferred } from './deferred.ts'
import { lineOf } from './errors.ts'
import type { Speaker } from './outbound/speaker.ts'
import type { Forwarder } from './outbound/tts.ts'
import { type PlayHands, playAudio, playText } from './pipes/play.ts'
import type { Clock, Log, Played, Word } from './ports.ts'

/** Why an utterance was interrupted: it was asked, another one took its place, or the playout was closed. */
export type PlayoutReason = 'asked' | 'replaced' | 'closed'
export type PlayoutOutcome = 'finished' | 'interrupted' | 'failed'
export type PlayoutEnd = {
  outcome: PlayoutOutcome
  /** Samples per channel that were heard. */
  audioSamples: number
  /** The text that counts as said. */
  text: string
  reason?: PlayoutReason
  error?: unknown
}
/** An utterance under way, or over. */
export interface PlayoutHandle {
  readonly itemId: string
  readonly contentIndex: number
  /** Samples per channel heard so far; final once it is done. */
  readonly audioSamples: number
  /** The length of the text that counts as said, in code points. */
  readonly textChars: number
  readonly interrupted: boolean
  readonly outcome: PlayoutOutcome | undefined
  readonly reason: PlayoutReason | undefined
  readonly error: unknown
  /** Resolves once, after its stop was told. Never rejects. */
  readonly finished: Promise<PlayoutEnd>
  /** Whether it is over: then all its numbers are final. */
  done(): boolean
  /** Ends it at once, if it is not over. Its numbers are final when this returns. */
  interrupt(): void
  /** Resolves with `finished`. */
  join(): Promise<PlayoutEnd>
}
export type HandleParts = {
  itemId: string
  contentIndex: number
  forwarder: Forwarder
  text: AsyncIterable<string | Word>
  audio: AsyncIterable<AudioFrame>
}
export type HandleHands = {
  id: string
  speaker: Speaker
  clock: Clock
  log: Log
  machine: typeof playoutMachine
  /** It is over; `closed` resolves when its captions are. `told` is to be called when its stop was told. */
  over: (handle: Handle, wasHeard: boolean, closed: Promise<unknown>, told: () => void) => void
}

export class Handle implements PlayoutHandle {
  readonly id: string
  readonly #over = deferred<PlayoutEnd>()
  readonly finished = this.#over.promise
  readonly #parts: HandleParts
  readonly #hands: HandleHands
  readonly #actor: PlayoutRef
  #end: PlayoutEnd | undefined
  #reason: PlayoutReason | undefined
  #error: unknown
  #isStarted = false
  #isShown = false

  constructor(parts: HandleParts, hands: HandleHands) {
    const { id, clock, machine, speaker } = hands
    this.id = id
    this.#parts = parts
    this.#hands = hands
    this.#actor = createActor(machine, { clock, id, input: { id, sampleRate: speaker.format.sampleRate, texting: true } })
    this.#actor.subscribe({
      complete: () => this.#conclude(this.#actor.getSnapshot().output),
      error: error => this.#conclude(undefined, error),
    })
  }

  get itemId(): string {
    return this.#parts.itemId
  }
  get contentIndex(): number {
    return this.#parts.contentIndex
  }
  get audioSamples(): number {
    const { speaker, id } = this.#hands
    return this.#end?.audioSamples ?? (speaker.has(id) ? speaker.tally(id).heard : 0)
  }
  get textChars(): number {
    return [...(this.#end?.text ?? this.#text())].length
  }
  get interrupted(): boolean {
    return this.#end?.outcome === 'interrupted'
  }
  get outcome(): PlayoutOutcome | undefined {
    return this.#end?.outcome
  }
  get reason(): PlayoutReason | undefined {
    return this.#end?.reason
  }
  get error(): unknown {
    return this.#end?.error
  }
  /** For statechart users and inspectors. */
  get actor(): PlayoutRef {
    return this.#actor
  }

  done(): boolean {
    return this.#end !== undefined
  }
  interrupt(reason: PlayoutReason = 'asked'): void {
    if (this.#end) return
    this.#reason ??= reason
    this.#actor.send({ type: 'interrupt' })
  }
  join(): Promise<PlayoutEnd> {
    return this.finished
  }

  start(): void {
    this.#actor.start()
  }
  send(type: 'pause' | 'resume' | 'hurry'): void {
    this.#actor.send({ type })
  }
  fail(error: unknown): void {
    this.#error ??= error
    this.#actor.send({ type: 'abandon', error: lineOf(error) })
  }
  /** Reads both streams until the signal aborts. */
  read(signal: AbortSignal): void {
    const { id, speaker, log } = this.#hands
    const { audio, text, forwarder } = this.#parts
    const failed = (error: unknown) => {
      this.#error ??= error
    }
    const hands: PlayHands = { id, speaker, forwarder, log, failed, guard: call => this.#guard(call) }
    void playAudio(audio, hands, signal)
    void playText(text, hands, signal).then(() => this.#actor.send({ type: 'text.ended' }))
  }
  /** Its first sample is heard. */
  sound(): void {
    this.#isStarted = true
    const playhead = this.#hands.speaker.playhead(this.id)
    this.#guard(() => this.#parts.forwarder.segmentPlayoutStarted(playhead))
  }
  /** Its last sample was heard. */
  showRest(): void {
    if (this.#isShown) return
    this.#isShown = true
    this.#guard(() => this.#parts.forwarder.segmentPlayoutFinished())
  }

  #conclude(played: Played | undefined, failure?: unknown): void {
    const { forwarder } = this.#parts
    const heard = played?.heard ?? this.#lost()
    if (failure !== undefined) this.#error ??= failure
    if (played?.outcome === 'finished' && this.#isStarted) this.showRest()
    const closed = this.#guard(() => forwarder.close())
    const outcome = played?.outcome === 'finished' || played?.outcome === 'interrupted' ? played.outcome : 'failed'
    this.#end = {
      ...{ outcome, audioSamples: heard, text: this.#text() },
      ...(outcome === 'interrupted' ? { reason: this.#reason ?? 'asked' } : {}),
      ...(outcome === 'failed' ? { error: this.#error ?? played?.error } : {}),
    }
    const end = this.#end
    this.#hands.over(this, this.#isStarted, Promise.resolve(closed), () => this.#over.resolve(end))
  }
  /** The machine left no account: the speaker has it. */
  #lost(): number {
    const { speaker, id } = this.#hands
    return speaker.has(id) ? speaker.clear(id).heard : 0
  }
  #text(): string {
    const text = this.#guard(() => this.#parts.forwarder.playedText)
    return typeof text === 'string' ? text : ''
  }
  /** Captions must not cost the voice (PLAY-31). */
  #guard(call: () => unknown): unknown {
    const fault = (error: unknown) => this.#hands.log('warn', 'playout.captions', { id: this.id, error: lineOf(error) })
    try {
      const value = call()
      return value instanceof Promise ? value.catch(fault) : value
    } catch (error) {
      fault(error)
      return undefined
    }
  }
}
