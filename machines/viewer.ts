/**
 * Viewer — what a page shows of a call: the newest moment, or one that it was asked to hold.
 *   online (connecting → following ⇄ seeking ⇄ travelling) → lost → online      refused      closed
 * The newest moment that was asked for is never forgotten: not while another is fetched, and not while the server is away.
 */
import { type ActorRefFrom, assign, fromCallback, fromPromise, not, setup } from 'xstate'
import { unbound } from './unbound.ts'

/** `at` in ms of the room's clock; with `seq` right after that message. */
export type Held = { at: number; seq?: number }
export type ViewerEvent =
  | ({ type: 'seek' } & Held)
  | { type: 'follow' }
  | { type: 'retry' }
  | { type: 'close' }
  /** `from`: where a recording begins; a live room has none. */
  | { type: 'server.greeted'; from?: number }
  | { type: 'server.refused'; text: string }
  /** `at`: what was shown then. */
  | { type: 'server.lost'; at: number }
  /** A recording was played to its end, which is at `at`. */
  | { type: 'tape.ended'; at: number }
/** `held`: null where the newest is shown. `asked`: what a recording was last asked for. `failures`: so often the server did not greet. */
type Context = { held: Held | null; asked: Held | null; recorded: boolean; failures: number; trouble: string }

const noteHeld = {
  type: 'noteHeld' as const,
  params: ({ event: { at, seq } }: { event: Held }): Held => (seq === undefined ? { at } : { at, seq }),
}
const noteGreeted = { type: 'noteGreeted' as const, params: ({ event }: { event: { from?: number } }) => event.from }
const noteTrouble = { type: 'noteTrouble' as const, params: ({ event }: { event: { text: string } }) => event.text }
const trouble = 'this moment could not be fetched: the server did not answer. Try another one, or load the page again'
const unmoved = [
  { guard: 'isBehind', target: 'seeking', reenter: true },
  { target: 'travelling', actions: { type: 'noteTrouble', params: trouble } },
] as const
/** What is kept is looked at, also without a server. */
const looking = {
  seek: { actions: [noteHeld, 'showHeld'] },
  follow: { guard: not('isRecorded'), actions: ['noteNewest', 'showNewest'] }, // a recording is held where it was
} as const

export const viewerMachine = setup({
  types: { events: {} as ViewerEvent, context: {} as Context },
  actors: {
    /** Stays until the server is lost, and tells what it says of itself. */
    connect: fromCallback<ViewerEvent>(unbound('connect')),
    /** Shows a moment of a recording. */
    fetchMoment: fromPromise<void, Held>(unbound('fetchMoment')),
    /** Shows what comes: of a live room as it comes, of a recording as time passes. */
    play: fromCallback<ViewerEvent>(unbound('play')),
  },
  actions: {
    showHeld: unbound('showHeld'),
    showNewest: unbound('showNewest'),
    noteHeld: assign({ held: (_, held: Held) => held }),
    noteNewest: assign({ held: null }),
    noteAsked: assign({ asked: ({ context }) => context.held, trouble: '' }),
    /** A recording is held from the first, where it begins. */
    noteGreeted: assign(({ context: { held } }, from?: number) => ({
      ...{ recorded: from !== undefined, failures: 0, trouble: '' },
      held: from === undefined ? held : (held ?? { at: from }),
    })),
    noteFailure: assign({ failures: ({ context }) => Math.min(context.failures + 1, 6) }),
    noteSteady: assign({ trouble: '' }),
    noteTrouble: assign({ trouble: (_, text: string) => text }),
  },
  guards: {
    isRecording: ({ event }) => event.type === 'server.greeted' && event.from !== undefined,
    isRecorded: ({ context }) => context.recorded,
    isHolding: ({ context }) => context.held !== null,
    isPlaying: ({ context }) => context.recorded && context.held === null,
    isBehind: ({ context: { held, asked } }) => held?.at !== asked?.at || held?.seq !== asked?.seq,
  },
  delays: {
    greetTimeout: 5_000,
    seekTimeout: 5_000,
    /** 0.5 s, then twice as long each time, 10 s at most. */
    retryInterval: ({ context }) => Math.min(250 * 2 ** context.failures, 10_000),
  },
}).createMachine({
  id: 'viewer',
  context: { held: null, asked: null, recorded: false, failures: 0, trouble: '' },
  initial: 'online',
  states: {
    online: {
      initial: 'connecting',
      invoke: { id: 'connect', src: 'connect' },
      on: {
        'server.refused': { target: 'refused', actions: noteTrouble },
        'server.lost': [{ guard: 'isPlaying', target: 'lost', actions: noteHeld }, { target: 'lost' }],
        close: 'closed',
      },
      states: {
        connecting: {
          description: 'Nothing is known of the server yet; what is asked for is kept.',
          after: { greetTimeout: '#viewer.lost' },
          on: {
            'server.greeted': [
              { guard: 'isRecording', target: 'seeking', actions: noteGreeted },
              { guard: 'isHolding', target: 'travelling', actions: noteGreeted },
              { target: 'following', actions: noteGreeted },
            ],
            ...looking,
          },
        },
        following: {
          description: 'The newest moment is shown; a recording plays on.',
          entry: ['noteNewest', 'noteSteady'],
          invoke: { id: 'play', src: 'play' },
          on: {
            seek: [
              { guard: 'isRecorded', target: 'seeking', actions: noteHeld },
              { target: 'travelling', actions: noteHeld },
            ],
            'tape.ended': { target: 'travelling', actions: noteHeld },
          },
        },
        seeking: {
          description: 'A moment of a recording is fetched; of those that wait only the newest is.',
          entry: 'noteAsked',
          invoke: {
            id: 'fetchMoment',
            src: 'fetchMoment',
            input: ({ context }) => context.held ?? { at: 0 },
            onDone: [{ guard: 'isBehind', target: 'seeking', reenter: true }, { target: 'travelling' }],
            onError: unmoved,
          },
          after: { seekTimeout: unmoved },
          on: { seek: { actions: noteHeld }, follow: 'following' },
        },
        travelling: {
          description: 'One moment is held.',
          entry: 'showHeld',
          on: {
            seek: [
              { guard: 'isRecorded', target: 'seeking', actions: noteHeld },
              { target: 'travelling', reenter: true, actions: noteHeld },
            ],
            follow: 'following',
          },
        },
      },
    },
    lost: {
      description: 'The server is away: what is kept can be looked at, and it is tried again.',
      entry: 'noteFailure',
      after: { retryInterval: 'online' },
      on: { ...looking, retry: 'online', close: 'closed' },
    },
    refused: {
      description: 'The server does not want this page: it is tried again only if somebody says so.',
      on: { ...looking, retry: 'online', close: 'closed' },
    },
    closed: { type: 'final' },
  },
})
export type ViewerRef = ActorRefFrom<typeof viewerMachine>
