/**
 * Presence — the agent's state, as an attribute that everybody in the room can read.
 *   idle → ready ⇄ busy → closed      while the room is away: idle
 * One write at a time; of the states that wait only the newest is written. So the last value written is the last state.
 */
import { type ActorRefFrom, assign, fromPromise, setup } from 'xstate'
import type { AgentState } from '../../src/mind.ts'
import { unbound } from '../unbound.ts'

export type PresenceEvent =
  | { type: 'present'; state: AgentState }
  | { type: 'close' }
  | { type: 'room.joined' }
  | { type: 'room.reconnecting' }
  | { type: 'room.reconnected' }
  | { type: 'room.disconnected' }
/** `sent` is what the room was last given, null where nobody knows whether it took it. */
type Context = { wanted: AgentState | null; sent: AgentState | null; failures: number }

const noteWanted = {
  type: 'noteWanted' as const,
  params: ({ event }: { event: { state: AgentState } }) => event.state,
}
const failed = [
  { guard: 'isBehind', target: 'busy', reenter: true, actions: 'logFailure' },
  { target: 'ready', actions: ['logFailure', 'noteFailure'] },
] as const

export const presenceMachine = setup({
  types: { events: {} as PresenceEvent, context: {} as Context },
  actors: { write: fromPromise<void, { state: AgentState | null }>(unbound('write')) },
  actions: {
    logFailure: unbound('logFailure'),
    noteWanted: assign({ wanted: (_, state: AgentState) => state, failures: 0 }),
    noteSent: assign({ sent: ({ context }) => context.wanted }),
    noteUnsure: assign({ sent: null }),
    noteFailure: assign({ sent: null, failures: ({ context }) => context.failures + 1 }),
    noteSteady: assign({ failures: 0 }),
  },
  guards: {
    isNews: ({ event, context }) => event.type === 'present' && event.state !== context.sent,
    isBehind: ({ context }) => context.wanted !== context.sent,
    canRetry: ({ context }) => context.failures > 0 && context.failures <= 3, // STATE-3
  },
  delays: { writeTimeout: 5_000, retryInterval: 500 }, // STATE-3
}).createMachine({
  id: 'presence',
  context: { wanted: null, sent: null, failures: 0 },
  initial: 'idle',
  states: {
    idle: {
      description: 'The room is not there: the newest state is kept.',
      exit: 'noteSteady',
      on: {
        present: { actions: noteWanted },
        'room.joined': [{ guard: 'isBehind', target: 'busy' }, { target: 'ready' }],
        'room.reconnected': [{ guard: 'isBehind', target: 'busy' }, { target: 'ready' }],
        'room.disconnected': 'closed',
        close: 'closed',
      },
    },
    ready: {
      after: { retryInterval: { guard: 'canRetry', target: 'busy' } },
      on: {
        present: { guard: 'isNews', target: 'busy', actions: noteWanted },
        'room.reconnecting': 'idle',
        'room.disconnected': 'closed',
        close: 'closed',
      },
    },
    busy: {
      entry: 'noteSent',
      invoke: {
        id: 'write',
        src: 'write',
        input: ({ context: { sent } }) => ({ state: sent }),
        onDone: [
          { guard: 'isBehind', target: 'busy', reenter: true },
          { target: 'ready', actions: 'noteSteady' },
        ],
        onError: failed,
      },
      after: { writeTimeout: failed },
      on: {
        present: { actions: noteWanted },
        'room.reconnecting': { target: 'idle', actions: 'noteUnsure' },
        'room.disconnected': 'closed',
        close: 'closed',
      },
    },
    closed: { type: 'final' },
  },
})
export type PresenceRef = ActorRefFrom<typeof presenceMachine>
