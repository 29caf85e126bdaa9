/** A room of ours on rtc-node's, with a native layer that plays the server. */
import { ConnectionState, DisconnectReason, Room as SdkRoom } from '@livekit/rtc-node'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { codeOf } from '../../../../src/errors.ts'
import { ConnectError } from '../../../../src/livekit/rtc/errors.ts'
import { newRoom } from '../../../../src/livekit/rtc/room/lifetime.ts'
import { Room } from '../../../../src/livekit/rtc/room/room.ts'
import { failure, hall, inHall, owned, participantInfo, publicationInfo } from '../hall.ts'

const it = suite('rtc room')

const names = (seen: [string, object][]) => seen.map(([name]) => name)
const codeFor = (get: () => unknown): unknown => {
  try {
    return get()
  } catch (error) {
    return codeOf(error)
  }
}

it(
  'is empty before it is entered, and has no local participant (RM-9)',
  inHall(async ({ room, client }) => {
    assert.equal([room.name, room.metadata, room.isConnected, await room.sid()], ['', '', false, ''])
    assert.equal([room.connectionState, room.remoteParticipants.size], [ConnectionState.CONN_DISCONNECTED, 0])
    assert.is(
      codeFor(() => room.localParticipant),
      'ERR_NOT_CONNECTED',
    )
    assert.equal([room.e2eeManager.enabled, room.e2eeManager.keyProvider], [false, undefined])
    assert.is((await failure(room.getRtcStats())).code, 'ERR_NOT_CONNECTED')
    assert.is((await failure(room.simulateScenario(0))).code, 'ERR_NOT_CONNECTED')
    await room.disconnect()
    assert.is(String(room), 'rtc.Room(sid=unknown, name=, metadata=, connectionState=0)')
    assert.is(client.asked.length, 0)
  }),
)

it(
  'says once that it is entered, when everybody who is there is there, and nothing of them (RM-3, RM-1)',
  inHall(async ({ room, watch, seen, enter, happens }) => {
    watch('connected', 'connectionStateChanged', 'participantConnected', 'trackPublished', 'reconnecting', 'reconnected')
    const there: unknown[] = []
    room.on('connected', () => there.push(room.localParticipant.identity, [...room.remoteParticipants.keys()], room.isConnected))
    await enter()
    assert.equal(there, ['ann', ['bob'], true])
    const bob = room.remoteParticipants.get('bob')
    assert.equal([...(bob?.trackPublications.keys() ?? [])], ['TR_B'])
    assert.equal([room.name, room.metadata], ['hall', 'm0'])
    await happens('reconnecting')
    await happens('connectionStateChanged', { state: ConnectionState.CONN_RECONNECTING })
    assert.ok(room.isConnected, 'it is while the connection is mended')
    await happens('connectionStateChanged', { state: ConnectionState.CONN_CONNECTED })
    await happens('reconnected')
    const expected = ['connectionStateChanged', 'connected', 'reconnecting']
    assert.equal(names(seen), [...expected, 'connectionStateChanged', 'connectionStateChanged', 'reconnected'])
  }),
)

it(
  'stands for each thing of the SDK with one of its own, as long as that lives (RM-1)',
  inHall(async ({ room, enter }) => {
    await enter()
    const bob = room.remoteParticipants.get('bob')
    assert.ok(bob)
    assert.is(room.remoteParticipants.get('bob'), bob)
    assert.is(bob.sdk, room.sdk.remoteParticipants.get('bob'))
    assert.is(bob.trackPublications.get('TR_B'), bob.trackPublications.get('TR_B'))
    assert.is(room.localParticipant, room.localParticipant)
    assert.is(room.localParticipant.sdk, room.sdk.localParticipant)
    assert.is(Room.of(room.sdk), room)
  }),
)

it(
  'says what is wrong when it is not let in, holds nothing then, and is let in at another try (RM-13)',
  inHall(async ({ room, client, clock, watch, seen, shut, open, enter, turns }) => {
    watch('connected', 'disconnected')
    const first = room.sdk
    for (const [url, token] of [
      ['nowhere', 't'],
      ['ws://127.0.0.1', ''],
    ] as const)
      assert.instance((await failure(room.connect(url, token))).error, ConnectError)
    assert.is((await failure(room.connect('ws://127.0.0.1', 't', { joinRetries: -1 }))).code, 'ERR_RANGE')
    assert.is(room.sdk, first, 'nothing was begun: whoever has the room of the SDK already has the right one')
    shut()
    const { error, message } = await failure(enter())
    assert.instance(error, ConnectError)
    assert.match(message, /cannot join the room at ws:\/\/127\.0\.0\.1:7880: no/)
    await turns()
    assert.equal([client.listenerCount('ffi_event'), clock.timers, room.isConnected], [0, 0, false])
    open()
    await enter()
    assert.equal([room.isConnected, names(seen)], [true, ['connected']])
    assert.is.not(room.sdk, first, 'rtc-node wants a room of its own for each connection')
    assert.is((await failure(enter())).code, 'ERR_STARTED')
  }),
)

it(
  'can be entered again after it was left: handlers stay, and people are those of now (RM-13, RM-10, RM-11)',
  inHall(async ({ room, watch, seen, enter, happens }) => {
    watch('connected', 'disconnected', 'participantConnected')
    room.registerTextStreamHandler('chat', () => {})
    await enter()
    const [sdk, us] = [room.sdk, room.localParticipant]
    await happens('participantConnected', { info: owned(participantInfo('cat')) })
    await room.disconnect()
    assert.equal([room.isConnected, room.remoteParticipants.size, room.localParticipant], [false, 0, us])
    await enter()
    assert.equal(names(seen), ['connected', 'participantConnected', 'disconnected', 'connected'])
    assert.equal([[...room.remoteParticipants.keys()], room.sdk === sdk], [['bob'], false])
    assert.is.not(room.localParticipant, us)
    const again = () => room.registerTextStreamHandler('chat', () => {})
    assert.is(codeFor(again), 'ERR_TOPIC_TAKEN')
    assert.throws(again, 'the text topic chat has a handler: unregister that one first')
    assert.is(
      codeFor(() => room.registerByteStreamHandler('files', undefined as never)),
      'ERR_HANDLER',
    )
    assert.throws(() => room.sdk.registerTextStreamHandler('chat', () => {}), /already been set/)
  }),
)

it(
  'leaves once: ends its handlers, then what waits, then tells; a second time does nothing (RM-10)',
  inHall(async ({ room, client, watch, seen, enter, of }) => {
    watch('disconnected', 'connectionStateChanged')
    await enter()
    room.on('disconnected', () => seen.push(['left', { connected: room.isConnected, asked: of('disconnect').length }]))
    client.replies.publishData = undefined
    const waiting = failure(room.localParticipant.publishData('x'))
    await Promise.all([room.disconnect(), room.disconnect()])
    await room.disconnect()
    assert.equal(seen.slice(1), [
      ['connectionStateChanged', { state: ConnectionState.CONN_DISCONNECTED }],
      ['disconnected', { reason: DisconnectReason.CLIENT_INITIATED }],
      ['left', { connected: false, asked: 1 }],
    ])
    assert.is((await waiting).code, 'ERR_DISCONNECTED')
    assert.equal([of('disconnect').length, client.listenerCount('ffi_event')], [1, 0])
  }),
)

it(
  'leaves within its limit when the server says nothing, and tells it once (RM-10, law 4)',
  inHall(async ({ room, client, clock, logged, watch, seen, enter, turns }) => {
    watch('disconnected')
    await enter()
    client.replies.disconnect = undefined
    const leaving = room.disconnect()
    await turns()
    await clock.runUntil(leaving)
    assert.is(clock.now(), 3_000)
    assert.equal(seen, [['disconnected', { reason: DisconnectReason.CLIENT_INITIATED }]])
    assert.ok(logged.includes('livekit.leave.failed'))
    client.tell('disconnect', { asyncId: BigInt(client.asked.length) }) // it speaks after all
    await turns()
    assert.is(seen.length, 1)
  }),
)

it(
  'is entered again only when it was left: the end comes before the beginning (RM-10, RM-13)',
  inHall(async ({ room, client, clock, watch, seen, enter, of, turns }) => {
    watch('connected', 'disconnected')
    await enter()
    client.replies.disconnect = undefined
    const leaving = room.disconnect()
    const entering = enter()
    const other = failure(enter())
    await turns()
    assert.equal([room.isConnected, of('connect').length], [false, 1])
    await clock.runUntil(leaving)
    await entering
    assert.is((await other).code, 'ERR_STARTED')
    assert.equal([names(seen), room.isConnected], [['connected', 'disconnected', 'connected'], true])
    delete client.replies.disconnect
    client.tell('disconnect', { asyncId: BigInt(client.asked.findIndex(one => one.case === 'disconnect') + 1) }) // after all
  }),
)

it(
  'is told when the server ends it, once, and lets go of all of it by itself (RM-10, LTP-1)',
  inHall(async ({ room, client, watch, seen, enter, happens }) => {
    watch('disconnected')
    await enter()
    await happens('disconnected', { reason: DisconnectReason.ROOM_DELETED })
    await happens('disconnected', { reason: DisconnectReason.ROOM_DELETED })
    assert.equal(seen, [['disconnected', { reason: DisconnectReason.ROOM_DELETED }]])
    assert.equal([room.isConnected, room.remoteParticipants.size, client.listenerCount('ffi_event')], [false, 0, 0])
    assert.is(room.sdk.listenerCount('trackMuted'), 0)
    assert.is((await failure(room.localParticipant.publishData('x'))).code, 'ERR_DISCONNECTED')
  }),
)

it(
  'is left while it is being entered, or no longer waited for, and takes back what comes of it (RM-13, law 4)',
  inHall(async ({ room, client, enter, entry, open, of, turns, watch, seen }) => {
    watch('connected', 'disconnected')
    client.replies.connect = undefined
    const entering = failure(enter())
    await turns()
    await room.disconnect()
    const { error, message } = await entering
    assert.instance(error, ConnectError)
    assert.match(message, /left while it was being entered/)
    const late = () => {
      const asyncId = BigInt(client.asked.findLastIndex(one => one.case === 'connect') + 1)
      client.tell('connect', { asyncId, ...entry() })
      return turns()
    }
    await late()
    assert.equal([of('disconnect').length, client.listenerCount('ffi_event')], [1, 0])

    const stopping = new AbortController()
    const stopped = failure(room.connect('ws://127.0.0.1', 't', { signal: stopping.signal }))
    await turns()
    stopping.abort(new Error('no longer'))
    assert.is((await stopped).message, 'no longer')
    assert.is((await failure(room.connect('ws://127.0.0.1', 't', { signal: stopping.signal }))).message, 'no longer')
    await late()
    assert.equal([of('disconnect').length, client.listenerCount('ffi_event'), seen], [2, 0, []])
    open()
    await enter()
    assert.ok(room.isConnected)
  }),
)

it(
  'tells its end also to a handler that ends it as soon as it is entered (RM-10, RM-3)',
  inHall(async ({ room, client, enter, of, turns, watch, seen }) => {
    watch('connected', 'disconnected')
    room.once('connected', () => void room.disconnect())
    assert.instance((await failure(enter())).error, ConnectError)
    assert.equal(seen.slice(1), [['disconnected', { reason: DisconnectReason.CLIENT_INITIATED }]])
    await turns()
    assert.equal([room.isConnected, of('disconnect').length, client.listenerCount('ffi_event')], [false, 1, 0])
  }),
)

it(
  'is entered again where a handler hears of its end (RM-10)',
  inHall(async ({ room, client, clock, watch, seen, enter, turns }) => {
    watch('connected', 'disconnected')
    await enter()
    client.replies.disconnect = undefined
    const leaving = room.disconnect()
    await turns()
    const again = new Promise(resolve => room.once('disconnected', () => resolve(enter())))
    await clock.runUntil(leaving)
    await again
    assert.equal(names(seen), ['connected', 'disconnected', 'connected'])
    client.replies.disconnect = () => ({})
    client.tell('disconnect', { asyncId: BigInt(client.asked.findIndex(one => one.case === 'disconnect') + 1) }) // at last
  }),
)

it(
  'knows its sid before and after it comes, and asks for nothing else (RM-8)',
  inHall(async ({ room, enter, happens }) => {
    await enter()
    const early = room.sid()
    await happens('roomSidChanged', { sid: 'RM_1' })
    assert.equal([await early, await room.sid()], ['RM_1', 'RM_1'])
    assert.match(String(room), /sid=RM_1/)
    await happens('moved', { sid: 'RM_2', name: 'annex', metadata: '' })
    assert.equal([await room.sid(), room.name], ['RM_2', 'annex'])
    await room.disconnect()
    assert.is(await room.sid(), '')
    await enter()
    const never = failure(room.sid())
    await room.disconnect()
    assert.is((await never).code, 'ERR_DISCONNECTED')
  }),
)

it(
  'takes the sid that comes with another change, when its own event was missed (RM-8)',
  inHall(async ({ client, clock, log, happens }) => {
    const sdk = new SdkRoom()
    await sdk.connect('ws://127.0.0.1', 't')
    await happens('roomSidChanged', { sid: 'RM_1' })
    const room = Room.of(sdk, { clock, log })
    const active: string[] = []
    room.on('participantActive', ({ participant }) => void active.push(participant.identity))
    const sid = room.sid()
    await happens('roomUpdated', { sid: 'RM_1', name: 'hall' })
    assert.is(await sid, 'RM_1')
    await happens('participantActive', { participantIdentity: 'bob' })
    assert.equal(active, ['bob'], 'what only the native layer tells is heard, though it was connected before')
    await room.disconnect()
    assert.is(client.listenerCount('ffi_event'), 0)
  }),
)

it(
  'goes on when a handler throws, or rtc-node itself: nothing is rejected unhandled (RM-6)',
  inHall(async ({ room, enter, happens, logged, watch, seen }) => {
    const unhandled: unknown[] = []
    const note = (error: unknown) => void unhandled.push(error)
    process.on('unhandledRejection', note)
    try {
      await enter()
      room.on('reconnecting', () => {
        throw new Error('a handler')
      })
      watch('reconnecting')
      await happens('reconnecting')
      await happens('trackUnpublished', { participantIdentity: 'nobody', publicationSid: 'TR_X' })
      await happens('participantConnected', { info: owned(participantInfo('bob')) }) // he is there already
      await happens('trackPublished', { participantIdentity: 'nobody', publication: owned(publicationInfo('TR_X')) })
      await happens('reconnecting')
      assert.equal([unhandled, names(seen)], [[], ['reconnecting', 'reconnecting']])
      const twice = ['livekit.event.failed', 'livekit.event.failed']
      const ours = logged.filter(code => code !== 'livekit.sdk')
      assert.equal(ours, ['livekit.handler.failed', ...twice, 'livekit.event.unknown', 'livekit.handler.failed'])
    } finally {
      process.off('unhandledRejection', note)
    }
  }),
)

it(
  'tells what only the native layer tells in its turn: behind what came before, and behind a publication under way (RM-7)',
  inHall(async ({ room, client, enter, happens, watch, seen, turns }) => {
    watch('participantConnected', 'participantActive', 'participantDisconnected', 'transcriptionReceived')
    await enter()
    const lock: unknown = Reflect.get(room.sdk, 'ffiEventLock')
    const unlock = await Reflect.get(Object(lock), 'lock').call(lock)
    await happens('participantConnected', { info: owned(participantInfo('cat')) })
    await happens('participantActive', { participantIdentity: 'cat' })
    await happens('transcriptionReceived', { participantIdentity: 'cat', segments: [] })
    await happens('participantDisconnected', { participantIdentity: 'cat', disconnectReason: 1 })
    assert.equal(seen, [])
    unlock()
    await turns()
    const order = ['participantConnected', 'participantActive', 'transcriptionReceived', 'participantDisconnected']
    assert.equal(names(seen), order)
    const participants = seen.map(([, event]) => Reflect.get(event, 'participant'))
    assert.is(new Set(participants).size, 1, 'one and the same')
    client.tell('roomEvent', { roomHandle: 8n, message: { case: 'participantActive', value: { participantIdentity: 'bob' } } })
    await turns()
    assert.is(seen.length, 4, 'of another room')
  }),
)

it(
  'tells nothing behind its end, not even what waited for its turn (RM-10, RM-7)',
  inHall(async ({ room, enter, happens, watch, seen, turns }) => {
    watch('participantActive', 'disconnected')
    await enter()
    const lock: unknown = Reflect.get(room.sdk, 'ffiEventLock')
    const unlock = await Reflect.get(Object(lock), 'lock').call(lock)
    await happens('participantActive', { participantIdentity: 'bob' })
    await room.disconnect()
    unlock()
    await turns()
    assert.equal(names(seen), ['disconnected'])
  }),
)

it(
  'counts what goes through the connection, as long as there is one (TK-1)',
  inHall(async ({ room, client, enter, turns }) => {
    await enter()
    const value = { publisherStats: [], subscriberStats: [] }
    client.replies.getSessionStats = () => ({ asyncId: client.lastRequestAsyncId, message: { case: 'result', value } })
    assert.equal(await room.getRtcStats(), value)
    client.replies.getSessionStats = undefined
    client.replies.simulateScenario = undefined
    const asked = [failure(room.getRtcStats()), failure(room.simulateScenario(0))]
    await turns()
    await room.disconnect()
    for (const one of asked) assert.is((await one).code, 'ERR_DISCONNECTED')
  }),
)

it(
  'has one handler for a topic, of text and of bytes apart; the first stays (RM-11)',
  inHall(async ({ room, enter }) => {
    const register = [
      () => room.registerTextStreamHandler('t', () => {}),
      () => room.registerByteStreamHandler('t', () => {}),
    ] as const
    for (const entered of [false, true]) {
      if (entered) await enter()
      for (const one of register) one()
      for (const one of register) assert.is(codeFor(one), 'ERR_TOPIC_TAKEN')
      room.unregisterTextStreamHandler('t')
      room.unregisterTextStreamHandler('unknown')
      register[0]()
      assert.is(codeFor(register[1]), 'ERR_TOPIC_TAKEN')
      room.unregisterTextStreamHandler('t')
      room.unregisterByteStreamHandler('t')
      room.unregisterByteStreamHandler('t')
    }
  }),
)

it(
  'is also one that somebody else connects, and leaves to them what is theirs (RM-3, RM-10)',
  inHall(async ({ client, clock, log, happens, turns }) => {
    const sdk = new SdkRoom()
    const room = Room.of(sdk, { clock, log })
    assert.equal([Room.of(sdk) === room, room.sdk === sdk, client.listenerCount('ffi_event')], [true, true, 0])
    const seen: string[] = []
    for (const name of ['connected', 'participantDisconnected', 'disconnected'] as const)
      room.on(name, () => void seen.push(name))
    const theirs: number[] = []
    sdk.on('disconnected', reason => theirs.push(reason))
    await sdk.connect('ws://127.0.0.1', 't')
    await happens('participantDisconnected', { participantIdentity: 'bob', disconnectReason: 1 })
    await happens('disconnected', { reason: 5 })
    assert.equal([seen, theirs], [['connected', 'participantDisconnected', 'disconnected'], [5]])
    assert.is(sdk.listenerCount('disconnected'), 1, 'what they listen with stays')
    assert.is(sdk.listenerCount('trackMuted'), 0)
    const other = newRoom(log)
    assert.is.not(Room.of(other), room)
    client.removeAllListeners() // rtc-node forgets this one after an end by the server
    await turns()
  }),
)

it('cannot be entered where the native layer of this version cannot be reached, and says so', async () => {
  const { room, client, close, failing } = { ...hall(), failing: true }
  close()
  const before = Reflect.get(globalThis, '_ffiClientInstance')
  Reflect.set(globalThis, '_ffiClientInstance', { request: failing })
  try {
    const { error, message } = await failure(room.connect('ws://127.0.0.1', 't'))
    assert.instance(error, ConnectError)
    assert.match(message, /Chartroom knows 0\.13\.34 to 1\.1/)
    assert.is(client.asked.length, 0)
  } finally {
    Reflect.set(globalThis, '_ffiClientInstance', before)
  }
})

it.run()
