/** One track that is being read: what of it is held back until what was said before has been passed on. */
import { type Queue, slide } from '../audio/buffer.ts'
import { type Cutter, cutter } from '../audio/cut.ts'
import type { AudioFrame } from '../audio/frame.ts'
import { deferred } from '../deferred.ts'
import { samplesIn } from './input.ts'
import type { Recording } from './store.ts'

export class Reading {
  /** Live audio that has come, and may not pass yet. */
  readonly held: Queue<AudioFrame>
  /** Its first audio has come through. Of a track that ends before, never. */
  readonly begun = deferred<void>()
  /** What was said before, or that there is nothing: live audio may follow. */
  readonly before = deferred<Recording | undefined>()
  /** All that was said before has been passed on. */
  readonly replayed = deferred<void>()
  /** Makes frames of one size, for a processor that wants them so. */
  readonly knife: Cutter
  /** The reader has not caught up with the live track yet. */
  behind = false
  #recording: Recording | undefined
  #closed = false

  /** `limit`: as many samples of live audio are held at most. `size`: as many the knife gives at once. */
  constructor(limit: number, size: number) {
    this.held = slide(limit, samplesIn)
    this.knife = cutter(size)
  }

  get recording(): Recording | undefined {
    return this.#recording
  }

  replay(recording: Recording): void {
    this.#recording = recording
    this.behind = true
    this.before.resolve(recording)
    if (this.#closed) recording.cut()
  }

  /** Drops all that is held here; gives back how many samples. */
  clear(): number {
    const cut = this.knife.rest()?.samplesPerChannel ?? 0
    return this.held.clear() + (this.#recording?.audio.clear() ?? 0) + cut
  }

  /** The end of the track, or of our interest in it: nobody waits here any more. */
  close(): void {
    this.#closed = true
    this.#recording?.cut()
    this.before.resolve(undefined)
    this.replayed.resolve()
  }
}
