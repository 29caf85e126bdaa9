// deadline: 180 s
// beside: another
/** Tracks and publications on a real server: muted, shared, waited for, and what is known of them. */
import { AudioFrame, EncryptionType, StreamState, TrackKind, TrackSource } from '@livekit/rtc-node'
import * as assert from 'uvu/assert'
import { codeOf } from '../../../src/errors.ts'
import {
  AudioSource,
  AudioTrackFeature,
  LocalAudioTrack,
  LocalVideoTrack,
  RemoteAudioTrack,
  RemoteVideoTrack,
  VideoSource,
} from '../../../src/livekit/rtc/index.ts'
import { within } from '../watch.ts'
import { suiteOnServer } from './stage.ts'
import { hum } from './voice.ts'

const it = await suiteOnServer('rtc tracks')

const codeOfRefusal = (work: Promise<unknown>): Promise<unknown> =>
  within(
    'it is refused',
    work.then(() => 'nothing', codeOf),
  )

it('is muted by the server as by ourselves, and all see it (LT-1, LT-2)', async stage => {
  const [ann, bob] = await stage.pair()
  const { track, publication } = await hum(stage, bob)
  await ann.sees('trackSubscribed')
  await stage.api.mutePublishedTrack(stage.name, 'bob', publication.sid, true)
  const theirs = await ann.sees('trackMuted')
  const ours = await bob.sees('trackMuted')
  assert.equal([theirs.publication.sid, theirs.publication.muted], [publication.sid, true])
  assert.equal([ours.publication, ours.participant], [publication, bob.local])
  assert.equal([track.muted, publication.muted], [true, true])
  track.unmute() // what the server may not do unless its configuration allows it
  assert.is(track.muted, false)
  await ann.sees('trackUnmuted')
})

it('leaves a source to another track if it is told so, and else closes it (LT-3)', async stage => {
  const bob = await stage.join('bob')
  const source = new AudioSource(48_000, 1, 200)
  assert.equal([source.sampleRate, source.numChannels, source.queueSize], [48_000, 1, 200])
  const [one, other] = ['one', 'other'].map(name => LocalAudioTrack.createAudioTrack(name, source))
  if (!one || !other) throw new Error('there are two')
  await bob.local.publishTrack(one)
  const frame = () => source.captureFrame(AudioFrame.create(48_000, 1, 480))
  await one.close(false)
  await one.close() // it is closed already
  await within('the source plays on', frame())
  assert.not(source.closed)
  await other.close()
  assert.ok(source.closed)
  assert.is(await codeOfRefusal(frame()), 'ERR_CLOSED')
})

it('waits for the first who subscribes, and for no longer than there is a track and a room (LTP-1, SD-8)', async stage => {
  const bob = await stage.join('bob')
  const { publication } = await hum(stage, bob)
  const aborted = new AbortController()
  const impatient = publication.waitForSubscription(aborted.signal)
  aborted.abort(Object.assign(new Error('enough'), { code: 'ERR_ENOUGH' }))
  assert.is(await codeOfRefusal(impatient), 'ERR_ENOUGH')
  const waiting = publication.waitForSubscription()
  await stage.join('ann')
  await within('ann has subscribed', waiting)
  await stage.join('carl') // a second one harms nobody
  await bob.until('both have', () => bob.all('localTrackSubscribed').length >= 1)
  await within('it is so at once', publication.waitForSubscription())

  const dave = await stage.join('dave', { grants: { canSubscribe: false } })
  await Promise.all(['ann', 'carl', 'bob'].map(identity => stage.api.removeParticipant(stage.name, identity)))
  await dave.until('he is alone', () => dave.room.remoteParticipants.size === 0)
  const first = await hum(stage, dave, 440, 'first')
  const unpublished = codeOfRefusal(first.publication.waitForSubscription())
  await dave.local.unpublishTrack(first.publication.sid)
  assert.is(await unpublished, 'ERR_UNPUBLISHED')
  const second = await hum(stage, dave, 440, 'second')
  const left = codeOfRefusal(second.publication.waitForSubscription())
  await dave.room.disconnect()
  assert.is(await left, 'ERR_UNPUBLISHED')
})

it('knows what a track is made of, here and there (TP-1, VE-1)', async stage => {
  const [ann, bob] = await stage.pair()
  const source = new AudioSource(48_000, 1, 200)
  stage.ends('the source', () => source.close())
  const voice = await bob.local.publishTrack(LocalAudioTrack.createAudioTrack('voice', source), {
    ...{ source: TrackSource.SOURCE_MICROPHONE, preconnectBuffer: true },
    ...{ dtx: false, red: true, audioEncoding: { maxBitrate: 32_000n } },
  })
  const heard = await ann.sees('trackPublished', ({ publication: { sid } }) => sid === voice.sid)
  assert.equal([heard.publication.kind, heard.publication.source], [TrackKind.KIND_AUDIO, TrackSource.SOURCE_MICROPHONE])
  assert.match(heard.publication.mimeType, /^audio\//)
  assert.equal([heard.publication.width, heard.publication.height, heard.publication.simulcasted], [0, 0, false])
  assert.is(heard.publication.encryptionType, EncryptionType.NONE)
  const { audioFeatures } = heard.publication
  assert.ok(audioFeatures.includes(AudioTrackFeature.TF_PRECONNECT_BUFFER), audioFeatures.join())
  assert.ok(audioFeatures.includes(AudioTrackFeature.TF_NO_DTX), audioFeatures.join())
  audioFeatures.length = 0 // a copy
  assert.ok(heard.publication.audioFeatures.length > 0)

  const video = new VideoSource(64, 48)
  stage.ends('the video', () => video.close())
  const eye = await bob.local.publishTrack(LocalVideoTrack.createVideoTrack('eye', video), {
    source: TrackSource.SOURCE_CAMERA,
    simulcast: false,
    videoEncoding: { maxBitrate: 150_000n, maxFramerate: 10 },
  })
  const seen = await ann.sees('trackPublished', ({ publication: { sid } }) => sid === eye.sid)
  assert.equal([seen.publication.width, seen.publication.height, seen.publication.kind], [64, 48, TrackKind.KIND_VIDEO])
  assert.match(seen.publication.mimeType, /^video\//i)
  assert.equal(seen.publication.audioFeatures, [])
  const said = `sid=${eye.sid}, name=eye, kind=${TrackKind.KIND_VIDEO}, source=${TrackSource.SOURCE_CAMERA}`
  assert.equal([seen.publication, eye].map(String), [`rtc.RemoteTrackPublication(${said})`, `rtc.LocalTrackPublication(${said})`])

  const { track: sound } = await ann.sees('trackSubscribed', ({ publication }) => publication === heard.publication)
  const { track: sight } = await ann.sees('trackSubscribed', ({ publication }) => publication === seen.publication)
  assert.instance(sound, RemoteAudioTrack)
  assert.instance(sight, RemoteVideoTrack)
  assert.equal([sound.kind, sight.kind], [TrackKind.KIND_AUDIO, TrackKind.KIND_VIDEO])
  for (const { streamState } of [sound, sight]) assert.is(streamState, StreamState.STATE_ACTIVE)
  assert.equal([sound, sight, voice.track, eye.track].map(String), [
    ...[`rtc.RemoteAudioTrack(sid=${voice.sid}, name=voice)`, `rtc.RemoteVideoTrack(sid=${eye.sid}, name=eye)`],
    ...[`rtc.LocalAudioTrack(sid=${voice.sid}, name=voice)`, `rtc.LocalVideoTrack(sid=${eye.sid}, name=eye)`],
  ])
})

it.run()
