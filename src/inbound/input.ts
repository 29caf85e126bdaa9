/** What the agent reads: one stream of exact frames through every track, behind a gate, bounded, with its account. */
import { type Queue, slide } from '../audio/buffer.ts'
import { type Cutter, cutter } from '../audio/cut.ts'
import { type AudioFrame, type Format, frameOf, samplesOf } from '../audio/frame.ts'

/**
 * Samples per channel: received + silence = delivered + dropped + gated + overlap + buffered.
 * `received`: came in whole frames, or was thrown away; `silence`: was invented; `dropped`: the reader was too slow;
 * `gated`: came, or waited, while the agent did not hear; `overlap`: was in the pre-connect audio already.
 */
export type Counters = {
  received: number
  silence: number
  delivered: number
  dropped: number
  gated: number
  overlap: number
  buffered: number
}
/** A run of drops, told at its start and at its end. `from`: the place of its first sample in all that was to be read. */
export type Dropped = { samples: number; from: number }
export type InputOptions = Format & {
  frameMs: number
  maxBufferMs: number
  dropped: (run: Dropped) => void
  heard?: ((frame: AudioFrame, offset: number) => void) | undefined
}

export const samplesIn = ({ samplesPerChannel }: AudioFrame) => samplesPerChannel

export class Input {
  readonly audio: Queue<AudioFrame>
  readonly #format: Format
  readonly #size: number
  readonly #cutter: Cutter
  readonly #heard: InputOptions['heard']
  readonly #counts = { received: 0, silence: 0, dropped: 0, gated: 0, overlap: 0 }
  #offered = 0
  #open = true

  constructor({ sampleRate, channels, frameMs, maxBufferMs, dropped, heard }: InputOptions) {
    this.#format = { sampleRate, channels }
    this.#size = samplesOf(frameMs, sampleRate)
    this.#cutter = cutter(this.#size)
    this.#heard = heard
    this.audio = slide(samplesOf(maxBufferMs, sampleRate), samplesIn, ({ size, from }) => dropped({ samples: size, from }))
  }

  get counters(): Counters {
    const { audio } = this
    const dropped = audio.dropped + this.#counts.dropped
    return { ...this.#counts, dropped, delivered: audio.taken, buffered: audio.size }
  }

  get isOpen(): boolean {
    return this.#open
  }

  /** Whether this frame would push nothing out. */
  hasRoomFor({ samplesPerChannel }: AudioFrame): boolean {
    return this.audio.size === 0 || this.audio.size + samplesPerChannel <= this.audio.limit
  }

  /** The agent hears, or not. Shut: what waits is gone (MIC-10), and so is what comes. */
  gate(open: boolean): void {
    this.#open = open
    if (open) return
    this.#counts.gated += this.audio.clear()
    this.waste('gated', this.#broken())
  }

  /** A frame of any length from the track that is read. */
  take(frame: AudioFrame): void {
    if (this.#open) this.#counts.received += this.#push(frame)
    else this.waste('gated', frame.samplesPerChannel)
  }

  /** Counts samples that came and go no further. */
  waste(fate: 'gated' | 'dropped' | 'overlap', samples: number): void {
    this.#counts.received += samples
    this.#counts[fate] += samples
  }

  /** Makes a broken frame whole with silence, and adds frames of it until there are `ms`. */
  rest(ms: number): void {
    const broken = this.#cutter.size
    const gap = broken === 0 ? 0 : this.#size - broken
    const frames = Math.max(0, Math.ceil((samplesOf(ms, this.#format.sampleRate) - gap) / this.#size))
    const silence = gap + frames * this.#size
    this.#push(frameOf(new Int16Array(silence * this.#format.channels), this.#format))
    this.#counts.received += broken
    this.#counts.silence += silence
  }

  /** Gives back how many samples that were not in a whole frame before are in one now. */
  #push(frame: AudioFrame): number {
    const full = this.#cutter.push(frame)
    for (const one of full) {
      this.#heard?.(one, this.#offered)
      this.#offered += one.samplesPerChannel
      void this.audio.push(one) // a queue that slides makes nobody wait
    }
    return full.length * this.#size
  }

  #broken(): number {
    return this.#cutter.rest()?.samplesPerChannel ?? 0
  }
}
