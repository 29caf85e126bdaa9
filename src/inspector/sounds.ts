/** Sound on its way past an inspector: gathered into pieces, with their peaks. */
import { type AudioFrame, samplesOf } from '../audio/frame.ts'
import { mix } from '../audio/mix.ts'
import type { MediaRef, SoundMessage } from './messages.ts'
import { peakOf } from './peak.ts'

/** One peak for so many ms, and a message for so many of them: few enough to be read, and soon enough to be seen as it is heard. */
const STEP_MS = 20
const STEPS = 10

type Of = SoundMessage['of']
/** A sound that is told; `at`: when the last of it came. */
export type Piece = Omit<SoundMessage, 'seq' | 'n'>
type Gathered = Piece & { loudest: number }
export type SoundsHands = {
  now: () => number
  tell: (piece: Piece) => void
  /** Keeps the samples; if it can, right `after` others. */
  media?: ((view: Int16Array, after?: number) => MediaRef) | undefined
}

export class Sounds {
  readonly #hands: SoundsHands
  readonly #open = new Map<Of, Gathered>()

  constructor(hands: SoundsHands) {
    this.#hands = hands
  }

  /** `offset`: of the frame's first sample. Another place than the one after the last begins another piece. */
  take(of: Of, frame: AudioFrame, offset: number): void {
    const { sampleRate, samplesPerChannel: samples } = frame
    const data = frame.channels === 1 ? frame.data : mix(frame.data, frame.channels, 1)
    const place = this.#hands.media?.(data, endOf(this.#open.get(of)?.media))
    const length = STEPS * samplesOf(STEP_MS, sampleRate)
    for (let done = 0; done < samples; ) {
      const at: MediaRef | undefined = place && [place[0] + 2 * done, 0]
      const piece = this.#following(of, offset + done, sampleRate, at)
      const count = Math.min(length - piece.samples, samples - done)
      this.#add(piece, data, done, count)
      done += count
      if (piece.samples >= length) this.flush(of)
    }
  }

  /** Tells what there is of it, or of all; of those only that nothing has come to for `patienceMs`. */
  flush(of?: Of, patienceMs = Number.NEGATIVE_INFINITY): void {
    if (this.#open.size === 0) return
    for (const [one, piece] of this.#open) {
      if ((of !== undefined && of !== one) || this.#hands.now() - piece.at < patienceMs) continue
      this.#open.delete(one)
      const { loudest, ...told } = piece
      if (piece.samples % stepOf(piece) !== 0) told.peaks.push(loudest)
      this.#hands.tell(told)
    }
  }

  #following(of: Of, offset: number, sampleRate: number, media: MediaRef | undefined): Gathered {
    const before = this.#open.get(of)
    const follows =
      before?.sampleRate === sampleRate &&
      before.offset + before.samples === offset &&
      (media === undefined || endOf(before.media) === media[0])
    if (before && follows) return before
    if (before) this.flush(of)
    const at = this.#hands.now()
    const kept = media ? { media } : {}
    const piece: Gathered = {
      type: 'sound',
      at,
      of,
      offset,
      samples: 0,
      sampleRate,
      stepMs: STEP_MS,
      peaks: [],
      loudest: 0,
      ...kept,
    }
    this.#open.set(of, piece)
    return piece
  }
  #add(piece: Gathered, data: Int16Array, from: number, count: number): void {
    const step = stepOf(piece)
    for (let done = 0; done < count; ) {
      const part = Math.min(step - (piece.samples % step), count - done)
      piece.loudest = Math.max(piece.loudest, peakOf(data, from + done, from + done + part))
      piece.samples += part
      done += part
      if (piece.samples % step !== 0) continue
      piece.peaks.push(piece.loudest)
      piece.loudest = 0
    }
    piece.at = this.#hands.now()
    if (piece.media) piece.media = [piece.media[0], piece.media[1] + 2 * count]
  }
}

const stepOf = ({ sampleRate, stepMs }: Piece) => samplesOf(stepMs, sampleRate)
const endOf = (media: MediaRef | undefined) => media && media[0] + media[1]
