/** Text and byte streams by topic: those that others open, and the text streams of our own. */
import type {
  ByteStreamHandler,
  ByteStreamReader,
  LocalParticipant,
  Room as SdkRoom,
  TextStreamHandler,
  TextStreamReader,
} from '@livekit/rtc-node'
import { coded, lineOf } from '../errors.ts'
import type { ByteIn, Incoming, StreamsIn, TextIn, TextOut, TextStream, TextWriter } from '../ports.ts'
import type { Line } from './line.ts'
import { type NativeText, type NativeTexts, nativeTexts } from './native.ts'
import { reasonOf, within } from './wait.ts'

/** A server that does not take the opening of a stream in this time, in ms, will not. */
const OPEN_TIMEOUT = 5_000

/** What text and byte readers have in common. */
type Reader<T> = AsyncIterable<T> & {
  info: { streamId: string; topic: string; attributes?: Record<string, string>; mimeType: string; timestamp: number }
  close(): Promise<void>
}
type Handler<T> = (reader: Reader<T>, from: { identity: string }) => void
/** Where a topic's handler goes in rtc-node's room. */
type Place<T> = { on(room: SdkRoom, topic: string, handler: Handler<T>): void; off(room: SdkRoom, topic: string): void }
/** A port, and what puts the handlers asked for so far into a room: that is made when it is joined. */
export type Inbox<T> = { port: StreamsIn<T>; attach(room: SdkRoom): void }

const texts: Place<string> = {
  on: (room, topic, handler) => {
    const take: TextStreamHandler = (reader: TextStreamReader, from) => handler(reader, from)
    room.registerTextStreamHandler(topic, take)
  },
  off: (room, topic) => room.unregisterTextStreamHandler(topic),
}
const bytes: Place<Uint8Array> = {
  on: (room, topic, handler) => {
    const take: ByteStreamHandler = (reader: ByteStreamReader, from) => handler(reader, from)
    room.registerByteStreamHandler(topic, take)
  },
  off: (room, topic) => room.unregisterByteStreamHandler(topic),
}

export const textInOf = (line: Line): Inbox<string> & { port: TextIn } => inbox(line, texts)
export const byteInOf = (line: Line): Inbox<Uint8Array> & { port: ByteIn } => inbox(line, bytes)

const inbox = <T>(line: Line, place: Place<T>): Inbox<T> => {
  const topics = new Map<string, Handler<T>>()
  const listen = (topic: string, take: (stream: Incoming<T>) => void): (() => void) => {
    if (topics.has(topic)) throw coded('ERR_TOPIC_TAKEN', `somebody listens to the topic ${topic} already`)
    const handler: Handler<T> = (reader, { identity }) => receive(line, reader, identity, take)
    if (line.room) put(line.room, topic, handler)
    topics.set(topic, handler)
    const release = line.hold('listener', () => off())
    const off = () => {
      release()
      if (topics.get(topic) !== handler) return
      topics.delete(topic)
      if (line.room) place.off(line.room, topic)
    }
    return off
  }
  /** A room that is not ours alone may have a handler of somebody else's. */
  const put = (room: SdkRoom, topic: string, handler: Handler<T>) => {
    try {
      place.on(room, topic, handler)
    } catch (error) {
      throw coded('ERR_TOPIC_TAKEN', `somebody else in this room listens to the topic ${topic} already`, error)
    }
  }
  const attach = (room: SdkRoom) => {
    for (const [topic, handler] of topics) place.on(room, topic, handler)
  }
  return { port: { listen }, attach }
}

/** Hands a stream on. One that the taker fails to take, or leaves unread until the room ends, is closed: it would stay for ever. */
const receive = <T>(line: Line, reader: Reader<T>, identity: string, take: (stream: Incoming<T>) => void): void => {
  const { streamId: id, topic, attributes = {}, mimeType, timestamp } = reader.info
  const close = () => void reader.close() // it logs its own failures and never rejects
  const release = line.hold('stream', close)
  line.activate(identity) // who can send can receive
  const stop = () => {
    release()
    close()
  }
  const chunks = chunksOf(reader, { stop, release, gone: line.gone.signal })
  try {
    take({ info: { id, topic, attributes: { ...attributes }, mimeType, timestamp }, identity, chunks })
  } catch (error) {
    stop()
    line.log('error', 'livekit.stream.failed', { topic, identity, error: lineOf(error) })
  }
}

type Reading = { stop: () => void; release: () => void; gone: AbortSignal }

/** The reader's chunks. `return()` settles at once; when the room goes first, that is no end but a break (BSR-3). */
const chunksOf = <T>(reader: Reader<T>, { stop, release, gone }: Reading): AsyncIterable<T> => ({
  [Symbol.asyncIterator]: () => {
    const chunks = reader[Symbol.asyncIterator]()
    let ended = false
    const next = async (): Promise<IteratorResult<T>> => {
      const step = await chunks.next()
      if (step.done && gone.aborted && !ended) throw reasonOf(gone)
      if (step.done) ended = true
      return step
    }
    return {
      next: async () => {
        try {
          const step = await next()
          if (step.done) release()
          return step
        } catch (error) {
          release()
          throw error
        }
      },
      return: async () => {
        ended = true
        stop()
        return { done: true, value: undefined }
      },
    }
  },
})

export const textOutOf = (line: Line, native: NativeTexts = nativeTexts): TextOut => ({
  get closesWithAttributes() {
    return native.can(line.room?.localParticipant)
  },
  open: async (stream, signal) => {
    if (signal.aborted) throw reasonOf(signal)
    const { clock, gone, participant } = line
    const opening = native.can(participant) ? native.open(participant, stream, gone.signal) : sdkText(participant, stream)
    try {
      const stopping = AbortSignal.any([signal, gone.signal])
      const what = `opening a stream on ${stream.topic}`
      return writerOf(line, await within(opening, { clock, ms: OPEN_TIMEOUT, what, signal: stopping }))
    } catch (error) {
      // Opened after all, for nobody: its readers must not wait.
      opening.then(text => text.close()).catch(() => {})
      throw error
    }
  },
})

/** The same by rtc-node's own means: the closing attributes are lost. */
const sdkText = async (participant: LocalParticipant, { topic, attributes, sender, to }: TextStream): Promise<NativeText> => {
  const writer = await participant.streamText({
    topic,
    attributes: { ...attributes },
    ...(sender === undefined ? {} : { senderIdentity: sender }),
    ...(to === undefined ? {} : { destinationIdentities: to }),
  })
  return { write: text => writer.write(text), close: () => writer.close() }
}

const writerOf = (line: Line, text: NativeText): TextWriter => {
  let open = true
  let lane: Promise<unknown> = Promise.resolve()
  const inTurn = (work: () => Promise<void>): Promise<void> => {
    const done = lane.then(work)
    lane = done.catch(() => {})
    return done
  }
  const release = line.hold('stream', () => {
    open = false // rtc-node gives the native writer back when the room is left
  })
  const over = () => {
    open = false
    release()
  }
  return {
    write: async piece => {
      if (!open) throw coded('ERR_CLOSED', 'the text stream is closed: open another one')
      if (piece === '') return
      try {
        await inTurn(() => text.write(piece))
      } catch (error) {
        over() // it has ended for its readers
        throw error
      }
    },
    close: async attributes => {
      if (!open) return
      over()
      await inTurn(() => text.close(attributes))
    },
  }
}
