/** What the microphone and the camera are told alike: whom they follow, what becomes of the tracks, and whether the agent takes it in. */
import type { Participant, RoomEvent } from '../../src/ports.ts'
import { rosterAfter, unsubscribed } from './roster.ts'

export type SenseEvent =
  | { type: 'listen'; participant: Participant }
  | { type: 'unlisten' | 'attach' | 'detach' | 'close' }
  | RoomEvent

export const noteFact = { type: 'noteFact' as const, params: ({ event }: { event: RoomEvent }) => event }
export const workGate = {
  type: 'workGate' as const,
  params: ({ context }: { context: { attached: boolean } }) => context.attached,
}
/** Each is noted, as the facts of the room are, and what is taken in follows. */
export const commands = {
  listen: { actions: { type: 'noteWho', params: ({ event }: { event: { participant: Participant } }) => event.participant } },
  unlisten: { actions: { type: 'noteWho', params: () => null } },
  attach: { actions: ['noteAttached', workGate] },
  detach: { actions: ['noteDetached', workGate] },
} as const

/** Whom we follow, after a fact of the room: nobody once their stay is over. */
export const followed = (who: Participant | null, fact: RoomEvent): Participant | null =>
  (who && rosterAfter([who], fact).find(({ sid }) => sid === who.sid)) ?? null
/** The same without the track that is over by itself, of which the room has said nothing. */
export const bereft = (who: Participant | null, key: string | undefined): Participant | null =>
  who && { ...who, tracks: who.tracks.map(one => (one.key === key ? unsubscribed(one) : one)) }
