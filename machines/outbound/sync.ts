/**
 * Sync — the words of one utterance, each shown when it was heard.
 *   waiting → pacing ⇄ held → late → done     not to be synchronised: passing → late → done     a cut → done
 * Words never enter the mailbox: they wait at the prompter, which this machine works. What was shown is what counts as spoken.
 */
import { type ActorRefFrom, assign, fromCallback, setup } from 'xstate'
import { unbound } from '../unbound.ts'

/** `synced`: words wait for their sound. */
export type SyncInput = { id: string; synced: boolean }
export type SyncEvent =
  | { type: 'finish' } // all audio was heard
  | { type: 'cut' } // the utterance has ended before
  | { type: 'playhead.moved' } // it sounds
  | { type: 'playhead.rested' }
  | { type: 'text.ended' } // no more text will come
type Context = SyncInput & { ended: boolean }

const noteEnded = { actions: 'noteEnded' } as const

export const syncMachine = setup({
  types: { input: {} as SyncInput, events: {} as SyncEvent, context: {} as Context },
  actors: { text: fromCallback<SyncEvent, { id: string }>(unbound('text')) },
  actions: {
    run: unbound('run'),
    rest: unbound('rest'),
    release: unbound('release'),
    close: unbound('close'),
    logLate: unbound('logLate'),
    noteEnded: assign({ ended: true }),
  },
  guards: {
    isSynced: ({ context }) => context.synced,
    isEnded: ({ context }) => context.ended,
  },
  delays: { lateTextTimeout: 1_000 }, // SYNC-12
}).createMachine({
  id: 'sync',
  context: ({ input }) => ({ ...input, ended: false }),
  invoke: { id: 'text', src: 'text', input: ({ context: { id } }) => ({ id }) },
  initial: 'choosing',
  states: {
    choosing: { always: [{ guard: 'isSynced', target: 'waiting' }, { target: 'passing' }] },
    waiting: {
      description: 'None of it was heard, and no word is shown (SYNC-2).',
      on: { 'playhead.moved': 'pacing', 'text.ended': noteEnded, finish: 'late', cut: 'done' },
    },
    pacing: {
      description: 'It sounds: each word is shown when the playhead passes its middle (SYNC-3).',
      entry: 'run',
      exit: 'rest',
      on: {
        'playhead.moved': { actions: 'run' }, // from another place
        'playhead.rested': 'held',
        'text.ended': noteEnded,
        finish: 'late',
        cut: 'done',
      },
    },
    held: {
      on: { 'playhead.moved': 'pacing', 'text.ended': noteEnded, finish: 'late', cut: 'done' },
    },
    passing: {
      description: 'Text passes as it comes (SYNC-13).',
      entry: 'release',
      on: { 'text.ended': noteEnded, finish: 'late', cut: 'done' },
    },
    late: {
      description: 'All audio was heard: the rest is shown at once, and what still comes as it comes.',
      entry: 'release',
      always: { guard: 'isEnded', target: 'done' },
      after: { lateTextTimeout: { target: 'done', actions: 'logLate' } },
      on: { 'text.ended': 'done', cut: 'done' },
    },
    done: { type: 'final', entry: 'close' },
  },
})
export type SyncRef = ActorRefFrom<typeof syncMachine>
