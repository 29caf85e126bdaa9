import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { voiceActivity } from '../../src/minds/vad.ts'

const it = suite('vad')
const signal = new AbortController().signal

/** Two seconds: noise that swells and fades like syllables, over a hum; between them silence. */
const babble = () => {
  let seed = 1
  const noise = () => {
    seed = (seed * 48_271) % 2_147_483_647
    return seed / 2_147_483_647 - 0.5
  }
  let low = 0
  return Int16Array.from({ length: 32_000 }, (_, i) => {
    if (i < 8000 || i > 24_000) return 0
    low += 0.2 * (noise() - low)
    const swell = Math.max(0, Math.sin((2 * Math.PI * i) / 4000))
    return Math.round(swell * (40_000 * low + 6000 * Math.sin((2 * Math.PI * 150 * i) / 16_000)))
  })
}
const answersTo = async (data: Int16Array, mode?: 0 | 1 | 2 | 3) => {
  const detector = await (await voiceActivity(mode === undefined ? {} : { mode })).open(signal)
  const size = (detector.sampleRate * detector.frameMs) / 1000
  const answers = []
  for (let at = 0; at + size <= data.length; at += size) answers.push(detector.isSpeech(data.subarray(at, at + size)))
  detector.close()
  return answers
}

it('hears nothing in silence', async () => {
  assert.not.ok((await answersTo(new Int16Array(32_000))).includes(true))
})

it('answers the same twice, also beside another detector of the same memory', async () => {
  const data = babble()
  const alone = await answersTo(data)
  assert.ok(alone.includes(true) && alone.includes(false))
  assert.equal(await answersTo(data), alone)
  const activity = await voiceActivity()
  const [one, other] = [await activity.open(signal), await activity.open(signal)]
  const beside = alone.map((_, i) => {
    other.isSpeech(new Int16Array(320).fill(i % 2 ? 20_000 : -20_000))
    return one.isSpeech(data.subarray(i * 320, (i + 1) * 320))
  })
  assert.equal(beside, alone)
  one.close()
  other.close()
})

it('refuses a frame of another length, and work after it was closed', async () => {
  const detector = await (await voiceActivity()).open(signal)
  assert.throws(() => detector.isSpeech(new Int16Array(160)), /a speech detector frame has 320 samples, not 160/)
  detector.close()
  detector.close()
  assert.throws(() => detector.isSpeech(new Int16Array(320)), /closed: open another/)
})

it('gives its memory back: thirty thousand detectors, one after the other', async () => {
  const activity = await voiceActivity()
  const held = () => process.memoryUsage().external + process.memoryUsage().arrayBuffers
  const before = held()
  for (let i = 0; i < 30_000; i++) (await activity.open(signal)).close()
  assert.ok(held() - before < 4_000_000, `${held() - before} bytes more`) // kept, they would take 40 MB
})

it.run()
