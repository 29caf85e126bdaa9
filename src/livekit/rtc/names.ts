/** Names: what of rtc-node's is used as it is, the numbers of its protocol and its messages; and the events of a room as constants. */
import type { RoomEvents } from './room/connection.ts'

export {
  type ChatMessage,
  ConnectionQuality,
  ConnectionState,
  ContinualGatheringPolicy,
  DataPacketKind,
  DisconnectReason,
  EncryptionState,
  EncryptionType,
  IceServer,
  IceTransportType,
  type IncomingRpcNext,
  type OutgoingRpcNext,
  ParticipantKind,
  ParticipantKindDetail,
  type RpcCallInfo,
  type RpcInterceptor,
  SimulateScenarioKind,
  StreamState,
  TrackKind,
  TrackPublishOptions,
  TrackSource,
  VideoBufferType,
  VideoCodec,
  VideoRotation,
} from '@livekit/rtc-node'

/** In bit and frames a second: `{ maxBitrate: 1_500_000n, maxFramerate: 30 }`. */
export type VideoEncoding = { maxBitrate: bigint; maxFramerate: number }
/** In bit a second. */
export type AudioEncoding = { maxBitrate: bigint }

/** The names of a room's events, for who likes them as constants: `room.on(RoomEvent.TrackMuted, …)`. */
export const RoomEvent = {
  ActiveSpeakersChanged: 'activeSpeakersChanged',
  ChatMessage: 'chatMessage',
  Connected: 'connected',
  ConnectionQualityChanged: 'connectionQualityChanged',
  ConnectionStateChanged: 'connectionStateChanged',
  DataReceived: 'dataReceived',
  Disconnected: 'disconnected',
  E2eeStateChanged: 'e2eeStateChanged',
  EncryptionError: 'encryptionError',
  LocalTrackPublished: 'localTrackPublished',
  LocalTrackRepublished: 'localTrackRepublished',
  LocalTrackSubscribed: 'localTrackSubscribed',
  LocalTrackUnpublished: 'localTrackUnpublished',
  Moved: 'moved',
  ParticipantActive: 'participantActive',
  ParticipantAttributesChanged: 'participantAttributesChanged',
  ParticipantConnected: 'participantConnected',
  ParticipantDisconnected: 'participantDisconnected',
  ParticipantEncryptionStatusChanged: 'participantEncryptionStatusChanged',
  ParticipantMetadataChanged: 'participantMetadataChanged',
  ParticipantNameChanged: 'participantNameChanged',
  Reconnected: 'reconnected',
  Reconnecting: 'reconnecting',
  RoomMetadataChanged: 'roomMetadataChanged',
  RoomSidChanged: 'roomSidChanged',
  RoomUpdated: 'roomUpdated',
  SipDtmfReceived: 'sipDtmfReceived',
  TokenRefreshed: 'tokenRefreshed',
  TrackMuted: 'trackMuted',
  TrackPublished: 'trackPublished',
  TrackSubscribed: 'trackSubscribed',
  TrackSubscriptionFailed: 'trackSubscriptionFailed',
  TrackUnmuted: 'trackUnmuted',
  TrackUnpublished: 'trackUnpublished',
  TrackUnsubscribed: 'trackUnsubscribed',
  TranscriptionReceived: 'transcriptionReceived',
} as const satisfies { [E in keyof RoomEvents as Capitalize<E>]: E }
