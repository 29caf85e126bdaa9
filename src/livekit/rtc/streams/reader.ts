/** A stream that somebody else opened. */
import { hold, type Queue } from '../../../audio/buffer.ts'
import { coded } from '../../../errors.ts'
import type { ByteStreamInfo, StreamInfo, TextStreamInfo } from './info.ts'

export interface StreamReader<T, Info extends StreamInfo, All> extends AsyncIterable<T> {
  readonly info: Info
  /** Is told after each chunk that was read: how much of `info.totalSize` that makes, from 0 to 1; undefined where that is not known. */
  onProgress: ((progress: number | undefined) => void) | undefined
  /**
   * All of it. Rejects as the iteration throws, after what came: with code ERR_DISCONNECTED when the room went (BSR-3), ERR_STREAM when
   * the sender broke it off or went, ERR_FULL when more than 256 MiB waited to be read.
   */
  readAll(): Promise<All>
  /** Wants no more of it, as leaving the iteration does; never rejects. */
  close(): Promise<void>
}
export type TextStreamReader = StreamReader<string, TextStreamInfo, string>
export type ByteStreamReader = StreamReader<Uint8Array, ByteStreamInfo, Uint8Array[]>

/** Bytes of one stream that may wait to be read. Nothing holds a sender back but its own network, so more than this has to end it. */
const BACKLOG = 256 * 2 ** 20
/** What a chunk takes in memory beside its bytes, about, so that empty ones are bounded too. */
const PLACE = 256
const END = { done: true, value: undefined } as const

/** Of text: its UTF-8. */
type Chunk<T> = { chunk: T; bytes: number }
/** How it is read. `capacity` in chunks, 0 for `BACKLOG` alone; `release`: is called once, when nothing more is wanted. */
type Reading<T, All> = { capacity: number; gather: (chunks: T[]) => All; release: () => void }

export class Reader<T, Info extends StreamInfo, All> implements StreamReader<T, Info, All> {
  readonly info: Info
  onProgress: ((progress: number | undefined) => void) | undefined
  readonly #queue: Queue<Chunk<T>>
  /** What came and is not in the queue: it is full (BSR-5). */
  readonly #held: Chunk<T>[] = []
  readonly #gather: (chunks: T[]) => All
  readonly #release: () => void
  #passing = false
  #over = false
  #failure: { error: unknown } | undefined
  #waiting = 0
  #read = 0

  constructor(info: Info, { capacity, gather, release }: Reading<T, All>) {
    this.info = info
    this.#queue = hold<Chunk<T>>(capacity || Number.POSITIVE_INFINITY)
    this.#gather = gather
    this.#release = release
  }

  /** How many chunks wait in the queue; at most `capacity`. */
  get waiting(): number {
    return this.#queue.size
  }

  /** A chunk has come. */
  take(chunk: T, bytes: number): void {
    if (this.#over) return
    this.#waiting += bytes + PLACE
    if (this.#waiting > BACKLOG) this.end(tooMuch(this.#waiting))
    else {
      this.#held.push({ chunk, bytes })
      void this.#pass()
    }
  }
  /** No more will come; those who read get what is there, then `error` if there is one. */
  end(error?: unknown): void {
    if (this.#over) return
    this.#over = true
    if (error !== undefined) this.#failure = { error }
    this.#release()
    void this.#pass()
  }

  async close(): Promise<void> {
    this.#over = true
    this.#failure = undefined
    this.#held.length = 0
    this.#queue.clear()
    this.#queue.end()
    this.#release()
  }

  /** One at a time: throws ERR_LOCKED while another reads. */
  [Symbol.asyncIterator](): AsyncIterator<T, undefined> {
    const chunks = this.#queue[Symbol.asyncIterator]()
    return {
      next: async () => {
        const step = await chunks.next()
        if (step.done) return this.#last()
        try {
          return { done: false, value: this.#count(step.value) }
        } catch (error) {
          await this.close() // whoever is told of the progress threw: nobody reads on
          throw error
        }
      },
      return: async () => {
        await this.close()
        await chunks.return?.()
        return END
      },
    }
  }

  async readAll(): Promise<All> {
    const chunks: T[] = []
    for await (const chunk of this) chunks.push(chunk)
    return this.#gather(chunks)
  }

  /** Into the queue as there is room, and behind them all the end. */
  async #pass(): Promise<void> {
    if (this.#passing) return
    this.#passing = true
    for (let next = this.#held.shift(); next; next = this.#held.shift()) await this.#queue.push(next)
    this.#passing = false
    if (this.#over) this.#queue.end()
  }
  #last(): typeof END {
    if (this.#failure) throw this.#failure.error
    return END
  }
  #count({ chunk, bytes }: Chunk<T>): T {
    this.#waiting -= bytes + PLACE
    this.#read += bytes
    const { totalSize } = this.info
    this.onProgress?.(totalSize ? this.#read / totalSize : undefined)
    return chunk
  }
}
const tooMuch = (bytes: number) =>
  coded('ERR_FULL', `${bytes} bytes of this stream wait unread: read them as they come, or close the stream`)
