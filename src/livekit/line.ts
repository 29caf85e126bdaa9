/** One connection: the SDK's room, and what all ports of one world share and leave behind together. */
import type { RemoteParticipant, RemoteTrack, Room as SdkRoom, TrackPublication } from '@livekit/rtc-node'
import { coded, lineOf } from '../errors.ts'
import type { Clock, Log, Participant, RoomEvent } from '../ports.ts'
import { Audience } from './audience.ts'
import { isActive, participantOf, trackInfoOf } from './facts.ts'

/** What is open, by kind; all of it ends with the line. */
export type Open = 'listener' | 'stream' | 'speaker'

export class Line {
  readonly clock: Clock
  readonly log: Log
  /** The room once we are in it. */
  room: SdkRoom | undefined
  /** Gets the facts; undefined before joining and from leaving on. */
  tell: ((event: RoomEvent) => void) | undefined
  /** Aborts when the connection is gone for good, whoever ended it. */
  readonly gone = new AbortController()
  /** Who heard our own tracks. */
  readonly audience = new Audience(sid => this.fact({ type: 'speaker.subscribed', sid }))
  readonly #ends = new Map<() => void, Open>()
  /** The name of each subscribed track; a replacement is another object, so it gets another. */
  readonly #tracks = new Map<string, { track: RemoteTrack; ended: AbortController }>()
  readonly #active = new Set<string>()
  #named = 0

  constructor(clock: Clock, log: Log) {
    this.clock = clock
    this.log = log
  }

  get participant() {
    const participant = this.gone.signal.aborted ? undefined : this.room?.localParticipant
    if (!participant) throw coded('ERR_NOT_JOINED', 'the room is not joined: call room.join first')
    return participant
  }

  /** Tells a fact; what the listener throws is logged. */
  fact(event: RoomEvent): void {
    try {
      this.tell?.(event)
    } catch (error) {
      this.log('error', 'livekit.listener.failed', { event: event.type, error: lineOf(error) })
    }
  }

  /** Runs `end` when the line ends, unless the returned function was called before. */
  hold(kind: Open, end: () => void): () => void {
    this.#ends.set(end, kind)
    return () => void this.#ends.delete(end)
  }
  /** How much is open of each kind. */
  get open(): Record<Open, number> {
    const kinds = [...this.#ends.values()]
    const count = (kind: Open) => kinds.filter(other => other === kind).length
    return { listener: count('listener'), stream: count('stream'), speaker: count('speaker') }
  }
  /** Ends all that is open. */
  end(): void {
    this.gone.abort(coded('ERR_CLOSED', 'the room is closed'))
    for (const end of [...this.#ends.keys()]) end()
    this.#ends.clear()
    for (const { ended } of this.#tracks.values()) ended.abort()
    this.#tracks.clear()
    this.#active.clear()
  }

  /** Names a track that was subscribed, in place of the one its publication had: that one has ended. */
  name(publication: TrackPublication, track: RemoteTrack): string {
    this.unname(publication)
    const key = `${publication.sid}#${++this.#named}`
    this.#tracks.set(key, { track, ended: new AbortController() })
    return key
  }
  keyOf(publication: TrackPublication): string | undefined {
    return [...this.#tracks.keys()].find(key => key.startsWith(`${publication.sid}#`))
  }
  /** The track of this publication has ended; gives back what it was called. */
  unname(publication: TrackPublication): string | undefined {
    const key = this.keyOf(publication)
    if (key === undefined) return undefined
    this.#tracks.get(key)?.ended.abort()
    this.#tracks.delete(key)
    return key
  }
  track(key: string): { track: RemoteTrack; ended: AbortController } | undefined {
    return this.#tracks.get(key)
  }

  /** Somebody gave a sign of being able to receive data: told once per stay (LINK-4). Also before their coming is told. */
  activate(identity: string): void {
    if (this.#active.has(identity)) return
    this.#active.add(identity)
    const participant = this.room?.remoteParticipants.get(identity)
    if (participant) this.fact({ type: 'participant.active', identity, participantSid: participant.sid ?? '' })
  }
  deactivate(identity: string): void {
    this.#active.delete(identity)
  }
  /** A participant as it is now. */
  about(participant: RemoteParticipant): Participant {
    if (isActive(participant)) this.#active.add(participant.identity)
    const tracks = [...participant.trackPublications.values()].map(one => trackInfoOf(one, this.keyOf(one)))
    return participantOf(participant, this.#active.has(participant.identity), tracks)
  }
  /** Everybody but us. */
  roster(): Participant[] {
    return [...(this.room?.remoteParticipants.values() ?? [])].map(one => this.about(one))
  }
}
