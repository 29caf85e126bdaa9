/** What a room tells whoever watches it. */
import type { RoomEvent } from '../machines/room.ts'
import type { AgentState } from './mind.ts'
import type { LeaveReason, Played } from './ports.ts'

/** Plain facts, in order. `at` in clock ms; offsets and durations of utterances in samples per channel. */
export type RoomFact =
  | { type: 'agent.changed'; state: AgentState; at: number }
  | { type: 'linked'; identity: string; at: number }
  | { type: 'unlinked'; identity: string; at: number }
  /** The linked participant has hung up, and with a session it is the session that is asked to close. */
  | { type: 'hung.up'; identity: string; reason: LeaveReason; at: number }
  | { type: 'utterance.started'; id: string; at: number }
  | { type: 'utterance.progressed'; id: string; startedAt: number; offset: number; duration: number }
  | { type: 'utterance.ended'; played: Played; at: number }
  | { type: 'paused'; at: number }
  | { type: 'resumed'; at: number }
  /** The agent's words come one by one; of the caller's, each update is the whole text so far. Times in ms of the utterance's audio. */
  | {
      type: 'words.shown'
      id: string
      speaker: 'agent' | 'caller'
      identity: string
      text: string
      final: boolean
      at: number
      startMs?: number
      endMs?: number
    }
  /** Somebody wrote this to the agent. */
  | { type: 'chat.received'; identity: string; text: string; at: number }
  | { type: 'input.dropped'; samples: number; from: number }
  | { type: 'frame.failed'; id: string; error: string }
  | { type: 'captions.lost' }
  | { type: 'failed'; actor: string; error: string; restarted: boolean }
  /** The last of all. `error`: what ended the room, if a failure did; then the reason is `failed`, or what the mind says. */
  | { type: 'closed'; reason: string; at: number; error?: string }

/** What of an event of the room's machine is told, at `at`. */
export const factOf = (event: RoomEvent, at: number): RoomFact | undefined => {
  if (event.type === 'pause' || event.type === 'voice.held') return { type: 'paused', at }
  if (event.type === 'resume' || event.type === 'voice.released') return { type: 'resumed', at }
  if (event.type === 'agent.changed') return { type: 'agent.changed', state: event.state, at }
  if (event.type === 'participant.linked') return { type: 'linked', identity: event.participant.identity, at }
  if (event.type === 'participant.closed') return { type: 'hung.up', identity: event.identity, reason: event.reason, at }
  return event.type === 'participant.unlinked' ? { type: 'unlinked', identity: event.identity, at } : undefined
}
