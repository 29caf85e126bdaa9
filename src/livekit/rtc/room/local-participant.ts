/** Ourselves in a room: what we publish, send, say of ourselves, ask of others and answer them. */
import {
  type ChatMessage,
  type RpcInterceptor,
  LocalAudioTrack as SdkLocalAudioTrack,
  type LocalParticipant as SdkLocalParticipant,
  LocalVideoTrack as SdkLocalVideoTrack,
  type Room as SdkRoom,
} from '@livekit/rtc-node'
import { coded, lineOf } from '../../../errors.ts'
import type { Clock, Log } from '../../../ports.ts'
import {
  ChangeError,
  checkIdentities,
  checkText,
  disconnected,
  misuse,
  outside,
  PublishDataError,
  PublishDTMFError,
  PublishTrackError,
  PublishTranscriptionError,
  UnpublishTrackError,
} from '../errors.ts'
import { native } from '../native.ts'
import { sdkOf, type Wraps } from '../sdk.ts'
import { streamBytes } from '../streams/bytes.ts'
import { type SendFileOptions, sendFile } from '../streams/file.ts'
import type { ByteStreamInfo, ByteStreamOptions, TextStreamInfo, TextStreamOptions } from '../streams/info.ts'
import { type SendTextOptions, sendText, streamText } from '../streams/text.ts'
import type { ByteStreamWriter, TextStreamWriter } from '../streams/writer.ts'
import { setAttributes, setMetadata, setName } from './native-room.ts'
import { type PublishOptions, sdkPublishOptions } from './options.ts'
import { Participant } from './participant.ts'
import { checkPermissions, isTrackSid, type SubscriptionPermissions } from './permissions.ts'
import { type LocalTrackPublication, localPublicationOf, noteUnpublished } from './publication.ts'
import { type PerformRpcOptions, Rpc, type RpcHandler } from './rpc.ts'
import { type Transcription, toSdkTranscription } from './transcription.ts'

type SdkLocalTrack = SdkLocalAudioTrack | SdkLocalVideoTrack

/** The room that we are in. `gone` aborts when it is left or lost: all that waits ends with its reason. */
export type Surroundings = { room: SdkRoom; gone: AbortSignal; log: Log; clock: Clock }

/** To whom: to everybody in the room where `destinationIdentities` are not given. Lossy data may get lost, but never waits. */
export type DataPublishOptions = { reliable?: boolean; destinationIdentities?: string[]; topic?: string }

export class LocalParticipant extends Participant<SdkLocalParticipant> {
  readonly #in: Surroundings
  readonly #rpc: Rpc
  /** Changes of ourselves go out one after another: each tells the server the others as they were (law 7). */
  #lane: Promise<unknown> = Promise.resolve()
  readonly #publishing = new Set<SdkLocalTrack>()

  constructor(sdk: SdkLocalParticipant, surroundings: Surroundings) {
    super(sdk)
    this.#in = surroundings
    this.#rpc = new Rpc({ sdk, ...surroundings })
  }

  get trackPublications(): ReadonlyMap<string, LocalTrackPublication> {
    return new Map([...this.sdk.trackPublications].map(([sid, publication]) => [sid, localPublicationOf(publication)]))
  }

  /** Text goes out as UTF-8. Resolves when it is sent; rejects with a PublishDataError. */
  async publishData(data: string | Uint8Array, options: DataPublishOptions = {}): Promise<void> {
    const bytes = typeof data === 'string' ? new TextEncoder().encode(data) : data
    if (!(bytes instanceof Uint8Array)) throw misuse('ERR_ARGUMENT', 'data must be text or a Uint8Array')
    const { reliable = true, destinationIdentities = [], topic = '' } = options
    checkIdentities(destinationIdentities)
    await this.#asked(PublishDataError, () =>
      this.sdk.publishData(bytes, { reliable, topic, destination_identities: destinationIdentities }),
    )
  }

  /** A tone for telephones: `code` is its number, `digit` what is on the key. Rejects with a PublishDTMFError. */
  publishDtmf(tone: { code: number; digit: string }): Promise<void>
  publishDtmf(code: number, digit: string): Promise<void>
  async publishDtmf(tone: number | { code: number; digit: string }, key = ''): Promise<void> {
    const { code, digit } = typeof tone === 'number' ? { code: tone, digit: key } : tone
    if (!(Number.isInteger(code) && code >= 0))
      throw outside('ERR_RANGE', `the code of a tone must be a whole number from 0 on, and is ${code}`)
    await this.#asked(PublishDTMFError, () => this.sdk.publishDtmf(code, digit))
  }

  /** Rejects with a PublishTranscriptionError, or with a RangeError for a time that cannot be. */
  async publishTranscription(transcription: Transcription): Promise<void> {
    const sdk = toSdkTranscription(transcription)
    await this.#asked(PublishTranscriptionError, () => this.sdk.publishTranscription(sdk))
  }

  /**
   * Resolves when the server has it: then the track has its sid, and `trackPublications` the publication. Rejects with a PublishTrackError,
   * and with a TypeError for what is no track (ERR_TRACK) or no option (ERR_ARGUMENT).
   */
  async publishTrack(track: SdkLocalTrack | Wraps<SdkLocalTrack>, options: PublishOptions = {}): Promise<LocalTrackPublication> {
    const sdk = sdkOf<SdkLocalTrack>(track)
    if (!(sdk instanceof SdkLocalAudioTrack || sdk instanceof SdkLocalVideoTrack))
      throw misuse('ERR_TRACK', 'only a LocalAudioTrack or a LocalVideoTrack can be published')
    // The server would never answer, and until the native layer gives up, after 10 s, no event of the room gets through.
    if (this.#publishing.has(sdk) || [...this.sdk.trackPublications.values()].some(one => one.track === sdk))
      throw misuse('ERR_TRACK', `the track "${sdk.name}" is published already: unpublish it first, or make another one`)
    const sdkOptions = sdkPublishOptions(options)
    this.#publishing.add(sdk)
    const publishing = () => this.sdk.publishTrack(sdk, sdkOptions)
    const publication = await this.#asked(PublishTrackError, publishing).finally(() => this.#publishing.delete(sdk))
    return localPublicationOf(publication)
  }

  /** Rejects with an UnpublishTrackError, also for a sid that is not one of ours. The track stops, unless `stopOnUnpublish` is false. */
  async unpublishTrack(sid: string, stopOnUnpublish = true): Promise<void> {
    if (!isTrackSid(sid))
      throw new UnpublishTrackError(`"${sid}" is not the sid of a track: those of ours are in trackPublications`)
    const publication = this.sdk.trackPublications.get(sid)
    await this.#asked(UnpublishTrackError, () => this.sdk.unpublishTrack(sid, stopOnUnpublish))
    if (publication) noteUnpublished(publication)
  }

  /**
   * Rejects with code ERR_REFUSED if the server refuses: the token must have `canUpdateOwnMetadata`. So do the other two. An empty text
   * is no change to the server, of the name too.
   */
  async setMetadata(metadata: string): Promise<void> {
    checkText('metadata', metadata)
    await this.#change((own, signal) => setMetadata(own, metadata, signal))
  }
  async setName(name: string): Promise<void> {
    checkText('a name', name)
    await this.#change((own, signal) => setName(own, name, signal))
  }
  /** Sets the attributes given and leaves the others; an empty text takes one away. */
  async setAttributes(attributes: Record<string, string>): Promise<void> {
    for (const [key, value] of Object.entries(attributes)) checkText(`the attribute ${key}`, value)
    await this.#change((own, signal) => setAttributes(own, attributes, signal))
  }

  /** With all allowed the list has no effect; without, and without a list, nobody may subscribe. Whoever hears a track already hears it no more. */
  setTrackSubscriptionPermissions(permissions: SubscriptionPermissions): void {
    checkPermissions(permissions)
    if (this.#in.gone.aborted) throw disconnected(this.#in.gone)
    const { allowAllParticipants, participantPermissions = [] } = permissions
    const value = { localParticipantHandle: this.sdk.ffi_handle.handle, allParticipantsAllowed: allowAllParticipants }
    native().request({ case: 'setTrackSubscriptionPermissions', value: { ...value, permissions: participantPermissions } })
  }

  /** Calls a method of another participant. Resolves with its answer; rejects with a RpcError. */
  performRpc(call: PerformRpcOptions): Promise<string> {
    return this.#rpc.perform(call)
  }
  /**
   * Answers calls of this method, in place of an earlier handler of it. A RpcError that it throws reaches the caller as it is, anything
   * else as 1500. An asynchronous one has the caller's time, and then its signal aborts. Gives the handler back.
   */
  registerRpcMethod<H extends RpcHandler>(method: string, handler: H): H {
    return this.#rpc.register(method, handler)
  }
  unregisterRpcMethod(method: string): void {
    this.#rpc.unregister(method)
  }
  /** Wraps all calls, those that we make and those that we answer; the first one is outermost. Not in rtc-node 0.13. */
  addRpcInterceptor(interceptor: RpcInterceptor): void {
    if (!this.sdk.addRpcInterceptor)
      throw coded('ERR_SDK_VERSION', 'this version of @livekit/rtc-node has no RPC interceptors: use 1.1')
    this.sdk.addRpcInterceptor(interceptor)
  }
  removeRpcInterceptor(interceptor: RpcInterceptor): void {
    this.sdk.removeRpcInterceptor?.(interceptor)
  }

  /** Opens a stream of text, for what is written piece by piece. */
  streamText(options: TextStreamOptions = {}): Promise<TextStreamWriter> {
    return streamText(this.sdk, options, this.#in.gone)
  }
  sendText(text: string, options: SendTextOptions = {}): Promise<TextStreamInfo> {
    return sendText(this.sdk, text, options, this.#in.gone)
  }
  streamBytes(options: ByteStreamOptions = {}): Promise<ByteStreamWriter> {
    return streamBytes(this.sdk, options, this.#in.gone)
  }
  sendFile(path: string | URL, options: SendFileOptions = {}): Promise<ByteStreamInfo> {
    return sendFile(this.sdk, path, options, this.#in.gone)
  }

  /** A message of the chat that LiveKit had before text streams. */
  sendChatMessage(text: string, destinationIdentities?: string[], senderIdentity?: string): Promise<ChatMessage> {
    return this.#asked(PublishDataError, () => this.sdk.sendChatMessage(text, destinationIdentities, senderIdentity))
  }
  editChatMessage(
    text: string,
    original: ChatMessage,
    destinationIdentities?: string[],
    senderIdentity?: string,
  ): Promise<ChatMessage> {
    return this.#asked(PublishDataError, () => this.sdk.editChatMessage(text, original, destinationIdentities, senderIdentity))
  }

  override toString(): string {
    return this.form('LocalParticipant')
  }

  /** What the room does before it asks to be disconnected: whoever waits for one of our handlers gets an answer. @internal */
  end(): Promise<void> {
    return this.#rpc.end()
  }

  /** rtc-node gives up by itself when the room is left: then that is the reason. */
  async #asked<T>(Refusal: typeof PublishDataError, ask: () => Promise<T>): Promise<T> {
    const { gone } = this.#in
    if (gone.aborted) throw disconnected(gone)
    try {
      return await ask()
    } catch (error) {
      throw gone.aborted ? disconnected(gone) : new Refusal(lineOf(error), error)
    }
  }

  async #change(
    make: (own: { participant: SdkLocalParticipant; room: SdkRoom }, signal: AbortSignal) => Promise<void>,
  ): Promise<void> {
    const own = { participant: this.sdk, room: this.#in.room }
    const mine = this.#lane.then(() => this.#asked(ChangeError, () => make(own, this.#in.gone)))
    this.#lane = mine.catch(() => undefined) // whoever asked is told
    await mine
  }
}
