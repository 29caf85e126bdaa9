/** What a caller and a session of LiveKit's agents go through together, and what must come of it, wherever that is. */
import { voice } from '@livekit/agents'
import * as assert from 'uvu/assert'
import { flowOf, runsOf } from '../e2e/ear.ts'
import { pass } from '../e2e/watch.ts'
import type { Scene } from './place.ts'
import { type Script, WORD_MS, wordsOf } from './scripted.ts'

const numbers = 'one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen'
/** Four seconds. */
export const long = `${numbers}.`
const short = 'That is all there is.'
const replies = { 'Hello.': short, 'Count.': long, 'Stop.': 'All right.', 'Again.': 'And once more.' }
export const scripts = {
  turns: { hears: ['Hello.', 'Again.'], replies },
  interruption: { hears: ['Count.', 'Stop.'], replies },
  cough: { hears: ['Count.', ''], replies },
} satisfies Record<string, Script>

/** How exactly an end is told in what was heard on a busy machine, in ms. */
export const TOLD = 45
/** So long is what the caller says. */
const SAID_MS = 400

type Heard = Omit<Scene, 'io' | 'codes'>

/** Two turns, each heard and shown whole. */
export const takesTurns = async (scene: Heard): Promise<void> => {
  const { ear, session, items } = scene
  const asked = ['Hello.', 'Again.'] as const
  for (const [turn, question] of asked.entries()) {
    const since = performance.now()
    await scene.speak(SAID_MS)
    const { text, interrupted } = await scene.item(2 * turn + 1)
    assert.equal([items[2 * turn]?.text, text, interrupted], [question, replies[question], false])
    await ear.silence()
    const flow = flowOf(ear.places(since))
    const lastsMs = wordsOf(replies[question]).length * WORD_MS
    const about = JSON.stringify({ ...flow, lastsMs })
    assert.ok(flow.first < TOLD + 30 && Math.abs(flow.last - lastsMs) < TOLD + 30, about)
    assert.ok(flow.lost < TOLD && flow.repeated < TOLD, about)
    assert.is(session.agentState, 'listening')
  }
  await scene.watch.until(`the captions are whole: ${JSON.stringify(scene.captions())}`, () =>
    asked.every((question, n) => scene.captions()[n] === replies[question]),
  )
  await scene.watch.until(`the caller sees what it does, not ${scene.state()}`, () => scene.state() === 'listening')
  assert.equal(
    scene.states,
    ['initializing', 'listening', 'thinking', 'speaking', 'listening', 'thinking', 'speaking', 'listening'].slice(
      -scene.states.length,
    ),
  )
}

/** The caller speaks up in the middle of a reply: what is in the history is what was shown, and what was heard. */
export const isInterrupted = async (scene: Heard): Promise<{ heard: number; committed: number }> => {
  const { ear } = scene
  const since = performance.now()
  await scene.speak(SAID_MS)
  await ear.sound(since)
  await pass(1_300)
  await scene.speak(SAID_MS)
  const cut = await scene.item(1)
  assert.is(cut.interrupted, true)
  assert.ok(long.startsWith(cut.text) && cut.text.length < long.length, cut.text)
  const [run] = runsOf(ear.places(since))
  const heard = (run?.to ?? 0) / WORD_MS
  const committed = wordsOf(cut.text).length
  assert.ok(Math.abs(committed - heard) <= 1, `${committed} words are in the history, ${heard} were heard`)
  await scene.watch.until(
    `shown is what is in the history: ${JSON.stringify([scene.captions(), cut.text])}`,
    () => scene.captions()[0] === cut.text,
  )
  const next = await scene.item(3)
  assert.equal(next, { role: 'assistant', text: 'All right.', interrupted: false })
  await scene.watch.until(
    `the next one is shown: ${JSON.stringify(scene.captions())}`,
    () => scene.captions()[1] === 'All right.',
  )
  return { heard, committed }
}

/** The caller coughs in the middle of a reply: it pauses, and goes on. Gives back how much of it nobody heard, in ms. */
export const goesOn = async (scene: Heard): Promise<number> => {
  const { ear, session, watch } = scene
  const resumed: boolean[] = []
  session.on(voice.AgentSessionEventTypes.AgentFalseInterruption, ({ resumed: goesOn }) => {
    resumed.push(goesOn)
    watch.look()
  })
  const since = performance.now()
  await scene.speak(SAID_MS)
  await ear.sound(since)
  await pass(1_300)
  await scene.speak(SAID_MS)
  await watch.until('it was a false interruption', () => resumed.length > 0)
  const whole = await scene.item(1)
  assert.equal(resumed, [true])
  assert.equal(whole, { role: 'assistant', text: long, interrupted: false })
  await ear.silence()
  const runs = runsOf(ear.places(since))
  const about = JSON.stringify(runs)
  assert.is(runs.length, 2, about)
  assert.ok(Math.abs((runs[1]?.to ?? 0) - wordsOf(long).length * WORD_MS) < TOLD + 30, about)
  return (runs[1]?.from ?? 0) - (runs[0]?.to ?? 0)
}
