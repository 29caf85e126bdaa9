/** Commands on their way: each has an id of its own (OAI-5), and settles with an answer, a refusal, a time-out or the end (MM-8). */
import { coded, lineOf } from '../../errors.ts'
import type { Clock, Ids } from '../../ports.ts'
import type { Wire } from './wire.ts'

/** `key`: what the answer is known by; of several that wait for the same, the oldest gets it. */
type Pending = { eventId: string; key: string; settle: (how: { value: string } | { error: Error }) => void }
export type CommandHands = { clock: Clock; ids: Ids; timeoutMs: number; send: (event: Wire) => void }

/** How the answers to commands are known. */
export const answers = {
  opened: 'opened',
  idle: 'idle',
  session: 'session',
  tools: 'tools',
  added: (itemId: string) => `added ${itemId}`,
  deleted: (itemId: string) => `deleted ${itemId}`,
  truncated: (itemId: string, contentIndex: number) => `truncated ${itemId} ${contentIndex}`,
  committed: 'committed',
  cleared: 'cleared',
  created: 'created',
  stopped: (responseId: string | undefined) => `stopped ${responseId ?? ''}`,
}

export class Commands {
  readonly #hands: CommandHands
  readonly #pending = new Map<string, Pending>()
  /** Why nothing can be asked: not yet, or no more. */
  #refusal: Error | undefined = coded('ERR_NOT_READY', 'the session is not ready yet: await session.ready')
  #ended: Error | undefined

  constructor(hands: CommandHands) {
    this.#hands = hands
  }

  get size(): number {
    return this.#pending.size
  }
  isWaiting(key: string): boolean {
    return [...this.#pending.values()].some(one => one.key === key)
  }
  get refusal(): Error | undefined {
    return this.#refusal
  }
  nextId(): string {
    return this.#hands.ids.next('evt_')
  }

  /** The service listens. */
  open(): void {
    this.#refusal = this.#ended
  }
  /** Sends a command, and waits for what answers it. */
  ask(type: string, fields: Wire, key: string, eventId = this.nextId()): Promise<string> {
    if (this.#refusal) return Promise.reject(this.#refusal)
    const answered = this.wait(type, key, eventId)
    try {
      this.#hands.send({ type, event_id: eventId, ...fields })
    } catch (error) {
      this.refuse(eventId, coded('ERR_NOT_SENT', `${type} cannot be sent: ${lineOf(error)}`))
    }
    return answered
  }
  /** Waits for what nobody was asked for. `type`: how it is called if it does not come. */
  wait(type: string, key: string, eventId = this.nextId()): Promise<string> {
    const { clock, timeoutMs } = this.#hands
    if (this.#ended) return Promise.reject(this.#ended)
    return new Promise((resolve, reject) => {
      const timer = clock.setTimeout(() => {
        const late = `the model's service gave no answer within ${timeoutMs / 1000} s (${type})`
        this.#settle(eventId, { error: coded('ERR_TIMEOUT', late) })
      }, timeoutMs)
      const settle: Pending['settle'] = how => {
        clock.clearTimeout(timer)
        if ('error' in how) reject(how.error)
        else resolve(how.value)
      }
      this.#pending.set(eventId, { eventId, key, settle })
    })
  }
  /** An answer came. False: nobody waits for it. `eventId`: whose it is, where the answer says so. */
  answer(key: string, value = '', eventId?: string): boolean {
    const first = () => [...this.#pending.values()].find(pending => pending.key === key)
    const one = eventId === undefined ? first() : this.#pending.get(eventId)
    return one !== undefined && this.#settle(one.eventId, { value })
  }
  /** An answer for all who wait for it. */
  answerAll(key: string): void {
    while (this.answer(key));
  }
  refuse(eventId: string, error: Error): boolean {
    return this.#settle(eventId, { error })
  }
  /** Nothing is answered any more: all that waits rejects, and all that is asked. */
  end(error: Error): void {
    this.#ended ??= error
    this.#refusal = this.#ended
    for (const { eventId } of [...this.#pending.values()]) this.#settle(eventId, { error })
  }

  #settle(eventId: string, how: { value: string } | { error: Error }): boolean {
    const one = this.#pending.get(eventId)
    this.#pending.delete(eventId)
    one?.settle(how)
    return one !== undefined
  }
}
