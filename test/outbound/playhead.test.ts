import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Playhead } from '../../src/outbound/playhead.ts'
import { Segment } from '../../src/outbound/segment.ts'

const it = suite('playhead')
/** A sample is a millisecond here. */
const format = { sampleRate: 1_000, channels: 1 }

const scene = () => {
  const told: string[] = []
  const playhead = new Playhead(format, {
    started: ({ segment: { id }, startedAt, offset }) => told.push(`${id} from ${offset} at ${startedAt}`),
    ended: ({ segment: { id } }, duration) => told.push(`${id} for ${duration}`),
    drained: ({ id }) => told.push(`${id} drained`),
  })
  const add = (id: string, n: number, ended = false) => {
    const segment = new Segment(id, format)
    segment.push(Int16Array.from({ length: n }, (_, index) => index))
    segment.ended = ended
    return segment
  }
  let blocks = 0
  /** Hands a block over; gives back its number. */
  const hand = (at: number, ...parts: [Segment | undefined, number][]) => {
    for (const [segment, n] of parts) segment?.send(n, new Int16Array(n), 0)
    playhead.hand({ block: ++blocks, at, parts: parts.map(([segment, n]) => ({ segment, n })) })
    return blocks
  }
  const fade = (at: number, ...values: number[]) =>
    playhead.hand({
      ...{ block: ++blocks, at },
      parts: [{ segment: undefined, n: values.length }],
      fade: Int16Array.from(values),
    })
  const news = () => told.splice(0)
  return { playhead, add, hand, fade, news }
}

it('tells an unbroken run across blocks, with the moment at which it was due (OUT-7)', () => {
  const { playhead, add, hand, news } = scene()
  const a = add('a', 100)
  hand(7, [a, 50])
  hand(57, [a, 50])
  playhead.advance(1)
  assert.equal(news(), ['a from 0 at 7'])
  playhead.advance(60)
  assert.equal(news(), [])
  assert.is(a.heard, 61)
  assert.is(playhead.sounding, a)
  playhead.advance(39)
  assert.equal(news(), ['a for 100']) // the queue is dry
  assert.is(playhead.sounding, undefined)
})

it('begins another run after the queue was dry (OUT-7)', () => {
  const { playhead, add, hand, news } = scene()
  const a = add('a', 100)
  hand(0, [a, 50])
  playhead.advance(50)
  hand(500, [a, 50])
  playhead.advance(5)
  assert.equal(news(), ['a from 0 at 0', 'a for 50', 'a from 50 at 500'])
})

it('ends one utterance before it begins the next, in one step (OUT-6)', () => {
  const { playhead, add, hand, news } = scene()
  const a = add('a', 30, true)
  const b = add('b', 100)
  hand(0, [a, 30], [b, 20])
  playhead.advance(35)
  assert.equal(news(), ['a from 0 at 0', 'a for 30', 'a drained', 'b from 0 at 30'])
})

it('counts padding for nobody (OUT-11)', () => {
  const { playhead, add, hand, news } = scene()
  const a = add('a', 3, true)
  const b = add('b', 10, true)
  hand(0, [a, 3], [undefined, 7])
  hand(10, [b, 10])
  playhead.advance(8)
  assert.equal(news(), ['a from 0 at 0', 'a for 3', 'a drained'])
  assert.is(playhead.queued, 12)
  playhead.advance(3)
  assert.equal(news(), ['b from 0 at 10'])
})

it('knows when there is something to tell next', () => {
  const { playhead, add, hand } = scene()
  const a = add('a', 60, true)
  const b = add('b', 50)
  assert.is(playhead.next, undefined)
  hand(0, [undefined, 10])
  assert.is(playhead.next, undefined)
  hand(10, [a, 50])
  hand(60, [a, 10], [b, 40])
  assert.is(playhead.next, 11) // its first sample is over
  playhead.advance(15)
  assert.is(playhead.next, 70) // that another block of the same begins is nothing to tell
  playhead.advance(55)
  assert.is(playhead.next, 71)
})

it('gives back what was not played, and goes on in the same run (OUT-20)', () => {
  const { playhead, add, hand, news } = scene()
  const a = add('a', 100)
  const b = add('b', 50)
  hand(0, [a, 50])
  hand(50, [a, 50])
  hand(100, [b, 50])
  playhead.advance(20)
  assert.is(playhead.rewind(), undefined)
  assert.equal([a.sent, a.heard, b.sent, playhead.queued], [20, 20, 0, 0])
  hand(20, [a, 80])
  playhead.advance(80)
  assert.equal(news(), ['a from 0 at 0', 'a for 100'])
})

it('counts a fade at once, and ends the run with it (OUT-23)', () => {
  const { playhead, add, hand, news } = scene()
  const a = add('a', 100)
  hand(0, [a, 50])
  playhead.advance(20)
  playhead.rewind()
  a.send(10, new Int16Array(10), 0)
  playhead.fade(10)
  assert.is(a.heard, 30)
  assert.equal(news(), ['a from 0 at 0', 'a for 30'])
})

it('gives back what is left of a fade', () => {
  const { playhead, fade } = scene()
  fade(0, 9, 8, 7, 6, 0)
  playhead.advance(2)
  assert.equal(playhead.rewind(), Int16Array.of(7, 6, 0))
  assert.is(playhead.rewind(), undefined)
})

it('loses a refused block, and only that, wherever it stands (OUT-16)', () => {
  const { playhead, add, hand, news } = scene()
  const a = add('a', 120, true)
  const b = add('b', 50)
  hand(0, [a, 50])
  const refused = hand(50, [a, 40])
  const last = hand(90, [a, 30], [b, 20])
  playhead.advance(10)
  assert.equal(playhead.lose(refused), [a])
  assert.equal(a.tally, { pushed: 120, heard: 10, discarded: 40 })
  assert.is(playhead.queued, 90)
  assert.equal(playhead.lose(refused), [])
  assert.equal(playhead.lose(last), [a, b])
  assert.equal(b.tally, { pushed: 50, heard: 0, discarded: 20 })
  assert.equal(news(), ['a from 0 at 0'])
  playhead.advance(40)
  assert.equal(news(), ['a for 50', 'a drained'])
})

it('goes on behind a refused block with the right sample (OUT-16)', () => {
  const { playhead, add, hand } = scene()
  const a = add('a', 120)
  hand(0, [a, 50])
  const refused = hand(50, [a, 40])
  hand(90, [a, 30])
  playhead.advance(10)
  playhead.lose(refused)
  playhead.rewind()
  const rest = new Int16Array(70)
  a.send(70, rest, 0)
  assert.equal([rest[0], rest[39], rest[40], rest[69]], [10, 49, 90, 119])
})

it('ends the run when the block that was all of the queue was refused', () => {
  const { playhead, add, hand, news } = scene()
  const a = add('a', 100)
  hand(0, [a, 50])
  playhead.advance(50)
  hand(50, [a, 50])
  playhead.advance(10)
  news()
  playhead.lose(2)
  assert.equal(news(), ['a for 10'])
})

it('concedes all that was handed over of one, with what is before it (OUT-18)', () => {
  const { playhead, add, hand, news } = scene()
  const a = add('a', 60, true)
  const b = add('b', 40)
  hand(0, [undefined, 10], [a, 40])
  hand(50, [a, 20], [b, 30])
  playhead.concede(a)
  assert.equal(news(), ['a from 0 at 10', 'a for 60', 'a drained'])
  assert.is(playhead.queued, 30)
  playhead.concede(a)
  assert.is(playhead.queued, 30)
})

it.run()
