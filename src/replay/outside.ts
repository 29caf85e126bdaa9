/** The outside of a room that is played again: its world, its mind and its guests give what they gave. */
import type { MindLogic } from '../agent.ts'
import { argsOf, isIterable, type JournalLine } from '../lines.ts'
import type { Mind } from '../mind.ts'
import type { Clock, Ids, World } from '../ports.ts'
import { type Beginning, errorOf, type Media, revived } from './inputs.ts'
import { Puppets } from './puppets.ts'
import type { Script } from './script.ts'

type Callback = (...args: unknown[]) => unknown
type Settling = { resolve: (value: unknown) => void; reject: (error: unknown) => void }

export class Outside {
  readonly world: World
  readonly puppets = new Puppets((name, args) => this.call(name, args))
  readonly #script: Script
  readonly #media: Media
  readonly #promises = new Map<number, Settling>()
  readonly #readers = new Map<number, Settling[]>()
  readonly #callbacks = new Map<number, Callback>()
  readonly #sources = new Map<number, AsyncIterator<unknown>>()
  readonly #timers = new Map<string, () => void>()
  /** To how many ms each timer was set. */
  readonly #set: number[] = []
  #of = 0

  constructor(script: Script, media: Media, beginning: Beginning) {
    this.#script = script
    this.#media = media
    this.world = this.#world(beginning)
  }

  /** What a timer was set to, in ms. */
  timerMs(name: string): number | undefined {
    return this.#set[Number(name) - 1]
  }
  /** Something of the world's, or the owner's, with methods. */
  port<T extends object>(name: string): T {
    return this.#proxy(name, {}) as T
  }
  /** Whether a member is called, or has members, shows when it is. */
  #proxy(name: string, over: object): object {
    const member = (key: string | symbol) => {
      if (typeof key === 'symbol' || key === 'then') return undefined
      const path = `${name}.${key}`
      const { line } = this.#script
      if (line?.kind === 'read' && line.name === path && line.of === undefined) return this.#value(this.#script.pass())
      if (key === 'isEnabled' && line?.name !== path) return undefined // a processor need not have it
      return this.#proxy(path, (...args: unknown[]) => this.call(path, args))
    }
    return new Proxy(over, { get: (_, key) => member(key), has: (_, key) => key !== 'then' })
  }
  /** The engine calls something. */
  call(name: string, args: unknown[]): unknown {
    const line = this.#script.line
    const of = this.#of + 1
    const told = JSON.stringify(argsOf(args))
    if (!line) return nothing // what it did after the end of the recording
    const fits = line.name === name && line.of === of && ['called', 'read', 'failed'].includes(line.kind)
    if (this.#script.departure || !fits || JSON.stringify(line.args ?? []) !== told) {
      this.#script.depart(`calls ${name}(${told.slice(1, -1)})`)
      return nothing
    }
    this.#of = of
    for (const arg of args) {
      if (typeof arg === 'function') this.#callbacks.set(of, arg as Callback)
      else if (isIterable(arg)) this.#sources.set(of, arg[Symbol.asyncIterator]())
    }
    this.#script.pass()
    return this.#result(line, of)
  }
  /** What the owner gives the engine to read. */
  items<T>(): AsyncIterable<T> {
    return this.#reading(++this.#of) as AsyncIterable<T>
  }
  /** What the engine gives the world to read. */
  source(of: number): AsyncIterator<unknown> | undefined {
    return this.#sources.get(of)
  }
  /** As a recorder wraps it: the same calls, and nothing behind them. */
  mind(mind: Mind | MindLogic): Mind | MindLogic {
    if (typeof mind === 'function') return () => this.puppets.logic('mind')
    return { start: () => this.call('mind.start', []) as Promise<void> }
  }
  adopt(): void {}
  /** How this line goes in, if anybody waits for it. */
  entering(line: JournalLine): (() => void) | undefined {
    const { kind, name, of = 0 } = line
    if (kind === 'timer') return this.#timers.get(name)
    if (kind === 'told') {
      const callback = this.#callbacks.get(of)
      return callback && (() => callback(this.#heard(line)))
    }
    const settling = this.#promises.get(of) ?? this.#readers.get(of)?.shift()
    if (!settling) return undefined
    this.#promises.delete(of)
    if (kind === 'failed') return () => settling.reject(errorOf(line))
    if (kind === 'settled') return () => settling.resolve(this.#value(line))
    const value = revived(line.value, this.#media)
    return () => settling.resolve(kind === 'end' ? { done: true, value: undefined } : { done: false, value })
  }

  #value({ name, value, gives }: JournalLine): unknown {
    return gives === 'port' ? this.port(name) : revived(value, this.#media)
  }
  #result(line: JournalLine, of: number): unknown {
    if (line.kind === 'failed') throw errorOf(line)
    if (line.kind === 'read') return this.#value(line)
    if (line.gives === 'promise') return new Promise((resolve, reject) => this.#promises.set(of, { resolve, reject }))
    if (line.gives === 'items') return this.#reading(of)
    return line.gives === 'function' ? () => {} : undefined
  }
  #reading(of: number): AsyncIterable<unknown> {
    const readers: Settling[] = []
    this.#readers.set(of, readers)
    return {
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise((resolve, reject) => readers.push({ resolve: resolve as Settling['resolve'], reject })),
        return: async () => ({ done: true, value: undefined }),
      }),
    }
  }
  #heard({ name, value }: JournalLine): unknown {
    const told = revived(value, this.#media)
    return /^(text|byte)In\.listen$/.test(name) ? { ...(told as object), chunks: this.items() } : told
  }

  #world({ packets, epochMs }: Beginning): World {
    const [clock, ids, log] = [this.#clock(), this.#ids(), () => {}]
    return {
      room: this.port('room'),
      tracks: this.port('tracks'),
      videos: this.port('videos'),
      speakers: this.port('speakers'),
      textOut: this.port('textOut'),
      textIn: this.port('textIn'),
      byteIn: this.port('byteIn'),
      opus: this.port('opus'),
      ...(packets ? { packets: this.port('packets') } : {}),
      ...{ clock, ids, log, epochMs, outside: { clock, ids, log, epochMs, port: (_: string, port) => port } },
    }
  }
  #ids(): Ids {
    return {
      next: prefix => {
        const { line, departure } = this.#script
        if (!line || departure) return prefix
        if (line.kind === 'id' && line.name === prefix) return String(this.#script.pass().value)
        this.#script.depart(`takes an id ${prefix}…`)
        return prefix
      },
    }
  }
  #clock(): Clock {
    return {
      now: () => this.#script.at,
      setTimeout: (callback, ms) => {
        const name = String(this.#set.push(ms))
        const fire = () => {
          this.#timers.delete(name)
          callback()
        }
        this.#timers.set(name, fire)
        return name
      },
      clearTimeout: handle => void this.#timers.delete(String(handle)),
      hold: work => work,
    }
  }
}

/** What a world gives that is not there: it may be called, waited for and read, and nothing comes of it. */
const nothing: object = new Proxy(() => {}, {
  get: (_, key) => {
    if (key === Symbol.toPrimitive) return () => Number.NaN
    return key === 'then' ? () => {} : key === Symbol.asyncIterator ? () => nothing : nothing
  },
  apply: () => nothing,
})
