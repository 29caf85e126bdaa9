/** What rtc-node says of people and tracks, in the engine's words. */
import {
  DisconnectReason,
  ParticipantKind as Kind,
  type RemoteParticipant,
  TrackSource as Source,
  type TrackPublication,
} from '@livekit/rtc-node'
import type { LeaveReason, Participant, ParticipantKind, TrackInfo, TrackSource } from '../ports.ts'
import { AudioTrackFeature } from './rtc/room/publication.ts'

/** ParticipantState.ACTIVE of the protocol: rtc-node does not export this enum. */
const ACTIVE = 2

const kinds: Record<number, ParticipantKind> = {
  [Kind.STANDARD]: 'standard',
  [Kind.INGRESS]: 'ingress',
  [Kind.EGRESS]: 'egress',
  [Kind.SIP]: 'sip',
  [Kind.AGENT]: 'agent',
  [Kind.CONNECTOR]: 'connector',
  [Kind.BRIDGE]: 'ingress', // brings a camera's stream in, as an ingress does
}
const sources: Record<number, TrackSource> = {
  [Source.SOURCE_MICROPHONE]: 'microphone',
  [Source.SOURCE_CAMERA]: 'camera',
  [Source.SOURCE_SCREENSHARE]: 'screen',
}
const reasons: Record<number, LeaveReason> = {
  [DisconnectReason.CLIENT_INITIATED]: 'client_initiated',
  [DisconnectReason.DUPLICATE_IDENTITY]: 'duplicate_identity',
  [DisconnectReason.SERVER_SHUTDOWN]: 'server_shutdown',
  [DisconnectReason.PARTICIPANT_REMOVED]: 'participant_removed',
  [DisconnectReason.ROOM_DELETED]: 'room_deleted',
  [DisconnectReason.USER_REJECTED]: 'user_rejected',
  [DisconnectReason.SIGNAL_CLOSE]: 'connection_lost',
  [DisconnectReason.CONNECTION_TIMEOUT]: 'connection_lost',
  [DisconnectReason.MEDIA_FAILURE]: 'connection_lost',
}

export const leaveReasonOf = (reason: DisconnectReason | undefined): LeaveReason => reasons[reason ?? -1] ?? 'unknown'
/** Why our own connection ended. Without a reason of the server's, it is the connection that was lost. */
export const endReasonOf = (reason: DisconnectReason | undefined): LeaveReason =>
  reason ? leaveReasonOf(reason) : 'connection_lost'

export const trackInfoOf = (publication: TrackPublication, key: string | undefined): TrackInfo => ({
  sid: publication.sid ?? '',
  ...(key === undefined ? {} : { key }),
  source: sources[publication.source ?? -1] ?? 'other',
  muted: publication.muted ?? false,
  subscribed: key !== undefined,
  preconnect: publication.info?.audioFeatures.includes(AudioTrackFeature.TF_PRECONNECT_BUFFER) ?? false,
  ...(publication.info?.audioFeatures.includes(AudioTrackFeature.TF_ENHANCED_NOISE_CANCELLATION) ? { enhanced: true } : {}),
})

/** An attribute that was taken away may still be there with an empty value: then it is left out. */
export const attributesOf = (participant: RemoteParticipant): Record<string, string> =>
  Object.fromEntries(Object.entries(participant.attributes).filter(([, value]) => value !== ''))

/** Whether the server says that this participant can receive data (LINK-4). */
export const isActive = (participant: RemoteParticipant): boolean => participant.info.state === ACTIVE

export const participantOf = (participant: RemoteParticipant, active: boolean, tracks: TrackInfo[]): Participant => ({
  identity: participant.identity,
  sid: participant.sid ?? '',
  kind: kinds[participant.kind] ?? 'standard',
  attributes: attributesOf(participant),
  active,
  // A client that says nothing of it is an old one.
  protocol: participant.info.clientProtocol ?? 0,
  tracks,
})
