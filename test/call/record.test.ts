import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { captions } from '../../src/call/captions.ts'
import { newsroom } from '../../src/call/news.ts'
import { recorder } from '../../src/call/record.ts'
import type { News } from '../../src/call/screen.ts'
import { parseVtt } from '../../src/codec/vtt.ts'
import type { RoomFact } from '../../src/facts.ts'
import type { Outcome } from '../../src/ports.ts'

const it = suite('record')
const silence = { sampleRate: 1000, samples: new Int16Array(0) }
const voices = { caller: silence, agent: silence }
const shown = (text: string, at: number, startMs?: number, endMs?: number, final = false): RoomFact => ({
  type: 'words.shown',
  id: 'SG_1',
  speaker: 'agent',
  identity: 'agent',
  text,
  final,
  at,
  ...(startMs !== undefined && { startMs }),
  ...(endMs !== undefined && { endMs }),
})
const ended = (outcome: Outcome, heard: number, at: number): RoomFact => ({
  type: 'utterance.ended',
  at,
  played: { id: 'SG_1', outcome, pushed: heard, heard, discarded: 0, spoken: 'x' },
})
const recordOf = (facts: RoomFact[], zero = 0, durationMs = 10_000) => {
  const book = recorder(zero, 1000)
  for (const fact of facts) book.note(fact)
  return book.record(durationMs, voices)
}

it('puts words where they were heard, also after a pause', () => {
  const { words, pauses } = recordOf([
    { type: 'utterance.started', id: 'SG_1', at: 1000 },
    shown('One', 1250, 0, 500),
    { type: 'paused', at: 1600 },
    { type: 'utterance.progressed', id: 'SG_1', startedAt: 1000, offset: 0, duration: 600 },
    { type: 'resumed', at: 3000 },
    shown(' two', 3150, 700, 800),
    { type: 'utterance.progressed', id: 'SG_1', startedAt: 3000, offset: 600, duration: 400 },
    ended('finished', 1000, 3400),
  ])
  assert.equal(
    words.map(({ text, startMs, endMs }) => [text, startMs, endMs]),
    [
      ['One', 1000, 1500],
      ['two', 3100, 3200],
    ],
  )
  assert.equal(pauses, [{ startMs: 1600, endMs: 3000 }])
})

it('knows words without times from the moment they were shown', () => {
  const { words } = recordOf([shown('One', 1000), shown(' two', 1100)])
  assert.equal(
    words.map(({ startMs, endMs }) => [startMs, endMs]),
    [
      [880, 980],
      [980, 1220],
    ],
  )
})

it('keeps words in the order in which they were told, and within their utterance, whatever their times are', () => {
  const { words } = recordOf([
    { type: 'utterance.started', id: 'SG_1', at: 1000 },
    shown('One', 1050),
    shown(' two', 1400),
    shown(' three', 1300),
  ])
  assert.equal(
    words.map(({ text, startMs }) => [text, startMs]),
    [
      ['One', 1000],
      ['two', 1280],
      ['three', 1281],
    ],
  )
})

it("takes the caller's words from the mind where nobody else hears them: they end when they are told", () => {
  const told = (text: string, at: number, final: boolean): RoomFact => ({
    ...{ type: 'words.shown', id: 'u1', speaker: 'caller', identity: 'caller' },
    ...{ text, final, at },
  })
  const facts = [told('What', 1800, false), told('What time is it?', 2500, true)]
  assert.equal(recordOf(facts, 500).words, [
    { speaker: 'caller', id: 'u1', text: 'What', startMs: 800, endMs: 1100 },
    { speaker: 'caller', id: 'u1', text: 'time', startMs: 1100, endMs: 1400 },
    { speaker: 'caller', id: 'u1', text: 'is', startMs: 1400, endMs: 1700 },
    { speaker: 'caller', id: 'u1', text: 'it?', startMs: 1700, endMs: 2000 },
  ])
  const book = recorder(500, 1000)
  for (const fact of facts) book.note(fact)
  book.hear({ id: 'caller-1', text: 'What', startMs: 700, endMs: 900 })
  assert.equal(
    book.record(10_000, voices).words.map(({ id }) => id),
    ['caller-1'],
  )
})

it('counts from the start of the call, whatever the clock said then', () => {
  const { states, utterances } = recordOf(
    [
      { type: 'agent.changed', state: 'initializing', at: 5000 },
      { type: 'agent.changed', state: 'listening', at: 5100 },
      { type: 'utterance.started', id: 'SG_1', at: 6000 },
      ended('interrupted', 700, 6710),
    ],
    5000,
  )
  assert.equal(states, [
    { state: 'initializing', startMs: 0, endMs: 100 },
    { state: 'listening', startMs: 100, endMs: 10_000 },
  ])
  assert.equal(utterances, [{ id: 'SG_1', startMs: 1000, endMs: 1710, outcome: 'interrupted', heardMs: 700, spoken: 'x' }])
})

it('ends an open pause with the call, and an utterance nobody heard where it ended', () => {
  const { pauses, utterances } = recordOf([{ type: 'paused', at: 400 }, ended('abandoned', 0, 500)])
  assert.equal(pauses, [{ startMs: 400, endMs: 10_000 }])
  assert.is(utterances[0]?.startMs, 500)
})

it('leaves out states that lasted no time', () => {
  const { states } = recordOf([
    { type: 'agent.changed', state: 'initializing', at: 0 },
    { type: 'agent.changed', state: 'listening', at: 0 },
  ])
  assert.equal(states, [{ state: 'listening', startMs: 0, endMs: 10_000 }])
})

it('writes captions that can be read back: a cue per sentence, with its speaker and the time of each word', () => {
  const book = recorder(0, 1000)
  book.hear({ id: 'c', text: 'Hello', startMs: 200, endMs: 500 })
  book.hear({ id: 'c', text: 'there.', startMs: 600, endMs: 900 })
  book.hear({ id: 'c', text: 'Well?', startMs: 1000, endMs: 1300 })
  for (const fact of [shown('Yes', 650), shown(' <&', 850), shown(' later', 5000)]) book.note(fact)
  const file = captions(book.record(6000, voices).words)
  assert.match(file, /^<v caller>Hello<00:00:00\.500> <00:00:00\.600>there\.$/m) // stamps lie within the cue
  const cues = parseVtt(file)
  assert.equal(
    cues.map(({ speaker, text, startMs, endMs }) => [speaker, text, startMs, endMs]),
    [
      ['caller', 'Hello there.', 200, 900],
      ['agent', 'Yes <&', 530, 970],
      ['caller', 'Well?', 1000, 1300],
      ['agent', 'later', 4880, 5120],
    ],
  )
  assert.equal(cues[0]?.words[1], { text: ' there.', startMs: 600, endMs: 900 })
  const close = [
    { text: 'So', startMs: 0, endMs: 190 },
    { text: 'near', startMs: 200, endMs: 400 },
  ].map(word => ({ ...word, id: 'c', speaker: 'caller' as const }))
  assert.match(captions(close), /^<v caller>So <00:00:00\.200>near$/m)
})

it('puts the words of an utterance together for the screen', () => {
  const told: News[] = []
  const note = newsroom(1000, news => told.push(news))
  note(shown('One', 2000), 2000)
  note(shown(' two', 2100), 2100)
  note(ended('interrupted', 1, 2200), 2200)
  assert.equal(
    told.map(news => (news.type === 'words' ? [news.text, news.final, news.at] : news)),
    [
      ['One', false, 1000],
      ['One two', false, 1100],
      ['One two …', true, 1200],
      { type: 'remark', text: 'the agent was interrupted', at: 1200 },
    ],
  )
})

it.run()
