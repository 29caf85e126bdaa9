import * as fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type Drops, drop, hold, type Queue, slide } from '../../src/audio/buffer.ts'
import { codeOf } from '../../src/errors.ts'
import { all } from '../fakes/sound.ts'

const it = suite('buffer')
const self = (item: number) => item
/** All microtasks that follow from what was done. */
const settle = () => new Promise<void>(resolve => setImmediate(resolve))
const filled = <T>(queue: Queue<T>, items: T[]) => {
  for (const item of items) void queue.push(item)
  return queue
}
const next = async <T>(reader: AsyncIterator<T>) => (await reader.next()).value

it('hands on what was pushed, in order, and then the end', async () => {
  const queue = filled(hold<number>(10), [1, 2, 3])
  queue.end()
  assert.equal(await all(queue), [1, 2, 3])
  assert.equal(await all(queue), [])
})

it('wakes a reader that waits, also by its end', async () => {
  const queue = slide<number>(2)
  const items = all(queue)
  await settle()
  void queue.push(1)
  await settle()
  void queue.push(2)
  queue.end()
  assert.equal(await items, [1, 2])
  assert.is(queue.taken, 2)
})

it('hold makes the producer wait until there is room', async () => {
  const queue = hold<number>(2)
  const pushed: number[] = []
  for (const item of [1, 2, 3, 4]) void queue.push(item).then(() => pushed.push(item))
  await settle()
  assert.equal(pushed, [1, 2])
  const reader = queue[Symbol.asyncIterator]()
  assert.is(await next(reader), 1)
  await settle()
  assert.equal(pushed, [1, 2, 3])
  assert.equal([await next(reader), await next(reader), await next(reader)], [2, 3, 4])
  assert.is(queue.dropped, 0)
})

it('hold lets its producer go on abort and at the end, and counts what that drops', async () => {
  const queue = filled(hold<number>(1), [1])
  const ended = new AbortController()
  const aborted = queue.push(2, ended.signal)
  const late = queue.push(3)
  ended.abort()
  await aborted
  assert.is(queue.dropped, 1)
  queue.end()
  await late
  assert.is(queue.dropped, 2)
  assert.equal(await all(queue), [1])
})

it('hold takes an item that is larger than its limit once a reader waits for it', async () => {
  const queue = hold<number>(1, self)
  const reader = queue[Symbol.asyncIterator]()
  const item = reader.next()
  await queue.push(5)
  assert.equal(await item, { done: false, value: 5 })
})

it('slide lets the oldest go, drop refuses the newest', async () => {
  const [sliding, dropping] = [filled(slide<number>(3), [1, 2, 3, 4, 5]), filled(drop<number>(3), [1, 2, 3, 4, 5])]
  sliding.end()
  dropping.end()
  assert.equal(await all(sliding), [3, 4, 5])
  assert.equal(await all(dropping), [1, 2, 3])
  assert.equal([sliding.dropped, dropping.dropped], [2, 2])
})

it('tells each run of drops at its start and at its end, with its place (MIC-11)', async () => {
  const told: Drops[] = []
  const queue = slide<number>(20, self, run => told.push(run))
  const reader = queue[Symbol.asyncIterator]()
  filled(queue, [10, 10, 10, 10])
  assert.equal(told, [{ size: 10, from: 0 }])
  await reader.next()
  filled(queue, [10])
  assert.equal(told.slice(1), [{ size: 20, from: 0 }])
  filled(queue, [10])
  assert.equal(told.slice(2), [{ size: 10, from: 30 }], 'a second run has its own place')
  queue.clear()
  assert.equal(told.slice(3), [{ size: 10, from: 30 }], 'emptying it ends the run')
})

it('drop tells the place of what it refused', () => {
  const told: Drops[] = []
  filled(
    drop<number>(20, self, run => told.push(run)),
    [10, 10, 7, 7],
  ).end()
  assert.equal(told, [
    { size: 7, from: 20 },
    { size: 14, from: 20 },
  ])
})

it('has one reader at a time; the next goes on where the last one stopped (MIC-13)', async () => {
  const queue = filled(slide<number>(10), [1, 2, 3, 4])
  for await (const item of queue) {
    assert.throws(
      () => queue[Symbol.asyncIterator](),
      (error: unknown) => codeOf(error) === 'ERR_LOCKED',
    )
    if (item === 2) break
  }
  queue.end()
  assert.equal(await all(queue), [3, 4])
})

it('answers a reader that leaves while it waits, and loses nothing by it', async () => {
  const queue = slide<number>(10)
  const reader = queue[Symbol.asyncIterator]()
  const waits = reader.next()
  await reader.return?.()
  assert.is((await waits).done, true)
  void queue.push(1)
  queue.end()
  assert.equal(await all(queue), [1])
  assert.is((await reader.next()).done, true, 'who has left gets nothing more')
})

it('leaves the next reader alone when the one before, which left while it waited, is answered', async () => {
  const queue = hold<number>(2)
  const [first, left] = [queue[Symbol.asyncIterator](), [] as unknown[]]
  void first.next().then(step => left.push(step))
  await settle()
  void first.return?.()
  const second = next(queue[Symbol.asyncIterator]())
  await settle()
  void first.return?.()
  void queue.push(1)
  assert.equal([await second, left], [1, [{ done: true, value: undefined }]])
})

it('hands an error on once, after what came before it', async () => {
  const queue = filled(slide<number>(10), [1])
  queue.end(new Error('the track broke'))
  const items: number[] = []
  try {
    for await (const item of queue) items.push(item)
    assert.unreachable()
  } catch (error) {
    assert.is(error instanceof Error && error.message, 'the track broke')
  }
  assert.equal(items, [1])
  assert.equal(await all(queue), [])
})

it('says when something changed, and lets go of who waited for it', async () => {
  const queue = slide<number>(10)
  let changes = 0
  const count = () => void changes++
  void queue.changed().then(count)
  void queue.push(1)
  await settle()
  assert.is(changes, 1)
  void queue.changed().then(count)
  queue.clear()
  await settle()
  assert.is(changes, 2)
  const aborted = new AbortController()
  void queue.changed(aborted.signal).then(count)
  aborted.abort()
  await settle()
  assert.is(changes, 3)
  await queue.changed(aborted.signal)
})

it('keeps its account and its bound, whatever is done with it', async () => {
  const doing = fc.record({ policy: fc.constantFrom(slide, drop), acts: fc.array(fc.integer({ min: 0, max: 12 })) })
  await fc.assert(
    fc.asyncProperty(doing, async ({ policy, acts }) => {
      const limit = 20
      let told = 0
      let last: Drops | undefined
      const queue = policy<number>(limit, self, run => {
        // A run is told twice, the second time with its whole size.
        if (last) told += run.size
        last = last ? undefined : run
      })
      const reader = queue[Symbol.asyncIterator]()
      let [pushed, cleared] = [0, 0]
      for (const act of acts) {
        if (act === 0) cleared += queue.clear()
        else if (act > 9) {
          if (queue.size > 0) await reader.next()
        } else {
          pushed += act
          void queue.push(act)
        }
        assert.ok(queue.size <= limit)
        assert.is(pushed, queue.size + queue.taken + queue.dropped + cleared)
      }
      queue.end()
      assert.is(told, queue.dropped)
      assert.is(last, undefined)
    }),
    { seed: 11 },
  )
})

it.run()
