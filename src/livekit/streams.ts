/** Text and byte streams by topic: those that others open, and the text streams of our own. */
import type { Room as SdkRoom } from '@livekit/rtc-node'
import { coded, codeOf } from '../errors.ts'
import type { ByteIn, Incoming, StreamsIn, TextIn, TextOut, TextWriter } from '../ports.ts'
import type { Line } from './line.ts'
import { goneOf } from './rtc/sdk.ts'
import { type Inbox, inboxOn } from './rtc/streams/inbox.ts'
import type { StreamInfo } from './rtc/streams/info.ts'
import type { StreamReader } from './rtc/streams/reader.ts'
import { streamText } from './rtc/streams/text.ts'
import type { TextStreamWriter } from './rtc/streams/writer.ts'
import { reasonOf, within } from './wait.ts'

/** A server that does not take the opening of a stream in this time, in ms, will not. */
const OPEN_TIMEOUT = 5_000

type Reader<T> = StreamReader<T, StreamInfo, unknown>
type Handler<T> = (reader: Reader<T>, from: { identity: string }) => void
/** Where a topic's handler goes. */
type Place<T> = { on(inbox: Inbox, topic: string, handler: Handler<T>): void; off(inbox: Inbox, topic: string): void }

const texts: Place<string> = {
  on: (inbox, topic, handler) => inbox.registerTextStreamHandler(topic, handler),
  off: (inbox, topic) => inbox.unregisterTextStreamHandler(topic),
}
const bytes: Place<Uint8Array> = {
  on: (inbox, topic, handler) => inbox.registerByteStreamHandler(topic, handler),
  off: (inbox, topic) => inbox.unregisterByteStreamHandler(topic),
}

/** The ports, and what puts the handlers asked for so far into a room: that is made when it is joined. */
export const streamsInOf = (line: Line): { textIn: TextIn; byteIn: ByteIn; attach(room: SdkRoom): void } => {
  let inbox: Inbox | undefined
  const inboxIn = (room: SdkRoom): Inbox => {
    inbox ??= inboxOn(room, line.gone.signal, line.log)
    return inbox
  }
  const now = () => line.room && inboxIn(line.room)
  const [textIn, byteIn] = [topicsOf(line, texts, now), topicsOf(line, bytes, now)]
  const attach = (room: SdkRoom) => {
    for (const topics of [textIn, byteIn]) topics.attach(inboxIn(room))
  }
  return { textIn: textIn.port, byteIn: byteIn.port, attach }
}

type Topics<T> = { port: StreamsIn<T>; attach(inbox: Inbox): void }
const topicsOf = <T>(line: Line, place: Place<T>, now: () => Inbox | undefined): Topics<T> => {
  const topics = new Map<string, Handler<T>>()
  const listen = (topic: string, take: (stream: Incoming<T>) => void): (() => void) => {
    if (topics.has(topic)) throw coded('ERR_TOPIC_TAKEN', `somebody listens to the topic ${topic} already`)
    const handler: Handler<T> = (reader, { identity }) => receive(line, reader, identity, take)
    const inbox = now()
    if (inbox) place.on(inbox, topic, handler)
    topics.set(topic, handler)
    const release = line.hold('listener', () => off())
    const off = () => {
      release()
      if (topics.get(topic) !== handler) return
      topics.delete(topic)
      const inbox = now()
      if (inbox) place.off(inbox, topic)
    }
    return off
  }
  const attach = (inbox: Inbox) => {
    for (const [topic, handler] of topics) place.on(inbox, topic, handler)
  }
  return { port: { listen }, attach }
}

/** Hands a stream on. What nobody reads is held until the room ends: the inbox closes it then. */
const receive = <T>(line: Line, reader: Reader<T>, identity: string, take: (stream: Incoming<T>) => void): void => {
  const { streamId: id, topic, attributes, mimeType, timestamp } = reader.info
  line.activate(identity) // who can send can receive
  const release = line.hold('stream', () => {})
  const chunks = chunksOf(reader, release, line.gone.signal)
  try {
    take({ info: { id, topic, attributes: { ...attributes }, mimeType, timestamp }, identity, chunks })
  } catch (error) {
    release()
    throw error // the inbox logs it, and closes the reader
  }
}

/** The reader's chunks. `return()` settles at once; when the room goes first, that is no end but a break (BSR-3). */
const chunksOf = <T>(reader: Reader<T>, release: () => void, gone: AbortSignal): AsyncIterable<T> => ({
  [Symbol.asyncIterator]: () => {
    const chunks = reader[Symbol.asyncIterator]()
    return {
      next: async () => {
        try {
          const step = await chunks.next()
          if (step.done) release()
          return step
        } catch (error) {
          release()
          throw gone.aborted ? reasonOf(gone) : error
        }
      },
      return: async () => {
        release()
        await chunks.return?.()
        return { done: true, value: undefined }
      },
    }
  },
})

export const textOutOf = (line: Line): TextOut => ({
  closesWithAttributes: true,
  open: async ({ topic, attributes, sender, to }, signal) => {
    if (signal.aborted) throw reasonOf(signal)
    const { clock, participant, room } = line
    const connection = room && goneOf(room) // a room that only has captions of ours tells the line nothing
    const gone = connection ? AbortSignal.any([line.gone.signal, connection]) : line.gone.signal
    const stream = {
      ...{ topic, attributes: { ...attributes } },
      ...(sender === undefined ? {} : { senderIdentity: sender }),
      ...(to === undefined ? {} : { destinationIdentities: to }),
    }
    const enough = new AbortController()
    try {
      const opening = streamText(participant, stream, gone, enough.signal)
      const stopping = AbortSignal.any([signal, line.gone.signal])
      const what = `opening a stream on ${topic}`
      return writerOf(line, await within(opening, { clock, ms: OPEN_TIMEOUT, what, signal: stopping }))
    } catch (error) {
      enough.abort(error) // opened after all, it would be for nobody: its readers must not wait
      throw error
    }
  },
})

const writerOf = (line: Line, writer: TextStreamWriter): TextWriter => {
  let open = true
  const release = line.hold('stream', () => {
    open = false
  })
  const over = () => {
    open = false
    release()
  }
  const orGone = (error: unknown) => (line.gone.signal.aborted ? reasonOf(line.gone.signal) : error)
  return {
    write: async piece => {
      try {
        await writer.write(piece)
      } catch (error) {
        if (codeOf(error) !== 'ERR_FULL') over() // it has ended for its readers
        throw orGone(error)
      }
    },
    close: async attributes => {
      if (!open) return
      over()
      await writer.close(attributes === undefined ? {} : { attributes }).catch(error => {
        throw orGone(error)
      })
    },
  }
}
