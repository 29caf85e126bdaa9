// deadline: 240 s
// node: --expose-gc
/** Rooms that are opened and closed on a real server, again and again, beside plain rtc-node's: what is left of them. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  AudioFrame,
  AudioSource,
  AudioStream,
  LocalAudioTrack,
  type RemoteTrack,
  Room,
  TrackPublishOptions,
  TrackSource,
} from '@livekit/rtc-node'
import * as assert from 'uvu/assert'
import { livekit, tokenFor } from '../../src/livekit/index.ts'
import { heldBy } from '../../src/livekit/world.ts'
import { openRoom } from '../../src/room.ts'
import { type Residue, residue } from './residue.ts'
import { framesOf, type Stage, suiteOnServer } from './stage.ts'
import { sweep } from './sweep.ts'
import { pass, within } from './watch.ts'

const it = await suiteOnServer('e2e leaks')

const CYCLES = 50
const WARM = 10
/** So many of them do not count for memory: V8 still compiles, and its allocator fills its arenas. */
const YOUNG = 20
/** In turns of so many cycles each, so that what the process does besides falls on both. */
const TURN = 10

/** A caller whose own needs are not in this process. */
const guestIn = async ({ server, name }: Stage) => {
  const token = await tokenFor({ ...server, room: name, identity: 'caller', kind: 'standard' })
  const env = { ...process.env, NODE_ENV: 'production' }
  const guest = spawn(process.execPath, ['test/e2e/guest.mjs', server.url, token], { env, stdio: ['pipe', 'pipe', 'inherit'] })
  await within('the caller is in', once(guest.stdout, 'data'))
  return async () => {
    guest.stdin.end()
    await within('the caller has gone', once(guest, 'exit'))
  }
}

const said = sweep(200, 24_000)
/** What nobody may hold on to any more. */
const remains: WeakRef<object>[] = []
/** A whole short call: linked, heard, answered, shown, closed. */
const ours = async ({ server, name }: Stage) => {
  const token = await tokenFor({ ...server, room: name, identity: 'agent' })
  const world = livekit({ url: server.url, token, log: () => {} })
  const room = await within('it opens', openRoom(world))
  room.on(() => {})
  remains.push(new WeakRef(world), new WeakRef(room), new WeakRef(room.actor))
  const frames = room.audio[Symbol.asyncIterator]()
  const text = async function* () {
    yield 'so much'
  }
  const utterance = room.say({ audio: framesOf(said), text: text() })
  await within('the caller is heard', frames.next())
  const played = await within('the answer is heard', utterance.played)
  assert.is(played.outcome, 'finished')
  await within('it closes', room.close())
  assert.is((await frames.next()).done, false) // what was heard before the end is there to be read
  await frames.return?.()
  assert.equal(heldBy(world), { listener: 0, stream: 0, speaker: 0 })
}
/** The same with nothing but the SDK. */
const plain = async ({ server, name }: Stage) => {
  const room = new Room()
  const heard = new Promise<RemoteTrack>(resolve => room.once('trackSubscribed', resolve))
  const token = await tokenFor({ ...server, room: name, identity: 'plain' })
  await within('it joins', room.connect(server.url, token, { autoSubscribe: true, dynacast: false }))
  const source = new AudioSource(24_000, 1, 200)
  const track = LocalAudioTrack.createAudioTrack('plain', source)
  const publication = await room.localParticipant?.publishTrack(
    track,
    new TrackPublishOptions({ source: TrackSource.SOURCE_MICROPHONE }),
  )
  await room.localParticipant?.setAttributes({ 'lk.agent.state': 'listening' })
  const reader = new AudioStream(await within('the caller is there', heard), {
    sampleRate: 24_000,
    numChannels: 1,
    frameSizeMs: 50,
  }).getReader()
  await within('the caller is heard', reader.read())
  await source.captureFrame(new AudioFrame(said.slice(), 24_000, 1, said.length))
  await source.waitForPlayout()
  const writer = await room.localParticipant?.streamText({ topic: 'lk.transcription' })
  await writer?.write('so much')
  await writer?.close()
  await reader.cancel()
  await room.localParticipant?.unpublishTrack(publication?.sid ?? '')
  await track.close()
  await source.close()
  await room.disconnect()
}

type State = Residue & { heap: number; rss: number }
/** What there is once everything that can go has gone. Sizes in kB. */
const stateNow = async (): Promise<State> => {
  for (let n = 0; n < 3; n++) {
    await pass(100)
    globalThis.gc?.()
  }
  const { heapUsed, rss } = process.memoryUsage()
  return { ...residue(), heap: heapUsed / 1024, rss: rss / 1024 }
}
/** The same, once the native layer has closed its sockets: it takes its time, 8 s and more, now and then with a rest, for plain rtc-node's rooms too. */
const stateAtRest = async (descriptors = 0): Promise<State> => {
  let before = await stateNow()
  for (let [waited, still] = [0, 0]; waited < 30 && still < 5; waited++) {
    if (before.descriptors <= descriptors) return before
    await pass(1_000)
    const now = await stateNow()
    still = now.descriptors < before.descriptors ? 0 : still + 1
    before = now
  }
  return before
}
const repeat = async (times: number, cycle: (stage: Stage) => Promise<void>, stage: Stage): Promise<void> => {
  for (let n = 0; n < times; n++) await cycle(stage)
}
const kB = (size: number) => `${Math.round(size)} kB`

it('leave nothing behind, 50 of them, and no more memory than plain rtc-node (ROOM-13)', async stage => {
  const away = await guestIn(stage)
  await repeat(WARM, ours, stage)
  await repeat(WARM, plain, stage)
  remains.length = 0
  const before = await stateAtRest()
  let grown = { ours: { rss: 0, heap: 0 }, plain: { rss: 0, heap: 0 } }
  let last = before
  const turn = async (name: keyof typeof grown, cycle: (stage: Stage) => Promise<void>) => {
    await repeat(TURN, cycle, stage)
    const now = await stateNow()
    grown[name].rss += now.rss - last.rss
    grown[name].heap += now.heap - last.heap
    last = now
  }
  for (let done = 0; done < CYCLES; done += TURN) {
    if (done === YOUNG) grown = { ours: { rss: 0, heap: 0 }, plain: { rss: 0, heap: 0 } }
    await turn('ours', ours)
    await turn('plain', plain)
  }
  const after = await stateAtRest(before.descriptors)
  const report = ({ rss, heap }: { rss: number; heap: number }) =>
    `${kB(rss / (CYCLES - YOUNG))} resident and ${kB(heap / (CYCLES - YOUNG))} of heap`
  console.log(
    `a room leaves ${report(grown.ours)}; one of plain rtc-node ${report(grown.plain)}; descriptors ${before.descriptors}, then ${after.descriptors}`,
  )

  assert.is(remains.length, 3 * CYCLES)
  assert.is(remains.filter(ref => ref.deref() !== undefined).length, 0, 'worlds, rooms and machines that are still held')
  assert.is(after.native, before.native, 'listeners on the native client')
  assert.equal(after.resources, before.resources)
  assert.ok(after.descriptors <= before.descriptors, `${after.descriptors} descriptors in place of ${before.descriptors}`)
  // One room that is held is 140 kB; the rest is code that V8 compiles as it goes.
  assert.ok(after.heap - before.heap < CYCLES * 30, `the heap has grown by ${kB(after.heap - before.heap)}`)
  assert.ok(grown.ours.rss < 1.25 * grown.plain.rss + 4_000, `${kB(grown.ours.rss)}, of plain rtc-node ${kB(grown.plain.rss)}`)
  await away()
})

it.run()
