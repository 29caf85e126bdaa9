/** What the model takes in: what is heard in the room, in exact pieces, and what people write. */
import { pipe } from 'it-pipe'
import { cut } from '../audio/cut.ts'
import { type AudioFrame, samplesOf } from '../audio/frame.ts'
import { conform } from '../audio/resample.ts'
import { sleep } from '../clock.ts'
import { codeOf, lineOf } from '../errors.ts'
import type { ChatMessage, Conversation } from '../mind.ts'
import { until } from '../pipes/until.ts'
import type { RealtimeSession } from './port.ts'

/** The model takes pieces of `chunkMs` at `sampleRate` (Hz), mono. */
export type IntakeHands = {
  conversation: Conversation
  sampleRate: number
  chunkMs: number
  /** Asks the model for something, and tells what refuses it. Never rejects. */
  order: (work: () => Promise<unknown>) => Promise<void>
  /** It takes nothing any more, and does not say that it is over. */
  failed: (error: unknown) => void
}

export class Intake {
  readonly #hands: IntakeHands
  /** A piece that a session did not take before it was lost. */
  #held: AudioFrame | undefined
  #isSpoken = false

  constructor(hands: IntakeHands) {
    this.#hands = hands
  }

  /** Sends what is heard, until the signal aborts. While the way is full it is not read: it waits in the room, which drops the oldest. */
  async feed(session: RealtimeSession, signal: AbortSignal): Promise<void> {
    const { conversation, sampleRate, chunkMs } = this.#hands
    const held = this.#held
    this.#held = undefined
    if (held && !(await this.#append(held, session, signal))) return
    const size = samplesOf(chunkMs, sampleRate)
    const pieces = pipe(conversation.hear(), until<AudioFrame>(signal), conform({ sampleRate, channels: 1 }), cut(size))
    for await (const piece of pieces)
      if (piece.samplesPerChannel === size && !(await this.#append(piece, session, signal))) return
  }
  /** Gives the model what people write, and asks for a response to each, until the signal aborts. */
  async read({ conversation: { item }, response }: RealtimeSession, signal: AbortSignal): Promise<void> {
    const { conversation, order } = this.#hands
    const { chat, outside } = conversation
    for await (const { text } of pipe(chat(), until<ChatMessage>(signal)))
      await order(async () => {
        await item.create({ id: outside.ids.next('msg_'), type: 'message', role: 'user', content: [text] })
        await response.create()
      })
  }

  /** Takes what was said for a turn of the caller, if there is anything. */
  async commit({ inputAudioBuffer }: RealtimeSession): Promise<void> {
    if (!this.#isSpoken) return
    this.#isSpoken = false
    await inputAudioBuffer.commit()
  }

  /** False: the signal aborted or the session is over, and the piece is kept for the next one. */
  async #append(piece: AudioFrame, { inputAudioBuffer }: RealtimeSession, signal: AbortSignal): Promise<boolean> {
    const { conversation, chunkMs, failed } = this.#hands
    try {
      for (let tries = 0; !signal.aborted; tries++) {
        if (inputAudioBuffer.append(piece)) {
          this.#isSpoken = true
          return true
        }
        await inputAudioBuffer.drained(signal)
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
