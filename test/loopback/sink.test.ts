/** The loopback's speaker queue: its counts are the clock's, and what is heard is what left it, sample for sample. */
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { placeOf } from '../ports/sound.ts'
import { counting, never, outcome, scene, voice } from './scene.ts'

const it = suite('loopback sink')
const block = 240

const playing = async (options = {}) => {
  const { agent, caller, ...rest } = scene()
  const ann = caller()
  const world = await agent({ identity: 'agent', ...options })
  const { sink } = await world.speakers.publish(voice, never())
  return { ...rest, ann, world, sink, ear: ann.hears('agent') }
}

it('plays floor((now - start) × rate / 1000) samples, whatever the moment', async () => {
  const { clock, sink } = await playing()
  await clock.advance(7)
  await sink.write(counting(10 * block))
  for (let ms = 0; ms <= 120; ms++) {
    assert.is(sink.queued(), Math.max(0, 10 * block - Math.floor((ms * voice.sampleRate) / 1000)))
    assert.is(sink.free(), Math.floor((4_800 - sink.queued()) / block) * block)
    await clock.advance(1)
  }
})

it('goes on without a gap when it is written to in time, and after a silence when not', async () => {
  const { clock, sink, ear } = await playing()
  await sink.write(counting(2 * block))
  await clock.advance(20)
  await sink.write(counting(block, 2 * block + 1)) // in the very moment in which it would run dry
  await clock.advance(15)
  await sink.write(counting(block, 3 * block + 1)) // 5 ms late
  await clock.advance(100)
  const gap = new Int16Array(120)
  const expected = [...counting(3 * block), ...gap, ...counting(block, 3 * block + 1)]
  assert.is(placeOf(Int16Array.from(expected), ear.samples()), 0)
})

it('conserves samples, and is heard as it was played, in any order of writing, waiting and clearing', async () => {
  const step = fc.oneof(
    fc.record({ do: fc.constant('write' as const), blocks: fc.integer({ min: 1, max: 8 }) }),
    fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 90 }) }),
    fc.record({ do: fc.constant('clear' as const) }),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30 }), async steps => {
      const { clock, sink, ear } = await playing()
      const expected: number[] = [] // what the listener must have heard, with its silence
      let pending: number[] = []
      let written = 0
      let unplayed = 0
      const pass = async (ms: number) => {
        await clock.advance(ms)
        const count = ms * 24
        const heard = pending.slice(0, count)
        pending = pending.slice(count)
        expected.push(...heard, ...new Array<number>(count - heard.length).fill(0))
      }
      for (const one of steps) {
        if (one.do === 'wait') await pass(one.ms)
        else if (one.do === 'clear') {
          unplayed += sink.clear().unplayed
          pending = []
        } else if (sink.free() >= one.blocks * block) {
          const data = counting(one.blocks * block, written + 1)
          await sink.write(data)
          written += data.length
          pending.push(...data)
        }
        assert.is(sink.queued(), pending.length)
        assert.ok(expected.filter(x => x !== 0).length + unplayed + sink.queued() === written)
      }
      assert.equal([...ear.samples()], expected)
    }),
    { numRuns: 60 },
  )
})

it('says that its position is not exact, where it is made so', async () => {
  const { sink } = await playing({ exact: false })
  assert.equal(sink.clear(), { unplayed: 0, exact: false })
  assert.equal((await playing()).sink.clear(), { unplayed: 0, exact: true })
})

it('stands still while it is stalled, and goes on with the next sample', async () => {
  const { clock, hub, sink, ear } = await playing()
  await sink.write(counting(10 * block))
  await clock.advance(30)
  const release = hub.stallSinks()
  await clock.advance(1_000)
  assert.is(sink.queued(), 7 * block)
  await sink.write(counting(13 * block, 10 * block + 1))
  assert.is(sink.free(), 0)
  const refused = outcome(sink.write(counting(block)))
  await clock.settle()
  assert.match(refused.error ?? '', /room for 0 samples/)
  release()
  await clock.advance(250)
  assert.is(sink.queued(), 0)
  const heard = ear.samples()
  assert.is(placeOf(counting(3 * block), heard), 0)
  assert.is(placeOf(counting(20 * block, 3 * block + 1), heard), 1_030 * 24)
})

it('takes back what a stalled device holds', async () => {
  const { clock, hub, sink } = await playing()
  await sink.write(counting(10 * block))
  await clock.advance(40)
  const release = hub.stallSinks('agent')
  await clock.advance(40)
  assert.is(sink.clear().unplayed, 6 * block)
  release()
  assert.is(sink.queued(), 0)
})

it('fails one write where it is told to, and counts nothing of it', async () => {
  const { hub, sink } = await playing()
  hub.failNext('writeSound', new Error('device lost'))
  const failed = outcome(sink.write(counting(block)))
  await Promise.resolve()
  assert.is(failed.error, 'device lost')
  assert.is(sink.queued(), 0)
  await sink.write(counting(block))
  assert.is(sink.queued(), block)
})

it('lets another agent hear what is left after a clear, and no sample of what was cleared', async () => {
  const { clock, agent } = scene()
  const one = await agent({ identity: 'one' })
  const two = await agent({ identity: 'two' })
  const { sink } = await one.speakers.publish(voice, never())
  await clock.advance(10)
  const key = two.facts.flatMap(event => (event.type === 'track.subscribed' ? [event.track.key ?? ''] : []))[0] ?? ''
  const heard: number[] = []
  const listen = async () => {
    for await (const { data } of two.tracks.listen(key, { sampleRate: 24_000, channels: 1 }, never())) heard.push(...data)
  }
  void listen()
  await sink.write(counting(10 * block))
  await clock.advance(33)
  sink.clear()
  await clock.advance(7)
  await sink.write(counting(block, 5_001))
  await clock.advance(50)
  const expected = new Int16Array(90 * 24)
  expected.set(counting(33 * 24))
  expected.set(counting(block, 5_001), 40 * 24)
  assert.equal(Int16Array.from(heard), expected)
})

it('keeps both channels together', async () => {
  const { clock, agent } = scene()
  const one = await agent({ identity: 'one' })
  const two = await agent({ identity: 'two' })
  const { sink } = await one.speakers.publish({ ...voice, channels: 2 }, never())
  await clock.advance(10)
  const key = two.facts.flatMap(event => (event.type === 'track.subscribed' ? [event.track.key ?? ''] : []))[0] ?? ''
  const frames = two.tracks.listen(key, { sampleRate: 24_000, channels: 2, frameMs: 10 }, never())[Symbol.asyncIterator]()
  const first = outcome(frames.next())
  await sink.write(counting(2 * block))
  assert.is(sink.queued(), block)
  await clock.advance(10)
  assert.equal(first.value?.value?.data, counting(2 * block))
  await frames.return?.()
})

it.run()
