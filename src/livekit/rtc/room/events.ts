/** What happens in a room, by name and with named fields (RM-1). */
import type {
  ChatMessage,
  ConnectionQuality,
  ConnectionState,
  DataPacketKind,
  DisconnectReason,
  EncryptionState,
  LocalParticipant as SdkLocalParticipant,
  LocalTrack as SdkLocalTrack,
  LocalTrackPublication as SdkLocalTrackPublication,
  RemoteParticipant as SdkRemoteParticipant,
  RemoteTrack as SdkRemoteTrack,
  RemoteTrackPublication as SdkRemoteTrackPublication,
} from '@livekit/rtc-node'
import type { Arguments } from '../emitter.ts'
import type { RemoteParticipant } from './participant.ts'
import type { TranscriptionSegment } from './transcription.ts'

/** Whose objects the events carry: rtc-node's, or ours in their place. */
export type Kinds = Record<'local' | 'remote' | 'localPublication' | 'remotePublication' | 'localTrack' | 'remoteTrack', object>
export type SdkKinds = {
  local: SdkLocalParticipant
  remote: SdkRemoteParticipant
  localPublication: SdkLocalTrackPublication
  remotePublication: SdkRemoteTrackPublication
  localTrack: SdkLocalTrack
  remoteTrack: SdkRemoteTrack
}
/** How each of rtc-node's objects is told. */
export type Words<K extends Kinds> = { [N in keyof SdkKinds]: (sdk: SdkKinds[N]) => K[N] }

type Nothing = Record<string, never>
/** Data that somebody sent; `participant` is undefined for a server's. */
export type DataPacket<Participant = RemoteParticipant> = {
  data: Uint8Array
  kind: DataPacketKind
  participant: Participant | undefined
  topic: string | undefined
}
/** A tone; `participant` is undefined for a server's. */
export type SipDTMF<Participant = RemoteParticipant> = { code: number; digit: string; participant: Participant | undefined }

/** Each event of a room with what it tells. Old values are those that the event before left. */
export type EventsOf<
  K extends Kinds,
  Someone = K['local'] | K['remote'],
  Publication = K['localPublication'] | K['remotePublication'],
> = {
  /** The room is entered; who and what is there already is not told by events of its own. */
  connected: Nothing
  /** The connection is gone for good, told once. */
  disconnected: { reason: DisconnectReason }
  reconnecting: Nothing
  reconnected: Nothing
  connectionStateChanged: { state: ConnectionState }
  roomUpdated: Nothing
  /** We were moved to another room: all that the room says of itself is new. */
  moved: Nothing
  roomSidChanged: { sid: string }
  roomMetadataChanged: { oldMetadata: string; newMetadata: string }
  tokenRefreshed: Nothing

  participantConnected: { participant: K['remote'] }
  /** Can receive data from now on. */
  participantActive: { participant: K['remote'] }
  participantDisconnected: { participant: K['remote'] }
  participantMetadataChanged: { participant: Someone; oldMetadata: string; newMetadata: string }
  participantNameChanged: { participant: Someone; oldName: string; newName: string }
  /** `changedAttributes`: those that changed, with their new values; one that was taken away is empty. */
  participantAttributesChanged: { participant: Someone; changedAttributes: Record<string, string> }
  participantEncryptionStatusChanged: { participant: Someone; isEncrypted: boolean }
  connectionQualityChanged: { participant: Someone; quality: ConnectionQuality }
  activeSpeakersChanged: { speakers: Someone[] }

  localTrackPublished: { publication: K['localPublication']; track: K['localTrack'] | undefined }
  localTrackUnpublished: { publication: K['localPublication'] }
  /** After a full reconnect, under another sid. */
  localTrackRepublished: { publication: K['localPublication']; previousSid: string }
  /** Somebody subscribed to our track. */
  localTrackSubscribed: { track: K['localTrack'] }
  trackPublished: { publication: K['remotePublication']; participant: K['remote'] }
  trackUnpublished: { publication: K['remotePublication']; participant: K['remote'] }
  trackSubscribed: { track: K['remoteTrack']; publication: K['remotePublication']; participant: K['remote'] }
  trackUnsubscribed: { track: K['remoteTrack']; publication: K['remotePublication']; participant: K['remote'] }
  trackSubscriptionFailed: { participant: K['remote']; trackSid: string; error: string }
  trackMuted: { participant: Someone; publication: Publication }
  trackUnmuted: { participant: Someone; publication: Publication }

  dataReceived: DataPacket<K['remote']>
  sipDtmfReceived: SipDTMF<K['remote']>
  chatMessage: { message: ChatMessage; participant: Someone | undefined }
  /** Words of somebody's track as segments; `participant` and `publication` are undefined where they are not known here. */
  transcriptionReceived: {
    segments: TranscriptionSegment[]
    participant: Someone | undefined
    publication: Publication | undefined
  }
  e2eeStateChanged: { participant: Someone | undefined; state: EncryptionState }
  encryptionError: { error: Error }
}
export type Tell<K extends Kinds> = <E extends keyof EventsOf<K>>(event: E, ...told: Arguments<EventsOf<K>[E]>) => void
