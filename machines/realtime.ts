/**
 * Realtime — the conversation with a speech-to-speech model: the mind of a room.
 *   connecting → joining → live (listening ⇄ speaking) → closing → closed
 *   a connection that drops → reconnecting (resting ⇄ opening) → joining, where that is wanted; else closing
 * What is heard, read and said is in no event: `feed` and `read` send it, `speak` takes a content by its id.
 */
import { type ActorRefFrom, assign, fromCallback, fromPromise, setup } from 'xstate'
import { unbound } from './unbound.ts'

/**
 * `reconnect`: so many tries in a row, the first after `backoffMs`, each next one after twice as long; null: the conversation ends. A
 * connection that drops again at once is one more of them.
 */
export type RealtimeInput = {
  maxTextResponseRetries: number
  initTimeoutMs: number
  closeTimeoutMs: number
  reportThinking: boolean
  reconnect: { attempts: number; backoffMs: number } | null
}
export type RealtimeEvent =
  | { type: 'interrupt' } // the owner
  | { type: 'close'; reason?: string }
  | { type: 'speech.started' } // the caller
  | { type: 'response.created'; id: string }
  | { type: 'response.settled'; id: string } // its first sound is heard, or it has ended without any
  | { type: 'content.added'; id: string } // of sound
  | { type: 'content.voiced' } // a content of sound is complete
  | { type: 'content.written'; itemId: string; text: string } // text has come where sound should have
  | { type: 'utterance.started' }
  | { type: 'utterance.ended' }
  | { type: 'session.lost'; error: unknown }
/** `error`: what ended it, if a failure did. */
export type RealtimeOutput = { reason: string; error?: unknown }
/** `retries`: texts in a row that should have been sound. `pending`: the responses that are awaited. */
type Context = RealtimeInput & { retries: number; attempts: number; pending: string[]; reason: string | null; error?: unknown }

const idIn = ({ event }: { event: { id: string } }) => event.id
const noteAsked = { type: 'noteAsked' as const, params: ({ event }: { event: { reason?: string } }) => event.reason ?? 'closed' }
const noteError = { type: 'noteError' as const, params: ({ event }: { event: { error: unknown } }) => event.error }
const late = {
  type: 'noteError' as const,
  params: ({ context: { initTimeoutMs: ms } }: { context: Context }) =>
    Object.assign(new Error(`the model did not answer within ${ms / 1000} s`), { code: 'ERR_TIMEOUT' }),
}
/** MM-37. */
const mute = {
  type: 'noteError' as const,
  params: ({ context: { maxTextResponseRetries: tries } }: { context: Context }) =>
    new Error(
      `the model has answered in text ${tries + 1} times in a row, and asking again ${tries} times did not help: give it a conversation with fewer text messages of the system or the assistant`,
    ),
}
/** What the model tells, in every state in which anybody listens. */
const telling = {
  'response.created': { actions: { type: 'notePending', params: idIn } },
  'response.settled': { actions: { type: 'noteSettled', params: idIn } },
  'content.added': { actions: { type: 'speak', params: idIn } },
  'content.voiced': { actions: 'noteVoiced' },
  'content.written': [
    { guard: 'canRetry', actions: ['noteRetry', 'recover'] },
    { target: '#realtime.closing', actions: [mute, 'tellFailed'] },
  ],
  'speech.started': { actions: 'interrupt' },
  close: { target: '#realtime.closing', actions: noteAsked },
} as const
const lost = [
  { guard: 'canReconnect', target: '#realtime.reconnecting', actions: [noteError, 'tellLost'] },
  { target: '#realtime.closing', actions: [noteError, 'tellFailed'] },
] as const

export const realtimeMachine = setup({
  types: { input: {} as RealtimeInput, events: {} as RealtimeEvent, context: {} as Context, output: {} as RealtimeOutput },
  actors: {
    dialogue: fromCallback<RealtimeEvent>(unbound('dialogue')),
    connect: fromPromise<void>(unbound('connect')),
    join: fromPromise<void>(unbound('join')),
    feed: fromPromise<void>(unbound('feed')),
    read: fromPromise<void>(unbound('read')),
    leave: fromPromise<void>(unbound('leave')),
  },
  actions: {
    speak: (_, _id: string) => unbound('speak')(),
    interrupt: unbound('interrupt'),
    recover: unbound('recover'),
    attend: unbound('attend'),
    prepare: unbound('prepare'),
    hush: unbound('hush'),
    tellLive: unbound('tellLive'),
    tellLost: unbound('tellLost'),
    tellFailed: unbound('tellFailed'),
    tellOverrun: unbound('tellOverrun'),
    notePending: assign({ pending: ({ context }, id: string) => [...context.pending, id] }),
    noteSettled: assign({ pending: ({ context }, id: string) => context.pending.filter(other => other !== id) }),
    noteVoiced: assign({ retries: 0 }),
    noteRetry: assign({ retries: ({ context }) => context.retries + 1 }),
    noteAttempt: assign({ attempts: ({ context }) => context.attempts + 1, pending: [] }),
    noteBack: assign({ reason: null, error: undefined }),
    noteSteady: assign({ attempts: 0 }),
    noteAsked: assign({ reason: (_, reason: string) => reason, error: undefined }),
    noteError: assign({ error: (_, error: unknown) => error, reason: 'failed' }),
  },
  guards: {
    canRetry: ({ context: { retries, maxTextResponseRetries } }) => retries < maxTextResponseRetries,
    canReconnect: ({ context: { reconnect, attempts } }) => reconnect !== null && attempts < reconnect.attempts,
  },
  delays: {
    initTimeout: ({ context }) => context.initTimeoutMs,
    closeTimeout: ({ context }) => context.closeTimeoutMs,
    steady: ({ context }) => context.initTimeoutMs, // as long as it may take to come
    backoff: ({ context: { reconnect, attempts } }) => (reconnect?.backoffMs ?? 0) * 2 ** (attempts - 1),
  },
}).createMachine({
  id: 'realtime',
  context: ({ input }) => ({ ...input, retries: 0, attempts: 0, pending: [], reason: null }),
  output: ({ context: { reason, error } }) => ({ reason: reason ?? 'closed', ...(error === undefined ? {} : { error }) }),
  invoke: { id: 'dialogue', src: 'dialogue' },
  initial: 'connecting',
  states: {
    connecting: {
      description: 'What the model says already is queued: nobody hears us yet.',
      invoke: { id: 'connect', src: 'connect', onDone: 'joining', onError: { target: 'closing', actions: noteError } },
      after: { initTimeout: { target: 'closing', actions: late } },
      on: { ...telling, 'session.lost': { target: 'closing', actions: noteError } },
    },
    joining: {
      description: 'Somebody must be linked, and hear us: as long as that takes.',
      invoke: { id: 'join', src: 'join', onDone: 'live', onError: 'closing' },
      on: { ...telling, 'session.lost': lost },
    },
    live: {
      entry: ['noteBack', 'attend', 'tellLive'],
      after: { steady: { actions: 'noteSteady' } },
      invoke: [
        { id: 'feed', src: 'feed' },
        { id: 'read', src: 'read' },
      ],
      on: {
        ...telling,
        'response.created': { actions: [{ type: 'notePending', params: idIn }, 'attend'] },
        'response.settled': { actions: [{ type: 'noteSettled', params: idIn }, 'attend'] },
        interrupt: { actions: 'interrupt' },
        'session.lost': lost,
      },
      initial: 'listening',
      states: {
        listening: { on: { 'utterance.started': { target: 'speaking', actions: 'noteVoiced' } } }, // also what is cut was sound
        speaking: { on: { 'utterance.ended': 'listening' } },
      },
    },
    reconnecting: {
      description: 'The room stays. What is said meanwhile waits in the ear; a new session gets the conversation so far.',
      initial: 'resting',
      states: {
        resting: {
          entry: ['noteAttempt', 'hush', 'prepare'], // also what a session said that was not ready in time
          after: { backoff: 'opening' },
          on: { close: { target: '#realtime.closing', actions: noteAsked } },
        },
        opening: {
          invoke: {
            id: 'connect',
            src: 'connect',
            onDone: '#realtime.joining',
            onError: [
              { guard: 'canReconnect', target: 'resting', actions: noteError },
              { target: '#realtime.closing', actions: [noteError, 'tellFailed'] },
            ],
          },
          after: {
            initTimeout: [
              { guard: 'canReconnect', target: 'resting', actions: late },
              { target: '#realtime.closing', actions: [late, 'tellFailed'] },
            ],
          },
          on: { ...telling, 'session.lost': [{ guard: 'canReconnect', target: 'resting', actions: noteError }, lost[1]] },
        },
      },
    },
    closing: {
      description: 'What sounds is cut and said for certain; the session ends.',
      entry: 'hush',
      invoke: { id: 'leave', src: 'leave', onDone: 'closed', onError: 'closed' },
      after: { closeTimeout: { target: 'closed', actions: 'tellOverrun' } },
    },
    closed: { type: 'final' },
  },
})
export type RealtimeRef = ActorRefFrom<typeof realtimeMachine>
