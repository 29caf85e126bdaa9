/** Participants: who is in the room, and what they publish. Ours stands for rtc-node's, which is `participant.sdk`. */
import type {
  DisconnectReason,
  ParticipantKind,
  ParticipantKindDetail,
  Participant as SdkParticipant,
  RemoteParticipant as SdkRemoteParticipant,
} from '@livekit/rtc-node'
import { formOf, oneEach } from '../sdk.ts'
import { type RemoteTrackPublication, remotePublicationOf, type TrackPublication } from './publication.ts'

/** What every participant has; all of it is what the server said last. */
export abstract class Participant<S extends SdkParticipant = SdkParticipant> {
  /** rtc-node's participant. */
  readonly sdk: S

  constructor(sdk: S) {
    this.sdk = sdk
  }

  /** By sid, as they are now. */
  abstract get trackPublications(): ReadonlyMap<string, TrackPublication>

  get sid(): string {
    return this.sdk.sid ?? ''
  }
  get name(): string {
    return this.sdk.name ?? ''
  }
  get identity(): string {
    return this.sdk.identity
  }
  get metadata(): string {
    return this.sdk.metadata
  }
  /** A copy. */
  get attributes(): Record<string, string> {
    return { ...this.sdk.attributes }
  }
  get kind(): ParticipantKind {
    return this.sdk.kind
  }
  get kindDetails(): ParticipantKindDetail[] {
    return [...this.sdk.kindDetails]
  }
  /** Undefined while it is in the room, and where the server gave none. */
  get disconnectReason(): DisconnectReason | undefined {
    return this.sdk.disconnectReason
  }

  protected form(name: string): string {
    return formOf(name, { sid: this.sid, identity: this.identity, name: this.name })
  }
}

export class RemoteParticipant extends Participant<SdkRemoteParticipant> {
  get trackPublications(): ReadonlyMap<string, RemoteTrackPublication> {
    return new Map([...this.sdk.trackPublications].map(([sid, publication]) => [sid, remotePublicationOf(publication)]))
  }
  override toString(): string {
    return this.form('RemoteParticipant')
  }
}

/** Ours for one of rtc-node's, always the same. */
export const remoteParticipantOf = oneEach((sdk: SdkRemoteParticipant) => new RemoteParticipant(sdk))
