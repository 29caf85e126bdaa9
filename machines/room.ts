/**
 * Room — the supervisor: owns every other actor, passes the room's facts on, and decides what a failure means.
 *   idle → starting → running → closing → leaving → left (→ deleting) → closed
 * `closing` always reaches `closed`: every step has a delay, and what overruns it is left behind.
 */
import type { ActorRefFrom } from 'xstate'
import type { AgentState, Ending } from '../src/mind.ts'
import type { RoomEvent as WorldFact } from '../src/ports.ts'
import { type RoomContext, type RoomEvent, sensesOf } from './affairs.ts'
import { holding, pausing } from './holding.ts'
import type { LinkFact } from './inbound/link.ts'
import { supervisor } from './supervisor.ts'

export type { RoomContext, RoomEvent, RoomFailure, RoomInput, Sense } from './affairs.ts'

const noteFact = { type: 'noteFact' as const, params: ({ event }: { event: WorldFact | LinkFact }) => event }
const noteState = { type: 'noteState' as const, params: ({ event }: { event: { state: AgentState } }) => event.state }
const noteError = { type: 'noteError' as const, params: ({ event }: { event: { error?: unknown } }) => event.error }
const noteReason = <R extends string>(reason: R) => ({ type: 'noteReason' as const, params: reason })
const noteEnding = {
  type: 'noteReason' as const,
  params: ({ event: { error, reason } }: { event: Ending }) => reason ?? (error === undefined ? 'mind.ended' : 'failed'),
}
const noteAsked = {
  type: 'noteReason' as const,
  params: ({ event }: { event: { reason?: string } }) => event.reason ?? 'closed',
}
const silent = {
  type: 'noteError' as const,
  params: ({ context: { joinTimeoutMs: ms } }: { context: RoomContext }) =>
    new Error(`the room did not answer within ${ms / 1000} s: is its server there?`),
}
const overrun = <S extends string>(step: S) => ({ type: 'tellOverrun' as const, params: { step } })
const failed = <S extends string>(step: S) => ({
  type: 'tellOverrun' as const,
  params: ({ event }: { event: { error: unknown } }) => ({ step, error: event.error }),
})
/** In our own hands: also while nobody is there who would be told. */
const workGates = <O extends boolean>(open: O) => ({
  type: 'workGates' as const,
  params: ({ event }: { event: RoomEvent }) => ({ senses: sensesOf(event), open }),
})
/** What may be asked before the room is joined too. */
const commands = {
  ...pausing,
  link: { actions: 'pass' },
  unlink: { actions: 'pass' },
  attach: { actions: ['noteAttached', workGates(true), 'pass'] },
  detach: { actions: ['noteDetached', workGates(false), 'pass'] },
  'agent.changed': { actions: [noteState, 'briefPresence', 'tellFact', 'pass'] },
} as const

export const roomMachine = supervisor.createMachine({
  id: 'room',
  context: ({ input }) => ({
    ...{ off: [], deletes: false, joinTimeoutMs: 20_000, deleteRoomTimeoutMs: 10_000, ...input },
    ...{ crew: {}, guests: {}, joined: null, roster: [], linked: null, state: 'initializing', failures: {} },
    ...{ away: false, paused: false, held: false, detached: [] },
  }),
  initial: 'idle',
  states: {
    idle: { on: { open: 'starting', close: { target: 'closed', actions: noteAsked } } },
    starting: {
      entry: 'launch',
      invoke: {
        id: 'join',
        src: 'join',
        onDone: { target: 'running', actions: { type: 'noteJoined', params: ({ event }) => event.output } },
        onError: { target: 'closing', actions: noteError },
      },
      after: { joinTimeout: { target: 'closing', actions: silent } },
      on: {
        ...commands,
        'xstate.error.actor.*': { target: 'closing', actions: [noteError, 'bury'] },
        close: { target: 'closing', actions: noteAsked },
      },
    },
    running: {
      entry: ['briefCrew', 'tellOpen'],
      on: {
        say: { actions: [{ type: 'addUtterance', params: ({ event }) => event }, 'briefPlayout'] },
        ...commands,
        ...holding,
        interrupt: { actions: 'pass' },
        spawn: { actions: { type: 'addGuest', params: ({ event }) => event } },
        caption: { actions: { type: 'addTranscript', params: ({ event }) => event.segment } },
        finish: { actions: 'pass' },
        attend: { actions: 'pass' },
        'utterance.started': { actions: 'pass' },
        'sink.failed': { actions: 'pass' },
        'participant.linked': {
          actions: [{ type: 'noteLinked', params: ({ event }) => event.participant }, 'briefInputs', 'publish', 'tellFact'],
        },
        'participant.unlinked': { actions: ['noteUnlinked', 'unlisten', 'tellFact'] },
        'participant.closed': [
          { guard: 'hasSession', actions: 'tellFact' }, // the session is asked to close, and then so are we (LINK-10)
          { target: 'closing', actions: noteReason('participant_disconnected') },
        ],
        'room.reconnecting': { actions: ['noteAway', 'pass'] },
        'room.reconnected': { actions: [noteFact, 'noteBack', 'pass', 'briefInputs'] },
        'room.disconnected': { target: 'closing', actions: ['pass', noteReason('room.disconnected')] },
        'participant.*': { actions: [noteFact, 'pass'] },
        'track.*': { actions: [noteFact, 'pass'] },
        'speaker.*': { actions: 'pass' },
        'mind.ended': { target: 'closing', actions: [noteError, noteEnding] },
        'xstate.done.actor.*': { actions: 'part' },
        'xstate.error.actor.*': [
          { guard: 'canRestart', actions: 'revive' },
          { guard: 'canSpare', actions: 'bury' },
          { target: 'closing', actions: [noteError, 'bury'] },
        ],
        restart: { actions: [{ type: 'relaunch', params: ({ event }) => event.concern }, 'briefRestarted'] },
        forget: { actions: { type: 'noteForgotten', params: ({ event }) => event.concern } },
        close: { target: 'closing', actions: noteAsked },
      },
    },
    closing: {
      description: 'Every child says its last; open utterances end abandoned.',
      entry: [noteReason('failed'), 'tellClosing', 'dismiss'],
      always: { guard: 'isAlone', target: 'leaving' },
      after: {
        settleTimeout: {
          target: 'leaving',
          actions: { type: 'tellOverrun', params: ({ context }) => ({ step: Object.keys(context.crew).join(' ') }) },
        },
      },
      on: {
        finish: { actions: 'pass' },
        'room.*': { actions: 'pass' },
        'xstate.done.actor.*': { actions: 'part' },
        'xstate.error.actor.*': { actions: 'bury' },
      },
    },
    leaving: {
      entry: 'abandonAll',
      invoke: { id: 'leave', src: 'leave', onDone: 'left', onError: { target: 'left', actions: failed('leave') } },
      after: { leaveTimeout: { target: 'left', actions: overrun('leave') } },
    },
    left: { always: [{ guard: 'canDelete', target: 'deleting' }, { target: 'closed' }] },
    deleting: {
      invoke: {
        id: 'deleteRoom',
        src: 'deleteRoom',
        input: ({ context: { joined } }) => ({ name: joined?.name ?? '' }),
        onDone: 'closed',
        onError: { target: 'closed', actions: failed('deleteRoom') },
      },
      after: { deleteRoomTimeout: { target: 'closed', actions: overrun('deleteRoom') } },
    },
    closed: { type: 'final', entry: 'tellClosed' },
  },
})
export type RoomRef = ActorRefFrom<typeof roomMachine>
