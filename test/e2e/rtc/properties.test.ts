// deadline: 180 s
// beside: another
/** What a room of ours says of itself: before it is entered, in it, and after it; and what it can be told when it is entered. */
import {
  ConnectionState,
  ContinualGatheringPolicy,
  IceServer,
  IceTransportType,
  ParticipantKind,
  TrackKind,
  TrackSource,
} from '@livekit/rtc-node'
import * as assert from 'uvu/assert'
import { codeOf } from '../../../src/errors.ts'
import { Room, type RtcStats } from '../../../src/livekit/rtc/index.ts'
import { pass, within } from '../watch.ts'
import { suiteOnServer } from './stage.ts'
import { hum } from './voice.ts'

const it = await suiteOnServer('rtc properties')

it('has the properties that the server tells, and keeps them as they change (RM-2, RM-9, PA-3)', async stage => {
  const room = new Room()
  assert.equal([room.name, room.metadata, room.isConnected, room.numParticipants, room.numPublishers], ['', '', false, 0, 0])
  assert.is(room.connectionState, ConnectionState.CONN_DISCONNECTED)
  assert.match(String(room), /^rtc\.Room\(sid=unknown/)
  assert.throws(
    () => room.localParticipant,
    (error: unknown) => codeOf(error) === 'ERR_NOT_CONNECTED',
  )

  const before = Date.now()
  await stage.api.createRoom({ name: stage.name, metadata: 'about', emptyTimeout: 321, departureTimeout: 45 })
  const ann = await stage.join('ann')
  const bob = await stage.join('bob', { kind: 'sip', metadata: 'mine', name: 'Bob', attributes: { tongue: 'en' } })
  await ann.meets(bob)
  const { room: here } = ann
  assert.equal([here.name, here.metadata, here.isConnected], [stage.name, 'about', true])
  assert.is(here.connectionState, ConnectionState.CONN_CONNECTED)
  assert.equal([here.emptyTimeout, here.departureTimeout, here.isRecording], [321, 45, false])
  assert.ok(Math.abs(here.creationTime.getTime() - before) < 60_000, String(here.creationTime))
  assert.equal([...here.remoteParticipants.keys()], ['bob'])
  const sid = await here.sid()
  assert.is(
    String(here),
    `rtc.Room(sid=${sid}, name=${stage.name}, metadata=about, connectionState=${ConnectionState.CONN_CONNECTED})`,
  )

  const other = await ann.meets(bob)
  assert.match(other.sid, /^PA_/)
  assert.equal([other.identity, other.name, other.metadata, other.kind], ['bob', 'Bob', 'mine', ParticipantKind.SIP])
  assert.equal([other.attributes, other.kindDetails], [{ tongue: 'en' }, []])
  assert.is(String(other), `rtc.RemoteParticipant(sid=${other.sid}, identity=bob, name=Bob)`)
  assert.is(String(ann.local), `rtc.LocalParticipant(sid=${ann.local.sid}, identity=ann, name=)`)

  const { publication } = await hum(stage, bob)
  const { track } = await ann.sees('trackSubscribed')
  const theirs = other.trackPublications.get(publication.sid)
  assert.equal([theirs?.kind, theirs?.source, theirs?.muted], [TrackKind.KIND_AUDIO, TrackSource.SOURCE_MICROPHONE, false])
  assert.is(theirs?.track, track)
  assert.is(bob.local.trackPublications.get(publication.sid), publication)
  await ann.until('both are counted, and one who publishes', () => here.numParticipants === 2 && here.numPublishers === 1, 20_000)
})

it('counts what goes through the connection, and refuses to where there is none (TK-1)', async stage => {
  const [ann, bob] = await stage.pair()
  const { track } = await hum(stage, bob)
  await ann.sees('trackSubscribed')
  /** One connection may serve both directions: then all is counted on it. */
  const counted = async ({ room }: typeof bob, what: 'outboundRtp' | 'inboundRtp'): Promise<void> => {
    for (;;) {
      const stats: RtcStats = await room.getRtcStats()
      const all = [...stats.publisherStats, ...stats.subscriberStats]
      if (all.some(({ stats: { case: of } }) => of === what)) return
      await pass(100)
    }
  }
  await within('what goes out is counted', counted(bob, 'outboundRtp'))
  await within('what comes in is counted', counted(ann, 'inboundRtp'))
  assert.ok((await within('the stats of the track', track.getStats())).length > 0)
  await bob.room.disconnect()
  let refused: unknown
  await bob.room.getRtcStats().catch(error => {
    refused = error
  })
  assert.instance(refused, Error)
})

it('takes the options of a room: subscribing or not, dynacast, ICE (RM-1)', async stage => {
  const bob = await stage.join('bob')
  await hum(stage, bob)
  const rtcConfig = {
    iceTransportType: IceTransportType.TRANSPORT_ALL,
    continualGatheringPolicy: ContinualGatheringPolicy.GATHER_ONCE,
    iceServers: [new IceServer({ urls: ['stun:127.0.0.1:3478'], username: 'u', password: 'p' })],
  }
  const ann = await stage.join('ann', { options: { autoSubscribe: false, dynacast: true, rtcConfig } })
  const [theirs] = [...(await ann.meets(bob)).trackPublications.values()]
  assert.is(theirs?.subscribed, false)
  assert.is(ann.all('trackSubscribed').length, 0)
  theirs?.setSubscribed(true)
  const { publication } = await ann.sees('trackSubscribed')
  assert.is(publication, theirs)
  assert.ok(publication.subscribed)
})

it.run()
