/** The packets of one segment: at most one is under way, and the next has the newest text (TXT-12). */
import { lineOf } from '../errors.ts'
import type { Log, Packets } from '../ports.ts'
import type { Sender } from './voices.ts'

export type BulletinHands = {
  packets: Packets
  /** Whether somebody needs them now. */
  wanted: () => boolean
  senderOf: (identity: string) => Sender | undefined
  log: Log
}

/** `text`: all of the segment's so far. */
export type Subject = { id: string; identity: string; text: () => string }

export class Bulletin {
  readonly #subject: Subject
  readonly #hands: BulletinHands
  readonly #over = new AbortController()
  /** Who has left has no track any more: their segment keeps the one it had (TXT-9). */
  #sender: Sender | undefined
  #fresh = false
  #busy: Promise<void> | undefined
  /** A segment begun with packets is finished with one (TXT-10). */
  #begun = false
  #failed = false

  constructor(subject: Subject, hands: BulletinHands) {
    this.#subject = subject
    this.#hands = hands
    this.#sender = hands.senderOf(subject.identity)
  }

  /** There is more text. Never fails: what gets lost, the next packet has. */
  offer(): void {
    if (!this.#hands.wanted()) return
    this.#fresh = true
    this.#busy ??= this.#work()
  }
  /** Sends the final, after what is under way. */
  async finish(signal: AbortSignal): Promise<void> {
    this.#fresh = false
    await this.#busy
    signal.throwIfAborted()
    if (this.#begun || this.#hands.wanted()) await this.#send(true, AbortSignal.any([signal, this.#over.signal]))
  }
  /** Gives up what is under way. */
  close(): void {
    this.#fresh = false
    this.#over.abort(new Error('the segment is over'))
  }

  async #work(): Promise<void> {
    while (this.#fresh) {
      this.#fresh = false
      await this.#send(false, this.#over.signal).catch(error => this.#lose(error))
    }
    this.#busy = undefined
  }
  async #send(final: boolean, signal: AbortSignal): Promise<void> {
    const { packets, senderOf } = this.#hands
    const { id, identity, text } = this.#subject
    this.#sender = senderOf(identity) ?? this.#sender
    if (!this.#sender) return
    this.#begun = true
    await packets.send({ ...this.#sender, id, text: text(), final }, signal)
  }
  /** One line for each segment tells enough. */
  #lose(error: unknown): void {
    if (this.#failed || this.#over.signal.aborted) return
    this.#failed = true
    this.#hands.log('warn', 'transcript.packet.failed', { id: this.#subject.id, error: lineOf(error) })
  }
}
