/** Whatever a participant publishes as one source, one track after the other, as if it were one (AST-4). */
import {
  RemoteParticipant,
  type Room as SdkRoom,
  type Track as SdkTrack,
  type TrackKind,
  type TrackSource,
} from '@livekit/rtc-node'
import { lineOf } from '../../../errors.ts'
import type { Log } from '../../../ports.ts'
import { misuse } from '../errors.ts'
import { sdkOf, type Wraps } from '../sdk.ts'
import { watchComings } from './comings.ts'
import type { Receiver, Tap } from './track-stream.ts'

/** `room` is theirs: to be given only for a participant of a room that rtc-node made and nobody put into one of ours. */
export type Whose = {
  participant: RemoteParticipant | Wraps<RemoteParticipant>
  trackSource: TrackSource
  room?: SdkRoom | Wraps<SdkRoom>
}
/** What is followed, before anybody receives it. */
export type Followed = { follow<T>(tapOf: (track: SdkTrack) => Tap<T>, log: Log): Tap<T> }
export const isFollowed = (one: object): one is Followed => Object(one) === one && 'follow' in one

const known: WeakRef<SdkRoom>[] = []
/** From now on the participants of this room need not be given with their room. */
export const knowRoom = (room: SdkRoom): void => {
  const alive = known.filter(ref => ref.deref() !== undefined && ref.deref() !== room)
  known.splice(0, known.length, ...alive, new WeakRef(room))
}
const roomOf = (participant: RemoteParticipant): SdkRoom | undefined =>
  known.map(ref => ref.deref()).find(room => room && isIn(room, participant))
const isIn = (room: SdkRoom, participant: RemoteParticipant) => room.remoteParticipants.get(participant.identity) === participant

/**
 * Throws a TypeError with code ERR_TRACK for what is no remote participant, or one whose room is not known, and for what is no source.
 * One who has left is over.
 */
export const followed = ({ participant, trackSource, room: given }: Whose, kind: TrackKind): Followed => {
  const who: unknown = Object(participant) === participant ? sdkOf(participant) : participant
  if (!(who instanceof RemoteParticipant))
    throw misuse('ERR_TRACK', 'this is no remote participant: of ourselves, or of a track, make the stream of the track')
  if (!Number.isInteger(trackSource)) throw misuse('ERR_TRACK', `the trackSource is ${trackSource}: use one of TrackSource`)
  const room = given ? sdkOf(given) : roomOf(who)
  if (!room && who.disconnectReason === undefined)
    throw misuse('ERR_TRACK', `the room of "${who.identity}" is not known: give it too, as room`)
  const find = () =>
    [...who.trackPublications.values()].find(one => one.source === trackSource && one.track?.kind === kind)?.track
  const isOver = () => !room?.isConnected || !isIn(room, who)
  return {
    follow: (tapOf, log) => to => {
      const following = new Following(to, { find, tapOf, log })
      if (!room || isOver()) queueMicrotask(() => to.end())
      else
        following.release = watchComings(room, coming => {
          if (coming.type === 'subscribed') following.look()
          if (coming.type === 'gone' || (coming.type === 'left' && coming.participant === who)) to.end()
        })
      if (!isOver()) following.look()
      return following.stop
    },
  }
}

type Hands<T> = { find: () => SdkTrack | undefined; tapOf: (track: SdkTrack) => Tap<T>; log: Log }
class Following<T> {
  release = () => {}
  readonly #to: Receiver<T>
  readonly #hands: Hands<T>
  /** What is received now. */
  #current: (() => void) | undefined
  /** A subscription is another track each time: one that has ended says nothing any more, even while its publication still has it. */
  #last: SdkTrack | undefined
  #over = false

  constructor(to: Receiver<T>, hands: Hands<T>) {
    this.#to = to
    this.#hands = hands
  }

  look(): void {
    const track = this.#hands.find()
    if (this.#over || this.#current || !track || track === this.#last) return
    this.#last = track
    try {
      this.#current = this.#hands.tapOf(track)({ take: this.#to.take, end: error => this.#ended(error) })
    } catch (error) {
      this.#failed(error)
    }
  }
  readonly stop = (): void => {
    this.#over = true
    this.release()
    this.#current?.()
    this.#current = undefined
  }

  #ended(error: unknown): void {
    if (error !== undefined) this.#failed(error)
    this.#current?.()
    this.#current = undefined
    this.look()
  }
  /** It may be gone in this very moment; the next one may do. */
  #failed(error: unknown): void {
    this.#hands.log('warn', 'livekit.track.failed', { error: lineOf(error) })
  }
}
