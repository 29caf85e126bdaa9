/**
 * The streams that others open in a room, by topic. rtc-node hands them over; what it leaves out (the message replied to, attachments,
 * the attributes of the closing) comes from the native layer's own word on the same stream.
 */
import type { Room } from '@livekit/rtc-node'
import { coded, lineOf } from '../../../errors.ts'
import type { Log } from '../../../ports.ts'
import { outside } from '../errors.ts'
import { member, native, type Told } from '../native.ts'
import { roomHandleOf } from '../sdk.ts'
import type { StreamInfo, TextStreamInfo } from './info.ts'
import { type ByteStreamReader, Reader, type TextStreamReader } from './reader.ts'

export type TextStreamHandler = (reader: TextStreamReader, from: { identity: string }) => unknown
export type ByteStreamHandler = (reader: ByteStreamReader, from: { identity: string }) => unknown
/** `capacity`: how many chunks may wait in the reader's queue, 0 for as many as come (BSR-5). */
export type ReadingOptions = { capacity?: number }

/** Text and byte topics are apart (RM-11). What a handler throws is logged, and its stream closed (RM-12). */
export interface Inbox {
  /** Throws with code ERR_TOPIC_TAKEN where the topic has a handler: that one stays. */
  registerTextStreamHandler(topic: string, handler: TextStreamHandler, options?: ReadingOptions): void
  unregisterTextStreamHandler(topic: string): void
  registerByteStreamHandler(topic: string, handler: ByteStreamHandler, options?: ReadingOptions): void
  unregisterByteStreamHandler(topic: string): void
  /** How many streams are open, read or not. */
  readonly open: number
}

/**
 * `gone` aborts when the connection is gone for good: then every reader ends with ERR_DISCONNECTED, and those that nobody reads are closed
 * (BSR-3, BSR-4). Its topics are its own: what somebody else registered at the same room is left alone.
 */
export const inboxOn = (room: Room, gone: AbortSignal, log: Log): Inbox => new RoomInbox(room, gone, log)

type Kind = 'text' | 'byte'
type From = { identity: string }
/** What rtc-node hands over. */
type Source<T> = AsyncIterable<T> & {
  info: Omit<StreamInfo, 'attributes'> & { attributes?: Record<string, string> }
  close(): Promise<void>
}
/** What the native layer says of a stream as it opens. */
type Opened = Pick<TextStreamInfo, 'attachments' | 'replyToId' | 'totalSize'>
type Incoming<T, Info, All> = {
  source: Source<T>
  info: Info
  capacity: number
  gather: (chunks: T[]) => All
  sizeOf: (chunk: T) => number
}

class RoomInbox implements Inbox {
  readonly #room: Room
  readonly #gone: AbortSignal
  readonly #log: Log
  readonly #topics: Record<Kind, Set<string>> = { text: new Set(), byte: new Set() }
  /** By the handle of the native reader: what was opened and not handed over yet, and what is read. */
  readonly #opened = new Map<unknown, Opened>()
  readonly #readers = new Map<unknown, { info: StreamInfo; end(error?: unknown): void }>()
  #off: (() => void) | undefined

  constructor(room: Room, gone: AbortSignal, log: Log) {
    this.#room = room
    this.#gone = gone
    this.#log = log
    gone.addEventListener('abort', () => this.#leave(), { once: true })
  }

  get open(): number {
    return this.#readers.size
  }

  registerTextStreamHandler(topic: string, handler: TextStreamHandler, options?: ReadingOptions): void {
    const capacity = this.#claim('text', topic, options)
    const texts = { capacity, gather: (chunks: string[]) => chunks.join(''), sizeOf: (text: string) => Buffer.byteLength(text) }
    this.#put('text', topic, () =>
      this.#room.registerTextStreamHandler(topic, (source, from) => {
        const [handle, about] = this.#newest()
        const incoming = { ...texts, source, info: { ...infoOf(source), ...about } }
        this.#receive(handle, incoming, from, reader => handler(reader, from))
      }),
    )
  }
  unregisterTextStreamHandler(topic: string): void {
    if (this.#topics.text.delete(topic)) this.#room.unregisterTextStreamHandler(topic)
    this.#rest()
  }

  registerByteStreamHandler(topic: string, handler: ByteStreamHandler, options?: ReadingOptions): void {
    const capacity = this.#claim('byte', topic, options)
    const bytes = { capacity, gather: (chunks: Uint8Array[]) => chunks, sizeOf: (chunk: Uint8Array) => chunk.byteLength }
    this.#put('byte', topic, () =>
      this.#room.registerByteStreamHandler(topic, (source, from) => {
        const [handle] = this.#newest()
        const incoming = { ...bytes, source, info: { ...infoOf(source), name: source.info.name } }
        this.#receive(handle, incoming, from, reader => handler(reader, from))
      }),
    )
  }
  unregisterByteStreamHandler(topic: string): void {
    if (this.#topics.byte.delete(topic)) this.#room.unregisterByteStreamHandler(topic)
    this.#rest()
  }

  #claim(kind: Kind, topic: string, { capacity = 0 }: ReadingOptions = {}): number {
    if (!Number.isSafeInteger(capacity) || capacity < 0)
      throw outside('ERR_RANGE', `the capacity of a reader is ${capacity}: give a whole number of chunks, or 0`)
    if (this.#topics[kind].has(topic)) throw taken(kind, topic)
    return capacity
  }
  #put(kind: Kind, topic: string, put: () => void): void {
    try {
      put()
    } catch (error) {
      throw taken(kind, topic, error) // somebody else's, in the same room
    }
    this.#topics[kind].add(topic)
    this.#listen()
  }

  /** The stream that is just being handed over: rtc-node made its native reader in this very turn. */
  #newest(): [handle: unknown, about: Opened] {
    const readers = member(this.#room, 'streamReaders')
    const handle = readers instanceof Map ? [...readers.keys()].at(-1) : undefined
    const opened = this.#opened.get(handle)
    this.#opened.delete(handle)
    return [handle, opened ?? { attachments: [] }]
  }
  #receive<T, Info extends StreamInfo, All>(
    handle: unknown,
    { source, info, sizeOf, ...reading }: Incoming<T, Info, All>,
    { identity }: From,
    give: (reader: Reader<T, Info, All>) => unknown,
  ): void {
    const key = handle ?? source
    const release = () => {
      this.#readers.delete(key)
      void source.close() // logs its own failures and never rejects
      this.#rest()
    }
    const reader = new Reader(info, { ...reading, release })
    this.#readers.set(key, reader)
    if (this.#gone.aborted) reader.end(broken(this.#gone))
    void this.#fill(reader, source, sizeOf)
    const fail = (error: unknown) => {
      void reader.close()
      this.#log('error', 'livekit.stream.failed', { topic: info.topic, identity, error: lineOf(error) })
    }
    void (async () => give(reader))().catch(fail)
  }
  /** At once, whoever reads: an error takes away what still waits at rtc-node. */
  async #fill<T, Info extends StreamInfo, All>(reader: Reader<T, Info, All>, source: Source<T>, sizeOf: (chunk: T) => number) {
    try {
      for await (const chunk of source) reader.take(chunk, sizeOf(chunk))
      reader.end()
    } catch (error) {
      reader.end(this.#room.isConnected ? coded('ERR_STREAM', lineOf(error), error) : broken(this.#gone))
    }
  }

  /** Once we are in: before, nothing is told of the room. rtc-node has it told when its state has changed. */
  #listen(): void {
    if (this.#off || this.#gone.aborted) return
    if (roomHandleOf(this.#room) === undefined) {
      const again = () => {
        this.#off?.()
        this.#off = undefined
        this.#listen()
      }
      this.#room.on('connectionStateChanged', again)
      this.#off = () => void this.#room.off('connectionStateChanged', again)
      return
    }
    try {
      this.#off = native().listen(told => this.#look(told))
    } catch (error) {
      this.#log('warn', 'livekit.sdk', { message: lineOf(error) }) // streams come all the same, with less said of them
    }
  }

  #look({ case: name, value }: Told): void {
    if (name === 'roomEvent') {
      const { case: what, value: event } = value.message
      const ours = value.roomHandle === roomHandleOf(this.#room)
      if (ours && what === 'textStreamOpened' && this.#topics.text.has(event.reader?.info?.topic ?? '')) this.#note(event.reader)
    } else if (name === 'textStreamReaderEvent' || name === 'byteStreamReaderEvent') {
      const reader = this.#readers.get(value.readerHandle)
      const { case: what, value: detail } = value.detail
      if (reader && what === 'eos') Object.assign(reader.info.attributes, detail.attributes)
    }
  }
  #note(opened: TextOpened): void {
    const { replyToStreamId: replyToId, attachedStreamIds: attachments = [], totalLength } = opened?.info ?? {}
    const size = totalLength === undefined ? {} : { totalSize: Number(totalLength) }
    this.#opened.set(opened?.handle?.id, { attachments: [...attachments], ...size, ...(replyToId ? { replyToId } : {}) })
  }

  #leave(): void {
    for (const reader of [...this.#readers.values()]) reader.end(broken(this.#gone))
    this.#rest()
  }
  /** Nothing to listen for: no topic and no stream, or no room. */
  #rest(): void {
    const idle = this.#topics.text.size + this.#topics.byte.size === 0
    if (this.#readers.size > 0 || !(idle || this.#gone.aborted)) return
    this.#opened.clear()
    this.#off?.()
    this.#off = undefined
  }
}

type RoomTold = Extract<Told, { case: 'roomEvent' }>['value']['message']
type TextOpened = Extract<RoomTold, { case: 'textStreamOpened' }>['value']['reader']

const infoOf = <T>({ info }: Source<T>): StreamInfo => {
  const { streamId, topic, mimeType, timestamp, totalSize, attributes } = info
  const about = { streamId, topic, mimeType, timestamp, attributes: { ...attributes } }
  return totalSize === undefined ? about : { ...about, totalSize }
}
const broken = ({ reason }: AbortSignal) => coded('ERR_DISCONNECTED', 'Disconnected while receiving', reason)
const taken = (kind: Kind, topic: string, cause?: unknown) =>
  coded('ERR_TOPIC_TAKEN', `the ${kind} topic ${topic} has a handler already: unregister that one first`, cause)
