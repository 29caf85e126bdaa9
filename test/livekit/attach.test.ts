/** A room of the SDK that somebody else connects: joined when it is, and left as it was. Nothing native is called. */
import { RemoteAudioTrack, RemoteParticipant, RemoteTrackPublication, Room } from '@livekit/rtc-node'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { codeOf } from '../../src/errors.ts'
import { attach } from '../../src/livekit/attach.ts'
import { settlingMs } from '../../src/livekit/rtc/room/lifetime.ts'
import { heldBy } from '../../src/livekit/world.ts'
import { MultimodalAgent } from '../../src/multimodal-agent.ts'
import type { RoomEvent } from '../../src/ports.ts'
import { RoomIO } from '../../src/room-io.ts'
import { virtualClock } from '../../src/virtual.ts'
import { outcomeOf } from '../fakes/call.ts'
import { FakeModel } from '../fakes/model.ts'
import { FakeSession } from '../fakes/session.ts'

const it = suite('livekit attach')

const ann = (): RemoteParticipant =>
  Object.assign(Object.create(RemoteParticipant.prototype), {
    info: { identity: 'ann', sid: 'PA_1', kind: 0, state: 2, attributes: {} },
    trackPublications: new Map(),
  })
const microphone = (): RemoteTrackPublication =>
  Object.assign(Object.create(RemoteTrackPublication.prototype), {
    info: { sid: 'TR_1', source: 2, muted: false, audioFeatures: [] },
    track: Object.assign(Object.create(RemoteAudioTrack.prototype), { info: { sid: 'TR_1' } }),
  })

/** A room with somebody in it who speaks; it is connected when it is told so. */
const scene = ({ connected = true } = {}) => {
  const clock = virtualClock()
  const codes: string[] = []
  const room = new Room()
  const state = { connected }
  Object.defineProperty(room, 'isConnected', { get: () => state.connected })
  const caller = ann()
  const publication = microphone()
  caller.trackPublications.set('TR_1', publication)
  room.remoteParticipants.set('ann', caller)
  const own = () => {}
  room.on('participantConnected', own)
  const listeners = () => room.eventNames().reduce((all, name) => all + room.rawListeners(name as never).length, 0)
  const connect = () => {
    state.connected = true
    room.emit('connectionStateChanged', 1)
  }
  const log = (_: string, code: string) => void codes.push(code)
  return {
    clock,
    codes,
    room,
    caller,
    listeners,
    connect,
    state,
    world: () => attach(room, { clock, log }),
    hands: { clock, log },
  }
}
const never = new AbortController().signal

it('does nothing before it is joined; then it is there at once, with the tracks that are subscribed (ROOM-1, ROOM-4)', async () => {
  const { world, listeners, room, caller } = scene()
  const before = listeners()
  const { room: port, tracks } = world()
  assert.is(listeners(), before)
  const facts: RoomEvent[] = []
  const joined = await port.join(fact => facts.push(fact), never)
  assert.equal(
    joined.participants.map(({ identity, active, tracks: all }) => [identity, active, all.map(({ key }) => key)]),
    [['ann', true, ['TR_1#1']]],
  )
  assert.ok(tracks)
  room.emit('participantAttributesChanged', {}, caller)
  assert.equal(
    facts.map(({ type }) => type),
    ['participant.changed'],
  )
  await port.leave()
})

it('waits for the room to be connected, as long as it takes, or until it is told not to (ROOM-4)', async () => {
  const { world, listeners, connect, clock } = scene({ connected: false })
  const before = listeners()
  const joining = await outcomeOf(
    clock,
    world().room.join(() => {}, never),
  )
  await clock.advance(3_600_000)
  assert.equal(joining, {})
  connect()
  await clock.settle()
  assert.ok(joining.value)

  const other = scene({ connected: false })
  const stop = new AbortController()
  const port = other.world().room
  const given = await outcomeOf(
    other.clock,
    port.join(() => {}, stop.signal),
  )
  stop.abort()
  await other.clock.settle()
  assert.ok(given.error)
  await port.leave()
  assert.is(other.listeners(), before)
})

it('leaves the room connected, with the listeners that its owner has (ROOM-13)', async () => {
  const { world, listeners, room, state } = scene()
  let disconnected = 0
  room.disconnect = async () => void disconnected++
  const before = listeners()
  const made = world()
  const off = made.byteIn.listen('pictures', () => {})
  await made.room.join(() => {}, never)
  assert.ok(listeners() > before)
  await made.room.leave()
  off()
  assert.equal([listeners(), disconnected, state.connected], [before, 0, true])
  assert.equal(heldBy(made), { listener: 0, stream: 0, speaker: 0 })
  room.registerByteStreamHandler('pictures', () => {}) // throws if ours is still there
})

it('lets the native layer settle after a leave before the SDK may be shut down', async () => {
  const { world } = scene()
  const { room } = world()
  await room.join(() => {}, never)
  const before = settlingMs()
  await room.leave()
  assert.ok(settlingMs() > Math.max(before, 100), `${before} → ${settlingMs()}`)
})

it('finds a topic of the room’s owner taken, and leaves it to him (PRE-15, CHAT-1)', () => {
  const { world, room } = scene()
  room.registerTextStreamHandler('lk.chat', () => {})
  const made = world()
  assert.throws(
    () => made.textIn.listen('lk.chat', () => {}),
    (error: unknown) => codeOf(error) === 'ERR_TOPIC_TAKEN',
  )
  assert.throws(() => room.registerTextStreamHandler('lk.chat', () => {}))
  made.textIn.listen('other', () => {})()
})

it('is joined once, and not after it was left', async () => {
  const { world } = scene()
  const { room } = world()
  await room.join(() => {}, never)
  const again = await room.join(() => {}, never).catch((error: unknown) => error)
  assert.is(codeOf(again), 'ERR_STARTED')
  await room.leave()
  assert.is(codeOf(await room.join(() => {}, never).catch((error: unknown) => error)), 'ERR_CLOSED')
})

it('serves a RoomIO: linked with the SDK’s own participant, and closed without a trace, before and after it is connected (LINK-5, LINK-6, ROOM-11, ROOM-13)', async () => {
  for (const connected of [true, false]) {
    const { clock, room, listeners, connect, caller, hands } = scene({ connected })
    const before = listeners()
    const session = new FakeSession()
    const io = new RoomIO(session, room, { audioInput: false, audioOutput: false }, hands)
    assert.ok(io.room === room)
    assert.is(listeners(), before)
    io.start()
    await clock.advance(60_000)
    assert.is(io.linkedParticipant === caller, connected)
    connect()
    await clock.advance(10)
    assert.ok(io.linkedParticipant === caller)
    assert.ok(session.asked[0] === 'linked' && session.asked[1] === caller)
    await clock.runUntil(io.close())
    assert.equal([listeners(), session.handlers], [before, 0])
  }
  const { clock, room, listeners, hands } = scene({ connected: false })
  const before = listeners()
  const io = new RoomIO(new FakeSession(), room, {}, hands)
  io.start()
  await clock.advance(60_000)
  await clock.runUntil(io.close())
  assert.is(listeners(), before)
  room.registerByteStreamHandler('lk.agent.pre-connect-audio-buffer', () => {})
})

it('serves a MultimodalAgent, which waits for the room, asks for no session before, and leaves it as it was (MM-45)', async () => {
  for (const connects of [false, true]) {
    const { clock, room, connect, listeners, hands } = scene({ connected: false })
    const before = listeners()
    const model = new FakeModel()
    const agent = new MultimodalAgent({ model, ...hands })
    const starting = outcomeOf(clock, agent.start(room))
    await clock.advance(60_000)
    assert.equal([model.sessions.length, agent.chart?.linkedParticipant], [0, undefined])
    if (connects) connect()
    await clock.settle()
    assert.equal([model.sessions.length, agent.chart?.linkedParticipant], connects ? [1, 'ann'] : [0, undefined])
    await clock.runUntil(agent.close())
    assert.is(codeOf((await starting).error), 'ERR_CLOSED')
    assert.is(listeners(), before)
    assert.is(room.isConnected, connects)
  }
})

it.run()
