/** The grid of the native queue, from moments on it. */
import * as fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { EARLY, LATE, phaseOf, settledFrom, sinceTick, TICK, tickAt } from '../../src/livekit/tick.ts'

/** Evenly spread numbers: `fc.double` prefers the very small ones. */
const hundredths = (min: number, max: number) =>
  fc.integer({ min: Math.round(min * 100), max: Math.round(max * 100) }).map(n => n / 100)

const it = suite('tick')

it('finds the grid from late moments, as early as the earliest of them (OUT-12)', () => {
  const late = fc.array(hundredths(0, 1.1), { minLength: 12, maxLength: 24 })
  fc.assert(
    fc.property(hundredths(0, 10), late, (phase, lateness) => {
      const found = phaseOf(lateness.map((late, n) => phase + n * TICK + late))
      assert.ok(found !== undefined)
      const off = Math.max(0, sinceTick(phase - 0.01, found ?? 0) - 0.01) // a hair early is no error
      assert.ok(off <= Math.min(...lateness) + 0.01, `${off} ms late`)
    }),
  )
})

it('is not led astray by a few moments that are very late', () => {
  const moments = [7.9, 3.6, 0.1, 0.3, 0.2, 1, 0.5, 0.9, 0.4, 0.6, 0.7, 6.1].map((late, n) => 100 + n * TICK + late)
  const found = phaseOf(moments)
  assert.ok(found !== undefined && sinceTick(100, found) <= 0.1 + 1e-9, `${found}`)
})

it('says that it does not know when the moments do not agree', () => {
  assert.is(phaseOf([0, 2.5, 5, 7.5].map((late, n) => n * TICK + late)), undefined)
  assert.is(phaseOf([]), undefined)
})

it('counts a tick from the moment it is due', () => {
  assert.is(tickAt(3, 2.9), -1)
  assert.is(tickAt(3, 3), 0)
  assert.is(tickAt(3, 32.9), 2)
})

it('waits out the doubt around a tick, and no longer than that', () => {
  fc.assert(
    fc.property(hundredths(0, 1000), now => {
      const settled = settledFrom(3, now, EARLY)
      const since = sinceTick(3, settled)
      assert.ok(since >= LATE - 1e-6 && since <= TICK - EARLY + 1e-6, `${since} ms after the tick`)
      assert.ok(settled - now <= LATE + EARLY + 1e-6)
      const before = sinceTick(3, now)
      if (before > LATE && before < TICK - EARLY) assert.is(settled, now)
    }),
  )
})

it.run()
