/**
 * Agent — the conversation around a mind, as the room sees it.
 *   initializing → conversing (listening, thinking, idle ⇄ speaking) → over
 * Speaking while any utterance is heard; otherwise what the mind said last. A mind that fails takes this actor with it.
 */
import { type ActorRefFrom, assign, fromPromise, setup } from 'xstate'
import type { AgentState } from '../src/ports.ts'
import { unbound } from './unbound.ts'

/** What a mind may say of itself; that it speaks, the room knows better. */
export type Attending = Exclude<AgentState, 'initializing' | 'speaking'>
export type AgentEvent =
  | { type: 'attend'; state: Attending }
  | { type: 'room.joined' }
  | { type: 'utterance.started'; id: string }
  | { type: 'utterance.ended'; id: string }
/** What the owner is told. */
export type AgentFact = { type: 'agent.changed'; state: AgentState } | { type: 'mind.ended' }
/** `sounding`: the ids of the utterances that have started and not ended. */
type Context = { attending: Attending; sounding: string[] }

const noteAttending = {
  type: 'noteAttending' as const,
  params: ({ event }: { event: { state: Attending } }) => event.state,
}
const noteStarted = { type: 'noteStarted' as const, params: ({ event }: { event: { id: string } }) => event.id }
const noteEnded = { type: 'noteEnded' as const, params: ({ event }: { event: { id: string } }) => event.id }
const tell = <S extends AgentState>(state: S) => ({ type: 'tellState' as const, params: { state } })

export const agentMachine = setup({
  types: { events: {} as AgentEvent, context: {} as Context },
  actors: { mind: fromPromise<void>(unbound('mind')) },
  actions: {
    tellState: (_, _params: { state: AgentState }) => unbound('tellState')(),
    tellEnded: unbound('tellEnded'),
    noteAttending: assign({ attending: (_, state: Attending) => state }),
    noteStarted: assign({ sounding: ({ context }, id: string) => [...context.sounding, id] }),
    noteEnded: assign({ sounding: ({ context }, id: string) => context.sounding.filter(other => other !== id) }),
  },
  guards: {
    isNews: ({ event, context }) => event.type === 'attend' && event.state !== context.attending,
    isLast: ({ event, context }) => event.type === 'utterance.ended' && context.sounding.every(id => id === event.id),
    isThinking: ({ context }) => context.attending === 'thinking',
    isIdle: ({ context }) => context.attending === 'idle',
  },
}).createMachine({
  id: 'agent',
  context: { attending: 'listening', sounding: [] },
  initial: 'initializing',
  states: {
    initializing: { entry: tell('initializing'), on: { 'room.joined': 'conversing' } },
    conversing: {
      invoke: { id: 'mind', src: 'mind', onDone: 'over' }, // no onError: what a failed mind means is the room's to say
      on: {
        attend: { guard: 'isNews', target: '.attending', actions: noteAttending },
        'utterance.started': { target: '.speaking', actions: noteStarted },
      },
      initial: 'attending',
      states: {
        attending: {
          always: [{ guard: 'isThinking', target: 'thinking' }, { guard: 'isIdle', target: 'idle' }, { target: 'listening' }],
        },
        listening: { entry: tell('listening') },
        thinking: { entry: tell('thinking') },
        idle: { entry: tell('idle') },
        speaking: {
          entry: tell('speaking'),
          on: {
            attend: { actions: noteAttending }, // remembered: shown when the last word was heard
            'utterance.started': { actions: noteStarted },
            'utterance.ended': [{ guard: 'isLast', target: 'attending', actions: noteEnded }, { actions: noteEnded }],
          },
        },
      },
    },
    over: { type: 'final', entry: 'tellEnded' },
  },
})
export type AgentRef = ActorRefFrom<typeof agentMachine>
