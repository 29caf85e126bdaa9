/** Which moment and which stretch of time is looked at. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { panned, showing, ticksOf, tickText, type Window, within, xOf, zoomed } from '../../../src/page/time/scale.ts'
import { keyed, scrubOf } from '../../../src/page/time/scrub.ts'
import { closer, firstSight, type Looked, sightOf, turnedTo } from '../../../src/page/time/sight.ts'
import { delayed } from '../../../src/page/time/soon.ts'

const it = suite('moment')
const all = { from: 0, to: 100_000 }
const view = ({ mode, ...more }: Partial<Looked> & { mode: 'live' | 'recording'; at?: number }): Looked => ({
  ...{ life: 'following', from: 0, to: 100_000 },
  hello: { type: 'hello', mode, header: null, sends: false, minds: [] },
  ...more,
})
const ms = ({ from, to }: Window) => Math.round(to - from)

it('zooms so that what is under the pointer stays there, and never out of the call', () => {
  const window = zoomed({ from: 20_000, to: 40_000 }, 0.5, 25_000, all)
  assert.equal(window, { from: 22_500, to: 32_500 })
  assert.is(xOf(window, 1000)(25_000), xOf({ from: 20_000, to: 40_000 }, 1000)(25_000))
  assert.equal(zoomed(window, 1000, 25_000, all), all)
  assert.equal(panned(window, -90_000, all), { from: 0, to: 10_000 })
  assert.equal(within({ from: 95_000, to: 105_000 }, all), { from: 90_000, to: 100_000 })
})

it('moves the window only when the moment would be outside', () => {
  const window = { from: 20_000, to: 40_000 }
  assert.is(showing(window, 39_000, all), window)
  const moved = showing(window, 70_000, all)
  assert.ok(moved.from < 70_000 && moved.to > 70_000 && ms(moved) === 20_000)
})

it('names lines that are far enough from each other', () => {
  for (const lasting of [900, 7000, 65_000, 3_700_000]) {
    const ticks = ticksOf({ from: 100, to: 100 + lasting }, 1200, 76)
    assert.ok(ticks.length >= 4, `${ticks.length} at ${lasting}`)
    assert.is(new Set(ticks.map(({ text }) => text)).size, ticks.length)
  }
  assert.equal([tickText(65_000), tickText(3_725_000), tickText(1500, 500)], ['1:05', '1:02:05', '0:01.5'])
})

it('covers a recording at first, and follows a live call with its newest moment', () => {
  assert.equal(sightOf(firstSight(), view({ mode: 'recording' }), 1100, 40_000).window, all)
  const phone = sightOf(firstSight(), view({ mode: 'recording' }), 330, 40_000)
  assert.equal(phone.window, { from: 37_000, to: 43_000 }, 'words can be read around the moment')
  assert.equal(sightOf(closer(phone, 100, 40_000), view({ mode: 'recording' }), 330, 40_000).window, all)
  const { window } = sightOf(firstSight(), view({ mode: 'live', at: 100_000 }), 1100, 100_000)
  assert.is(ms(window), 20_000)
  assert.ok(window.to >= 100_000 && window.to < 101_000)
})

it('holds the window still for who looks back in a live call', () => {
  const first = sightOf(firstSight(), view({ mode: 'live', at: 100_000 }), 1100, 100_000)
  const held = sightOf(first, view({ mode: 'live', life: 'travelling', at: 90_000, to: 103_000 }), 1100, 90_000)
  assert.equal(held.window, first.window)
  assert.is(ms(turnedTo(held, 10_000).window), ms(first.window))
})

it('keeps how close one looks while the call goes on', () => {
  const first = sightOf(firstSight(), view({ mode: 'live', at: 50_000, to: 50_000 }), 1100, 50_000)
  const near = closer(first, 0.5, 50_000)
  const { window } = sightOf(near, view({ mode: 'live', at: 60_000, to: 60_000 }), 1100, 60_000)
  assert.is(ms(window), 10_000)
})

it('goes by keys, and not beyond the ends', () => {
  assert.is(keyed('ArrowRight', false, 1000, all), 1200)
  assert.is(keyed('ArrowLeft', true, 1000, all), 0)
  assert.is(keyed('PageUp', false, 95_000, all), 100_000)
  assert.is(keyed('Home', false, 95_000, all), 0)
  assert.is(keyed('End', false, 95_000, all), 100_000)
  assert.is(keyed('a', false, 95_000, all), undefined)
})

it('seeks the first moment at once and the last one always', () => {
  const sought: number[] = []
  let moved = 0
  const scrub = scrubOf(
    at => sought.push(at),
    () => moved++,
  )
  for (let at = 0; at < 50; at++) scrub.to(at)
  assert.equal(sought, [0])
  assert.is(scrub.at(), 49)
  assert.is(moved, 50)
  scrub.end()
  assert.equal(sought, [0, 49])
  scrub.shown(49, false)
})

it('stays where the hand let go until that moment is shown, and does not jump back', () => {
  const scrub = scrubOf(
    () => {},
    () => {},
  )
  scrub.to(500)
  scrub.end()
  scrub.shown(100, false)
  assert.is(scrub.at(), 500)
  scrub.shown(500, false)
  assert.is(scrub.at(), undefined)
  scrub.to(900)
  scrub.end()
  scrub.shown(7000, true)
  assert.is(scrub.at(), undefined)
})

it('runs once for all that ask before', async () => {
  let runs = 0
  const ran = new Promise<void>(resolve => {
    const soon = delayed(() => {
      runs++
      resolve()
    })
    for (let i = 0; i < 5; i++) soon(1)
  })
  await ran
  assert.is(runs, 1)
})

it.run()
