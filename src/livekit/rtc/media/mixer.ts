/** Many streams of frames as one, block by block. A stream that stalls, fails or has the wrong format harms no other. */
import { AudioFrame as SdkAudioFrame } from '@livekit/rtc-node'
import { hold, type Queue } from '../../../audio/buffer.ts'
import type { Format } from '../../../audio/frame.ts'
import { LONGEST, realClock, sleep } from '../../../clock.ts'
import { coded } from '../../../errors.ts'
import type { Clock, Log } from '../../../ports.ts'
import { checkWhole, misuse, outside } from '../errors.ts'
import { stderrLog } from '../log.ts'
import { type AudioFrame, type AudioFrameLike, adoptedAudio } from './audio-frame.ts'
import { Contributor } from './contributor.ts'

export type AudioMixerOptions = {
  /** Samples per channel of a mixed frame; 0 (the default) for 100 ms of them. */
  blocksize?: number
  /** How long a frame waits for each stream, in ms: 100. Then it is mixed without what is late, which comes later. */
  streamTimeoutMs?: number
  /** How many mixed frames may wait to be read before mixing stops: 100; 0 for 3,000, which is five minutes of 100 ms each. */
  capacity?: number
  clock?: Clock
  /** Hears of streams that stall (`livekit.mixer.stream.stalled`, a warning for each time) or fail (`livekit.mixer.stream.failed`). */
  log?: Log
}

/** What stands for "as many as you like", of 100 ms each: 58 MB of stereo at 48 kHz. */
const UNBOUNDED = 3_000
/** So many frames are mixed in one turn of the event loop: streams that are always ready and an eager reader would leave none to others. */
const IN_A_TURN = 10

/**
 * Begins with its first stream, and is read with `for await`, by one reader at a time. It goes on when all streams have ended, until
 * `endInput` or `close`; a reader who leaves closes it.
 */
export class AudioMixer implements AsyncIterable<AudioFrame> {
  readonly #format: Format
  readonly #sum: Int32Array
  readonly #timing: { timeoutMs: number; clock: Clock; log: Log }
  readonly #output: Queue<AudioFrame>
  readonly #streams = new Map<AsyncIterable<AudioFrameLike>, Contributor>()
  readonly #mixing: Promise<void>
  #added = 0
  #ending = false
  /** This turn of the event loop, by its time, and what was mixed in it. */
  #turn = { now: 0, mixed: 0 }
  /** Ends the wait for something to mix. */
  #wake = () => {}

  /** `sampleRate` in Hz. Throws a RangeError with code ERR_RANGE for a number that cannot be mixed with. */
  constructor(sampleRate: number, numChannels: number, options: AudioMixerOptions = {}) {
    const { blocksize = 0, streamTimeoutMs: timeoutMs = 100, capacity = 100, clock = realClock(), log = stderrLog } = options
    const block = blocksize || Math.floor(sampleRate / 10)
    for (const [name, value] of Object.entries({ sampleRate, numChannels, blocksize: block })) checkWhole(name, value, 1)
    checkWhole('capacity', capacity, 0)
    if (!(timeoutMs >= 0 && timeoutMs <= LONGEST))
      throw outside('ERR_RANGE', `streamTimeoutMs is ${timeoutMs}: use a number of ms from 0 to ${LONGEST}`)
    this.#format = { sampleRate, channels: numChannels }
    this.#sum = new Int32Array(block * numChannels)
    this.#timing = { timeoutMs, clock, log }
    this.#output = hold(capacity || UNBOUNDED)
    this.#mixing = this.#mix()
  }

  /**
   * Frames of this stream are mixed from now on; one that is mixed already stays as it is. They must have the mixer's format: a stream
   * that gives another is logged and removed, as one that fails is. Throws with code ERR_CLOSED after `endInput` or `close`.
   */
  addStream(stream: AsyncIterable<AudioFrameLike>): void {
    if (this.#ending) throw coded('ERR_CLOSED', 'Cannot add stream after mixer has been closed: make another one')
    if (typeof stream?.[Symbol.asyncIterator] !== 'function')
      throw misuse('ERR_STREAM', 'a stream to mix is an async iterable of frames: an async generator will do')
    if (this.#streams.has(stream)) return
    const about = { format: this.#format, length: this.#sum.length, stream: this.#added + 1, changed: () => this.#wake() }
    this.#streams.set(stream, new Contributor(stream, { ...about, ...this.#timing }))
    this.#added++
    this.#wake()
  }

  /** Nothing of it that was not mixed yet will be; its iterator's `return` is called. One that is not mixed is none to be removed. */
  removeStream(stream: AsyncIterable<AudioFrameLike>): void {
    this.#streams.get(stream)?.close()
    this.#streams.delete(stream)
    this.#wake()
  }

  /** No more streams will be added: once those that there are have ended and were read, the mixer has ended. */
  endInput(): void {
    this.#ending = true
    this.#wake()
  }

  /** Mixes no further; what is mixed can still be read. The iterators of all streams are returned. */
  async close(): Promise<void> {
    this.#ending = true
    this.#output.end()
    for (const stream of [...this.#streams.keys()]) this.removeStream(stream)
    this.#wake()
    await this.#mixing
  }
  /** The same, by its name in rtc-node. */
  aclose(): Promise<void> {
    return this.close()
  }

  /** Throws with code ERR_LOCKED while another reader has it. */
  [Symbol.asyncIterator](): AsyncIterator<AudioFrame, undefined> {
    const reader = this.#output[Symbol.asyncIterator]()
    return {
      next: () => reader.next(),
      return: async () => {
        await Promise.all([this.close(), reader.return?.()])
        return { done: true, value: undefined }
      },
    }
  }

  get #over(): boolean {
    return this.#ending && this.#streams.size === 0
  }

  async #mix(): Promise<void> {
    while (!this.#over) {
      await Promise.all(Array.from(this.#streams.values(), stream => stream.fill()))
      const block = this.#block() // of the streams that there are now: one that was removed meanwhile has no part in it
      for (const [stream, { exhausted }] of this.#streams) if (exhausted) this.#streams.delete(stream)
      if (block) await Promise.all([this.#output.push(block), this.#breathe()])
      else if (!this.#over && [...this.#streams.values()].every(({ stalled }) => stalled)) await this.#changed()
    }
    this.#output.end()
  }

  /** The next block, if any stream has something for it. */
  #block(): AudioFrame | undefined {
    const sum = this.#sum.fill(0)
    let any = false
    for (const stream of this.#streams.values()) any = stream.addTo(sum) || any
    const { sampleRate, channels } = this.#format
    return any ? adoptedAudio(new SdkAudioFrame(clipped(sum), sampleRate, channels, sum.length / channels)) : undefined
  }

  /** Gives way to others once this has gone on for a while. Virtual time stands still for as long as it takes. */
  async #breathe(): Promise<void> {
    const { clock } = this.#timing
    if (clock.virtual) return
    const now = clock.now()
    this.#turn = { now, mixed: this.#turn.now === now ? this.#turn.mixed + 1 : 1 }
    if (this.#turn.mixed >= IN_A_TURN) await sleep(clock, 0)
  }

  /** Resolves when a read of a stream has settled, or a stream was added or removed, or no more will be. */
  #changed(): Promise<void> {
    return new Promise(resolve => {
      this.#wake = resolve
    })
  }
}

const clipped = (sum: Int32Array): Int16Array => {
  const data = new Int16Array(sum.length)
  for (let index = 0; index < sum.length; index++) data[index] = Math.max(-32_768, Math.min(32_767, sum[index] ?? 0))
  return data
}
