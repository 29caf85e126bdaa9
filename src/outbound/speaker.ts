/** The play-out buffer: utterances in line for a sink. It owns each sample until that was played, and keeps the account. */
import { type AudioFrame, checkFrame, type Format, samplesOf } from '../audio/frame.ts'
import { coded, lineOf } from '../errors.ts'
import type { Clock, Log, Sink, Tally } from '../ports.ts'
import { Feeder } from './feeder.ts'
import { Hold } from './hold.ts'
import { Line } from './line.ts'
import { type Heard, News, type SourceFact } from './news.ts'
import { Playhead } from './playhead.ts'
import type { Segment } from './segment.ts'

export type { Heard, SourceFact } from './news.ts'
export type SpeakerOptions = Format & {
  clock: Clock
  log: Log
  /** Gets every fact at once and in order; it must not throw. */
  tell?: (fact: Heard) => void
  /** Gets what is pushed, and its place in the utterance. It may neither throw nor keep the frame. */
  said?: (id: string, frame: AudioFrame, offset: number) => void
  /** Audio that may wait to be handed over, in ms; a producer beyond it is held (OUT-13: 30 000). */
  maxPendingMs?: number
  /** The ramps at a cut and after a resume, in ms (OUT-23: 10; 0 = none). */
  fadeMs?: number
  /** How far an utterance can be rewound, in ms (0). */
  rewindMs?: number
}
/** The account, how much of it no sink was given yet, and whether there is hope: the sink plays on, or another one is awaited. */
export type Review = Tally & { moving: boolean; unsent: number }

/** One per room. All counts are samples per channel. */
export class Speaker {
  readonly format: Format
  readonly #clock: Clock
  readonly #log: Log
  readonly #said: SpeakerOptions['said']
  readonly #line: Line
  readonly #news: News
  readonly #playhead: Playhead
  readonly #feeder: Feeder
  readonly #hold: Hold
  #isDue = false

  constructor(options: SpeakerOptions) {
    const { sampleRate, channels, clock, log, tell = () => {}, maxPendingMs = 30_000, fadeMs = 10, rewindMs = 0 } = options
    if (!Number.isInteger(sampleRate / 100) || sampleRate <= 0)
      throw new RangeError(`sampleRate is ${sampleRate}: 10 ms must be a whole number of samples, use a multiple of 100`)
    if (!Number.isInteger(channels) || channels < 1) throw new RangeError(`channels is ${channels}: use 1 or more`)
    if (!(maxPendingMs > 0)) throw new RangeError(`maxPendingMs is ${maxPendingMs}: use more than 0`)
    if (!(fadeMs >= 0 && fadeMs <= 20)) throw new RangeError(`fadeMs is ${fadeMs}: use 0 to 20`)
    this.format = { sampleRate, channels }
    this.#clock = clock
    this.#log = log
    this.#said = options.said
    this.#line = new Line(this.format, fadeMs, rewindMs)
    this.#news = new News(tell)
    this.#playhead = new Playhead(this.format, this.#news)
    this.#hold = new Hold({ line: this.#line, clock, sampleRate, maxPendingMs })
    this.#feeder = new Feeder({
      ...{ format: this.format, clock, line: this.#line, playhead: this.#playhead },
      wake: () => this.#feed(),
      failed: (owners, error) => this.#failed(owners, error),
      broken: error => this.#news.tell({ type: 'sink.failed', error }),
    })
  }

  /** Plays into this sink from now on. */
  plug(sink: Sink): void {
    if (sink.sampleRate !== this.format.sampleRate || sink.channels !== this.format.channels)
      throw new RangeError(`the sink takes ${sink.sampleRate} Hz × ${sink.channels}, the speaker has another format`)
    this.#feeder.plug(sink)
    this.#feed()
  }
  /** Takes back what the sink has not played, and plays nothing until another is plugged in. */
  unplug(): void {
    this.#feeder.unplug()
    this.#feed()
  }

  /** Puts a new utterance at the end of the line. The returned function takes it out: what it still holds is discarded. */
  add(id: string, tell: (fact: SourceFact) => void): () => void {
    if (this.has(id)) throw coded('ERR_DUPLICATE_SEGMENT', `an utterance with the id ${id} is there already: give each its own`)
    const segment = this.#line.add(id)
    this.#news.add(segment, tell)
    return () => {
      if (this.#news.find(id)?.segment !== segment) return
      this.clear(id)
      this.#news.remove(id)
    }
  }
  has(id: string): boolean {
    return this.#news.find(id) !== undefined
  }

  /** Pushes a frame; waits while too much is pending. False once the utterance takes no more: a late frame is in no account. */
  async write(id: string, frame: AudioFrame, signal?: AbortSignal): Promise<boolean> {
    const { samplesPerChannel: samples, data } = checkFrame(frame, this.format)
    const segment = this.#news.find(id)?.segment
    if (!segment || segment.ended) {
      this.#log('debug', 'speaker.late', { id, samples }) // OUT-26
      return false
    }
    const waits = this.#line.hasWhole // for room, and there is a timer for that
    this.#said?.(id, frame, segment.tally.pushed)
    segment.push(data)
    if (!waits) this.#soon()
    await this.#hold.ready(segment, samples, signal)
    return !segment.ended
  }
  /** Nothing more will be pushed; with `error` it should have been more, and what was pushed is still heard. */
  end(id: string, error?: unknown): void {
    const segment = this.#news.find(id)?.segment
    if (!segment || segment.ended) return
    this.#feeder.settle()
    segment.ended = true
    this.#news.inform(id, { type: 'source.ended', ...segment.tally, ...(error === undefined ? {} : { error: lineOf(error) }) })
    if (segment.drained) this.#news.drained(segment)
    this.#soon()
  }
  /** The source broke: the utterance's machine is told, and decides. */
  fail(id: string, error: unknown): void {
    this.#news.inform(id, { type: 'source.failed', error: lineOf(error) })
    this.#soon()
  }

  /** Lets an utterance be heard (again), rising from silence if it was heard before; from `fromMs` of its audio on, as far as that is kept. */
  open(id: string, fromMs?: number): void {
    const { segment } = this.#news.get(id)
    if (segment.open) return
    segment.open = true
    if (fromMs !== undefined) segment.rewind(segment.heard - samplesOf(fromMs, this.format.sampleRate))
    segment.soundsFrom = segment.played
    this.#soon()
  }
  /** Stops it at once: fades out and takes back what was not played. The account is exact when this returns. */
  shut(id: string): Tally {
    const { segment } = this.#news.get(id)
    segment.open = false
    this.#cut(segment)
    return segment.tally
  }
  /** Ends it at once: fades out and discards what was not played. The account is final. */
  clear(id: string): Tally {
    const { segment } = this.#news.get(id)
    segment.open = false
    this.#cut(segment)
    const tally = segment.discard()
    this.#line.remove(segment)
    return tally
  }
  /** How it stands with an utterance that should have been heard by now. */
  review(id: string): Review {
    const { tally, unsent } = this.#settled(id)
    return { ...tally, unsent, moving: this.#feeder.moving }
  }
  /** What was handed over of it counts as heard, whatever the sink says. */
  concede(id: string): void {
    this.#playhead.concede(this.#news.get(id).segment)
    this.#soon()
  }
  /** The start of the next utterance does not wait for the end of this one: all of it was heard. */
  stepAside(id: string): void {
    this.#news.get(id).aside = true
  }

  /** The account at this moment. */
  tally(id: string): Tally {
    return this.#settled(id).tally
  }
  /** Where the sound of an utterance is, for whoever follows it; may be asked after its end too. */
  playhead(id: string) {
    const { segment, watchers } = this.#news.get(id)
    return {
      heardMs: () => {
        this.#feeder.settle()
        return (segment.heard * 1000) / this.format.sampleRate
      },
      running: () => this.#playhead.sounding === segment,
      /** Called whenever it begins or stops to sound, until the returned function is called. */
      changed: (watcher: () => void) => {
        watchers.add(watcher)
        return () => {
          watchers.delete(watcher)
        }
      },
      clock: this.#clock,
    }
  }

  #settled(id: string): Segment {
    const { segment } = this.#news.get(id)
    this.#feeder.settle()
    return segment
  }
  #cut(segment: Segment): void {
    this.#feeder.cut(segment)
    this.#news.flush(segment.id)
    this.#soon()
  }
  /** OUT-16: a refused block costs its own samples only. */
  #failed(owners: Segment[], error: string): void {
    this.#log('warn', 'frame.failed', { error })
    for (const segment of owners) {
      this.#news.tell({ type: 'frame.failed', id: segment.id, error })
      if (segment.drained) this.#news.drained(segment)
    }
  }

  #feed(): void {
    this.#feeder.feed()
    this.#hold.release()
    this.#news.flush()
  }
  /** Feeds when the turn's other commands were given: several of them are one cut, and one refill. */
  #soon(): void {
    if (this.#isDue) return
    this.#isDue = true
    queueMicrotask(() => {
      this.#isDue = false
      this.#feed()
    })
  }
}
