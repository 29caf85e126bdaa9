import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { overlap } from '../../src/audio/overlap.ts'
import { level, noise, tone, voice } from '../fakes/sound.ts'

const it = suite('overlap')
const rate = 24_000
const samples = (ms: number) => (ms * rate) / 1000
const said = voice(samples(6_000), rate, 3)
/** The last second of a recording that ends at `endMs`, and what a track has that begins `lapMs` before. */
const meeting = (endMs: number, lapMs: number, headMs = 1_000) => {
  const end = samples(endMs)
  const start = end - Math.round(samples(lapMs))
  return { tail: said.slice(end - samples(1_000), end), head: said.slice(start, start + samples(headMs)) }
}
/** As another encoder would hear it: quieter, and with a little noise of its own. */
const otherwise = (data: Int16Array, seed: number) => {
  const own = noise(data.length, seed, level(data) * 0.35)
  return data.map((value, index) => Math.round(value * 0.6) + (own[index] ?? 0))
}

it('finds how much of the live track was in the recording already, to the sample (PRE-13)', () => {
  for (const endMs of [1_700, 3_333, 4_100])
    for (const lapMs of [120, 250.5, 400, 777, 990]) {
      const { tail, head } = meeting(endMs, lapMs)
      assert.is(overlap(tail, head, rate), Math.round(samples(lapMs)), `${lapMs} ms before ${endMs}`)
    }
})

it('finds it though each side was encoded on its own', () => {
  for (const lapMs of [300, 640.25, 900]) {
    const { tail, head } = meeting(2_450, lapMs)
    assert.is(overlap(tail, otherwise(head, 7), rate), Math.round(samples(lapMs)))
  }
})

it('finds it though less of the live track is there than is repeated', () => {
  const { tail, head } = meeting(3_333, 800, 300)
  assert.is(overlap(tail, head, rate), samples(800))
})

it('takes nothing away where nothing is repeated', () => {
  for (const seed of [1, 2, 3, 4, 5, 6, 7, 8])
    assert.is(overlap(meeting(2_450, 0).tail, voice(samples(1_000), rate, seed + 20), rate), 0, `seed ${seed}`)
  for (const endMs of [1_700, 2_450, 3_333]) assert.is(overlap(meeting(endMs, 0).tail, meeting(endMs, 0).head, rate), 0)
})

it('takes nothing away when in doubt: silence, hiss below hearing, a tone that fits everywhere, too short a match', () => {
  const silence = new Int16Array(samples(1_000))
  assert.is(overlap(silence, silence, rate), 0)
  const hiss = noise(samples(1_000), 5, 60)
  assert.is(overlap(hiss, hiss.slice(samples(500)), rate), 0)
  const hum = tone(samples(1_000), 200, rate)
  assert.is(overlap(hum, hum, rate), 0)
  const { tail, head } = meeting(2_450, 10)
  assert.is(overlap(tail, head, rate), 0)
  assert.is(overlap(new Int16Array(), new Int16Array(), rate), 0)
})

it('works at every rate', () => {
  for (const hz of [8_000, 16_000, 48_000]) {
    const voiced = voice(hz * 3, hz, 3)
    const lap = Math.round(hz * 0.35)
    assert.is(overlap(voiced.slice(hz, 2 * hz), voiced.slice(2 * hz - lap, 3 * hz - lap), hz), lap)
  }
})

it('takes no longer than a frame or two', () => {
  const { tail, head } = meeting(4_100, 990)
  overlap(tail, head, rate)
  const started = process.cpuUsage().user
  for (let run = 0; run < 5; run++) overlap(tail, head, rate)
  const ms = (process.cpuUsage().user - started) / 5_000
  assert.ok(ms < 120, `${ms.toFixed(0)} ms`)
})

it.run()
