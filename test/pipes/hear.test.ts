import * as fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type AudioFrame, frameOf } from '../../src/audio/frame.ts'
import { codeOf } from '../../src/errors.ts'
import { framesOf, joined, ramp } from '../fakes/sound.ts'
import { bytesOf } from '../fakes/tracks.ts'
import { balance, format, listener, live, perMs } from './listener.ts'

const it = suite('hear')

it('asks for the format it wants, and gives frames of one length whatever comes (MIC-1, MIC-2)', async () => {
  const { clock, ear, feed, read, reader } = listener()
  const { frames, data } = reader()
  read('a')
  await clock.settle()
  assert.equal(feed('a').asked, [{ ...format, frameMs: 50 }])
  for (const size of [1_200, 240, 7, 2_000, 353]) feed('a').push(frameOf(ramp(size), format))
  await clock.settle()
  assert.equal(
    frames.map(({ samplesPerChannel }) => samplesPerChannel),
    [1_200, 1_200, 1_200],
  )
  assert.equal(data().slice(0, 2_400), Int16Array.of(...ramp(1_200), ...ramp(240), ...ramp(7), ...ramp(953)))
  assert.equal([ear.counters.received, ear.counters.delivered, balance(ear.counters)], [3_600, 3_600, 0])
})

it('mixes and resamples a world that gives another format', async () => {
  const { clock, feed, read, reader } = listener()
  const { frames } = reader()
  const { done } = read('a')
  await clock.settle()
  feed('a').push(...framesOf(ramp(48_000), 480, { sampleRate: 48_000, channels: 2 }))
  feed('a').end()
  await done
  assert.is(frames.length, 10)
  assert.ok(
    frames.every(
      ({ samplesPerChannel, sampleRate, channels }) => samplesPerChannel === 1_200 && sampleRate === 24_000 && channels === 1,
    ),
  )
})

it('asks for what every world gives, where its own frames are none of these, and cuts it (MIC-2)', async () => {
  const { clock, feed, read, reader } = listener({ frameSizeMs: 25 })
  const { frames, data } = reader()
  read('a')
  await clock.settle()
  assert.equal(feed('a').asked, [{ ...format, frameMs: 10 }])
  feed('a').push(...live(ramp(2_400)))
  await clock.settle()
  assert.equal(
    frames.map(({ samplesPerChannel }) => samplesPerChannel),
    [600, 600, 600, 600],
  )
  assert.equal(data(), ramp(2_400))
})

it('refuses a frame that is no whole number of samples', () => {
  assert.throws(() => listener({ sampleRate: 22_050, frameSizeMs: 25 }), 'choose another frameSizeMs')
})

it('goes on through tracks that end, break and are let go of (MIC-3, MIC-6)', async () => {
  const { clock, feed, read, reader } = listener()
  const { data } = reader()
  const one = read('a')
  await clock.settle()
  feed('a').push(...live(ramp(1_200)))
  feed('a').end()
  await one.done
  const broken = read('b')
  await clock.settle()
  feed('b').push(...live(ramp(1_200, 2_000)))
  feed('b').end(new Error('the track broke'))
  assert.is(
    await broken.done.then(
      () => '',
      error => error.message,
    ),
    'the track broke',
  )
  const last = read('c')
  await clock.settle()
  feed('c').push(...live(ramp(1_200, 4_000)))
  await clock.settle()
  last.stop()
  await last.done
  assert.is(feed('c').readers, 0)
  assert.equal(data(), Int16Array.of(...ramp(1_200), ...ramp(1_200, 2_000), ...ramp(1_200, 4_000)))
})

it('has nothing of a track before the one before it is done, nor anything of that one after it (MIC-5, law 7)', async () => {
  const { clock, ear, feed, read, reader } = listener({ frameSizeMs: 10 })
  const { data } = reader()
  const one = read('a')
  await clock.settle()
  feed('a').push(...live(ramp(2_400)))
  one.stop() // in the same turn: what it still held is not delivered
  read('b')
  assert.equal(feed('b').asked, [], 'the new track is not even opened yet')
  feed('a').push(...live(ramp(2_400, 2_400)))
  await clock.settle()
  feed('b').push(...live(ramp(2_400, 10_000)))
  await clock.settle()
  const heard = data()
  const [ofOne, ofTwo] = [heard.filter(value => value < 10_000), heard.filter(value => value >= 10_000)]
  assert.equal(heard, Int16Array.of(...ofOne, ...ofTwo))
  assert.equal(ofTwo, ramp(2_400, 10_000))
  assert.is(balance(ear.counters), 0)
})

it('lets go of a world that answers nothing (law 4)', async () => {
  const { clock, feed, read } = listener({}, { deaf: true })
  const { done, stop } = read('a')
  await clock.settle()
  assert.is(feed('a').readers, 1)
  stop()
  await done
  await clock.settle()
  assert.is(feed('a').readers, 0, 'its return() is called, though it is not waited for')
})

it('has one reader at a time, and the next goes on where it stopped (MIC-13)', async () => {
  const { clock, ear, feed, read } = listener()
  read('a')
  await clock.settle()
  feed('a').push(...live(ramp(6_000)))
  await clock.settle()
  for await (const frame of ear.audio) {
    assert.equal(frame.data, ramp(1_200))
    try {
      for await (const _ of ear.audio) assert.unreachable()
    } catch (error) {
      assert.is(codeOf(error), 'ERR_LOCKED')
    }
    break
  }
  for await (const frame of ear.audio) {
    assert.equal(frame.data, ramp(1_200, 1_200))
    break
  }
  assert.equal([ear.counters.delivered, ear.counters.buffered, balance(ear.counters)], [2_400, 3_600, 0])
})

it('keeps 10 s for a reader that stands still for ten minutes, and counts and tells the rest (MIC-11, law 17)', async () => {
  const { clock, ear, feed, read, runs } = listener()
  read('a')
  await clock.settle()
  const before = process.memoryUsage().arrayBuffers
  for (let ms = 0; ms < 600_000; ms += 50) {
    feed('a').push(frameOf(new Int16Array(1_200).fill(ms / 50), format))
    if (ms % 1_000 === 0) await clock.advance(1_000)
    assert.ok(ear.counters.buffered <= 10_000 * perMs)
  }
  await clock.settle()
  const { received, dropped, buffered } = ear.counters
  assert.equal([received, dropped, buffered], [600_000 * perMs, 590_000 * perMs, 10_000 * perMs])
  assert.equal(runs, [{ samples: 1_200, from: 0 }])
  assert.ok(process.memoryUsage().arrayBuffers - before < 40e6, 'the frames that were dropped are gone')
  const reader = ear.audio[Symbol.asyncIterator]()
  const first = await reader.next()
  assert.is(!first.done && first.value.data[0], 590_000 / 50)
  feed('a').push(frameOf(new Int16Array(1_200), format))
  await clock.settle()
  assert.equal(runs.slice(1), [{ samples: 590_000 * perMs, from: 0 }])
  assert.is(balance(ear.counters), 0)
})

it('delivers nothing that came, or waited, while the agent did not hear (MIC-9, MIC-10, law 8)', async () => {
  const { clock, ear, feed, read, reader } = listener()
  read('a')
  await clock.settle()
  feed('a').push(...live(ramp(1_800))) // a frame that waits, and half of one
  await clock.settle()
  assert.is(ear.counters.buffered, 1_200)
  ear.gate(false)
  assert.is(ear.counters.buffered, 0)
  const { data } = reader()
  feed('a').push(...live(ramp(1_200, 5_000)))
  await clock.settle()
  ear.gate(true)
  feed('a').push(...live(ramp(2_400, 10_000)))
  await clock.settle()
  assert.equal(data(), ramp(2_400, 10_000))
  assert.equal([ear.counters.gated, balance(ear.counters)], [3_000, 0])
})

it('rests for half a second, the padding of a broken frame included (MIC-8)', async () => {
  const { clock, ear, feed, read, reader } = listener()
  const { frames, data } = reader()
  const { done } = read('a')
  await clock.settle()
  feed('a').push(...live(ramp(1_440, 1)))
  feed('a').end()
  await done
  ear.rest()
  await clock.settle()
  // 1 200 + 240 heard, 960 of padding, and whole frames until there are 12 000 or more.
  assert.is(frames.length, 2 + 10)
  assert.equal(data().slice(0, 1_440), ramp(1_440, 1))
  assert.ok(
    data()
      .slice(1_440)
      .every(value => value === 0),
  )
  assert.equal([ear.counters.silence, balance(ear.counters)], [960 + 12_000, 0])
  ear.rest()
  await clock.settle()
  assert.is(ear.counters.silence, 960 + 24_000, 'exactly, where no frame is broken')
  ear.pad()
  assert.is(ear.counters.silence, 960 + 24_000)
})

it('ends what is read at close, after what is there, and lets the topic go', async () => {
  const { clock, ear, feed, read, topics } = listener()
  const { stop, done } = read('a')
  await clock.settle()
  feed('a').push(...live(ramp(1_200)))
  await clock.settle()
  assert.is(topics().length, 1)
  ear.close()
  ear.close()
  stop()
  await done
  const frames: AudioFrame[] = []
  for await (const frame of ear.audio) frames.push(frame)
  assert.equal(joined(frames), ramp(1_200))
  assert.equal([topics(), clock.timers], [[], 0])
})

it('takes nothing over where pre-connect audio is off', async () => {
  const { ear, topics, readAfter } = listener({ preConnectAudio: false })
  assert.equal(topics(), [])
  assert.is(await readAfter('a').claimed, false)
  ear.close()
})

it('does not deliver later what it held when the agent stopped hearing (MIC-10)', async () => {
  const { clock, ear, feed, readAfter, reader, send } = listener()
  const { data } = reader()
  const { claimed } = readAfter('a')
  await clock.settle()
  feed('a').push(...live(ramp(1_200)))
  await clock.settle()
  ear.gate(false)
  ear.gate(true)
  feed('a').push(...live(ramp(1_200, 10_000)))
  send().end()
  await claimed
  await clock.settle()
  assert.equal(data(), ramp(1_200, 10_000))
  assert.equal([ear.counters.gated, balance(ear.counters)], [1_200, 0])
})

it('keeps its account whatever happens, and shows it at any time (MIC-12, laws 6, 7, 8)', async () => {
  const act = fc.oneof(
    fc.record({ live: fc.integer({ min: 1, max: 3_000 }) }),
    fc.record({ before: fc.integer({ min: 1, max: 5_000 }) }),
    fc.record({ read: fc.integer({ min: 1, max: 12 }) }),
    fc.constantFrom('gate', 'open', 'end stream', 'cut', 'next track', 'rest', 'second'),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(act, { maxLength: 40 }), async acts => {
      const { clock, ear, feed, readAfter, send } = listener({ maxBufferMs: 500 })
      const reader = ear.audio[Symbol.asyncIterator]()
      let track = 0
      let [reading, stream] = [readAfter('0'), send()]
      let [open, at] = [true, 0]
      const forbidden = new Set<number>()
      for (const one of acts) {
        if (one === 'gate' || one === 'open') {
          open = one === 'open'
          ear.gate(open)
        }
        if (one === 'end stream') stream.end()
        if (one === 'cut') ear.cut()
        if (one === 'rest') ear.rest()
        if (one === 'second') await clock.advance(1_000)
        if (one === 'next track') {
          reading.stop()
          reading = readAfter(String(++track))
          stream = send()
        }
        if (typeof one === 'object' && 'live' in one) {
          // One value for each piece, never 0: it is known by it.
          at = (at % 32_000) + 1
          if (!open) forbidden.add(at)
          feed(String(track)).push(frameOf(new Int16Array(one.live).fill(at), format))
        }
        if (typeof one === 'object' && 'before' in one) stream.push(bytesOf(new Int16Array(one.before).fill(-1)))
        await clock.settle()
        assert.ok(ear.counters.buffered <= 500 * perMs)
        assert.is(balance(ear.counters), 0)
        const asked = typeof one === 'object' && 'read' in one ? one.read : 0
        for (let left = asked; left > 0 && ear.counters.buffered > 0; left--) {
          const step = await reader.next()
          if (step.done) continue
          assert.is(step.value.samplesPerChannel, 1_200)
          for (const value of new Set(step.value.data)) assert.not(forbidden.has(value), 'heard though nobody listened')
        }
      }
      reading.stop()
      ear.close()
      await clock.advance(5_000)
      assert.is(balance(ear.counters), 0)
      assert.is(clock.timers, 0)
    }),
    { seed: 21, numRuns: 150 },
  )
})

it.run()
