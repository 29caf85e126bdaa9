/**
 * Preconnect — what they said before we came, for one track: first that, then the live track.
 *   idle → awaiting → receiving → replaying → passing
 * One deadline covers awaiting and receiving; a stream that still runs then is cut, and what has arrived is used.
 */
import { type ActorRefFrom, cancel, fromPromise, raise, setup } from 'xstate'
import { unbound } from '../unbound.ts'

/** `sole`: a stream that names no track can only mean this one (PRE-9). */
export type Claim = { identity: string; sid: string; sole: boolean }
/** `expected`: the publication says that there is such audio. */
export type PreconnectInput = Claim & { expected: boolean; timeoutMs: number }
/** Raised by the machine itself. */
export type PreconnectEvent = { type: 'deadline.passed' }

export const preconnectMachine = setup({
  types: { input: {} as PreconnectInput, events: {} as PreconnectEvent, context: {} as PreconnectInput },
  actors: {
    claim: fromPromise<boolean, Claim>(unbound('claim')),
    receive: fromPromise<void>(unbound('receive')),
    replay: fromPromise<void>(unbound('replay')),
  },
  actions: {
    warnMissing: unbound('warnMissing') as (_: unknown, claim: Claim) => void,
    cutStream: unbound('cutStream'),
    passLive: unbound('passLive'),
  },
  guards: {
    isExpected: ({ context }) => context.expected,
    hasStream: (_, found: boolean) => found,
  },
  delays: { preconnectTimeout: ({ context }) => context.timeoutMs },
}).createMachine({
  id: 'preconnect',
  context: ({ input }) => input,
  initial: 'idle',
  states: {
    idle: { always: [{ guard: 'isExpected', target: 'awaiting' }, { target: 'passing' }] },
    awaiting: {
      description: 'No stream for this track yet. Live audio is held.',
      entry: raise({ type: 'deadline.passed' }, { delay: 'preconnectTimeout', id: 'deadline' }),
      invoke: {
        id: 'claim',
        src: 'claim',
        input: ({ context: { identity, sid, sole } }) => ({ identity, sid, sole }),
        onDone: [
          { guard: { type: 'hasStream', params: ({ event }) => event.output }, target: 'receiving' },
          { target: 'passing' }, // refused, or claimed by another: live audio starts at once
        ],
      },
      on: { 'deadline.passed': { target: 'passing', actions: { type: 'warnMissing', params: ({ context }) => context } } },
    },
    receiving: {
      description: 'The stream arrives, and is passed on as it does.',
      invoke: { id: 'receive', src: 'receive', onDone: 'replaying' },
      on: { 'deadline.passed': { target: 'replaying', actions: 'cutStream' } },
    },
    replaying: {
      description: 'Everything has arrived; the reader gets the rest of it.',
      entry: cancel('deadline'),
      invoke: { id: 'replay', src: 'replay', onDone: 'passing' },
    },
    passing: { description: 'Live.', entry: [cancel('deadline'), 'passLive'] },
  },
})
export type PreconnectRef = ActorRefFrom<typeof preconnectMachine>
