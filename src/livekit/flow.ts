/** What a remote track sends, as an async iterable: read as it comes, kept in a bounded queue, ended with the track. */
import type { RemoteTrack, TrackKind } from '@livekit/rtc-node'
import type { Queue } from '../audio/buffer.ts'
import { lineOf } from '../errors.ts'
import type { Line } from './line.ts'

/** `open` starts the SDK's stream, `take` gets each of its items. The native layer is not asked for a track of another kind. */
export type Flowing<S, T> = {
  line: Line
  key: string
  kind: TrackKind
  signal: AbortSignal
  items: Queue<T>
  open: (track: RemoteTrack) => ReadableStream<S>
  take: (item: S) => void
}
type Reading<T> = { items: AsyncIterable<T>; stop: () => void }

/** Opens at the first `next()`; `return()` settles at once, also while a `next()` waits. */
export const flow = <S, T>(flowing: () => Flowing<S, T>): AsyncIterable<T> => ({
  [Symbol.asyncIterator]: () => {
    let reading: Reading<T> | undefined
    let reader: AsyncIterator<T> | undefined
    let over = false
    return {
      next: () => {
        if (over) return Promise.resolve({ done: true as const, value: undefined })
        reading ??= start(flowing())
        reader ??= reading.items[Symbol.asyncIterator]()
        return reader.next()
      },
      return: async () => {
        over = true
        reading?.stop()
        return { done: true, value: undefined }
      },
    }
  },
})

const start = <S, T>({ line, key, kind, signal, items, open, take }: Flowing<S, T>): Reading<T> => {
  const subscription = line.track(key)
  if (subscription?.track.kind !== kind || signal.aborted) {
    items.end()
    return { items, stop: () => {} }
  }
  const { track, ended } = subscription
  const reader = open(track).getReader()
  const finish = () => {
    release()
    signal.removeEventListener('abort', stop)
    ended.signal.removeEventListener('abort', finish)
    items.end()
    // A stream that ended or failed by itself refuses the cancel: then there is nothing left to cancel.
    reader.cancel().catch(() => {})
  }
  const stop = () => {
    finish()
    items.clear()
  }
  const release = line.hold('listener', stop)
  signal.addEventListener('abort', stop, { once: true })
  ended.signal.addEventListener('abort', finish, { once: true })
  pump(reader, take)
    .catch(error => line.log('warn', 'livekit.track.failed', { key, error: lineOf(error) }))
    .finally(finish)
  return { items, stop }
}

const pump = async <S>(reader: ReadableStreamDefaultReader<S>, take: (item: S) => void): Promise<void> => {
  for (let step = await reader.read(); !step.done; step = await reader.read()) take(step.value)
}
