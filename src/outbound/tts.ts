/** The agent's captions, as LiveKit's 0.x forwarders show them: a sentence at a time, growing by a word as that is heard. */
import type { AudioFrame } from '../audio/frame.ts'
import { mix } from '../audio/mix.ts'
import { type Resampler, resampler } from '../audio/resample.ts'
import { coded } from '../errors.ts'
import type { Playhead } from '../pipes/prompter.ts'
import type { Word } from '../ports.ts'
import type { Tokenize } from '../text/sentence.ts'
import { Outbox, type OutboxOptions } from './outbox.ts'
import { listening, Recital } from './recital.ts'
import { Reckoned } from './reckoned.ts'

/** What a playout needs of whoever shows its words. */
export interface Forwarder {
  /** What counts as spoken: a prefix of the text pushed. */
  readonly playedText: string
  readonly closed: boolean
  /** The first sample is heard. `playhead`: where the sound is from now on; without it the clock is followed. */
  segmentPlayoutStarted(playhead?: Playhead): void
  /** The last sample was heard: the rest of the text is due. */
  segmentPlayoutFinished(): void
  pushAudio(frame: AudioFrame): void
  markAudioSegmentEnd(): void
  /** Whoever waits for it never has too much text waiting here. */
  pushText(piece: string | Word): unknown
  markTextSegmentEnd(): void
  /** Shows nothing more; resolves when all that was shown is sent. */
  close(): unknown
}
export type TtsForwarderOptions = OutboxOptions<TtsForwarder> & {
  language?: string
  /** Of the voice, as a factor, until its real pace is known. Default 1. */
  speed?: number
  /** How long the voice rests after a sentence where nobody tells what was heard, in ms. Default 400. */
  newSentenceDelayMs?: number
  /** Text → its sentences; joined they must be the text. */
  sentenceTokenizer?: Tokenize
}
type Segment = { recital: Recital; reckoned: Reckoned; ear?: { from: number; resampler: Resampler } }
/** The n-th text belongs to the n-th audio, start and finish: each counts for itself. */
type Mark = 'text' | 'audio' | 'start' | 'finish'

export class TtsForwarder implements Forwarder {
  readonly #options: TtsForwarderOptions
  readonly #outbox: Outbox<TtsForwarder>
  readonly #segments = new Map<number, Segment>()
  readonly #at: Record<Mark, number> = { text: 0, audio: 0, start: 0, finish: 0 }
  /** The words of segments that are over. */
  #past = ''
  #closed = false

  /** Throws a RangeError for a speed or delay that cannot be, ERR_NO_TRACK if there is no microphone to caption. */
  constructor(options: TtsForwarderOptions) {
    const { speed = 1, newSentenceDelayMs = 400, language } = options
    if (!(speed > 0 && speed < Number.POSITIVE_INFINITY)) throw new RangeError(`speed is ${speed}: use a number above 0`)
    if (!(newSentenceDelayMs >= 0)) throw new RangeError(`newSentenceDelayMs is ${newSentenceDelayMs}: use 0 or more`)
    this.#options = options
    this.#outbox = new Outbox<TtsForwarder>(options, this, language)
  }

  get playedText(): string {
    return [...this.#segments]
      .sort(([one], [other]) => one - other)
      .reduce((text, [, { recital }]) => text + recital.spoken, this.#past)
  }
  get closed(): boolean {
    return this.#closed
  }

  segmentPlayoutStarted(playhead?: Playhead): void {
    const { recital, reckoned } = this.#segment('start')
    this.#at.start++
    if (!playhead) reckoned.start()
    recital.start(playhead ?? reckoned)
  }
  segmentPlayoutFinished(): void {
    const { recital } = this.#segment('finish')
    this.#at.finish++
    recital.open()
    this.#sweep()
  }
  pushAudio({ data, channels, samplesPerChannel, sampleRate }: AudioFrame): void {
    const segment = this.#segment('audio')
    if (segment.ear?.from !== sampleRate)
      segment.ear = { from: sampleRate, resampler: resampler(sampleRate, listening.sampleRate, 1) }
    const heard = mix(data, channels, 1)
    segment.recital.listen(sampleRate === listening.sampleRate ? heard : segment.ear.resampler.push(heard))
    segment.reckoned.push((samplesPerChannel * 1000) / sampleRate)
  }
  markAudioSegmentEnd(): void {
    this.#segment('audio').recital.listened()
    this.#at.audio++
  }
  pushText(piece: string | Word): Promise<void> {
    return this.#segment('text').recital.take(piece)
  }
  markTextSegmentEnd(): void {
    const { recital } = this.#segment('text')
    this.#at.text++
    recital.end()
    this.#sweep()
  }
  async close(): Promise<void> {
    if (!this.#closed) for (const { recital } of this.#segments.values()) recital.stop()
    this.#closed = true
    await this.#outbox.sent()
  }

  #segment(mark: Mark): Segment {
    if (this.#closed) throw coded('ERR_CLOSED', 'this forwarder is closed: make another for the next reply')
    const index = this.#at[mark]
    const segment = this.#segments.get(index) ?? this.#begin(index)
    this.#segments.set(index, segment)
    return segment
  }
  #begin(index: number): Segment {
    const { room, speed = 1, newSentenceDelayMs = 400, sentenceTokenizer } = this.#options
    const reckoned = new Reckoned(room.clock)
    const recital = new Recital({
      ...{ id: String(index), clock: room.clock, log: room.log, speed, tokenize: sentenceTokenizer },
      next: () => room.ids.next('SG_'),
      show: (id, text, final) => this.#outbox.send(id, text, final),
      paused: () => reckoned.rest(newSentenceDelayMs),
    })
    return { recital, reckoned }
  }
  /** Lets go of segments whose text and speech are over. */
  #sweep(): void {
    const over = Math.min(this.#at.text, this.#at.finish)
    for (const [index, { recital }] of [...this.#segments].sort(([one], [other]) => one - other)) {
      if (index >= over) return
      recital.stop()
      this.#past += recital.spoken
      this.#segments.delete(index)
    }
  }
}
