/** The agent's ear: everything between the tracks of the room and what the agent reads. */
import type { Opened } from '../../machines/inbound/microphone.ts'
import type { Claim } from '../../machines/inbound/preconnect.ts'
import { type AudioFrame, type Format, samplesOf } from '../audio/frame.ts'
import { hear, PATIENCE_MS } from '../pipes/hear.ts'
import { recall } from '../pipes/recall.ts'
import type { Log, World } from '../ports.ts'
import { type Counters, type Dropped, Input } from './input.ts'
import type { MicrophoneHands } from './microphone.ts'
import { Noise, type NoiseCancellation } from './noise.ts'
import { Reading } from './reading.ts'
import { Store } from './store.ts'

/** Rates in Hz, durations in ms. */
export type EarOptions = Partial<Format> & {
  /** Every frame has exactly this. Default 50. */
  frameSizeMs?: number
  /** Default none. */
  noiseCancellation?: NoiseCancellation | undefined
  /** As much waits for the reader; then the oldest is dropped. Default 10 000. */
  maxBufferMs?: number
  /** Catches what participants said before the agent came. Default true, waiting 3 000 for it. */
  preConnectAudio?: boolean
  preConnectAudioTimeoutMs?: number
  /** Told at the start and at the end of each run of drops. */
  dropped?: (run: Dropped) => void
  /** Gets each frame that is to be read, and the place of its first sample in all of them. It may neither throw nor keep the frame. */
  heard?: (frame: AudioFrame, offset: number) => void
}
export type EarWorld = Pick<World, 'tracks' | 'byteIn' | 'clock' | 'log' | 'opus'>

/** MIC-8. */
const REST_MS = 500

/** Default format: 24 000 Hz, 1 channel. Throws a RangeError if a frame is no whole number of samples. */
export const createEar = (world: EarWorld, options: EarOptions = {}): Ear => new Ear(world, options)

/** The hands of the microphone machine; what the agent reads is `audio`. */
export class Ear implements MicrophoneHands {
  readonly log: Log
  readonly format: Format
  readonly #world: EarWorld
  readonly #frameMs: number
  readonly #held: number
  readonly #noise: Noise
  readonly #input: Input
  readonly #store: Store | undefined
  #reading = new Reading(0, 1)
  #last: Promise<void> = Promise.resolve()

  constructor(world: EarWorld, options: EarOptions) {
    const { sampleRate = 24_000, channels = 1, frameSizeMs = 50, maxBufferMs = 10_000, dropped = () => {} } = options
    const { preConnectAudio = true, preConnectAudioTimeoutMs: timeoutMs = 3_000 } = options
    const size = (sampleRate * frameSizeMs) / 1000
    if (!Number.isInteger(size) || size < 1)
      throw new RangeError(
        `a frame of ${frameSizeMs} ms at ${sampleRate} Hz is no whole number of samples: choose another frameSizeMs`,
      )
    this.log = world.log
    this.format = { sampleRate, channels }
    this.#world = world
    this.#frameMs = frameSizeMs % 10 === 0 ? frameSizeMs : 10 // all that a world gives; the input cuts it
    // Holds all that can come while the deadline runs and a replay is waited for: it never has to drop anything.
    this.#held = samplesOf(timeoutMs + maxBufferMs + PATIENCE_MS, sampleRate)
    this.#input = new Input({ ...this.format, frameMs: frameSizeMs, maxBufferMs, dropped, heard: options.heard })
    const { byteIn, clock, log, opus } = world
    this.#noise = new Noise(options.noiseCancellation, this.format, log)
    if (preConnectAudio) this.#store = new Store({ byteIn, clock, log, sampleRate, timeoutMs, recall: recall(this.format, opus) })
  }

  /** What the agent reads, from `start` to `close`, through every track. A second reader at a time is refused with ERR_LOCKED. */
  get audio(): AsyncIterable<AudioFrame> {
    return this.#input.audio
  }
  get counters(): Counters {
    return this.#input.counters
  }

  /** Takes the pre-connect topic over. `late`: the room was connected before. */
  start({ late = false } = {}): void {
    this.#store?.start(late)
  }

  /** Ends `audio`; lets the topic go. */
  close(): void {
    this.#store?.close()
    this.#noise.close()
    this.#input.audio.end()
  }

  read(opened: Opened, signal: AbortSignal): Promise<void> {
    const reading = new Reading(this.#held, samplesOf(this.#frameMs, this.format.sampleRate))
    this.#reading = reading
    const work = this.#hear(reading, opened, this.#last, signal)
    this.#last = work.catch(() => {}) // whoever asked for it is told; the next track is read all the same
    return work
  }

  async #hear(reading: Reading, opened: Opened, before: Promise<void>, signal: AbortSignal) {
    await before
    if (signal.aborted) return reading.close()
    const { tracks, clock } = this.#world
    const { options, process, close } = this.#noise.open(opened)
    const how = { ...this.format, frameMs: this.#frameMs, ...(options ? { noiseCancellation: options } : {}) }
    try {
      const live = tracks.listen(opened.key, how, signal)
      await hear(live, { reading, input: this.#input, format: this.format, clock, process }, signal)
    } finally {
      reading.close()
      close()
    }
  }

  begin(): Promise<void> {
    return this.#reading.begun.promise
  }

  gate(open: boolean): void {
    this.#input.gate(open)
    if (!open) this.#input.waste('gated', this.#reading.clear())
  }

  pad(): void {
    this.#input.rest(0)
  }

  rest(): void {
    this.#input.rest(REST_MS)
  }

  forget(identity: string, sid?: string): void {
    this.#store?.forget(identity, sid)
  }

  async claim(claim: Claim, signal: AbortSignal): Promise<boolean> {
    const reading = this.#reading
    const recording = await this.#store?.claim(claim, signal)
    if (recording) reading.replay(recording)
    return recording !== undefined
  }

  receive(): Promise<void> {
    return this.#reading.recording?.arrived ?? Promise.resolve()
  }

  cut(): void {
    this.#reading.recording?.cut()
  }

  replay(): Promise<void> {
    return this.#reading.replayed.promise
  }

  pass(): void {
    this.#reading.before.resolve(undefined)
  }
}
