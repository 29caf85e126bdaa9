/**
 * Link — whom do we listen to?
 *   absent → connected → active → publishing → subscribed     unlink → held     the room ends → lost
 * Linked is the pinned identity or nobody; held is nobody. While the room reconnects nothing is linked, dropped or closed.
 */
import { type ActorRefFrom, assign, not, type SnapshotFrom, setup } from 'xstate'
import type { LeaveReason, Participant, RoomEvent } from '../../src/ports.ts'
import { unbound } from '../unbound.ts'
import {
  candidateOf,
  isDisowned,
  isEligible,
  isHangUp,
  type Known,
  type LinkOptions,
  linkDefaults,
  linkedOf,
  refusedOf,
} from './choice.ts'
import { isHeard, publishes, rosterAfter } from './roster.ts'

/** What is not given has its default. */
export type LinkInput = Partial<LinkOptions>
export type LinkEvent =
  | { type: 'link'; identity: string }
  | { type: 'unlink' }
  | { type: 'close' }
  | { type: 'room.joined'; identity: string; participants: Participant[] }
  | RoomEvent
/** What the owner is told. `participant.closed`, once in a life: the caller has hung up, so the room should close. */
export type LinkFact =
  | { type: 'participant.linked'; participant: Participant }
  | { type: 'participant.unlinked'; identity: string }
  | { type: 'participant.closed'; identity: string; reason: LeaveReason }

type Joined = { identity: string; participants: Participant[] }
const noteFact = { type: 'noteFact' as const, params: ({ event }: { event: RoomEvent }) => event }
const notePin = { type: 'notePin' as const, params: ({ event }: { event: { identity: string } }) => event.identity }
const noteJoined = { type: 'noteJoined' as const, params: ({ event }: { event: Joined }) => event }
const tellClosed = {
  type: 'tellClosed' as const,
  params: ({ event: { identity, reason } }: { event: { identity: string; reason: LeaveReason } }) => ({ identity, reason }),
}
const tellUnlinked = {
  type: 'tellUnlinked' as const,
  params: ({ context }: { context: Known }) => context.linked?.identity,
}
const facts = {
  'participant.*': { actions: noteFact },
  'track.*': { actions: noteFact },
  'room.reconnecting': { actions: 'noteAway' },
  'room.reconnected': { actions: noteFact },
  'room.disconnected': 'lost',
  close: 'lost',
} as const
const rises = [
  { guard: 'isSubscribed', target: 'subscribed' },
  { guard: 'isPublishing', target: 'publishing' },
] as const

export const linkMachine = setup({
  types: { input: {} as LinkInput | undefined, events: {} as LinkEvent, context: {} as Known },
  actions: {
    logRefused: unbound('logRefused'),
    tellLinked: unbound('tellLinked') as (_: unknown, participant: Participant | undefined) => void,
    tellUnlinked: unbound('tellUnlinked') as (_: unknown, identity: string | undefined) => void,
    tellClosed: unbound('tellClosed') as (_: unknown, left: { identity: string; reason: LeaveReason }) => void,
    noteFact: assign({
      // Whoever leaves while the room is away is looked for when it is back.
      roster: ({ context: { roster, away } }, fact: RoomEvent) =>
        away && fact.type === 'participant.left' ? roster : rosterAfter(roster, fact),
      away: ({ context }, fact) => context.away && fact.type !== 'room.reconnected',
    }),
    noteAway: assign({ away: true }),
    noteJoined: assign({ us: (_, joined: Joined) => joined.identity, roster: (_, joined) => joined.participants }),
    notePin: assign({ pin: (_, identity: string) => ({ identity, named: true }), missed: null }),
    noteHeld: assign({ pin: null, missed: null }),
    noteLinked: assign(({ context }) => {
      const { identity, sid } = candidateOf(context) ?? { identity: '', sid: '' } // the guard has seen one
      return { linked: { identity, sid }, missed: null }
    }),
    noteUnlinked: assign({ linked: null }),
    noteMissed: assign(({ context: { pin, linked } }) => ({ linked: null, missed: pin ? null : (linked?.identity ?? null) })),
    noteGraceOver: assign({ missed: null }),
    noteChoosy: assign({ choosy: ({ context }) => context.options.prefer === 'publishing' }),
    noteResigned: assign({ choosy: false }),
    noteRefused: assign({ refused: ({ context }) => refusedOf(context)?.sid ?? null }),
    noteClosing: assign({ closing: true, linked: null }),
  },
  guards: {
    hasCandidate: ({ context }) => candidateOf(context) !== undefined,
    hasRefused: ({ context }) => (refusedOf(context)?.sid ?? context.refused) !== context.refused,
    hasShy: ({ context }) => context.choosy && candidateOf({ ...context, choosy: false }) !== undefined,
    isMissing: ({ context: { missed, options } }) => missed !== null && options.relink === 'any',
    isSame: ({ context, event }) => event.type === 'link' && event.identity === context.linked?.identity,
    isGone: ({ context }) => !context.away && linkedOf(context) === undefined,
    isDisowned: ({ context }) => isDisowned(context),
    isHangUp: ({ context, event }) => isHangUp(context, event),
    isActive: ({ context }) => linkedOf(context)?.active === true,
    isPublishing: ({ context }) => publishes(linkedOf(context), context.options.sources),
    isSubscribed: ({ context }) => isHeard(linkedOf(context), context.options.sources),
  },
  delays: {
    graceTimeout: ({ context }) => context.options.relinkGraceMs,
    preferTimeout: ({ context }) => context.options.preferTimeoutMs,
  },
}).createMachine({
  id: 'link',
  context: ({ input = {} }) => ({
    options: { ...linkDefaults, ...input },
    us: '',
    roster: [],
    away: false,
    linked: null,
    pin: input.identity === undefined ? null : { identity: input.identity, named: false },
    missed: null,
    choosy: false,
    refused: null,
    closing: false,
  }),
  initial: 'absent',
  states: {
    absent: {
      entry: 'noteChoosy',
      initial: 'waiting',
      always: [
        { guard: 'hasCandidate', target: 'linked' },
        { guard: 'hasRefused', actions: ['logRefused', 'noteRefused'] },
      ],
      on: { ...facts, 'room.joined': { actions: noteJoined }, link: { actions: notePin }, unlink: 'held' },
      states: {
        waiting: {
          always: [
            { guard: 'isMissing', target: 'missing' },
            { guard: 'hasShy', target: 'preferring' },
          ],
        },
        missing: {
          description: 'Only who was linked may come back, until the grace is over.',
          always: { guard: not('isMissing'), target: 'waiting' },
          after: { graceTimeout: { target: 'waiting', actions: 'noteGraceOver' } },
        },
        preferring: {
          description: 'Somebody could be linked who does not publish yet.',
          always: { guard: not('hasShy'), target: 'waiting' },
          after: { preferTimeout: { target: 'waiting', actions: 'noteResigned' } },
        },
      },
    },
    linked: {
      entry: ['noteLinked', { type: 'tellLinked', params: ({ context }) => linkedOf(context) }],
      initial: 'connected',
      always: [
        { guard: 'isGone', target: 'absent', actions: [tellUnlinked, 'noteMissed'] },
        { guard: 'isDisowned', target: 'absent', actions: [tellUnlinked, 'noteUnlinked'] },
      ],
      on: {
        ...facts,
        'participant.left': { guard: 'isHangUp', target: 'absent', actions: [noteFact, tellUnlinked, 'noteClosing', tellClosed] },
        link: [
          { guard: 'isSame', actions: notePin },
          { target: 'absent', actions: [tellUnlinked, 'noteUnlinked', notePin] },
        ],
        unlink: { target: 'held', actions: [tellUnlinked, 'noteUnlinked'] },
      },
      states: {
        connected: { always: [...rises, { guard: 'isActive', target: 'active' }] },
        active: { always: rises },
        publishing: {
          always: [
            { guard: 'isSubscribed', target: 'subscribed' },
            { guard: not('isPublishing'), target: 'active' },
          ],
        },
        subscribed: {
          always: [
            { guard: not('isPublishing'), target: 'active' },
            { guard: not('isSubscribed'), target: 'publishing' },
          ],
        },
      },
    },
    held: {
      entry: 'noteHeld',
      on: { ...facts, 'room.joined': { actions: noteJoined }, link: { target: 'absent', actions: notePin } },
    },
    lost: { type: 'final', entry: 'noteUnlinked' },
  },
})
export type LinkRef = ActorRefFrom<typeof linkMachine>
type Snapshot = SnapshotFrom<typeof linkMachine>

/** The linked participant, as far as the facts go, or undefined. */
export const linkedParticipant = ({ context }: Snapshot): Participant | undefined => linkedOf(context)

/** Whether we take what `identity` sends: the linked one's; while nobody is linked, anyone's who could be; while held, nobody's. */
export const couldLink = ({ context, value }: Snapshot, identity: string): boolean =>
  context.linked
    ? context.linked.identity === identity
    : value !== 'held' && context.roster.some(one => one.identity === identity && isEligible(context, one))
