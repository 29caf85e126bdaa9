/** Turns what rtc-node's room emits into facts. No handler throws: rtc-node would make an unhandled rejection of it. */
import type { RemoteParticipant, RemoteTrackPublication, Room as SdkRoom, TrackPublication } from '@livekit/rtc-node'
import { lineOf } from '../errors.ts'
import type { RoomEvent } from '../ports.ts'
import { attributesOf, endReasonOf, leaveReasonOf, trackInfoOf } from './facts.ts'
import type { Line } from './line.ts'
import { listenForActive } from './native.ts'

type TrackFact = Extract<RoomEvent, { type: `track.${string}` }>['type']
/** Makes a handler that logs what it throws. */
type Guard = <A extends unknown[]>(name: string, handler: (...args: A) => void) => (...args: A) => void

/** Where handlers are put. */
type Emitter = Pick<SdkRoom, 'on'>

const from = (participant: RemoteParticipant) => ({ identity: participant.identity, participantSid: participant.sid ?? '' })
/** rtc-node's types promise a participant; for one it does not know it passes undefined. */
const isKnown = (line: Line, participant: { identity: string } | undefined): participant is RemoteParticipant =>
  participant !== undefined && line.room?.remoteParticipants.get(participant.identity) === participant

/** From now on everything that happens in `room` is told to the line, until the returned function is called. */
export const listenTo = (line: Line, room: SdkRoom): (() => void) => {
  const offs: (() => void)[] = []
  const on: SdkRoom['on'] = (event, handler) => {
    offs.push(() => room.off(event, handler))
    return room.on(event, handler)
  }
  const guard: Guard =
    (name, handler) =>
    (...args) => {
      try {
        handler(...args)
      } catch (error) {
        line.log('error', 'livekit.handler.failed', { event: name, error: lineOf(error) })
      }
    }
  listenToPeople(line, { on }, guard)
  listenToTracks(line, { on }, guard)
  listenToOurs(line, { on }, guard)
  return () => {
    for (const off of offs.splice(0)) off()
  }
}

/** What only the native client tells; to be called once connected, when there is one. */
export const listenToNative = (line: Line, room: SdkRoom): (() => void) =>
  listenForActive(room, identity => {
    line.activate(identity)
  })

const listenToPeople = (line: Line, room: Emitter, guard: Guard): void => {
  room.on(
    'participantConnected',
    guard('participantConnected', participant => line.fact({ type: 'participant.joined', participant: line.about(participant) })),
  )
  room.on(
    'participantDisconnected',
    guard('participantDisconnected', participant => {
      line.deactivate(participant.identity)
      for (const publication of participant.trackPublications.values()) end(line, publication, participant)
      line.fact({ type: 'participant.left', reason: leaveReasonOf(participant.disconnectReason), ...from(participant) })
    }),
  )
  room.on(
    'participantAttributesChanged',
    guard('participantAttributesChanged', (_, participant) => {
      if (!isKnown(line, participant)) return // our own
      line.fact({ type: 'participant.changed', attributes: attributesOf(participant), ...from(participant) })
    }),
  )
  room.on(
    'dataReceived',
    guard('dataReceived', (_, participant) => {
      if (participant) line.activate(participant.identity)
    }),
  )
}

const listenToTracks = (line: Line, room: Emitter, guard: Guard): void => {
  const tell = (type: TrackFact, publication: TrackPublication, participant: RemoteParticipant, key = line.keyOf(publication)) =>
    line.fact({ type, track: trackInfoOf(publication, key), ...from(participant) })
  room.on(
    'trackPublished',
    guard('trackPublished', (publication, participant) => {
      if (!isKnown(line, participant)) return
      tell('track.published', publication, participant)
      line.activate(participant.identity)
    }),
  )
  room.on(
    'trackUnpublished',
    guard('trackUnpublished', (publication, participant) => {
      end(line, publication, participant)
      tell('track.unpublished', publication, participant)
    }),
  )
  room.on(
    'trackSubscribed',
    guard('trackSubscribed', (track, publication, participant) => {
      end(line, publication, participant)
      tell('track.subscribed', publication, participant, line.name(publication, track))
    }),
  )
  room.on(
    'trackUnsubscribed',
    guard('trackUnsubscribed', (_, publication, participant) => end(line, publication, participant)),
  )
  const mute = (type: TrackFact) => (publication: TrackPublication, participant: { identity: string }) => {
    if (isKnown(line, participant)) tell(type, publication, participant)
  }
  room.on('trackMuted', guard('trackMuted', mute('track.muted')))
  room.on('trackUnmuted', guard('trackUnmuted', mute('track.unmuted')))
  room.on(
    'trackSubscriptionFailed',
    guard('trackSubscriptionFailed', (sid, participant, error) =>
      line.log('warn', 'livekit.subscription.failed', { sid, identity: participant.identity, error }),
    ),
  )
}

/** The track of this publication has ended, if there was one. */
const end = (line: Line, publication: RemoteTrackPublication, participant: RemoteParticipant): void => {
  const key = line.unname(publication)
  if (key === undefined) return
  const track = { ...trackInfoOf(publication, key), subscribed: false }
  line.fact({ type: 'track.unsubscribed', track, ...from(participant) })
}

const listenToOurs = (line: Line, room: Emitter, guard: Guard): void => {
  room.on(
    'localTrackSubscribed',
    guard('localTrackSubscribed', track => line.audience.heard(track.sid ?? '')),
  )
  room.on(
    'localTrackRepublished',
    guard('localTrackRepublished', (publication, previousSid) => {
      const sid = publication.sid ?? ''
      line.audience.renamed(previousSid, sid)
      line.fact({ type: 'speaker.republished', sid, previousSid })
    }),
  )
  room.on(
    'reconnecting',
    guard('reconnecting', () => line.fact({ type: 'room.reconnecting' })),
  )
  room.on(
    'reconnected',
    guard('reconnected', () => line.fact({ type: 'room.reconnected', participants: line.roster() })),
  )
  room.on(
    'disconnected',
    guard('disconnected', reason => {
      line.fact({ type: 'room.disconnected', reason: endReasonOf(reason) })
      line.end()
    }),
  )
}
