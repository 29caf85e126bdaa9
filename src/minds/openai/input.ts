/** What the caller says, on its way to the service: bounded by what the network takes. */
import type { AudioFrame } from '../../audio/frame.ts'
import { coded } from '../../errors.ts'
import type { Clock } from '../../ports.ts'
import { encode, format } from './pcm.ts'
import type { Wire } from './wire.ts'

/** A second of sound in base64: what waits beyond it is old when it is heard, and whoever gives us the frames can keep them better. */
const limit = Math.ceil((format.sampleRate * 2 * 4) / 3)

export type InputHands = {
  clock: Clock
  timeoutMs: number
  /** Bytes that wait for the network. */
  backlog: () => number
  send: (event: Wire) => void
  /** The network has taken nothing for `timeoutMs`. */
  stalled: () => void
}

export class Input {
  readonly #hands: InputHands
  readonly #waiting = new Set<() => void>()
  #open = false
  #over = false
  #stall: unknown
  /** What waited when it was looked at last. */
  #before = 0

  constructor(hands: InputHands) {
    this.#hands = hands
  }

  get #isFull(): boolean {
    return this.#hands.backlog() >= limit
  }
  open(): void {
    this.#open = !this.#over
    this.moved()
  }
  /** False: not taken. Throws a TypeError for a frame of another format, and ERR_CLOSED when it is over. */
  append(frame: AudioFrame): boolean {
    if (this.#over) throw coded('ERR_CLOSED', 'the session is over')
    const audio = encode(frame)
    if (!this.#open) return false
    if (this.#isFull) {
      this.#watch()
      return false
    }
    this.#hands.send({ type: 'input_audio_buffer.append', audio })
    return true
  }
  drained(signal: AbortSignal): Promise<void> {
    return new Promise(resolve => {
      if (signal.aborted || this.#over || (this.#open && !this.#isFull)) return resolve()
      const wake = () => {
        this.#waiting.delete(wake)
        signal.removeEventListener('abort', wake)
        resolve()
      }
      this.#waiting.add(wake)
      signal.addEventListener('abort', wake, { once: true })
    })
  }
  /** The network has taken something. */
  moved(): void {
    this.#hands.clock.clearTimeout(this.#stall)
    this.#stall = undefined
    if (!this.#open) return
    if (this.#isFull) return void this.#watch()
    for (const wake of [...this.#waiting]) wake()
  }
  close(): void {
    this.#over = true
    this.#open = false
    this.#hands.clock.clearTimeout(this.#stall)
    for (const wake of [...this.#waiting]) wake()
  }

  /** A connection that died without a word is noticed here: nothing goes out any more. (Of a long message each bit counts.) */
  #watch(): void {
    const { clock, timeoutMs, backlog, stalled } = this.#hands
    if (this.#stall !== undefined) return
    this.#before = backlog()
    this.#stall = clock.setTimeout(() => (backlog() < this.#before ? this.moved() : stalled()), timeoutMs)
  }
}
