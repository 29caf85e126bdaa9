/** What the transcript machine asks for: text streams, and the captions that wait for them. */
import { fromCallback, fromPromise } from 'xstate'
import { type Segment, type TranscriptFact, transcriptMachine } from '../../machines/outbound/transcript.ts'
import { deferred } from '../deferred.ts'
import { coded, lineOf } from '../errors.ts'
import type { Log, TextOut, TextWriter, Word } from '../ports.ts'
import { jsonLine } from '../text/timed.ts'
import { Bulletin, type BulletinHands } from './bulletin.ts'
import type { Chain } from './chain.ts'

export type CaptionHands = {
  textOut: TextOut
  /** The track of this participant's voice, as far as it is known now. */
  trackOf: (identity: string) => string | undefined
  log: Log
  /** Writes a JSON object for each piece, in place of its text. */
  json?: boolean
  /** For clients that know no text streams. */
  packets?: BulletinHands
  /** Gets the agent's text after the room. */
  next?: Chain
}
type Caption = {
  segment: Segment
  /** All of an agent's text, the newest of a caller's; how many of these pieces the stream was given, and the next in the chain. */
  pieces: Word[]
  sent: number
  passed: number
  /** The length of what no stream was given. */
  waiting: number
  /** Some text found no place: what follows it would leave a hole. */
  full: boolean
  track: string | undefined
  writer: TextWriter | undefined
  /** The writer is not to be used any more. */
  stale: boolean
  /** The streams have said the final. */
  sealed: boolean
  bulletin: Bulletin | undefined
  shown: () => void
  left: Promise<void>
}
const blank = { sent: 0, passed: 0, waiting: 0, full: false, writer: undefined, stale: false, sealed: false }

/** TXT-14: text that may wait for the room, in UTF-16 units: 64 KiB of plain English. */
const maxWaiting = 65_536

/** The text of the room's open segments. Whoever has text puts it here; the segment's machine publishes it from here. */
export class Captions {
  readonly #hands: CaptionHands
  readonly #open = new Map<string, Caption>()
  /** What the next segment of each side waits for. */
  readonly #tails = { agent: Promise.resolve(), caller: Promise.resolve() }

  constructor(hands: CaptionHands) {
    this.#hands = hands
  }

  /** Adds to the text of an agent's segment, replaces that of a caller's. Empty text is nothing, nor is text for a segment that is over. */
  put(id: string, piece: string | Word): void {
    const caption = this.#open.get(id)
    const word = typeof piece === 'string' ? { text: piece } : piece
    if (typeof word?.text !== 'string') throw new TypeError(`what is shown is a text, not a ${typeof piece}`)
    const { length } = word.text
    if (!caption || length === 0) return
    if (caption.full || caption.waiting + length > maxWaiting) {
      if (!caption.full) this.#hands.log('warn', 'transcript.dropped', { id, characters: length })
      caption.full = true
      return
    }
    if (caption.segment.side === 'agent') {
      caption.pieces.push(word)
      caption.waiting += length
    } else caption.pieces = [word]
    caption.shown()
  }

  /** Throws a TypeError for an id that cannot be one, ERR_DUPLICATE_SEGMENT while a segment with this id is open. */
  checkFree(id: string): void {
    if (typeof id !== 'string' || id === '')
      throw new TypeError(`the id of a segment is a text that is not empty, not ${String(id)}`)
    if (this.#open.has(id)) throw coded('ERR_DUPLICATE_SEGMENT', `a segment with the id ${id} is open already`)
  }
  /** Opens a segment; `shown` is called whenever there is new text. The returned function ends it. */
  enter(segment: Segment, shown: () => void): () => void {
    const { id } = segment
    this.checkFree(id)
    const { promise: left, resolve: leave } = deferred<void>()
    const { trackOf, packets } = this.#hands
    const track = trackOf(segment.identity)
    const caption: Caption = { segment, pieces: [], ...blank, track, bulletin: undefined, shown, left }
    caption.bulletin = packets && new Bulletin({ ...segment, text: () => wholeOf(caption) }, packets)
    this.#open.set(id, caption)
    return () => {
      this.#open.delete(id)
      this.#abandon(caption)
      caption.bulletin?.close()
      this.#pass(caption)
      if (caption.passed > 0) this.#hands.next?.flush()
      leave()
    }
  }

  /** Resolves when the segments of this side that had text before this one are over (TXT-7). */
  turn(id: string): Promise<void> {
    const { segment, left } = this.#caption(id)
    const turn = this.#tails[segment.side]
    this.#tails[segment.side] = turn.then(() => left)
    return turn
  }
  /** The next write opens a new stream and begins with the whole text. */
  renew(id: string): void {
    this.#caption(id).stale = true
  }
  /** Writes the text that waits: what is new of the agent's, all of the caller's. */
  async write(id: string, signal: AbortSignal): Promise<void> {
    const caption = this.#caption(id)
    if (caption.sealed) return
    if (caption.segment.side === 'agent') await this.#append(caption, signal)
    else await this.#publish(caption, false, signal)
    caption.bulletin?.offer()
    this.#pass(caption)
  }
  /** Writes the final. Where a stream cannot say so as it closes, it is one more stream with the whole text (TXT-3). */
  async seal(id: string, signal: AbortSignal): Promise<void> {
    const caption = this.#caption(id)
    if (!caption.sealed) await this.#conclude(caption, signal)
    caption.sealed = true // if the last packet fails, only that is tried again
    await caption.bulletin?.finish(signal)
  }

  async #conclude(caption: Caption, signal: AbortSignal): Promise<void> {
    const { closesWithAttributes } = this.#hands.textOut
    if (caption.segment.side === 'agent') {
      const writer = await this.#append(caption, signal)
      this.#locate(caption)
      await writer.close(closesWithAttributes ? attributesOf(caption, true) : undefined)
      signal.throwIfAborted()
      caption.writer = undefined
      if (closesWithAttributes) return
    }
    await this.#publish(caption, true, signal)
  }
  async #append(caption: Caption, signal: AbortSignal): Promise<TextWriter> {
    if (caption.stale) {
      this.#abandon(caption)
      caption.sent = 0
      caption.stale = false
    }
    const writer = caption.writer ?? (await this.#stream(caption, false, signal))
    const text = this.#written(caption.pieces.slice(caption.sent))
    caption.sent = caption.pieces.length
    caption.waiting = 0
    if (text) await writer.write(text)
    signal.throwIfAborted()
    return writer
  }
  async #publish(caption: Caption, final: boolean, signal: AbortSignal): Promise<void> {
    this.#abandon(caption)
    const writer = await this.#stream(caption, final, signal)
    await writer.write(this.#written(caption.pieces))
    signal.throwIfAborted()
    await writer.close()
    signal.throwIfAborted()
    caption.writer = undefined
  }
  async #stream(caption: Caption, final: boolean, signal: AbortSignal): Promise<TextWriter> {
    this.#locate(caption)
    const attributes = attributesOf(caption, final)
    const stream = { topic: 'lk.transcription', sender: caption.segment.identity, attributes }
    const writer = await this.#hands.textOut.open(stream, signal)
    if (signal.aborted) void close(writer) // too late: nobody would write to it
    signal.throwIfAborted()
    caption.writer = writer
    return writer
  }
  /** A participant who has left has no track any more; its open segment keeps the one it had (TXT-9). */
  #locate(caption: Caption): void {
    caption.track = this.#hands.trackOf(caption.segment.identity) ?? caption.track
  }
  #written(pieces: Word[]): string {
    return pieces.map(word => (this.#hands.json ? jsonLine(word) : word.text)).join('')
  }
  /** What the room has, the next in the chain may have. */
  #pass(caption: Caption): void {
    const { next } = this.#hands
    if (!next || caption.segment.side !== 'agent' || caption.passed === caption.pieces.length) return
    next.capture(caption.pieces.slice(caption.passed))
    caption.passed = caption.pieces.length
  }
  #abandon(caption: Caption): void {
    if (caption.writer) void close(caption.writer)
    caption.writer = undefined
  }
  #caption(id: string): Caption {
    const caption = this.#open.get(id)
    if (!caption) throw coded('ERR_UNKNOWN_SEGMENT', `there is no open segment with the id ${id}`)
    return caption
  }
}

const wholeOf = ({ pieces }: Caption): string => pieces.map(({ text }) => text).join('')
/** The protocol's own are never the caller's, also those that are not known (TXT-6). */
const attributesOf = ({ segment: { id, attributes }, track }: Caption, final: boolean): Record<string, string> => {
  const { 'lk.transcribed_track_id': _, ...others } = attributes ?? {}
  return {
    ...others,
    'lk.segment_id': id,
    'lk.transcription_final': String(final),
    ...(track === undefined ? {} : { 'lk.transcribed_track_id': track }),
  }
}
/** Nothing is lost if it fails: what this stream did not say, another one says again. */
const close = (writer: TextWriter) => writer.close().catch(() => undefined)

export type TranscriptHands = { captions: Captions; log: Log; tell?: (fact: TranscriptFact) => void }

/** The transcript machine on the room's captions. A write that fails is logged as `transcript.failed`. */
export const transcriptOn = ({ captions, log, tell = () => {} }: TranscriptHands) =>
  transcriptMachine.provide({
    actors: {
      place: fromCallback(({ input, sendBack }) => captions.enter(input, () => sendBack({ type: 'text.shown' }))),
      turn: fromPromise(({ input: { id } }) => captions.turn(id)),
      write: fromPromise(({ input: { id }, signal }) => captions.write(id, signal)),
      seal: fromPromise(({ input: { id }, signal }) => captions.seal(id, signal)),
    },
    actions: {
      renewStream: ({ context }) => captions.renew(context.segment.id),
      logFailure: ({ event, context }) =>
        log('warn', 'transcript.failed', {
          id: context.segment.id,
          error: 'error' in event ? lineOf(event.error) : 'no answer in time',
        }),
      tellLost: ({ context }) => tell({ type: 'captions.lost', id: context.segment.id }),
    },
  })
