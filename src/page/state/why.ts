/** Why an actor is in its state: the chain of events that led there, back to what came from outside. */
import type { EventMessage, Message, Path, StartedMessage, StepMessage } from '../../inspector/messages.ts'
import { type Far, findIn } from '../far.ts'
import { findMessage, indexAt } from '../kept.ts'

/** `began`: an actor was started. `took`: an actor took an event, sent by whoever the next link tells of. */
export type Link =
  | { kind: 'began'; seq: number; at: number; path: Path; parent: Path | null }
  | { kind: 'took'; seq: number; at: number; path: Path; step: StepMessage; event: EventMessage }
/** Where a chain ends: at the world, at the first actor, where no more is kept, or where it is told at enough length. */
export type End = 'outside' | 'start' | 'lost' | 'long'
/** `missing`: what was before this message, if it could be asked for, would tell more. */
export type Chain = { links: Link[]; end: End; missing?: number }

/** A longer story is nobody's answer to why. */
const LONGEST = 12

const moved = ({ value }: StepMessage) => value !== undefined
type Is = (step: StepMessage) => boolean
type Move = StepMessage | StartedMessage

/** The messages that tell: those that are kept, and those of long ago. */
class Told {
  readonly #lists: readonly (readonly Message[])[]
  readonly #far: Far

  constructor(messages: readonly Message[], far: Far) {
    this.#lists = [messages, ...far.values()]
    this.#far = far
  }

  message(seq: number): Message | undefined {
    return findIn(this.#lists, seq)
  }
  /** The last step or start of an actor before `seq` that `is` so; not where something is missing between. */
  lastBefore(path: Path, seq: number, is: Is = () => true): Move | undefined {
    for (const list of this.#lists) {
      const found = findMessage(list, seq) && lastOf(list, path, seq, is)
      if (found) return found
    }
    const then = this.#far.get(seq)
    return then && lastOf(then, path, seq, is, true)
  }
  /** What could be asked for. */
  missing(seq: number): { missing?: number } {
    return this.#far.has(seq) ? {} : { missing: seq }
  }
}

const lastOf = (list: readonly Message[], path: Path, seq: number, is: Is, holes = false): Move | undefined => {
  let next = seq
  for (let index = indexAt(list, Number.POSITIVE_INFINITY, seq - 1); index >= 0; index--) {
    const message = list[index]
    if (!message || (!holes && message.seq < next - 1)) return undefined
    next = message.seq
    if (message.type === 'started' && message.path === path) return message
    if (message.type === 'step' && message.path === path && is(message)) return message
  }
  return undefined
}

const isMove = (message: Message | undefined): message is Move => message?.type === 'step' || message?.type === 'started'

/** Of an actor that came into its state with the message `seq`: the newest link first. */
export const whyOf = (messages: readonly Message[], seq: number, far: Far = new Map()): Chain => {
  const told = new Told(messages, far)
  const links: Link[] = []
  const first = told.message(seq)
  if (!isMove(first)) return { links, end: 'lost', ...told.missing(seq) }
  let message: Move = first
  while (links.length < LONGEST) {
    const link = linkOf(told, message)
    if (!link) return { links, end: 'lost', ...told.missing('cause' in message ? message.cause : message.seq) }
    links.push(link)
    const before = link.kind === 'began' ? link.parent : link.event.from
    if (before === null) return { links, end: link.kind === 'began' ? 'start' : 'outside' }
    const isTimer = link.kind === 'took' && before === link.event.to
    const from: number = link.kind === 'took' ? link.event.seq : link.seq
    const found = told.lastBefore(before, from, isTimer ? moved : undefined)
    if (!found) return { links, end: 'lost', ...told.missing(from) }
    // What is no machine takes no steps: it brings what the world did.
    if (link.kind === 'took' && found.type === 'started' && found.machine === null) return { links, end: 'outside' }
    message = found
  }
  return { links, end: 'long' }
}
const linkOf = (told: Told, message: Move): Link | undefined => {
  const { seq, at, path } = message
  if (message.type === 'started') return { kind: 'began', seq, at, path, parent: message.parent }
  const event = told.message(message.cause)
  return event?.type === 'event' ? { kind: 'took', seq, at, path, step: message, event } : undefined
}

/** A part of a sentence: words, or a name in it. */
export type Words = { text: string; name?: 'actor' | 'event' | 'state' }[]

const last = (path: string, by: string) => path.slice(path.lastIndexOf(by) + 1)
const actor = (path: Path): Words[number] => ({ text: last(path, '/'), name: 'actor' })
const state = (id: string): Words[number] => ({ text: last(id, '.'), name: 'state' })

/** How the event came to the actor. */
const cameOf = ({ event: { type }, from, to }: EventMessage): Words => {
  const [, what, whose] = /^xstate\.(done|error)\.actor\.(.+)$/.exec(type) ?? []
  if (whose) return [{ text: 'its ' }, { text: whose, name: 'actor' }, { text: what === 'done' ? ' was done' : ' failed' }]
  const [, delay, id] = /^xstate\.after\.([^.]+)\.(.+)$/.exec(type) ?? []
  if (delay && id) {
    const time = /^\d+$/.test(delay) ? `${delay} ms` : delay
    return [{ text: time, name: 'event' }, { text: ' had passed in ' }, state(id)]
  }
  const name = { text: type, name: 'event' } as const
  if (from === null) return [name, { text: ' came from outside to ' }, actor(to)]
  if (from === to) return [actor(to), { text: ' raised ' }, name]
  return [actor(from), { text: ' sent ' }, actor(to), { text: ' ' }, name]
}

/** What it did about it, in parentheses; empty if there is nothing to say. */
const didOf = ({ taken, actions, value }: StepMessage): Words => {
  const way = taken.filter(({ targets }) => targets.length > 0)
  const [first, final] = [way[0], way.at(-1)]
  if (value !== undefined && first && final)
    return [{ text: ' (' }, state(first.source), { text: ' → ' }, ...final.targets.map(state), { text: ')' }]
  return actions.length > 0 ? [{ text: ` (it did ${[...new Set(actions)].slice(0, 3).join(', ')})` }] : []
}

/** A link as the rest of a sentence that begins with what the one before says, and "because". */
export const linkWords = (link: Link): Words => {
  if (link.kind === 'took') return [...cameOf(link.event), ...didOf(link.step)]
  const { path, parent } = link
  return parent === null
    ? [actor(path), { text: ' stood so when this tape begins' }]
    : [actor(parent), { text: ' started ' }, actor(path)]
}

export const endWords: Record<End, string> = {
  outside: 'That came from outside.',
  start: 'There is nothing before that.',
  lost: 'What was before is not kept any more.',
  long: 'And so on: follow the last one to see further back.',
}
