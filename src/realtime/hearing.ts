/** What the caller says, on its way to the model: piece by piece, and none is lost with a session that did not take it. */
import { pipe } from 'it-pipe'
import { cut } from '../audio/cut.ts'
import { type AudioFrame, samplesOf } from '../audio/frame.ts'
import { conform } from '../audio/resample.ts'
import { sleep } from '../clock.ts'
import { codeOf, lineOf } from '../errors.ts'
import { until } from '../pipes/until.ts'
import type { Conversation } from '../ports.ts'
import type { RealtimeSession } from './port.ts'

/** `sampleRate`: what the model takes, in Hz, in pieces of `chunkMs`. `failed`: it takes nothing any more, and does not say that it is over. */
export type HearingHands = { conversation: Conversation; sampleRate: number; chunkMs: number; failed: (error: unknown) => void }
type Input = RealtimeSession['inputAudioBuffer']

export class Hearing {
  readonly #hands: HearingHands
  /** A piece that a session did not take before it was lost. */
  #held: AudioFrame | undefined

  constructor(hands: HearingHands) {
    this.#hands = hands
  }

  /** Sends what is heard, until the signal aborts or the session is over. */
  async feed(input: Input, signal: AbortSignal): Promise<void> {
    const { conversation, sampleRate, chunkMs } = this.#hands
    const size = samplesOf(chunkMs, sampleRate)
    const held = this.#held
    this.#held = undefined
    if (held && !(await this.#append(held, input, signal))) return
    for await (const piece of pipe(
      conversation.hear(),
      until<AudioFrame>(signal),
      conform({ sampleRate, channels: 1 }),
      cut(size),
    ))
      if (piece.samplesPerChannel === size && !(await this.#append(piece, input, signal))) return
  }

  /** False: the signal aborted or the session is over, and the piece is kept for the next one. */
  async #append(piece: AudioFrame, input: Input, signal: AbortSignal): Promise<boolean> {
    const { conversation, chunkMs, failed } = this.#hands
    try {
      for (let tries = 0; !signal.aborted; tries++) {
        if (input.append(piece)) return true
        await input.drained(signal)
        if (tries > 0) await sleep(conversation.clock, chunkMs, signal) // a way that is free in words only must not spin
      }
    } catch (error) {
      conversation.outside.log('debug', 'model.unheard', { error: lineOf(error) })
      if (codeOf(error) !== 'ERR_CLOSED') failed(error) // else it is over, and says so
    }
    this.#held = piece
    return false
  }
}
