/** Asking for responses: one after the other, so that never are two asked for at once (MM-44). */
import { answers, type Commands } from './commands.ts'

export class Requests {
  readonly #commands: Commands
  readonly #settled: () => void
  #last: Promise<void> | undefined

  /** `settled`: nothing is asked for any more. */
  constructor(commands: Commands, settled: () => void) {
    this.#commands = commands
    this.#settled = settled
  }

  /** A response was asked for that has not begun. */
  get isOpen(): boolean {
    return this.#last !== undefined
  }
  /** Resolves with its id. The service repeats `metadata` when the response begins: by that it is known as ours. */
  ask({ instructions }: { instructions?: string } = {}): Promise<string> {
    const eventId = this.#commands.nextId()
    const response = { ...(instructions !== undefined && { instructions }), metadata: { event_id: eventId } }
    const ask = () => this.#commands.ask('response.create', { response }, answers.created, eventId)
    const begun = this.#last ? this.#last.then(ask) : ask()
    const over = () => {
      if (this.#last !== settled) return
      this.#last = undefined
      this.#settled()
    }
    const settled: Promise<void> = begun.then(over, over)
    this.#last = settled
    return begun
  }
}
