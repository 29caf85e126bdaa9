/** Text and byte streams of the loopback room, from one seat to the others. */
import { drop } from '../audio/buffer.ts'
import { coded, lineOf } from '../errors.ts'
import type { Incoming, Log, StreamInfo, StreamsIn } from '../ports.ts'
import { counted, type Open } from './open.ts'
import type { Seat, Takers } from './seat.ts'
import type { Server } from './server.ts'

/** An open stream, at the sender's end. Calls after its end have no effect. */
export type Outgoing<T> = {
  readonly ended: boolean
  write(chunk: T): void
  /** The attributes are laid over those it was opened with. */
  close(attributes?: Record<string, string>): void
  /** Its readers throw `error` behind what was written. */
  break(error: Error): void
}
export type Opening = {
  topic: string
  attributes?: Record<string, string>
  mimeType: string
  sender?: string | undefined
  to?: string[] | undefined
}
export type StreamKind<T> = { takers: (seat: Seat) => Takers<T>; open: Open; epochMs: number }

/** A reader may be so many pieces behind; then its stream is broken off. rtc-node sets no bound at all. */
const unreadPieces = 10_000

/** Opens a stream to everybody who is active now; one who is not never learns of it. */
export const openStream = <T>(server: Server, from: Seat, opening: Opening, kind: StreamKind<T>): Outgoing<T> => {
  const { topic, mimeType, attributes, to } = opening
  const info: StreamInfo = {
    id: server.ids.next('ST_'),
    topic,
    attributes: { ...attributes },
    mimeType,
    timestamp: kind.epochMs + Math.floor(server.clock.now()),
  }
  const readers = server
    .seats()
    .filter(seat => seat !== from && seat.active && (!to || to.includes(seat.identity)))
    .map(seat =>
      deliveryTo(seat, { ...info, attributes: { ...info.attributes } }, opening.sender ?? from.identity, kind, server.log),
    )
  const off = counted(kind.open, 'streams')
  let ended = false
  const end = (finish: (reader: Delivery<T>) => void) => {
    if (ended) return
    ended = true
    off()
    from.breakers.delete(breakOff)
    readers.forEach(finish)
  }
  const breakOff = (error: Error) => end(reader => reader.end({}, error))
  from.breakers.add(breakOff)
  return {
    get ended() {
      return ended
    },
    write: chunk => {
      if (!ended) for (const reader of readers) reader.push(chunk)
    },
    close: (closing = {}) => end(reader => reader.end(closing)),
    break: breakOff,
  }
}

type Delivery<T> = { push(chunk: T): void; end(attributes: Record<string, string>, error?: Error): void }

const deliveryTo = <T>(seat: Seat, info: StreamInfo, identity: string, kind: StreamKind<T>, log: Log): Delivery<T> => {
  let uncount = () => {}
  const off = () => {
    uncount()
    seat.breakers.delete(breakOff)
  }
  const chunks = drop<T>(unreadPieces)
  const breakOff = (error: Error) => {
    chunks.end(error)
    off()
  }
  seat.mail.bring(() => {
    const take = kind.takers(seat).get(info.topic)
    if (!take) return log('debug', 'stream.unclaimed', { topic: info.topic, identity })
    uncount = counted(kind.open, 'streams')
    seat.breakers.add(breakOff)
    try {
      take({ info, identity, chunks })
    } catch (error) {
      log('error', 'stream.take.failed', { topic: info.topic, error: lineOf(error) })
    }
  })
  return {
    push: chunk =>
      seat.mail.bring(() => {
        void chunks.push(chunk)
        if (chunks.dropped > 0)
          breakOff(new Error(`the reader is more than ${unreadPieces} pieces behind: the stream was broken off`))
      }),
    end: (attributes, error) =>
      seat.mail.bring(() => {
        Object.assign(info.attributes, attributes)
        chunks.end(error)
        off()
      }),
  }
}

/** The port of one seat for streams that come in. */
export const streamsIn = <T>(takers: Takers<T>, gone: AbortSignal, open: Open): StreamsIn<T> => ({
  listen: (topic, take) => {
    if (takers.has(topic)) throw coded('ERR_TOPIC_TAKEN', `the topic ${topic} is taken: let the other listener go first`)
    if (gone.aborted) return () => {}
    const off = counted(open, 'listeners')
    const mine = (stream: Incoming<T>) => take(stream)
    takers.set(topic, mine)
    gone.addEventListener('abort', off, { once: true })
    return () => {
      off()
      gone.removeEventListener('abort', off)
      if (takers.get(topic) === mine) takers.delete(topic)
    }
  },
})
