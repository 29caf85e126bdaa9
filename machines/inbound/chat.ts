/**
 * Chat — what people write to the agent, one message at a time.
 *   idle → ready ⇄ busy → closed
 * A message is answered when its turn comes, in the order in which they were begun; what it says never passes through here.
 */
import { type ActorRefFrom, assign, fromPromise, setup } from 'xstate'
import { unbound } from '../unbound.ts'

export type ChatEvent = { type: 'close' } | { type: 'room.joined' } | { type: 'room.disconnected' }
/** A message, and who sent it. */
export type Message = { id: string; identity: string }
type Context = { message: Message | null }

const over = { 'room.disconnected': 'closed', close: 'closed' } as const

export const chatMachine = setup({
  types: { events: {} as ChatEvent, context: {} as Context },
  actors: {
    take: fromPromise<Message>(unbound('take')),
    answer: fromPromise<void, Message | null>(unbound('answer')),
  },
  actions: {
    logFailure: unbound('logFailure') as (_: unknown, failure: { message: Message | null; error: unknown }) => void,
    endChat: unbound('endChat'),
    noteMessage: assign({ message: (_, message: Message) => message }),
    noteAnswered: assign({ message: null }),
  },
}).createMachine({
  id: 'chat',
  context: { message: null },
  initial: 'idle',
  states: {
    idle: {
      description: 'The room is not joined: nobody knows yet who is in it.',
      on: { 'room.joined': 'ready', ...over },
    },
    ready: {
      invoke: {
        id: 'take',
        src: 'take',
        onDone: { target: 'busy', actions: { type: 'noteMessage', params: ({ event }) => event.output } },
      },
      on: over,
    },
    busy: {
      invoke: {
        id: 'answer',
        src: 'answer',
        input: ({ context }) => context.message,
        onDone: 'ready',
        onError: {
          target: 'ready',
          actions: {
            type: 'logFailure',
            params: ({ context: { message }, event: { error } }) => ({ message, error }),
          },
        },
      },
      exit: 'noteAnswered',
      on: over,
    },
    closed: { type: 'final', entry: 'endChat' },
  },
})
export type ChatRef = ActorRefFrom<typeof chatMachine>
