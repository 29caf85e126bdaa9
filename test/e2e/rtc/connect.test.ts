// deadline: 180 s
// beside: another
/** Ways into a room and out of it: refused, tried again, left, thrown out, broken and mended. */
import { ConnectionState, DisconnectReason, SimulateScenarioKind } from '@livekit/rtc-node'
import * as assert from 'uvu/assert'
import { startServer } from '../../../scripts/livekit.mjs'
import { ConnectError } from '../../../src/livekit/rtc/index.ts'
import { residue } from '../residue.ts'
import { within } from '../watch.ts'
import { nothingLeft, suiteOnServer } from './stage.ts'
import { hum } from './voice.ts'

const it = await suiteOnServer('rtc connect')

const refusal = async (work: Promise<unknown>): Promise<unknown> =>
  within(
    'it is refused',
    work.then(
      () => undefined,
      error => error,
    ),
    20_000,
  )

it('says why it was not let in, holds nothing then, and gets in at another try (RM-13, RM-9)', async stage => {
  const ann = stage.guest('ann')
  const before = residue()
  const token = await stage.token('ann')
  const refused = await refusal(ann.room.connect(stage.server.url, `${token}x`))
  assert.instance(refused, ConnectError)
  assert.match(Object(refused).message, /token/)
  assert.instance(await refusal(ann.room.connect('ws://127.0.0.1:9', token)), ConnectError) // nobody listens there
  assert.equal([ann.room.isConnected, ann.room.connectionState], [false, ConnectionState.CONN_DISCONNECTED])
  assert.is(ann.all('connected').length, 0)
  await nothingLeft(before)
  await stage.enter(ann)
  assert.ok(ann.room.isConnected)
  assert.equal([ann.all('connected').length, ann.local.identity], [1, 'ann'])
})

it('leaves once, keeps its listeners, and may come in again (RM-10)', async stage => {
  const [ann, bob] = await stage.pair()
  await Promise.all([bob.room.disconnect(), bob.room.disconnect()])
  await bob.room.disconnect()
  assert.equal(bob.all('disconnected'), [{ reason: DisconnectReason.CLIENT_INITIATED }])
  await ann.sees('participantDisconnected')
})

it('makes way for another one of its name, and says so (RM-10, PA-1)', async stage => {
  const ann = await stage.join('ann')
  const other = stage.guest('ann')
  await stage.enter(other)
  assert.equal(await ann.sees('disconnected'), { reason: DisconnectReason.DUPLICATE_IDENTITY })
  assert.ok(other.room.isConnected)
})

it('resumes when its connection breaks: the same tracks, and said on both ends of the gap (RM-1, RM-7)', async stage => {
  const [ann, bob] = await stage.pair()
  const { publication } = await hum(stage, bob)
  await ann.sees('trackSubscribed')
  const { sid } = publication
  await bob.room.simulateScenario(SimulateScenarioKind.SIMULATE_SIGNAL_RECONNECT)
  assert.equal(await bob.sees('reconnecting'), {})
  assert.equal(await bob.sees('reconnected', undefined, 20_000), {})
  assert.is(bob.local.trackPublications.get(sid), publication)
  const states = bob.all('connectionStateChanged').map(({ state }) => state)
  assert.equal(states.slice(1), [ConnectionState.CONN_RECONNECTING, ConnectionState.CONN_CONNECTED])
  assert.is(ann.all('participantDisconnected').length, 0)
})

it('makes all of it anew where it must: a track is the same object under another sid (RM-1, RM-7)', async stage => {
  const [ann, bob] = await stage.pair()
  const { publication } = await hum(stage, bob)
  await ann.sees('trackSubscribed')
  const { sid } = publication
  await bob.room.simulateScenario(SimulateScenarioKind.SIMULATE_FULL_RECONNECT)
  const again = await bob.sees('localTrackRepublished', undefined, 30_000)
  assert.equal(Object.keys(again).sort(), ['previousSid', 'publication'])
  assert.equal([again.previousSid, again.publication === publication], [sid, true])
  assert.is.not(publication.sid, sid)
  await bob.sees('reconnected', undefined, 30_000)
  assert.is(bob.local.trackPublications.get(publication.sid), publication)
  await ann.sees('trackSubscribed', event => event.publication.sid === publication.sid, 30_000)
})

it('is told when the server is gone for good, and lets go of all of it (RM-10, RM-13)', async stage => {
  const before = residue()
  const other = await startServer()
  if (!other) return
  const ann = stage.guest('ann')
  await within('she joins', ann.room.connect(other.url, await stage.token('ann')))
  await other.stop('SIGKILL')
  const { reason } = await ann.sees('disconnected', undefined, 60_000)
  assert.type(reason, 'number')
  assert.equal([ann.room.isConnected, ann.all('disconnected').length], [false, 1])
  await nothingLeft(before)
})

it.run()
