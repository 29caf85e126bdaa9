import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Mark } from '../../src/text/mark.ts'

const it = suite('mark')

it('says where the word began that is under way: by its times where they are given', () => {
  const mark = new Mark()
  assert.is(mark.startOf(90), 0) // it is the first word
  mark.note({ text: 'one', startMs: 0, endMs: 200 }, 100)
  assert.is(mark.startOf(150), 0)
  assert.is(mark.startOf(230), 200) // before the middle of the second
  mark.note({ text: ' two', startMs: 200, endMs: 500 }, 350)
  assert.is(mark.startOf(360), 200)
  assert.is(mark.startOf(500), 500)
})

it('says it by the pace where no times are given', () => {
  const mark = new Mark()
  mark.note({ text: 'one' }, 100)
  assert.is(mark.startOf(150), 0)
  mark.note({ text: ' two' }, 300)
  assert.is(mark.startOf(310), 200)
  assert.is(mark.startOf(399), 200)
  assert.is(mark.startOf(450), 400)
})

it('is never behind what was heard, or before the start', () => {
  const mark = new Mark()
  mark.note({ text: ' —' }, 0)
  assert.is(mark.startOf(0), 0)
  mark.note({ text: 'late', startMs: 900, endMs: 950 }, 100)
  assert.is(mark.startOf(100), 100)
})

it.run()
