/** The sink over the native queue: exact positions, one capture at a time, and nothing native that could read past its end. */
import * as fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { codeOf } from '../../src/errors.ts'
import { NativeSink } from '../../src/livekit/sink.ts'
import { checkTrack } from '../../src/livekit/speakers.ts'
import { FakeQueue, type QueueOptions } from './queue.ts'

const voice = { sampleRate: 24_000, channels: 1, queueMs: 200 }
const block = voice.sampleRate / 100
const capacity = 20 // blocks

/** Evenly spread numbers: `fc.double` prefers the very small ones. */
const hundredths = (min: number, max: number) =>
  fc.integer({ min: Math.round(min * 100), max: Math.round(max * 100) }).map(n => n / 100)

const it = suite('livekit sink')

const open = async (options: Partial<QueueOptions> = {}, tuned = true) => {
  const native = new FakeQueue({ queueMs: voice.queueMs, block, phase: 4.3, ...options })
  const codes: string[] = []
  const sink = new NativeSink(native, { ...voice, watch: native, log: (_, code) => void codes.push(code) })
  if (tuned) await during(native, sink.tune(new AbortController().signal))
  native.played.length = 0
  return { native, sink, codes }
}
/** Lets time go by until `work` settles. */
const during = async <T>(native: FakeQueue, work: Promise<T>): Promise<T> => {
  let over = false
  const end = () => {
    over = true
  }
  work.then(end, end)
  for (let waited = 0; !over && waited < 1_000; waited++) await native.advance(1)
  return work
}
/** Blocks with the numbers from `from` on. */
const numbered = (count: number, from = 1): Int16Array => {
  const data = new Int16Array(count * block)
  for (let n = 0; n < count; n++) data.fill(from + n, n * block, (n + 1) * block)
  return data
}
const numbers = (blocks: (Int16Array | undefined)[]) => blocks.map(one => one?.[0] ?? 0).filter(Boolean)
const messageOf = async (work: Promise<unknown>) =>
  work.then(
    () => 'resolved',
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  )

it('learns the grid with silence, and leaves nothing of it in the queue', async () => {
  const { native, sink, codes } = await open()
  assert.is(native.queue.length, 0)
  assert.is(sink.queued(), 0)
  assert.is(sink.free(), capacity * block)
  assert.equal(codes, [])
  await during(native, sink.write(numbered(5)))
  await native.advance(20)
  assert.is(sink.clear().exact, true)
})

/** Random feeding, then a clear and a block that follows it, several times; `judge` looks at each clear. */
type Cut = { exact: boolean; heard: number[]; counted: number[]; followed: number[] }
const cuts = (timing: Partial<QueueOptions>, judge: (cut: Cut) => void) => {
  const step = fc.record({ feedMs: fc.integer({ min: 0, max: 400 }), restMs: hundredths(0, 30) })
  const part = hundredths(0, 1)
  return fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 1, maxLength: 6 }),
      hundredths(0, 10),
      fc.infiniteStream(part),
      async (steps, phase, chance) => {
        const { native, sink } = await open({ ...timing, phase, random: () => chance.next().value ?? 0 })
        let next = 1
        for (const { feedMs, restMs } of steps) {
          native.played.length = 0
          const first = next
          for (let fed = 0; fed <= feedMs; fed += 10) {
            for (; sink.free() >= 5 * block; next += 5) void sink.write(numbered(5, next))
            await native.advance(10)
          }
          await native.advance(restMs)
          const { unplayed, exact } = sink.clear()
          const after = sink.write(numbered(1, 20_000))
          const counted = Array.from({ length: next - first - unplayed / block }, (_, n) => first + n)
          const heard = numbers(native.played)
          const at = native.played.length
          await during(native, after)
          await native.advance(12)
          judge({ exact, heard, counted, followed: numbers(native.played.slice(at, at + 1)) })
          await native.advance(50)
        }
      },
    ),
    { numRuns: 60 },
  )
}

it('is exact to the block at any moment, from the first sample on (OUT-12)', async () => {
  await cuts({}, ({ exact, heard, counted }) => {
    assert.ok(exact, 'exact')
    assert.equal(heard, counted)
  })
})

it('lets the block after a clear follow with the next tick, without a hole (OUT-23)', async () => {
  await cuts({ landMs: 1.1, lateMs: 0.1 }, ({ exact, followed }) => {
    if (exact) assert.equal(followed, [20_000])
  })
})

it('hands the block after a clear over in the same turn, whatever is on its way (OUT-23)', async () => {
  const { native, sink } = await open()
  void sink.write(numbered(5))
  sink.clear()
  const before = native.captures
  const after = sink.write(numbered(1, 20_000))
  assert.is(native.captures, before + 1)
  await during(native, after)
  await native.advance(30)
  assert.equal(numbers(native.played), [20_000])
})

it('never hands over more than its queue, so that no capture waits (OUT-12)', async () => {
  const { native, sink } = await open()
  for (let n = 0; n < 60; n++) {
    const free = sink.free()
    assert.is(free % block, 0)
    if (free > 0) await during(native, sink.write(new Int16Array(free)))
    assert.ok(native.queue.length <= capacity, `${native.queue.length} blocks`)
    await native.advance(7)
  }
})

it('learns from one capture that overfills, where it could not before, and is exact from there (OUT-12)', async () => {
  const { native, sink, codes } = await open({}, false)
  let next = 1
  const feed = async (ms: number) => {
    for (let fed = 0; fed < ms; fed += 10) {
      for (; sink.free() >= 5 * block; next += 5) void sink.write(numbered(5, next))
      await native.advance(10)
    }
  }
  await feed(50)
  assert.is(sink.clear().exact, false)
  await native.advance(100)
  next = 1
  native.played.length = 0
  await feed(1_000)
  assert.equal(codes, ['livekit.sink.grid.found'])
  const { unplayed, exact } = sink.clear()
  assert.ok(exact)
  assert.is(numbers(native.played).length, next - 1 - unplayed / block)
})

it('counts down with the ticks, and from nothing again after it ran dry (AS-2)', async () => {
  const { native, sink } = await open()
  await during(native, sink.write(numbered(10)))
  await native.advance(50)
  assert.ok(Math.abs(sink.queued() / block - 5) <= 1, `${sink.queued() / block} blocks`)
  await native.advance(500)
  assert.is(sink.queued(), 0)
  await during(native, sink.write(numbered(2)))
  assert.ok(sink.queued() <= 2 * block && sink.queued() > 0)
})

it('hands captures over one at a time, in order (AS-5)', async () => {
  const { native, sink } = await open()
  const writes = [sink.write(numbered(5, 1)), sink.write(numbered(5, 6)), sink.write(numbered(5, 11))]
  await during(native, Promise.all(writes))
  await native.advance(200)
  assert.is(native.mostAtOnce, 1)
  assert.equal(
    numbers(native.played),
    Array.from({ length: 15 }, (_, n) => n + 1),
  )
})

it('rejects the write that was refused and counts nothing of it; the next goes on (AS-7, OUT-16)', async () => {
  const { native, sink } = await open()
  await during(native, sink.write(numbered(5)))
  native.failing = new Error('failed to capture frame')
  const refused = sink.write(numbered(5, 6))
  const queued = sink.queued()
  assert.is(await during(native, messageOf(refused)), 'failed to capture frame')
  assert.ok(queued - sink.queued() >= 5 * block, `${sink.queued()} queued`)
  await during(native, sink.write(numbered(1, 11)))
  await native.advance(100)
  assert.equal(numbers(native.played), [1, 2, 3, 4, 5, 11])
})

it('counts a refused write until its writer hears of it, and no longer (OUT-16)', async () => {
  const { native, sink } = await open()
  void sink.write(numbered(5))
  native.failing = new Error('failed to capture frame')
  const refused = sink.write(numbered(5, 6)) // waits for the one before it
  const before: number[] = []
  let after = -1
  refused.catch(() => {
    after = sink.queued()
  })
  const { capture } = native
  native.capture = data => {
    const done = capture.call(native, data)
    done.catch(async () => {
      for (; after < 0; await undefined) before.push(sink.queued())
    })
    return done
  }
  await during(
    native,
    refused.catch(() => {}),
  )
  assert.ok(before.length > 0 && before.every(queued => queued > 5 * block), `${before}`)
  assert.ok(after >= 0 && after <= 5 * block, `${after}`)
})

it('hands over a copy without an offset, of exactly the samples given (AF-1, AF-3)', async () => {
  const buffer = Int16Array.from({ length: 3 * block }, (_, n) => n)
  const given: Int16Array[] = []
  const native = new FakeQueue({ queueMs: voice.queueMs, block })
  const watched = { capture: async (data: Int16Array) => void given.push(data), clear: () => {} }
  const sink = new NativeSink(watched, { ...voice, watch: native, log: () => {} })
  await sink.write(buffer.subarray(block, 2 * block))
  const [data] = given
  assert.is(data?.byteOffset, 0)
  assert.is(data?.buffer.byteLength, block * 2)
  assert.equal(data, buffer.slice(block, 2 * block))
})

it('refuses what is no whole number of blocks, too much, or no samples, before anything native is called', async () => {
  const { native, sink } = await open()
  for (const data of [new Int16Array(block + 1), new Int16Array(0), new Int16Array((capacity + 1) * block)])
    assert.match(await messageOf(sink.write(data)), /the speaker (takes|has room)/)
  // @ts-expect-error: what JavaScript callers may do
  assert.match(await messageOf(sink.write(new Float32Array(block))), /Int16Array/)
  assert.is(native.mostAtOnce, 1) // of learning the grid
  assert.is(sink.queued(), 0)
})

it('takes back what waited to be handed over as well', async () => {
  const { native, sink } = await open()
  const writes = Promise.all([sink.write(numbered(5)), sink.write(numbered(5, 6))])
  assert.is(sink.clear().unplayed, 10 * block)
  await during(native, writes)
  await native.advance(100)
  assert.equal(numbers(native.played), [])
})

it('takes nothing once it is closed, and what was not played by then stays so until it is taken back (law 2)', async () => {
  const { native, sink } = await open()
  await during(native, sink.write(numbered(10)))
  await native.advance(50)
  const unplayed = sink.queued()
  assert.ok(unplayed >= 4 * block && unplayed <= 6 * block, `${unplayed}`)
  sink.close()
  assert.is(sink.free(), 0)
  await native.advance(500)
  sink.close()
  assert.is(sink.queued(), unplayed)
  assert.equal(sink.clear(), { unplayed, exact: false })
  assert.is(sink.queued(), 0)
  const error = await sink.write(numbered(1)).catch((thrown: unknown) => thrown)
  assert.is(codeOf(error), 'ERR_CLOSED')
})

it('plays on without exactness where the source fails while it learns', async () => {
  const { native, sink, codes } = await open({}, false)
  native.failing = new Error('failed to capture frame')
  await during(native, sink.tune(new AbortController().signal))
  assert.ok(codes.includes('livekit.sink.untuned'))
  await during(native, sink.write(numbered(5)))
  await native.advance(20)
  assert.is(sink.clear().exact, false)
})

it('refuses a queue that would abort the process (AS-6, OPT-7)', () => {
  const track = { ...voice, name: 'x' }
  checkTrack(track)
  for (const wrong of [
    { queueMs: 25 },
    { queueMs: 0 },
    { queueMs: Number.NaN },
    { sampleRate: 11_025 },
    { sampleRate: 0 },
    { channels: 0 },
  ])
    assert.throws(
      () => checkTrack({ ...track, ...wrong }),
      (error: Error) => error instanceof RangeError && error.message.includes('use'),
    )
})

it.run()
