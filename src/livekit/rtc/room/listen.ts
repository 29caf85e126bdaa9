/**
 * One ear on a room of rtc-node's, for our Room and for the ports: each event by name and with named fields. No handler throws
 * into rtc-node, which would make an unhandled rejection of it (RM-6).
 */
import {
  ConnectionState,
  DataPacketKind,
  EncryptionState,
  LocalParticipant as SdkLocalParticipant,
  LocalTrackPublication as SdkLocalTrackPublication,
  type Participant as SdkParticipant,
  RemoteParticipant as SdkRemoteParticipant,
  RemoteTrackPublication as SdkRemoteTrackPublication,
  type Room as SdkRoom,
  type TrackPublication as SdkTrackPublication,
} from '@livekit/rtc-node'
import { lineOf } from '../../../errors.ts'
import type { Log } from '../../../ports.ts'
import { opened } from '../native.ts'
import type { Kinds, Tell, Words } from './events.ts'
import { hearOf, type RoomTold } from './native-room.ts'
import { Past } from './past.ts'
import { noteUnpublished } from './publication.ts'
import { segmentsOf } from './transcription.ts'

type Ear<K extends Kinds> = {
  room: SdkRoom
  /** Puts a handler there that logs what it throws. */
  on: SdkRoom['on']
  words: Words<K>
  tell: Tell<K>
  past: Past
  /** What the event is about is not known here, so there is nothing to be told. */
  skip: (event: string) => void
}

/** From now on everything that happens in `room` is told, in these words, until the function given back is called. */
export const listenTo = <K extends Kinds>(room: SdkRoom, words: Words<K>, tell: Tell<K>, log: Log): (() => void) => {
  const offs: (() => void)[] = []
  const on: SdkRoom['on'] = (event, handler) => {
    const guarded = guard(handler, error => log('error', 'livekit.handler.failed', { event, error: lineOf(error) }))
    offs.push(() => room.off(event, guarded))
    return room.on(event, guarded)
  }
  const skip = (event: string) => log('debug', 'livekit.event.unknown', { event })
  const ear = { room, on, words, tell, past: new Past(room), skip }
  listenToRoom(ear)
  listenToPeople(ear)
  listenToOwnTracks(ear)
  listenToTracks(ear)
  listenToData(ear)
  offs.push(listenToConnection(ear, error => log('error', 'livekit.handler.failed', { event: 'native', error: lineOf(error) })))
  return () => {
    for (const off of offs.splice(0)) off()
  }
}
/** The same function, but for what it throws. A proxy keeps the type of a handler of whatever event. */
const guard = <F extends (...args: never[]) => void>(handler: F, failed: (error: unknown) => void): F =>
  new Proxy(handler, {
    apply: (target, self, args) => {
      try {
        Reflect.apply(target, self, args)
      } catch (error) {
        failed(error)
      }
    },
  })

const someone = <K extends Kinds>({ words }: Ear<K>, one: SdkParticipant): K['local'] | K['remote'] => {
  if (one instanceof SdkLocalParticipant) return words.local(one)
  if (one instanceof SdkRemoteParticipant) return words.remote(one)
  throw new TypeError('this is no participant of rtc-node')
}
const something = <K extends Kinds>({ words }: Ear<K>, one: SdkTrackPublication) => {
  if (one instanceof SdkLocalTrackPublication) return words.localPublication(one)
  if (one instanceof SdkRemoteTrackPublication) return words.remotePublication(one)
  throw new TypeError('this is no publication of rtc-node')
}

/** What only the native layer tells is heard while there is a connection: from before the first event of the room on. */
const listenToConnection = <K extends Kinds>(ear: Ear<K>, failed: (error: unknown) => void): (() => void) => {
  const { room, on, tell, past } = ear
  let deafen = () => {}
  const hear = guard(() => {
    deafen()
    if (!opened(failed)) return // a connected room has opened it
    const tellGuarded = guard((told: RoomTold) => tellNative(ear, told), failed)
    deafen = hearOf(room, tellGuarded)
  }, failed)
  let was = room.connectionState
  on('connectionStateChanged', state => {
    const entered = was === ConnectionState.CONN_DISCONNECTED && state === ConnectionState.CONN_CONNECTED
    was = state
    if (entered) {
      past.look()
      hear()
    }
    tell('connectionStateChanged', { state })
    if (entered) tell('connected', {})
  })
  on('disconnected', reason => tell('disconnected', { reason }))
  on('reconnecting', () => tell('reconnecting', {}))
  on('reconnected', () => tell('reconnected', {}))
  if (room.isConnected) hear()
  return () => deafen()
}

const listenToRoom = <K extends Kinds>({ room, on, tell, past }: Ear<K>): void => {
  on('roomMetadataChanged', metadata => tell('roomMetadataChanged', past.metadata(metadata)))
  on('roomSidChanged', sid => tell('roomSidChanged', { sid }))
  on('roomUpdated', () => tell('roomUpdated', {}))
  on('moved', () => {
    past.metadata(room.metadata ?? '')
    tell('moved', {})
  })
  on('tokenRefreshed', () => tell('tokenRefreshed', {}))
  on('encryptionError', error => tell('encryptionError', { error }))
}

const listenToPeople = <K extends Kinds>(ear: Ear<K>): void => {
  const { on, words, tell, past } = ear
  on('participantConnected', one => {
    past.meet(one)
    tell('participantConnected', { participant: words.remote(one) })
  })
  on('participantDisconnected', one => tell('participantDisconnected', { participant: words.remote(one) }))
  on('participantMetadataChanged', (_, one) =>
    tell('participantMetadataChanged', { participant: someone(ear, one), ...past.metadataOf(one) }),
  )
  on('participantNameChanged', (_, one) =>
    tell('participantNameChanged', { participant: someone(ear, one), ...past.nameOf(one) }),
  )
  on('participantAttributesChanged', (changedAttributes, one) =>
    tell('participantAttributesChanged', { participant: someone(ear, one), changedAttributes }),
  )
  on('participantEncryptionStatusChanged', (isEncrypted, one) =>
    tell('participantEncryptionStatusChanged', { participant: someone(ear, one), isEncrypted }),
  )
  on('connectionQualityChanged', (quality, one) => tell('connectionQualityChanged', { participant: someone(ear, one), quality }))
  on('activeSpeakersChanged', speakers => tell('activeSpeakersChanged', { speakers: speakers.map(one => someone(ear, one)) }))
}

const listenToOwnTracks = <K extends Kinds>({ on, words, tell, past, skip }: Ear<K>): void => {
  on('localTrackPublished', (publication: SdkLocalTrackPublication | undefined) => {
    if (!publication) return skip('localTrackPublished') // its types promise one
    past.published(publication)
    const { track } = publication
    tell('localTrackPublished', {
      publication: words.localPublication(publication),
      track: track && words.localTrack(track),
    })
  })
  on('localTrackRepublished', (publication, previousSid) =>
    tell('localTrackRepublished', { publication: words.localPublication(publication), previousSid }),
  )
  on('localTrackSubscribed', track => tell('localTrackSubscribed', { track: words.localTrack(track) }))
}

const listenToTracks = <K extends Kinds>(ear: Ear<K>): void => {
  const { on, words, tell, skip } = ear
  on('trackPublished', (publication, one: SdkRemoteParticipant | undefined) => {
    if (!one) return skip('trackPublished')
    tell('trackPublished', { publication: words.remotePublication(publication), participant: words.remote(one) })
  })
  on('trackUnpublished', (publication, one) =>
    tell('trackUnpublished', { publication: words.remotePublication(publication), participant: words.remote(one) }),
  )
  on('trackSubscribed', (track, publication, one) =>
    tell('trackSubscribed', {
      track: words.remoteTrack(track),
      publication: words.remotePublication(publication),
      participant: words.remote(one),
    }),
  )
  on('trackUnsubscribed', (track, publication, one) =>
    tell('trackUnsubscribed', {
      track: words.remoteTrack(track),
      publication: words.remotePublication(publication),
      participant: words.remote(one),
    }),
  )
  on('trackSubscriptionFailed', (trackSid, one, error = '') =>
    tell('trackSubscriptionFailed', { participant: words.remote(one), trackSid, error }),
  )
  on('trackMuted', (publication, one) =>
    tell('trackMuted', { participant: someone(ear, one), publication: something(ear, publication) }),
  )
  on('trackUnmuted', (publication, one) =>
    tell('trackUnmuted', { participant: someone(ear, one), publication: something(ear, publication) }),
  )
}

const listenToData = <K extends Kinds>(ear: Ear<K>): void => {
  const { on, words, tell } = ear
  on('dataReceived', (data, one, kind = DataPacketKind.KIND_LOSSY, topic) =>
    tell('dataReceived', { data, kind, participant: one && words.remote(one), topic }),
  )
  on('dtmfReceived', (code, digit, one: SdkRemoteParticipant | undefined) =>
    tell('sipDtmfReceived', { code, digit, participant: one && words.remote(one) }),
  )
  on('chatMessage', (message, one) => tell('chatMessage', { message, participant: one && someone(ear, one) }))
}

/** Whoever it is that the native layer names, or undefined where nobody of that name is here. */
const named = ({ localParticipant, remoteParticipants }: SdkRoom, identity: string | undefined): SdkParticipant | undefined =>
  localParticipant?.identity === identity ? localParticipant : remoteParticipants.get(identity ?? '')

const tellNative = <K extends Kinds>(ear: Ear<K>, { case: event, value }: RoomTold): void => {
  const { room, words, tell, past, skip } = ear
  if (event === 'localTrackUnpublished') {
    const publication = past.unpublished(value.publicationSid)
    if (!publication) skip(event)
    else {
      noteUnpublished(publication)
      tell(event, { publication: words.localPublication(publication) })
    }
  } else if (event === 'participantActive') {
    const one = room.remoteParticipants.get(value.participantIdentity ?? '')
    if (one) tell('participantActive', { participant: words.remote(one) })
  } else if (event === 'e2eeStateChanged') {
    const one = named(room, value.participantIdentity)
    tell('e2eeStateChanged', { participant: one && someone(ear, one), state: value.state ?? EncryptionState.NEW })
  } else if (event === 'transcriptionReceived') {
    const one = named(room, value.participantIdentity)
    const publication = one?.trackPublications.get(value.trackSid ?? '')
    tell('transcriptionReceived', {
      segments: segmentsOf(value.segments),
      participant: one && someone(ear, one),
      publication: publication && something(ear, publication),
    })
  }
}
