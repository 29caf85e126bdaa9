/** What the agent machine asks for: a mind at work in a conversation. */
import { type AnyActorLogic, fromPromise } from 'xstate'
import { type AgentFact, agentMachine } from '../machines/agent.ts'
import { oneOf } from './groups.ts'
import type { Conversation, Mind } from './mind.ts'
import { letGo, until } from './pipes/until.ts'

/**
 * A mind that is an actor: the function is called once, when the room is made, and gives the logic that is started when the room was
 * joined: a machine, `fromPromise(…)`, `fromCallback(…)`. Its output may be an `Ending`; its failure is a mind's that rejects.
 */
export type MindLogic = ((conversation: Conversation) => AnyActorLogic) & Pick<Mind, 'attending'>
export type AgentHands = { mind: Mind | MindLogic; conversation: Conversation; tell?: (fact: AgentFact) => void }

/** The agent machine around a mind, which starts when the room was joined and whose signal aborts when the actor ends. */
export const agentOn = ({ mind, conversation, tell = () => {} }: AgentHands) =>
  agentMachine.provide({
    actors: { mind: typeof mind === 'function' ? logicOf(mind, conversation) : promised(mind, conversation) },
    actions: {
      tellState: (_, { state }) => tell({ type: 'agent.changed', state }),
      tellEnded: (_, ending) => tell({ type: 'mind.ended', ...ending }),
    },
  })

const promised = (mind: Mind, conversation: Conversation) =>
  fromPromise(async ({ signal }) => {
    const over = new AbortController() // XState aborts what is stopped, not what has failed: that may have left work behind
    try {
      await mind.start(conversation, AbortSignal.any([signal, over.signal]))
    } finally {
      over.abort()
    }
  })

const logicOf = (mind: MindLogic, conversation: Conversation): AnyActorLogic => {
  const { hear, see, chat } = conversation
  const logic: unknown = mind({ ...conversation, hear: newest(hear), see: newest(see), chat: newest(chat) })
  if (!isLogic(logic)) throw new TypeError('a mind that is a function gives the logic of an actor: a machine, or fromPromise(…)')
  return logic
}
/** Whether XState can make an actor of it. */
export const isLogic = (given: unknown): given is AnyActorLogic => typeof Reflect.get(Object(given), 'transition') === 'function'
/** Of several readers the newest reads: what an actor has left behind would keep the next one from it. */
const newest = <T>(source: () => AsyncIterable<T>) => {
  let reader: AsyncIterator<T> | undefined
  const read = () => {
    if (reader) letGo(reader)
    reader = source()[Symbol.asyncIterator]()
    return reader
  }
  return (): AsyncIterable<T> => ({ [Symbol.asyncIterator]: read })
}

/** A room without a mind of its own: its owner speaks. */
const nobody: Mind = {
  start: (_, signal) => new Promise(resolve => signal.addEventListener('abort', () => resolve(), { once: true })),
}
/**
 * A mind starts in a turn of its own: no code of the caller's runs within a transition, so what it asks is done when it was asked. (What
 * an actor asks in its first actions is done right after them.)
 * It hears, sees and reads until its signal aborts: a reader that a failed mind left behind would keep the next one from it.
 */
export const apart = (mind: Mind | MindLogic = nobody): Mind | MindLogic => {
  if (typeof mind === 'function') return mind
  const start: Mind['start'] = async (conversation, signal) => {
    await undefined
    const lasting = <T>(source: () => AsyncIterable<T>) => ({ [Symbol.asyncIterator]: () => until<T>(signal)(source()) })
    const hear = () => lasting(() => conversation.hear())
    const see = () => lasting(() => conversation.see())
    const chat = () => lasting(() => conversation.chat())
    if (!signal.aborted) await mind.start({ ...conversation, hear, see, chat }, signal)
  }
  return { start }
}

/** Throws a TypeError for what cannot be a mind. */
export const checkMind = (mind: Mind | MindLogic | null | undefined): void => {
  if (mind === undefined) return
  if (isLogic(mind)) throw new TypeError('mind is the logic of an actor: give a function that makes it, conversation => logic')
  if (typeof mind !== 'function' && typeof mind?.start !== 'function')
    throw new TypeError('mind has no start(conversation, signal), and is no function of a conversation')
  if (mind.attending !== undefined) oneOf('mind.attending', mind.attending, ['initializing', 'listening', 'thinking', 'idle'])
}
