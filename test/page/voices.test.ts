/** What the sound worklet does: rates, pieces, and the small buffer before the loudspeaker. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { joined } from '../../src/audio/frame.ts'
import { Ring } from '../../src/page/call/ring.ts'
import { Capture, Playback } from '../../src/page/call/voices.ts'
import { loudMs, pitchOf, testHz, tone } from '../ports/sound.ts'

const it = suite('page voices')
const quantum = 128
const floats = (samples: Int16Array) => Float32Array.from(samples, sample => sample / 32_768)

/** A microphone in the browser's steps of 128 samples. */
const captured = (rate: number, samples: Int16Array) => {
  const capture = new Capture(rate)
  const all = floats(samples)
  const pieces: Int16Array[] = []
  for (let at = 0; at + quantum <= all.length; at += quantum) {
    const piece = capture.push(all.subarray(at, at + quantum))
    if (piece) pieces.push(piece)
  }
  return pieces
}

it('refuses what does not fit, and plays silence when there is nothing', () => {
  const ring = new Ring(5)
  assert.is(ring.write(Int16Array.of(1, 2, 3)), 3)
  const two = new Float32Array(2)
  assert.is(ring.read(two), 2)
  assert.equal([...two], [1 / 32_768, 2 / 32_768])
  assert.is(ring.write(Int16Array.of(4, 5, 6, 7, 8)), 4)
  assert.is(ring.size, 5)
  const eight = new Float32Array(8).fill(1)
  assert.is(ring.read(eight), 5)
  assert.equal([...eight.map(sample => sample * 32_768)], [3, 4, 5, 6, 7, 0, 0, 0])
  ring.write(Int16Array.of(9))
  ring.clear()
  assert.is(ring.size, 0)
})

for (const rate of [24_000, 44_100, 48_000, 96_000]) {
  it(`sends a microphone of ${rate} Hz in pieces of 20 ms at 24 000 Hz`, () => {
    const pieces = captured(rate, tone(2_000, rate))
    assert.ok(pieces.length >= 99)
    assert.ok(pieces.every(({ length }, n) => Math.abs(length - 480) <= (n === 0 ? 60 : 1)))
    const whole = joined(pieces)
    assert.ok(loudMs(whole, 24_000) > 1_950)
    assert.ok(Math.abs(pitchOf(whole, 24_000) - testHz) < 25)
  })

  it(`plays at ${rate} Hz what comes at 24 000, 60 ms later`, () => {
    const playback = new Playback(rate)
    const said = tone(1_000, 24_000)
    const heard: Float32Array[] = []
    const perStep = (quantum * 1000) / rate
    let brought = 0
    for (let time = 0; time < 1_200; time += perStep) {
      for (; brought * 20 <= time && brought < 50; brought++) playback.push(said.slice(brought * 480, (brought + 1) * 480), 1)
      const block = new Float32Array(quantum)
      playback.pull(block)
      heard.push(block)
    }
    const whole = joined(heard.map(block => Int16Array.from(block, sample => sample * 32_768)))
    const first = whole.findIndex(sample => Math.abs(sample) > 500) / (rate / 1000)
    assert.ok(first > 58 && first < 66, `heard after ${first} ms`)
    assert.ok(Math.abs(loudMs(whole, rate) - 1_000) <= 20, `${loudMs(whole, rate)} ms are heard`)
    assert.ok(Math.abs(pitchOf(whole, rate) - testHz) < 25)
    assert.equal(playback.counters.dropped, 0)
  })
}

it('takes 16 bits to their ends', () => {
  const [piece] = captured(24_000, new Int16Array(600).fill(32_767))
  assert.is(piece?.[0], 32_767)
  const loud = new Capture(24_000)
  loud.push(new Float32Array(400).fill(3))
  const cut = loud.push(new Float32Array(128).fill(-3))
  assert.equal([cut?.[0], cut?.at(-1)], [32_767, -32_768])
})

it('lets both voices of a sample call be heard, and clips what is too loud', () => {
  const playback = new Playback(24_000)
  playback.push(
    Int16Array.from({ length: 960 }, (_, n) => (n % 2 ? 20_000 : 30_000)),
    2,
  )
  const block = new Float32Array(1_440 + 480)
  playback.pull(block)
  assert.is(Math.round((block[1_440] ?? 0) * 32_768), 32_767)
})

it('never lets more wait than 160 ms, whatever comes', () => {
  const playback = new Playback(48_000)
  for (let n = 0; n < 100; n++) playback.push(new Int16Array(480).fill(1), 1)
  assert.ok(playback.size <= 160 * 48)
  assert.ok(playback.counters.dropped > 0)
})

it.run()
