/** Following what a participant publishes: rooms of rtc-node that are not connected, and tracks without sound. */
import {
  LocalParticipant,
  RemoteAudioTrack,
  RemoteParticipant,
  RemoteTrackPublication,
  Room,
  type Track,
  TrackKind,
  TrackSource,
} from '@livekit/rtc-node'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { slide } from '../../../../src/audio/buffer.ts'
import { codeOf } from '../../../../src/errors.ts'
import { followed, knowRoom, type Whose } from '../../../../src/livekit/rtc/media/follow.ts'
import { type Receiver, type Tap, TrackStream } from '../../../../src/livekit/rtc/media/track-stream.ts'

const it = suite('rtc follow')

const [microphone, camera] = [TrackSource.SOURCE_MICROPHONE, TrackSource.SOURCE_CAMERA]
/** rtc-node's own objects, without the native handle that their constructors want. */
const trackOf = (sid: string): RemoteAudioTrack =>
  Object.assign(Object.create(RemoteAudioTrack.prototype), { info: { sid, kind: TrackKind.KIND_AUDIO } })
const publicationOf = (sid: string, source: TrackSource): RemoteTrackPublication =>
  Object.assign(Object.create(RemoteTrackPublication.prototype), { info: { sid, source } })
const participantOf = (identity: string): RemoteParticipant =>
  Object.assign(Object.create(RemoteParticipant.prototype), { info: { identity }, trackPublications: new Map() })

type Tapped = { track: Track; to: Receiver<string>; stopped: number }
const scene = () => {
  const room = new Room()
  const state = { connected: true }
  Object.defineProperty(room, 'isConnected', { get: () => state.connected })
  const ann = participantOf('ann')
  room.remoteParticipants.set('ann', ann)
  const taps: Tapped[] = []
  const codes: string[] = []
  const refuse = { now: false }
  const tapOf = (track: Track): Tap<string> => {
    if (refuse.now) throw new Error('gone in this moment')
    return to => {
      const tapped = { track, to, stopped: 0 }
      taps.push(tapped)
      return () => void tapped.stopped++
    }
  }
  const log = (_: string, code: string) => void codes.push(code)
  const open = (about: { participant?: RemoteParticipant } = {}) =>
    new TrackStream(
      slide<string>(10),
      followed({ participant: ann, trackSource: microphone, room, ...about }, TrackKind.KIND_AUDIO).follow(tapOf, log),
    )
  const subscribe = (sid: string, source = microphone, who = ann) => {
    const publication = who.trackPublications.get(sid) ?? publicationOf(sid, source)
    publication.track = trackOf(sid)
    who.trackPublications.set(sid, publication)
    room.emit('trackSubscribed', publication.track, publication, who)
    return publication
  }
  /** As rtc-node has it: the event, and then the end of the track's streams. */
  const unsubscribe = (publication: RemoteTrackPublication) => {
    const { track } = publication
    delete publication.track
    if (track) room.emit('trackUnsubscribed', track, publication, ann)
    for (const tapped of taps) if (tapped.track === track) tapped.to.end()
  }
  const leave = () => {
    room.remoteParticipants.delete('ann')
    room.emit('participantDisconnected', ann)
  }
  const listeners = () => room.eventNames().length
  return { room, state, ann, taps, codes, refuse, open, subscribe, unsubscribe, leave, listeners }
}
const over = (stream: TrackStream<string>) => stream[Symbol.asyncIterator]().next()

it('takes nothing before there is a track, and then one after the other, also of another publication (AST-4, VST-3)', async () => {
  const { open, subscribe, unsubscribe, taps, ann } = scene()
  const stream = open()
  const steps = stream.values()
  subscribe('TR_0', camera)
  assert.is(taps.length, 0)
  const first = subscribe('TR_1')
  taps[0]?.to.take('one')
  unsubscribe(first)
  assert.equal([taps.length, taps[0]?.stopped], [1, 1])
  subscribe('TR_1')
  taps[1]?.to.take('two')
  unsubscribe(first)
  ann.trackPublications.delete('TR_1')
  subscribe('TR_2')
  taps[2]?.to.take('three')
  for (const word of ['one', 'two', 'three']) assert.is((await steps.next()).value, word)
  stream.close()
  assert.equal(
    taps.map(({ stopped }) => stopped),
    [1, 1, 1],
  )
})

it('finds the track that is there already, and the other of the same source when that has ended (AST-4)', () => {
  const { open, subscribe, unsubscribe, taps } = scene()
  const first = subscribe('TR_1')
  subscribe('TR_2')
  const stream = open()
  assert.equal(
    taps.map(({ track }) => track.sid),
    ['TR_1'],
  )
  unsubscribe(first)
  assert.equal(
    taps.map(({ track }) => track.sid),
    ['TR_1', 'TR_2'],
  )
  stream.close()
})

it('does not take up a track that has ended again, while its publication still has it (AST-4)', () => {
  const { open, subscribe, taps } = scene()
  const stream = open()
  subscribe('TR_1')
  taps[0]?.to.end()
  assert.is(taps.length, 1)
  subscribe('TR_1')
  assert.is(taps.length, 2)
  stream.close()
})

it('is over when the participant leaves, when the room goes away, and when it is closed; then it listens to nothing (AST-4)', async () => {
  for (const how of ['left', 'gone', 'closed'] as const) {
    const { room, ann, open, subscribe, leave, listeners, taps } = scene()
    const before = listeners()
    const [one, two] = [open(), open()]
    subscribe('TR_1')
    const ends = Promise.all([over(one), over(two)])
    room.emit('participantDisconnected', participantOf('bob'))
    assert.equal(
      taps.map(({ stopped }) => stopped),
      [0, 0],
    )
    if (how === 'left') leave()
    else if (how === 'gone') room.emit('disconnected', 1)
    else {
      one.close()
      two.close()
    }
    for (const { done } of await ends) assert.ok(done)
    assert.equal([listeners(), taps.map(({ stopped }) => stopped)], [before, [1, 1]])
    subscribe('TR_2')
    ann.trackPublications.delete('TR_1')
    for (const { to } of [...taps]) to.end() // as streams of rtc-node do when they are stopped
    assert.is(taps.length, 2)
  }
})

it('is over from the beginning for who has left, and in a room that is left (AST-4)', async () => {
  const { open, ann, leave, state, subscribe, taps } = scene()
  subscribe('TR_1')
  state.connected = false
  assert.ok((await over(open())).done)
  state.connected = true
  leave()
  assert.ok((await over(open())).done)
  Object.assign(ann.info, { disconnectReason: 1 })
  const nowhere = followed({ participant: ann, trackSource: microphone }, TrackKind.KIND_AUDIO)
  const stream = new TrackStream<string>(
    slide(1),
    nowhere.follow(
      () => () => assert.unreachable() ?? (() => {}),
      () => {},
    ),
  )
  assert.ok((await over(stream)).done)
  assert.is(taps.length, 0)
})

it('stays open when a track cannot be received, or fails: the next one may do (AST-4)', () => {
  const { open, subscribe, unsubscribe, taps, codes, refuse } = scene()
  const stream = open()
  refuse.now = true
  unsubscribe(subscribe('TR_1'))
  refuse.now = false
  subscribe('TR_1')
  taps[0]?.to.end(new Error('no sound'))
  subscribe('TR_1')
  assert.equal([taps.length, codes], [2, ['livekit.track.failed', 'livekit.track.failed']])
  stream.close()
})

it('refuses what is no remote participant, and what is no source (law 10)', () => {
  const { room, ann } = scene()
  const wrong: unknown[] = [undefined, {}, Object.create(LocalParticipant.prototype), { sdk: room }]
  const ask = (participant: unknown, trackSource: unknown) => () =>
    followed({ participant, trackSource, room } as Whose, TrackKind.KIND_AUDIO)
  for (const one of wrong) assert.throws(ask(one, microphone), (error: unknown) => codeOf(error) === 'ERR_TRACK')
  assert.throws(ask(ann, undefined), (error: unknown) => codeOf(error) === 'ERR_TRACK')
})

it('is not kept from it by a handler of somebody else that throws, and listens once for any number of streams (AST-4)', () => {
  const { room, open, subscribe, taps } = scene()
  room.on('trackSubscribed', () => {
    throw new Error('not ours')
  })
  const streams = Array.from({ length: 20 }, () => open())
  assert.throws(() => subscribe('TR_1'), 'not ours')
  assert.equal([taps.length, room.listenerCount('trackSubscribed')], [20, 2])
  streams.pop()?.close()
  assert.is(room.listenerCount('trackSubscribed'), 2)
  for (const stream of streams) stream.close()
  assert.is(room.listenerCount('trackSubscribed'), 1)
  const next = open() // takes up the track that is there, and hears of what comes
  taps.at(-1)?.to.end()
  assert.throws(() => subscribe('TR_1'), 'not ours')
  assert.is(taps.length, 22)
  next.close()
})

it('needs no room for a participant of one that is known, and is told which one otherwise', () => {
  const { room, ann } = scene()
  const ask = () => followed({ participant: ann, trackSource: microphone }, TrackKind.KIND_AUDIO)
  assert.throws(ask, (error: unknown) => codeOf(error) === 'ERR_TRACK' && /"ann"/.test(String(error)))
  knowRoom(room)
  knowRoom(room)
  ask()
  followed({ participant: { sdk: ann }, trackSource: microphone, room: { sdk: room } }, TrackKind.KIND_AUDIO)
})

it('finds the room of each participant among those that are known (AST-4)', () => {
  const scenes = [scene(), scene()]
  for (const { room } of scenes) knowRoom(room)
  for (const { room, ann, subscribe } of scenes) {
    let heard = 0
    const tap = () => {
      heard++
      return () => {}
    }
    const { follow } = followed({ participant: ann, trackSource: microphone }, TrackKind.KIND_AUDIO)
    const stream = new TrackStream<string>(
      slide(1),
      follow(
        () => tap,
        () => {},
      ),
    )
    subscribe('TR_1')
    stream.close()
    assert.equal([heard, room.listenerCount('trackSubscribed')], [1, 0])
  }
})

it.run()
