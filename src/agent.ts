/** What the agent machine asks for: a mind at work in a conversation. */
import { fromPromise } from 'xstate'
import { type AgentFact, agentMachine } from '../machines/agent.ts'
import { until } from './pipes/until.ts'
import type { Conversation, Mind } from './ports.ts'

export type AgentHands = { mind: Mind; conversation: Conversation; tell?: (fact: AgentFact) => void }

/** The agent machine around a mind, which starts when the room was joined and whose signal aborts when the actor ends. */
export const agentOn = ({ mind, conversation, tell = () => {} }: AgentHands) =>
  agentMachine.provide({
    actors: {
      mind: fromPromise(async ({ signal }) => {
        const over = new AbortController() // XState aborts what is stopped, not what has failed: that may have left work behind
        try {
          await mind.start(conversation, AbortSignal.any([signal, over.signal]))
        } finally {
          over.abort()
        }
      }),
    },
    actions: {
      tellState: (_, { state }) => tell({ type: 'agent.changed', state }),
      tellEnded: () => tell({ type: 'mind.ended' }),
    },
  })

/** A room without a mind of its own: its owner speaks. */
export const nobody: Mind = {
  start: (_, signal) => new Promise(resolve => signal.addEventListener('abort', () => resolve(), { once: true })),
}
/**
 * A mind starts in a turn of its own: no code of the caller's runs within a transition, so what it asks is done when it was asked.
 * It hears, sees and reads until its signal aborts: a reader that a failed mind left behind would keep the next one from it.
 */
export const apart = (mind: Mind): Mind => ({
  start: async (conversation, signal) => {
    await undefined
    const lasting = <T>(source: () => AsyncIterable<T>) => ({ [Symbol.asyncIterator]: () => until<T>(signal)(source()) })
    const hear = () => lasting(() => conversation.hear())
    const see = () => lasting(() => conversation.see())
    const chat = () => lasting(() => conversation.chat())
    if (!signal.aborted) await mind.start({ ...conversation, hear, see, chat }, signal)
  },
})
