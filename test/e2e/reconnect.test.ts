// deadline: 180 s
/** Connections that break and are mended, on a real server: what a listener misses, beside what they miss of plain rtc-node. */
import { type Room, SimulateScenarioKind } from '@livekit/rtc-node'
import * as assert from 'uvu/assert'
import { flowOf } from './ear.ts'
import { type Agent, framesOf, type Stage, suiteOnServer } from './stage.ts'
import { isTone, sweep } from './sweep.ts'
import { pass, within } from './watch.ts'

const it = await suiteOnServer('e2e reconnect')

const said = sweep(9_000, 24_000)
const hum = 440
const hearsTone = ({ ear, watch }: Agent, limitMs?: number) =>
  watch.until('the agent hears the caller', () => isTone(ear.samples(performance.now() - 150), hum), limitMs)

/** The agent and a plain rtc-node agent speak at once; then the one's connection breaks, and when it is back, the other's. */
const scene = async (stage: Stage, kind: SimulateScenarioKind) => {
  const agent = await stage.agent()
  void agent.listen()
  const caller = await stage.caller()
  ;(await caller.publish()).hum(hum)
  const bare = await stage.bare()
  await hearsTone(agent)
  const tracks = caller.publicationsOf()
  const text = (async function* () {
    yield 'one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen.'
  })()
  const utterance = agent.room.say({ audio: framesOf(said), text })
  const other = bare.speak(said)
  await Promise.all([caller.ear.sound(), caller.earFor('bare').sound()])
  await pass(1_000)
  const ours = await breakOff(agent.sdk, kind)
  return { agent, caller, bare, tracks, utterance, other, ours }
}
/** Breaks a connection; resolves when it is back and has been for a while, with the stretch of time in which that was. */
const breakOff = async (room: Room, kind: SimulateScenarioKind): Promise<[from: number, to: number]> => {
  const from = performance.now()
  const back = new Promise<void>(resolve => room.once('reconnected', () => resolve()))
  await room.simulateScenario(kind)
  await within('the connection is back', back)
  await pass(1_000)
  return [from - 300, performance.now()]
}
/** What a listener missed of both, in ms, and what became of the utterance. */
const account = async (
  { caller, bare, utterance, other, ours }: Awaited<ReturnType<typeof scene>>,
  kind: SimulateScenarioKind,
) => {
  const theirs = await breakOff(bare.room, kind)
  const played = await within('the utterance is heard to its end', utterance.played, 12_000)
  await other
  await caller.ear.silence()
  const whole = flowOf(caller.ear.places())
  return {
    played,
    whole,
    lost: flowOf(caller.ear.places(...ours)).lost,
    floor: flowOf(caller.earFor('bare').places(...theirs)).lost,
  }
}
/** One hole each says little: those of plain rtc-node vary from run to run, up to `usual` ms. */
const isNoLonger = (lost: number, floor: number, usual: number) =>
  assert.ok(lost < Math.max(floor, usual) + 50, `${lost} ms are missing, of plain rtc-node ${floor} ms`)
const rounded = (flow: object) => JSON.stringify(flow, (_, value) => (typeof value === 'number' ? Math.round(value) : value))

it('loses no more over a signal reconnect than plain rtc-node, and publishes nothing anew (OUT-29)', async stage => {
  const kind = SimulateScenarioKind.SIMULATE_SIGNAL_RECONNECT
  const there = await scene(stage, kind)
  const { agent, caller, tracks } = there
  assert.equal(caller.publicationsOf(), tracks)
  assert.is(agent.room.linkedParticipant, 'caller')
  await hearsTone(agent)
  const { played, whole, lost, floor } = await account(there, kind)
  console.log(
    `signal reconnect: a listener misses ${Math.round(lost)} ms, of plain rtc-node ${Math.round(floor)} ms; ${rounded(whole)}`,
  )
  assert.is(played.outcome, 'finished')
  assert.is(played.heard, said.length)
  isNoLonger(lost, floor, 250)
  assert.ok(whole.first < 300 && whole.last > 8_700 && whole.repeated < 200, rounded(whole))
  assert.equal(
    agent.facts.filter(({ type }) => type === 'unlinked' || type === 'failed'),
    [],
  )
})

it('comes back from a full reconnect with one voice, the same link, its state and its words (OUT-29, LINK-11, TXT-14, STATE-4)', async stage => {
  const kind = SimulateScenarioKind.SIMULATE_FULL_RECONNECT
  const there = await scene(stage, kind)
  const { agent, caller, tracks, utterance } = there
  const now = caller.publicationsOf()
  assert.is(now.length, 1, 'exactly one publication of ours')
  assert.not.equal(now, tracks)
  await caller.untilState('speaking')
  assert.is(agent.room.linkedParticipant, 'caller')
  await hearsTone(agent)
  const { played, whole, lost, floor } = await account(there, kind)
  console.log(
    `full reconnect: a listener misses ${Math.round(lost)} ms, of plain rtc-node ${Math.round(floor)} ms; ${rounded(whole)}`,
  )
  assert.is(played.outcome, 'finished')
  assert.is(played.heard, said.length)
  isNoLonger(lost, floor, 550)
  assert.ok(whole.first < 300 && whole.last > 8_700 && whole.repeated < 200, rounded(whole))
  await caller.untilState('listening')
  const final = await caller.watch.until('the words are final', () => caller.texts.find(isFinalOf(utterance.id)))
  assert.is(final.text, played.spoken)
  assert.is(final.attributes['lk.transcribed_track_id'], now[0], 'the words name the new track')
  assert.equal(
    agent.facts.filter(({ type }) => type === 'failed' || type === 'closed'),
    [],
  )
})

const isFinalOf =
  (id: string) =>
  ({ attributes, open }: { attributes: Record<string, string>; open: boolean }): boolean =>
    !open && attributes['lk.segment_id'] === id && attributes['lk.transcription_final'] === 'true'

it('hears the caller on after the caller came back from a full reconnect (LINK-7, LINK-11)', async stage => {
  // LiveKit's clients say goodbye when they begin to connect anew: to everybody else that is a hang-up.
  const agent = await stage.agent({ closeOnDisconnect: false })
  void agent.listen()
  const caller = await stage.caller()
  ;(await caller.publish()).hum(hum)
  await hearsTone(agent)
  const [, since] = await breakOff(caller.room, SimulateScenarioKind.SIMULATE_FULL_RECONNECT)
  await agent.watch.until('the caller is linked', () => agent.room.linkedParticipant === 'caller')
  await agent.watch.until('the caller is heard', () => agent.ear.soundMs(since) > 200)
  await hearsTone(agent)
  assert.equal(agent.facts.flatMap(({ type }) => (type === 'linked' || type === 'unlinked' ? [type] : [])).slice(-2), [
    'unlinked',
    'linked',
  ])
})

it.run()
