/** What the transcript machine asks for: text streams, and the captions that wait for them. */
import { fromCallback, fromPromise } from 'xstate'
import { type Segment, type TranscriptFact, transcriptMachine } from '../../machines/outbound/transcript.ts'
import { coded, lineOf } from '../errors.ts'
import type { Log, TextOut, TextWriter } from '../ports.ts'

export type CaptionHands = {
  textOut: TextOut
  /** The track of this participant's voice, as far as it is known now. */
  trackOf: (identity: string) => string | undefined
  log: Log
}
type Caption = {
  segment: Segment
  /** All of the text; and of it, on the agent's side, what no stream was given. */
  whole: string
  unsent: string
  /** Some text found no place: what follows it would leave a hole. */
  full: boolean
  track: string | undefined
  writer: TextWriter | undefined
  /** The writer is not to be used any more. */
  stale: boolean
  shown: () => void
  left: Promise<void>
}
const blank = { whole: '', unsent: '', full: false, track: undefined, writer: undefined, stale: false }

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
  put(id: string, text: string): void {
    const caption = this.#open.get(id)
    if (!caption || text === '') return
    const grows = caption.segment.side === 'agent'
    if (caption.full || text.length + (grows ? caption.unsent.length : 0) > maxWaiting) {
      if (!caption.full) this.#hands.log('warn', 'transcript.dropped', { id, characters: text.length })
      caption.full = true
      return
    }
    caption.whole = grows ? caption.whole + text : text
    if (grows) caption.unsent += text
    caption.shown()
  }

  /** Opens a segment; `shown` is called whenever there is new text. The returned function ends it. */
  enter(segment: Segment, shown: () => void): () => void {
    const { id } = segment
    if (this.#open.has(id)) throw coded('ERR_DUPLICATE_SEGMENT', `a segment with the id ${id} is open already`)
    let leave: () => void = () => {}
    const left = new Promise<void>(resolve => {
      leave = resolve
    })
    const caption = { segment, ...blank, shown, left }
    this.#open.set(id, caption)
    return () => {
      this.#open.delete(id)
      this.#abandon(caption)
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
    if (caption.segment.side === 'agent') await this.#append(caption, signal)
    else await this.#publish(caption, false, signal)
  }
  /** Writes the final. Where a stream cannot say so as it closes, it is one more stream with the whole text (TXT-3). */
  async seal(id: string, signal: AbortSignal): Promise<void> {
    const caption = this.#caption(id)
    const { closesWithAttributes } = this.#hands.textOut
    if (caption.segment.side === 'agent') {
      const writer = await this.#append(caption, signal)
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
      caption.unsent = caption.whole
      caption.stale = false
    }
    const writer = caption.writer ?? (await this.#stream(caption, false, signal))
    const text = caption.unsent
    caption.unsent = ''
    if (text) await writer.write(text)
    signal.throwIfAborted()
    return writer
  }
  async #publish(caption: Caption, final: boolean, signal: AbortSignal): Promise<void> {
    this.#abandon(caption)
    const writer = await this.#stream(caption, final, signal)
    await writer.write(caption.whole)
    signal.throwIfAborted()
    await writer.close()
    signal.throwIfAborted()
    caption.writer = undefined
  }
  async #stream(caption: Caption, final: boolean, signal: AbortSignal): Promise<TextWriter> {
    const { textOut, trackOf } = this.#hands
    const { identity } = caption.segment
    // A participant who has left has no track any more; its open segment keeps the one it had (TXT-9).
    caption.track = trackOf(identity) ?? caption.track
    const attributes = attributesOf(caption, final)
    const writer = await textOut.open({ topic: 'lk.transcription', sender: identity, attributes }, signal)
    if (signal.aborted) void close(writer) // too late: nobody would write to it
    signal.throwIfAborted()
    caption.writer = writer
    return writer
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

const attributesOf = ({ segment: { id, attributes }, track }: Caption, final: boolean): Record<string, string> => ({
  ...attributes,
  'lk.segment_id': id,
  'lk.transcription_final': String(final),
  ...(track === undefined ? {} : { 'lk.transcribed_track_id': track }),
})
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
