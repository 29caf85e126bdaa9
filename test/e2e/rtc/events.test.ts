// deadline: 240 s
// beside: another
/** Each event of a room as it happens on a real server: with its fields by their names, and the old value where there is one. */
import { ConnectionQuality, ConnectionState, DataPacketKind, DisconnectReason, EncryptionState } from '@livekit/rtc-node'
import * as assert from 'uvu/assert'
import { type Guest, type Stage, suiteOnServer } from './stage.ts'
import { hum } from './voice.ts'

const it = await suiteOnServer('rtc events')

const fieldsOf = (event: object): string[] => Object.keys(event).sort()
/** The names of what was seen, in order, without those that come when they like. */
const namesOf = ({ seen }: Guest): string[] => {
  const whenever = ['roomUpdated', 'roomSidChanged', 'connectionQualityChanged', 'tokenRefreshed', 'activeSpeakersChanged']
  return seen.map(({ name }) => name).filter(name => !whenever.includes(name))
}

it('says that we are in, once, and tells nothing of who was there before (RM-1, RM-3)', async stage => {
  await stage.join('ann')
  const bob = await stage.join('bob')
  assert.equal(namesOf(bob).slice(0, 2), ['connectionStateChanged', 'connected'])
  assert.equal(bob.all('connected'), [{}])
  assert.equal(bob.all('connectionStateChanged'), [{ state: ConnectionState.CONN_CONNECTED }])
  assert.ok(bob.room.remoteParticipants.has('ann'))
  assert.is(bob.all('participantConnected').length, 0)
})

it('tells who comes and who goes, and why (RM-1, PA-1)', async stage => {
  const ann = await stage.join('ann')
  const bob = await stage.join('bob', { name: 'Bob', kind: 'agent', attributes: { tongue: 'en' } })
  const came = await ann.sees('participantConnected')
  assert.equal(fieldsOf(came), ['participant'])
  const { participant } = came
  assert.equal([participant.identity, participant.name, participant.attributes], ['bob', 'Bob', { tongue: 'en' }])
  assert.is(participant, ann.room.remoteParticipants.get('bob'))
  assert.is(participant.disconnectReason, undefined)
  await bob.room.disconnect()
  const left = await ann.sees('participantDisconnected')
  assert.equal(fieldsOf(left), ['participant'])
  assert.is(left.participant, participant)
  assert.is(participant.disconnectReason, DisconnectReason.CLIENT_INITIATED)
  assert.not(ann.room.remoteParticipants.has('bob'))

  await stage.join('carl')
  await ann.meets('carl')
  await stage.api.removeParticipant(stage.name, 'carl')
  const removed = await ann.sees('participantDisconnected', ({ participant: { identity } }) => identity === 'carl')
  assert.is(removed.participant.disconnectReason, DisconnectReason.PARTICIPANT_REMOVED)
})

it('tells of a track from its publication to its end, on both sides (RM-1, LP-11, LT-1)', async stage => {
  const [ann, bob] = await stage.pair()
  const { track, publication } = await hum(stage, bob)
  const ours = await bob.sees('localTrackPublished')
  assert.equal(fieldsOf(ours), ['publication', 'track'])
  assert.equal([ours.publication, ours.track], [publication, track])

  const published = await ann.sees('trackPublished')
  assert.equal(fieldsOf(published), ['participant', 'publication'])
  assert.is(published.participant.identity, 'bob')
  assert.equal([published.publication.sid, published.publication.name], [publication.sid, 'voice'])
  const subscribed = await ann.sees('trackSubscribed')
  assert.equal(fieldsOf(subscribed), ['participant', 'publication', 'track'])
  assert.is(subscribed.publication, published.publication)
  assert.is(subscribed.publication.track, subscribed.track)
  assert.ok(subscribed.publication.subscribed)
  const heard = await bob.sees('localTrackSubscribed')
  assert.equal([fieldsOf(heard), heard.track === track], [['track'], true])

  track.mute()
  const muted = await ann.sees('trackMuted')
  assert.equal(fieldsOf(muted), ['participant', 'publication'])
  assert.equal([muted.participant.identity, muted.publication.sid, muted.publication.muted], ['bob', publication.sid, true])
  track.unmute()
  const unmuted = await ann.sees('trackUnmuted')
  assert.equal(fieldsOf(unmuted), ['participant', 'publication'])
  assert.is(unmuted.publication.muted, false)

  published.publication.setSubscribed(false)
  const unsubscribed = await ann.sees('trackUnsubscribed')
  assert.equal(fieldsOf(unsubscribed), ['participant', 'publication', 'track'])
  assert.is(unsubscribed.track, subscribed.track)
  assert.equal([published.publication.subscribed, published.publication.track], [false, undefined])
  published.publication.setSubscribed(true)
  await ann.until('it is subscribed again', () => ann.all('trackSubscribed').length === 2)

  await bob.local.unpublishTrack(publication.sid)
  const gone = await ann.sees('trackUnpublished')
  assert.equal(fieldsOf(gone), ['participant', 'publication'])
  assert.is(gone.publication, published.publication)
  const over = await bob.sees('localTrackUnpublished')
  assert.equal(fieldsOf(over), ['publication'])
  assert.is(over.publication, publication)
})

it('tells the old and the new of what the room and its participants say of themselves (RM-1, RM-2, PA-2)', async stage => {
  const [ann, bob] = await stage.pair({}, { metadata: 'm0', name: 'n0', attributes: { kept: 'yes', a: '0' } })
  /** What was there to be read when the event came. */
  const read: unknown[] = []
  ann.room.on('participantMetadataChanged', ({ participant }) => read.push(participant.metadata))
  ann.room.on('roomMetadataChanged', () => read.push(ann.room.metadata))

  await stage.api.updateRoomMetadata(stage.name, 'one')
  await ann.sees('roomMetadataChanged')
  await stage.api.updateRoomMetadata(stage.name, 'two')
  await ann.until('the second one', () => ann.all('roomMetadataChanged').length === 2)
  assert.equal(ann.all('roomMetadataChanged'), [
    { oldMetadata: '', newMetadata: 'one' },
    { oldMetadata: 'one', newMetadata: 'two' },
  ])

  await bob.local.setMetadata('m1')
  const metadata = await ann.sees('participantMetadataChanged')
  assert.equal(fieldsOf(metadata), ['newMetadata', 'oldMetadata', 'participant'])
  assert.equal([metadata.participant.identity, metadata.oldMetadata, metadata.newMetadata], ['bob', 'm0', 'm1'])
  await stage.api.updateParticipant(stage.name, 'bob', { metadata: 'm2' })
  const second = await ann.sees('participantMetadataChanged', ({ newMetadata }) => newMetadata === 'm2')
  assert.is(second.oldMetadata, 'm1')
  const own = await bob.sees('participantMetadataChanged', ({ newMetadata }) => newMetadata === 'm2')
  assert.equal([own.participant, own.oldMetadata], [bob.local, 'm1'])

  await bob.local.setName('n1')
  const name = await ann.sees('participantNameChanged')
  assert.equal(fieldsOf(name), ['newName', 'oldName', 'participant'])
  assert.equal([name.participant.name, name.oldName, name.newName], ['n1', 'n0', 'n1'])

  await bob.local.setAttributes({ a: '1', b: '2' })
  const attributes = await ann.sees('participantAttributesChanged')
  assert.equal(fieldsOf(attributes), ['changedAttributes', 'participant'])
  assert.equal(attributes.changedAttributes, { a: '1', b: '2' })
  assert.equal(attributes.participant.attributes, { kept: 'yes', a: '1', b: '2' })
  attributes.participant.attributes.a = 'mine'
  assert.is(ann.room.remoteParticipants.get('bob')?.attributes.a, '1')
  assert.equal(read, ['one', 'two', 'm1', 'm2'])
})

it('tells what was sent: data, tones, words of a track, chat (RM-1, RM-4, DP-1, DT-1, TR-1)', async stage => {
  const [ann, bob] = await stage.pair({}, { kind: 'agent' }) // of others the server does not pass transcriptions on
  const { publication } = await hum(stage, bob)
  await ann.sees('trackSubscribed')
  await ann.meets(bob)

  await bob.local.publishData('héé', { topic: 'greetings' })
  await bob.local.publishData(Uint8Array.of(1, 2), { reliable: false, destinationIdentities: ['ann'] })
  const data = await ann.sees('dataReceived', ({ kind }) => kind === DataPacketKind.KIND_RELIABLE) // lossy ones may overtake
  assert.equal(fieldsOf(data), ['data', 'kind', 'participant', 'topic'])
  assert.equal(
    [new TextDecoder().decode(data.data), data.kind, data.participant?.identity, data.topic],
    [...['héé', DataPacketKind.KIND_RELIABLE, 'bob', 'greetings']],
  )
  const lossy = await ann.sees('dataReceived', ({ kind }) => kind === DataPacketKind.KIND_LOSSY)
  assert.equal([...lossy.data], [1, 2])
  await stage.api.sendData(stage.name, Uint8Array.of(3), 0, { destinationIdentities: ['ann'] })
  const ofServer = await ann.sees('dataReceived', ({ data: [first] }) => first === 3)
  assert.is(ofServer.participant, undefined)

  await bob.local.publishDtmf(11, '#')
  const tone = await ann.sees('sipDtmfReceived')
  assert.equal(fieldsOf(tone), ['code', 'digit', 'participant'])
  assert.equal([tone.code, tone.digit, tone.participant?.identity], [11, '#', 'bob'])

  const segment = { id: 'SG_1', text: 'hello', startTime: 10, endTime: 250, language: 'en', final: true }
  await bob.local.publishTranscription({ participantIdentity: 'bob', trackSid: publication.sid, segments: [segment] })
  const words = await ann.sees('transcriptionReceived')
  assert.equal(fieldsOf(words), ['participant', 'publication', 'segments'])
  assert.equal([words.segments, words.participant?.identity, words.publication?.sid], [[segment], 'bob', publication.sid])

  const sent = await bob.local.sendChatMessage('hi')
  const chat = await ann.sees('chatMessage')
  assert.equal(fieldsOf(chat), ['message', 'participant'])
  assert.equal([chat.message.id, chat.message.message, chat.participant?.identity], [sent.id, 'hi', 'bob'])
  await bob.local.editChatMessage('hello', sent)
  const edited = await ann.sees('chatMessage', ({ message }) => message.message === 'hello')
  assert.is(edited.message.id, sent.id)
})

it('tells who speaks, and how good each connection is (RM-1)', async stage => {
  const [ann, bob] = await stage.pair()
  await hum(stage, bob)
  const speaking = await ann.sees('activeSpeakersChanged', ({ speakers }) => speakers.length > 0, 20_000)
  assert.equal(fieldsOf(speaking), ['speakers'])
  assert.equal(
    speaking.speakers.map(({ identity }) => identity),
    ['bob'],
  )
  const connection = await ann.sees('connectionQualityChanged', ({ participant }) => participant.identity === 'bob', 30_000)
  assert.equal(fieldsOf(connection), ['participant', 'quality'])
  assert.ok(connection.quality in ConnectionQuality)
})

it('tells what the room is called, and when the server has changed something in it (RM-1, RM-8)', async stage => {
  const ann = await stage.join('ann')
  const sid = await ann.room.sid()
  assert.match(sid, /^RM_/)
  assert.equal(await ann.sees('roomSidChanged'), { sid })
  assert.equal(await ann.sees('tokenRefreshed'), {}) // the server renews it as we come
  await stage.join('bob')
  assert.equal(await ann.sees('roomUpdated'), {})
  await ann.until('both are counted', () => ann.room.numParticipants === 2, 20_000)
})

const key = new TextEncoder().encode('the key of this room')
const encrypted = { options: { encryption: { keyProviderOptions: { sharedKey: key } } } }
const participantIn = async (stage: Stage, guest: Guest, other: Guest, state: EncryptionState) => {
  const event = await guest.sees('e2eeStateChanged', one => one.state === state && one.participant?.identity === other.identity)
  assert.equal(fieldsOf(event), ['participant', 'state'], stage.name)
}

it('tells of the encryption of each participant (RM-1, RM-5)', async stage => {
  const [ann, bob] = await stage.pair(encrypted, encrypted)
  await hum(stage, bob)
  await participantIn(stage, ann, bob, EncryptionState.OK)
  await participantIn(stage, bob, bob, EncryptionState.OK)
  const status = await ann.sees('participantEncryptionStatusChanged', ({ participant }) => participant.identity === 'bob')
  assert.equal(fieldsOf(status), ['isEncrypted', 'participant'])
  assert.is(status.isEncrypted, true)
})

it('tells that the server ended it, why, and once (RM-1, RM-10)', async stage => {
  const [ann, bob] = await stage.pair()
  await stage.api.removeParticipant(stage.name, 'bob')
  assert.equal(await bob.sees('disconnected'), { reason: DisconnectReason.PARTICIPANT_REMOVED })
  await stage.api.deleteRoom(stage.name)
  assert.equal(await ann.sees('disconnected'), { reason: DisconnectReason.ROOM_DELETED })
  for (const { room, all } of [ann, bob].map(guest => ({ room: guest.room, all: guest.all('connectionStateChanged') }))) {
    assert.is(room.isConnected, false)
    assert.equal(all.at(-1), { state: ConnectionState.CONN_DISCONNECTED })
    await room.disconnect() // nothing is left to do, and nothing more is told
  }
  assert.equal([ann.all('disconnected').length, bob.all('disconnected').length], [1, 1])
})

it.run()
