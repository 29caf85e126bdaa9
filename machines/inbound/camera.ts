/**
 * Camera — what they show, as pictures: their camera or their screen, whichever came last.
 *   idle → ready ⇄ busy → closed     idle: nobody is listened to; ready: nothing of theirs is to be seen; busy: a track is watched
 * As with the microphone each fact is noted, and which track is watched follows. What the agent sees is one stream through all of it.
 */
import { type ActorRefFrom, assign, fromPromise, not, setup } from 'xstate'
import type { Participant, RoomEvent, TrackInfo } from '../../src/ports.ts'
import { unbound } from '../unbound.ts'
import type { Chosen } from './microphone.ts'
import { bereft, commands, followed, noteFact, type SenseEvent, workGate } from './sense.ts'

type Context = {
  attached: boolean
  who: Participant | null
  /** The keys of what can be seen, in the order in which it came. */
  keys: string[]
  track: Chosen | null
}

const isPicture = ({ source, key }: TrackInfo) => key !== undefined && (source === 'camera' || source === 'screen')
const keysAfter = (keys: string[], who: Participant | null): string[] => {
  const seen = who?.tracks.filter(isPicture).map(({ key = '' }) => key) ?? []
  return [...keys.filter(key => seen.includes(key)), ...seen.filter(key => !keys.includes(key))]
}
/** CAM-1: the last one that came. */
const wantedOf = ({ keys }: Context) => keys.at(-1)
const chosenOf = (context: Context): Chosen | null => {
  const track = context.who?.tracks.find(({ key }) => key !== undefined && key === wantedOf(context))
  return context.who && track?.key !== undefined ? { identity: context.who.identity, sid: track.sid, key: track.key } : null
}

const news = {
  ...commands,
  'participant.left': { actions: noteFact },
  'track.*': { actions: noteFact },
  'room.reconnected': { actions: noteFact },
  close: 'closed',
} as const

export const cameraMachine = setup({
  types: { events: {} as SenseEvent, context: {} as Context },
  actors: { watch: fromPromise<void, Chosen | null>(unbound('watch')) },
  actions: {
    workGate: unbound('workGate') as (_: unknown, open: boolean) => void,
    endVideo: unbound('endVideo'),
    noteWho: assign({ who: (_, who: Participant | null) => who, keys: ({ context }, who) => keysAfter(context.keys, who) }),
    noteFact: assign(({ context: { who, keys } }, fact: RoomEvent) => {
      const now = followed(who, fact)
      return { who: now, keys: keysAfter(keys, now) }
    }),
    noteTrack: assign({ track: ({ context }) => chosenOf(context) }),
    noteNoTrack: assign({ track: null }),
    noteOver: assign(({ context: { who, keys, track } }) => {
      const now = bereft(who, track?.key)
      return { who: now, keys: keysAfter(keys, now) }
    }),
    noteAttached: assign({ attached: true }),
    noteDetached: assign({ attached: false }),
  },
  guards: {
    hasWho: ({ context }) => context.who !== null,
    hasTrack: ({ context }) => wantedOf(context) !== undefined,
    isReplaced: ({ context }) => ![undefined, context.track?.key].includes(wantedOf(context)),
  },
}).createMachine({
  id: 'camera',
  context: { attached: true, who: null, keys: [], track: null },
  entry: workGate,
  initial: 'idle',
  states: {
    idle: { always: { guard: 'hasWho', target: 'ready' }, on: news },
    ready: {
      entry: 'noteNoTrack',
      always: [
        { guard: not('hasWho'), target: 'idle' },
        { guard: 'hasTrack', target: 'busy' },
      ],
      on: news,
    },
    busy: {
      entry: 'noteTrack',
      invoke: { id: 'watch', src: 'watch', input: ({ context }) => context.track, onDone: { actions: 'noteOver' } },
      always: [
        { guard: 'isReplaced', target: 'busy', reenter: true },
        { guard: not('hasTrack'), target: 'ready' },
      ],
      on: news,
    },
    closed: { type: 'final', entry: 'endVideo' },
  },
})
export type CameraRef = ActorRefFrom<typeof cameraMachine>
