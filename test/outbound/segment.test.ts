// node: --expose-gc
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Segment } from '../../src/outbound/segment.ts'

const it = suite('segment')
/** A page has 200 samples here. */
const format = { sampleRate: 1_000, channels: 2 }
/** Samples that say which they are, in both channels. */
const sound = (from: number, n: number) => Int16Array.from({ length: 2 * n }, (_, at) => from + Math.floor(at / 2) + 1)
const sent = (segment: Segment, n: number) => {
  const out = new Int16Array(2 * n)
  segment.send(n, out, 0)
  return out
}

it('gives its samples in the order in which they came, whatever their sizes', () => {
  const segment = new Segment('a', format)
  segment.push(sound(0, 3))
  segment.push(sound(3, 0))
  segment.push(sound(3, 450))
  assert.equal(sent(segment, 2), sound(0, 2))
  assert.equal(sent(segment, 400), sound(2, 400))
  assert.is(segment.unsent, 51)
  const out = new Int16Array(2 * 53).fill(-1)
  segment.send(51, out, 2)
  assert.equal(out, Int16Array.of(-1, -1, -1, -1, ...sound(402, 51)))
})

it('keeps a copy: who pushed may use his array again', () => {
  const segment = new Segment('a', format)
  const data = sound(0, 450)
  segment.push(data)
  data.fill(0)
  assert.equal(sent(segment, 450), sound(0, 450))
})

it('plays the last of what was heard once more, and counts it once (OUT-25a)', () => {
  let unsent = 0
  const segment = new Segment(
    'a',
    format,
    n => {
      unsent += n
    },
    300,
  )
  segment.push(sound(0, 1_000))
  sent(segment, 700)
  segment.hear(600)
  segment.takeBack(100)
  segment.rewind(250)
  assert.equal([segment.played, segment.again, segment.heard, segment.unsent, unsent], [350, 250, 600, 650, 650])
  assert.equal(sent(segment, 250), sound(350, 250))
  segment.hear(200)
  assert.equal([segment.played, segment.heard, segment.tally.heard], [550, 600, 600])
  segment.takeBack(50)
  segment.rewind(10) // it is further back already
  assert.equal([segment.played, segment.again], [550, 50])
  assert.equal(sent(segment, 60), sound(550, 60))
  segment.hear(60)
  assert.equal([segment.played, segment.again, segment.heard], [610, 0, 610])
  segment.rewind(1_000) // no further than is kept
  assert.equal([segment.played, sent(segment, 400)], [310, sound(310, 400)])
  segment.ended = true
  segment.hear(300)
  assert.equal(segment.discard(), { pushed: 1_000, heard: 610, discarded: 390 })
})

it('has not ended before what is heard again was, and loses a refused block of it without a sample in the account', () => {
  const segment = new Segment('a', format, () => {}, 300)
  segment.push(sound(0, 300))
  sent(segment, 300)
  segment.hear(300)
  segment.rewind(200)
  segment.ended = true
  assert.not(segment.drained)
  sent(segment, 200)
  segment.lose(segment.played + 50, 100)
  assert.equal([segment.tally, segment.again], [{ pushed: 300, heard: 300, discarded: 0 }, 100])
  segment.hear(50)
  segment.takeBack(50)
  assert.equal(sent(segment, 50), sound(250, 50))
  segment.hear(50)
  assert.equal([segment.drained, segment.heard], [true, 300])
})

it('lets go of what was heard (law 17)', async () => {
  const segment = new Segment('a', format)
  const { gc } = globalThis
  assert.ok(gc, 'run with --expose-gc')
  /** Buffers are freed a turn after what held them. */
  const held = async () => {
    for (let n = 0; n < 3; n++) {
      gc()
      await new Promise(resolve => setImmediate(resolve))
    }
    return process.memoryUsage().arrayBuffers
  }
  const before = await held()
  for (let n = 0; n < 500; n++) {
    segment.push(sound(0, 2_000))
    sent(segment, 2_000)
    segment.hear(2_000)
  }
  const more = (await held()) - before
  assert.ok(more < 100_000, `${more} bytes are held`)
  assert.is(segment.heard, 1_000_000)
})

it('is drained when it has ended and all was heard (OUT-3)', () => {
  const segment = new Segment('a', format)
  segment.push(sound(0, 10))
  sent(segment, 10)
  segment.hear(10)
  assert.not.ok(segment.drained)
  segment.ended = true
  assert.ok(segment.drained)
  assert.equal(segment.tally, { pushed: 10, heard: 10, discarded: 0 })
})

it('takes a refused block out: what is behind it follows on (OUT-16)', () => {
  const segment = new Segment('a', format)
  segment.push(sound(0, 500))
  sent(segment, 300)
  segment.hear(100)
  segment.lose(150, 50)
  assert.equal(segment.tally, { pushed: 500, heard: 100, discarded: 50 })
  segment.takeBack(150)
  assert.equal(sent(segment, 350), Int16Array.of(...sound(100, 50), ...sound(200, 300)))
  segment.push(sound(500, 5))
  assert.equal(sent(segment, 5), sound(500, 5))
})

it('keeps the same account and the same samples as a plain list, in any order of deeds (law 1)', () => {
  const deed = fc.record({
    do: fc.constantFrom('push', 'push', 'send', 'send', 'takeBack', 'hear', 'hear', 'lose'),
    n: fc.oneof(fc.nat(7), fc.nat(500)),
    from: fc.nat(500),
  })
  fc.assert(
    fc.property(fc.array(deed, { maxLength: 40, size: 'max' }), fc.boolean(), (deeds, discards) => {
      let told = 0
      const segment = new Segment('a', format, unsent => {
        told += unsent
      })
      /** What is kept: the index of each sample, and how far it was sent and heard. */
      const kept: number[] = []
      let [pushed, at, heard, lost] = [0, 0, 0, 0]
      for (const { do: what, n: most, from } of deeds) {
        if (what === 'push') {
          segment.push(sound(pushed, most))
          for (let index = 0; index < most; index++) kept.push(pushed++)
        } else if (what === 'send') {
          const n = Math.min(most, kept.length - at)
          const expected = kept.slice(at, at + n).flatMap(index => [index + 1, index + 1])
          assert.equal([...sent(segment, n)], expected)
          at += n
        } else if (what === 'takeBack') {
          const n = Math.min(most, at - heard)
          segment.takeBack(n)
          at -= n
        } else if (what === 'hear') {
          const n = Math.min(most, at - heard)
          segment.hear(n)
          heard += n
        } else {
          const start = heard + Math.min(from, at - heard)
          const n = Math.min(most, at - start)
          segment.lose(start, n)
          kept.splice(start, n)
          at -= n
          lost += n
        }
        assert.equal(segment.tally, { pushed, heard, discarded: lost })
        assert.equal([segment.sent, segment.pending, segment.unsent], [at, kept.length - heard, kept.length - at])
        assert.is(told, segment.unsent)
      }
      if (!discards) return
      assert.equal(segment.discard(), { pushed, heard, discarded: pushed - heard })
      assert.equal([segment.pending, segment.unsent, told, segment.drained], [0, 0, 0, true])
      assert.equal(segment.discard(), segment.tally)
    }),
    { numRuns: 300 },
  )
})

it.run()
