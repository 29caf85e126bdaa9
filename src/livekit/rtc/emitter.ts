/** Events by name, whose handlers cannot harm one another or whoever emits. */
import { lineOf } from '../../errors.ts'
import type { Log } from '../../ports.ts'
import { misuse } from './errors.ts'
import { stderrLog } from './log.ts'

/** What the handlers of an event get: the arguments of a tuple, or the one thing that is told. */
export type Arguments<T> = T extends readonly unknown[] ? T : [told: T]
export type Handler<T> = (...told: Arguments<T>) => unknown
export type EmitterOptions = {
  /** Hears of handlers that fail, as `livekit.handler.failed` with the event's name. One line on stderr where not given. */
  log?: Log
}

/** One registration. It is spent when it was for one event only, and that came. */
type Entry<T> = { handler: Handler<T>; once: boolean; spent: boolean }
/** By handler, in the order of registration. */
type Entries<T> = Map<Handler<T>, Entry<T>>

/**
 * Handlers of the events that `Events` names: `EventEmitter<{ joined: { identity: string }; moved: [from: string, to: string] }>`.
 * A handler is a plain function, is called once per event however often it was registered, in the order of registration, and with
 * those that were registered when the event came.
 */
export class EventEmitter<Events extends object> {
  #entries: { [E in keyof Events]?: Entries<Events[E]> } = none()
  readonly #log: Log

  constructor({ log = stderrLog }: EmitterOptions = {}) {
    this.#log = log
  }

  /** Throws a TypeError with code ERR_HANDLER for what is no function, and for an async one: nobody would hear that it failed. */
  on<E extends keyof Events>(event: E, handler: Handler<Events[E]>): this {
    return this.#add(event, handler, false)
  }

  /** As `on`, for the next event of this name only; one that is registered for all of them stays so. */
  once<E extends keyof Events>(event: E, handler: Handler<Events[E]>): this {
    return this.#add(event, handler, true)
  }

  /** A handler that is not registered is none to be removed. */
  off<E extends keyof Events>(event: E, handler: Handler<Events[E]>): this {
    const entries = this.#entries[event]
    entries?.delete(handler)
    if (entries?.size === 0) delete this.#entries[event]
    return this
  }

  /** Of one event, or of all. */
  removeAllListeners<E extends keyof Events>(event?: E): this {
    if (event === undefined) this.#entries = none()
    else delete this.#entries[event]
    return this
  }

  listenerCount<E extends keyof Events>(event: E): number {
    return this.#entries[event]?.size ?? 0
  }

  /** Never throws: a handler that does, or whose promise rejects, is logged, and the others run. Says whether there was one. */
  emit<E extends keyof Events>(event: E, ...told: Arguments<Events[E]>): boolean {
    const entries = [...(this.#entries[event]?.values() ?? [])]
    for (const entry of entries) this.#call(event, entry, told)
    return entries.length > 0
  }

  #add<E extends keyof Events>(event: E, handler: Handler<Events[E]>, once: boolean): this {
    check(event, handler)
    const entries: Entries<Events[E]> = this.#entries[event] ?? new Map()
    const known = entries.get(handler)
    if (known) known.once &&= once
    else entries.set(handler, { handler, once, spent: false })
    this.#entries[event] = entries
    return this
  }

  #call<E extends keyof Events>(event: E, entry: Entry<Events[E]>, told: Arguments<Events[E]>) {
    if (entry.spent) return // an event that another handler emitted meanwhile was the one
    if (entry.once) {
      entry.spent = true
      this.off(event, entry.handler)
    }
    const failed = (error: unknown) =>
      this.#log('error', 'livekit.handler.failed', { event: String(event), error: lineOf(error) })
    try {
      const given = entry.handler(...told)
      if (isThenable(given)) Promise.resolve(given).catch(failed)
    } catch (error) {
      failed(error)
    }
  }
}

/** Nothing that objects have by themselves: an event may be called `constructor`. */
const none = () => Object.create(null)

const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'

const check = (event: PropertyKey, handler: unknown): void => {
  const about = `the handler of "${String(event)}"`
  if (typeof handler !== 'function') throw misuse('ERR_HANDLER', `${about} must be a function, not ${typeof handler}`)
  if (/^\[object Async/.test(Object.prototype.toString.call(handler)))
    throw misuse(
      'ERR_HANDLER',
      `${about} is async, and would fail unheard: start the work in a plain function, and catch its errors there`,
    )
}
