import * as fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { cut, cutter } from '../../src/audio/cut.ts'
import { frameOf } from '../../src/audio/frame.ts'
import { all, framesOf, joined, ramp, sourceOf } from '../fakes/sound.ts'

const it = suite('cut')
const mono = { sampleRate: 24_000, channels: 1 }
const stereo = { sampleRate: 24_000, channels: 2 }

it('cuts frames of any size to one, in order, and hands on what is left', async () => {
  const shapes = fc.record({
    sizes: fc.array(fc.nat(90)),
    samples: fc.integer({ min: 1, max: 40 }),
    format: fc.constantFrom(mono, stereo),
  })
  await fc.assert(
    fc.asyncProperty(shapes, async ({ sizes, samples, format }) => {
      let at = 0
      const source = sizes.map(size => {
        const data = ramp(size * format.channels, at)
        at += data.length
        return frameOf(data, format)
      })
      const frames = await all(cut(samples)(sourceOf(source).stream))
      assert.equal(joined(frames), ramp(at))
      for (const [index, frame] of frames.entries()) {
        assert.is(frame.data.length, frame.samplesPerChannel * format.channels)
        if (index < frames.length - 1) assert.is(frame.samplesPerChannel, samples)
        else assert.ok(frame.samplesPerChannel > 0 && frame.samplesPerChannel <= samples)
      }
    }),
    { seed: 12 },
  )
})

it('passes frames that have the size already as they are', async () => {
  const frames = framesOf(ramp(100), 25, mono)
  const through = await all(cut(25)(sourceOf(frames).stream))
  assert.is(through.length, 4)
  for (const [index, frame] of through.entries()) assert.is(frame, frames[index])
})

it('keeps what is left until more comes, or it is taken out', () => {
  const knife = cutter(10)
  assert.equal(knife.push(frameOf(ramp(7), mono)), [])
  assert.is(knife.size, 7)
  assert.equal(joined(knife.push(frameOf(ramp(10, 7), mono))), ramp(10))
  assert.equal(knife.rest()?.data, ramp(7, 10))
  assert.is(knife.size, 0)
  assert.is(knife.rest(), undefined)
})

it('returns its source when the reader leaves early', async () => {
  const source = sourceOf(framesOf(ramp(100), 10, mono))
  for await (const _ of cut(5)(source.stream)) break
  assert.ok(source.returned)
  assert.is(source.pulled, 1)
})

it('takes an hour at once in linear time', () => {
  const started = process.cpuUsage().user
  const frames = cutter(1200).push(frameOf(new Int16Array(24_000 * 3600), mono))
  assert.is(frames.length, 72_000)
  assert.ok((process.cpuUsage().user - started) / 1000 < 2_000, 'cuts an hour of audio in 2 s of processor time')
})

it.run()
