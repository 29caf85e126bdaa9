import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Hold } from '../../src/outbound/hold.ts'
import { Line } from '../../src/outbound/line.ts'
import type { Segment } from '../../src/outbound/segment.ts'
import { virtualClock } from '../../src/virtual.ts'

const it = suite('hold')

/** A sample is a millisecond here. */
const scene = (maxPendingMs = 30_000) => {
  const clock = virtualClock()
  const line = new Line({ sampleRate: 1_000, channels: 1 }, 10)
  const hold = new Hold({ line, clock, sampleRate: 1_000, maxPendingMs })
  const gone: string[] = []
  /** Pushes `n`; what it waits for is told by `went`. */
  const push = (segment: Segment, n: number, signal?: AbortSignal) => {
    segment.push(new Int16Array(n))
    void hold.ready(segment, n, signal).then(() => gone.push(segment.id))
  }
  const went = async () => {
    await clock.settle()
    return gone.splice(0)
  }
  return { clock, line, hold, push, went }
}

it('holds a producer that is beyond the bound, until it is below again (OUT-13)', async () => {
  const { line, hold, push, went, clock } = scene(3_000)
  const a = line.add('a')
  push(a, 3_000)
  await clock.advance(0)
  assert.equal(await went(), ['a'])
  push(a, 1)
  await clock.advance(1_000)
  assert.equal(await went(), [])
  hold.release()
  assert.equal(await went(), [])
  a.send(1, new Int16Array(1), 0)
  hold.release()
  assert.equal(await went(), ['a'])
})

it('counts what waits of all, and lets the next one be 1 000 ms ahead nevertheless (OUT-13)', async () => {
  const { line, hold, push, went } = scene(3_000)
  const a = line.add('a')
  const b = line.add('b')
  b.push(new Int16Array(3_000))
  push(b, 1)
  push(a, 400) // b waits for a, so a must not wait for b
  assert.equal(await went(), ['a'])
  a.push(new Int16Array(600))
  push(a, 1)
  assert.equal(await went(), [])
  a.send(1, new Int16Array(1), 0)
  hold.release()
  assert.equal(await went(), ['a'])
  a.ended = true
  hold.release()
  assert.equal(await went(), []) // now b is the next, and far ahead
})

it('lets go of who has ended, and of who does not want to any more', async () => {
  const { line, hold, push, went } = scene(10)
  const a = line.add('a')
  const b = line.add('b')
  const over = new AbortController()
  push(a, 20)
  push(b, 20, over.signal)
  assert.equal(await went(), [])
  over.abort()
  assert.equal(await went(), ['b'])
  a.ended = true
  hold.release()
  assert.equal(await went(), ['a'])
  push(b, 1, over.signal)
  assert.equal(await went(), ['b'])
})

it('makes who has everything at once give way after 500 ms of it', async () => {
  const { clock, line, push, went } = scene()
  const a = line.add('a')
  push(a, 500)
  assert.equal(await went(), ['a'])
  push(a, 1)
  assert.equal(await went(), [])
  assert.is(clock.timers, 1)
  await clock.advance(0)
  assert.equal(await went(), ['a'])
  push(a, 499)
  await clock.advance(1)
  push(a, 499) // another moment
  assert.equal(await went(), ['a', 'a'])
  assert.is(clock.timers, 0)
})

it('leaves no timer to one that was given up while it gave way', async () => {
  const { clock, line, push, went } = scene()
  const over = new AbortController()
  push(line.add('a'), 1_000, over.signal)
  assert.is(clock.timers, 1)
  over.abort()
  assert.is(clock.timers, 0)
  assert.equal(await went(), ['a'])
})

it.run()
