/**
 * Output — our own track: published once, heard by somebody, rebuilt if its queue breaks.
 *   idle → publishing ⇄ retrying, publishing → waiting → live → closing → closed
 * Utterances are taken from the start and play once somebody has subscribed. The SDK republishes after a reconnect; we never do.
 */
import { type ActorRefFrom, assign, fromPromise, type SnapshotFrom, setup } from 'xstate'
import { unbound } from '../unbound.ts'

export type OutputEvent =
  | { type: 'publish' }
  | { type: 'close' }
  | { type: 'speaker.subscribed'; sid: string }
  | { type: 'speaker.republished'; sid: string; previousSid: string }
  | { type: 'sink.failed'; error: string }
/** What the owner is told; again after each rebuild. */
export type OutputFact = { type: 'output.published'; sid: string } | { type: 'output.subscribed'; sid: string }
/** `retired`: the track that broke. */
type Context = { sid?: string; retired?: string; attempts: number; rebuilt: boolean; heard: boolean }

const noteSid = { type: 'noteSid' as const, params: ({ event }: { event: { output: string } }) => event.output }
const noteNewSid = { type: 'noteSid' as const, params: ({ event }: { event: { sid: string } }) => event.sid }

/** OUT-30: the waits before the second, third and fourth attempt to publish, in ms. */
const RETRIES = [500, 1000, 2000]

export const outputMachine = setup({
  types: { events: {} as OutputEvent, context: {} as Context },
  actors: { publish: fromPromise<string>(unbound('publish')), unpublish: fromPromise<void>(unbound('unpublish')) },
  actions: {
    plug: unbound('plug'),
    unplug: unbound('unplug'),
    giveUp: ({ event }) => {
      throw new Error('error' in event ? event.error : 'the voice could not be published: the room did not answer in time')
    },
    tellPublished: unbound('tellPublished'),
    tellSubscribed: unbound('tellSubscribed'),
    noteSid: assign({ sid: (_, sid: string) => sid }),
    noteHeard: assign({ heard: true }),
    noteAttempt: assign({ attempts: ({ context }) => context.attempts + 1, heard: false }), // it was another track
    noteBroken: assign(({ context: { sid } }) => ({
      ...{ attempts: 0, heard: false, rebuilt: true },
      ...(sid === undefined ? {} : { retired: sid }),
    })),
    noteSteady: assign({ rebuilt: false }),
  },
  guards: {
    canRetry: ({ context }) => context.attempts < RETRIES.length,
    canRebuild: ({ context }) => !context.rebuilt,
    isHeard: ({ context }) => context.heard,
    isCurrent: ({ context, event }) => event.type === 'speaker.subscribed' && event.sid !== context.retired,
  },
  delays: {
    retryInterval: ({ context }) => RETRIES[context.attempts - 1] ?? 0,
    publishTimeout: 10_000, // what rtc-node itself allows a publication
    rebuildInterval: 60_000, // OUT-17: one rebuild a minute
    unpublishTimeout: 2_000, // well inside the room's closing budget
  },
}).createMachine({
  id: 'output',
  context: { attempts: 0, rebuilt: false, heard: false },
  initial: 'idle',
  states: {
    idle: { on: { publish: 'publishing', close: 'closed' } },
    publishing: {
      invoke: {
        id: 'publish',
        src: 'publish',
        onDone: [
          { guard: 'isHeard', target: 'live', actions: [noteSid, 'tellPublished'] },
          { target: 'waiting', actions: [noteSid, 'tellPublished'] },
        ],
        onError: { guard: 'canRetry', target: 'retrying' }, // after the last attempt the failure is the room's
      },
      after: { publishTimeout: [{ guard: 'canRetry', target: 'retrying' }, { actions: 'giveUp' }] },
      on: { 'speaker.subscribed': { guard: 'isCurrent', actions: 'noteHeard' }, close: 'closing' },
    },
    retrying: { entry: 'noteAttempt', after: { retryInterval: 'publishing' }, on: { close: 'closed' } },
    waiting: {
      description: 'Published, and nobody hears it yet: what is said is kept, and plays at the first subscription.',
      on: {
        'speaker.subscribed': { guard: 'isCurrent', target: 'live' },
        'speaker.republished': { actions: noteNewSid },
        close: 'closing',
      },
    },
    live: {
      entry: ['plug', 'tellSubscribed'],
      after: { rebuildInterval: { actions: 'noteSteady' } },
      on: {
        'sink.failed': [{ guard: 'canRebuild', target: 'publishing', actions: 'noteBroken' }, { actions: 'giveUp' }],
        'speaker.republished': { actions: noteNewSid },
        close: 'closing',
      },
      exit: 'unplug',
    },
    closing: {
      invoke: { id: 'unpublish', src: 'unpublish', onDone: 'closed', onError: 'closed' }, // whatever it says, we are done with it
      after: { unpublishTimeout: 'closed' },
    },
    closed: { type: 'final' },
  },
})
export type OutputRef = ActorRefFrom<typeof outputMachine>

/** Whether somebody hears the track. */
export const isLive = ({ value }: SnapshotFrom<typeof outputMachine>): boolean => value === 'live'
