/**
 * Room — the supervisor: owns every other actor, passes the room's facts on, and decides what a failure means.
 *   idle → starting → running → closing → leaving → left (→ deleting) → closed
 * `closing` always reaches `closed`: every step has a delay, and what overruns it is left behind.
 */
import type { ActorRefFrom } from 'xstate'
import type { AgentState, Participant, RoomEvent as WorldFact } from '../src/ports.ts'
import type { AgentFact, Attending } from './agent.ts'
import type { Crew } from './crew.ts'
import { holding, pausing } from './holding.ts'
import type { LinkFact, LinkInput } from './inbound/link.ts'
import type { MicrophoneInput } from './inbound/microphone.ts'
import type { FalseInterruption, InterruptionFact } from './outbound/interruption.ts'
import type { TranscriptInput } from './outbound/transcript.ts'
import type { Concern } from './supervision.ts'
import { supervisor } from './supervisor.ts'

/** `off`: who is not launched; without an `agent` a session is the mind. `deletes`: the room, when the conversation is over. */
export type RoomInput = {
  link: LinkInput
  microphone: MicrophoneInput
  sampleRate: number
  /** Words wait for their sound. */
  synced: boolean
  closeBudgetMs: number
  falseInterruption?: FalseInterruption
} & Partial<Extras>
type Extras = { off: Concern[]; deletes: boolean; joinTimeoutMs: number; deleteRoomTimeoutMs: number }
/** What the agent takes in. */
export type Sense = 'microphone' | 'camera'
export type RoomEvent =
  | { type: 'open' }
  | { type: 'say'; id: string; text?: boolean }
  | { type: 'pause' | 'resume' } // all open utterances
  | { type: 'interrupt'; id?: string } // one of them, or all
  | { type: 'caption'; segment: TranscriptInput }
  | { type: 'finish'; id: string } // the captions of this segment
  | { type: 'link'; identity: string }
  | { type: 'unlink' }
  | { type: 'attach' | 'detach'; of?: Sense } // one of them, or both
  | { type: 'attend'; state: Attending } // the mind, of itself
  | { type: 'speech.started' | 'speech.ended' } // the mind, of the caller
  | { type: 'close'; reason?: string }
  | { type: 'restart' | 'forget'; concern: Concern } // from us to us, later
  | { type: 'utterance.started'; id: string }
  | { type: 'sink.failed'; error: string }
  | AgentFact
  | InterruptionFact
  | LinkFact
  | WorldFact
  | { type: 'xstate.done.actor.*'; actorId: string; output: unknown }
  | { type: 'xstate.error.actor.*'; actorId: string; error: unknown }
export type RoomContext = RoomInput &
  Extras & {
    /** The only refs in any context. */
    crew: Crew
    joined: { name: string; identity: string } | null
    /** Who is here, for children that come later. */
    roster: Participant[]
    linked: { identity: string; sid: string } | null
    away: boolean
    /** By the owner; and for the caller, who may be about to interrupt. */
    paused: boolean
    held: boolean
    detached: Sense[]
    state: AgentState
    /** Failures that are not forgotten. */
    failures: Partial<Record<Concern, number>>
    reason?: string
    error?: unknown
  }
/** A child that failed, and whether it is started again. */
export type RoomFailure = { actor: string; error: unknown; restarted: boolean }

const noteFact = { type: 'noteFact' as const, params: ({ event }: { event: WorldFact | LinkFact }) => event }
const noteState = { type: 'noteState' as const, params: ({ event }: { event: { state: AgentState } }) => event.state }
const noteError = { type: 'noteError' as const, params: ({ event }: { event: { error: unknown } }) => event.error }
const noteReason = <R extends string>(reason: R) => ({ type: 'noteReason' as const, params: reason })
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
/** What may be asked before the room is joined too. */
const commands = {
  ...pausing,
  link: { actions: 'pass' },
  unlink: { actions: 'pass' },
  attach: { actions: ['noteAttached', 'pass'] },
  detach: { actions: ['noteDetached', 'pass'] },
  'agent.changed': { actions: [noteState, 'briefPresence', 'tellFact', 'pass'] },
} as const

export const roomMachine = supervisor.createMachine({
  id: 'room',
  context: ({ input }) => ({
    ...{ off: [], deletes: false, joinTimeoutMs: 20_000, deleteRoomTimeoutMs: 10_000, ...input },
    ...{ crew: {}, joined: null, roster: [], linked: null, state: 'initializing', failures: {} },
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
        'mind.ended': { target: 'closing', actions: noteReason('mind.ended') },
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
