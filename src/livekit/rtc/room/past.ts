/** What was, for events that tell of a change: rtc-node tells only what is. */
import type { LocalTrackPublication, Participant, Room } from '@livekit/rtc-node'

type Known = { name: string; metadata: string }

export class Past {
  readonly #room: Room
  #metadata = ''
  readonly #people = new WeakMap<Participant, Known>()
  /** Our publications that are out. */
  readonly #out = new Set<LocalTrackPublication>()

  constructor(room: Room) {
    this.#room = room
    this.look()
  }

  /** Takes everything as it is now: when the room is entered, and when it is another one. */
  look(): void {
    const { localParticipant, metadata = '', remoteParticipants } = this.#room
    this.#metadata = metadata
    for (const participant of remoteParticipants.values()) this.meet(participant)
    if (!localParticipant) return
    this.meet(localParticipant)
    for (const publication of localParticipant.trackPublications.values()) this.#out.add(publication)
  }
  meet(participant: Participant): Known {
    const known = { name: participant.name ?? '', metadata: participant.metadata }
    this.#people.set(participant, known)
    return known
  }

  /** The room's metadata until now, and from now on. */
  metadata(newMetadata: string) {
    const oldMetadata = this.#metadata
    this.#metadata = newMetadata
    return { oldMetadata, newMetadata }
  }
  metadataOf(participant: Participant) {
    const known = this.#people.get(participant) ?? this.meet(participant)
    const oldMetadata = known.metadata
    known.metadata = participant.metadata
    return { oldMetadata, newMetadata: participant.metadata }
  }
  nameOf(participant: Participant) {
    const known = this.#people.get(participant) ?? this.meet(participant)
    const oldName = known.name
    known.name = participant.name ?? ''
    return { oldName, newName: known.name }
  }

  published(publication: LocalTrackPublication): void {
    this.#out.add(publication)
  }
  /** Which one it was: where we unpublished it ourselves rtc-node does not know it any more. */
  unpublished(sid: string | undefined): LocalTrackPublication | undefined {
    const publication = [...this.#out].find(one => one.sid === sid)
    if (publication) this.#out.delete(publication)
    return publication
  }
}
