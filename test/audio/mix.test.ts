import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { mix } from '../../src/audio/mix.ts'

const it = suite('mix')

it('gives equal counts back as they are', () => {
  const data = Int16Array.of(1, 2, 3, 4)
  assert.is(mix(data, 2, 2), data)
})
it('takes the mean of two channels for one, without overflow', () => {
  assert.equal(mix(Int16Array.of(100, 300, -32_768, -32_768, 32_767, 32_767), 2, 1), Int16Array.of(200, -32_768, 32_767))
})
it('repeats one channel for two', () => {
  assert.equal(mix(Int16Array.of(5, -7), 1, 2), Int16Array.of(5, 5, -7, -7))
})
it('folds and repeats in turn where the counts do not divide', () => {
  assert.equal(mix(Int16Array.of(10, 20, 30), 3, 2), Int16Array.of(20, 20))
  assert.equal(mix(Int16Array.of(10, 20), 2, 3), Int16Array.of(10, 20, 10))
})

it.run()
