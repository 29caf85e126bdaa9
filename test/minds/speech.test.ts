import * as fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type SpeechFact, silence, step, type TurnOptions, turnsOf } from '../../src/minds/speech.ts'

const it = suite('speech')
const frameMs = 20

/** `speak(0, 300, 600)`: no speech for 0 ms, speech for 300, none for 600, and so on, as the detector's answers. */
const answers = (...spansMs: number[]) => spansMs.flatMap((ms, i) => Array<boolean>(ms / frameMs).fill(i % 2 === 1))
const factsOf = async (frames: boolean[], options?: TurnOptions) => {
  const facts: SpeechFact[] = []
  const source = (async function* () {
    yield* frames
  })()
  for await (const fact of turnsOf(frameMs, options)(source)) facts.push(fact)
  return facts
}
const started = (atMs: number): SpeechFact => ({ type: 'speech.started', atMs })
const confirmed = (atMs: number, startMs: number): SpeechFact => ({ type: 'speech.confirmed', atMs, startMs })
const ended = (atMs: number, ms: number): SpeechFact => ({ type: 'speech.ended', atMs, ms })
const over = (atMs: number, startMs: number, endMs: number): SpeechFact => ({
  type: 'turn.ended',
  atMs,
  startMs,
  endMs,
  ms: endMs - startMs,
})

it('tells a turn: started, confirmed after 200 ms, ended, and over 550 ms later', async () => {
  assert.equal(await factsOf(answers(100, 1000, 1000)), [
    started(100),
    confirmed(300, 100),
    ended(1100, 1000),
    over(1660, 100, 1100),
  ])
})

it('keeps a pause shorter than the hang-over inside the turn, and confirms once', async () => {
  assert.equal(await factsOf(answers(0, 400, 500, 300, 600)), [
    started(0),
    confirmed(200, 0),
    ended(400, 400),
    started(900),
    ended(1200, 300),
    over(1760, 0, 1200),
  ])
})

it('takes less than minSpeechMs for a cough: no turn, nothing confirmed', async () => {
  assert.equal(await factsOf(answers(0, 180, 1000)), [started(0), ended(180, 180)])
  assert.equal(await factsOf(answers(0, 180, 1000), { minSpeechMs: 100 }), [
    started(0),
    confirmed(100, 0),
    ended(180, 180),
    over(740, 0, 180),
  ])
})

it('bridges a short gap before speech is confirmed, counting the speech alone', async () => {
  assert.equal(await factsOf(answers(0, 120, 100, 120, 20)), [started(0), confirmed(300, 0), ended(340, 340), over(360, 0, 340)])
  assert.equal(await factsOf(answers(0, 120, 120, 120, 200)), [started(0), ended(120, 120), started(240), ended(360, 120)])
})

it('ends a turn that does not end by itself', async () => {
  const facts = await factsOf(answers(0, 2000), { maxTurnMs: 1000 })
  assert.equal(facts.slice(0, 4), [started(0), confirmed(200, 0), ended(1000, 1000), over(1000, 0, 1000)])
  assert.equal(facts.slice(4), [started(1000), confirmed(1200, 1000), ended(2000, 1000), over(2000, 1000, 2000)])
})

it('closes what is open when the audio is over', async () => {
  assert.equal(await factsOf(answers(0, 100)), [started(0), ended(100, 100)])
  assert.equal(await factsOf(answers(0, 300)), [started(0), confirmed(200, 0), ended(300, 300), over(300, 0, 300)])
  assert.equal(await factsOf(answers(0, 300, 100)), [started(0), confirmed(200, 0), ended(300, 300), over(400, 0, 300)])
  assert.equal(await factsOf([]), [])
})

it('returns its source when the reader leaves early', async () => {
  let returned = false
  const source = (async function* () {
    try {
      for (;;) yield true
    } finally {
      returned = true
    }
  })()
  for await (const _ of turnsOf(frameMs)(source)) break
  assert.ok(returned)
})

it('refuses an option that is no time', () => {
  assert.throws(() => turnsOf(frameMs, { minSpeechMs: -1 }), /minSpeechMs is -1: give a number of milliseconds/)
  assert.throws(() => turnsOf(frameMs, { hangoverMs: Number.NaN }), /hangoverMs is NaN/)
})

it('holds its laws for any answers', () => {
  const seed = 20_261_121
  const options = fc.record({
    minSpeechMs: fc.constantFrom(0, 40, 200),
    gapMs: fc.constantFrom(0, 40, 100),
    hangoverMs: fc.constantFrom(20, 100, 300),
    maxTurnMs: fc.constantFrom(400, 2000),
  })
  const runs = fc.array(fc.integer({ min: 1, max: 20 }), { maxLength: 20 })
  fc.assert(
    fc.property(runs, options, (lengths, given) => {
      const frames = lengths.flatMap((length, i) => Array<boolean>(length).fill(i % 2 === 0))
      let state = silence
      let [speech, turn] = [false, false] // a run of speech is open; a turn is
      for (const isSpeech of frames) {
        const [next, facts] = step(state, isSpeech, frameMs, given)
        state = next
        for (const fact of facts) {
          if (fact.type === 'speech.started') assert.ok(!speech)
          if (fact.type === 'speech.ended') assert.ok(speech && fact.ms > 0)
          if (fact.type === 'speech.confirmed') assert.ok(speech && !turn)
          if (fact.type === 'turn.ended')
            assert.ok(turn && !speech && fact.ms > 0 && fact.ms <= given.maxTurnMs && fact.atMs >= fact.endMs)
          if (fact.type.startsWith('speech.')) speech = fact.type !== 'speech.ended'
          if (fact.type === 'speech.confirmed') turn = true
          if (fact.type === 'turn.ended') turn = false
        }
        assert.is(state.phase === 'silent', !speech && !turn)
        assert.ok(JSON.stringify(state).length > 0 && state.nowMs - state.lastMs >= 0)
      }
    }),
    { seed, numRuns: 500 },
  )
})

it.run()
