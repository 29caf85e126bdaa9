/** Turns the sound of a track into frames of the format asked for, paced by the clock as a live track does it. */
import { type Queue, slide } from '../audio/buffer.ts'
import { type Cutter, cutter } from '../audio/cut.ts'
import { type AudioFrame, type Format, frameOf } from '../audio/frame.ts'
import { mix } from '../audio/mix.ts'
import { resampler } from '../audio/resample.ts'
import type { Clock, Listening } from '../ports.ts'
import { Collector, type Sound } from './collector.ts'

export type Listener = {
  clock: Clock
  /** Aborts when the listener has had enough: what was not read is dropped. */
  signal: AbortSignal
  /** Aborts when the sound ends: what was sent is still read. */
  ended: AbortSignal
  /** Told how many samples were dropped because the reader is too slow, once, at the end. */
  lost: (samples: number) => void
  /** Called at the first `next()`; what it gives back is called at the end. */
  begun: () => () => void
}

/** Where `frameMs` is not given. */
const usualFrameMs = 10
/** A reader further behind than this loses the oldest frames. */
const keptMs = 1_000

/** Frames of exactly `how.frameMs`, from the first `next()` on. Nothing waits before that, nor after the end. */
export const framesOf = (sound: Sound, how: Listening, listener: Listener): AsyncIterable<AudioFrame> => {
  const reception = new Reception(sound, how, listener)
  return {
    [Symbol.asyncIterator]: () => {
      const reader = reception.frames[Symbol.asyncIterator]()
      return {
        next: () => {
          reception.start()
          return reader.next()
        },
        // Not the reader's own: that one may wait for a `next()` that waits.
        return: async () => {
          reception.drop()
          return { done: true, value: undefined }
        },
      }
    },
  }
}

class Reception {
  readonly frames: Queue<AudioFrame>
  readonly #how: Listening
  readonly #listener: Listener
  readonly #collector: Collector
  readonly #convert: Converter
  readonly #knife: Cutter
  #state: 'new' | 'live' | 'over' = 'new'
  #begun = () => {}

  constructor(sound: Sound, how: Listening, listener: Listener) {
    const { sampleRate, frameMs = usualFrameMs } = how
    const samples = (sampleRate * frameMs) / 1000
    if (!Number.isInteger(samples) || samples <= 0)
      throw new RangeError(`a frame of ${frameMs} ms at ${sampleRate} Hz is no whole number of samples: choose another frameMs`)
    this.frames = slide<AudioFrame>((sampleRate * keptMs) / 1000, frame => frame.samplesPerChannel)
    this.#how = how
    this.#listener = listener
    this.#convert = converter(sound.format, how)
    this.#knife = cutter(samples)
    this.#collector = new Collector(sound, {
      clock: listener.clock,
      missingMs: () => ((samples - this.#knife.size) * 1000) / sampleRate,
      push: data => this.#push(this.#convert.push(data)),
    })
  }

  start(): void {
    if (this.#state !== 'new') return
    const { signal, ended, begun } = this.#listener
    this.#state = 'live'
    this.#begun = begun()
    signal.addEventListener('abort', this.#drop, { once: true })
    ended.addEventListener('abort', this.#finish, { once: true })
    if (signal.aborted || ended.aborted) this.#stop()
    else this.#collector.start()
  }
  drop(): void {
    this.#stop()
    this.frames.clear()
  }

  readonly #drop = () => this.drop()
  readonly #finish = () => {
    this.#collector.collect()
    this.#push(this.#convert.flush())
    this.#stop()
  }
  #push(data: Int16Array): void {
    for (const frame of this.#knife.push(frameOf(data, this.#how))) void this.frames.push(frame)
  }
  #stop(): void {
    this.frames.end()
    if (this.#state !== 'live') return
    this.#state = 'over'
    this.#collector.stop()
    this.#listener.signal.removeEventListener('abort', this.#drop)
    this.#listener.ended.removeEventListener('abort', this.#finish)
    this.#begun()
    if (this.frames.dropped > 0) this.#listener.lost(this.frames.dropped)
  }
}

type Converter = { push(data: Int16Array): Int16Array; flush(): Int16Array }
const converter = (from: Format, to: Format): Converter => {
  const filter = from.sampleRate === to.sampleRate ? undefined : resampler(from.sampleRate, to.sampleRate, to.channels)
  return {
    push: data => {
      const mixed = mix(data, from.channels, to.channels)
      return filter ? filter.push(mixed) : mixed
    },
    flush: () => filter?.flush() ?? new Int16Array(),
  }
}
