import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { envelope, gainOf, outline } from '../../src/call/envelope.ts'

const it = suite('envelope')

it('finds the peak and the mean of every column', () => {
  const samples = Int16Array.from([16_384, -16_384, 0, 0, -32_768, 0, 0, 0])
  const { peak, mean } = envelope({ sampleRate: 1000, samples }, 0, 8, 4)
  assert.equal(peak, [0.5, 0, 1, 0])
  assert.equal(
    mean.map(value => Math.round(value * 1000)),
    [500, 0, 707, 0],
  )
})

it('is silent before the start and after the end', () => {
  const { peak } = envelope({ sampleRate: 1000, samples: Int16Array.from([9000, 9000]) }, -2, 6, 8)
  assert.equal(
    peak.map(value => value > 0),
    [false, false, true, true, false, false, false, false],
  )
})

it('enlarges a voice so that it fills its lane, whatever a few clicks do, and leaves noise small', () => {
  const speech = Int16Array.from({ length: 10_000 }, (_, i) => (i % 2 ? 1 : -1) * (i < 8000 ? 8192 : 0))
  assert.is(gainOf({ sampleRate: 1000, samples: speech }), 4)
  speech[500] = -32_768
  assert.is(gainOf({ sampleRate: 1000, samples: speech }), 4)
  assert.is(gainOf({ sampleRate: 1000, samples: Int16Array.from([3, -3, 3]) }), 20)
  assert.is(gainOf({ sampleRate: 1000, samples: new Int16Array(0) }), 20)
})

/** Walks the relative steps of each shape and gives back its corners. */
const corners = (path: string): [number, number][][] =>
  [...path.matchAll(/M(-?\d+) (-?\d+)l([^zM]*)z/g)].map(([, startX, startY, steps = '']) => {
    let [x, y] = [Number(startX), Number(startY)]
    return [...steps.matchAll(/(-?\d+)[ ]?(-?\d+)/g)].map(([, dx, dy]): [number, number] => {
      x += Number(dx)
      y += Number(dy)
      return [x, y]
    })
  })

it('draws a mirrored outline that leaves silence out', () => {
  assert.equal(corners(outline([0, 0.5, 1, 0, 0, 0.25], 1, 4)), [
    [
      [1, -2],
      [2, -4],
      [3, -4],
      [3, 4],
      [2, 4],
      [1, 2],
    ],
    [
      [5, -1],
      [6, -1],
      [6, 1],
      [5, 1],
    ],
  ])
  assert.is(outline([0, 0, 0], 1, 4), '')
})

it('never leaves its lane, however much it is enlarged', () => {
  for (const shape of corners(outline([0.9, 0.2, 1], 20, 40))) for (const [, y] of shape) assert.ok(Math.abs(y) <= 40)
})

it.run()
