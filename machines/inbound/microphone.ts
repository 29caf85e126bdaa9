/**
 * Microphone — their track, as frames.
 *   absent → opening → streaming ⇄ gated     close → ended
 * One track at a time, and which one follows from the facts: each fact is noted, and then the track that is read is kept, replaced or
 * left. What the agent reads is the same stream through all of it.
 */
import { type ActorRefFrom, assign, fromPromise, setup } from 'xstate'
import type { Participant, RoomEvent } from '../../src/ports.ts'
import { unbound } from '../unbound.ts'
import { type PreconnectInput, preconnectMachine } from './preconnect.ts'
import { bereft, commands, followed, noteFact, type SenseEvent, workGate } from './sense.ts'

/** Defaults: true, 3 000 and true. `attached`: the agent hears. */
export type MicrophoneInput = { preConnectAudio?: boolean; preConnectAudioTimeoutMs?: number; attached?: boolean }
/** One concrete track. */
export type Chosen = { identity: string; sid: string; key: string }
/** The same, and whose it is, as they are when it is opened. */
export type Opened = Chosen & { participant: Participant }
/** What the owner is told: this track is read, and no longer. */
export type MicrophoneFact = ({ type: 'microphone.opened' } & Chosen) | ({ type: 'microphone.ended' } & Chosen)
/** Facts after which what was said before may be forgotten (PRE-8). */
export type Gone = Extract<RoomEvent, { type: 'track.unpublished' | 'participant.left' }>

type Context = {
  preConnectAudio: boolean
  timeoutMs: number
  attached: boolean
  who: Participant | null
  track: (Chosen & Pick<PreconnectInput, 'expected' | 'sole'>) | null
}

const microphonesOf = (who: Participant | null) => who?.tracks.filter(({ source }) => source === 'microphone') ?? []
/** The track to read: the publication that is read, under its present key; else another that is subscribed (MIC-4, MIC-6). */
const wantedOf = ({ who, track }: Context) => {
  const subscribed = microphonesOf(who).filter(({ key }) => key !== undefined)
  return subscribed.find(({ sid }) => sid === track?.sid) ?? subscribed[0]
}
/** PRE-9: the only publication with the feature, else the only microphone. */
const isSole = (who: Participant, sid: string) => {
  const featured = who.tracks.filter(({ preconnect }) => preconnect)
  const candidates = featured.length === 1 ? featured : microphonesOf(who)
  return candidates.length === 1 && candidates[0]?.sid === sid
}
const chosenOf = (context: Context): Context['track'] => {
  const { who, preConnectAudio } = context
  const wanted = wantedOf(context)
  if (!who || wanted?.key === undefined) return null
  const { sid, key, preconnect } = wanted
  return { identity: who.identity, sid, key, expected: preConnectAudio && preconnect, sole: isSole(who, sid) }
}

const forget = { type: 'forget' as const, params: ({ event }: { event: Gone }) => event }
const openedOf = ({ context: { track, who } }: { context: Context }) => track && who && { ...track, participant: who }
const trackParams = ({ context }: { context: Context }) => context.track
const news = {
  ...commands,
  'track.unpublished': { actions: [noteFact, forget] },
  'participant.left': [{ guard: 'isEarlierStay', actions: noteFact }, { actions: [noteFact, forget] }],
  'track.*': { actions: noteFact },
  'room.reconnected': { actions: noteFact },
  close: 'ended',
} as const

export const microphoneMachine = setup({
  types: { input: {} as MicrophoneInput | undefined, events: {} as SenseEvent, context: {} as Context },
  actors: {
    read: fromPromise<void, Opened | null>(unbound('read')),
    begin: fromPromise<void>(unbound('begin')),
    preconnect: preconnectMachine,
  },
  actions: {
    workGate: unbound('workGate') as (_: unknown, open: boolean) => void,
    padFrame: unbound('padFrame'),
    pushSilence: unbound('pushSilence'),
    endAudio: unbound('endAudio'),
    forget: unbound('forget') as (_: unknown, gone: Gone) => void,
    tellOpened: unbound('tellOpened') as (_: unknown, track: Chosen | null) => void,
    tellEnded: unbound('tellEnded') as (_: unknown, track: Chosen | null) => void,
    noteWho: assign({ who: (_, who: Participant | null) => who }),
    noteFact: assign({ who: ({ context: { who } }, fact: RoomEvent) => followed(who, fact) }),
    noteTrack: assign({ track: ({ context }) => chosenOf(context) }),
    noteNoTrack: assign({ track: null }),
    noteOver: assign({ who: ({ context: { who, track } }) => bereft(who, track?.key) }),
    noteAttached: assign({ attached: true }),
    noteDetached: assign({ attached: false }),
  },
  guards: {
    hasTrack: ({ context }) => wantedOf(context) !== undefined,
    isReplaced: ({ context }) => ![undefined, context.track?.key].includes(wantedOf(context)?.key),
    isOver: ({ context }) => wantedOf(context) === undefined,
    isAttached: ({ context }) => context.attached,
    isEarlierStay: ({ context: { who }, event }) =>
      event.type === 'participant.left' && event.identity === who?.identity && event.participantSid !== who.sid,
  },
}).createMachine({
  id: 'microphone',
  context: ({ input: { preConnectAudio = true, preConnectAudioTimeoutMs = 3_000, attached = true } = {} }) => ({
    preConnectAudio,
    timeoutMs: preConnectAudioTimeoutMs,
    attached,
    who: null,
    track: null,
  }),
  entry: workGate,
  initial: 'absent',
  states: {
    absent: { entry: 'noteNoTrack', always: { guard: 'hasTrack', target: 'reading' }, on: news },
    reading: {
      entry: ['noteTrack', { type: 'tellOpened', params: trackParams }],
      exit: { type: 'tellEnded', params: trackParams },
      invoke: [
        { id: 'read', src: 'read', input: openedOf, onDone: { actions: 'noteOver' } },
        {
          id: 'preconnect',
          src: 'preconnect',
          input: ({ context: { track, timeoutMs } }) => ({
            ...(track ?? { identity: '', sid: '', expected: false, sole: false }),
            timeoutMs,
          }),
        },
      ],
      initial: 'opening',
      always: [
        { guard: 'isReplaced', target: 'reading', reenter: true },
        { guard: 'isOver', target: 'absent' },
      ],
      on: news,
      states: {
        opening: {
          description: 'The track before it must be done; nothing of this one has come yet.',
          invoke: {
            id: 'begin',
            src: 'begin',
            onDone: [{ guard: 'isAttached', target: 'streaming' }, { target: 'gated' }],
          },
        },
        streaming: {
          always: [
            { guard: 'isReplaced', target: '#microphone.reading', reenter: true, actions: 'padFrame' },
            { guard: 'isOver', target: '#microphone.absent', actions: 'pushSilence' },
          ],
          on: { detach: { target: 'gated', actions: ['noteDetached', workGate] } },
        },
        gated: {
          description: 'The agent does not hear: frames are read and dropped.',
          on: { attach: { target: 'streaming', actions: ['noteAttached', workGate] } },
        },
      },
    },
    ended: { type: 'final', entry: 'endAudio' },
  },
})
export type MicrophoneRef = ActorRefFrom<typeof microphoneMachine>
