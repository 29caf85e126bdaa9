/** What a journal says: one JSON object for everything that passes the seam between the engine and what is around it. */
import { lineOf } from './errors.ts'
import type { MediaRef } from './inspector/messages.ts'
import type { Clock, Log } from './ports.ts'

/** A reader refuses inputs of a newer version than its own. */
export const inputsVersion = 1

export const kinds = ['timer', 'settled', 'failed', 'read', 'id', 'item', 'end', 'told', 'asked', 'called', 'begin'] as const
/**
 * One input, numbered from 1 (`n`). `at` in clock ms; `name` says which port and method; audio and bytes are told by length and hash, in a
 * recording with their place. `of`: the call, stream or listener that it belongs to, by its number; `more`: it came together with the line
 * before; `place`: where in a turn of the engine it was asked. A recording has also a line for each call of the engine, `called`, with the
 * number of the input that came last before it, and `begin`.
 */
export type JournalLine = {
  n: number
  at: number
  kind: (typeof kinds)[number]
  name: string
  value?: unknown
  of?: number
  args?: unknown[]
  /** Of a call: what it gave back at once. Of a value: that it is something to call. */
  gives?: 'promise' | 'items' | 'function' | 'port'
  /** Of a failure: its name, message and code. */
  error?: { name: string; message: string; code?: string }
  more?: true
  hops?: number
  within?: number
  /** It is of the mind's own: of its model, its timers. A replay does without it. */
  side?: 'mind'
}
export type Journal = (line: JournalLine) => void
/** Who writes all lines down, and keeps the bytes. */
export type Scribe = { input(line: JournalLine): void; media(view: ArrayBufferView, hash?: string): MediaRef }

/** FNV-1a over the bytes: small, and the same everywhere. */
export const hashOf = (view: ArrayBufferView): string => {
  const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength)
  let hash = 0x811c9dc5
  // By index: an iterator takes nine times as long.
  for (let at = 0; at < bytes.length; at++) hash = Math.imul(hash ^ (bytes[at] as number), 0x01000193)
  return (hash >>> 0).toString(16).padStart(8, '0')
}

type Extra = Partial<Omit<JournalLine, 'n' | 'kind' | 'name'>>
type Kind = JournalLine['kind']
export type NotesHands = { clock: Clock; log: Log; journal?: Journal | undefined; scribe?: Scribe | undefined }

/** Numbers the lines and hands them out. A journal that throws is logged once as `journal.failed`, and asked no more. */
export class Notes {
  readonly #hands: NotesHands
  readonly #now: () => number
  #n = 0
  #isBroken = false

  constructor(hands: NotesHands, now: () => number) {
    this.#hands = hands
    this.#now = now
  }

  /** An input. Bytes are kept where they are the engine's own. */
  note(kind: Kind, name: string, value?: unknown, extra: Extra = {}): void {
    const { journal, scribe } = this.#hands
    this.#n++
    if (this.#isBroken) return
    const line = { n: this.#n, at: this.#now(), kind, name, ...told(value, this.#keeping(name, extra)), ...extra }
    this.#tell(() => {
      journal?.(line)
      scribe?.input(line)
    })
  }
  /** What the engine asks of the world; its bytes are the engine's. */
  call(name: string, extra: Extra): void {
    const { scribe } = this.#hands
    if (!scribe || this.#isBroken) return
    this.#tell(() => scribe.input({ n: this.#n, at: this.#now(), kind: 'called', name, ...extra }))
  }
  /** How all of it begins. */
  begin(value: unknown): void {
    this.#tell(() => this.#hands.scribe?.input({ n: 0, at: this.#now(), kind: 'begin', name: 'inputs', value: plain(value) }))
  }
  /** Only a recording needs to know what the world was asked. */
  args(args: () => unknown[]): { args?: unknown[] } {
    if (!this.#hands.scribe) return {}
    const told = argsOf(args())
    return told.length > 0 ? { args: told } : {}
  }

  /** Pictures are many, and the engine does not look at them. */
  #keeping(name: string, { side }: Extra): Scribe | undefined {
    return side === 'mind' || name.startsWith('videos.') ? undefined : this.#hands.scribe
  }
  #tell(work: () => void): void {
    try {
      work()
    } catch (error) {
      this.#isBroken = true // a journal with a hole could not be replayed
      this.#hands.log('error', 'journal.failed', { n: this.#n, error: lineOf(error) })
    }
  }
}

const told = (given: unknown, scribe: Scribe | undefined) => {
  const value = plain(given, scribe)
  return value === undefined ? {} : { value }
}
/** As they are compared: without signals, functions and streams. */
export const argsOf = (args: unknown[]): unknown[] => {
  const told = args.map(arg => (arg instanceof AbortSignal ? undefined : plain(arg)))
  while (told.length > 0 && told.at(-1) === undefined) told.pop()
  return told.map(arg => arg ?? null)
}
export const errorIn = (error: unknown): Pick<JournalLine, 'error'> => {
  if (!(error instanceof Error)) return {}
  const { name, message } = error
  const code = 'code' in error && typeof error.code === 'string' ? { code: error.code } : {}
  return { error: { name, message, ...code } }
}

export const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null
export const isIterable = (value: unknown): value is AsyncIterable<unknown> => isObject(value) && Symbol.asyncIterator in value

/** What of a value goes into the journal: JSON, with audio and bytes by length and hash, and by their place where they are kept. */
export const plain = (value: unknown, scribe?: Scribe): unknown => {
  if (ArrayBuffer.isView(value)) {
    const told = { bytes: value.byteLength, hash: hashOf(value) }
    return scribe ? { ...told, media: scribe.media(value, told.hash), as: value.constructor.name } : told
  }
  if (typeof value === 'bigint') return Number(value)
  if (isIterable(value) || typeof value === 'function') return undefined
  if (Array.isArray(value)) return value.map(one => plain(one, scribe))
  if (value instanceof Error) return { thrown: errorIn(value).error }
  if (isObject(value)) return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, plain(member, scribe)]))
  return value
}
