/**
 * Transcript — the words of one segment in the room, agent's or caller's, until its one final.
 *   empty → open (queued → ready ⇄ writing → sealing; held while the room is away; resting after a failure) → final
 * The text itself is in no event: `text.shown` says that some waits, `write` takes all there is. Nothing follows the final.
 */
import { type ActorRefFrom, assign, fromCallback, fromPromise, setup } from 'xstate'
import { unbound } from '../unbound.ts'

/** Whose words: the agent's text only grows, the caller's is replaced as it is understood better. `attributes` are added to ours. */
export type Segment = { id: string; side: 'agent' | 'caller'; identity: string; attributes?: Record<string, string> }
/** `away`: the room is reconnecting at this moment. */
export type TranscriptInput = Segment & { away?: boolean }
export type TranscriptEvent =
  | { type: 'finish' } // no more text will come
  | { type: 'text.shown' }
  | { type: 'room.reconnecting' }
  | { type: 'room.reconnected' }
  | { type: 'room.disconnected' }
/** What the owner is told: this segment could not be shown to its end. */
export type TranscriptFact = { type: 'captions.lost'; id: string }
/** `fresh`: there is text that was not written. */
type Context = { segment: Segment; fresh: boolean; ended: boolean; away: boolean; failures: number }

const segmentIn = ({ context }: { context: Context }) => context.segment
const idIn = ({ context }: { context: Context }) => ({ id: context.segment.id })
/** TXT-14: the segment goes on in a new stream, with the whole text so far. */
const failed = { target: 'resting', actions: ['logFailure', 'renewStream', 'noteFailure'] } as const

export const transcriptMachine = setup({
  types: { input: {} as TranscriptInput, events: {} as TranscriptEvent, context: {} as Context },
  actors: {
    place: fromCallback<TranscriptEvent, Segment>(unbound('place')),
    turn: fromPromise<void, { id: string }>(unbound('turn')),
    write: fromPromise<void, { id: string }>(unbound('write')),
    seal: fromPromise<void, { id: string }>(unbound('seal')),
  },
  actions: {
    renewStream: unbound('renewStream'),
    logFailure: unbound('logFailure'),
    tellLost: unbound('tellLost'),
    noteShown: assign({ fresh: true }),
    noteWritten: assign({ fresh: false }),
    noteEnded: assign({ ended: true }),
    noteAway: assign({ away: true }),
    noteBack: assign({ away: false }),
    noteFailure: assign({ fresh: true, failures: ({ context }) => context.failures + 1 }),
    noteSteady: assign({ failures: 0 }),
  },
  guards: {
    isEnded: ({ context }) => context.ended,
    isAway: ({ context }) => context.away,
    isFresh: ({ context }) => context.fresh,
    canRetry: ({ context }) => context.failures <= 3, // as STATE-3
  },
  delays: { writeTimeout: 5_000, retryInterval: 500 }, // as STATE-3
}).createMachine({
  id: 'transcript',
  context: ({ input: { away = false, ...segment } }) => ({ segment, fresh: false, ended: false, away, failures: 0 }),
  invoke: { id: 'place', src: 'place', input: segmentIn },
  initial: 'empty',
  states: {
    empty: {
      on: {
        'text.shown': { target: 'open', actions: 'noteShown' },
        finish: 'final',
        'room.reconnecting': { actions: 'noteAway' },
        'room.reconnected': { actions: 'noteBack' },
        'room.disconnected': 'final',
      },
    },
    open: {
      initial: 'queued',
      on: {
        'text.shown': { actions: 'noteShown' },
        finish: { actions: 'noteEnded' },
        'room.reconnecting': { actions: 'noteAway' },
        'room.reconnected': { actions: ['noteBack', 'renewStream'] },
        'room.disconnected': 'final',
      },
      states: {
        queued: {
          description: 'The segment before this one is not written to its end.',
          invoke: { id: 'turn', src: 'turn', input: idIn, onDone: 'choosing' },
        },
        choosing: {
          always: [
            { guard: 'isAway', target: 'held' },
            { guard: 'isFresh', target: 'writing' },
            { guard: 'isEnded', target: 'sealing' },
            { target: 'ready' },
          ],
        },
        ready: {
          entry: 'noteSteady',
          on: {
            'text.shown': { target: 'choosing', actions: 'noteShown' },
            finish: { target: 'choosing', actions: 'noteEnded' },
          },
        },
        writing: {
          entry: 'noteWritten',
          invoke: {
            id: 'write',
            src: 'write',
            input: idIn,
            onDone: 'choosing',
            onError: failed,
          },
          after: { writeTimeout: failed },
        },
        held: {
          on: { 'room.reconnected': { target: 'choosing', actions: ['noteBack', 'renewStream'] } },
        },
        resting: {
          after: {
            retryInterval: [
              { guard: 'canRetry', target: 'choosing' },
              { guard: 'isEnded', target: '#transcript.final', actions: 'tellLost' },
              { target: 'ready' }, // tried again with the next text
            ],
          },
        },
        sealing: {
          invoke: { id: 'seal', src: 'seal', input: idIn, onDone: '#transcript.final', onError: failed },
          after: { writeTimeout: failed },
        },
      },
    },
    final: { type: 'final' },
  },
})
export type TranscriptRef = ActorRefFrom<typeof transcriptMachine>
