/** What a room is told and what it remembers: the events and the context of its machine, which `room.ts` draws. */
import type { AnyActorRef } from 'xstate'
import type { AgentState, Attending } from '../src/mind.ts'
import type { Participant, RoomEvent as WorldFact } from '../src/ports.ts'
import type { AgentFact, AgentInput } from './agent.ts'
import type { LinkFact, LinkInput } from './inbound/link.ts'
import type { MicrophoneInput } from './inbound/microphone.ts'
import type { FalseInterruption, InterruptionFact } from './outbound/interruption.ts'
import type { TranscriptInput } from './outbound/transcript.ts'
import type { Concern, Policy, Post } from './supervision.ts'

/** `off`: who is not launched; without an `agent` a session is the mind. `deletes`: the room, when the conversation is over. */
export type RoomInput = {
  link: LinkInput
  microphone: MicrophoneInput
  agent?: AgentInput
  sampleRate: number
  /** Words wait for their sound. */
  synced: boolean
  closeBudgetMs: number
  falseInterruption?: FalseInterruption
} & Partial<Extras>
type Extras = { off: Concern[]; deletes: boolean; joinTimeoutMs: number; deleteRoomTimeoutMs: number }
/** What the agent takes in. */
export type Sense = 'microphone' | 'camera'
/** Whether the agent takes in what these give. */
export type Gates = { senses: Sense[]; open: boolean }
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
  | ({ type: 'spawn'; id: string } & Policy) // an actor of the owner's own
  | { type: 'close'; reason?: string }
  | { type: 'restart' | 'forget'; concern: Post } // from us to us, later
  | { type: 'utterance.started'; id: string }
  | { type: 'sink.failed'; error: string }
  | AgentFact
  | InterruptionFact
  | LinkFact
  | WorldFact
  | { type: 'xstate.done.actor.*'; actorId: string; output: unknown }
  | { type: 'xstate.error.actor.*'; actorId: string; error: unknown }
/** Every child of the room by its name: `link`, `playout:SG_…`. */
export type Crew = Record<string, AnyActorRef>
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
    /** The owner's own actors by their names, those too that wait for a restart. */
    guests: Record<string, Policy>
    /** Failures that are not forgotten. */
    failures: Partial<Record<Post, number>>
    reason?: string
    error?: unknown
  }
/** A child that failed, and whether it is started again. */
export type RoomFailure = { actor: string; error: unknown; restarted: boolean }

/** `playout:SG_…` of what XState says of a child. */
export const actorOf = (event: RoomEvent) => ('actorId' in event ? event.actorId : '')
/** Facts of the link have names like the world's own. */
export const isOurs = (fact: WorldFact | LinkFact): fact is LinkFact => /^participant\.(linked|unlinked|closed)$/.test(fact.type)
export const sensesOf = (event: RoomEvent): Sense[] => ('of' in event && event.of ? [event.of] : ['microphone', 'camera'])
export const outputOf = (event: RoomEvent) => ('output' in event ? { output: event.output } : {})
export const errorOf = (event: RoomEvent) => ('error' in event ? { error: event.error } : {})
