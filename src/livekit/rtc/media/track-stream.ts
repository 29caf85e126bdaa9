/** What a track gives, as a stream: bounded, a web stream and an async iterable in one, over when the track is or when it is closed. */
import { type Track as SdkTrack, TrackKind } from '@livekit/rtc-node'
import type { Drops, Queue } from '../../../audio/buffer.ts'
import { coded, lineOf } from '../../../errors.ts'
import type { Log } from '../../../ports.ts'
import { checkWhole, misuse } from '../errors.ts'
import { sdkOf, type Wraps } from '../sdk.ts'

/** Where the items of a track go. Whoever ends it is stopped. */
export type Receiver<T> = { take(item: T): void; end(error?: unknown): void }
/** Begins to receive, and gives back what stops it: nothing is taken after that. It must not end at once. */
export type Tap<T> = (to: Receiver<T>) => () => void

/** What all streams of tracks have. */
export type StreamOptions = {
  /** How many items wait for a slow reader; of more the oldest give way. With 0, the default, very many. */
  capacity?: number
  /** Is told at the start and at the end of each run of items that gave way. Must not throw. */
  onDrops?: (drops: Drops) => void
  /** Hears of what failed and was done without. One line on stderr where not given. */
  log?: Log
}

/** Throws a RangeError with code ERR_RANGE for a capacity that is no whole number. */
export const checkCapacity = ({ capacity = 0 }: StreamOptions): number => {
  checkWhole('capacity', capacity, 0)
  return capacity
}

/** A track: ours, or rtc-node's. */
export type GivenTrack = SdkTrack | Wraps<SdkTrack>
const kinds: Partial<Record<TrackKind, string>> = { [TrackKind.KIND_AUDIO]: 'audio', [TrackKind.KIND_VIDEO]: 'video' }

/** Throws a TypeError with code ERR_TRACK for anything but a track of this kind. */
export const trackOf = (given: GivenTrack, kind: TrackKind): SdkTrack => {
  const track: SdkTrack | undefined = Object(given) === given ? sdkOf(given) : undefined
  if (track?.kind === kind) return track
  const is = track?.kind === undefined ? 'no track' : `a track of kind ${kinds[track.kind] ?? track.kind}`
  throw misuse('ERR_TRACK', `this is ${is}: the stream takes one of kind ${kinds[kind]}`)
}
/** What the native layer says when it does not begin a stream, in one line: it repeats the request behind it. */
export const refusedBy = (error: unknown): Error & { code: string } =>
  coded('ERR_STREAM', `the native layer refuses this stream: ${lineOf(error).replace(/ \(FfiRequest .*/, '')}`, error)

const END = { done: true, value: undefined } as const

/** A stream of what a track gives from now on. It has one reader at a time: `for await`, a pipe, or `getReader()`. */
export class TrackStream<T> extends ReadableStream<T> {
  /** Resolves when no more is received: the track is over, or the stream was ended or closed. What waits can still be read. */
  readonly ended: Promise<void>
  readonly #course: Course<T>

  constructor(items: Queue<T>, tap: Tap<T>) {
    const course = new Course(items, tap)
    const source = { start: course.start, pull: course.pull, cancel: course.cancel }
    super(source, { highWaterMark: 0 }) // the queue is ours: what waits in another one would not give way
    this.#course = course
    this.ended = course.ended
  }

  /** How many items gave way since nobody read them in time. */
  get dropped(): number {
    return this.#course.items.dropped
  }

  /** Receives no more; what came before can still be read. Ending twice is harmless. */
  end(): void {
    this.#course.end()
  }
  /** Receives no more, and lets go of what waits: whoever reads is told that it is over. Closing twice is harmless. */
  close(): void {
    this.#course.close()
  }

  override [Symbol.asyncIterator](): ReturnType<ReadableStream<T>['values']> {
    return this.values()
  }
  /**
   * Leaving it early closes the stream, unless told to `preventCancel`; at once, also while a `next()` waits: the one of the web
   * stream would wait for that first. Throws a TypeError while another reader has the stream.
   */
  override values({ preventCancel = false }: { preventCancel?: boolean } = {}): ReturnType<ReadableStream<T>['values']> {
    const reader = this.getReader()
    let open = true
    const leave = () => {
      open = false
      reader.releaseLock()
      return END
    }
    const steps = {
      next: async () => {
        if (!open) return END
        const step = await reader.read().catch(error => {
          if (open) leave()
          else return END
          throw error
        })
        if (!step.done) return step
        return open ? leave() : END
      },
      return: async () => {
        if (!open) return END
        if (!preventCancel) this.close()
        return leave()
      },
      [Symbol.asyncIterator]: () => steps,
      [Symbol.asyncDispose]: async () => void (await steps.return()),
    }
    return steps
  }
}

/** What goes on in a stream: items come in by the tap and wait in the queue until the stream asks for them. */
class Course<T> {
  readonly items: Queue<T>
  readonly ended: Promise<void>
  readonly #steps: AsyncIterator<T, undefined>
  readonly #stop: () => void
  #tellEnded = () => {}
  #controller: ReadableStreamDefaultController<T> | undefined
  #pulling = false
  /** Readers know that it is over. */
  #shut = false

  constructor(items: Queue<T>, tap: Tap<T>) {
    this.items = items
    this.#steps = items[Symbol.asyncIterator]()
    this.ended = new Promise(resolve => {
      this.#tellEnded = resolve
    })
    this.#stop = tap({ take: item => void items.push(item), end: error => this.end(error) })
  }

  readonly start = (controller: ReadableStreamDefaultController<T>): void => {
    this.#controller = controller
  }
  readonly pull = async (): Promise<void> => {
    this.#pulling = true
    try {
      const step = await this.#steps.next()
      if (step.done) this.#close()
      else if (!this.#shut) this.#controller?.enqueue(step.value)
    } catch (error) {
      this.#shut = true // the stream tells its reader, and is over with that
      throw error
    } finally {
      this.#pulling = false
    }
  }
  readonly cancel = (): void => {
    this.#shut = true // the stream has closed itself
    this.close()
  }

  end(error?: unknown): void {
    if (this.items.ended) return
    this.items.end(error)
    this.#tellEnded()
    this.#stop()
    if (error === undefined && !this.#pulling && this.items.size === 0) this.#close()
  }
  close(): void {
    this.items.clear()
    this.end()
    this.#close()
  }

  /** Tells readers that it is over. */
  #close(): void {
    if (this.#shut) return
    this.#shut = true
    this.#controller?.close()
  }
}
