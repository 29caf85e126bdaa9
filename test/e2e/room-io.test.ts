// deadline: 120 s
/** A session in a room of its owner's, on a real server: what the SDK, the session and the caller see of it. */
import { AudioFrame, Room } from '@livekit/rtc-node'
import * as assert from 'uvu/assert'
import { tokenFor } from '../../src/livekit/index.ts'
import type { Log } from '../../src/ports.ts'
import { RoomIO } from '../../src/room-io.ts'
import { FakeSession } from '../fakes/session.ts'
import { type Stage, suiteOnServer } from './stage.ts'
import { sweep } from './sweep.ts'
import { Watch, within } from './watch.ts'

const it = await suiteOnServer('e2e room-io')

const scene = (stage: Stage) => {
  const sdk = new Room()
  const session = new FakeSession()
  const codes: string[] = []
  const log: Log = (level, code) => void (level === 'debug' || codes.push(code))
  const watch = new Watch()
  session._closeSoon = how => {
    session.asked.push('closeSoon', how)
    watch.look()
  }
  const io = new RoomIO(session, sdk, {}, { log })
  const connect = async () => {
    const token = await tokenFor({ ...stage.server, room: stage.name, identity: 'agent' })
    await sdk.connect(stage.server.url, token, { autoSubscribe: true, dynacast: false })
  }
  // The SDK listens to a refreshed token itself from when it is connected.
  const names = () => sdk.eventNames().filter(name => name !== 'tokenRefreshed')
  const listeners = () => names().map(name => `${String(name)} ${sdk.rawListeners(name as never).length}`)
  return { sdk, session, watch, io, codes, connect, listeners }
}

it('is started before the room is connected, hears and speaks there, and leaves it connected (ROOM-4, ROOM-6, LINK-6, ROOM-13, OUT-31)', async stage => {
  const { sdk, session, io, codes, connect, listeners } = scene(stage)
  const before = listeners()
  io.start()
  session.become('listening')
  await connect()
  const caller = await stage.caller()
  const mic = await caller.publish()
  await within('it is ready', io.ready())
  assert.ok(io.linkedParticipant === sdk.remoteParticipants.get('caller'))
  assert.ok(session.asked[1] === io.linkedParticipant)

  const stop = mic.hum(440)
  const reader = io.audioInput?.stream.getReader()
  const first = await within('something is heard', reader?.read() ?? Promise.reject(new Error('no input')))
  assert.equal([first.value?.sampleRate, first.value?.samplesPerChannel], [24_000, 1_200])
  stop()

  const { audioOutput: voice, transcriptionOutput: text } = io
  if (!voice || !text) throw new Error('a part is missing')
  await text.captureText('It goes up.')
  text.flush()
  const all = sweep(1_000, 24_000)
  for (let at = 0; at < all.length; at += 2_400)
    await voice.captureFrame(new AudioFrame(all.slice(at, at + 2_400), 24_000, 1, 2_400))
  voice.flush()
  const end = await within('it is heard', voice.waitForPlayout(), 10_000)
  assert.equal(end, { playbackPosition: 1, interrupted: false, synchronizedTranscript: 'It goes up.' })
  await caller.watch.until('the words are final', () =>
    caller.texts.find(({ text: words, open }) => words === 'It goes up.' && !open),
  )
  await caller.watch.until('the state is shown', () => attributeOf(caller.room) === 'listening')

  await within('it closes', io.close(), 6_000)
  assert.equal(listeners(), before)
  assert.equal([sdk.isConnected, session.input.audio, session.output.audio], [true, null, null])
  await caller.watch.until('the track is gone', () => caller.room.remoteParticipants.get('agent')?.trackPublications.size === 0)
  assert.equal(codes, [])

  // The same room serves the next session, with those who are in it.
  const session2 = new FakeSession()
  const next = new RoomIO(session2, sdk, {}, { log: () => {} })
  next.start()
  await within('the next is ready', next.ready())
  assert.ok(next.linkedParticipant === sdk.remoteParticipants.get('caller'))
  const again = mic.hum(440)
  const reading = next.audioInput?.stream.getReader().read() ?? Promise.reject(new Error('no input'))
  assert.is((await within('it is heard again', reading)).value?.samplesPerChannel, 1_200)
  again()
  await next.close()
  await sdk.disconnect()
})
const attributeOf = (room: Room) => room.remoteParticipants.get('agent')?.attributes['lk.agent.state']

it('asks the session to close when the caller hangs up (LINK-10)', async stage => {
  const { sdk, session, watch, io, connect } = scene(stage)
  await connect()
  io.start()
  const caller = await stage.caller()
  await within('it is ready', io.ready())
  await caller.leave()
  await watch.until('it was asked', () => session.asked.includes('closeSoon'), 5_000)
  assert.equal(session.asked.slice(-2), ['closeSoon', { reason: 'participant_disconnected' }])
  session.emit('close', {})
  await within('it closes', io.close(), 6_000)
  await sdk.disconnect()
})

it.run()
