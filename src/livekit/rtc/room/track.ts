/** Tracks: what is heard or seen of one participant. Ours stands for rtc-node's, which is `track.sdk`, and reads from it. */
import {
  type AudioSource,
  LocalAudioTrack as SdkLocalAudioTrack,
  LocalVideoTrack as SdkLocalVideoTrack,
  RemoteAudioTrack as SdkRemoteAudioTrack,
  type RemoteVideoTrack as SdkRemoteVideoTrack,
  type Room as SdkRoom,
  type Track as SdkTrack,
  StreamState,
  TrackKind,
  type VideoSource,
} from '@livekit/rtc-node'
import { disconnected, misuse } from '../errors.ts'
import { answered, native } from '../native.ts'
import { formOf, goneOf, oneEach } from '../sdk.ts'

/** What the native layer counted, as WebRTC names it; `stats.case` says of what. */
export type TrackStats = Awaited<ReturnType<SdkRoom['getRtcStats']>>['publisherStats'][number]
type Answer = { asyncId?: bigint; error?: string; stats: TrackStats[] }

/** What every track has. */
export abstract class Track<S extends SdkTrack = SdkTrack> {
  /** rtc-node's track. */
  readonly sdk: S
  #closed = false

  constructor(sdk: S) {
    this.sdk = sdk
  }

  /** `TR_unknown` until the track is published. */
  get sid(): string {
    return this.sdk.sid ?? ''
  }
  get name(): string {
    return this.sdk.name ?? ''
  }
  get kind(): TrackKind {
    return this.sdk.kind ?? TrackKind.KIND_UNKNOWN
  }
  get streamState(): StreamState {
    return this.sdk.stream_state ?? StreamState.STATE_UNKNOWN
  }
  get muted(): boolean {
    return this.sdk.muted ?? false
  }

  /**
   * The native layer's statistics. Rejects with its message for a track that is not published, with code ERR_DISCONNECTED when the
   * room goes away, and with the reason when `signal` aborts.
   */
  async getStats(signal?: AbortSignal): Promise<TrackStats[]> {
    this.use()
    const room = this.sdk.resolveRoom()
    const gone = room ? goneOf(room) : undefined
    const asked = { case: 'getStats', value: { trackHandle: this.sdk.ffi_handle.handle } } as const
    const stopping = AbortSignal.any([signal, gone].flatMap(one => one ?? []))
    const answer = await answered<Answer>(asked, 'getStats', stopping).catch(error => {
      throw gone?.aborted ? disconnected(gone) : error
    })
    if (answer.error) throw new Error(answer.error)
    return answer.stats
  }

  /** Gives the native track back: nothing can be done with it afterwards. Closing twice is harmless. */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await this.release()
  }
  protected release(): Promise<void> {
    return this.sdk.close()
  }
  /** Throws a TypeError with code ERR_TRACK when the track is closed: its native handle is gone. */
  protected use(): void {
    if (this.#closed) throw misuse('ERR_TRACK', `the track "${this.name}" is closed: make another one`)
  }

  protected form(name: string): string {
    return formOf(name, { sid: this.sid, name: this.name })
  }
}

/** A track that we publish. */
abstract class OwnTrack<S extends SdkLocalAudioTrack | SdkLocalVideoTrack> extends Track<S> {
  #withSource = true

  /** Takes effect at once here, and is told to the others. Muting a muted track does nothing. */
  mute(): void {
    this.#mute(true)
  }
  unmute(): void {
    this.#mute(false)
  }
  #mute(mute: boolean): void {
    this.use()
    if (this.muted === mute) return
    native().request({ case: 'localTrackMute', value: { trackHandle: this.sdk.ffi_handle.handle, mute } })
    if (this.sdk.info) this.sdk.info.muted = mute // the native layer answers, and leaves this as it was
  }

  /** Its source is closed with it, unless `closeSource` is false: for one that feeds another track too. */
  override close(closeSource = true): Promise<void> {
    this.#withSource = closeSource
    return super.close()
  }
  protected override release(): Promise<void> {
    return this.sdk.close(this.#withSource)
  }
}

export class LocalAudioTrack extends OwnTrack<SdkLocalAudioTrack> {
  /** A track that plays what its source is given, once it is published. Throws a TypeError, code ERR_SOURCE, for what is no open source. */
  static createAudioTrack(name: string, source: AudioSource): LocalAudioTrack {
    checkSource('AudioSource', source)
    return ownAudio(SdkLocalAudioTrack.createAudioTrack(name, source))
  }
  override toString(): string {
    return this.form('LocalAudioTrack')
  }
}
export class LocalVideoTrack extends OwnTrack<SdkLocalVideoTrack> {
  /** A track that shows what its source is given, once it is published. Throws as `createAudioTrack` does. */
  static createVideoTrack(name: string, source: VideoSource): LocalVideoTrack {
    checkSource('VideoSource', source)
    return ownVideo(SdkLocalVideoTrack.createVideoTrack(name, source))
  }
  override toString(): string {
    return this.form('LocalVideoTrack')
  }
}
export class RemoteAudioTrack extends Track<SdkRemoteAudioTrack> {
  override toString(): string {
    return this.form('RemoteAudioTrack')
  }
}
export class RemoteVideoTrack extends Track<SdkRemoteVideoTrack> {
  override toString(): string {
    return this.form('RemoteVideoTrack')
  }
}

export type LocalTrack = LocalAudioTrack | LocalVideoTrack
export type RemoteTrack = RemoteAudioTrack | RemoteVideoTrack
export type AudioTrack = LocalAudioTrack | RemoteAudioTrack
export type VideoTrack = LocalVideoTrack | RemoteVideoTrack

/** Looks at what it has, not at its class: a source may be of another copy of rtc-node. */
const checkSource = (kind: 'AudioSource' | 'VideoSource', source: unknown): void => {
  const has = kind === 'AudioSource' ? 'numChannels' : 'width'
  const given = Object(source)
  if (!(has in given && 'ffiHandle' in given))
    throw misuse('ERR_SOURCE', `the track needs a name, and then its ${kind}: that is none`)
  if (Reflect.get(given, 'closed') === true) throw misuse('ERR_SOURCE', `the ${kind} is closed: make another one for this track`)
}

const ownAudio = oneEach((sdk: SdkLocalAudioTrack) => new LocalAudioTrack(sdk))
const ownVideo = oneEach((sdk: SdkLocalVideoTrack) => new LocalVideoTrack(sdk))
const theirAudio = oneEach((sdk: SdkRemoteAudioTrack) => new RemoteAudioTrack(sdk))
const theirVideo = oneEach((sdk: SdkRemoteVideoTrack) => new RemoteVideoTrack(sdk))

/** Ours for one of rtc-node's, always the same. */
export const localTrackOf = (sdk: SdkLocalAudioTrack | SdkLocalVideoTrack): LocalTrack =>
  sdk instanceof SdkLocalAudioTrack ? ownAudio(sdk) : ownVideo(sdk)
export const remoteTrackOf = (sdk: SdkRemoteAudioTrack | SdkRemoteVideoTrack): RemoteTrack =>
  sdk instanceof SdkRemoteAudioTrack ? theirAudio(sdk) : theirVideo(sdk)
