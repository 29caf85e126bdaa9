/** What a track of the loopback room shows: no picture is kept but the newest one that a watcher has not read. */
import { slide } from '../audio/buffer.ts'
import type { VideoFrame } from '../video/frame.ts'

/** Told each picture as it is shown. */
type Viewer = (frame: VideoFrame) => void
export type Watching = {
  /** Aborts when the watcher has had enough. */
  signal: AbortSignal
  /** Aborts when the track ends: what waits is still read. */
  ended: AbortSignal
  /** Called at the first `next()`; what it gives back is called at the end. */
  begun: () => () => void
}

export class Pictures {
  readonly #viewers = new Set<Viewer>()

  show(frame: VideoFrame): void {
    for (const viewer of [...this.#viewers]) viewer(frame)
  }
  /** From the first `next()` on. */
  watch({ signal, ended, begun }: Watching): AsyncIterable<VideoFrame> {
    const frames = slide<VideoFrame>(1)
    const view: Viewer = frame => void frames.push(frame)
    let state: 'new' | 'live' | 'over' = 'new'
    let uncount = () => {}
    const finish = () => {
      frames.end()
      uncount()
      state = 'over'
      this.#viewers.delete(view)
      signal.removeEventListener('abort', stop)
      ended.removeEventListener('abort', finish)
    }
    const stop = () => {
      finish()
      frames.clear()
    }
    const start = () => {
      if (state !== 'new') return
      if (signal.aborted || ended.aborted) return finish()
      state = 'live'
      uncount = begun()
      this.#viewers.add(view)
      signal.addEventListener('abort', stop, { once: true })
      ended.addEventListener('abort', finish, { once: true })
    }
    return {
      [Symbol.asyncIterator]: () => {
        const reader = frames[Symbol.asyncIterator]()
        return {
          next: () => {
            start()
            return reader.next()
          },
          return: async () => {
            stop()
            return { done: true, value: undefined }
          },
        }
      },
    }
  }
}
