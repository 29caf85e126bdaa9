/** One stream that is mixed: reads ahead as far as a block needs, and keeps what comes late for a later one. */
import type { Format } from '../../../audio/frame.ts'
import { lineOf } from '../../../errors.ts'
import { letGo } from '../../../pipes/until.ts'
import type { Clock, Log } from '../../../ports.ts'
import { misuse } from '../errors.ts'
import { type AudioFrameLike, checkAudioFrame } from './audio-frame.ts'

export type ContributorOptions = {
  /** Which stream it is, in warnings: the how manieth that was added. */
  stream: number
  format: Format
  /** How many samples a block takes, of all channels. */
  length: number
  /** How long a block waits for a read, in ms. */
  timeoutMs: number
  clock: Clock
  log: Log
  /** Is called when a read has settled. */
  changed: () => void
}

export class Contributor {
  readonly #iterator: AsyncIterator<AudioFrameLike>
  readonly #options: ContributorOptions
  /** What was read and not mixed yet: `#size` samples from `#head` on. A copy, since a source may fill the same memory again. */
  #data: Int16Array
  #head = 0
  #size = 0
  /** The one read on its way is late; it stays on its way. */
  #stalled = false
  #ended = false
  /** Ends the wait of `fill`. */
  #wake = () => {}
  /** Reads waited for so far, when the last of them began, and whether it is still waited for. */
  #reads = 0
  #since = 0
  #waiting = false
  /** One for read after read: to set and to clear one for each costs more than the mixing. */
  #timer: unknown

  constructor(source: AsyncIterable<AudioFrameLike>, options: ContributorOptions) {
    this.#iterator = source[Symbol.asyncIterator]()
    this.#options = options
    this.#data = new Int16Array(2 * options.length)
  }

  /** Its read has taken too long: no block waits for it until that settles. */
  get stalled(): boolean {
    return this.#stalled
  }
  /** It has ended, and all of it was mixed. */
  get exhausted(): boolean {
    return this.#ended && this.#size === 0
  }

  /** Resolves when a block is there, or the stream has ended or stalled: so there is one read at a time. Never rejects. */
  async fill(): Promise<void> {
    while (this.#size < this.#options.length && !this.#ended && !this.#stalled) {
      void this.#read()
      await this.#settled()
    }
  }

  /** Adds the next block to `sum`, or as much of it as there is. Says whether that was anything. */
  addTo(sum: Int32Array): boolean {
    const [data, head, count] = [this.#data, this.#head, Math.min(this.#size, sum.length)]
    for (let index = 0; index < count; index++) sum[index] = (sum[index] ?? 0) + (data[head + index] ?? 0)
    this.#size -= count
    this.#head = this.#size === 0 ? 0 : head + count
    return count > 0
  }

  /** Reads no further, and gives the source back. Its `return` is called and not awaited: one that is dead would not settle. */
  close(): void {
    if (this.#ended) return
    this.#ended = true
    letGo(this.#iterator)
    this.#wake()
  }

  async #read(): Promise<void> {
    try {
      const { done, value } = await this.#iterator.next()
      if (this.#ended) return
      if (done) this.#ended = true
      else this.#take(value)
    } catch (error) {
      if (this.#ended) return
      this.#options.log('error', 'livekit.mixer.stream.failed', { stream: this.#options.stream, error: lineOf(error) })
      this.#ended = true // what was read before it failed is mixed
      letGo(this.#iterator)
    } finally {
      this.#stalled = false
      this.#wake()
      this.#options.changed()
    }
  }

  #take(frame: AudioFrameLike) {
    checkAudioFrame(frame)
    checkFormat(frame, this.#options.format)
    const data = frame.data.subarray(0, frame.samplesPerChannel * frame.channels) // it may hold more than it declares
    this.#makeRoom(data.length)
    this.#data.set(data, this.#head + this.#size)
    this.#size += data.length
  }

  #makeRoom(count: number) {
    if (this.#head + this.#size + count <= this.#data.length) return
    const needed = this.#size + count
    const kept = this.#data.subarray(this.#head, this.#head + this.#size)
    // Twice what is needed: each sample is moved once or twice, however small the pieces are.
    if (2 * needed > this.#data.length) this.#data = new Int16Array(2 * needed)
    this.#data.set(kept)
    this.#head = 0
  }

  /** Resolves when the read has settled, or has stalled, or the stream is closed. */
  #settled(): Promise<void> {
    const { clock, timeoutMs } = this.#options
    this.#reads++
    this.#since = clock.now()
    this.#waiting = true
    if (this.#timer === undefined) this.#watch(timeoutMs)
    return new Promise(resolve => {
      this.#wake = () => {
        this.#waiting = false
        if (this.#ended) this.#unwatch()
        resolve()
      }
    })
  }
  #watch(ms: number): void {
    const { clock, log, stream, timeoutMs } = this.#options
    const watched = this.#reads
    this.#timer = clock.setTimeout(() => {
      this.#timer = undefined
      if (!this.#waiting) return
      if (this.#reads > watched) return this.#watch(Math.max(0, this.#since + timeoutMs - clock.now()))
      this.#stalled = true
      log('warn', 'livekit.mixer.stream.stalled', { stream, timeoutMs })
      this.#wake()
    }, ms)
  }
  #unwatch(): void {
    this.#options.clock.clearTimeout(this.#timer)
    this.#timer = undefined
  }
}

const checkFormat = (frame: Format, mixer: Format): void => {
  if (frame.sampleRate === mixer.sampleRate && frame.channels === mixer.channels) return
  const [has, wanted] = [frame, mixer].map(({ sampleRate, channels }) => `${sampleRate} Hz and ${channels} channel(s)`)
  throw misuse('ERR_FORMAT', `the frame has ${has}, the mixer ${wanted}: convert it first`)
}
