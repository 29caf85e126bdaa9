/** Publications: what the server says of a track, ours or of somebody else, whether it is subscribed or not. */
import {
  EncryptionType,
  LocalAudioTrack as SdkLocalAudioTrack,
  type LocalTrackPublication as SdkLocalTrackPublication,
  LocalVideoTrack as SdkLocalVideoTrack,
  RemoteAudioTrack as SdkRemoteAudioTrack,
  type RemoteTrackPublication as SdkRemoteTrackPublication,
  RemoteVideoTrack as SdkRemoteVideoTrack,
  type TrackPublication as SdkTrackPublication,
  TrackKind,
  TrackSource,
} from '@livekit/rtc-node'
import { coded } from '../../../errors.ts'
import { until } from '../../wait.ts'
import { formOf, oneEach } from '../sdk.ts'
import { type LocalTrack, localTrackOf, type RemoteTrack, remoteTrackOf } from './track.ts'

/** What a track's audio was made with, by the numbers of the protocol. */
export const AudioTrackFeature = {
  TF_STEREO: 0,
  TF_NO_DTX: 1,
  TF_AUTO_GAIN_CONTROL: 2,
  TF_ECHO_CANCELLATION: 3,
  TF_NOISE_SUPPRESSION: 4,
  TF_ENHANCED_NOISE_CANCELLATION: 5,
  TF_PRECONNECT_BUFFER: 6,
} as const
export type AudioTrackFeature = NonNullable<SdkTrackPublication['info']>['audioFeatures'][number]

/** What every publication has; all of it is what the server said last. */
export abstract class TrackPublication<S extends SdkTrackPublication = SdkTrackPublication> {
  /** rtc-node's publication. */
  readonly sdk: S

  constructor(sdk: S) {
    this.sdk = sdk
  }

  abstract get track(): LocalTrack | RemoteTrack | undefined

  get sid(): string {
    return this.sdk.sid ?? ''
  }
  get name(): string {
    return this.sdk.name ?? ''
  }
  get kind(): TrackKind {
    return this.sdk.kind ?? TrackKind.KIND_UNKNOWN
  }
  get source(): TrackSource {
    return this.sdk.source ?? TrackSource.SOURCE_UNKNOWN
  }
  get simulcasted(): boolean {
    return this.sdk.simulcasted ?? false
  }
  /** Of a video, in pixels; 0 for audio. */
  get width(): number {
    return this.sdk.width ?? 0
  }
  get height(): number {
    return this.sdk.height ?? 0
  }
  get mimeType(): string {
    return this.sdk.mimeType ?? ''
  }
  get muted(): boolean {
    return this.sdk.muted ?? false
  }
  get encryptionType(): EncryptionType {
    return this.sdk.encryptionType ?? EncryptionType.NONE
  }
  /** A copy. */
  get audioFeatures(): AudioTrackFeature[] {
    return [...(this.sdk.info?.audioFeatures ?? [])]
  }

  protected form(name: string): string {
    return formOf(name, { sid: this.sid, name: this.name, kind: this.kind, source: this.source })
  }
}

export class LocalTrackPublication extends TrackPublication<SdkLocalTrackPublication> {
  /** Undefined once it is unpublished. */
  get track(): LocalTrack | undefined {
    const { track } = this.sdk
    return track instanceof SdkLocalAudioTrack || track instanceof SdkLocalVideoTrack ? localTrackOf(track) : undefined
  }

  /**
   * Resolves when the first of the others has subscribed, at once if that was before. Rejects with code ERR_UNPUBLISHED when the
   * track is unpublished or the room is left, and with the reason when `signal` aborts (LTP-1).
   */
  waitForSubscription(signal?: AbortSignal): Promise<void> {
    const { signal: over } = endOf(this.sdk)
    const stopping = signal ? AbortSignal.any([over, signal]) : over
    return until(this.sdk.waitForSubscription(), stopping)
  }

  override toString(): string {
    return this.form('LocalTrackPublication')
  }
}

export class RemoteTrackPublication extends TrackPublication<SdkRemoteTrackPublication> {
  /** Undefined while it is not subscribed. */
  get track(): RemoteTrack | undefined {
    const { track } = this.sdk
    return track instanceof SdkRemoteAudioTrack || track instanceof SdkRemoteVideoTrack ? remoteTrackOf(track) : undefined
  }
  get subscribed(): boolean {
    return this.sdk.subscribed
  }
  /**
   * Asks for the track, or no longer for it: `subscribed` changes with the event. Throws with code ERR_UNPUBLISHED when the track is
   * unpublished or the room is left.
   */
  setSubscribed(subscribed: boolean): void {
    try {
      this.sdk.setSubscribed(subscribed)
    } catch (error) {
      throw coded('ERR_UNPUBLISHED', 'there is nothing to subscribe to: the track was unpublished, or the room left', error)
    }
  }

  override toString(): string {
    return this.form('RemoteTrackPublication')
  }
}

const endOf = oneEach((_: SdkLocalTrackPublication) => new AbortController())
/** Our publication is over: nobody will subscribe to it any more. */
export const noteUnpublished = (sdk: SdkLocalTrackPublication): void =>
  endOf(sdk).abort(coded('ERR_UNPUBLISHED', 'nobody subscribed before the track was unpublished or the room was left'))

/** Ours for one of rtc-node's, always the same. */
export const localPublicationOf = oneEach((sdk: SdkLocalTrackPublication) => new LocalTrackPublication(sdk))
export const remotePublicationOf = oneEach((sdk: SdkRemoteTrackPublication) => new RemoteTrackPublication(sdk))
