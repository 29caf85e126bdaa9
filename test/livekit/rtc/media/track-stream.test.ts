/** A stream of what a track gives, fed by hand. */
import { pipe } from 'it-pipe'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type Drops, slide } from '../../../../src/audio/buffer.ts'
import { codeOf } from '../../../../src/errors.ts'
import { type Receiver, TrackStream } from '../../../../src/livekit/rtc/media/track-stream.ts'

const it = suite('rtc track stream')

const scene = (capacity = 3, onDrops?: (drops: Drops) => void) => {
  let to: Receiver<number> | undefined
  let stopped = 0
  const stream = new TrackStream<number>(slide(capacity, undefined, onDrops), receiver => {
    to = receiver
    return () => void stopped++
  })
  const give = (...items: number[]) => {
    for (const item of items) to?.take(item)
  }
  return { stream, give, end: (error?: unknown) => to?.end(error), stopped: () => stopped }
}
const all = async (items: AsyncIterable<number>) => {
  const got: number[] = []
  for await (const item of items) got.push(item)
  return got
}
/** All that is due has happened. */
const settled = () => new Promise(resolve => setImmediate(resolve))

it('keeps as many as may wait, drops the oldest, counts what it dropped and tells of it (AST-2, VST-3)', async () => {
  const drops: Drops[] = []
  const { stream, give, end } = scene(2, told => drops.push(told))
  give(1, 2, 3, 4, 5)
  end()
  assert.equal(await all(stream), [4, 5])
  assert.is(stream.dropped, 3)
  assert.equal(drops, [
    { size: 1, from: 0 },
    { size: 3, from: 0 },
  ])
})

it('has no second queue: also what a reader began to read gives way (AST-2)', async () => {
  const { stream, give, end } = scene(2)
  const reader = stream.getReader()
  give(1)
  assert.is((await reader.read()).value, 1)
  give(2, 3, 4)
  await settled()
  give(5)
  assert.is((await reader.read()).value, 4)
  end()
  assert.is((await reader.read()).value, 5)
  assert.ok((await reader.read()).done)
})

it('delivers what came before the track was over, and then ends (AST-5, SD-4)', async () => {
  const { stream, give, end, stopped } = scene()
  give(1, 2)
  end()
  await stream.ended
  assert.is(stopped(), 1)
  assert.equal(await all(stream), [1, 2])
  assert.equal(await all(stream), [])
})

it('delivers what comes in the very turn in which the track is over (AST-5, SD-4)', async () => {
  const { stream, give, end } = scene()
  const reader = stream.getReader()
  const waiting = reader.read()
  await settled()
  give(1)
  end()
  assert.equal(await waiting, { done: false, value: 1 })
  assert.ok((await reader.read()).done)
})

it('says that it has ended when it has, and not before', async () => {
  const { stream, end } = scene()
  let ended = false
  void stream.ended.then(() => {
    ended = true
  })
  await settled()
  assert.not.ok(ended)
  end()
  await settled()
  assert.ok(ended)
})

it('ends for whoever waits when the track is over (VST-2, SD-3)', async () => {
  for (const how of ['end', 'close'] as const) {
    const { stream, end } = scene()
    const waiting = stream.getReader().read()
    if (how === 'end') end()
    else stream.close()
    assert.equal(await waiting, { done: true, value: undefined })
  }
  const { stream, give, end } = scene()
  const reader = stream.getReader()
  give(1)
  await reader.read()
  end()
  await reader.closed
})

it('gives nothing any more once it is closed or cancelled, however often (AST-3)', async () => {
  const { stream, give, stopped, end } = scene()
  give(1, 2)
  stream.close()
  stream.close()
  give(3)
  end()
  assert.equal(await all(stream), [])
  assert.is(stopped(), 1)
  const other = scene()
  other.give(1)
  const reader = other.stream.getReader()
  await reader.cancel()
  assert.is(other.stopped(), 1)
  assert.ok((await reader.read()).done)
  other.stream.close()
  await other.stream.ended
  assert.is(other.stopped(), 1)
})

it('receives no more once it was ended, but lets go of nothing', async () => {
  const { stream, give, stopped } = scene()
  give(1)
  stream.end()
  give(2)
  assert.equal(await all(stream), [1])
  assert.is(stopped(), 1)
})

it('closes when it is left early, at once, also while a step waits', async () => {
  const { stream, give, stopped } = scene()
  give(1, 2)
  for await (const item of stream) {
    assert.is(item, 1)
    break
  }
  assert.is(stopped(), 1)
  assert.equal(await all(stream), [])

  const waiting = scene()
  const steps = waiting.stream.values()
  const step = steps.next()
  await settled()
  assert.equal(await steps.return?.(), { done: true, value: undefined })
  assert.equal(await step, { done: true, value: undefined })
  assert.equal(await steps.next(), { done: true, value: undefined })
  assert.is(waiting.stopped(), 1)
})

it('is over when it is closed in the very turn in which something comes for who waits (AST-3)', async () => {
  const left = scene()
  const steps = left.stream.values()
  const step = steps.next()
  await settled()
  left.give(1)
  await steps.return?.()
  assert.ok((await step).done)
  assert.equal(await all(left.stream), [])
  const shut = scene()
  const reader = shut.stream.getReader()
  const waiting = reader.read()
  await settled()
  shut.give(1)
  shut.stream.close()
  assert.equal(await waiting, { done: true, value: undefined })
  await reader.closed
})

it('keeps what came for a reader who leaves with preventCancel in that turn', async () => {
  const { stream, give, end } = scene()
  const steps = stream.values({ preventCancel: true })
  void steps.next()
  await settled()
  give(1)
  await steps.return?.()
  give(2)
  end()
  assert.equal(await all(stream), [1, 2])
})

it('goes on for the next reader where one leaves with preventCancel', async () => {
  const { stream, give, end, stopped } = scene()
  give(1, 2)
  const steps = stream.values({ preventCancel: true })
  assert.is((await steps.next()).value, 1)
  await steps.return?.()
  assert.is(stopped(), 0)
  end()
  assert.equal(await all(stream), [2])
})

it('has one reader at a time', async () => {
  const { stream } = scene()
  const steps = stream.values()
  assert.throws(() => stream.values(), /locked/)
  await steps.return?.()
})

it('fails for its reader with what the tap ended with, after what came before, and only once', async () => {
  const { stream, give, end, stopped } = scene()
  give(1)
  end(Object.assign(new Error('no sound'), { code: 'ERR_STREAM' }))
  const steps = stream.values()
  assert.is((await steps.next()).value, 1)
  assert.is(await steps.next().then(() => 'none', codeOf), 'ERR_STREAM')
  assert.ok((await steps.next()).done)
  await steps.return?.()
  stream.close()
  assert.is(stopped(), 1)
})

it('is a source for a pipe and a web stream for who wants one', async () => {
  const { stream, give, end } = scene(10)
  give(1, 2, 3)
  end()
  const doubled = await pipe(
    stream,
    async function* (source: AsyncIterable<number>) {
      for await (const item of source) yield 2 * item
    },
    all,
  )
  assert.equal(doubled, [2, 4, 6])
  const web = scene(10)
  const halves = new TransformStream<number, number>({ transform: (item, to) => to.enqueue(item / 2) })
  const read = all(web.stream.pipeThrough(halves))
  web.give(2, 4)
  web.end()
  assert.equal(await read, [1, 2])
})

it.run()
