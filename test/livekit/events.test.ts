/** What rtc-node's room emits, as facts: fed to a room that is not connected, so nothing native is called. */
import { LocalAudioTrack, RemoteAudioTrack, RemoteParticipant, RemoteTrackPublication, Room } from '@livekit/rtc-node'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { listenTo } from '../../src/livekit/events.ts'
import { Line } from '../../src/livekit/line.ts'
import type { RoomEvent } from '../../src/ports.ts'
import { virtualClock } from '../../src/virtual.ts'

const it = suite('livekit events')

const scene = (tell?: (event: RoomEvent) => void) => {
  const codes: string[] = []
  const facts: RoomEvent[] = []
  const line = new Line(virtualClock(), (_, code) => void codes.push(code))
  const room = new Room()
  line.room = room
  line.tell = tell ?? (event => void facts.push(event))
  listenTo(line, room)
  return { line, room, facts, codes }
}
/** rtc-node's own objects, without the native handle that their constructors want. */
const participantOf = (info: object): RemoteParticipant =>
  Object.assign(Object.create(RemoteParticipant.prototype), {
    info: { identity: 'ann', sid: 'PA_1', kind: 0, state: 1, attributes: {}, ...info },
    trackPublications: new Map(),
  })
const publicationOf = (info: object = {}): RemoteTrackPublication =>
  Object.assign(Object.create(RemoteTrackPublication.prototype), {
    info: { sid: 'TR_1', source: 2, muted: false, audioFeatures: [], ...info },
  })
const trackOf = (): RemoteAudioTrack => Object.assign(Object.create(RemoteAudioTrack.prototype), { info: { sid: 'TR_1' } })
const comes = (room: Room, participant: RemoteParticipant) => {
  room.remoteParticipants.set(participant.identity, participant)
  room.emit('participantConnected', participant)
}
const from = { identity: 'ann', participantSid: 'PA_1' }
const microphone = { sid: 'TR_1', source: 'microphone', muted: false, subscribed: false, preconnect: false }

it('tells participants by plain data; an attribute that was emptied is gone', () => {
  const { room, facts } = scene()
  const ann = participantOf({ kind: 3, attributes: { a: '1', gone: '' }, clientProtocol: 2 })
  comes(room, ann)
  room.emit('participantAttributesChanged', { gone: '' }, ann)
  assert.equal(facts, [
    {
      type: 'participant.joined',
      participant: { identity: 'ann', sid: 'PA_1', kind: 'sip', attributes: { a: '1' }, active: false, protocol: 2, tracks: [] },
    },
    { type: 'participant.changed', attributes: { a: '1' }, ...from },
  ])
})

it('takes a client that does not say what it knows for an old one (TXT-10)', () => {
  const { room, facts } = scene()
  comes(room, participantOf({}))
  assert.is(facts[0]?.type === 'participant.joined' && facts[0].participant.protocol, 0)
})

it('takes the first publication for a sign of being active, once, where the server does not say it (LINK-4)', () => {
  const { line, room, facts } = scene()
  const ann = participantOf({})
  comes(room, ann)
  const publication = publicationOf({ audioFeatures: [6] })
  room.emit('trackPublished', publication, ann)
  line.activate('ann')
  room.emit('trackPublished', publication, ann)
  assert.equal(facts.slice(1), [
    { type: 'track.published', track: { ...microphone, preconnect: true }, ...from },
    { type: 'participant.active', ...from },
    { type: 'track.published', track: { ...microphone, preconnect: true }, ...from },
  ])
})

it('tells of one who comes active that it is, and of its next stay anew', () => {
  const { line, room, facts } = scene()
  line.activate('ann') // the native layer is sometimes ahead of the room
  comes(room, participantOf({}))
  room.remoteParticipants.delete('ann')
  room.emit('participantDisconnected', participantOf({ disconnectReason: 1 }))
  comes(room, participantOf({ sid: 'PA_2' }))
  const joined = facts.flatMap(fact => (fact.type === 'participant.joined' ? [fact.participant.active] : []))
  assert.equal(joined, [true, false])
  assert.not.ok(facts.some(fact => fact.type === 'participant.active'))
})

it('gives another track object under the same publication another key, after the end of the old one (MIC-4)', () => {
  const { line, room, facts } = scene()
  const ann = participantOf({})
  comes(room, ann)
  const publication = publicationOf()
  ann.trackPublications.set('TR_1', publication)
  const [one, two] = [trackOf(), trackOf()]
  room.emit('trackSubscribed', one, publication, ann)
  const old = line.track('TR_1#1')
  room.emit('trackSubscribed', two, publication, ann)
  room.emit('trackUnsubscribed', two, publication, ann)
  room.emit('trackUnpublished', publication, ann)
  const told = facts.flatMap(fact => ('track' in fact ? [`${fact.type} ${fact.track.key ?? ''} ${fact.track.subscribed}`] : []))
  assert.equal(told, [
    'track.subscribed TR_1#1 true',
    'track.unsubscribed TR_1#1 false',
    'track.subscribed TR_1#2 true',
    'track.unsubscribed TR_1#2 false',
    'track.unpublished  false',
  ])
  assert.ok(old?.ended.signal.aborted)
})

it('tells why somebody left; without a reason our own end is a lost connection', () => {
  const reasons: [number | undefined, string, string][] = [
    [1, 'client_initiated', 'client_initiated'],
    [2, 'duplicate_identity', 'duplicate_identity'],
    [3, 'server_shutdown', 'server_shutdown'],
    [4, 'participant_removed', 'participant_removed'],
    [5, 'room_deleted', 'room_deleted'],
    [6, 'unknown', 'unknown'],
    [9, 'connection_lost', 'connection_lost'],
    [12, 'user_rejected', 'user_rejected'],
    [14, 'connection_lost', 'connection_lost'],
    [0, 'unknown', 'connection_lost'],
    [99, 'unknown', 'unknown'],
  ]
  for (const [disconnectReason, left, ours] of reasons) {
    const { room, facts } = scene()
    room.emit('participantDisconnected', participantOf({ disconnectReason }))
    room.emit('disconnected', disconnectReason ?? 0)
    assert.equal(
      facts.flatMap(fact => ('reason' in fact ? [fact.reason] : [])),
      [left, ours],
    )
  }
})

it('tells nothing of mutes and attributes that are our own', () => {
  const { room, facts } = scene()
  const us = participantOf({ identity: 'agent' }) // not among the others
  room.emit('trackMuted', publicationOf(), us)
  room.emit('participantAttributesChanged', { a: '1' }, us)
  assert.equal(facts, [])
})

it('tells once who hears our track first, not before the publication is out, and under its new sid after a reconnect', async () => {
  const { line, room, facts } = scene()
  const heard = (sid: string) =>
    room.emit('localTrackSubscribed', Object.assign(Object.create(LocalAudioTrack.prototype), { info: { sid } }))
  heard('TR_1')
  line.audience.published('TR_1')
  assert.equal(facts, [])
  await new Promise(resolve => setImmediate(resolve))
  assert.equal(facts, [{ type: 'speaker.subscribed', sid: 'TR_1' }])
  room.emit('localTrackRepublished', Object.assign(publicationOf({ sid: 'TR_2' })), 'TR_1', Object.create(null))
  heard('TR_2')
  assert.equal(facts.slice(1), [{ type: 'speaker.republished', sid: 'TR_2', previousSid: 'TR_1' }])
})

it('logs what a listener throws, and goes on: no exception reaches rtc-node (RM-6)', () => {
  const { room, codes } = scene(() => {
    throw new Error('listener')
  })
  comes(room, participantOf({}))
  room.emit('reconnecting')
  assert.equal(codes, ['livekit.listener.failed', 'livekit.listener.failed'])
})

it('logs what goes wrong in a handler of its own (RM-6)', () => {
  const { room, codes, facts } = scene()
  comes(room, Object.create(null)) // not even a participant
  comes(room, participantOf({}))
  assert.equal(codes, ['livekit.handler.failed'])
  assert.is(facts.length, 1)
})

it.run()
