import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { paceOf, syllablesOf } from '../../src/text/pace.ts'
import type { Timed } from '../../src/text/word.ts'

/** When each unit is due, all units known before the first question. */
const dues = (units: Timed[], speed?: number) => {
  const pace = paceOf(speed)
  return units.map(unit => pace.add(unit)).map(middle => Math.round(pace.dueMs(middle)))
}
const plain = (...texts: string[]) => texts.map(text => ({ text }))

const it = suite('pace')

it('counts syllables well enough in any script', () => {
  const cases: [string, number][] = [
    [' Hello,', 2],
    [' the', 1],
    [' time.', 1],
    [' table', 2],
    [' whole', 1],
    [' Überraschung', 4],
    [' été', 2],
    [' привет', 2],
    ['今', 1],
    ['각', 1],
    [' שלום', 4 / 3],
    [' —', 0],
    ['', 0],
    [' 😀', 0],
  ]
  for (const [text, count] of cases) assert.is(syllablesOf(text), count, text)
})

it('speaks 3.83 syllables a second where nothing else is known (SYNC-7)', () => {
  assert.equal(dues(plain('Hello', ' world', '!')), [261, 653, 783])
  assert.equal(dues(plain('Hello', ' world'), 2), [131, 326])
})

it('puts the middle of a timed word in the middle of its time (SYNC-3, SYNC-6)', () => {
  assert.equal(
    dues([
      { text: 'Hello', startMs: 100, endMs: 500 },
      { text: ' world', startMs: 900, endMs: 1_000 },
    ]),
    [300, 950],
  )
})

it('interpolates between times by syllables, and goes on at the usual pace after the last', () => {
  const units = [
    { text: 'No', startMs: 0, endMs: 200 },
    ...plain(' hello', ' you'),
    { text: ' yes', startMs: 800 },
    ...plain(' so'),
  ]
  assert.equal(dues(units), [100, 400, 700, 800 + 131, 800 + 392])
})

it('takes a whole sentence with its times apart by syllables', () => {
  assert.equal(dues([{ text: 'I', startMs: 0 }, { text: ' hello' }, { text: ' you.', endMs: 4_000 }]), [500, 2_000, 3_500])
})

it('divides by no zero where a text has no syllables', () => {
  assert.equal(dues([{ text: '—', startMs: 700, endMs: 900 }, ...plain('!', '?')]), [0, 0, 0])
  assert.equal(dues([{ text: 'No', endMs: 400 }, { text: ' —' }, { text: ' no', startMs: 600, endMs: 800 }]), [200, 400, 700])
})

it('puts a little overlap right, and ignores times that are no use (SYNC-6, section 13)', () => {
  const pace = paceOf()
  const middles = [
    { text: 'No', startMs: 0, endMs: 400 },
    { text: ' no', startMs: 350, endMs: 600 },
    { text: ' no', startMs: Number.NaN, endMs: 700 },
    { text: ' no', startMs: -5, endMs: 700 },
    { text: ' no', startMs: 900, endMs: 800 },
    { text: ' no', startMs: 100, endMs: 300 },
    { text: ' no', startMs: 1_000, endMs: 1_200 },
  ].map(unit => pace.add(unit))
  assert.is(pace.ignored, 4)
  assert.equal(
    middles.map(middle => pace.dueMs(middle)),
    [200, 500, 650, 750, 850, 950, 1_100],
  )
})

it('learns from times that come later', () => {
  const pace = paceOf()
  const middle = pace.add({ text: 'No' })
  assert.ok(pace.dueMs(middle) < 200)
  pace.add({ text: ' no', startMs: 2_000, endMs: 2_200 })
  assert.is(pace.dueMs(middle), 1_000)
})

it.run()
