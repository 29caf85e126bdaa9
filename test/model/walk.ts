/** Every transition on a live actor with its real binding, under the virtual clock. */
import { createActor, type InputFrom, type SnapshotFrom } from 'xstate'
import { adjacencyMapToArray, getAdjacencyMap, getShortestPaths } from 'xstate/graph'
import { nodesOf, shortType, transitionsOf } from '../../src/charts/words.ts'
import { type VirtualClock, virtualClock } from '../../src/virtual.ts'
import { type Any, type AnyEvent, delaysOf, type Exploring, explain, isPossible, keyOf, plain, type Snapshot } from './explore.ts'
import { taken } from './table.ts'

/** A promise in the hands of the test: what a fake gives out, and a step of a walk settles. */
export const pending = <T>() => {
  let resolve: (value: T) => void = () => {}
  let reject: (error: unknown) => void = () => {}
  const promise = new Promise<T>((yes, no) => {
    resolve = yes
    reject = no
  })
  return { promise, resolve, reject }
}

const stateText = (snapshot: Snapshot) =>
  `${typeof snapshot.value === 'string' ? snapshot.value : JSON.stringify(snapshot.value)}${snapshot.status === 'error' ? ' (failed)' : ''}`

/** One step of a walk, after it was done and all that is ready has settled. */
export type Stride<M extends Any> = {
  event: AnyEvent<M>
  /** What the table says. */
  model: SnapshotFrom<M>
  /** What the live actor is in; the walk has compared state and status already. */
  snapshot: SnapshotFrom<M>
  /** All events so far, this one last. */
  events: readonly AnyEvent<M>[]
}
/** The live side of one path: made anew for each. */
export type Live<M extends Any> = {
  /** The machine bound to fakes. They do nothing by themselves: what they would do is an event of the walk, done in `act`. */
  machine: M
  input?: InputFrom<M>
  /** How an event comes about that is not simply sent, by its type (`done:drain` for short). Delays come by the clock by themselves. */
  act?: Record<string, (event: AnyEvent<M>) => unknown>
  /** Throws what is wrong with the fakes or the snapshot. Also called for the start, whose event is `xstate.init`. */
  check?: (stride: Stride<M>) => unknown
  /** After the actor was stopped: was all let go? */
  end?: () => unknown
}
export type Walking<M extends Any> = Omit<Exploring<M>, 'depth' | 'invariant'> & {
  /** Transitions that no path can take, as the failure names them, each with its reason. */
  except?: Record<string, string>
  /** How many edges the search may look at; 20 000 where not given. If it needs more, the context counts without an end: see `key`. */
  limit?: number
  /** What makes two snapshots the same place; all of them where not given. */
  key?: (snapshot: SnapshotFrom<M>) => string
  live: (clock: VirtualClock) => Live<M>
}
type Edge = { event: AnyEvent<Any>; nextState: Snapshot }
type Route = { start: Snapshot; edges: Edge[] }
export type Walked = { paths: number; steps: number }

const edgesOf = (...[machine, options]: Parameters<typeof getAdjacencyMap<Snapshot, AnyEvent<Any>, unknown>>) => {
  try {
    return adjacencyMapToArray(getAdjacencyMap(machine, options))
  } catch (error) {
    if (!(error instanceof Error) || error.message !== 'Traversal limit exceeded') throw error
    throw new Error(`more than ${options.limit} edges: give a "key" that keeps what counts apart and the counters small`)
  }
}

/** Shortest paths that together take every edge from every state once; the edges that stay in a state share one path. */
const routesOf = (machine: Any, { events, input, limit = 20_000, key = keyOf, can = () => true }: Walking<Any>): Route[] => {
  const options = {
    input,
    limit,
    events: [...events, ...delaysOf(machine)],
    serializeState: key,
    filterEvents: (snapshot: Snapshot, event: AnyEvent<Any>) => isPossible(snapshot, event.type) && can(snapshot, event),
    stopWhen: ({ status }: Snapshot) => status !== 'active',
  }
  const edges = new Map<string, Edge[]>()
  for (const { state, event, nextState } of edgesOf(machine, options)) {
    edges.set(key(state), [...(edges.get(key(state)) ?? []), { event, nextState }])
  }
  const nameOf = (state: Snapshot, event: AnyEvent<Any>) => `${key(state)} ${JSON.stringify(event, plain)}`
  const walked = new Set<string>()
  // The longest first: on their way they take most of the edges that the shorter ones are made of.
  return getShortestPaths(machine, options)
    .reverse()
    .flatMap(({ steps, state }) => {
      const arrive = steps.slice(1).map(({ event, state: nextState }) => ({ event, nextState }))
      const fresh = (edges.get(key(state)) ?? []).filter(({ event }) => !walked.has(nameOf(state, event)))
      if (fresh.length === 0) return []
      for (const [index, { event }] of arrive.entries()) walked.add(nameOf(steps[index]?.state ?? state, event))
      const stays = fresh.filter(({ nextState }) => key(nextState) === key(state))
      const leaves = fresh.filter(({ nextState }) => key(nextState) !== key(state))
      const tails = leaves.length > 0 ? leaves.map((edge, index) => (index === 0 ? [...stays, edge] : [edge])) : [stays]
      const start = steps[0]?.state ?? state
      return tails.map(tail => ({ start, edges: [...arrive, ...tail] }))
    })
}

/** Walks one path on a live actor; notes the transitions it takes. */
const walkRoute = async (machine: Any, { input, live }: Walking<Any>, { start, edges }: Route, seen: Set<string>) => {
  const clock = virtualClock()
  const world = live(clock)
  const waiting = new Map<string, () => void>()
  const actor = createActor(world.machine, {
    clock,
    id: machine.id,
    input: world.input ?? input,
    inspect: news => {
      if (news.type !== '@xstate.microstep' || news.actorRef.sessionId !== news.rootId) return
      for (const definition of news._transitions) seen.add(taken(definition))
      waiting.get(news.event.type)?.()
    },
  })
  // An actor that fails shows it in its status; unobserved it would end the process.
  actor.subscribe({ error: () => {} })
  const act = (event: AnyEvent<Any>) => {
    const own = world.act?.[event.type] ?? world.act?.[shortType(event.type)]
    if (own) return own(event)
    if (event.type.startsWith('xstate.after.')) return clock.runUntil(new Promise<void>(due => waiting.set(event.type, due)))
    if (!event.type.startsWith('xstate.')) return actor.send(event)
    throw new Error(`how does ${shortType(event.type)} come about? Say it in "act"`)
  }
  const arrive = async (stride: Omit<Stride<Any>, 'snapshot'>, move?: () => unknown) => {
    try {
      await move?.()
      await clock.settle()
      const snapshot = actor.getSnapshot()
      const [expected, actual] = [stateText(stride.model), stateText(snapshot)]
      if (expected !== actual) throw new Error(`the table says ${expected}, the actor is ${actual}`, { cause: snapshot.error })
      await world.check?.({ ...stride, snapshot })
    } catch (error) {
      throw explain(error, stride.events)
    }
  }
  try {
    actor.start()
    await arrive({ event: { type: 'xstate.init' }, model: start, events: [] })
    for (const [index, { event, nextState }] of edges.entries()) {
      const events = edges.slice(0, index + 1).map(edge => edge.event)
      await arrive({ event, model: nextState, events }, () => act(event))
    }
  } finally {
    actor.stop()
    await clock.settle()
  }
  await world.end?.()
}

/**
 * Takes every transition, from every state in which an event can come, on live actors under the virtual clock.
 * Rejects where an actor is not in the state that the table says, and if a transition was never taken.
 */
export function walk<M extends Any>(machine: M, options: Walking<M>): Promise<Walked>
export async function walk(machine: Any, options: Walking<Any>) {
  const { except = {} } = options
  const routes = routesOf(machine, options)
  const seen = new Set<string>()
  for (const route of routes) await walkRoute(machine, options, route, seen)
  const never = nodesOf(machine.root)
    .flatMap(node => transitionsOf(node).map(taken))
    .filter(name => !seen.has(name))
  const missing = never.filter(name => !(name in except))
  if (missing.length > 0) throw new Error(`never taken: ${missing.join(', ')}`)
  const stale = Object.keys(except).filter(name => !never.includes(name))
  if (stale.length > 0) throw new Error(`excepted, but taken or not there: ${stale.join(', ')}`)
  return { paths: routes.length, steps: routes.reduce((all, { edges }) => all + edges.length, 0) }
}
