/** Ports behind the seam: whatever their methods give is noted before the engine sees it. */
import { errorIn, isIterable, isObject, type Notes } from './lines.ts'
import { letGo } from './pipes/until.ts'
import type { Turnstile } from './turnstile.ts'

type Callback = (...args: unknown[]) => unknown

/** Ports with their methods noted, and whatever their methods give. `of`: the calls, streams and listeners of one side, in their order. */
export class Ports {
  readonly #notes: Notes
  readonly #turnstile: Turnstile
  readonly #side: { side?: 'mind' }
  /** Whoever listens is taken off by the same name. */
  readonly #callbacks = new WeakMap<Callback, Callback>()
  /** What the world gave, or the owner, and takes as it was. */
  readonly #targets = new WeakMap<object, object>()
  #of = 0

  constructor(notes: Notes, turnstile: Turnstile, side?: 'mind') {
    this.#notes = notes
    this.#turnstile = turnstile
    this.#side = side ? { side } : {}
  }

  port<T extends object>(name: string, target: T): T {
    // Over an object of its own: a proxy may not say anything new of a port that is frozen.
    const port = new Proxy(Object.create(target), {
      get: (_, key) => {
        const path = `${name}.${String(key)}`
        const member: unknown = Reflect.get(target, key)
        if (isCallback(member)) return (...args: unknown[]) => this.call(path, args, told => member.apply(target, told))
        if (member instanceof Promise) return this.settled(path, member)
        if (isMethods(member)) return this.port(path, member)
        return member === undefined ? member : this.#given(path, 'read', member)
      },
      set: (_, key, value) => Reflect.set(target, key, value),
    })
    this.#targets.set(port, target)
    return port
  }
  call(name: string, args: unknown[], call: (args: unknown[]) => unknown): unknown {
    this.#touch()
    const of = ++this.#of
    const about = { of, ...this.#args(args) }
    let result: unknown
    try {
      result = call(this.#told(name, of, args))
    } catch (error) {
      throw this.#failed(name, error, about)
    }
    if (result instanceof Promise) return this.#settling(name, result, about)
    if (isIterable(result)) {
      this.#notes.call(name, { ...about, gives: 'items', ...this.#side })
      return this.#reading(name, of, result)
    }
    if (result !== undefined && !isCallback(result)) return this.#given(name, 'read', result, about)
    this.#notes.call(name, { ...about, ...(result ? { gives: 'function' } : {}), ...this.#side })
    return result
  }
  settled<T>(name: string, work: Promise<T>): Promise<T> {
    this.#touch()
    return this.#settling(name, work, { of: ++this.#of })
  }
  /** What it gives is not the world's, and passes as it is. */
  held<T>(name: string, work: Promise<T>): Promise<T> {
    this.#touch()
    const same = (value: T, of: number) => {
      this.#notes.note('settled', name, isMethods(value) ? undefined : value, { of })
      return value
    }
    return this.#settling(name, work, { of: ++this.#of }, same)
  }
  callout<T>(name: string, args: unknown[], work: () => T): Promise<Awaited<T>> {
    this.#touch()
    const run = () =>
      new Promise<Awaited<T>>((resolve, reject) => {
        this.#turnstile.enter(() => {
          const running = async () => work()
          running().then(value => resolve(value as Awaited<T>), reject)
        })
      })
    return this.#settling(name, run(), { of: ++this.#of, ...this.#args(args) })
  }
  items<T>(name: string, source: AsyncIterable<T>): AsyncIterable<T> {
    return this.#reading(name, ++this.#of, source)
  }

  #touch(): void {
    if (!this.#side.side) this.#turnstile.touch()
  }
  #enter(deliver: () => void): void {
    this.#turnstile.enter(this.#side.side ? deliver : () => this.#turnstile.inside(deliver))
  }
  /** Something a port gave: an object of methods stays behind the seam, everything else is a value. */
  #given<T>(name: string, kind: 'read' | 'settled', value: T, about: { of?: number; args?: unknown[] } = {}): T {
    if (kind === 'read') this.#touch()
    const behind = isMethods(value)
    this.#notes.note(kind, name, behind ? undefined : value, { ...about, ...(behind ? { gives: 'port' } : {}), ...this.#side })
    return behind ? this.port(name, value) : value
  }
  #failed(name: string, error: unknown, about: { of: number; args?: unknown[] }): unknown {
    this.#notes.note('failed', name, String(error), { ...about, ...errorIn(error), ...this.#side })
    return error
  }
  #settling<T>(
    name: string,
    work: Promise<T>,
    about: { of: number; args?: unknown[] },
    given = (value: T, of: number) => this.#given(name, 'settled', value, { of }),
  ): Promise<T> {
    this.#notes.call(name, { ...about, gives: 'promise', ...this.#side })
    const { of } = about
    return new Promise((resolve, reject) => {
      work.then(
        value => this.#enter(() => resolve(given(value, of))),
        error => this.#enter(() => reject(this.#failed(name, error, { of }))),
      )
    })
  }
  /** Its own code runs when the engine rests. Not a generator: there, a `return` would queue up behind a `next` that waits. */
  #reading<T>(name: string, of: number, source: AsyncIterable<T>): AsyncIterable<T> {
    let iterator: AsyncIterator<T> | undefined
    const about = { of, ...this.#side }
    const take = async () => {
      iterator ??= source[Symbol.asyncIterator]()
      return iterator.next()
    }
    const came = (step: IteratorResult<T>) => {
      if (step.done) this.#notes.note('end', name, undefined, about)
      else this.#notes.note('item', name, step.value, about)
      return step
    }
    const next = () =>
      new Promise<IteratorResult<T>>((resolve, reject) => {
        this.#turnstile.enter(() => {
          take().then(
            step => this.#enter(() => resolve(came(step))),
            error => this.#enter(() => reject(this.#failed(name, error, { of }))),
          )
        })
      })
    const leave = () => {
      iterator ??= source[Symbol.asyncIterator]()
      letGo(iterator)
    }
    return {
      [Symbol.asyncIterator]: () => ({
        next,
        return: async () => {
          this.#turnstile.enter(leave)
          return { done: true, value: undefined }
        },
      }),
    }
  }
  /** Arguments as the world may have them: callbacks note what they are told, of several events each under its own name. */
  #told(name: string, of: number, args: unknown[]): unknown[] {
    const told = name.endsWith('.on') && typeof args[0] === 'string' ? `${name}.${args[0]}` : name
    return args.map(arg => {
      if (isCallback(arg)) return this.#noted(told, of, arg)
      if (isIterable(arg)) return this.#pulled(of, arg)
      return this.#swapped(arg, target => target)
    })
  }
  #noted(name: string, of: number, callback: Callback): Callback {
    const known = this.#callbacks.get(callback)
    if (known) return known
    const tell = (told: unknown[], more: boolean) => {
      const all = told.map(arg => this.#seen(name, arg))
      this.#notes.note('told', name, all.length === 1 ? all[0] : all, { of, ...(more ? { more } : {}), ...this.#side })
      callback(...all)
    }
    const noted: Callback = (...told) => {
      this.#turnstile.tell(more => (this.#side.side ? tell(told, more) : this.#turnstile.inside(() => tell(told, more))))
    }
    this.#callbacks.set(callback, noted)
    return noted
  }
  /** A stream of the engine's that the world reads: it asks for each item, and gets it when the engine rests. */
  #pulled(of: number, source: AsyncIterable<unknown>): AsyncIterable<unknown> {
    if (this.#side.side) return source
    const asked = <T>(what: string, work: () => Promise<T>): Promise<T> => {
      const given = this.#turnstile.ask(work, place => this.#notes.note('asked', 'pull', { of, what }, place))
      return new Promise((resolve, reject) => {
        given.then(
          value => this.#turnstile.enter(() => resolve(value)),
          error => this.#turnstile.enter(() => reject(error)),
        )
      })
    }
    return {
      [Symbol.asyncIterator]: () => {
        const iterator = source[Symbol.asyncIterator]()
        return {
          next: () => asked('next', () => iterator.next()),
          return: () => asked('return', async () => (await iterator.return?.()) ?? { done: true, value: undefined }),
        }
      },
    }
  }
  /** With whatever is not the engine's own, or is a member, in the place of what stands for it. */
  #swapped(arg: unknown, swap: (target: object) => unknown): unknown {
    if (!isObject(arg)) return arg
    const own = this.#targets.get(arg)
    if (own) return swap(own)
    const has = (member: unknown): member is object => isObject(member) && this.#targets.has(member)
    if (Object.getPrototypeOf(arg) !== Object.prototype || !Object.values(arg).some(has)) return arg
    const swapped = (member: unknown) => (has(member) ? swap(this.#targets.get(member) ?? member) : member)
    return Object.fromEntries(Object.entries(arg).map(([key, member]) => [key, swapped(member)]))
  }
  /** As a recording has them. */
  #args(args: unknown[]): { args?: unknown[] } {
    return this.#notes.args(() => args.map(arg => this.#swapped(arg, () => undefined)))
  }
  /** What is told, with the streams in it noted: those of one name by the order in which they came. */
  #seen(name: string, arg: unknown): unknown {
    if (hasChunks(arg)) return { ...arg, chunks: this.items(`${name}.chunks`, arg.chunks) }
    if (!isObject(arg) || !Object.values(arg).some(isIterable)) return arg
    const noted = new Map<unknown, AsyncIterable<unknown>>()
    const streamOf = (key: string, stream: AsyncIterable<unknown>) => {
      const of = this.#of + 1
      const known = noted.get(key) ?? this.items(`${name}.${key}:${of}`, stream)
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

const isCallback = (value: unknown): value is Callback => typeof value === 'function'
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
