/** The caller's captions, as LiveKit's 0.x forwarders show them: the sentence so far with each update, until its final. */
import { Outbox, type OutboxOptions } from './outbox.ts'

/** What a recogniser says; others than interim and final are nothing to us. */
export type SttEvent = { type: string; alternatives?: readonly { text: string }[] }
export type SttForwarderOptions = OutboxOptions<SttForwarder>

export class SttForwarder {
  readonly #options: SttForwarderOptions
  readonly #outbox: Outbox<SttForwarder>
  #id: string
  #open: string | undefined
  #closed = false

  /** Throws ERR_NO_TRACK if there is no microphone to caption. */
  constructor(options: SttForwarderOptions) {
    this.#options = options
    this.#outbox = new Outbox<SttForwarder>(options, this)
    this.#id = options.room.ids.next('SG_')
  }

  get closed(): boolean {
    return this.#closed
  }
  /** Shows the first alternative. Without effect once it is closed. */
  update({ type, alternatives }: SttEvent): void {
    if (this.#closed || (type !== 'interim' && type !== 'final')) return
    const text = alternatives?.[0]?.text
    if (typeof text === 'string') this.#say(text, type === 'final')
    else this.#options.room.log('warn', 'forwarder.empty', { type })
  }
  /** An open interim becomes final. `wait`: what is queued is sent first; else it is dropped. Resolves when all is sent. */
  async close({ wait = true } = {}): Promise<void> {
    if (!this.#closed) {
      if (!wait) this.#outbox.drop()
      if (this.#open !== undefined) this.#say(this.#open, true)
    }
    this.#closed = true
    await this.#outbox.sent()
  }

  #say(text: string, final: boolean): void {
    this.#outbox.send(this.#id, text, final)
    this.#open = final ? undefined : text
    if (final) this.#id = this.#options.room.ids.next('SG_')
  }
}
