/** Tracks, publications and participants of ours: what they read of rtc-node's, and what they ask the native layer. */
import {
  ParticipantKind,
  AudioSource as SdkAudioSource,
  LocalAudioTrack as SdkLocalAudioTrack,
  LocalTrackPublication as SdkLocalTrackPublication,
  LocalVideoTrack as SdkLocalVideoTrack,
  RemoteAudioTrack as SdkRemoteAudioTrack,
  RemoteVideoTrack as SdkRemoteVideoTrack,
  StreamState,
  TrackKind,
  TrackSource,
} from '@livekit/rtc-node'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { codeOf } from '../../../../src/errors.ts'
import { localPublicationOf, noteUnpublished } from '../../../../src/livekit/rtc/room/publication.ts'
import { LocalAudioTrack, LocalVideoTrack, localTrackOf, remoteTrackOf } from '../../../../src/livekit/rtc/room/track.ts'
import { failure, inHall, owned, participantInfo, publicationInfo } from '../hall.ts'

const it = suite('rtc tracks')

/** What rtc-node's constructors take: as much of it as they look at. */
const given = (info: object) => owned(info) as never
const trackInfo = { sid: 'TR_1', name: 'voice', kind: 1, streamState: 1, muted: false }
const codeFor = (work: () => unknown) => {
  try {
    return work()
  } catch (error) {
    return codeOf(error)
  }
}

it(
  'says what its track is, and that it is one of ours or of others',
  inHall(() => {
    const track = localTrackOf(new SdkLocalAudioTrack(given(trackInfo)))
    assert.equal([track.sid, track.name, track.kind], ['TR_1', 'voice', TrackKind.KIND_AUDIO])
    assert.equal([track.streamState, track.muted], [StreamState.STATE_ACTIVE, false])
    const all = [
      track,
      localTrackOf(new SdkLocalVideoTrack(given(trackInfo))),
      remoteTrackOf(new SdkRemoteAudioTrack(given(trackInfo))),
      remoteTrackOf(new SdkRemoteVideoTrack(given(trackInfo))),
    ]
    assert.equal(all.map(String), [
      'rtc.LocalAudioTrack(sid=TR_1, name=voice)',
      'rtc.LocalVideoTrack(sid=TR_1, name=voice)',
      'rtc.RemoteAudioTrack(sid=TR_1, name=voice)',
      'rtc.RemoteVideoTrack(sid=TR_1, name=voice)',
    ])
    assert.is(localTrackOf(track.sdk), track)
    assert.instance(track, LocalAudioTrack)
    const bare = remoteTrackOf(new SdkRemoteAudioTrack(Object.assign(owned({}), { info: undefined }) as never))
    assert.equal([bare.sid, bare.name, bare.kind, bare.muted], ['', '', TrackKind.KIND_UNKNOWN, false])
  }),
)

it(
  'is muted at once, and asks the native layer only where that changes something (LT-1)',
  inHall(({ of }) => {
    const track = localTrackOf(new SdkLocalAudioTrack(given(trackInfo)))
    const trackHandle = track.sdk.ffi_handle.handle
    track.unmute()
    assert.equal(of('localTrackMute'), [])
    track.mute()
    assert.is(track.muted, true)
    track.mute()
    assert.equal(of('localTrackMute'), [{ trackHandle, mute: true }])
    track.unmute()
    assert.equal([track.muted, of('localTrackMute').length], [false, 2])
  }),
)

it(
  'gives its track back once, and its source with it where nobody else needs that (LT-3)',
  inHall(async () => {
    const closed: string[] = []
    const source: SdkAudioSource = Object.assign(Object.create(SdkAudioSource.prototype), {
      close: async () => void closed.push('source'),
    })
    const make = () => localTrackOf(new SdkLocalAudioTrack(given(trackInfo), source))
    const [shared, own] = [make(), make()]
    await shared.close(false)
    assert.equal(closed, [])
    await own.close()
    await own.close()
    assert.equal(closed, ['source'])
    for (const use of [() => own.mute(), () => own.unmute()]) assert.is(codeFor(use), 'ERR_TRACK')
    const { code, message } = await failure(own.getStats())
    assert.equal([code, message], ['ERR_TRACK', 'the track "voice" is closed: make another one'])
  }),
)

it(
  'has statistics, or the reason of the native layer why not; and waits no longer than the room lives (TK-1)',
  inHall(async ({ room, client, enter, of, turns }) => {
    await enter()
    const sdk = new SdkRemoteAudioTrack(given(trackInfo))
    sdk.setRoom(room.sdk)
    const track = remoteTrackOf(sdk)
    const stats = [{ stats: { case: 'inboundRtp', value: {} } }]
    client.replies.getStats = () => ({ stats })
    assert.equal(await track.getStats(), stats)
    assert.equal(of('getStats'), [{ trackHandle: sdk.ffi_handle.handle }])
    client.replies.getStats = () => ({ error: 'no transceiver found', stats: [] })
    assert.is((await failure(track.getStats())).message, 'no transceiver found')

    client.replies.getStats = undefined
    const stopping = new AbortController()
    const stopped = failure(track.getStats(stopping.signal))
    stopping.abort(new Error('no longer'))
    assert.is((await stopped).message, 'no longer')
    const left = failure(track.getStats())
    await turns()
    await room.disconnect()
    assert.is((await left).code, 'ERR_DISCONNECTED')
    assert.equal([(await failure(track.getStats())).code, of('getStats').length], ['ERR_DISCONNECTED', 4])
  }),
)

it(
  'has the properties of a publication, and a copy of its audio features (TP-1)',
  inHall(() => {
    const info = publicationInfo('TR_1', { audioFeatures: [0, 6], simulcasted: true, width: 4, height: 3, mimeType: 'video/VP8' })
    const publication = localPublicationOf(new SdkLocalTrackPublication(given({ ...info, encryptionType: 1 })))
    assert.equal([publication.sid, publication.name, publication.kind], ['TR_1', 'voice', TrackKind.KIND_AUDIO])
    assert.equal([publication.source, publication.muted], [TrackSource.SOURCE_MICROPHONE, false])
    assert.equal([publication.simulcasted, publication.width, publication.height], [true, 4, 3])
    assert.equal([publication.mimeType, publication.encryptionType, publication.track], ['video/VP8', 1, undefined])
    assert.equal(publication.audioFeatures, [0, 6])
    publication.audioFeatures.push(1)
    assert.equal(publication.audioFeatures, [0, 6])
    assert.is(String(publication), 'rtc.LocalTrackPublication(sid=TR_1, name=voice, kind=1, source=2)')
    const bare = localPublicationOf(new SdkLocalTrackPublication(Object.assign(owned({}), { info: undefined }) as never))
    assert.equal([bare.audioFeatures, bare.sid, bare.width, bare.source], [[], '', 0, TrackSource.SOURCE_UNKNOWN])
  }),
)

it(
  'waits for the first subscription, until that can no longer come (LTP-1, SD-8)',
  inHall(async ({ room, enter, happens }) => {
    await enter()
    const put = (sid: string) => {
      const sdk = new SdkLocalTrackPublication(given(publicationInfo(sid)))
      sdk.track = new SdkLocalAudioTrack(given({ ...trackInfo, sid }))
      room.sdk.localParticipant?.trackPublications.set(sid, sdk)
      return localPublicationOf(sdk)
    }
    const heard = put('TR_1')
    const waiting = heard.waitForSubscription()
    await happens('localTrackSubscribed', { trackSid: 'TR_1' })
    await happens('localTrackSubscribed', { trackSid: 'TR_1' })
    await waiting
    await heard.waitForSubscription()

    const stopping = new AbortController()
    const stopped = failure(put('TR_2').waitForSubscription(stopping.signal))
    stopping.abort(new Error('no longer'))
    assert.is((await stopped).message, 'no longer')

    const gone = put('TR_3')
    const unpublished = failure(gone.waitForSubscription())
    await happens('localTrackPublished', { trackSid: 'TR_3' })
    await happens('localTrackUnpublished', { publicationSid: 'TR_3' })
    assert.is((await unpublished).code, 'ERR_UNPUBLISHED')
    assert.is((await failure(gone.waitForSubscription())).code, 'ERR_UNPUBLISHED')
    noteUnpublished(gone.sdk)

    const left = failure(put('TR_4').waitForSubscription())
    await room.disconnect()
    assert.is((await left).code, 'ERR_UNPUBLISHED')
  }),
)

it(
  'says who a participant is: a copy of the attributes, the kind and its details (PA-2, PA-3)',
  inHall(async ({ room, enter, happens, of }) => {
    await enter()
    const info = participantInfo('cat', { attributes: { a: '1' }, kind: ParticipantKind.SIP, kindDetails: [1] })
    await happens('participantConnected', { info: owned(info) })
    const cat = room.remoteParticipants.get('cat')
    assert.ok(cat)
    cat.attributes.a = 'mine'
    cat.kindDetails.push(2)
    assert.equal([cat.attributes, cat.kind, cat.kindDetails], [{ a: '1' }, ParticipantKind.SIP, [1]])
    assert.equal([cat.sid, cat.identity, cat.name, cat.metadata, cat.disconnectReason], ['PA_cat', 'cat', '', '', undefined])
    assert.is(String(cat), 'rtc.RemoteParticipant(sid=PA_cat, identity=cat, name=)')
    const bob = room.remoteParticipants.get('bob')
    const theirs = bob?.trackPublications.get('TR_B')
    assert.is(String(theirs), 'rtc.RemoteTrackPublication(sid=TR_B, name=voice, kind=1, source=2)')
    theirs?.setSubscribed(true)
    assert.equal([theirs?.subscribed, of('setSubscribed').length], [false, 1])
  }),
)

it('makes no track of what is no source of its kind, or of a closed one', () => {
  const source = { ffiHandle: {}, numChannels: 1, closed: true }
  const none = [undefined, {}, 'voice', { ffiHandle: {}, width: 64 }, source]
  for (const one of none) {
    assert.throws(() => LocalAudioTrack.createAudioTrack('voice', one as never), /AudioSource/)
    assert.is(
      codeFor(() => LocalAudioTrack.createAudioTrack('voice', one as never)),
      'ERR_SOURCE',
    )
  }
  assert.is(
    codeFor(() => LocalVideoTrack.createVideoTrack('face', source as never)),
    'ERR_SOURCE',
  )
})
it(
  'says in a line that a track cannot be subscribed to any more, where the native layer says what it was asked (RM-6)',
  inHall(async ({ room, enter, client, happens }) => {
    await enter()
    const theirs = room.remoteParticipants.get('bob')?.trackPublications.get('TR_B')
    await happens('trackUnpublished', { participantIdentity: 'bob', publicationSid: 'TR_B' })
    const { request } = client
    client.request = () => {
      throw new Error('failed to handle request: invalid request: handle not found (FfiRequest { … })')
    }
    assert.is(
      codeFor(() => theirs?.setSubscribed(true)),
      'ERR_UNPUBLISHED',
    )
    client.request = request
  }),
)

it.run()
