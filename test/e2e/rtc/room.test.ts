// deadline: 180 s
// beside: another
/** A room of ours on a real server: entered again and again, muted from outside, shared with the engine, and with handlers that fail. */
import { TrackSource } from '@livekit/rtc-node'
import * as assert from 'uvu/assert'
import { codeOf } from '../../../src/errors.ts'
import { attach } from '../../../src/livekit/attach.ts'
import { ConnectError, Room } from '../../../src/livekit/rtc/index.ts'
import type { RoomEvent } from '../../../src/ports.ts'
import { residue } from '../residue.ts'
import { Watch, within } from '../watch.ts'
import { nothingLeft, suiteOnServer } from './stage.ts'
import { hum } from './voice.ts'

const it = await suiteOnServer('rtc room')

const codeFor = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'it did not fail',
    error => codeOf(error),
  )

it('is entered again under the same handlers, and hears what is sent there (RM-13, RM-11, RM-3)', async stage => {
  const [ann, bob] = await stage.pair()
  const heard: string[] = []
  bob.room.registerTextStreamHandler('chat', async (reader, from) => {
    heard.push(`${from}: ${await reader.readAll()}`)
    bob.watch.look()
  })
  for (const round of [1, 2, 3]) {
    await ann.local.sendText(`round ${round}`, { topic: 'chat' })
    await bob.until('it is heard', () => heard.length === round)
    const before = bob.room.sdk
    await bob.room.disconnect()
    await ann.until('he is gone', () => !ann.room.remoteParticipants.has('bob'))
    await stage.enter(bob)
    assert.is.not(bob.room.sdk, before)
    await ann.meets(bob)
  }
  assert.equal(heard, ['ann: round 1', 'ann: round 2', 'ann: round 3'])
  assert.equal([bob.all('connected').length, bob.all('disconnected').length], [4, 3])
})

it('gives up entering when it is told to, takes that back, and is entered then (RM-13, law 4)', async stage => {
  const ann = stage.guest('ann')
  const token = await stage.token('ann')
  const before = residue()
  const stopping = new AbortController()
  const stopped = ann.room.connect(stage.server.url, token, { signal: stopping.signal }).then(
    () => undefined,
    (error: Error) => error.message,
  )
  stopping.abort(new Error('no longer'))
  assert.is(await within('it is stopped', stopped), 'no longer')
  const left = ann.room.connect(stage.server.url, token).then(
    () => undefined,
    (error: unknown) => error,
  )
  await ann.room.disconnect()
  assert.instance(await within('it is left', left), ConnectError)
  await nothingLeft(before)
  await stage.enter(ann, { options: { singlePeerConnection: true, connectTimeoutMs: 8_000, joinRetries: 2 } })
  assert.ok(ann.room.isConnected)
  assert.equal(ann.all('disconnected'), [])
})

it('hears, though another room failed to be entered at the same time (RM-13)', async stage => {
  const [ann, bad] = [stage.guest('ann'), new Room()]
  const [entered, refused] = await Promise.allSettled([stage.enter(ann), bad.connect('ws://127.0.0.1:9', 'token')])
  assert.equal([entered.status, refused.status], ['fulfilled', 'rejected'])
  const bob = await stage.join('bob')
  await hum(stage, bob)
  await ann.sees('activeSpeakersChanged', ({ speakers }) => speakers.some(({ identity }) => identity === 'bob'), 20_000)
})

it('is muted by the server, and knows it on both sides (LT-2)', async stage => {
  const [ann, bob] = await stage.pair()
  const { track, publication } = await hum(stage, bob)
  const { publication: theirs } = await ann.sees('trackSubscribed')
  await stage.api.mutePublishedTrack(stage.name, 'bob', publication.sid, true)
  const [mine, other] = await Promise.all([bob.sees('trackMuted'), ann.sees('trackMuted')])
  assert.equal([mine.participant, mine.publication], [bob.local, publication])
  assert.equal([track.muted, publication.muted, theirs.muted, other.publication === theirs], [true, true, true, true])
  track.unmute() // as the server lets whoever publishes
  await ann.sees('trackUnmuted')
  assert.equal([track.muted, theirs.muted], [false, false])
})

it('waits for who subscribes, and no longer than that can be (LTP-1, LP-11)', async stage => {
  const ann = await stage.join('ann')
  const bob = await stage.join('bob', { options: { autoSubscribe: false } })
  const { publication } = await hum(stage, ann)
  assert.is(ann.local.trackPublications.get(publication.sid), publication)
  const waiting = publication.waitForSubscription()
  const { publication: theirs } = await bob.until('he sees it', () => bob.all('trackPublished')[0])
  theirs.setSubscribed(true)
  await within('it is subscribed', waiting)
  assert.equal([theirs.source, publication.source], [TrackSource.SOURCE_MICROPHONE, TrackSource.SOURCE_MICROPHONE])

  await bob.room.disconnect()
  const { publication: other } = await hum(stage, ann, 440, 'other')
  const never = codeFor(other.waitForSubscription())
  await ann.local.unpublishTrack(other.sid)
  assert.is(await within('it ends', never), 'ERR_UNPUBLISHED')
  const { publication: last } = await hum(stage, ann, 440, 'last')
  const left = codeFor(last.waitForSubscription())
  await ann.room.disconnect()
  assert.is(await within('it ends', left), 'ERR_UNPUBLISHED')
})

it('goes on when its handlers fail: nothing is rejected unhandled, and the rest is told (RM-6, EE-2)', async stage => {
  const unhandled: unknown[] = []
  const note = (error: unknown) => void unhandled.push(error)
  process.on('unhandledRejection', note)
  stage.ends('the watch', () => process.off('unhandledRejection', note))
  const logged: string[] = []
  const room = new Room({ log: (_, code) => void logged.push(code) })
  stage.ends('the room', () => room.disconnect())
  const [seen, watch] = [[] as string[], new Watch()]
  for (const name of ['participantConnected', 'trackPublished', 'trackSubscribed', 'participantDisconnected'] as const) {
    room.on(name, () => {
      throw new Error(`a handler of ${name}`)
    })
    room.on(name, () => Promise.reject(new Error(`a slow handler of ${name}`)))
    room.on(name, () => {
      seen.push(name)
      watch.look()
    })
  }
  await room.connect(stage.server.url, await stage.token('eve'))
  const bob = await stage.join('bob')
  await hum(stage, bob)
  await bob.sees('localTrackSubscribed')
  await watch.until('eve hears him', () => seen.includes('trackSubscribed'))
  await bob.room.disconnect()
  await watch.until('eve sees him go', () => seen.includes('participantDisconnected'))
  assert.equal(seen.sort(), ['participantConnected', 'participantDisconnected', 'trackPublished', 'trackSubscribed'])
  assert.equal([unhandled, logged.filter(code => code === 'livekit.handler.failed').length], [[], 8])
})

it('is also the room of the engine, which leaves it as it was (RM-10)', async stage => {
  const ann = stage.guest('ann')
  const facts: RoomEvent[] = []
  const world = attach(ann.room)
  const joining = world.room.join(fact => facts.push(fact), new AbortController().signal)
  await stage.enter(ann)
  const joined = await within('the engine is in', joining)
  assert.equal([joined.name, joined.identity, joined.participants], [stage.name, 'ann', []])
  const bob = await stage.join('bob')
  await ann.meets(bob)
  await ann.until('it is told', () => facts.some(({ type }) => type === 'participant.joined'))
  await world.room.leave()
  assert.ok(ann.room.isConnected)
  await bob.room.disconnect()
  await ann.sees('participantDisconnected')
  assert.not(facts.some(({ type }) => type === 'participant.left'))
})

it.run()
