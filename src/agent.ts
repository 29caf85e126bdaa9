/** What the agent machine asks for: a mind at work in a conversation. */
import { fromPromise } from 'xstate'
import { type AgentFact, agentMachine } from '../machines/agent.ts'
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
