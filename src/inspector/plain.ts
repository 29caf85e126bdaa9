/** Any value as JSON, for an inspector: bounded, with actors by their place and sound as what can be said of it. */
import type { AnyActorRef } from 'xstate'
import { lineOf } from '../errors.ts'
import type { Json, JsonObject, Path } from './messages.ts'
import { peakOf } from './peak.ts'

/** What is deeper, longer or more is cut, visibly: levels, members of one thing, characters of a text, and values in all. */
const DEPTH = 8
const MEMBERS = 100
export const TEXT = 1_000
const VALUES = 500
/** Of an event or a context, which `plain` has member by member. */
const NAMES = 1_000

type Bounds = { left: number; above: object[] }

/** Undefined for what has no form in JSON: functions, promises, streams. Never throws: what cannot be read is told in its place. */
export const plain = (value: unknown): Json | undefined => {
  if (isSimple(value)) return value
  try {
    return jsonOf(value, { left: VALUES, above: [] })
  } catch (error) {
    return unreadable(error)
  }
}
/** The members of a thing, as `plain` has each of them: of an event, of a context; the first thousand. They are added to `into`. */
export function members(value: object): JsonObject
export function members<T extends JsonObject>(value: object, into: T): T
export function members(value: object, into: JsonObject = {}): JsonObject {
  const keys = Object.keys(value)
  for (const key of keys.slice(0, NAMES)) put(into, key, memberOf(value, key))
  if (keys.length > NAMES) into['…'] = `+${keys.length - NAMES}`
  return into
}

const memberOf = (value: object, key: string): Json | undefined => {
  try {
    return plain(Reflect.get(value, key))
  } catch (error) {
    return unreadable(error)
  }
}
const unreadable = (error: unknown) => `[unreadable: ${cut(lineOf(error))}]`

const paths = new WeakMap<AnyActorRef, Path>()
/** Where an actor is: `room/playout:SG_1`. */
export const pathOf = (actor: AnyActorRef): Path => {
  const known = paths.get(actor)
  if (known !== undefined) return known
  const path = actor._parent ? `${pathOf(actor._parent)}/${actor.id}` : actor.id
  paths.set(actor, path)
  return path
}

/** Who is at this place, at or below `actor`. */
export const actorAt = (actor: AnyActorRef, path: Path): AnyActorRef | undefined => {
  const here = pathOf(actor)
  if (here === path) return actor
  if (!path.startsWith(`${here}/`)) return undefined
  const { children = {} } = actor.getSnapshot() ?? {}
  for (const child of Object.values(children)) {
    const found = isActor(child) ? actorAt(child, path) : undefined
    if (found) return found
  }
  return undefined
}

/** A member of this name would be the prototype. */
const put = (result: JsonObject, key: string, value: Json | undefined) => {
  if (value !== undefined && key !== '__proto__') result[key] = value
}
const cut = (text: string): string => (text.length <= TEXT ? text : `${text.slice(0, TEXT)}… (+${text.length - TEXT})`)
const isSimple = (value: unknown): value is null | boolean | number | string =>
  value === null ||
  value === true ||
  value === false ||
  (typeof value === 'string' && value.length <= TEXT) ||
  Number.isFinite(value)

const jsonOf = (value: unknown, bounds: Bounds): Json | undefined => {
  bounds.left--
  if (isSimple(value)) return value
  if (typeof value === 'string') return cut(value)
  if (typeof value === 'number' || typeof value === 'bigint') return String(value) // NaN and the infinities are none of JSON's numbers
  return typeof value === 'object' && value !== null ? ofObject(value, bounds) : undefined
}

const ofObject = (value: object, bounds: Bounds): Json | undefined => {
  if (isActor(value)) return { actor: pathOf(value) }
  if (value instanceof Error) return cut(lineOf(value))
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return summaryOf(value)
  if (bounds.above.includes(value)) return '[cycle]'
  if (bounds.above.length >= DEPTH || bounds.left <= 0) return '[…]'
  bounds.above.push(value)
  const result = inside(value, bounds)
  bounds.above.pop()
  return result
}

const inside = (value: object, bounds: Bounds): Json | undefined => {
  if (Array.isArray(value)) return ofList(value.slice(0, MEMBERS), value.length, bounds)
  if (value instanceof Set) return ofList(firstOf(value), value.size, bounds)
  if (value instanceof Map) return ofEntries(firstOf(value), value.size, bounds)
  if (Symbol.iterator in value || Symbol.asyncIterator in value || 'then' in value) return undefined
  if (isSnapshot(value)) return jsonOf({ status: value.status, value: value.value, context: value.context }, bounds)
  if ('toJSON' in value && typeof value.toJSON === 'function') return jsonOf(value.toJSON(), bounds)
  const keys = Object.keys(value)
  const entries = keys.slice(0, MEMBERS).map((key): [string, unknown] => [key, Reflect.get(value, key)])
  return ofEntries(entries, keys.length, bounds)
}
/** What is not told is not gone through either: a room waits meanwhile. */
const firstOf = <T>(all: Iterable<T>): T[] => {
  const first: T[] = []
  for (const one of all) {
    if (first.length >= MEMBERS) break
    first.push(one)
  }
  return first
}
/** `first`: of `size` members. */
const ofList = (first: unknown[], size: number, bounds: Bounds): Json[] => {
  const result: Json[] = []
  for (const member of first) {
    if (bounds.left <= 0) break
    result.push(jsonOf(member, bounds) ?? null)
  }
  if (result.length < size) result.push(`… (+${size - result.length})`)
  return result
}
const ofEntries = (first: [unknown, unknown][], size: number, bounds: Bounds): JsonObject => {
  const result: JsonObject = {}
  let told = 0
  for (const [key, member] of first) {
    if (bounds.left <= 0) break
    put(result, cut(String(key)), jsonOf(member, bounds))
    told++
  }
  if (told < size) result['…'] = `+${size - told}`
  return result
}

export const isActor = (value: unknown): value is AnyActorRef =>
  typeof value === 'object' && value !== null && 'sessionId' in value && 'getSnapshot' in value && 'send' in value
/** Of a machine: it leads to all there is of it. */
const isSnapshot = (value: object): value is { status: unknown; value: unknown; context: unknown } =>
  'machine' in value && 'context' in value && 'value' in value && 'status' in value
const summaryOf = (view: ArrayBufferView | ArrayBuffer): JsonObject =>
  view instanceof Int16Array ? { samples: view.length, peak: peakOf(view) } : { bytes: view.byteLength }
