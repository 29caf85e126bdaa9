/** The one seam through which everything from outside enters: each timer, settled promise, value, item and id is a numbered input. */
import { lineOf } from './errors.ts'
import type { Clock, Ids, World } from './ports.ts'

/** One input. `at` in clock ms; `name` says which port and method; audio and bytes are told by length and hash. */
export type JournalLine = {
  n: number
  at: number
  kind: 'timer' | 'settled' | 'failed' | 'read' | 'id' | 'item' | 'end' | 'told'
  name: string
  value?: unknown
}
export type Journal = (line: JournalLine) => void

/** FNV-1a over the bytes: small, and the same everywhere. */
export const hashOf = (view: ArrayBufferView): string => {
  let hash = 0x811c9dc5
  for (const byte of new Uint8Array(view.buffer, view.byteOffset, view.byteLength)) hash = Math.imul(hash ^ byte, 0x01000193)
  return (hash >>> 0).toString(16).padStart(8, '0')
}

/**
 * The same world; whatever it gives is written down before the engine sees it. Values, errors and ends pass unchanged. A journal that
 * throws is logged once as `journal.failed`, and asked no more.
 */
export const journaled = (world: World, journal: Journal): World => {
  const note = noterOf(world, journal)
  const seam = new Seam(note)
  return {
    room: seam.port('room', world.room),
    tracks: seam.port('tracks', world.tracks),
    videos: seam.port('videos', world.videos),
    speakers: seam.port('speakers', world.speakers),
    textOut: seam.port('textOut', world.textOut),
    textIn: seam.port('textIn', world.textIn),
    byteIn: seam.port('byteIn', world.byteIn),
    ...(world.packets ? { packets: seam.port('packets', world.packets) } : {}),
    ...(world.opus ? { opus: seam.port('opus', world.opus) } : {}),
    log: world.log,
    outside: { ...outsideOf(world), port: (name, port) => seam.port(name, port) },
    clock: notedClock(world.clock, note),
    ids: notedIds(world.ids, note),
  }
}

type Note = (kind: JournalLine['kind'], name: string, value?: unknown) => void
const noterOf = ({ clock, log }: World, journal: Journal): Note => {
  let n = 0
  let broken = false
  return (kind, name, value) => {
    if (broken) return
    try {
      journal({ n: ++n, at: clock.now(), kind, name, ...(value === undefined ? {} : { value: plain(value) }) })
    } catch (error) {
      broken = true // a journal with a hole could not be replayed
      log('error', 'journal.failed', { n, error: lineOf(error) })
    }
  }
}

/** For what a mind brings: its own timers and ids are no inputs of ours. */
const outsideOf = ({ clock, ids, log, epochMs = 0 }: World) => ({ clock, ids, log, epochMs })

/** Ports with their methods noted, and whatever their methods give. */
class Seam {
  readonly #note: Note
  /** Whoever listens is taken off by the same name. */
  readonly #callbacks = new WeakMap<Callback, Callback>()
  #streams = 0

  constructor(note: Note) {
    this.#note = note
  }

  port<T extends object>(name: string, target: T): T {
    // Over an object of its own: a proxy may not say anything new of a port that is frozen.
    return new Proxy(Object.create(target), {
      get: (_, key) => {
        const path = `${name}.${String(key)}`
        const member: unknown = Reflect.get(target, key)
        if (isCallback(member))
          return (...args: unknown[]) => this.#call(path, () => member.apply(target, this.#told(path, args)))
        if (member instanceof Promise) return this.#settled(path, member)
        if (isMethods(member)) return this.port(path, member)
        return member === undefined ? member : this.#given(path, 'read', member)
      },
      set: (_, key, value) => Reflect.set(target, key, value),
    })
  }

  #call(name: string, call: () => unknown): unknown {
    let result: unknown
    try {
      result = call()
    } catch (error) {
      throw this.#failed(name, error)
    }
    if (result instanceof Promise) return this.#settled(name, result)
    if (isIterable(result)) return this.#items(name, result)
    return result === undefined || isCallback(result) ? result : this.#given(name, 'read', result)
  }
  /** Something a port gave: an object of methods stays behind the seam, everything else is a value. */
  #given<T>(name: string, kind: JournalLine['kind'], value: T): T {
    const behind = isMethods(value)
    this.#note(kind, name, behind ? undefined : value)
    return behind ? this.port(name, value) : value
  }
  #failed(name: string, error: unknown): unknown {
    this.#note('failed', name, String(error))
    return error
  }
  async #settled<T>(name: string, work: Promise<T>): Promise<T> {
    let value: T
    try {
      value = await work
    } catch (error) {
      throw this.#failed(name, error)
    }
    return this.#given(name, 'settled', value)
  }
  /** Not a generator: there, a `return` would queue up behind a `next` that waits. */
  #items<T>(name: string, source: AsyncIterable<T>): AsyncIterable<T> {
    const iterate = (iterator: AsyncIterator<T>): AsyncIterator<T> => ({
      next: async () => {
        try {
          const step = await iterator.next()
          if (step.done) this.#note('end', name)
          else this.#note('item', name, step.value)
          return step
        } catch (error) {
          throw this.#failed(name, error)
        }
      },
      return: async () => (await iterator.return?.()) ?? { done: true, value: undefined },
    })
    return { [Symbol.asyncIterator]: () => iterate(source[Symbol.asyncIterator]()) }
  }
  /** Arguments whose callbacks note what they are told: of several events each under its own name. */
  #told(name: string, args: unknown[]): unknown[] {
    const told = name.endsWith('.on') && typeof args[0] === 'string' ? `${name}.${args[0]}` : name
    return args.map(arg => (isCallback(arg) ? this.#noted(told, arg) : arg))
  }
  #noted(name: string, callback: Callback): Callback {
    const known = this.#callbacks.get(callback)
    if (known) return known
    const noted: Callback = (...told) => {
      const all = told.map(arg => this.#seen(name, arg))
      this.#note('told', name, all.length === 1 ? all[0] : all)
      return callback(...all)
    }
    this.#callbacks.set(callback, noted)
    return noted
  }
  /** What is told, with the streams in it noted: those of one name by the order in which they came. */
  #seen(name: string, arg: unknown): unknown {
    if (hasChunks(arg)) return { ...arg, chunks: this.#items(`${name}.chunks`, arg.chunks) }
    if (!isObject(arg) || !Object.values(arg).some(isIterable)) return arg
    const noted = new Map<unknown, AsyncIterable<unknown>>()
    const streamOf = (key: string, stream: AsyncIterable<unknown>) => {
      const known = noted.get(key) ?? this.#items(`${name}.${key}:${++this.#streams}`, stream)
      noted.set(key, known)
      return known
    }
    return new Proxy(arg, {
      get: (target, key) => {
        const member: unknown = Reflect.get(target, key)
        return isIterable(member) ? streamOf(String(key), member) : member
      },
    })
  }
}

const notedClock = (clock: Clock, note: Note): Clock => {
  let timers = 0
  return {
    now: () => clock.now(),
    setTimeout: (callback, ms) => {
      const timer = String(++timers)
      return clock.setTimeout(() => {
        note('timer', timer)
        callback()
      }, ms)
    },
    clearTimeout: handle => clock.clearTimeout(handle),
    hold: async work => {
      try {
        const value = await clock.hold(work)
        note('settled', 'clock.hold', isMethods(value) ? undefined : value)
        return value
      } catch (error) {
        note('failed', 'clock.hold', String(error))
        throw error
      }
    },
  }
}
const notedIds = (ids: Ids, note: Note): Ids => ({
  next: prefix => {
    const id = ids.next(prefix)
    note('id', prefix, id)
    return id
  },
})

type Callback = (...args: unknown[]) => unknown
const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null
const isCallback = (value: unknown): value is Callback => typeof value === 'function'
const isIterable = (value: unknown): value is AsyncIterable<unknown> => isObject(value) && Symbol.asyncIterator in value
/** A port hands out either plain facts or things to call (a sink, a writer, a publication). */
const isMethods = (value: unknown): value is object =>
  isObject(value) &&
  !ArrayBuffer.isView(value) &&
  !Array.isArray(value) &&
  (Object.values(value).some(member => isCallback(member) || isTool(member)) || Object.getPrototypeOf(value) !== Object.prototype)
/** Methods in groups: `conversation.item.create`. */
const isTool = (value: unknown): boolean =>
  isObject(value) && !ArrayBuffer.isView(value) && !Array.isArray(value) && Object.values(value).some(isCallback)
const hasChunks = (value: unknown): value is { chunks: AsyncIterable<unknown> } =>
  isObject(value) && 'chunks' in value && isIterable(value.chunks)

/** What of a value goes into the journal: JSON, with audio and bytes by length and hash. */
const plain = (value: unknown): unknown => {
  if (ArrayBuffer.isView(value)) return { bytes: value.byteLength, hash: hashOf(value) }
  if (isIterable(value) || typeof value === 'function') return undefined
  if (Array.isArray(value)) return value.map(plain)
  if (isObject(value)) return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, plain(member)]))
  return value
}
