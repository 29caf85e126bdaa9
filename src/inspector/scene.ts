/** What a moment of a call looks like: messages folded, in a process and in a page alike. */
import type { Header, JsonObject, Message, Path, StateValue, Taken } from './messages.ts'

export type ActorScene = {
  path: Path
  parent: Path | null
  machine: string | null
  src: string
  status: 'active' | 'done' | 'error' | 'stopped'
  restarts: number
  startedAt: number
  endedAt?: number
  value?: StateValue
  context?: JsonObject
  /** What of the context changed in the last step. */
  changed: string[]
  next: string[]
  /** The last step that took a transition; `seq` is the step's, `cause` the event's. */
  last?: { seq: number; at: number; cause: number; event: string; taken: Taken[] }
  error?: string
}
/** Plain JSON: a server sends it to who joins late. */
export type Scene = { seq: number; at: number; actors: Record<Path, ActorScene> }

export const emptyScene = (): Scene => ({ seq: 0, at: 0, actors: {} })

/** So many actors that have ended are remembered; then the oldest go. */
const REMEMBERED = 100

/** Lays a message over a scene, which is changed. `eventType`: of the event that a step was caused by, if it is known. */
export const apply = (scene: Scene, message: Message, eventType?: (seq: number) => string | undefined): void => {
  scene.seq = message.seq
  scene.at = message.at
  if (message.type === 'started') {
    const { path, parent, machine, src, restarts, at, value, context, next = [] } = message
    scene.actors[path] = {
      ...{ path, parent, machine, src, restarts, status: 'active', startedAt: at, changed: [], next },
      ...(value === undefined ? {} : { value }),
      ...(context === undefined ? {} : { context }),
    }
  } else if (message.type === 'ended') {
    const actor = scene.actors[message.path]
    if (!actor) return
    actor.status = message.status
    actor.endedAt = message.at
    actor.next = []
    if (message.error !== undefined) actor.error = message.error
    forget(scene)
  } else if (message.type === 'step') {
    const actor = scene.actors[message.path]
    if (!actor) return
    const { value, context, next, taken, seq, at, cause } = message
    if (value !== undefined) actor.value = value
    if (next) actor.next = next
    actor.changed = context ? [...Object.keys(context.set), ...(context.gone ?? [])] : []
    if (context) {
      const kept = Object.entries({ ...actor.context, ...context.set }).filter(([key]) => !context.gone?.includes(key))
      actor.context = Object.fromEntries(kept)
    }
    if (taken.length > 0) actor.last = { seq, at, cause, event: eventType?.(cause) ?? '', taken }
  }
}

const forget = (scene: Scene): void => {
  const ended = Object.values(scene.actors).filter(({ status }) => status !== 'active')
  if (ended.length <= REMEMBERED) return
  ended.sort((one, other) => (one.endedAt ?? 0) - (other.endedAt ?? 0))
  for (const { path } of ended.slice(0, ended.length - REMEMBERED)) delete scene.actors[path]
}

/** What a page is told by its server, before and beside messages. */
export type Hello = {
  type: 'hello'
  /** `call`: somebody can talk here too. */
  mode: 'live' | 'recording'
  header: Header | null
  /** Whether events may be sent to actors. */
  sends: boolean
  /** The minds that a call can be held with here; none: no call can be made from this page. */
  minds: string[]
  /** Of a recording, in ms of its clock. */
  from?: number
  to?: number
}
/** Where things stand now, and what came last before, oldest first. `lost`: so many messages before these are not kept. */
export type Snapshot = { type: 'snapshot'; scene: Scene; recent: Message[]; lost: number }
/** A recording at `at`, as asked for by a `seek` of this `id`: the scene, what came before it, and what comes next. */
export type Moment = { type: 'moment'; id: number; scene: Scene; recent: Message[] }
/** For the lanes: the facts, sounds, stalls and gaps of a recording between two moments, thinned out where they are many. */
export type Span = { type: 'span'; id: number; from: number; to: number; messages: Message[] }
/** The state of the page's call. `text`: one line that says what is wrong, and what to do. */
export type CallNews = { type: 'call'; state: 'idle' | 'starting' | 'talking' | 'ended' | 'failed'; mind?: string; text?: string }
export type Refused = { type: 'refused'; text: string }
export type FromServer = Hello | Snapshot | Moment | Span | CallNews | Refused | Message

/** What a page asks. Binary messages are the microphone's samples (16 bits, little endian, mono, 24 000 Hz), and the agent's on the way back. */
export type FromPage =
  | { type: 'seek'; id: number; at: number }
  | { type: 'span'; id: number; from: number; to: number }
  | { type: 'send'; to: Path; event: JsonObject & { type: string } }
  /** `voice`: the caller's microphone, or the sample call; with neither they only write. */
  | { type: 'call.start'; mind: string; voice: 'microphone' | 'sample' | 'none' }
  | { type: 'call.end' }
  | { type: 'call.pause' }
  | { type: 'call.resume' }
  | { type: 'call.interrupt' }
  | { type: 'call.write'; text: string }
