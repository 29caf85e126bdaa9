/**
 * Machines of ours whose hands a replay does not have, as they belong to a mind: each is folded again from the events that its tape has, and
 * what it does about them is compared.
 */
import { type AnyEventObject, type AnyStateMachine, createActor, fromPromise } from 'xstate'
import { realtimeMachine } from '../../machines/realtime.ts'
import { Actors } from '../inspector/actors.ts'
import type { JsonObject, Message, Path } from '../inspector/messages.ts'
import { observe } from '../inspector/observe.ts'
import { TEXT } from '../inspector/plain.ts'
import { isObject } from '../lines.ts'
import { type Difference, sameAs, type Told } from './told.ts'

type Started = Extract<Told, { type: 'started' }>
type Known = { machine: AnyStateMachine; has: string }
/** By their keys; a machine of somebody else's may have the same one, but not such a context. */
const known: Record<string, Known> = { realtime: { machine: realtimeMachine, has: 'maxTextResponseRetries' } }
const knownAs = ({ machine, context = {} }: Started): Known | undefined => {
  const found = machine !== null && Object.hasOwn(known, machine) ? known[machine] : undefined
  return found && found.has in context ? found : undefined
}

/** One life of such an actor: what it was sent, what it did, and whom it began. */
type Life = { started: Started; messages: Told[]; isOver: boolean }
export class Lives {
  readonly #now = new Map<Path, Life>()
  readonly all: Life[] = []

  /** `message`: of what a replay does without. */
  take(message: Told): void {
    if (message.type === 'started' && knownAs(message)) {
      const life = { started: message, messages: [message], isOver: false }
      this.#now.set(message.path, life)
      this.all.push(life)
      return
    }
    if (message.type === 'fact') return
    const life = this.#of(message)
    if (!life || life.isOver) return
    life.messages.push(message)
    life.isOver = message.type === 'ended'
  }
  /** Whom its children are they do not decide, but whom it begins it does. */
  #of(message: Exclude<Told, { type: 'fact' }>): Life | undefined {
    if (message.type === 'event') return message.dead ? undefined : this.#now.get(message.to)
    return this.#now.get(message.type === 'started' ? (message.parent ?? '') : message.path)
  }
}

export type Refolded = { path: Path; steps: number; difference?: Difference }
/** Does again what it did; ends at the first difference. */
export const refold = ({ started, messages }: Life): Refolded => {
  const { path } = started
  const told = sendable(messages)
  const fresh = new Map<number, number>()
  const [was, is] = [side(placesOf(told)), side(fresh)]
  const expected = told.flatMap(message => (message.type === 'event' ? [] : [was(message)]))
  const done: Told[] = []
  let difference: Difference | undefined
  const see = (message: Told) => {
    if (message.type === 'event') fresh.set(message.seq, fresh.size + 1)
    const recorded = expected[done.length]
    if (message.type === 'event' || difference || !recorded || !isOwn(message, path)) return
    const { n = 0, at } = recorded
    const replayed = is({ ...message, n, at })
    if (sameAs(recorded, replayed)) done.push(recorded)
    else difference = { recorded, replayed, before: done.slice(-3) }
  }
  play(started, told, see, () => difference !== undefined)
  const missing = expected[done.length]
  if (missing) difference ??= { recorded: missing, replayed: undefined, before: done.slice(-3) }
  const steps = done.filter(({ type }) => type === 'step').length
  return { path, steps, ...(difference ? { difference } : {}) }
}

/** That it was stopped, or failed as its hands did, is none of its own doing: of the latter, what it took last says nothing either. */
const sendable = (messages: Told[]): Told[] => {
  const last = messages.at(-1)
  if (last?.type !== 'ended' || last.status === 'done') return messages
  if (last.status === 'stopped') return messages.slice(0, -1)
  return messages.slice(
    0,
    messages.findLastIndex(({ type }) => type === 'event'),
  )
}
const placesOf = (messages: Told[]): Map<number, number> =>
  new Map(messages.flatMap(({ type, seq }) => (type === 'event' ? [seq] : [])).map((seq, index) => [seq, index + 1]))

const isOwn = (message: Exclude<Told, { type: 'event' }>, path: Path): boolean => {
  if (message.type === 'fact') return false
  return message.path === path || (message.type === 'started' && message.parent === path)
}
/** What was cut on the tape is cut once more when it is told again. */
const upToCut = (_: string, value: unknown) => (typeof value === 'string' ? value.slice(0, TEXT) : value)
/** What both can say: causes by their place. Whose child it is, as what and after how many others, its parent says. */
const seen = (message: Told, events: Map<number, number>): Told => {
  const same: Told = JSON.parse(JSON.stringify({ n: 0, ...message, seq: 0 }, upToCut))
  if (same.type === 'step') return { ...same, cause: events.get(same.cause) ?? 0 }
  if (same.type !== 'started' || !same.machine) return same
  const { input: _, ...rest } = same
  return { ...rest, parent: null, src: '', restarts: 0 }
}
/** Of an error the tape has the line alone: another one that says the same is no change. */
const side = (events: Map<number, number>) => {
  const known: JsonObject = {}
  return (message: Told): Told => {
    const same = seen(message, events)
    if (same.type === 'started' && same.machine) Object.assign(known, same.context)
    if (same.type !== 'step' || !same.context) return same
    const { context, ...rest } = same
    const set = Object.fromEntries(Object.entries(context.set).filter(([key, value]) => !sameAs(known[key], value)))
    Object.assign(known, context.set)
    for (const key of context.gone ?? []) delete known[key]
    return Object.keys(set).length > 0 || context.gone ? { ...rest, context: { ...context, set } } : rest
  }
}

/** Sends it all that it was sent. */
const play = (started: Started, messages: Told[], see: (message: Told) => void, isOver: () => boolean): void => {
  const machine = handless(knownAs(started)?.machine ?? realtimeMachine)
  const clock = { setTimeout: () => 0, clearTimeout: () => {} } // that a timer fired is an event
  const actor = createActor(machine, { id: started.path, input: started.context, clock } as never)
  let seq = 0
  const actors = new Actors((message: Message) => {
    message.seq = ++seq
    if (message.type !== 'machine') see(message as Told)
    return seq
  })
  actor.subscribe({ error: () => actors.look(actor) })
  const end = observe(actor.system, news => actors.see(news))
  actor.start()
  for (const message of messages) {
    if (isOver()) break
    if (message.type === 'event') actor.send(message.event as AnyEventObject)
  }
  end()
  actor.stop()
}
/** What it asks its hands for is not done; what it notes itself, it notes. */
const handless = (machine: AnyStateMachine): AnyStateMachine => {
  const { actors, actions } = machine.implementations
  const each = (all: object, put: (value: unknown) => unknown) =>
    Object.fromEntries(Object.entries(all).map(([name, value]) => [name, put(value)]))
  const never = fromPromise(() => new Promise(() => {}))
  const isXStates = (action: unknown) => isObject(action) || (typeof action === 'function' && 'type' in action)
  return machine.provide({
    actors: each(actors, () => never),
    actions: each(actions, action => (isXStates(action) ? action : () => {})),
  } as never)
}
