import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { endsClause, syllablesOf, weightOf } from '../../src/text/weight.ts'

const it = suite('weight')

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

it('weighs a word by its syllables and letters, and more at the end of a clause', () => {
  assert.ok(weightOf(' strength') > weightOf(' egg') && weightOf(' egg.') > weightOf(' egg'))
  assert.is(weightOf('今'), 1)
  assert.is(weightOf(' —'), 0)
  assert.is(weightOf(' 😀!'), 0)
})

it('finds where a clause ends, in any script', () => {
  for (const text of ['so,', 'so.', 'so?”', 'so…)', 'は、', '京」。', 'نعم؟', 'so—']) assert.ok(endsClause(text), text)
  for (const text of ['so', ' 3.5', 'it’s', 'a.m', 'e-mail', '(so']) assert.not.ok(endsClause(text), text)
})

it.run()
