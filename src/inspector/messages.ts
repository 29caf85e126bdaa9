/** What an inspector is told: one JSON object a line, the same through a socket and in a file. docs/recording.md has it in words. */
import type { RoomFact } from '../facts.ts'
import type { LogLevel } from '../ports.ts'

/** A reader refuses a tape of a newer version than its own; a new kind of message alone makes no new version. */
export const tapeVersion = 1

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json }
export type JsonObject = { [key: string]: Json }
/** An actor by its place, which is the same in every run: `room/playout:SG_1`. */
export type Path = string
/** As XState has it: `'playing'`, `{ voice: 'open' }`. */
export type StateValue = string | { [key: string]: StateValue }

/** The first line of a tape. */
export type Header = {
  type: 'tape'
  version: number
  /** Of Chartroom, that wrote it. */
  product: string
  /** When `at` was 0, in ISO 8601; not in virtual time, where two runs are to be the same. */
  startedAt?: string
  room: string
  identity: string
  /** Of the agent's voice, in Hz: offsets in facts are in its samples. */
  sampleRate: number
  /** Whether it holds all of the room's inputs from the first on, and so can be replayed. */
  replayable: boolean
}

/**
 * On every message. `seq`: from 1, without a hole, in one tape. `at`: ms of the room's clock. `n`: the number of the journal's input
 * that came last before it, where a journal is kept.
 */
export type Stamp = { seq: number; at: number; n?: number }

/** A transition that was taken. `edge` names it in the chart of its machine; `targets` are ids of state nodes. */
export type Taken = { edge: string; source: string; targets: string[] }
/** What of a context has changed: keys with their new values, and keys that are gone. */
export type Change = { set: JsonObject; gone?: string[] }

/** How a machine is made: once for each, before the first actor of it. */
export type MachineMessage = Stamp & { type: 'machine'; definition: Definition }
/** `machine`: the key of its definition; null for what is no machine. `restarts`: how often its parent began it anew before. */
export type StartedMessage = Stamp & {
  type: 'started'
  path: Path
  parent: Path | null
  machine: string | null
  src: string
  restarts: number
  input?: Json
  value?: StateValue
  context?: JsonObject
  next?: string[]
}
export type EndedMessage = Stamp & {
  type: 'ended'
  path: Path
  status: 'done' | 'error' | 'stopped'
  output?: Json
  error?: string
}
/** `from` null: from outside of the actor system. `dead`: nobody was there to take it. */
export type EventMessage = Stamp & {
  type: 'event'
  from: Path | null
  to: Path
  event: JsonObject & { type: string }
  dead?: true
}
/** An actor took an event. `cause`: the `seq` of that event. `next`: what it would take now. No `taken`: it ignored the event. */
export type StepMessage = Stamp & {
  type: 'step'
  path: Path
  cause: number
  taken: Taken[]
  actions: string[]
  value?: StateValue
  context?: Change
  next?: string[]
}
export type FactMessage = Stamp & { type: 'fact'; fact: RoomFact }
export type LogMessage = Stamp & { type: 'log'; level: LogLevel; code: string; fields?: JsonObject }
/**
 * Sound, in pieces: the caller's up to `at`, when the last of it came, as the agent hears it; an utterance's from sample `offset` on, as it
 * was given (when it is heard, the `utterance.progressed` facts tell). `peaks`: 0 to 100, one for each `stepMs`. `media`: its 16-bit samples, mono, in a recording.
 */
export type SoundMessage = Stamp & {
  type: 'sound'
  of: 'caller' | `utterance:${string}`
  offset: number
  samples: number
  sampleRate: number
  stepMs: number
  peaks: number[]
  media?: MediaRef
}
/** The event loop stood still for `ms`, up to `at`. */
export type StallMessage = Stamp & { type: 'stall'; ms: number }
/** Messages were left out, since whoever takes them is too slow or the room for them is full: from `seq` on, `count` of them. */
export type GapMessage = Stamp & { type: 'gap'; count: number; why: string }

export type Message =
  | MachineMessage
  | StartedMessage
  | EndedMessage
  | EventMessage
  | StepMessage
  | FactMessage
  | LogMessage
  | SoundMessage
  | StallMessage
  | GapMessage

/** Bytes of a recording's `media.bin`: where they begin, and how many. */
export type MediaRef = [offset: number, length: number]

/** A state node. `id` is XState's: `playout.playing`. `edges` of kind `stay` are drawn inside of it. */
export type ChartNode = {
  id: string
  key: string
  parent: string | null
  kind: 'atomic' | 'compound' | 'parallel' | 'final' | 'history'
  initial?: string
  description?: string
  tags: string[]
  entry: string[]
  exit: string[]
  invoke: { id: string; src: string }[]
}
/**
 * `event`: as a person reads it: `done drain`, `after drainTimeout`, `` for always. `target` undefined: it stays where it is; `others`:
 * what it goes to as well, in parallel states. `reenter`: its source is left and entered again, even if it is the target.
 */
export type ChartEdge = {
  id: string
  source: string
  target?: string
  others?: string[]
  /** As XState has it: `xstate.done.actor.drain`. */
  descriptor: string
  event: string
  guard?: string
  actions: string[]
  reenter?: boolean
}
/** A machine without geometry. `key`: its id, unless two machines share it. */
export type Definition = { key: string; nodes: ChartNode[]; edges: ChartEdge[] }
export type Box = { x: number; y: number; width: number; height: number }
export type Point = { x: number; y: number }
/**
 * A line of text in a state; `x` and `y`: the left end of its middle. `edge`: the transition that it tells of, which stays in the state
 * (`ignore`: and does nothing), or comes back to it (`again`). `further`: it goes on from the line above.
 */
export type ChartRow = {
  kind: 'tag' | 'invoke' | 'entry' | 'exit' | 'stay' | 'ignore' | 'again'
  text: string
  edge?: string
  further?: boolean
  x: number
  y: number
}
/**
 * A machine as it is drawn, in px from the top left corner. `points`: the corners of an edge, none where it is a row of its source;
 * `forks`: of its way to its other targets. `lines`: the text in its `label`. Edges that have the same label there and mean the same
 * share it, and their way from there on.
 */
export type Chart = {
  key: string
  width: number
  height: number
  nodes: (ChartNode & Box & { rows: ChartRow[] })[]
  edges: (ChartEdge & { points: Point[]; forks?: Point[][]; label?: Box & { lines: string[] } })[]
  /** The dots before initial states. */
  initials: { target: string; points: Point[] }[]
}

/** The id of a transition in its machine: the `index`th of those of `source` for this descriptor (`` for always). */
export const edgeId = (source: string, descriptor: string, index: number): string => `${source}|${descriptor}|${index}`
