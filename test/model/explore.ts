/** Every sequence of events through the pure transition function: no actor, no clock, no fake. */
import {
  type AnyStateMachine,
  type EventFromLogic,
  type ExecutableActionObject,
  getNextTransitions,
  type InputFrom,
  initialTransition,
  type SnapshotFrom,
  transition,
} from 'xstate'
import { nodesOf, shortType } from '../../src/charts/words.ts'

/** What XState itself tells a machine: an invoked actor is done or failed, a delay is over. */
export type InnerEvent = { type: `xstate.${string}`; output?: unknown; error?: unknown }
export type AnyEvent<M extends AnyStateMachine> = EventFromLogic<M> | InnerEvent

/** The invoked actor `id` is done with this output. */
export const done = (id: string, output?: unknown): InnerEvent => ({ type: `xstate.done.actor.${id}`, output })
/** The invoked actor `id` failed. */
export const failed = (id: string, error: unknown = new Error('failed on purpose')): InnerEvent => ({
  type: `xstate.error.actor.${id}`,
  error,
})
export type Any = AnyStateMachine
export type Snapshot = SnapshotFrom<AnyStateMachine>
/** Numbers that JSON would make null stay apart; actor refs become their ids by themselves. */
export const plain = (_: string, value: unknown) =>
  typeof value === 'number' && !Number.isFinite(value) ? String(value) : value instanceof Error ? `${value}` : value
/** All of a snapshot that its future depends on. */
export const keyOf = (snapshot: Snapshot) =>
  JSON.stringify(
    [snapshot.value, snapshot.status, snapshot.context, Object.keys(snapshot.children), snapshot.historyValue],
    plain,
  )
/** Every delay of the machine, as the events by which they come. */
export const delaysOf = (machine: AnyStateMachine): InnerEvent[] =>
  [...new Set(nodesOf(machine.root).flatMap(node => node.after.map(({ eventType }) => String(eventType))))].map(type => ({
    type: `xstate.${type.slice('xstate.'.length)}`,
  }))

/** An actor that does not run cannot end, and a delay that does not run cannot be over. */
export const isPossible = (snapshot: Snapshot, type: string) =>
  !type.startsWith('xstate.') ||
  getNextTransitions(snapshot).some(({ eventType }) => eventType === type) ||
  Object.keys(snapshot.children).some(id => type === `xstate.error.actor.${id}` || type === `xstate.done.actor.${id}`)

/** One effect in words: a bound action by its name, or `start drain`, `stop drain`, `delay x`, `raise x`, `cancel x`, `send x`. */
const effectText = ({ type, params }: ExecutableActionObject): string => {
  const field = (name: string) => (typeof params === 'object' && params && name in params ? Reflect.get(params, name) : undefined)
  const event = () => shortType(String(field('event')?.type))
  if (type === 'xstate.spawnChild') return `start ${field('id')}`
  if (type === 'xstate.stopChild') return `stop ${field('id')}`
  if (type === 'xstate.raise') return `${field('delay') === undefined ? 'raise' : 'delay'} ${event()}`
  if (type === 'xstate.sendTo') return `send ${event()}`
  return type === 'xstate.cancel' ? `cancel ${shortType(String(field('sendId')))}` : type
}

/** What one event did. `past` are the steps before it, oldest first: the same array each time, so copy what you keep. */
export type Step<M extends AnyStateMachine> = {
  event: AnyEvent<M>
  before: SnapshotFrom<M> | undefined
  snapshot: SnapshotFrom<M>
  effects: readonly string[]
  past: readonly Omit<Step<M>, 'past'>[]
}
export type Exploring<M extends AnyStateMachine> = {
  /** With their payloads; the machine's delays are added, `done()` and `failed()` are tried only while their actor runs. */
  events: readonly AnyEvent<M>[]
  input?: InputFrom<M>
  /** Length of the longest sequences; 5 where not given. */
  depth?: number
  /** Leaves out an event in a state where the world cannot send it. */
  can?: (snapshot: SnapshotFrom<M>, event: AnyEvent<M>) => boolean
  /** Throws what is wrong after this step. Also called for the start, whose event is `xstate.init`. A function of the step alone. */
  invariant: (step: Step<M>) => void
}
type Place = { snapshot: Snapshot; next: Map<AnyEvent<Any>, { to: Place; effects: string[] }> }

const pathText = (events: readonly { type: string }[]) => events.map(({ type }) => shortType(type)).join(' → ') || 'the start'
/** The same error, with the way there before its message. */
export const explain = (error: unknown, events: readonly { type: string }[]) => {
  const problem = error instanceof Error ? error : new Error(String(error))
  problem.message = `after ${pathText(events)}: ${problem.message}`
  return problem
}

/** How many sequences were tried, and how many states seen. */
export type Explored = { sequences: number; states: number }

/** Tries every sequence of events; throws the shortest that breaks the invariant. Gives back how many it tried, and how many states it saw. */
export function explore<M extends Any>(machine: M, options: Exploring<M>): Explored
export function explore(machine: Any, { events, input, depth = 5, can = () => true, invariant }: Exploring<Any>) {
  const all = [...events, ...delaysOf(machine)]
  // One transition of each state by each event is computed, once: the sequences share them.
  const places = new Map<string, Place>()
  const placeOf = (snapshot: Snapshot): Place => {
    const key = keyOf(snapshot)
    const place = places.get(key) ?? { snapshot, next: new Map() }
    places.set(key, place)
    return place
  }
  const edgeOf = ({ snapshot, next }: Place, event: AnyEvent<Any>) => {
    const known = next.get(event)
    if (known || !isPossible(snapshot, event.type) || !can(snapshot, event)) return known
    const [after, asked] = transition(machine, snapshot, event)
    const edge = { to: placeOf(after), effects: asked.map(effectText) }
    next.set(event, edge)
    return edge
  }
  let sequences = 0
  const past: Omit<Step<Any>, 'past'>[] = []
  const take = (step: Omit<Step<Any>, 'past'>, at: Place, left: number) => {
    try {
      invariant({ ...step, past })
    } catch (error) {
      const path = [...past, step].slice(1).map(({ event }) => event)
      throw explain(error, path)
    }
    past.push(step)
    if (left > 0 && at.snapshot.status === 'active') {
      for (const event of all) {
        const edge = edgeOf(at, event)
        if (!edge) continue
        sequences++
        take({ event, before: at.snapshot, snapshot: edge.to.snapshot, effects: edge.effects }, edge.to, left - 1)
      }
    }
    past.pop()
  }
  const [snapshot, asked] = initialTransition(machine, input)
  // All sequences of each length before the longer ones: what fails first is shortest.
  for (let longest = Math.min(1, depth); longest <= depth; longest++) {
    sequences = 0
    take(
      { event: { type: 'xstate.init' }, before: undefined, snapshot, effects: asked.map(effectText) },
      placeOf(snapshot),
      longest,
    )
  }
  return { sequences, states: places.size }
}
