import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Voicing } from '../../src/audio/voicing.ts'

const format = { sampleRate: 24_000, channels: 1 }
const perMs = 24
/** Stretches of a level, in ms. */
const audio = (...stretches: [ms: number, level: number][]) =>
  Int16Array.from(stretches.flatMap(([ms, level]) => Array.from({ length: ms * perMs }, (_, n) => (n & 8 ? level : -level))))
const followed = (data: Int16Array, piece = data.length) => {
  const voicing = new Voicing(format)
  for (let at = 0; at < data.length; at += piece) voicing.push(data.subarray(at, at + piece))
  return voicing
}
const voiced = (voicing: Voicing, ...places: number[]) => places.map(ms => Math.round(voicing.at(ms).voicedMs))

const it = suite('voicing')

it('counts voice, and no silence of 200 ms or more (SYNC-8)', () => {
  const voicing = followed(audio([300, 0], [400, 9_000], [150, 0], [250, 9_000], [200, 20], [500, 9_000]))
  assert.equal(voiced(voicing, 0, 300, 500, 700, 850, 1_100, 1_200, 1_300, 1_800), [0, 0, 200, 400, 550, 800, 800, 800, 1_300])
  assert.equal(
    voicing.silences.map(({ atMs, endMs, extent }) => [atMs, endMs, extent.voicedMs]),
    [
      [700, 850, 400],
      [1_100, 1_300, 800],
    ],
  )
})

it('does not know of a short silence at the end yet whether it is one', () => {
  const voicing = followed(audio([300, 9_000], [100, 0]))
  assert.equal([voicing.knownMs, voicing.total.voicedMs], [300, 300])
  voicing.push(audio([100, 0]))
  assert.equal([voicing.knownMs, voicing.total.voicedMs], [500, 300])
  const ended = followed(audio([300, 9_000], [100, 0]))
  ended.end()
  assert.equal([ended.ended, ended.total.voicedMs, ended.at(400).voicedMs], [true, 300, 300])
})

it('knows silence by the loudness before it: soft voices are heard, and noise is not', () => {
  assert.is(followed(audio([400, 300])).total.voicedMs, 400)
  assert.is(followed(audio([400, 20_000], [300, 200], [400, 20_000])).total.voicedMs, 800)
  assert.is(followed(audio([400, 4])).total.voicedMs, 0)
})

it('counts the same changes in speech that is twice as fast', () => {
  const speech = (ms: number) => audio(...Array.from({ length: 20 }, (_, n): [number, number] => [ms, n % 2 ? 9_000 : 1_500]))
  const [slow, fast] = [followed(speech(120)).total, followed(speech(60)).total]
  assert.ok(slow.change > 5 && Math.abs(fast.change / slow.change - 1) < 0.05, `${slow.change} ${fast.change}`)
  assert.ok(followed(audio([2_000, 9_000])).total.change < 1.1) // a tone has its beginning only
})

it('depends on the samples, not on how they were cut', () => {
  const data = audio([90, 100], [410, 9_000], [170, 0], [333, 5_000], [400, 0], [50, 9_000])
  const whole = followed(data)
  for (const piece of [1, 7, 239, 240, 2_401]) {
    const cut = followed(data, piece)
    assert.equal([cut.total, cut.silences, cut.knownMs], [whole.total, whole.silences, whole.knownMs])
  }
})

it('takes all channels together', () => {
  const mono = audio([400, 9_000], [300, 0], [100, 9_000])
  const stereo = new Voicing({ sampleRate: 24_000, channels: 2 })
  stereo.push(Int16Array.from({ length: 2 * mono.length }, (_, n) => mono[n >> 1] ?? 0))
  assert.equal([stereo.total, stereo.silences], [followed(mono).total, followed(mono).silences])
})

it('lets go of what was heard: an hour takes no more room than what waits (law 17)', () => {
  const voicing = new Voicing(format)
  const minute = audio([60_000, 9_000])
  for (let n = 1; n <= 60; n++) {
    voicing.push(minute)
    voicing.forget(n * 60_000)
  }
  assert.is(voicing.at(3_600_000).voicedMs, 3_600_000)
  assert.ok(voicing.size <= 6_001, `${voicing.size}`)
})

it.run()
