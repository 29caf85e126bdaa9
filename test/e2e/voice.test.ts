// deadline: 120 s
/** The agent's voice on a real server, as a listener hears it: whole, paused, resumed and interrupted, with its words and its state. */
import * as assert from 'uvu/assert'
import { packetsTo } from '../ports/native.ts'
import type { Caller, Text } from './caller.ts'
import { flowOf, runsOf } from './ear.ts'
import { framesOf, suiteOnServer } from './stage.ts'
import { sweep } from './sweep.ts'
import { pass, within } from './watch.ts'

const it = await suiteOnServer('e2e voice')

/** ms → the samples of a sweep, and back. */
const said = (ms: number) => framesOf(sweep(ms, 24_000))
const msOf = (samples: number) => samples / 24
/** How exactly an end is told in what was heard on a busy machine, in ms; what is lost otherwise is a queue of 200. */
const TOLD = 45

async function* words(...pieces: string[]) {
  yield* pieces
}
const finalOf = ({ watch, texts }: Caller, id: string): Promise<Text> =>
  watch.until('the words are final', () =>
    texts.find(
      ({ attributes, open }) => !open && attributes['lk.segment_id'] === id && attributes['lk.transcription_final'] === 'true',
    ),
  )

it('is heard from its first sample to its last by one who came later, with its words (OUT-14, TXT-1, TXT-3, TXT-5, TXT-10)', async stage => {
  const agent = await stage.agent()
  const utterance = agent.room.say({ audio: said(2_000), text: words('It goes ', 'up and ', 'up.') })
  await pass(300)
  const caller = await stage.caller()
  const packets = packetsTo(caller.room, caller.watch.look)
  const played = await within('it is heard', utterance.played, 12_000)
  assert.equal(played, {
    id: utterance.id,
    outcome: 'finished',
    pushed: 48_000,
    heard: 48_000,
    discarded: 0,
    spoken: 'It goes up and up.',
  })
  await caller.ear.silence()
  const flow = flowOf(caller.ear.places())
  assert.ok(flow.first < 150 && flow.last > 1_850, JSON.stringify(flow))
  assert.ok(flow.skipped < 200 && flow.repeated < 200 && flow.stalled < 200, JSON.stringify(flow))

  const final = await finalOf(caller, utterance.id)
  const shown = caller.texts.filter(({ attributes }) => attributes['lk.segment_id'] === utterance.id)
  assert.is(final.text, 'It goes up and up.')
  assert.is(shown.at(-1), final, 'the final is the last of its segment')
  assert.equal(
    shown.map(({ attributes }) => attributes['lk.transcription_final']),
    ['true'], // one stream, which says so as it closes
  )
  const [track] = caller.publicationsOf()
  for (const { from, text, attributes } of shown) {
    assert.is(from, 'agent')
    assert.is(text, 'It goes up and up.')
    assert.is(attributes['lk.transcribed_track_id'], track)
  }
  // rtc-node is a client that says it knows less than all of text streams.
  await caller.watch.until('the last packet', () => packets.all.some(({ final }) => final))
  packets.end()
  assert.equal(packets.all.at(-1), { identity: 'agent', track, id: utterance.id, text: final.text, final: true })
  assert.is(packets.all.filter(({ final }) => final).length, 1)
})

it('loses nothing over pauses, and says nothing twice (OUT-20, OUT-21, OUT-22)', async stage => {
  const agent = await stage.agent()
  const caller = await stage.caller()
  await agent.find('linked')
  const utterance = agent.room.say({ audio: said(3_000) })
  await caller.ear.sound()
  const silences: number[] = []
  for (const ms of [700, 900]) {
    await pass(ms)
    const pausedAt = performance.now()
    agent.room.pause()
    silences.push((await caller.ear.silence()) - pausedAt)
    agent.room.resume()
    await caller.ear.sound(performance.now())
  }
  // Everything was handed over long ago; with 200 ms left it is paused once more.
  await pass(msOf(72_000 - utterance.heard) - 200)
  agent.room.pause()
  const { heard } = utterance
  await caller.ear.silence()
  assert.is(utterance.heard, heard, 'what counts as heard stands still')
  assert.ok(heard < 72_000)
  const resumedAt = performance.now()
  agent.room.resume()
  const played = await within('it is heard to its end', utterance.played)
  await caller.ear.sound(resumedAt)
  assert.equal([played.outcome, played.heard, played.discarded], ['finished', 72_000, 0])
  await caller.ear.silence()

  const runs = runsOf(caller.ear.places())
  const lost = runs.slice(1).map(({ from }, n) => from - (runs[n]?.to ?? 0))
  console.log(`silent after ${silences.map(Math.round)} ms; lost ${lost.map(Math.round)} ms per pause; ${JSON.stringify(runs)}`)
  assert.is(runs.length, 4)
  assert.ok((runs[0]?.from ?? 99) < TOLD && Math.abs((runs.at(-1)?.to ?? 0) - 3_000) < TOLD, 'from the first sample to the last')
  for (const ms of lost) assert.ok(Math.abs(ms) < TOLD, `${ms} ms are lost over a pause`)
  for (const ms of silences) assert.ok(ms < 200, `silent ${ms} ms after the pause`)
})

it('falls silent at once when interrupted, with an account that is true, and says the next thing (OUT-23, OUT-24, TXT-5)', async stage => {
  const agent = await stage.agent()
  const caller = await stage.caller()
  await agent.find('linked')
  const text = () => words('one two three four five six seven eight nine ten eleven twelve')
  const utterance = agent.room.say({ audio: said(4_000), text: text() })
  await caller.ear.sound()
  await pass(1_200)
  const interruptedAt = performance.now()
  const told = utterance.interrupt()
  const silentAt = await caller.ear.silence()
  assert.equal(await utterance.played, told, 'the numbers are final when interrupt returns')
  assert.is(told.outcome, 'interrupted')
  assert.is(told.pushed, told.heard + told.discarded)
  const [run] = runsOf(caller.ear.places())
  console.log(
    `silent after ${Math.round(silentAt - interruptedAt)} ms; told ${msOf(told.heard)} ms, heard ${Math.round(run?.to ?? 0)} ms`,
  )
  assert.ok(silentAt - interruptedAt < 200, `silent after ${silentAt - interruptedAt} ms`)
  assert.ok(Math.abs(msOf(told.heard) - (run?.to ?? 0)) < TOLD, `told ${msOf(told.heard)} ms, heard ${run?.to} ms`)
  assert.ok('one two three four five six seven eight nine ten eleven twelve'.startsWith(told.spoken ?? '-'), told.spoken)
  const final = await finalOf(caller, utterance.id)
  assert.is(final.text, told.spoken)

  const since = performance.now()
  const next = await within('the next is heard', agent.room.say({ audio: said(500) }).played)
  assert.is(next.outcome, 'finished')
  await caller.ear.silence()
  const [after] = runsOf(caller.ear.places(since))
  assert.ok(after && after.from < TOLD && Math.abs(after.to - 500) < TOLD, JSON.stringify(after))
})

it('shows what the agent does, and at last the last of it (STATE-1, STATE-2)', async stage => {
  const caller = await stage.caller()
  const agent = await stage.agent({
    mind: {
      start: async ({ say, state }, signal) => {
        // Faster than the server can be told: of those that wait the newest is written.
        for (let n = 0; n < 20; n++) state(n % 2 ? 'listening' : 'thinking')
        state('thinking')
        await say({ audio: said(700) }).played
        for (let n = 0; n < 20; n++) state(n % 2 ? 'listening' : 'thinking')
        state('idle')
        await new Promise(resolve => signal.addEventListener('abort', resolve, { once: true }))
      },
    },
  })
  await caller.untilState('thinking')
  await caller.untilState('speaking')
  await caller.untilState('idle')
  await pass(500)
  assert.is(caller.stateOf(), 'idle', 'no late write undoes it')
  assert.is(agent.facts.findLast(({ type }) => type === 'agent.changed')?.type, 'agent.changed')
})

it('is told of every change of its attributes that the server took, at once (STATE-2)', async stage => {
  const agent = await stage.agent()
  const slow: number[] = []
  for (let n = 0; n < 300; n++) {
    const askedAt = performance.now()
    await agent.world.room.setAttributes({ n: String(n) }, AbortSignal.timeout(8_000))
    if (performance.now() - askedAt > 1_000) slow.push(n)
  }
  assert.equal(slow, [])
})

it.run()
