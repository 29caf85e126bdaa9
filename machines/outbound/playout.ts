/**
 * Playout — one utterance, from its first sample until the room has heard the last.
 *   queued → playing ⇄ paused → flushing (→ captioning) → finished
 *   interrupt → clearing → interrupted     a failure → clearing → abandoned
 * Each sample belongs to the utterance until it was played: a pause takes back what the device had not played, and loses nothing.
 * The numbers are final when `interrupt` returns: `clear` answers with `queue.taken` within the same step.
 */
import { type ActorRefFrom, assign, fromCallback, setup } from 'xstate'
import type { Outcome, Played, Tally } from '../../src/ports.ts'
import { unbound } from '../unbound.ts'

/** `texting`: text comes with it, and its end is waited for. */
export type PlayoutInput = { id: string; sampleRate: number; texting?: boolean }
export type PlayoutEvent =
  | { type: 'pause' }
  | { type: 'resume'; rewind?: boolean } // `rewind`: from the word on that was cut
  | { type: 'interrupt' }
  | { type: 'abandon'; error?: string }
  | { type: 'hurry' } // text that is late is waited for no longer
  | { type: 'text.ended' }
  | { type: 'playhead.entered' } // the first sample sounds
  | ({ type: 'source.ended'; error?: string } & Tally) // nothing more will be pushed; `error`: it should have been more
  | { type: 'source.failed'; error: string }
  | ({ type: 'queue.taken' } & Tally) // the answer to shutGate and clear
  | ({ type: 'queue.reviewed'; moving: boolean; unsent: number } & Tally) // the answer to review
  | ({ type: 'queue.drained' } & Tally) // the source has ended, and all of it was heard
/** Samples per channel. */
type Context = PlayoutInput & Tally & { started: boolean; ended: boolean; outcome: Outcome; error?: string }

const noteTally = { type: 'noteTally' as const, params: ({ event }: { event: Tally }) => event }
const abandoned = { target: 'clearing', actions: 'noteAbandoned' } as const
const finished = { target: 'finished', actions: [noteTally, 'noteFinished'] } as const
const spoiled = { guard: 'isSpoiled', target: 'abandoned', actions: [noteTally, 'noteAbandoned'] } as const
const late = { guard: 'isLate', target: 'captioning', actions: noteTally } as const
const errorOf = (event: PlayoutEvent) => ('error' in event && event.error !== undefined ? { error: event.error } : {})

export const playoutMachine = setup({
  types: { input: {} as PlayoutInput, events: {} as PlayoutEvent, context: {} as Context, output: {} as Played },
  actors: { source: fromCallback<PlayoutEvent, { id: string }>(unbound('source')) },
  actions: {
    openGate: unbound('openGate'),
    shutGate: unbound('shutGate'),
    clear: unbound('clear'),
    review: unbound('review'),
    concede: unbound('concede'),
    showRest: unbound('showRest'),
    noteStarted: assign({ started: true }),
    noteEnded: assign(({ event }) => ({ ended: true, ...errorOf(event) })),
    noteText: assign({ texting: false }),
    noteTally: assign({
      pushed: (_, tally: Tally) => tally.pushed,
      heard: (_, tally) => tally.heard,
      discarded: (_, tally) => tally.discarded,
    }),
    noteFinished: assign({ outcome: 'finished' }),
    noteAbandoned: assign(({ event }) => ({ outcome: 'abandoned' as const, ...errorOf(event) })),
  },
  guards: {
    isStarted: ({ context }) => context.started,
    isEnded: ({ context }) => context.ended,
    isSpent: ({ context }) => context.started && context.ended,
    isSpoiled: ({ context }) => context.error !== undefined,
    isLate: ({ context }) => context.started && context.texting === true,
    isUnconfirmed: ({ event }) => event.type === 'queue.reviewed' && !event.moving && event.unsent === 0,
    isAbandoned: ({ context }) => context.outcome === 'abandoned',
  },
  delays: {
    // OUT-18: 1 000 ms after the queue must be empty.
    drainTimeout: ({ context: { pushed, heard, discarded, sampleRate } }) =>
      ((pushed - heard - discarded) * 1000) / sampleRate + 1000,
    lateTextTimeout: 1000, // PLAY-13, as SYNC-12
  },
}).createMachine({
  id: 'playout',
  context: ({ input }) => ({
    ...input,
    pushed: 0,
    heard: 0,
    discarded: 0,
    started: false,
    ended: false,
    outcome: 'interrupted',
  }),
  output: ({ context: { id, outcome, pushed, heard, discarded, error } }) => ({
    ...{ id, outcome, pushed, heard, discarded },
    ...(error === undefined ? {} : { error }),
  }),
  invoke: { id: 'source', src: 'source', input: ({ context: { id } }) => ({ id }) },
  initial: 'queued',
  states: {
    queued: {
      description: 'Waits for its turn: its samples are taken, and none has sounded.',
      on: {
        'playhead.entered': [
          { guard: 'isEnded', target: 'flushing', actions: 'noteStarted' },
          { target: 'playing', actions: 'noteStarted' },
        ],
        'source.ended': { actions: [noteTally, 'noteEnded'] },
        'queue.drained': [spoiled, finished], // there was nothing to hear, so there is nothing to show
        'text.ended': { actions: 'noteText' },
        'source.failed': abandoned,
        abandon: abandoned,
        pause: 'paused',
        interrupt: 'clearing',
      },
    },
    playing: {
      tags: 'audible',
      on: {
        'source.ended': { target: 'flushing', actions: [noteTally, 'noteEnded'] },
        'text.ended': { actions: 'noteText' },
        'source.failed': abandoned,
        abandon: abandoned,
        pause: 'paused',
        interrupt: 'clearing',
      },
    },
    paused: {
      description: 'What the device had not played was taken back; nothing sounds, nothing is lost.',
      entry: 'shutGate',
      on: {
        'queue.taken': { actions: noteTally },
        'playhead.entered': { actions: 'noteStarted' }, // it was heard in the very step that paused it
        'source.ended': { actions: [noteTally, 'noteEnded'] }, // remembered: the rest is heard after the resume
        'queue.drained': [spoiled, late, finished], // there is no rest
        'text.ended': { actions: 'noteText' },
        resume: [
          { guard: 'isSpent', target: 'flushing', actions: 'openGate' },
          { guard: 'isStarted', target: 'playing', actions: 'openGate' },
          { target: 'queued', actions: 'openGate' },
        ],
        'source.failed': abandoned,
        abandon: abandoned,
        interrupt: 'clearing',
      },
    },
    flushing: {
      description: 'Everything was pushed; the rest is being heard.',
      tags: 'audible',
      after: { drainTimeout: { actions: 'review' } },
      on: {
        'queue.drained': [spoiled, late, finished],
        'text.ended': { actions: 'noteText' },
        'queue.reviewed': [
          { guard: 'isUnconfirmed', actions: 'concede' }, // OUT-18: nobody will say so, so it counts as heard
          { target: 'flushing', reenter: true, actions: noteTally }, // late, but it comes: from this device or the next
        ],
        abandon: abandoned,
        pause: 'paused',
        interrupt: 'clearing',
      },
    },
    captioning: {
      description: 'All of it was heard, and its text has not ended.',
      entry: 'showRest',
      after: { lateTextTimeout: { target: 'finished', actions: 'noteFinished' } },
      on: {
        'text.ended': { target: 'finished', actions: 'noteFinished' },
        hurry: { target: 'finished', actions: 'noteFinished' },
        abandon: abandoned,
        interrupt: 'clearing',
      },
    },
    clearing: {
      description: 'Passes within one step: the answer to `clear` is the account of the utterance.',
      entry: 'clear',
      on: {
        'queue.taken': [
          { guard: 'isAbandoned', target: 'abandoned', actions: noteTally },
          { target: 'interrupted', actions: noteTally },
        ],
      },
    },
    finished: { type: 'final' },
    interrupted: { type: 'final' },
    abandoned: { type: 'final' },
  },
})
export type PlayoutRef = ActorRefFrom<typeof playoutMachine>
