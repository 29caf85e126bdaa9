/** Turns what happens in rtc-node's room into facts. */
import type { RemoteParticipant, RemoteTrackPublication, Room as SdkRoom, TrackPublication } from '@livekit/rtc-node'
import type { RoomEvent } from '../ports.ts'
import { attributesOf, endReasonOf, leaveReasonOf, trackInfoOf } from './facts.ts'
import type { Line } from './line.ts'
import type { Arguments } from './rtc/emitter.ts'
import type { EventsOf, SdkKinds, Words } from './rtc/room/events.ts'
import { listenTo as listenToRoom } from './rtc/room/listen.ts'

type TrackFact = Extract<RoomEvent, { type: `track.${string}` }>['type']
type SdkEvents = EventsOf<SdkKinds>
type Handlers = { [E in keyof SdkEvents]?: (...told: Arguments<SdkEvents[E]>) => void }

/** rtc-node's objects as they are. */
const words: Words<SdkKinds> = {
  ...{ local: one => one, remote: one => one },
  ...{ localPublication: one => one, remotePublication: one => one },
  ...{ localTrack: one => one, remoteTrack: one => one },
}

const from = (participant: RemoteParticipant) => ({ identity: participant.identity, participantSid: participant.sid ?? '' })

/** From now on everything that happens in `room` is told to the line, until the returned function is called. */
export const listenTo = (line: Line, room: SdkRoom): (() => void) => {
  const handlers: Handlers = { ...people(line), ...tracks(line), ...ours(line) }
  return listenToRoom<SdkKinds>(room, words, (event, ...told) => handlers[event]?.(...told), line.log)
}

/** Whether it is one of the others, who is here. */
const isOther = (line: Line, participant: { identity: string }): participant is RemoteParticipant =>
  line.room?.remoteParticipants.get(participant.identity) === participant

const people = (line: Line): Handlers => ({
  participantConnected: ({ participant }) => line.fact({ type: 'participant.joined', participant: line.about(participant) }),
  participantActive: ({ participant }) => line.activate(participant.identity),
  participantDisconnected: ({ participant }) => {
    line.deactivate(participant.identity)
    for (const publication of participant.trackPublications.values()) end(line, publication, participant)
    line.fact({ type: 'participant.left', reason: leaveReasonOf(participant.disconnectReason), ...from(participant) })
  },
  participantAttributesChanged: ({ participant }) => {
    if (!isOther(line, participant)) return // our own
    line.fact({ type: 'participant.changed', attributes: attributesOf(participant), ...from(participant) })
  },
  dataReceived: ({ participant }) => {
    if (participant) line.activate(participant.identity)
  },
})

const tracks = (line: Line): Handlers => {
  const tell = (type: TrackFact, publication: TrackPublication, participant: RemoteParticipant, key = line.keyOf(publication)) =>
    line.fact({ type, track: trackInfoOf(publication, key), ...from(participant) })
  const mute =
    (type: TrackFact): NonNullable<Handlers['trackMuted']> =>
    ({ publication, participant }) => {
      if (isOther(line, participant)) tell(type, publication, participant)
    }
  return {
    trackPublished: ({ publication, participant }) => {
      tell('track.published', publication, participant)
      line.activate(participant.identity)
    },
    trackUnpublished: ({ publication, participant }) => {
      end(line, publication, participant)
      tell('track.unpublished', publication, participant)
    },
    trackSubscribed: ({ track, publication, participant }) => {
      end(line, publication, participant)
      tell('track.subscribed', publication, participant, line.name(publication, track))
    },
    trackUnsubscribed: ({ publication, participant }) => end(line, publication, participant),
    trackMuted: mute('track.muted'),
    trackUnmuted: mute('track.unmuted'),
    trackSubscriptionFailed: ({ trackSid, participant, error }) =>
      line.log('warn', 'livekit.subscription.failed', { sid: trackSid, identity: participant.identity, error }),
  }
}

/** The track of this publication has ended, if there was one. */
const end = (line: Line, publication: RemoteTrackPublication, participant: RemoteParticipant): void => {
  const key = line.unname(publication)
  if (key === undefined) return
  const track = { ...trackInfoOf(publication, key), subscribed: false }
  line.fact({ type: 'track.unsubscribed', track, ...from(participant) })
}

const ours = (line: Line): Handlers => ({
  localTrackSubscribed: ({ track }) => line.audience.heard(track.sid ?? ''),
  localTrackRepublished: ({ publication, previousSid }) => {
    const sid = publication.sid ?? ''
    line.audience.renamed(previousSid, sid)
    line.fact({ type: 'speaker.republished', sid, previousSid })
  },
  reconnecting: () => line.fact({ type: 'room.reconnecting' }),
  reconnected: () => line.fact({ type: 'room.reconnected', participants: line.roster() }),
  disconnected: ({ reason }) => {
    line.fact({ type: 'room.disconnected', reason: endReasonOf(reason) })
    line.end()
  },
})
