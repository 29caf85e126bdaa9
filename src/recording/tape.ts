/** The messages of a tape, in their order; what cannot be read of it is a gap that says so. */
import type { GapMessage, Message } from '../inspector/messages.ts'
import { messageIn } from './check.ts'
import type { Line } from './lines.ts'

/** No call stands still for longer, in ms: a moment that is further away is a slip of the file. */
const FURTHEST = 86_400_000

export class Tape {
  /** Of the last message. */
  seq: number
  at: number
  #broken = 0
  #hasTime: boolean

  /** After the message of this `seq`, at this `at`; from the first on where none is given. */
  constructor(after?: { seq: number; at: number }) {
    this.seq = after?.seq ?? 0
    this.at = after?.at ?? 0
    this.#hasTime = after !== undefined && after.seq > 0
  }

  /** Nothing is left open: what comes next depends on `seq` and `at` only. */
  get settled(): boolean {
    return this.#broken === 0
  }

  /** What a line tells: a message, with the gap before it, or nothing yet. */
  take(line: Line): Message[] {
    if (line.text === '') return []
    const message = line.text === undefined ? undefined : messageIn(line.text)
    if (!message || (this.#hasTime && Math.abs(message.at - this.at) > FURTHEST)) {
      if (line.whole) this.#broken++ // one that has no end is the last, and was never written to its end
      return []
    }
    const gap = this.#gapBefore(message)
    this.seq = message.type === 'gap' ? Math.max(message.seq, message.seq + message.count - 1) : message.seq
    this.at = message.at
    this.#hasTime = true
    return gap ? [gap, message] : [message]
  }
  /** The gap at the end, if there is one. */
  end(): GapMessage[] {
    const gap = this.#broken > 0 ? this.#gap(this.#broken) : undefined
    this.seq += this.#broken
    this.#broken = 0
    return gap ? [gap] : []
  }

  #gapBefore({ seq }: Message): GapMessage | undefined {
    const missing = Math.max(0, seq - this.seq - 1)
    const gap = missing > 0 || this.#broken > 0 ? this.#gap(missing || this.#broken) : undefined
    this.#broken = 0
    return gap
  }
  #gap(count: number): GapMessage {
    const lines = this.#broken === 1 ? '1 line' : `${this.#broken} lines`
    const why = this.#broken > 0 ? `${lines} of the recording cannot be read` : 'they are missing in the recording'
    return { type: 'gap', seq: this.seq + 1, at: this.at, count, why }
  }
}
