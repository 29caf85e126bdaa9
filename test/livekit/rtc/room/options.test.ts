/** Options of a room as rtc-node, and the native layer beneath it, get them. */
import { ContinualGatheringPolicy, EncryptionType, IceTransportType } from '@livekit/rtc-node'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { codeOf } from '../../../../src/errors.ts'
import { joinLimit, type RoomOptions, sdkRoomOptions } from '../../../../src/livekit/rtc/room/options.ts'
import { inHall } from '../hall.ts'

const it = suite('rtc options')

it('has a default for each, and says nothing of what the native layer knows better', () => {
  assert.equal(sdkRoomOptions({}), { autoSubscribe: true, dynacast: false })
  assert.equal(sdkRoomOptions({ rtcConfig: { iceServers: [{ urls: ['stun:a'] }] } }).rtcConfig?.iceServers[0]?.urls, ['stun:a'])
  const { rtcConfig, encryption, e2ee } = sdkRoomOptions({ rtcConfig: {}, encryption: {}, e2ee: { encryptionType: 0 } })
  assert.equal(rtcConfig, {
    iceTransportType: IceTransportType.TRANSPORT_ALL,
    continualGatheringPolicy: ContinualGatheringPolicy.GATHER_CONTINUALLY,
    iceServers: [],
  })
  assert.equal([encryption?.encryptionType, e2ee?.encryptionType], [EncryptionType.GCM, EncryptionType.NONE])
})

it(
  'hands on what rtc-node has no types for',
  inHall(async ({ room, of }) => {
    const options = { singlePeerConnection: true, connectTimeoutMs: 700, joinRetries: 0, dataStream: { maxPayloadByteLength: 9 } }
    await room.connect('ws://127.0.0.1', 't', { autoSubscribe: false, ...options })
    const [asked] = of('connect')
    const { autoSubscribe, singlePeerConnection, connectTimeoutMs, joinRetries, dataStream } = Object(asked?.options)
    assert.equal([autoSubscribe, singlePeerConnection, connectTimeoutMs, joinRetries], [false, true, 700n, 0])
    assert.is(dataStream.maxPayloadByteLength, 9n)
  }),
)

it('refuses numbers that the native layer has no room for', () => {
  const bad: RoomOptions[] = [
    { joinRetries: -1 },
    { joinRetries: 1.5 },
    { connectTimeoutMs: Number.NaN },
    { connectTimeoutMs: 2 ** 32 },
    { dataStream: { maxPayloadByteLength: -1 } },
    { dataStream: { maxPayloadByteLength: 0.5 } },
  ]
  for (const options of bad)
    try {
      sdkRoomOptions(options)
      assert.unreachable(JSON.stringify(options))
    } catch (error) {
      assert.is(codeOf(error), 'ERR_RANGE')
      assert.instance(error, RangeError)
    }
})

it('waits for all tries of the native layer, and at least 15 s', () => {
  assert.is(joinLimit({}), 15_000)
  assert.is(joinLimit({ connectTimeoutMs: 100, joinRetries: 0 }), 15_000)
  assert.is(joinLimit({ connectTimeoutMs: 10_000, joinRetries: 3 }), 45_000)
  assert.is(joinLimit({ connectTimeoutMs: 2 ** 32 - 1, joinRetries: 3 }), 2 ** 31 - 1, 'of a longer timer the end is now')
})

it.run()
