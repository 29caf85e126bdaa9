import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Line } from '../../src/outbound/line.ts'
import type { Segment } from '../../src/outbound/segment.ts'

const it = suite('line')
/** A tick has 10 samples here, a whole block 50: a sample is a millisecond. */
const format = { sampleRate: 1_000, channels: 1 }
const lineOf = (fadeMs = 10) => {
  const line = new Line(format, fadeMs)
  const push = (segment: Segment, n: number, value = 1000) => segment.push(new Int16Array(n).fill(value))
  const add = (id: string, n = 0, { ended = false, value = 1000 } = {}) => {
    const segment = line.add(id)
    push(segment, n, value)
    segment.ended = ended
    return segment
  }
  /** What goes next: its size, and whose samples it has. */
  const next = (queued = 0, holds = 0) => {
    const plan = line.next(queued, holds)
    if (plan.after > 0) return plan.after
    const { data, parts } = line.take(plan)
    assert.is(data.length, plan.size)
    assert.is(
      parts.reduce((sum, { n }) => sum + n, 0),
      plan.size,
    )
    return parts.map(({ segment, n }) => `${segment?.id ?? '-'} ${n}`).join(', ')
  }
  return { line, add, push, next }
}
const never = Number.POSITIVE_INFINITY

it('cuts what was pushed to 50 ms (OUT-9)', () => {
  const { add, next } = lineOf()
  add('a', 149)
  assert.is(next(200), 'a 50')
  assert.is(next(200), 'a 50')
  assert.is(next(200), 180) // 49 ms: waits until 20 ms are left
})

it('lets whole blocks go by two where the sink holds more than that', () => {
  const { add, next } = lineOf()
  add('a', 260)
  assert.is(next(0, 149), 'a 50')
  assert.is(next(0, 150), 'a 100')
  assert.is(next(0, 150), 'a 100')
  assert.is(next(100, 150), 80)
  add('b', 95, { ended: true })
  assert.is(next(20, 150), 'a 10') // it grows: nothing of the next
})

it('sends a partial block when the queue is within 20 ms of running dry, in whole ticks (OUT-10)', () => {
  const { add, next, push } = lineOf()
  const a = add('a', 50)
  next()
  push(a, 37)
  assert.is(next(21), 1)
  assert.is(next(20), 'a 30')
  assert.is(next(0), never) // 7 ms are no tick
  push(a, 3)
  assert.is(next(0), 'a 10')
})

it('waits for 20 ms before the first sound, and before the first after a resume (OUT-10)', () => {
  const { add, next, push } = lineOf()
  const a = add('a', 19)
  assert.is(next(0), never)
  push(a, 1)
  assert.is(next(0), 'a 20')
  push(a, 10)
  assert.is(next(0), 'a 10')
  a.hear(30)
  a.soundsFrom = 30
  push(a, 19)
  assert.is(next(0), never)
  push(a, 1)
  assert.is(next(0), 'a 20')
})

it('pads the end to whole ticks with silence that is nobody’s, at once if nothing follows (OUT-9, OUT-11)', () => {
  const { add, next } = lineOf()
  add('a', 63, { ended: true })
  assert.is(next(200), 'a 50')
  assert.is(next(200), 'a 13, - 7')
  assert.is(next(0), never)
})

it('sends an utterance that is shorter than 20 ms when it has ended (OUT-25)', () => {
  const { add, next } = lineOf()
  add('a', 1, { ended: true })
  assert.is(next(), 'a 1, - 9')
})

it('lets the next one follow without a gap, in one block (OUT-4)', () => {
  const { add, next } = lineOf()
  add('a', 63, { ended: true })
  add('b', 2, { ended: true })
  add('c', 100)
  assert.is(next(), 'a 50')
  assert.is(next(), 'a 13, b 2, c 35')
})

it('does not let an end wait for those behind it beyond 20 ms of queue', () => {
  const { add, next } = lineOf()
  add('a', 5, { ended: true })
  const b = add('b')
  assert.is(next(60), 40)
  assert.is(next(20), 'a 5, - 5')
  const { add: addTo, next: nextOf, push } = lineOf()
  addTo('a', 5, { ended: true })
  const c = addTo('c', 19) // too little to start with
  assert.is(nextOf(20), 'a 5, - 5')
  push(c, 10)
  assert.is(nextOf(0), 'c 20')
  assert.is(b.sent, 0)
})

it('keeps everything behind a gate that is shut (OUT-19)', () => {
  const { add, next } = lineOf()
  const a = add('a', 5, { ended: true })
  const b = add('b', 100)
  b.open = false
  add('c', 100)
  assert.is(next(60), 'a 5, - 5') // b is held: nothing follows soon
  a.hear(5)
  assert.is(next(60), never)
  b.open = true
  assert.is(next(60), 'b 50')
})

it('lets the samples after a resume rise from silence, across blocks, and never the very first (OUT-23)', () => {
  const { line, add } = lineOf(20)
  const a = add('a', 50)
  assert.ok(line.take({ size: 50, samples: 50 }).data.every(value => value === 1000))
  a.hear(50)
  a.soundsFrom = 50
  a.push(new Int16Array(100).fill(1000))
  const gains = [10, 40].flatMap(size => [...line.take({ size, samples: size }).data])
  assert.equal(
    gains,
    Array.from({ length: 50 }, (_, n) => Math.min(n * 50, 1000)),
  )
})

it('fades the next samples out; fewer where there are no more (OUT-23)', () => {
  const { line, add } = lineOf(5)
  const a = add('a', 100)
  assert.equal([...line.fade(a)], [800, 600, 400, 200, 0])
  const b = add('b', 2)
  assert.equal([...line.fade(b)], [500, 0])
  assert.equal([a.sent, b.sent, b.heard], [5, 2, 0])
})

it('fades from where a rise has come to', () => {
  const { line, add } = lineOf(10)
  const a = add('a', 100)
  a.takeBack(-20)
  a.hear(20)
  a.soundsFrom = 20
  line.take({ size: 5, samples: 5 })
  const data = line.fade(a)
  assert.is(data[0], 450) // half way up, and 9/10 of that
  assert.equal([...data], [450, 480, 490, 480, 450, 400, 300, 200, 100, 0])
})

it('fades nothing where the fade is off, or nothing is left (OUT-23)', () => {
  const { line, add } = lineOf(0)
  assert.is(line.fade(add('a', 10)).length, 0)
  assert.is(lineOf().line.fade(add('b')).length, 0)
})

it('counts what waits, of all', () => {
  const { line, add, next, push } = lineOf()
  const a = add('a', 60)
  const b = add('b', 30)
  next()
  assert.is(line.unsent, 40)
  push(b, 5)
  a.takeBack(20)
  assert.is(line.unsent, 65)
  a.discard()
  line.remove(a)
  assert.is(line.unsent, 35)
  assert.is(line.growing, b)
})

it.run()
