/** Who listens to a session: as many as like, each told in order and in turn. */
import { lineOf } from '../errors.ts'
import type { Log } from '../ports.ts'
import type { RealtimeSession, SessionEvents } from './port.ts'

type Name = keyof SessionEvents
type Listener<E extends Name> = (payload: SessionEvents[E]) => void
type Sets = { [E in Name]?: Set<Listener<E>> }

export class Listeners {
  readonly #sets: Sets = {}
  readonly #log: Log
  #over = false

  constructor(log: Log) {
    this.#log = log
  }

  readonly on: RealtimeSession['on'] = (event, listener) => {
    if (typeof listener !== 'function') throw new TypeError(`a listener of ${event} must be a function`)
    const sets: { [E in typeof event]?: Set<Listener<E>> } = this.#sets
    const set = sets[event] ?? new Set()
    sets[event] = set
    set.add(listener)
  }
  readonly off: RealtimeSession['off'] = (event, listener) => void this.#sets[event]?.delete(listener)

  /** Tells everybody. `closed` is the last that anybody hears. */
  tell<E extends Name>(event: E, payload: SessionEvents[E]): void {
    if (this.#over) return
    this.#over = event === 'closed'
    const set: Set<Listener<E>> | undefined = this.#sets[event]
    for (const listener of [...(set ?? [])])
      try {
        listener(payload)
      } catch (error) {
        this.#log('error', 'realtime.listener.failed', { event, error: lineOf(error) })
      }
    if (this.#over) for (const one of Object.values(this.#sets)) one.clear()
  }
}
