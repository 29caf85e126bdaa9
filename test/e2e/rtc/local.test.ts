// deadline: 240 s
// beside: another
/** What we publish, send and say of ourselves, as the other one gets it, on a real server; and what the server refuses. */
import { DataPacketKind, TrackSource } from '@livekit/rtc-node'
import * as assert from 'uvu/assert'
import { AudioSource, LocalAudioTrack, UnpublishTrackError } from '../../../src/livekit/rtc/index.ts'
import { within } from '../watch.ts'
import { listen } from './ear.ts'
import { type Guest, type Stage, suiteOnServer } from './stage.ts'
import { hum } from './voice.ts'

const it = await suiteOnServer('rtc local participant')

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes)
const codeOf = (work: Promise<unknown>): Promise<unknown> =>
  within(
    'it is over',
    work.then(
      () => 'done',
      error => error.code,
    ),
    15_000,
  )
/** A track that says nothing. */
const silent = (stage: Stage) => {
  const source = new AudioSource(48_000, 1)
  stage.ends('the source', () => source.close())
  return LocalAudioTrack.createAudioTrack('silent', source)
}
/** As the other one sees us. */
const seenBy = (other: Guest, { identity }: Guest) => other.room.remoteParticipants.get(identity)

it('sends data to all or to some, reliably or not, empty too, and says why when it is too much (LP-1, DP-1)', async stage => {
  const [ann, bob] = await stage.pair()
  const eve = await stage.join('eve')
  await ann.meets(eve)
  await ann.local.publishData('héllo')
  const { data, kind, topic, participant } = await bob.sees('dataReceived')
  assert.equal([text(data), kind, topic, participant?.identity], ['héllo', DataPacketKind.KIND_RELIABLE, '', 'ann'])
  const all = new Uint8Array([0, 1, 2, 3, 4])
  await ann.local.publishData(all.subarray(1, 3), { topic: 'part', destinationIdentities: ['bob'] })
  const part = await bob.sees('dataReceived', packet => packet.topic === 'part')
  assert.equal([...part.data], [1, 2])
  await ann.local.publishData('', { topic: 'empty' })
  assert.is((await bob.sees('dataReceived', packet => packet.topic === 'empty')).data.length, 0)
  const lossy = ann.local.publishData('lossy', { reliable: false, topic: 'lossy' }) // on one machine nothing gets lost
  await lossy
  assert.is((await bob.sees('dataReceived', packet => packet.topic === 'lossy')).kind, DataPacketKind.KIND_LOSSY)
  await eve.sees('dataReceived', packet => packet.topic === 'empty')
  assert.not(eve.all('dataReceived').some(packet => packet.topic === 'part'))
  const much = await ann.local.publishData(new Uint8Array(100_000)).catch((error: unknown) => error)
  assert.match(String(much), 'PublishDataError')
  assert.match(String(much), 'exceeds')
})

it('sends tones, the words of a track with their times as numbers, and chat (LP-1, TR-1, DT-1)', async stage => {
  const [ann, bob] = await stage.pair({ kind: 'agent' }) // the server passes on the words of agents only
  await ann.local.publishDtmf({ code: 10, digit: '*' })
  await ann.local.publishDtmf(11, '#')
  await bob.sees('sipDtmfReceived', ({ digit }) => digit === '#')
  assert.equal(
    bob.all('sipDtmfReceived').map(({ code, digit, participant }) => [code, digit, participant?.identity]),
    [
      [10, '*', 'ann'],
      [11, '#', 'ann'],
    ],
  )
  const { publication } = await hum(stage, ann)
  await bob.sees('trackSubscribed')
  const segment = { id: 's1', text: 'hi', startTime: 0, endTime: 1_200, language: 'en', final: true }
  await ann.local.publishTranscription({ participantIdentity: 'ann', trackSid: publication.sid, segments: [segment] })
  assert.equal((await bob.sees('transcriptionReceived')).segments, [segment])
  const message = await ann.local.sendChatMessage('helo')
  await ann.local.editChatMessage('hello', message)
  const edited = await bob.sees('chatMessage', one => one.message.message === 'hello')
  assert.equal([edited.message.id, edited.participant?.identity], [message.id, 'ann'])
})

it('says what we are called, in whatever order, and keeps all of it (LP-10)', async stage => {
  const [ann, bob] = await stage.pair()
  for (let n = 0; n < 10; n++) {
    const { local } = ann
    await within(
      'all is said',
      Promise.all([
        local.setName(`name ${n}`),
        local.setMetadata(`data ${n}`),
        local.setAttributes({ n: `${n}`, [`k${n}`]: 'x' }),
      ]),
    )
  }
  await ann.local.setAttributes({ k0: '' })
  const { name, metadata, attributes } = await bob.until('bob sees the last of it', () => {
    const seen = seenBy(bob, ann)
    return seen?.name === 'name 9' && seen.metadata === 'data 9' && seen.attributes.n === '9' && !seen.attributes.k0 && seen
  })
  assert.equal([name, metadata, attributes.k1, attributes.k9], ['name 9', 'data 9', 'x', 'x'])
  await ann.until(
    'we see it too',
    () => ann.local.name === 'name 9' && ann.local.metadata === 'data 9' && !ann.local.attributes.k0,
  )
})

it('tells that the server refused, in its words, and goes on (LP-10, SD-11)', async stage => {
  const [ann, bob] = await stage.pair({ grants: { canUpdateOwnMetadata: false } })
  const words: string[] = []
  for (const change of [
    () => ann.local.setMetadata('m'),
    () => ann.local.setName('n'),
    () => ann.local.setAttributes({ a: '1' }),
  ]) {
    const error = await within(
      'the answer',
      change().catch((reason: unknown) => reason),
    )
    assert.is(Reflect.get(Object(error), 'code'), 'ERR_REFUSED')
    words.push(String(error))
  }
  assert.match(words.join(), 'permission') // of an answer that got lost the native layer says so instead
  assert.is(await codeOf(bob.local.setMetadata('x'.repeat(600_000))), 'ERR_REFUSED')
  await bob.local.setMetadata('short')
  await ann.until('ann sees it', () => seenBy(ann, bob)?.metadata === 'short')
  assert.is(seenBy(bob, ann)?.metadata, '')
})

it('has the publication under its sid when the track is published, until it is unpublished, and then again (LP-11)', async stage => {
  const [ann, bob] = await stage.pair()
  const { track, publication } = await hum(stage, ann)
  assert.is(ann.local.trackPublications.get(publication.sid), publication)
  assert.equal([publication.sid, publication.source, publication.track], [track.sid, TrackSource.SOURCE_MICROPHONE, track])
  const first = await bob.sees('trackSubscribed')
  assert.is(first.publication.sid, publication.sid)
  assert.is(await codeOf(ann.local.publishTrack(track)), 'ERR_TRACK')
  assert.equal([...ann.local.trackPublications.keys()], [publication.sid])

  await ann.local.unpublishTrack(publication.sid)
  assert.is(ann.local.trackPublications.size, 0)
  assert.is(publication.track, undefined)
  await bob.sees('trackUnpublished', event => event.publication.sid === publication.sid)
  for (const sid of [publication.sid, 'TR_never', 'nothing like it']) {
    const error = await ann.local.unpublishTrack(sid).catch((reason: unknown) => reason)
    assert.ok(error instanceof UnpublishTrackError, `${sid}: ${error}`)
  }
  const again = await ann.local.publishTrack(track)
  await bob.sees('trackSubscribed', event => event.publication.sid === again.sid)
  assert.not.equal(again.sid, publication.sid)
})

it('says at last that the server does not let us publish (LP-1)', async stage => {
  const ann = await stage.join('ann', { grants: { canPublish: false } })
  assert.is(await codeOf(ann.local.publishTrack(silent(stage))), 'ERR_PUBLISH_TRACK')
})

it('lets subscribe all, nobody, or whom we name, to what we name (LP-5)', async stage => {
  const [ann, bob] = await stage.pair()
  const eve = await stage.join('eve')
  const permit = (...allowed: string[]) =>
    ann.local.setTrackSubscriptionPermissions({
      allowAllParticipants: false,
      participantPermissions: allowed.map(participantIdentity => ({ participantIdentity, allowAll: true })),
    })
  permit()
  await hum(stage, ann)
  for (const guest of [bob, eve]) await guest.sees('trackPublished')
  permit('bob')
  const ofBob = await listen(stage, bob)
  await ofBob.tone()
  assert.is(eve.all('trackSubscribed').length, 0)
  const [{ sid = '' } = {}] = ann.local.trackPublications.values()
  const participantPermissions = [{ participantIdentity: 'eve', allowedTrackSids: [sid] }]
  ann.local.setTrackSubscriptionPermissions({ allowAllParticipants: false, participantPermissions })
  const ofEve = await listen(stage, eve)
  await Promise.all([ofEve.tone(), ofBob.quiet()])
  ann.local.setTrackSubscriptionPermissions({ allowAllParticipants: true, participantPermissions })
  await bob.sees('trackSubscribed', ({ track }) => track.sid === sid, 20_000)
  await ofEve.tone()
})

it('ends all that waits when the room is left, and does nothing more afterwards', async stage => {
  const [ann] = await stage.pair()
  const track = silent(stage)
  const { local } = ann
  const waiting = [local.publishTrack(track), local.setMetadata('m'), local.setName('n')].map(codeOf)
  await ann.room.disconnect()
  for (const code of await Promise.all(waiting)) assert.ok(code === 'ERR_DISCONNECTED' || code === 'done', String(code))
  const late = [
    local.publishData('x'),
    local.publishTrack(track),
    local.unpublishTrack('TR_1'),
    local.setMetadata('m'),
    local.sendChatMessage('x'),
  ]
  for (const work of late) assert.is(await codeOf(work), 'ERR_DISCONNECTED')
  assert.throws(() => local.setTrackSubscriptionPermissions({ allowAllParticipants: true }), 'room')
})

it.run()
