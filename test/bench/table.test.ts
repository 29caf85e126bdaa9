import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { dice, figuresOf, median, quantile } from '../../scripts/bench/figures.ts'
import { merged, type Round } from '../../scripts/bench/measure.ts'
import { levelOf, placeOf, rate } from '../../scripts/bench/signal.ts'
import { chorus, stretchOf } from '../../scripts/bench/speech.ts'
import { costRows, heardRows, limitRow, type Row, render } from '../../scripts/bench/table.ts'
import { babble } from './voice.ts'

const it = suite('bench table')
const spread = (middle: number, wide: number) => Array.from({ length: 21 }, (_, n) => middle + (wide * (n - 10)) / 10)
const round = (given: Partial<Round> = {}): Round => ({
  ...merged([]),
  ...{ playMs: spread(60, 5), pauseMs: spread(60, 5), interruptMs: spread(60, 5), lostMs: spread(1, 10) },
  ...{ tail: [{ silenceMs: 60, early: false }], reportedMs: spread(0, 8), reportedAfterPausesMs: spread(0, 8) },
  ...{ finishedMs: spread(-69, 5), holeMs: [0, 1], click: spread(0.8, 0.5) },
  ...given,
})
const oks = (rows: Row[]) =>
  Object.fromEntries(rows.map(({ name, what, ok }, n) => [rows.findIndex(row => row.name === name) === n ? name : what, ok]))
const over = (ours: Partial<Round>) =>
  Object.entries(oks(heardRows({ floor: round(), ours: round(ours) }))).flatMap(([name, ok]) => (ok ? [] : [name]))

it('makes few numbers of many', () => {
  assert.equal([quantile([4, 1, 3, 2], 0), median([4, 1, 3, 2]), quantile([4, 1, 3, 2], 1)], [1, 2.5, 4])
  assert.equal(quantile([10, 20], 0.25), 12.5)
  assert.ok(Number.isNaN(median([])))
  assert.equal(figuresOf([1, -7, 3]), {
    n: 3,
    median: 1,
    p5: figuresOf([1, -7, 3]).p5,
    p95: figuresOf([1, -7, 3]).p95,
    worst: -7,
  })
  const [one, other] = [dice(5), dice(5)]
  assert.equal([one(), one()], [other(), other()])
  assert.is.not(dice(6)(), dice(5)())
})

it('keeps every bar when ours is the floor', () => {
  assert.equal(over({}), [])
})

it('says which bar is missed', () => {
  assert.equal(over({ playMs: spread(64, 5) }), ['play'])
  assert.equal(over({ playMs: spread(60, 20) }), ['play'])
  assert.equal(over({ interruptMs: spread(72, 5) }), [])
  assert.equal(over({ interruptMs: spread(74, 5) }), ['interrupt'])
  assert.equal(over({ pauseMs: spread(110, 5), tail: [{ silenceMs: 110, early: false }] }), ['pause'])
  assert.equal(over({ lostMs: spread(4, 5) }), ['lost'])
  assert.equal(over({ lostMs: spread(0, 12) }), ['lost'])
  assert.equal(over({ tail: [{ silenceMs: 210, early: false }] }), ['tail'])
  assert.equal(over({ tail: [{ silenceMs: 60, early: true }] }), ['tail'])
  assert.equal(over({ reportedMs: spread(5, 2) }), ['reported'])
  assert.equal(over({ reportedAfterPausesMs: spread(0, 9) }), ['the same after two pauses, ms'])
  assert.equal(over({ finishedMs: spread(-90, 5) }), ['finished'])
  assert.equal(over({ holeMs: [0, 19] }), ['whole'])
  assert.equal(over({ click: [...spread(0.8, 0.5), 2, 2, 2, 2] }), ['click'])
})

it('keeps no bar without figures', () => {
  for (const { ok, what } of heardRows({ floor: round(), ours: merged([]) })) assert.is(ok, false, what)
})

it('compares costs with the floor', () => {
  const floor = { 1: { cpu: 0.07, rss: 80 }, 8: { cpu: 0.04, rss: 140 } }
  const row = (ours: typeof floor) => costRows({ floor, ours }, 2).map(({ name, ok }) => [name, ok])
  assert.equal(row({ 1: { cpu: 0.076, rss: 99 }, 8: { cpu: 0.04, rss: 160 } }), [
    ['cpu', true],
    ['memory', true],
  ])
  assert.equal(row({ 1: { cpu: 0.076, rss: 99 }, 8: { cpu: 0.0441, rss: 161 } }), [
    ['cpu', false],
    ['memory', false],
  ])
})

it('prints a table', () => {
  const rows = [
    limitRow('start', 'room start', 2.5, 3, 'ms', 100),
    { ...limitRow('frames', 'all', 4, 3, 'µs', 5), ok: undefined, bar: '' },
  ]
  assert.equal(render(rows), [
    'row                 plain rtc-node  ours     bar         n',
    'start   room start                  2.50 ms  ≤ 3 ms  ok  100',
    'frames  all                         4.00 µs              5',
  ])
})

it('puts a peer beside ours where one took part, and asks nothing of it', () => {
  const loses = round({ lostMs: spread(190, 5), tail: [{ silenceMs: 210, early: true }] })
  const rows = heardRows({ floor: round(), ours: round(), peer: loses })
  assert.equal(new Set(rows.map(({ ok }) => ok)), new Set([true]))
  assert.is(rows.find(({ name }) => name === 'lost')?.peer, '190.0 [185.5 .. 194.5]')
  assert.is(rows.find(({ name }) => name === 'tail')?.peer, '150.0 / 150.0, 1 × early')
  const cost = { 1: { cpu: 0.07, rss: 80 } }
  rows.push(...costRows({ floor: cost, ours: cost, peer: { 1: { cpu: 0.08, rss: 154 } } }, 2))
  assert.equal(
    rows.slice(-2).map(({ peer }) => peer),
    ['.080', '154'],
  )
  const lines = render([...rows, limitRow('start', 'room start', 2.5, 3, 'ms', 100)])
  assert.match(lines[0] ?? '', /plain rtc-node +ours +@livekit\/agents +bar/)
  const bar = lines[0]?.indexOf('bar') ?? 0
  assert.is(lines.at(-1)?.slice(bar), '≤ 3 ms           ok  100')
})

it('speaks without a soft moment, and never the same twice', () => {
  const quiet = babble(6_000, 5).map((sample, n) => (Math.floor(n / 6_000) % 3 === 2 ? 0 : sample))
  const speech = chorus(quiet)
  const block = rate / 50
  const level = levelOf(speech, { from: 0, to: speech.length })
  for (let at = 0; at + block <= speech.length; at += block)
    assert.ok(levelOf(speech, { from: at, to: at + block }) > level / 4, `soft at ${at}`)
  const known = Float32Array.from(speech)
  for (const at of [10_000, 30_000]) {
    const found = placeOf(
      known,
      { from: at, to: at + 2_400 },
      known.map((sample, n) => (n >= at && n < at + 2_400 ? 0 : sample)),
    )
    assert.is(found, undefined, `what is said at ${at} is said again`)
  }
})

it('takes stretches of about the wanted length that begin and end loud', () => {
  const speech = chorus(babble(8_000, 5))
  const level = 0.8 * levelOf(speech, { from: 0, to: speech.length })
  for (const roll of [0, 0.3, 0.77, 0.9999]) {
    const { from, to } = stretchOf(speech, 1_000, roll)
    assert.ok(to - from >= rate && to - from <= 1.1 * rate && to <= speech.length)
    for (const at of [from, to - 240]) assert.ok(levelOf(speech, { from: at, to: at + 240 }) >= level)
  }
  assert.throws(() => stretchOf(speech, 60_000, 0), /too little/)
})

it.run()
