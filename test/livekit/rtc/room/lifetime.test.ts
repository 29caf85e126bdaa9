/** Rooms of rtc-node's as they are entered and left, by the engine too: what is on the native client is taken off again. */
import type { Room as SdkRoom } from '@livekit/rtc-node'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { livekit } from '../../../../src/livekit/world.ts'
import { failure, inHall } from '../hall.ts'

const it = suite('rtc lifetime')

it(
  'leaves nothing of a room of the engine on the native client: left, refused, or ended by the server (law 5)',
  inHall(async ({ client, clock, log, happens, shut, turns }) => {
    const worldOf = () => livekit({ url: 'ws://127.0.0.1', token: 't', clock, log })
    const signal = new AbortController().signal
    const listeners = () => client.listenerCount('ffi_event')

    const left = worldOf()
    const { name, identity, participants } = await left.room.join(() => {}, signal)
    assert.equal([name, identity, participants.map(one => one.identity)], ['hall', 'ann', ['bob']])
    assert.ok(listeners() > 0)
    await left.room.leave()
    assert.is(listeners(), 0)

    const facts: string[] = []
    const ended = worldOf()
    await ended.room.join(({ type }) => facts.push(type), signal)
    await happens('participantActive', { participantIdentity: 'bob' })
    await happens('disconnected', { reason: 5 })
    await ended.room.leave()
    assert.equal([facts, listeners()], [['participant.active', 'room.disconnected'], 0])

    shut()
    assert.is((await failure(worldOf().room.join(() => {}, signal))).code, 'ERR_JOIN')
    await turns()
    assert.equal([listeners(), clock.timers], [0, 0])
  }),
)

it(
  'leaves nothing behind when a room is entered a hundred times: left, refused, or ended by the server (law 5)',
  inHall(async ({ room, client, clock, enter, happens, shut, open, turns }) => {
    const sdks = new Set<SdkRoom>()
    room.on('trackMuted', () => {})
    for (let round = 0; round < 100; round++) {
      const [refused, ended] = [round % 4 === 3, round % 4 === 0]
      if (refused) shut()
      else open()
      await enter().catch(error => assert.ok(refused, error))
      sdks.add(room.sdk)
      if (ended) await happens('disconnected', { reason: 5 })
      else await room.disconnect()
    }
    await turns()
    const listeners = [...sdks].reduce((sum, sdk) => sum + sdk.eventNames().length, 0)
    assert.equal([sdks.size, listeners, client.listenerCount('ffi_event'), clock.timers], [100, 0, 0, 0])
  }),
)

it.run()
