/** Who is in the room, as plain facts: one entry an identity, in the order in which they came. */
import type { Participant, RoomEvent, TrackInfo, TrackSource } from '../../src/ports.ts'

/** The roster after a fact of the room. A second stay of an identity takes the place of the first; facts of a stay that is over change nothing. */
export const rosterAfter = (roster: Participant[], fact: RoomEvent): Participant[] => {
  if (fact.type === 'room.reconnected') return fact.participants
  if (fact.type === 'participant.joined') {
    const { participant } = fact
    const known = roster.some(({ identity }) => identity === participant.identity)
    return known ? roster.map(one => (one.identity === participant.identity ? participant : one)) : [...roster, participant]
  }
  if (!('participantSid' in fact)) return roster
  if (fact.type === 'participant.left') return roster.filter(({ sid }) => sid !== fact.participantSid)
  return roster.map(one => (one.sid === fact.participantSid ? participantAfter(one, fact) : one))
}

const participantAfter = (participant: Participant, fact: RoomEvent): Participant => {
  if (fact.type === 'participant.active') return { ...participant, active: true }
  if (fact.type === 'participant.changed') return { ...participant, attributes: fact.attributes }
  return 'track' in fact ? { ...participant, tracks: tracksAfter(participant.tracks, fact.type, fact.track) } : participant
}

/** A track that is not subscribed has no key; the end of a subscription that has been replaced changes nothing. */
const tracksAfter = (tracks: TrackInfo[], type: RoomEvent['type'], track: TrackInfo): TrackInfo[] => {
  const known = tracks.find(({ sid }) => sid === track.sid)
  if (type === 'track.unpublished') return tracks.filter(one => one !== known)
  if (type === 'track.unsubscribed' && known?.key !== track.key) return tracks
  const now = trackAfter(known, type, track)
  return known ? tracks.map(one => (one === known ? now : one)) : [...tracks, now]
}

/** Only the two facts about it change what is subscribed. */
const trackAfter = (known: TrackInfo | undefined, type: RoomEvent['type'], track: TrackInfo): TrackInfo => {
  if (type === 'track.subscribed') return { ...track, subscribed: true }
  if (type === 'track.unsubscribed') return unsubscribed(track)
  if (!known) return track
  return known.key === undefined ? unsubscribed(track) : { ...track, key: known.key, subscribed: true }
}

/** The same publication without a track to hear. */
export const unsubscribed = ({ key: _, ...track }: TrackInfo): TrackInfo => ({ ...track, subscribed: false })

/** Publishes something from one of these sources. */
export const publishes = (participant: Participant | undefined, sources: readonly TrackSource[]): boolean =>
  participant?.tracks.some(({ source }) => sources.includes(source)) ?? false

/** We have a track of theirs from one of these sources. */
export const isHeard = (participant: Participant | undefined, sources: readonly TrackSource[]): boolean =>
  participant?.tracks.some(({ source, subscribed }) => subscribed && sources.includes(source)) ?? false
