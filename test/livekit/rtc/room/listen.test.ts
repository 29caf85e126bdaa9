/** Each event of a room by its name and its fields, from what the native layer tells. */
import {
  ConnectionQuality,
  DataPacketKind,
  DisconnectReason,
  EncryptionState,
  LocalAudioTrack as SdkLocalAudioTrack,
  LocalTrackPublication as SdkLocalTrackPublication,
} from '@livekit/rtc-node'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type Hall, inHall, owned, participantInfo, publicationInfo } from '../hall.ts'

const it = suite('rtc events')

/** The events of this name, as they are told while `test` runs. */
const told = async <N extends Parameters<Hall['room']['on']>[0]>({ room }: Hall, name: N, test: () => unknown) => {
  const seen: Record<string, unknown>[] = []
  const note = (event: object) => void seen.push({ ...event })
  room.on(name, note)
  await test()
  room.off(name, note)
  return seen
}
const bobOf = ({ room }: Hall) => {
  const bob = room.remoteParticipants.get('bob')
  if (!bob) throw new Error('bob is not here')
  return bob
}
/** A track of ours that is out, as publishing leaves it. */
const publish = async ({ room, happens }: Hall, sid: string) => {
  const sdk: SdkLocalTrackPublication = new SdkLocalTrackPublication(owned(publicationInfo(sid)) as never)
  sdk.track = new SdkLocalAudioTrack(owned({ sid, name: 'voice', kind: 1, muted: false }) as never)
  room.sdk.localParticipant?.trackPublications.set(sid, sdk)
  await happens('localTrackPublished', { trackSid: sid })
  return sdk
}

it(
  'tells the old value beside the new one, which is there to be read already (RM-1, RM-2)',
  inHall(async hall => {
    const { room, enter, happens } = hall
    await enter()
    const bob = bobOf(hall)
    const read: unknown[] = []
    room.on('roomMetadataChanged', () => read.push(room.metadata))
    room.on('participantMetadataChanged', ({ participant }) => read.push(participant.metadata))
    room.on('participantNameChanged', ({ participant }) => read.push(participant.name))
    const ofRoom = await told(hall, 'roomMetadataChanged', async () => {
      await happens('roomMetadataChanged', { metadata: 'm1' })
      await happens('roomMetadataChanged', { metadata: '' })
      await happens('moved', { sid: 'RM_2', metadata: 'm2' })
      await happens('roomMetadataChanged', { metadata: 'm3' })
    })
    assert.equal(ofRoom, [
      { oldMetadata: 'm0', newMetadata: 'm1' },
      { oldMetadata: 'm1', newMetadata: '' },
      { oldMetadata: 'm2', newMetadata: 'm3' },
    ])
    const ofBob = await told(hall, 'participantMetadataChanged', async () => {
      await happens('participantMetadataChanged', { participantIdentity: 'bob', metadata: 'b1' })
      await happens('participantsUpdated', { participants: [participantInfo('bob', { metadata: 'b2', name: 'Bo' })] })
      await happens('participantMetadataChanged', { participantIdentity: 'bob', metadata: 'b2' })
      await happens('participantMetadataChanged', { participantIdentity: 'ann', metadata: 'a1' })
    })
    assert.equal(ofBob, [
      { participant: bob, oldMetadata: 'b0', newMetadata: 'b1' },
      { participant: bob, oldMetadata: 'b1', newMetadata: 'b2' },
      { participant: room.localParticipant, oldMetadata: '', newMetadata: 'a1' },
    ])
    const names = await told(hall, 'participantNameChanged', async () => {
      await happens('participantNameChanged', { participantIdentity: 'bob', name: 'Bo' })
      await happens('participantConnected', { info: owned(participantInfo('cat', { name: 'C', metadata: 'c0' })) })
      await happens('participantNameChanged', { participantIdentity: 'cat', name: 'Cat' })
    })
    assert.equal(
      names.map(({ oldName, newName }) => [oldName, newName]),
      [
        ['Bob', 'Bo'],
        ['C', 'Cat'],
      ],
    )
    assert.equal(read, ['m1', '', 'm3', 'b1', 'b2', 'a1', 'Bo', 'Cat'])
  }),
)

it(
  'tells who came, went, changed, speaks, and how well they are connected (RM-1, PA-1)',
  inHall(async hall => {
    const { room, enter, happens } = hall
    await enter()
    const bob = bobOf(hall)
    const one = { participantIdentity: 'bob' }
    const attributes = [{ key: 'a', value: '1' }]
    const expected: [Parameters<typeof room.on>[0], object, object][] = [
      ['participantActive', one, { participant: bob }],
      [
        'participantAttributesChanged',
        { ...one, attributes, changedAttributes: attributes },
        { participant: bob, changedAttributes: { a: '1' } },
      ],
      ['participantEncryptionStatusChanged', { ...one, isEncrypted: true }, { participant: bob, isEncrypted: true }],
      ['connectionQualityChanged', { ...one, quality: 2 }, { participant: bob, quality: ConnectionQuality.QUALITY_EXCELLENT }],
      ['activeSpeakersChanged', { participantIdentities: ['bob', 'ann'] }, { speakers: [bob, room.localParticipant] }],
      ['tokenRefreshed', { token: 't2' }, {}],
      ['roomUpdated', { sid: 'RM_1', name: 'hall', metadata: '' }, {}],
      ['roomSidChanged', { sid: 'RM_1' }, { sid: 'RM_1' }],
      ['participantDisconnected', { ...one, disconnectReason: DisconnectReason.USER_REJECTED }, { participant: bob }],
    ]
    for (const [name, value, event] of expected) assert.equal(await told(hall, name, () => happens(name, value)), [event], name)
    assert.is(bob.disconnectReason, DisconnectReason.USER_REJECTED)
  }),
)

it(
  'tells of the tracks of others with all who have to do with it (RM-1)',
  inHall(async hall => {
    const { enter, happens } = hall
    await enter()
    const participant = bobOf(hall)
    const who = { participantIdentity: 'bob' }
    const track = owned({ sid: 'TR_2', name: 'voice', kind: 1, muted: false })
    const of = (name: Parameters<typeof hall.room.on>[0], value: object) => told(hall, name, () => happens(name, value))
    const published = await of('trackPublished', { ...who, publication: owned(publicationInfo('TR_2')) })
    const publication = participant.trackPublications.get('TR_2')
    assert.equal(published, [{ publication, participant }])
    const subscribed = await of('trackSubscribed', { ...who, track })
    const theirs = publication?.track
    assert.ok(theirs && publication.subscribed)
    assert.equal(subscribed, [{ track: theirs, publication, participant }])
    assert.equal(await of('trackMuted', { ...who, trackSid: 'TR_2' }), [{ publication, participant }])
    assert.equal([theirs.muted, publication.muted], [true, true])
    assert.equal(await of('trackUnmuted', { ...who, trackSid: 'TR_2' }), [{ publication, participant }])
    assert.equal([theirs.muted, publication.muted], [false, false])
    assert.equal(await of('trackUnsubscribed', { ...who, trackSid: 'TR_2' }), [{ track: theirs, publication, participant }])
    assert.equal([publication.track, publication.subscribed], [undefined, false])
    const failed = await of('trackSubscriptionFailed', { ...who, trackSid: 'TR_2', error: 'no' })
    assert.equal(failed, [{ participant, trackSid: 'TR_2', error: 'no' }])
    assert.equal(await of('trackUnpublished', { ...who, publicationSid: 'TR_2' }), [{ publication, participant }])
  }),
)

it(
  'tells of our own tracks, also of one that is not in the list any more, and of each once (RM-1, LP-11)',
  inHall(async hall => {
    const { room, enter, happens, logged } = hall
    await enter()
    const seen = await told(hall, 'localTrackPublished', () => publish(hall, 'TR_1'))
    const first = room.localParticipant.trackPublications.get('TR_1')
    assert.ok(first)
    assert.equal(seen, [{ publication: first, track: first.track }])
    const heard = await told(hall, 'localTrackSubscribed', () => happens('localTrackSubscribed', { trackSid: 'TR_1' }))
    assert.equal(heard, [{ track: first.track }])
    const info = publicationInfo('TR_9')
    const again = await told(hall, 'localTrackRepublished', () => happens('localTrackRepublished', { previousSid: 'TR_1', info }))
    assert.equal(again, [{ publication: first, previousSid: 'TR_1' }])

    await publish(hall, 'TR_2')
    const second = room.localParticipant.trackPublications.get('TR_2')
    const over = await told(hall, 'localTrackUnpublished', async () => {
      room.sdk.localParticipant?.trackPublications.clear() // as unpublishing leaves it, before its events are handled
      await happens('localTrackUnpublished', { publicationSid: 'TR_2' })
      await happens('localTrackUnpublished', { publicationSid: 'TR_9' })
      await happens('localTrackUnpublished', { publicationSid: 'TR_9' })
    })
    assert.equal(over, [{ publication: second }, { publication: first }], 'each by its own sid')
    assert.equal(await told(hall, 'localTrackPublished', () => happens('localTrackPublished', { trackSid: 'TR_X' })), [])
    assert.equal(
      logged.filter(code => code === 'livekit.event.unknown'),
      ['livekit.event.unknown', 'livekit.event.unknown'],
    )
  }),
)

it(
  'tells data and tones as one thing each, of nobody where a server sent them (RM-1, DP-1, DT-1)',
  inHall(async hall => {
    const { enter, happens } = hall
    await enter()
    const participant = bobOf(hall)
    const packet = (identity: string | undefined, value: object, kind = 1) =>
      happens('dataPacketReceived', { kind, participantIdentity: identity, value })
    const user = () => ({ case: 'user', value: { data: { data: { dataPtr: 1n, dataLen: 2n }, ...owned({}) }, topic: 't' } })
    const data = await told(hall, 'dataReceived', async () => {
      await packet('bob', user())
      await packet(undefined, user(), 0)
    })
    assert.equal(data, [
      { data: Uint8Array.of(1, 2), kind: DataPacketKind.KIND_RELIABLE, participant, topic: 't' },
      { data: Uint8Array.of(1, 2), kind: DataPacketKind.KIND_LOSSY, participant: undefined, topic: 't' },
    ])
    const tones = await told(hall, 'sipDtmfReceived', async () => {
      await packet('bob', { case: 'sipDtmf', value: { code: 11, digit: '#' } })
      await packet('nobody', { case: 'sipDtmf', value: { code: 1, digit: '1' } })
    })
    assert.equal(tones, [
      { code: 11, digit: '#', participant },
      { code: 1, digit: '1', participant: undefined },
    ])
    const message = { id: 'm', message: 'hi', timestamp: 5n, editTimestamp: 6n, generated: false }
    const chat = await told(hall, 'chatMessage', () => happens('chatMessage', { participantIdentity: 'bob', message }))
    assert.equal(chat, [{ message: { ...message, timestamp: 5, editTimestamp: 6 }, participant }])
  }),
)

it(
  'tells the words of a track with numbers for times, and whose they are, if that is known (RM-4, TR-1)',
  inHall(async hall => {
    const { room, enter, happens } = hall
    await enter()
    await publish(hall, 'TR_1')
    const told1 = { id: 's', text: 'hi', startTime: 5n, endTime: 9n, final: true, language: 'en' }
    const segment = { ...told1, startTime: 5, endTime: 9 }
    const bob = bobOf(hall)
    const seen = await told(hall, 'transcriptionReceived', async () => {
      for (const [participantIdentity, trackSid] of [
        ['bob', 'TR_B'],
        ['ann', 'TR_1'],
        ['bob', 'TR_X'],
        ['nobody', 'TR_B'],
        [undefined, undefined],
      ])
        await happens('transcriptionReceived', { participantIdentity, trackSid, segments: [told1] })
    })
    const us = room.localParticipant
    assert.equal(
      seen.map(({ participant, publication }) => [participant, publication]),
      [
        [bob, bob.trackPublications.get('TR_B')],
        [us, us.trackPublications.get('TR_1')],
        [bob, undefined],
        [undefined, undefined],
        [undefined, undefined],
      ],
    )
    for (const { segments } of seen) assert.equal(segments, [segment])
  }),
)

it(
  'tells the state of the encryption of each, and an error inside of it (RM-5)',
  inHall(async hall => {
    const { room, enter, happens } = hall
    await enter()
    const states = Object.values(EncryptionState).filter(state => typeof state === 'number')
    const seen = await told(hall, 'e2eeStateChanged', async () => {
      for (const state of states) await happens('e2eeStateChanged', { participantIdentity: 'bob', state })
      await happens('e2eeStateChanged', { participantIdentity: 'ann', state: EncryptionState.OK })
      await happens('e2eeStateChanged', { participantIdentity: 'nobody', state: EncryptionState.MISSING_KEY })
    })
    const bob = bobOf(hall)
    assert.is(states.length, 7)
    assert.equal(seen, [
      ...states.map(state => ({ participant: bob, state })),
      { participant: room.localParticipant, state: EncryptionState.OK },
      { participant: undefined, state: EncryptionState.MISSING_KEY },
    ])
    const errors = await told(hall, 'encryptionError', () =>
      happens('e2eeStateChanged', { participantIdentity: 'bob', state: EncryptionState.INTERNAL_ERROR }),
    )
    assert.instance(errors[0]?.error, Error)
  }),
)

it.run()
