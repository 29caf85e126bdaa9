/** What the caller says, in words: one segment at a time, each of one speaker. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { RoomEvent } from '../machines/room.ts'
import type { RoomFact } from '../src/facts.ts'
import { Captions } from '../src/outbound/transcript.ts'
import { Transcripts } from '../src/transcripts.ts'
import { virtualClock } from '../src/virtual.ts'
import { countingIds } from './fakes/ids.ts'
import { fakeTextOut } from './fakes/text.ts'

const it = suite('transcripts')

const rig = () => {
  const captions = new Captions({ textOut: fakeTextOut(), trackOf: () => undefined, log: () => {} })
  const sent: RoomEvent[] = []
  const facts: RoomFact[] = []
  const transcripts = new Transcripts({
    ...{ captions, clock: virtualClock(), ids: countingIds() },
    send: event => sent.push(event),
    emit: fact => facts.push(fact),
  })
  const events = () => sent.map(event => (event.type === 'caption' ? `caption ${event.segment.identity}` : event.type))
  const words = () => facts.map(fact => (fact.type === 'words.shown' ? [fact.identity, fact.text, fact.final] : []))
  const ids = () => new Set(facts.map(fact => ('id' in fact ? fact.id : '')))
  return { transcripts, events, words, ids, sent }
}

it('tells each update with the whole text so far, and one final (TXT-2, TXT-5)', () => {
  const { transcripts, events, words, ids } = rig()
  transcripts.follow('ann')
  for (const text of ['I', 'I said', '', 'I said so']) transcripts.heard(text, false)
  transcripts.heard('I said so.', true)
  assert.equal(events(), ['caption ann', 'finish'])
  assert.equal(words(), [
    ['ann', 'I', false],
    ['ann', 'I said', false],
    ['ann', 'I said', false], // nothing is no news of what was said
    ['ann', 'I said so', false],
    ['ann', 'I said so.', true],
  ])
  assert.is(ids().size, 1)
})

it('begins another segment after each final, and none for nothing (TXT-7)', () => {
  const { transcripts, events, ids } = rig()
  transcripts.follow('ann')
  transcripts.heard('', true)
  transcripts.heard('Yes.', true)
  transcripts.heard('', true)
  transcripts.heard('No.', true)
  assert.equal(events(), ['caption ann', 'finish', 'caption ann', 'finish'])
  assert.is(ids().size, 2)
})

it('ignores words of nobody (TXT-6)', () => {
  const { transcripts, events, words } = rig()
  transcripts.heard('Hello', true)
  transcripts.follow(undefined)
  transcripts.heard('Hello', true)
  assert.equal([events(), words()], [[], []])
})

it('ends what is open as its own speaker when another is listened to, or nobody (TXT-9)', () => {
  const { transcripts, events, words, ids } = rig()
  transcripts.follow('ann')
  transcripts.heard('I wanted', false)
  transcripts.follow('ann') // the same: nothing happens
  transcripts.follow('bob')
  transcripts.heard('Hi', false)
  transcripts.follow(undefined)
  assert.equal(events(), ['caption ann', 'finish', 'caption bob', 'finish'])
  assert.equal(words(), [
    ['ann', 'I wanted', false],
    ['ann', 'I wanted', true],
    ['bob', 'Hi', false],
    ['bob', 'Hi', true],
  ])
  assert.is(ids().size, 2)
})

it('has several open under ids, each of whoever was linked when it began, and ends them all at the close (MM-39)', () => {
  const { transcripts, events, words } = rig()
  transcripts.heard('', false, 'u0') // of nobody, and so it stays
  transcripts.follow('ann')
  transcripts.heard('', false, 'u1')
  transcripts.heard('Hm', false)
  transcripts.heard('I am', false, 'u1')
  transcripts.follow('bob')
  transcripts.heard('', false, 'u2')
  transcripts.heard('Who?', true, 'u0')
  transcripts.heard('I am ann.', true, 'u1')
  transcripts.close()
  assert.equal(events(), ['caption ann', 'caption ann', 'finish', 'caption bob', 'finish', 'finish'])
  assert.equal(words(), [
    ['ann', '', false],
    ['ann', 'Hm', false],
    ['ann', 'I am', false],
    ['ann', 'Hm', true],
    ['bob', '', false],
    ['ann', 'I am ann.', true],
    ['bob', '', true],
  ])
})

it('ends the oldest when too many wait for their words', () => {
  const { transcripts, events } = rig()
  transcripts.follow('ann')
  for (let n = 0; n < 70; n++) transcripts.heard('', false, `u${n}`)
  assert.is(events().filter(type => type === 'finish').length, 70 - 64)
})

it.run()
