/** What a moment of a call looks like: messages folded, in a process and in a page alike. */
import type { Filter } from './find.ts'
import type { Header, Json, JsonObject, Message, Path, StateValue, Taken } from './messages.ts'

export type ActorScene = {
  path: Path
  parent: Path | null
  machine: string | null
  src: string
  status: 'active' | 'done' | 'error' | 'stopped'
  restarts: number
  startedAt: number
  endedAt?: number
  input?: Json
  output?: Json
  value?: StateValue
  context?: JsonObject
  /** What of the context changed in the last step. */
  changed: string[]
  next: string[]
  /** The message that brought it into its state: its start, or a step. */
  moved: number
  /** The last step that took a transition; `seq` is the step's, `cause` the event's. */
  last?: { seq: number; at: number; cause: number; event: string; taken: Taken[] }
  error?: string
}
/** Plain JSON: a server sends it to who joins late. */
export type Scene = { seq: number; at: number; actors: Record<Path, ActorScene> }

export const emptyScene = (): Scene => ({ seq: 0, at: 0, actors: {} })

/** So many actors that have ended are remembered; the oldest go, when there are so many: to look for them takes its time. */
const [REMEMBERED, MOST] = [100, 120]
/** How many have ended, in scenes that were changed here. */
const ends = new WeakMap<Scene, number>()

/** Lays a message over a scene, which is changed. `eventType`: of the event that a step was caused by, if it is known. */
export const apply = (scene: Scene, message: Message, eventType?: (seq: number) => string | undefined): void => {
  scene.seq = message.seq
  scene.at = message.at
  if (message.type === 'started') {
    const { path, parent, machine, src, restarts, at, input, value, context, next = [] } = message
    if (isOver(scene.actors[path])) ends.set(scene, endsIn(scene) - 1)
    scene.actors[path] = {
      ...{ path, parent, machine, src, restarts, status: 'active', startedAt: at, moved: message.seq, changed: [], next },
      ...(input === undefined ? {} : { input }),
      ...(value === undefined ? {} : { value }),
      ...(context === undefined ? {} : { context }),
    }
  } else if (message.type === 'ended') {
    const actor = scene.actors[message.path]
    if (!actor) return
    if (!isOver(actor)) ends.set(scene, endsIn(scene) + 1)
    actor.status = message.status
    actor.endedAt = message.at
    actor.next = []
    if (message.output !== undefined) actor.output = message.output
    if (message.error !== undefined) actor.error = message.error
    forget(scene)
  } else if (message.type === 'step') {
    const actor = scene.actors[message.path]
    if (!actor) return
    const { value, context, next, taken, seq, at, cause } = message
    if (value !== undefined) Object.assign(actor, { value, moved: seq })
    if (next) actor.next = next
    actor.changed = context ? [...Object.keys(context.set), ...(context.gone ?? [])] : []
    if (context) {
      actor.context = { ...actor.context, ...context.set }
      for (const key of context.gone ?? []) delete actor.context[key]
    }
    if (taken.length > 0) actor.last = { seq, at, cause, event: eventType?.(cause) ?? '', taken }
  }
}

const isOver = (actor: ActorScene | undefined): boolean => actor !== undefined && actor.status !== 'active'
const endsIn = (scene: Scene): number => ends.get(scene) ?? Object.values(scene.actors).filter(isOver).length
const forget = (scene: Scene): void => {
  if (endsIn(scene) <= MOST) return
  const ended = Object.values(scene.actors).filter(isOver)
  ended.sort((one, other) => (one.endedAt ?? 0) - (other.endedAt ?? 0))
  for (const { path } of ended.slice(0, ended.length - REMEMBERED)) delete scene.actors[path]
  ends.set(scene, REMEMBERED)
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
  /** Of a recording: what of it is not whole, a line each. */
  remarks?: string[]
}
/**
 * Where things stand now, and what came last before, oldest first. `lost`: so many messages before these are not kept. `base`: how things
 * stood before the first of them, so that who joins late can go back as well. Apart from those come older ones: machines, and what tells
 * why actors are in their states.
 */
export type Snapshot = { type: 'snapshot'; scene: Scene; recent: Message[]; lost: number; base?: Scene }
/** A recording at `at`, as asked for by a `seek` of this `id`: the scene, what came before it, and what comes next. */
export type Moment = { type: 'moment'; id: number; scene: Scene; recent: Message[] }
/** For the lanes: the facts, sounds, stalls and gaps of a recording between two moments, thinned out where they are many. */
export type Span = { type: 'span'; id: number; from: number; to: number; messages: Message[] }
/** The log of a recording, as it passes the filter of a `list`: how many rows there are, and some of them. */
export type Listed = {
  type: 'listed'
  id: number
  total: number
  /** The place of the first of these rows; and of the last row that is not later than the message that was asked for, -1 for none. */
  from: number
  place: number
  /** Of each row its message, and the steps that it led to. */
  rows: Message[][]
  /** With the rows around a message: whom events were for in the whole recording, and what they are called; a few hundred of them. */
  actors?: Path[]
  names?: string[]
}
/** What a `find` has found: `count` rows in all. `nth` of them is the one that was asked for, at its `place` in the list; 0 and -1 for none. */
export type Found = { type: 'found'; id: number; count: number; nth: number; place: number; row: Message[] }
/** The state of the page's call. `text`: one line that says what is wrong, and what to do. */
export type CallNews = {
  type: 'call'
  state: 'idle' | 'starting' | 'talking' | 'ending' | 'ended' | 'failed'
  mind?: string
  text?: string
  /** Of the sound to the page: with 2 it is the agent's and the caller's samples in turns, as in the sample call. 1 where not given. */
  channels?: 1 | 2
}
export type Refused = { type: 'refused'; text: string }
export type FromServer = Hello | Snapshot | Moment | Span | Listed | Found | CallNews | Refused | Message

/** What a page asks. Binary messages are the microphone's samples (16 bits, little endian, mono, 24 000 Hz), and the agent's on the way back. */
export type FromPage =
  /** `seq`: right after this message, where several came at that moment. */
  | { type: 'seek'; id: number; at: number; seq?: number }
  | { type: 'span'; id: number; from: number; to: number }
  /** Rows of a recording's log, 200 at most: `count` from the one at `from` on; where that is not given, the portion that the message `seq` is in. */
  | { type: 'list'; id: number; filter: Filter; from?: number; seq: number; count: number }
  /** The next row that holds all of the words after the message `seq`, or the one before it, round the ends; `still`: that of `seq` is one too. */
  | { type: 'find'; id: number; filter: Filter; text: string; seq: number; way: 'next' | 'before' | 'still' }
  | { type: 'send'; to: Path; event: JsonObject & { type: string } }
  /** `voice`: the caller's microphone, or the sample call; with neither they only write. */
  | { type: 'call.start'; mind: string; voice: 'microphone' | 'sample' | 'none' }
  | { type: 'call.end' }
  | { type: 'call.pause' }
  | { type: 'call.resume' }
  | { type: 'call.interrupt' }
  | { type: 'call.write'; text: string }
