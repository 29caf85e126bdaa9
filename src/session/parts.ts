/** What a session gets in its slots: an audio input, an audio output and a text output, as its own library has them. */
import { EventEmitter } from 'node:events'
import { ReadableStream } from 'node:stream/web'
import { type AudioFrame, checkFrame, type Format } from '../audio/frame.ts'
import { lineOf } from '../errors.ts'
import type { RoomFact } from '../facts.ts'
import type { Clock, Log } from '../ports.ts'
import type { ChartRoom } from '../room.ts'
import { type TimedString, wordOf } from '../text/timed.ts'
import { mend } from './session.ts'
import { type Ended, Turns } from './turns.ts'

/** What the linked participant says, or shows. */
export class Input<F> {
  readonly #attach: (attached: boolean) => void
  #reader: AsyncIterator<F> | undefined
  #closed = false
  /** One reader at a time; whoever comes after it goes on where it stopped. */
  readonly stream: ReadableStream<F>

  /** `source` is read from the first read on. */
  constructor(source: () => AsyncIterable<F>, attach: (attached: boolean) => void) {
    this.#attach = attach
    this.stream = new ReadableStream<F>(
      {
        pull: async controller => {
          if (this.#closed) return controller.close()
          this.#reader ??= source()[Symbol.asyncIterator]()
          const { done, value } = await this.#reader.next()
          if (done) controller.close()
          else controller.enqueue(value)
        },
        cancel: () => this.close(),
      },
      { highWaterMark: 0 }, // what waits, waits in the room, where it is bounded and counted
    )
  }

  /** Whether the agent takes it: while detached, what comes is dropped. */
  setAttached(attached: boolean): void {
    this.#attach(attached)
  }
  onAttached(): void {
    this.setAttached(true)
  }
  onDetached(): void {
    this.setAttached(false)
  }
  /** Ends the stream. */
  async close(): Promise<void> {
    this.#closed = true
    await this.#reader?.return?.()
  }
}
export type AudioInput = Input<AudioFrame>

/** `playbackPosition` in seconds. */
export type PlaybackFinished = { playbackPosition: number; interrupted: boolean; synchronizedTranscript?: string }
export type PartsHands = {
  room: ChartRoom
  format: Format
  clock: Clock
  log: Log
  /** Epoch time of the clock's zero. */
  epochMs: number
  /** Which of the two outputs there are. */
  on: { audio: boolean; text: boolean }
  /** Whether words are shown as they are heard, so that they are known at the end. */
  paced: () => boolean
}

/**
 * The agent's voice. Emits `playbackStarted { createdAt }` (epoch ms), `playbackProgressed { startedAt, offset, duration }` (ms) and
 * `playbackFinished`.
 */
export class AudioOutput extends EventEmitter {
  readonly sampleRate: number
  readonly canPause = true
  readonly turns: Turns
  readonly #hands: PartsHands
  #last: PlaybackFinished = { playbackPosition: 0, interrupted: false }

  constructor(hands: PartsHands) {
    super()
    const { room, format } = hands
    this.#hands = hands
    this.sampleRate = format.sampleRate
    room.on(fact => this.#tell(fact)) // before the turns: what they tell comes last
    this.turns = new Turns({ ...hands, ended: turn => this.#finish(turn) })
  }

  /** Past a listener that throws: what is told is over, and others wait for it. */
  override emit(event: string | symbol, ...news: unknown[]): boolean {
    const listeners = this.rawListeners(event)
    for (const listener of listeners) {
      const pass = async () => Reflect.apply(listener, this, news)
      pass().catch(error => this.#hands.log('error', 'listener.failed', { error: lineOf(error) }))
    }
    return listeners.length > 0
  }

  get capturedPlayoutSegments(): number {
    return this.turns.captured
  }
  get pendingPlayoutSegments(): number {
    return this.turns.captured - this.turns.finished
  }

  /** Plays it after all that was captured before. Held while too much waits. Rejects with a TypeError for a frame of another format. */
  async captureFrame(frame: AudioFrame): Promise<void> {
    await this.turns.frame(checkFrame(frame, this.#hands.format))
  }
  /** The turn has no more audio. */
  flush(): void {
    this.turns.endAudio()
  }
  /** Ends all turns at once. */
  clearBuffer(): void {
    this.turns.clear()
  }
  /** Ends the turn that has had no flush. */
  abandonOpenSegment(): void {
    this.turns.abandon()
  }
  pause(): void {
    this.#hands.room.pause()
  }
  resume(): void {
    this.#hands.room.resume()
  }
  /** Waits for what was captured so far, and tells the end of the last. */
  async waitForPlayout(): Promise<PlaybackFinished> {
    await this.turns.settled()
    return this.#last
  }
  onAttached(): void {
    this.turns.attached.audio = true
  }
  onDetached(): void {
    this.turns.attached.audio = false
  }

  #tell(fact: RoomFact): void {
    if (!('id' in fact) || !this.turns.has(fact.id)) return
    const { epochMs, format } = this.#hands
    const msOf = (samples: number) => (samples * 1000) / format.sampleRate
    if (fact.type === 'utterance.started') this.emit('playbackStarted', { createdAt: epochMs + fact.at })
    if (fact.type !== 'utterance.progressed') return
    const { startedAt, offset, duration } = fact
    this.emit('playbackProgressed', { startedAt: epochMs + startedAt, offset: msOf(offset), duration: msOf(duration) })
  }
  #finish({ outcome, heard, spoken }: Ended): void {
    this.#last = {
      playbackPosition: heard / this.#hands.format.sampleRate,
      interrupted: outcome !== 'finished',
      ...(spoken !== undefined ? { synchronizedTranscript: spoken } : {}),
    }
    this.emit('playbackFinished', this.#last)
  }
}

/** The agent's words. */
export class TextOutput {
  readonly #turns: Turns

  constructor(turns: Turns) {
    this.#turns = turns
  }

  /** Puts an entry of the session's history right, if it has more of the last turn than was heard. */
  mend(added: unknown): void {
    mend(added, this.#turns.cut)
  }
  /** Shows it when it is heard. Rejects with a TypeError for what is neither text nor timed text. */
  async captureText(piece: string | TimedString): Promise<void> {
    await this.#turns.text(wordOf(piece))
  }
  /** The turn has no more text. */
  flush(): void {
    this.#turns.endText()
  }
  onAttached(): void {
    this.#turns.attached.text = true
  }
  onDetached(): void {
    this.#turns.attached.text = false
  }
}
