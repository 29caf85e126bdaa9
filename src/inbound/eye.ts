/** The agent's eye: what it sees, one stream through every track, of which only the newest picture waits. */
import type { Chosen } from '../../machines/inbound/microphone.ts'
import { type Queue, slide } from '../audio/buffer.ts'
import { until } from '../pipes/until.ts'
import type { VideoFrame, Videos } from '../video/frame.ts'
import type { CameraHands } from './camera.ts'

/**
 * Pictures: received = delivered + dropped + gated + buffered. `dropped`: a newer one came, or its track went, before the reader asked;
 * `gated`: came, or waited, while the agent did not see.
 */
export type Sights = { received: number; delivered: number; dropped: number; gated: number; buffered: number }

/** The hands of the camera machine; what the agent sees is `video`. */
export class Eye implements CameraHands {
  readonly #videos: Videos
  readonly #seen: Queue<VideoFrame> = slide(1) // CAM-2
  #last: Promise<void> = Promise.resolve()
  #open = true
  #received = 0
  #gone = 0
  #gated = 0

  constructor(videos: Videos) {
    this.#videos = videos
  }

  /** From now to `close`, through every track. A second reader at a time is refused with ERR_LOCKED. */
  get video(): AsyncIterable<VideoFrame> {
    return this.#seen
  }
  get counters(): Sights {
    const { taken: delivered, size: buffered, dropped } = this.#seen
    return { received: this.#received, delivered, dropped: dropped + this.#gone, gated: this.#gated, buffered }
  }

  watch({ key }: Chosen, signal: AbortSignal): Promise<void> {
    const work = this.#look(key, this.#last, signal)
    this.#last = work.catch(() => {}) // whoever asked for it is told; the next track is watched all the same
    return work
  }

  gate(open: boolean): void {
    this.#open = open
    if (!open) this.#gated += this.#seen.clear()
  }

  close(): void {
    this.#gone += this.#seen.clear()
    this.#seen.end()
  }

  async #look(key: string, before: Promise<void>, signal: AbortSignal): Promise<void> {
    await before
    if (signal.aborted) return
    try {
      for await (const frame of until<VideoFrame>(signal)(this.#videos.watch(key, signal))) {
        if (signal.aborted || this.#seen.ended) return
        this.#received++
        if (this.#open) void this.#seen.push(frame)
        else this.#gated++
      }
    } finally {
      this.#gone += this.#seen.clear() // of who is not there any more, or shows something else
    }
  }
}
