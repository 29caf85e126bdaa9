/**
 * Live — the call of one page: it is asked for, held, ended, and asked for again.
 *   idle → dialling → talking → ending → over → idle        leave → gone
 * One at a time: another is refused until the one before is over. A page that leaves takes its call with it.
 */
import { type ActorRefFrom, assign, fromPromise, setup } from 'xstate'
import { unbound } from './unbound.ts'

/** `mind` by its name; `voice`: who speaks for the caller, if anybody. */
export type Wish = { mind: string; voice: 'microphone' | 'sample' | 'none' }
/** How a call came to its end: an `error` if it broke, or why in words, if there is something to say. */
export type End = { error?: unknown; text?: string }
export type LiveEvent =
  | { type: 'start'; wish: Wish }
  | { type: 'end' }
  | { type: 'leave' } // the page has gone
  | ({ type: 'call.ended' } & End) // by the agent, or since something broke
/** What the page is told. */
export type LiveNews = { state: 'starting' | 'talking' | 'ending' | 'ended' | 'failed'; wish: Wish } & End
type Context = { wish: Wish; ended: End; left: boolean }

const nobody: Wish = { mind: '', voice: 'none' }
const noteWish = { type: 'noteWish' as const, params: ({ event }: { event: { wish: Wish } }) => event.wish }
const noteEnd = {
  type: 'noteEnd' as const,
  params: ({ event: { error, text } }: { event: End }): End => ({
    ...(error === undefined ? {} : { error }),
    ...(text === undefined ? {} : { text }),
  }),
}
const noteSlow = { type: 'noteEnd' as const, params: (): End => ({ error: new Error('the agent did not come: try again') }) }
const tell = (state: LiveNews['state'], end: End = {}) => ({
  type: 'tellNews' as const,
  params: ({ context }: { context: Context }): LiveNews => ({ state, wish: context.wish, ...end }),
})
const busy = { text: 'there is a call already: hang up, and try again when it is over' }
/** A call may end before anybody was told that it has begun. */
const endings = {
  end: 'ending',
  'call.ended': { target: 'ending', actions: noteEnd },
  leave: { target: 'ending', actions: 'noteLeft' },
} as const
const tellOver = {
  type: 'tellNews' as const,
  params: ({ context: { ended, wish } }: { context: Context }): LiveNews => ({
    ...{ state: ended.error === undefined ? 'ended' : 'failed', wish },
    ...ended,
  }),
}

export const liveMachine = setup({
  types: { events: {} as LiveEvent, context: {} as Context },
  actors: { dial: fromPromise<void, Wish>(unbound('dial')), hangUp: fromPromise<void>(unbound('hangUp')) },
  actions: {
    tellNews: unbound('tellNews') as (_: unknown, news: LiveNews) => void,
    tellOverrun: unbound('tellOverrun'),
    noteWish: assign((_, wish: Wish) => ({ wish, ended: {} })),
    noteEnd: assign({ ended: (_, ended: End) => ended }),
    noteLeft: assign({ left: true }),
  },
  guards: { hasLeft: ({ context }) => context.left },
  delays: {
    dialTimeout: 30_000, // a mind may have to be loaded, and a model to be reached
    endTimeout: 8_000, // a room closes within 5 s, its mind within that
  },
}).createMachine({
  id: 'live',
  context: { wish: nobody, ended: {}, left: false },
  initial: 'idle',
  states: {
    idle: { on: { start: { target: 'dialling', actions: noteWish }, leave: 'gone' } },
    dialling: {
      entry: tell('starting'),
      invoke: {
        id: 'dial',
        src: 'dial',
        input: ({ context }) => context.wish,
        onDone: 'talking',
        onError: { target: 'ending', actions: noteEnd },
      },
      after: { dialTimeout: { target: 'ending', actions: noteSlow } },
      on: { start: { actions: tell('starting', busy) }, ...endings },
    },
    talking: {
      entry: tell('talking'),
      on: { start: { actions: tell('talking', busy) }, ...endings },
    },
    ending: {
      description: 'The room closes, and all that was opened for it.',
      entry: tell('ending'),
      invoke: { id: 'hangUp', src: 'hangUp', onDone: 'over', onError: { target: 'over', actions: noteEnd } },
      after: { endTimeout: { target: 'over', actions: 'tellOverrun' } },
      on: { start: { actions: tell('ending', busy) }, leave: { actions: 'noteLeft' } },
    },
    over: {
      entry: tellOver,
      always: [{ guard: 'hasLeft', target: 'gone' }, { target: 'idle' }],
    },
    gone: { type: 'final' },
  },
})
export type LiveRef = ActorRefFrom<typeof liveMachine>
