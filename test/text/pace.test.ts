import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Pace, syllablesPerSecond } from '../../src/text/pace.ts'
import { weightOf } from '../../src/text/weight.ts'
import type { Timed } from '../../src/text/word.ts'

/** When each unit is due, all units known before the first question. */
const dues = (units: Timed[], speed?: number) => {
  const pace = new Pace(speed)
  return units.map(unit => pace.add(unit)).map(middle => Math.round(pace.dueMs(middle, 0)))
}
const plain = (...texts: string[]) => texts.map(text => ({ text }))

const it = suite('pace')

it('speaks 3.83 syllables a second where nothing else is known (SYNC-7)', () => {
  const words = plain(...'I was about to say that you can have it all if only you ask for it'.split(/(?= )/))
  const syllables = 18
  const [usual, fast] = [dues(words).at(-1) ?? 0, dues(words, 2).at(-1) ?? 0]
  assert.ok(Math.abs(usual / ((syllables * 1_000) / syllablesPerSecond) - 1) < 0.15, `${usual}`)
  assert.ok(Math.abs(usual - 2 * fast) <= 2)
  assert.equal(dues(plain('今', '日')), [131, 392]) // a syllable each
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

it('interpolates between times, and goes on after the last at the rate of what was said', () => {
  const units = [
    { text: 'No', startMs: 0, endMs: 200 },
    ...plain(' no', ' no', ' no'),
    { text: ' no', startMs: 800 },
    ...plain(' no'),
  ]
  const [first, ...rest] = dues(units)
  assert.equal([first, ...rest.slice(0, 3)], [100, 300, 500, 700])
  const [before = 0, after = 0] = rest.slice(3)
  assert.ok(before > 880 && before < 920 && after > before + 150 && after < before + 240, `${before} ${after}`)
})

it('takes a whole sentence with its times apart by weight', () => {
  assert.equal(dues([{ text: 'no', startMs: 0 }, { text: ' no' }, { text: ' no', endMs: 3_000 }]), [500, 1_500, 2_500])
})

it('divides by no zero where a text has no syllables (SYNC-8)', () => {
  assert.equal(dues([{ text: '—', startMs: 700, endMs: 900 }, ...plain('!', '?')]).slice(0, 1), [0])
  assert.equal(dues([{ text: 'No', endMs: 400 }, { text: ' —' }, { text: ' no', startMs: 600, endMs: 800 }]), [200, 400, 700])
  assert.equal(dues(plain('—', ' …', ' ')), [0, 0, 0])
})

it('puts a little overlap right, and ignores times that are no use (SYNC-6, section 13)', () => {
  const pace = new Pace()
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
    middles.map(middle => Math.round(pace.dueMs(middle, 0))),
    [200, 500, 650, 750, 850, 950, 1_100],
  )
})

it('learns from times that come later', () => {
  const pace = new Pace()
  const middle = pace.add({ text: 'No' })
  assert.ok(pace.dueMs(middle, 0) < 200)
  pace.add({ text: ' no', startMs: 2_000, endMs: 2_200 })
  assert.is(pace.dueMs(middle, 0), 1_000)
})

it('weighs 1 for each syllable of plain English', () => {
  const words = 'The next train leaves at half past nine from platform four and it takes about fifty minutes'.split(/(?= )/)
  const sum = words.reduce((all, word) => all + weightOf(word), 0)
  assert.ok(Math.abs(sum / 22 - 1) < 0.15, `${sum}`)
})

it.run()
