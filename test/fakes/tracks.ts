/** Tracks and byte streams that a test feeds by hand. They do nothing by themselves. */
import { type Queue, slide } from '../../src/audio/buffer.ts'
import type { AudioFrame } from '../../src/audio/frame.ts'
import { coded } from '../../src/errors.ts'
import { until } from '../../src/pipes/until.ts'
import type { Incoming, Listening, StreamsIn, Tracks } from '../../src/ports.ts'

/** One concrete track. A frame that nobody listens to is lost, as it is in a room. */
export type Feed = {
  push(...frames: AudioFrame[]): void
  end(error?: unknown): void
  /** How many listen now (a deaf world: who did not call `return()`), and how they asked to hear it, one entry for each time. */
  readonly readers: number
  readonly asked: readonly Listening[]
}

/** `deaf`: a world that answers neither an abort nor `return()`, and says nothing more. */
export const fakeTracks = ({ deaf = false } = {}) => {
  const feeds = new Map<string, Feed & { listen: Tracks['listen'] }>()
  const feedOf = () => {
    const open = new Set<Queue<AudioFrame>>()
    const asked: Listening[] = []
    let over: { error?: unknown } | undefined
    return {
      asked,
      get readers() {
        return open.size
      },
      push: (...frames: AudioFrame[]) => {
        for (const queue of open) for (const frame of frames) void queue.push(frame)
      },
      end: (error?: unknown) => {
        over = { error }
        for (const queue of open) queue.end(error)
      },
      listen: (_: string, how: Listening, signal: AbortSignal) => {
        asked.push(how)
        const queue = slide<AudioFrame>(1_000)
        if (over) queue.end(over.error)
        open.add(queue)
        if (deaf) return { [Symbol.asyncIterator]: () => deafReader(queue, () => open.delete(queue)) }
        return (async function* () {
          try {
            yield* until<AudioFrame>(signal)(queue)
          } finally {
            open.delete(queue)
          }
        })()
      },
    }
  }
  const feed = (key: string) => {
    const known = feeds.get(key) ?? feedOf()
    feeds.set(key, known)
    return known
  }
  const tracks: Tracks = {
    listen: (key, how, signal) => feeds.get(key)?.listen(key, how, signal) ?? nothing(),
  }
  return { tracks, feed: (key: string): Feed => feed(key) }
}

async function* nothing(): AsyncGenerator<AudioFrame> {}

const deafReader = (queue: Queue<AudioFrame>, returned: () => void): AsyncIterator<AudioFrame> => {
  const reader = queue[Symbol.asyncIterator]()
  return {
    next: () => reader.next(),
    return: () => {
      returned()
      return new Promise(() => {})
    },
  }
}

/** A stream on its way in, fed by hand. */
export type Sending<T = Uint8Array> = {
  push(...chunks: T[]): void
  end(error?: unknown): void
  /** Whoever took it wants no more of it. */
  readonly left: boolean
}
/** What a stream says of itself. */
export type Heading = { identity: string; topic: string; mimeType: string; attributes?: Record<string, string> }

/** Streams that come in, by topic. `taken`: topics that belong to somebody else. */
export const fakeStreams = <T>({ taken = [] as string[] } = {}) => {
  const takers = new Map<string, (stream: Incoming<T>) => void>()
  let id = 0
  const streams: StreamsIn<T> = {
    listen: (topic, take) => {
      if (taken.includes(topic) || takers.has(topic)) throw coded('ERR_TOPIC_TAKEN', `somebody listens to ${topic} already`)
      takers.set(topic, take)
      return () => takers.delete(topic)
    },
  }
  const send = ({ identity, topic, mimeType, attributes = {} }: Heading): Sending<T> => {
    const chunks = slide<T>(10_000)
    let left = false
    const watched = () => {
      const reader = chunks[Symbol.asyncIterator]()
      const leave = async () => {
        left = true
        return reader.return?.() ?? { done: true as const, value: undefined }
      }
      return { next: () => reader.next(), return: leave }
    }
    const info = { id: `ST_${++id}`, topic, mimeType, timestamp: 0, attributes }
    takers.get(topic)?.({ identity, chunks: { [Symbol.asyncIterator]: watched }, info })
    return {
      push: (...more) => {
        for (const chunk of more) void chunks.push(chunk)
      },
      end: error => chunks.end(error),
      get left() {
        return left
      },
    }
  }
  return { streams, send, topics: () => [...takers.keys()] }
}

/** What a participant says of a recording; PCM of 24 000 Hz mono where not said otherwise. */
export type Sent = { identity?: string; trackId?: string; mimeType?: string; attributes?: Record<string, string> }
/** Recordings that come in. `taken`: topics that belong to somebody else. */
export const fakeBytes = ({ taken = [] as string[] } = {}) => {
  const { streams: byteIn, send, topics } = fakeStreams<Uint8Array>({ taken })
  const record = ({ identity = 'ann', trackId = 'TR_1', mimeType = 'audio/pcm', attributes = {} }: Sent = {}): Sending =>
    send({
      ...{ identity, topic: 'lk.agent.pre-connect-audio-buffer', mimeType },
      attributes: { trackId, sampleRate: '24000', channels: '1', ...attributes },
    })
  return { byteIn, send: record, topics }
}

/** 16-bit samples as the bytes of a stream. */
export const bytesOf = (data: Int16Array): Uint8Array =>
  new Uint8Array(data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength))
