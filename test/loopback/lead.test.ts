import * as fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Lead } from '../../src/loopback/lead.ts'

const it = suite('lead')
const options = { sampleRate: 24_000, leadMs: 40, mostMs: 160 }
const ms = 24

/** Plays what is placed at the pace of the time; `at` ms of its own time each piece of 20 ms comes. */
const played = (times: number[], piece = (n: number) => new Int16Array(20 * ms).fill(n + 1)) => {
  const lead = new Lead(options)
  let end = 0
  const placed: { at: number; data: Int16Array }[] = []
  let most = 0
  for (const [n, time] of times.entries()) {
    const now = Math.round(time * ms)
    const data = lead.place(piece(n), Math.max(0, end - now))
    const at = Math.max(end, now)
    placed.push({ at: at / ms, data })
    end = at + data.length
    most = Math.max(most, (end - now) / ms)
  }
  return { lead, placed, most, waits: (end - Math.round((times.at(-1) ?? 0) * ms)) / ms }
}
const even = (count: number, step = 20) => Array.from({ length: count }, (_, n) => n * step)

it('plays what comes evenly after the lead, all of it', () => {
  const { lead, placed, waits } = played(even(500))
  assert.equal(lead.counters, { late: 0, filled: 0, dropped: 0 })
  assert.is(waits, 60)
  assert.is(
    placed[0]?.data.findIndex(sample => sample !== 0),
    40 * ms,
  )
  assert.ok(placed.slice(1).every(({ data }, n) => data.length === 480 && data.every(sample => sample === n + 2)))
})

it('hears no gap while pieces are late by less than the lead', () => {
  const { lead, placed } = played(even(500).map((time, n) => time + (n % 7 === 3 ? 39 : n % 3) - (n === 0 ? 0 : 1)))
  assert.equal(lead.counters, { late: 0, filled: 0, dropped: 0 })
  for (const [n, { at, data }] of placed.entries()) {
    const next = placed[n + 1]
    if (next) assert.is(next.at, at + data.length / ms)
  }
})

it('puts silence in for what comes later, and begins its lead anew', () => {
  const { lead, placed, waits } = played([0, 20, 40, 160, 180])
  assert.equal(lead.counters, { late: 1, filled: 40 * ms, dropped: 0 })
  assert.is(
    placed[3]?.data.findIndex(sample => sample !== 0),
    40 * ms,
  )
  assert.is(waits, 60)
})

it('never lets more wait than it may, whatever comes at once, and gets back to its lead', () => {
  const burst = [...even(5), ...Array.from({ length: 30 }, () => 300), ...even(200).map(time => time + 320)]
  const { lead, most, waits } = played(burst)
  assert.ok(most <= 160, `${most} ms waited`)
  assert.ok(lead.counters.dropped >= (30 * 20 - 160) * ms)
  assert.ok(waits < 60 + 10, `${waits} ms wait at the end`)
})

it('keeps up with a sender whose clock is fast, without a click', () => {
  const wave = (n: number) =>
    Int16Array.from({ length: 480 }, (_, i) => 8_000 * Math.sin(((n * 480 + i) * 2 * Math.PI * 110) / 24_000))
  const { lead, placed, waits, most } = played(even(20_000, 19.99), wave) // 500 ppm, for 400 s
  assert.is(lead.counters.late, 0)
  assert.ok(Math.abs(lead.counters.dropped / ms - 200) < 15, `${lead.counters.dropped / ms} ms dropped`)
  assert.ok(waits < 75 && most < 80, `${waits} ms wait, ${most} at the most`)
  const whole = placed.slice(1).flatMap(({ data }) => [...data])
  const step = whole.reduce((worst, sample, i) => (i === 0 ? 0 : Math.max(worst, Math.abs(sample - (whole[i - 1] ?? 0)))), 0)
  assert.ok(step < 2 * 8_000 * ((2 * Math.PI * 110) / 24_000) + 2, `a step of ${step}`)
})

it('keeps up with one whose clock is slow: a gap of the length of the lead, now and then', () => {
  const { lead, waits } = played(even(20_000, 20.01))
  assert.ok(lead.counters.late >= 4 && lead.counters.late <= 6, `${lead.counters.late} gaps`)
  assert.ok(waits <= 60)
  assert.is(lead.counters.dropped, 0)
})

it('keeps within its lead for an hour, with clocks 100 ppm apart either way', () => {
  const piece = new Int16Array(480).fill(1)
  const hour = (step: number) => played(even(180_000, step), () => piece)
  const fast = hour(19.998)
  assert.ok(fast.lead.counters.late === 0 && Math.abs(fast.lead.counters.dropped / ms - 360) < 15)
  const slow = hour(20.002)
  assert.equal([slow.lead.counters.late, slow.lead.counters.dropped], [9, 0]) // 360 ms, of which each gap gives 40
  for (const { most, waits } of [fast, slow]) assert.ok(most < 75 && waits <= 75, `${most} ms waited, ${waits} at the end`)
})

it('accounts for every sample: placed = given + lead + filled − dropped', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 90 }), { minLength: 1, maxLength: 300 }), steps => {
      let time = 0
      const { lead, placed, most } = played(steps.map(step => (time += step)))
      const all = placed.reduce((sum, { data }) => sum + data.length, 0)
      const { filled, dropped } = lead.counters
      assert.is(all, steps.length * 480 + 40 * ms + filled - dropped)
      assert.ok(most <= 160)
    }),
    { seed: 6 },
  )
})

it('takes a piece longer than all that may wait, and one of nothing', () => {
  const lead = new Lead(options)
  assert.is(lead.place(new Int16Array(), 0).length, 0)
  assert.is(lead.place(new Int16Array(24_000), 0).length, 160 * ms)
})

it.run()
