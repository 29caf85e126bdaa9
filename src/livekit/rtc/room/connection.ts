/** One connection of a room of ours: a room of rtc-node's, and all that ends with it. */
import { DisconnectReason, type LocalParticipant as SdkLocalParticipant, type Room as SdkRoom } from '@livekit/rtc-node'
import { deferred } from '../../../deferred.ts'
import { coded } from '../../../errors.ts'
import type { Clock, Log } from '../../../ports.ts'
import { checkUrl, joinFailure } from '../../failures.ts'
import { hush } from '../../quiet.ts'
import { ConnectError } from '../errors.ts'
import { member } from '../native.ts'
import { oneEach } from '../sdk.ts'
import { type Inbox, inboxOn } from '../streams/inbox.ts'
import { E2EEManager } from './e2ee.ts'
import type { EventsOf, Tell } from './events.ts'
import { join, leave, leaveAtShutdown, letGo, refuseWhenDown } from './lifetime.ts'
import { listenTo } from './listen.ts'
import { LocalParticipant } from './local-participant.ts'
import { joinLimit, type RoomOptions, sdkRoomOptions } from './options.ts'
import { type RemoteParticipant, remoteParticipantOf } from './participant.ts'
import {
  type LocalTrackPublication,
  localPublicationOf,
  noteUnpublished,
  type RemoteTrackPublication,
  remotePublicationOf,
} from './publication.ts'
import { type LocalTrack, localTrackOf, type RemoteTrack, remoteTrackOf } from './track.ts'

/** The objects of ours that events carry. */
export type OurKinds = {
  local: LocalParticipant
  remote: RemoteParticipant
  localPublication: LocalTrackPublication
  remotePublication: RemoteTrackPublication
  localTrack: LocalTrack
  remoteTrack: RemoteTrack
}
export type RoomEvents = EventsOf<OurKinds>
export type Around = { clock: Clock; log: Log }

export class Connection {
  readonly sdk: SdkRoom
  readonly e2ee: E2EEManager
  readonly #around: Around
  readonly #tell: Tell<OurKinds>
  readonly #localOf: (sdk: SdkLocalParticipant) => LocalParticipant
  /** Aborts when it is over, whoever ended it. */
  readonly #gone = new AbortController()
  readonly #sidCame = deferred<string>()
  readonly #offs: (() => void)[]
  #sid = ''
  #inbox: Inbox | undefined
  /** Whether we made the connection, and not the owner of `sdk`. */
  #ours = false
  #entering = false
  /** What was told: that we are in, and that it is over. */
  #entered = false
  #told = false
  #left: Promise<void> | undefined

  /** Hears everything from now on: `sdk` may be connected already, now by us, or later by its owner. */
  constructor(sdk: SdkRoom, around: Around, tell: Tell<OurKinds>) {
    this.sdk = sdk
    this.#around = around
    this.#tell = tell
    this.#localOf = oneEach(local => new LocalParticipant(local, { room: sdk, gone: this.#gone.signal, ...around }))
    this.e2ee = new E2EEManager(sdk)
    this.#sidCame.promise.catch(() => undefined) // nobody may ask for it
    this.#offs = this.#listen()
    if (sdk.isConnected) this.#look()
  }

  /** Connected, or on the way there. */
  get open(): boolean {
    return !this.over && (this.#entering || this.sdk.isConnected)
  }
  /** It was, or could not be, or is about to end: for another one rtc-node wants another room. */
  get over(): boolean {
    return this.#gone.signal.aborted || this.#left !== undefined
  }
  get local(): LocalParticipant | undefined {
    const { localParticipant } = this.sdk
    return localParticipant && this.#localOf(localParticipant)
  }
  get inbox(): Inbox {
    this.#inbox ??= inboxOn(this.sdk, this.#gone.signal, this.#around.log)
    return this.#inbox
  }
  /** Empty while it is not known. */
  get sid(): string {
    return this.#sid
  }
  /** Resolves with the sid when it is known; rejects with code ERR_DISCONNECTED when it is over before. */
  get sidCame(): Promise<string> {
    return this.#sidCame.promise
  }

  /** Resolves when it was left; undefined where nobody leaves it. */
  get left(): Promise<void> | undefined {
    return this.#left
  }

  /** Begins when `after` has settled: the end of the one before is told first. */
  async enter(url: string, token: string, options: RoomOptions, after?: Promise<void>): Promise<void> {
    refuseWhenDown()
    const way = { url, token, options: sdkRoomOptions(options) }
    const signal = AbortSignal.any([this.#gone.signal, options.signal ?? this.#gone.signal])
    signal.throwIfAborted()
    checkWay(way)
    hush(this.#around.log)
    this.#ours = true
    this.#entering = true
    this.#offs.push(leaveAtShutdown(() => this.leave()))
    try {
      await after
      await join(this.sdk, way, { clock: this.#around.clock, signal, ms: joinLimit(options) })
    } catch (error) {
      this.#end('the room could not be entered')
      if (this.#entered) this.#say('disconnected', { reason: DisconnectReason.CLIENT_INITIATED }) // in a handler of that
      this.#release()
      options.signal?.throwIfAborted()
      throw refusal(error, url)
    } finally {
      this.#entering = false
    }
  }

  /** Nothing happens where it is not open; who comes again waits for the same end. Never rejects. */
  async leave(): Promise<void> {
    if (this.#entering) this.#end('the room was left while it was being entered')
    else if (this.open) this.#left ??= this.#leave()
    await this.#left
  }
  async #leave(): Promise<void> {
    await this.local?.end() // whoever waits for an answer of ours gets one while it can be sent (LP-8)
    this.#end('the room was left')
    await leave(this.sdk, this.#around)
    this.#say('disconnected', { reason: DisconnectReason.CLIENT_INITIATED }) // where the server was silent
    this.#release()
  }

  #listen(): (() => void)[] {
    const { sdk } = this
    const words = {
      ...{ local: this.#localOf, remote: remoteParticipantOf },
      ...{ localPublication: localPublicationOf, remotePublication: remotePublicationOf },
      ...{ localTrack: localTrackOf, remoteTrack: remoteTrackOf },
    }
    const know = (sid: string) => this.#know(sid)
    sdk.on('roomSidChanged', know)
    const off = listenTo<OurKinds>(sdk, words, this.#say, this.#around.log)
    return [off, () => void sdk.off('roomSidChanged', know)]
  }
  readonly #say: Tell<OurKinds> = (event, ...told) => {
    const last = event === 'disconnected'
    if (last && this.#told) return
    this.#told ||= last
    this.#entered ||= event === 'connected'
    if (last) this.#end('the connection is gone')
    if (event === 'connected' || event === 'roomUpdated' || event === 'moved') this.#look()
    this.#tell(event, ...told)
    if (last && !this.#left) this.#release()
  }

  /** rtc-node forgets the sid that comes by itself, and has it from the next change of the room on (RM-8). */
  #look(): void {
    const info = member(this.sdk, 'info')
    const sid = typeof info === 'object' && info !== null ? member(info, 'sid') : undefined
    if (typeof sid === 'string') this.#know(sid)
  }
  #know(sid: string): void {
    if (!sid) return
    this.#sid = sid
    this.#sidCame.resolve(sid)
  }

  #end(why: string): void {
    const reason = coded('ERR_DISCONNECTED', why)
    this.#gone.abort(reason)
    this.#sidCame.reject(reason)
    for (const publication of this.sdk.localParticipant?.trackPublications.values() ?? []) noteUnpublished(publication)
  }
  #release(): void {
    for (const off of this.#offs.splice(0)) off()
    if (this.#ours) letGo(this.sdk) // a room that somebody else connected is theirs
  }
}

/** Throws a ConnectError for what cannot lead into a room: nothing is begun then. */
const checkWay = ({ url, token }: { url: string; token: string }): void => {
  try {
    checkUrl(url)
    if (!token) throw coded('ERR_BAD_TOKEN', 'the token is missing: make one with tokenFor')
  } catch (error) {
    throw refusal(error, url)
  }
}
const refusal = (error: unknown, url: string): ConnectError => new ConnectError(joinFailure(error, url).message, error)
