/** What a remote track sends, as an async iterable: opened when it is asked for, and ended with the track, the room or its reader. */
import type { RemoteTrack, TrackKind } from '@livekit/rtc-node'
import { lineOf } from '../errors.ts'
import type { Line } from './line.ts'
import type { TrackStream } from './rtc/media/track-stream.ts'

/** `open` starts the stream, `of` makes ours of each of its items. The native layer is not asked for a track of another kind. */
export type Flowing<S, T> = {
  line: Line
  key: string
  kind: TrackKind
  signal: AbortSignal
  open: (track: RemoteTrack) => TrackStream<S>
  of: (item: S) => T
}
type Reading<S> = { next: () => Promise<IteratorResult<S, undefined>>; stop: () => void }
const END = { done: true, value: undefined } as const

/** Opens at the first `next()`; `return()` settles at once, also while a `next()` waits. */
export const flow = <S, T>(flowing: Flowing<S, T>): AsyncIterable<T> => ({
  [Symbol.asyncIterator]: () => {
    let reading: Reading<S> | undefined
    let over = false
    return {
      next: async () => {
        if (over) return END
        reading ??= start(flowing)
        const step = await reading.next()
        return step.done ? END : { done: false, value: flowing.of(step.value) }
      },
      return: async () => {
        over = true
        reading?.stop()
        return END
      },
    }
  },
})

const start = <S, T>({ line, key, kind, signal, open }: Flowing<S, T>): Reading<S> => {
  const subscription = line.track(key)
  if (subscription?.track.kind !== kind || signal.aborted) return { next: async () => END, stop: () => {} }
  const { track, ended } = subscription
  const stream = open(track)
  const steps = stream.values()
  const stop = () => stream.close()
  const finish = () => stream.end()
  const release = line.hold('listener', stop)
  signal.addEventListener('abort', stop, { once: true })
  ended.signal.addEventListener('abort', finish, { once: true })
  void stream.ended.then(() => {
    release()
    signal.removeEventListener('abort', stop)
    ended.signal.removeEventListener('abort', finish)
  })
  const next = async () => {
    try {
      return await steps.next()
    } catch (error) {
      line.log('warn', 'livekit.track.failed', { key, error: lineOf(error) })
      return END
    }
  }
  return { next, stop }
}
