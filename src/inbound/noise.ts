/** Noise cancellation: who does it for the track that is read, and what becomes of its failures. */
import type { Opened } from '../../machines/inbound/microphone.ts'
import { type AudioFrame, checkFrame, type Format, frameOf } from '../audio/frame.ts'
import { lineOf } from '../errors.ts'
import type { Log, Participant, TrackInfo } from '../ports.ts'

/** Makes of each frame a better one of the same format; rtc-node's `FrameProcessor` fits. Not enabled, it is passed by. */
export type FrameProcessor = { process(frame: AudioFrame): AudioFrame; close(): void; isEnabled?(): boolean }
/** Options for the world's own noise cancellation go to it as they are. */
export type NoiseCancelling = FrameProcessor | object
/** Chooses for a track that is opened. */
export type NoiseSelector = (opened: { participant: Participant; track: TrackInfo }) => NoiseCancelling | undefined
export type NoiseCancellation = NoiseCancelling | NoiseSelector

/** What is done about the noise of one track. */
export type Quieting = {
  /** For the world that gives the track. */
  options?: object
  /** For each frame of it, also of what was said before it was there; where there is nothing to do, there is none. */
  process?: (frame: AudioFrame) => AudioFrame
  /** The end of the track. */
  close(): void
}

const isProcessor = (value: object): value is FrameProcessor =>
  'process' in value && typeof value.process === 'function' && 'close' in value && typeof value.close === 'function'

export class Noise {
  readonly #cancellation: NoiseCancellation | undefined
  readonly #format: Format
  readonly #log: Log
  #closed = false

  constructor(cancellation: NoiseCancellation | undefined, format: Format, log: Log) {
    this.#cancellation = cancellation
    this.#format = format
    this.#log = log
  }

  /** A track is opened. */
  open(opened: Opened): Quieting {
    const { participant, key, sid } = opened
    const track = participant.tracks.find(one => one.key === key)
    const about = { identity: participant.identity, sid }
    const chosen = this.#chosenFor(participant, track, about)
    if (chosen === undefined) return { close: () => {} }
    if (track?.enhanced) this.#log('warn', 'noise.twice', about) // MIC-17
    if (!isProcessor(chosen)) return { options: chosen, close: () => {} }
    const passing = this.#guarded(chosen, about)
    let over = false
    return {
      options: chosen, // the world may have news for it
      process: frame => (over || this.#closed ? frame : passing(frame)),
      close: () => {
        over = true
        if (chosen !== this.#cancellation) this.#shut(chosen) // MIC-15: what a selector gave goes with its track
      },
    }
  }

  /** The end of all tracks. */
  close(): void {
    const given = this.#cancellation
    if (!this.#closed && typeof given === 'object' && isProcessor(given)) this.#shut(given)
    this.#closed = true
  }

  #chosenFor(participant: Participant, track: TrackInfo | undefined, about: object): NoiseCancelling | undefined {
    const given = this.#cancellation
    if (typeof given !== 'function') return given
    try {
      const chosen: unknown = track && given({ participant, track })
      if (chosen === undefined || chosen === null) return undefined
      if (typeof chosen === 'object' && !('then' in chosen)) return chosen
      throw new TypeError('it gave neither options nor a processor')
    } catch (error) {
      this.#log('error', 'noise.selector.failed', { ...about, error: lineOf(error) })
      return undefined
    }
  }

  /** MIC-16: the user must not become inaudible. */
  #guarded(processor: FrameProcessor, about: object): (frame: AudioFrame) => AudioFrame {
    let told = false
    return frame => {
      try {
        if (processor.isEnabled?.() === false) return frame
        // A copy: what it does to a frame before it throws is nobody's concern.
        return checkFrame(processor.process(frameOf(frame.data.slice(), frame)), this.#format)
      } catch (error) {
        if (!told) this.#log('error', 'noise.failed', { ...about, error: lineOf(error) })
        told = true
        return frame
      }
    }
  }

  #shut(processor: FrameProcessor): void {
    try {
      processor.close()
    } catch (error) {
      this.#log('error', 'noise.close.failed', { error: lineOf(error) })
    }
  }
}
