/** The rate of pictures: due times that do not drift, what is late, and what is measured. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { sleep } from '../../../../src/clock.ts'
import { Rate, type RateOptions } from '../../../../src/livekit/rtc/media/rate.ts'
import { virtualClock } from '../../../../src/virtual.ts'

const it = suite('rtc rate')

const open = (options: Partial<RateOptions> = {}) => {
  const clock = virtualClock()
  const logged: unknown[] = []
  const log = (level: string, code: string, fields?: object) => void logged.push([level, code, fields])
  const rate = new Rate({ fps: 10, toleranceMs: 300, clock, log, ...options })
  const at: number[] = []
  /** Sends `count` frames, each of which takes so many ms. */
  const send = async (count: number, busyMs = 0) => {
    for (let n = 0; n < count; n++) {
      await rate.due()
      at.push(clock.now())
      if (busyMs > 0) await sleep(clock, busyMs)
      rate.next()
      rate.noteSent()
    }
  }
  return { clock, rate, logged, at, send }
}

it('has the first frame due at once, and each other one interval after the due time of the one before (AVS-10)', async () => {
  const { clock, at, send } = open()
  await clock.advance(70)
  await clock.runUntil(send(4, 30))
  assert.equal(at, [70, 170, 270, 370])
})

it('sends what is late within the tolerance at once, and those after it catch up, without a word (AVS-10)', async () => {
  const { clock, logged, at, send } = open()
  await clock.runUntil(send(1))
  await clock.advance(400) // the next was due at 100
  await clock.runUntil(send(6))
  assert.equal(at, [0, 400, 400, 400, 400, 500, 600])
  assert.equal(logged, [])
})

it('warns of what is later, and begins anew from it (AVS-10)', async () => {
  const { clock, logged, at, send } = open()
  await clock.runUntil(send(1))
  await clock.advance(401)
  await clock.runUntil(send(3))
  assert.equal(at, [0, 401, 501, 601])
  assert.equal(logged, [['warn', 'livekit.video.late', { behindMs: 301, toleranceMs: 300 }]])
})

it('measures over as many frames as fit into a second, two at least (AVS-10)', async () => {
  const { clock, rate, send } = open({ fps: 4 })
  assert.is(rate.fps, 0)
  await clock.runUntil(send(1))
  assert.is(rate.fps, 0)
  await clock.runUntil(send(1))
  assert.is(rate.fps, 4)
  await clock.advance(500)
  await clock.runUntil(send(2)) // at 0, 250, 750, 750
  assert.is(rate.fps, 4)
  await clock.runUntil(send(1)) // at 250, 750, 750, 1000
  assert.is(rate.fps, 4)
  const broken = open({ fps: 2.5 })
  await broken.clock.runUntil(broken.send(2))
  await broken.clock.advance(500)
  await broken.clock.runUntil(broken.send(1)) // at 0, 400, 900
  assert.is(broken.rate.fps, 2)
  const slow = open({ fps: 0.5 })
  await slow.clock.runUntil(slow.send(3))
  assert.is(slow.rate.fps, 0.5)
})

it('says 0 of frames that were all sent at one moment (AVS-10)', async () => {
  const { clock, rate, send } = open({ fps: 2 })
  await clock.runUntil(send(1))
  await clock.advance(800)
  await clock.runUntil(send(1))
  rate.noteSent()
  rate.noteSent()
  assert.is(rate.fps, 0)
})

it('does not drift in an hour, at any rate, and never sends before a frame is due (AVS-10)', async () => {
  for (const [fps, seconds] of [
    [29.97, 3_600],
    [7.3, 3_600],
    [1_000 / 3, 60],
  ] as const) {
    const { clock, logged, at, send } = open({ fps })
    const count = Math.ceil(fps * seconds)
    await clock.runUntil(send(count), 2 * seconds * 1_000)
    const late = at.map((when, n) => when - (n * 1_000) / fps)
    // Virtual time goes in whole ms: a frame may be up to one late, but the last one no more than the first.
    const wrong = late.find(ms => ms < -1e-6 || ms > 1 + 1e-6)
    assert.is(wrong, undefined, `at ${fps} a second`)
    assert.equal(logged, [])
  }
})

it.run()
