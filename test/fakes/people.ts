/** Participants and facts about them, as the room tells them. */
import type { LeaveReason, Participant, RoomEvent, TrackInfo } from '../../src/ports.ts'

export const track = (sid: string, more: Partial<TrackInfo> = {}): TrackInfo => ({
  sid,
  source: 'microphone',
  muted: false,
  subscribed: more.key !== undefined,
  preconnect: false,
  ...more,
})

/** `ann` has the sid `PA_ann`; a later stay is given another. */
export const person = (identity: string, more: Partial<Participant> = {}): Participant => ({
  identity,
  sid: `PA_${identity}`,
  kind: 'standard',
  attributes: {},
  active: false,
  tracks: [],
  ...more,
})

type From = Pick<Participant, 'identity' | 'sid'>
const of = ({ identity, sid }: From) => ({ identity, participantSid: sid })
type TrackFact = Extract<RoomEvent, { track: TrackInfo }>['type']

export const joined = (participant: Participant): RoomEvent => ({ type: 'participant.joined', participant })
export const left = (from: From, reason: LeaveReason): RoomEvent => ({ type: 'participant.left', reason, ...of(from) })
export const active = (from: From): RoomEvent => ({ type: 'participant.active', ...of(from) })
export const changed = (from: From, attributes: Record<string, string>): RoomEvent => ({
  type: 'participant.changed',
  attributes,
  ...of(from),
})
export const about = (type: TrackFact, from: From, info: TrackInfo): RoomEvent => ({ type, track: info, ...of(from) })
