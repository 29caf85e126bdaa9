/**
 * Agent — the conversation around a mind, as the room sees it.
 *   initializing → conversing (preparing, listening, thinking, idle ⇄ speaking) → over
 * Speaking while any utterance is heard; otherwise what the mind said last. A mind that fails takes this actor with it.
 */
import { type ActorRefFrom, type AnyActorLogic, assign, fromPromise, not, setup } from 'xstate'
import type { AgentState, Attending, Ending } from '../src/mind.ts'
import { unbound } from './unbound.ts'

export type { Attending } from '../src/mind.ts'
/** What the agent is until the mind says something of it. Default `listening`. */
export type AgentInput = { attending?: Attending }
export type AgentEvent =
  | { type: 'attend'; state: Attending }
  | { type: 'room.joined' }
  | { type: 'utterance.started'; id: string }
  | { type: 'utterance.ended'; id: string; more?: boolean } // `more`: another one waits
/** What the owner is told. */
export type AgentFact = { type: 'agent.changed'; state: AgentState } | ({ type: 'mind.ended' } & Ending)
/** `sounding`: the ids of the utterances that have started and not ended. */
type Context = { attending: Attending; sounding: string[] }

const noteAttending = {
  type: 'noteAttending' as const,
  params: ({ event }: { event: { state: Attending } }) => event.state,
}
const noteStarted = { type: 'noteStarted' as const, params: ({ event }: { event: { id: string } }) => event.id }
const noteEnded = { type: 'noteEnded' as const, params: ({ event }: { event: { id: string } }) => event.id }
const tell = <S extends AgentState>(state: S) => ({ type: 'tellState' as const, params: { state } })
const tellEnded = { type: 'tellEnded' as const, params: ({ event }: { event: { output: unknown } }) => endingOf(event.output) }

/** Of whatever a mind gives back, what says how the conversation ended. */
const endingOf = (output: unknown): Ending => {
  const { reason, error = undefined }: { reason?: unknown; error?: unknown } = Object(output)
  return { ...(typeof reason === 'string' ? { reason } : {}), ...(error === undefined ? {} : { error }) }
}
/** Any logic will do: a promise, a callback, a machine. */
const mind: AnyActorLogic = fromPromise<unknown>(unbound('mind'))

export const agentMachine = setup({
  types: { input: {} as AgentInput | undefined, events: {} as AgentEvent, context: {} as Context },
  actors: { mind },
  actions: {
    tellState: (_, _params: { state: AgentState }) => unbound('tellState')(),
    tellEnded: (_, _params: Ending) => unbound('tellEnded')(),
    noteAttending: assign({ attending: (_, state: Attending) => state }),
    noteStarted: assign({ sounding: ({ context }, id: string) => [...context.sounding, id] }),
    noteEnded: assign({ sounding: ({ context }, id: string) => context.sounding.filter(other => other !== id) }),
  },
  guards: {
    isNews: ({ event, context }) => event.type === 'attend' && event.state !== context.attending,
    isLast: ({ event, context }) => event.type === 'utterance.ended' && context.sounding.every(id => id === event.id),
    hasMore: ({ event }) => event.type === 'utterance.ended' && event.more === true,
    isPreparing: ({ context }) => context.attending === 'initializing',
    isThinking: ({ context }) => context.attending === 'thinking',
    isIdle: ({ context }) => context.attending === 'idle',
  },
  delays: { breath: 20 }, // a device tells its position every 10 ms
}).createMachine({
  id: 'agent',
  context: ({ input }) => ({ attending: input?.attending ?? 'listening', sounding: [] }),
  initial: 'initializing',
  states: {
    initializing: { entry: tell('initializing'), on: { 'room.joined': 'conversing' } },
    conversing: {
      // No onError: what a failed mind means is the room's to say.
      invoke: { id: 'mind', src: 'mind', onDone: { target: 'over', actions: tellEnded } },
      on: {
        attend: { guard: 'isNews', target: '.attending', actions: noteAttending },
        'utterance.started': { target: '.speaking', actions: noteStarted },
      },
      initial: 'beginning',
      states: {
        beginning: { always: [{ guard: 'isPreparing', target: 'preparing' }, { target: 'attending' }] }, // that was told
        attending: {
          always: [
            { guard: 'isPreparing', target: 'preparing', actions: tell('initializing') },
            { guard: 'isThinking', target: 'thinking' },
            { guard: 'isIdle', target: 'idle' },
            { target: 'listening' },
          ],
        },
        preparing: { description: 'The mind cannot answer yet, or not at this moment.' },
        listening: { entry: tell('listening') },
        thinking: { entry: tell('thinking') },
        idle: { entry: tell('idle') },
        speaking: {
          entry: tell('speaking'),
          on: {
            attend: { actions: noteAttending }, // remembered: shown when the last word was heard
            'utterance.started': { actions: noteStarted },
          },
          initial: 'sounding',
          states: {
            sounding: {
              on: {
                'utterance.ended': [
                  { guard: not('isLast'), actions: noteEnded },
                  { guard: 'hasMore', target: 'breathing', actions: noteEnded },
                  { target: '#agent.conversing.attending', actions: noteEnded },
                ],
              },
            },
            breathing: {
              description: 'The next one may follow without a gap: then nothing has changed.',
              after: { breath: '#agent.conversing.attending' },
              on: {
                'utterance.started': { target: 'sounding', actions: noteStarted },
                'utterance.ended': { guard: not('hasMore'), target: '#agent.conversing.attending' }, // it was cut before it began
              },
            },
          },
        },
      },
    },
    over: { type: 'final' },
  },
})
export type AgentRef = ActorRefFrom<typeof agentMachine>
