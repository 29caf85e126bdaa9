import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { fall, rise } from '../../src/audio/ramp.ts'

const it = suite('ramp')
const flat = (...values: number[]) => Int16Array.of(...values)

it('rises from silence, and leaves what is behind the ramp alone', () => {
  const data = flat(1000, 1000, 1000, 1000, 1000, 1000)
  rise(data, 1, 0, 4)
  assert.equal(data, flat(0, 250, 500, 750, 1000, 1000))
})

it('goes on in the middle of a ramp', () => {
  const data = flat(1000, 1000, 1000)
  rise(data, 1, 2, 4)
  assert.equal(data, flat(500, 750, 1000))
})

it('falls to silence over all of it', () => {
  const data = flat(-1000, -1000, -1000, -1000)
  fall(data, 1)
  assert.equal(data, flat(-750, -500, -250, 0))
  const one = flat(1000)
  fall(one, 1)
  assert.equal(one, flat(0))
})

it('gives all channels of a sample the same gain', () => {
  const up = flat(100, -200, 100, -200, 100, -200)
  rise(up, 2, 0, 2)
  assert.equal(up, flat(0, 0, 50, -100, 100, -200))
  const down = flat(100, -200, 100, -200)
  fall(down, 2)
  assert.equal(down, flat(50, -100, 0, 0))
})

it('gives the same in pieces as at once, and nothing louder than it was', () => {
  const samples = fc.array(fc.integer({ min: -32_768, max: 32_767 }), { maxLength: 60 })
  fc.assert(
    fc.property(samples, fc.nat(60), fc.nat(60), fc.integer({ min: 1, max: 40 }), (values, a, b, length) => {
      const whole = Int16Array.from(values)
      rise(whole, 1, 0, length)
      const pieces = Int16Array.from(values)
      const cuts = [0, ...[a, b].map(cut => Math.min(cut, values.length)).sort((x, y) => x - y), values.length]
      for (const [index, from] of cuts.slice(0, -1).entries()) rise(pieces.subarray(from, cuts[index + 1]), 1, from, length)
      assert.equal(pieces, whole)
      assert.ok(whole.every((value, index) => Math.abs(value) <= Math.abs(values[index] ?? 0)))
    }),
  )
})

it.run()
