// deadline: 240 s
/** A person with Chromium and `livekit-client` in a real room, and the agent with them. */
import * as assert from 'uvu/assert'
import type { Mind } from '../../src/mind.ts'
import { flowOf, runsOf } from '../e2e/ear.ts'
import { framesOf, type Stage, suiteOnServer } from '../e2e/stage.ts'
import { sweep } from '../e2e/sweep.ts'
import { pass, within } from '../e2e/watch.ts'
import { type Desk, lacks, onDesk, PATIENCE } from './chromium.ts'
import { Guest } from './guest.ts'

const suite = await suiteOnServer('browser in a room', lacks)
const it = (sentence: string, body: (stage: Stage, desk: Desk) => Promise<void>) =>
  suite(sentence, stage => onDesk(desk => body(stage, desk)))

const micRate = 48_000
/** What a browser's jitter buffer, and a busy machine, may take from a sound or add to it in one go, in ms. */
const ROUGH = 700

async function* words(...pieces: string[]) {
  yield* pieces
}

it('is heard from what it said before the agent came, and then live (PRE-1, PRE-4)', async (stage, desk) => {
  const said = 9_000 // ms
  const guest = await Guest.open(desk, { microphone: { data: sweep(said, micRate), sampleRate: micRate } })
  await guest.join(stage)
  await guest.speak()
  await pass(1_500)
  const agent = await stage.agent()
  void agent.listen()
  await agent.watch.until('the agent hears the guest', () => agent.room.counters.delivered > 0, PATIENCE)
  await agent.watch.until('all of it is heard', () => agent.ear.soundMs() > said - ROUGH, said + PATIENCE)
  await agent.ear.silence(1_000)
  const flow = flowOf(agent.ear.places())
  assert.ok(flow.first < ROUGH, `the first that is heard was said before the agent came: ${JSON.stringify(flow)}`)
  assert.ok(flow.last > said - ROUGH, `the last that is heard was said long after: ${JSON.stringify(flow)}`)
  assert.ok(flow.skipped < ROUGH && flow.repeated < ROUGH, `no hole where the one becomes the other: ${JSON.stringify(flow)}`)
  assert.equal([...agent.frames], [1_200])
})

it('hears the agent answer what it wrote, reads the words, and sees what the agent does (TXT-1, STATE-1)', async (stage, desk) => {
  const answers: Mind = {
    start: async ({ chat, say, state }) => {
      for await (const { text } of chat()) {
        state('thinking')
        await say({ audio: framesOf(sweep(3_000, 24_000)), text: words('You wrote ', text) }).played
        state('idle')
      }
    },
  }
  const guest = await Guest.open(desk)
  await guest.join(stage)
  const agent = await stage.agent({ mind: answers })
  await guest.watch.until('the agent is there', () => guest.states.length > 0, PATIENCE)
  await guest.write('a word.')
  const { played } = await agent.find('utterance.ended', undefined, PATIENCE)
  const final = await guest.watch.until('the words are whole', () => guest.texts.find(({ segment }) => segment === played.id))
  assert.equal(played, { ...played, outcome: 'finished', heard: 72_000, spoken: 'You wrote a word.' })
  assert.equal([final.from, final.text], ['agent', 'You wrote a word.'])
  await guest.watch.until('it idles', () => guest.states.at(-1) === 'idle')
  // For a moment it is thinking again, until its mind says otherwise; of states that wait the newest is shown.
  assert.match(guest.states.join(' '), /thinking speaking (thinking )?idle$/)
  await guest.ear.silence(500)
  const flow = flowOf(guest.ear.places())
  assert.ok(flow.first < ROUGH && flow.last > 3_000 - ROUGH, `from the first to the last: ${JSON.stringify(flow)}`)
  assert.ok(flow.skipped < ROUGH && flow.repeated < ROUGH, JSON.stringify(flow))
})

it('hears nothing of a pause, the very next after it, and the end of what is interrupted (OUT-20, OUT-23, TXT-5)', async (stage, desk) => {
  const guest = await Guest.open(desk)
  await guest.join(stage)
  const agent = await stage.agent()
  const text = 'one two three four five six seven eight nine ten eleven twelve'
  const utterance = agent.room.say({ audio: framesOf(sweep(9_000, 24_000)), text: words(text) })
  await guest.ear.sound(0, PATIENCE)
  await pass(1_500)
  agent.room.pause()
  await guest.ear.silence(500)
  const pausedAt = performance.now()
  await pass(1_000)
  assert.is(guest.ear.soundMs(pausedAt), 0, 'nothing sounds while it is paused')
  agent.room.resume()
  await guest.ear.sound(pausedAt, PATIENCE)
  await pass(1_500)
  const told = utterance.interrupt()
  await guest.ear.silence(500)
  assert.equal(await within('it ends', utterance.played), told)
  const final = await guest.watch.until('the words are cut', () => guest.texts.find(({ segment }) => segment === told.id))
  assert.is(final.text, told.spoken)
  assert.ok(text.startsWith(final.text) && final.text.length < text.length, `what was heard is written: ${final.text}`)

  const runs = runsOf(guest.ear.places())
  // A busy machine may break a voice into more stretches than the pause does.
  const before = runs.findLast(({ endedAt }) => endedAt <= pausedAt)
  const after = runs.find(({ endedAt }) => endedAt > pausedAt)
  const lost = (after?.from ?? Number.NaN) - (before?.to ?? Number.NaN)
  assert.ok(Math.abs(lost) < ROUGH / 3, `it goes on where it was: ${JSON.stringify(runs)}`)
  const beyond = told.heard / 24 - (runs.at(-1)?.to ?? Number.NaN)
  assert.ok(Math.abs(beyond) < ROUGH, `told ${told.heard / 24} ms: ${JSON.stringify(runs)}`)
})

suite.run()
