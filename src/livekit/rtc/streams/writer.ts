/** What the writer machine asks for, done by a wire; and a stream of ours as whoever opened it sees it. */
import { createActor, fromPromise } from 'xstate'
import { writerMachine } from '../../../../machines/outbound/writer.ts'
import { deferred } from '../../../deferred.ts'
import { coded, lineOf } from '../../../errors.ts'
import { reasonOf } from '../../wait.ts'
import { disconnected, outside } from '../errors.ts'
import type { ByteStreamInfo, Closing, StreamInfo, TextStreamInfo } from './info.ts'
import type { Wire } from './wire.ts'

export interface StreamWriter<T, Info extends StreamInfo> {
  readonly info: Info
  /**
   * Resolves when it is sent; until then a piece is not to be changed. Writes go out one after another, whole (BSW-1). Rejects with code
   * ERR_CLOSED after `close` (BSW-2), ERR_RANGE for more than `info.totalSize`, ERR_FULL when 10,000 wait already; with ERR_DISCONNECTED
   * when the room went, ERR_STREAM when it was refused: then the stream has ended for its readers too (TSW-2), and all later ones reject so.
   */
  write(piece: T): Promise<void>
  /**
   * Closes behind what was written. The first call counts, the others wait for the same end. Rejects if the end did not get through. A
   * `reason` says that it was broken off: its readers end with an error. `attributes` are laid over those it was opened with.
   */
  close(how?: Closing): Promise<void>
}
export type TextStreamWriter = StreamWriter<string, TextStreamInfo>
export type ByteStreamWriter = StreamWriter<Uint8Array, ByteStreamInfo>

/** Who waits for every write as they should has one in the line; who does not is told before the memory is. */
const WAITING = 10_000

/** The way, and a word to the readers when it fails. */
type Sending = {
  open(signal: AbortSignal): Promise<void>
  send(signal: AbortSignal): Promise<void>
  finish(signal: AbortSignal): Promise<void>
  breakOff(error: unknown): void
}
/** `broken`: the error is undefined where nothing failed, but the room is gone or no answer came in time. */
type Telling = { opened(): void; sent(): void; closed(): void; broken(error: unknown): void }

export const writerOn = (sending: Sending, tell: Telling) =>
  writerMachine.provide({
    actors: {
      open: fromPromise(({ signal }) => sending.open(signal)),
      send: fromPromise(({ signal }) => sending.send(signal)),
      finish: fromPromise(({ signal }) => sending.finish(signal)),
    },
    actions: {
      breakOff: ({ event }) => sending.breakOff(errorOf(event)),
      tellOpened: () => tell.opened(),
      tellSent: () => tell.sent(),
      tellClosed: () => tell.closed(),
      tellBroken: ({ event }) => tell.broken(errorOf(event)),
    },
  })
const errorOf = (event: { type: string }): unknown => ('error' in event ? event.error : undefined)

/** How long a piece is in bytes, and when to give up: with the room. `wanted`: gives up the opening, which is then closed behind us. */
type Opening<T> = { gone: AbortSignal; sizeOf: (piece: T) => number; wanted?: AbortSignal | undefined }

/** Opens a stream on a wire; resolves once its header is sent. */
export const openWriter = async <T, Info extends StreamInfo>(
  wire: Wire<T>,
  info: Info,
  opening: Opening<T>,
): Promise<StreamWriter<T, Info>> => {
  if (opening.gone.aborted) throw disconnected(opening.gone)
  if (opening.wanted?.aborted) throw reasonOf(opening.wanted)
  const writer = new Writer(wire, info, opening)
  await writer.open(opening.wanted)
  return writer
}

type Piece<T> = { piece: T; resolve(): void; reject(error: unknown): void }

class Writer<T, Info extends StreamInfo> implements StreamWriter<T, Info> {
  readonly info: Info
  readonly #wire: Wire<T>
  readonly #sizeOf: (piece: T) => number
  readonly #gone: AbortSignal
  readonly #line: Piece<T>[] = []
  readonly #opened = deferred<void>()
  readonly #ended = deferred<void>()
  readonly #actor
  #size = 0
  #failure: unknown
  #how: Required<Closing> = { reason: '', attributes: {} }

  constructor(wire: Wire<T>, info: Info, { gone, sizeOf }: Opening<T>) {
    this.info = info
    this.#wire = wire
    this.#sizeOf = sizeOf
    this.#gone = gone
    const sending = {
      open: (signal: AbortSignal) => wire.open(signal),
      send: async (signal: AbortSignal) => {
        const [next] = this.#line
        if (next) await wire.send(next.piece, signal)
      },
      finish: (signal: AbortSignal) => wire.finish(this.#how, signal),
      breakOff: (error: unknown) => this.#breakOff(error),
    }
    const tell = {
      opened: () => this.#opened.resolve(),
      sent: () => this.#line.shift()?.resolve(),
      closed: () => this.#end(() => this.#ended.resolve()),
      broken: (error: unknown) => this.#fail(error),
    }
    this.#actor = createActor(writerOn(sending, tell), { id: `writer:${info.streamId}` })
    this.#opened.promise.catch(() => {}) // whoever opens, waits for it; who closes, for the end
    this.#ended.promise.catch(() => {})
  }

  open(wanted: AbortSignal | undefined): Promise<void> {
    this.#gone.addEventListener('abort', this.#leave, { once: true })
    this.#actor.start()
    if (!wanted) return this.#opened.promise
    const giveUp = () => {
      this.#opened.reject(reasonOf(wanted))
      this.#actor.send({ type: 'close' })
    }
    wanted.addEventListener('abort', giveUp, { once: true })
    return this.#opened.promise.finally(() => wanted.removeEventListener('abort', giveUp))
  }

  write(piece: T): Promise<void> {
    const size = this.#sizeOf(piece)
    const { totalSize } = this.info
    if (!this.#actor.getSnapshot().can({ type: 'write' })) return Promise.reject(this.#failure ?? closed())
    if (totalSize !== undefined && this.#size + size > totalSize) return Promise.reject(tooMuch(this.#size + size, totalSize))
    if (this.#line.length >= WAITING) return Promise.reject(full())
    this.#size += size
    return new Promise((resolve, reject) => {
      this.#line.push({ piece, resolve, reject })
      this.#actor.send({ type: 'write' })
    })
  }

  close({ reason = '', attributes = {} }: Closing = {}): Promise<void> {
    const { status, context } = this.#actor.getSnapshot()
    if (status === 'active' && !context.closing) {
      this.#how = { reason, attributes: { ...attributes } }
      Object.assign(this.info.attributes, attributes)
      this.#actor.send({ type: 'close' })
    }
    return this.#ended.promise
  }

  readonly #leave = () => this.#actor.send({ type: 'room.gone' })
  #end(settle: () => void) {
    this.#gone.removeEventListener('abort', this.#leave)
    settle()
  }
  #fail(failure: unknown) {
    const error = failure ?? (this.#gone.aborted ? disconnected(this.#gone) : late())
    this.#failure = error
    for (const { reject } of this.#line.splice(0)) reject(error)
    this.#opened.reject(error)
    this.#end(() => this.#ended.reject(error))
  }
  /** Not waited for: who wrote learns of the failure now, and where even this fails the readers are told by the server. */
  #breakOff(failure: unknown) {
    this.#wire.finish({ reason: lineOf(failure ?? late()), attributes: {} }, this.#gone).catch(() => {})
  }
}

const closed = () => coded('ERR_CLOSED', 'the stream is closed: open another one')
const late = () => coded('ERR_TIMEOUT', 'the server did not take the stream in time: is it overloaded, or the network slow?')
const full = () => coded('ERR_FULL', `${WAITING} writes wait already: wait for each before the next`)
const tooMuch = (size: number, total: number) =>
  outside('ERR_RANGE', `that makes ${size} bytes, and the stream said it has ${total}: open it with the size that it will have`)
