/** Fixtures: one sentence of synthetic speech, 1.5 s; the WebM as a recorder in a browser writes it: one cluster, no lengths. */
import { readFileSync } from 'node:fs'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { overlap } from '../../src/audio/overlap.ts'
import { createOpus } from '../../src/codec/opus.ts'
import { virtualClock } from '../../src/virtual.ts'
import { joined, level } from '../fakes/sound.ts'

const it = suite('opus')
const fixtures = { ogg: readFileSync('test/fixtures/speech.ogg'), webm: readFileSync('test/fixtures/speech.webm') }
/** 1.49 s at 48 kHz; the last packet is decoded whole. */
const length = 71_688

type Decoded = { data: Int16Array; firstAt: number; channels: number[]; error: string }
/** Decodes `bytes`, given in pieces of `step`; `firstAt` is how many bytes the first frame needed. */
const decode = async (bytes: Uint8Array, step = bytes.length, signal = new AbortController().signal): Promise<Decoded> => {
  const clock = virtualClock()
  const frames = []
  let [fed, firstAt, error] = [0, 0, '']
  const source = async function* () {
    while (fed < bytes.length) {
      const piece = bytes.slice(fed, fed + step)
      fed += piece.length
      yield piece
    }
  }
  try {
    for await (const frame of createOpus({ clock }).decode(source(), signal)) {
      firstAt ||= fed
      assert.is(frame.sampleRate, 48_000)
      frames.push(frame)
    }
  } catch (problem) {
    error = problem instanceof Error ? problem.message : String(problem)
  }
  return { data: joined(frames), firstAt, channels: frames.map(({ channels }) => channels), error }
}

for (const [name, bytes] of Object.entries(fixtures)) {
  it(`decodes ${name}, whatever the pieces`, async () => {
    const whole = await decode(bytes)
    assert.equal([whole.data.length, whole.error], [length, ''])
    assert.ok(level(whole.data) > 2_000)
    for (const step of [1, 7, 333]) assert.equal((await decode(bytes, step)).data, whole.data)
  })

  it(`decodes ${name} as the bytes come (PRE-7)`, async () => {
    const { firstAt } = await decode(bytes, 50)
    assert.ok(firstAt <= (name === 'ogg' ? 1_000 : 500), `the first frame needed ${firstAt} of ${bytes.length} bytes`)
  })

  it(`gives what can be had of a truncated ${name}, then one line`, async () => {
    const whole = await decode(bytes)
    for (const share of [0.3, 0.6, 0.9]) {
      const { data, error } = await decode(bytes.subarray(0, Math.floor(bytes.length * share)), 100)
      assert.ok(data.length > (share - 0.25) * length, `${data.length} samples of ${share}`)
      assert.equal(data, whole.data.subarray(0, data.length))
      assert.ok(error === '' || error === 'the audio stream ends in the middle of a packet', error)
    }
  })

  it(`ends a ${name} quietly when it is cut on purpose (PRE-6)`, async () => {
    const cut = new AbortController()
    let fed = 0
    const source = async function* () {
      for (let at = 0; at < bytes.length; at += 100) {
        fed = at
        if (at > bytes.length / 2) cut.abort()
        yield bytes.subarray(at, at + 100)
      }
    }
    let samples = 0
    for await (const frame of createOpus({ clock: virtualClock() }).decode(source(), cut.signal))
      samples += frame.samplesPerChannel
    assert.ok(samples > length / 4 && samples < length, `${samples}`)
    assert.ok(fed < bytes.length * 0.6, 'the source is not read on')
  })

  it(`answers any damage to a ${name} with one line, and never hangs`, async () => {
    for (let at = 0; at < bytes.length; at += 97) {
      const damaged = Uint8Array.from(bytes)
      damaged[at] = ~(damaged[at] ?? 0) & 255
      const { error } = await decode(damaged, 1_000)
      assert.not.match(error, /\n/)
    }
  })
}

it('reads nothing behind the damage, and lets the source go (law 6)', async () => {
  const packet = Uint8Array.from(fixtures.webm)
  const block = fixtures.webm.lastIndexOf(0xa3)
  for (const bytes of [Buffer.from('RIFF....WAVE'), packet.fill(0, block - 400, block - 300)]) {
    let left = false
    const source = async function* () {
      try {
        yield bytes
        for (;;) yield new Uint8Array(100)
      } finally {
        left = true
      }
    }
    let error: unknown
    try {
      for await (const _ of createOpus({ clock: virtualClock() }).decode(source(), new AbortController().signal));
    } catch (problem) {
      error = problem
    }
    assert.instance(error, Error)
    await new Promise(setImmediate)
    assert.ok(left)
  }
})

it('hears the same in both', async () => {
  const [ogg, webm] = [await decode(fixtures.ogg), await decode(fixtures.webm)]
  const second = (data: Int16Array) => data.subarray(12_000, 60_000)
  assert.ok(Math.abs(overlap(second(ogg.data), second(webm.data), 48_000) - 48_000) < 100)
})

it('reads clusters that say how long they are, and passes over what it does not know', async () => {
  const { webm } = fixtures
  const cluster = webm.indexOf(Buffer.from('1f43b67501ffffffffffffff', 'hex'))
  const blocks = webm.subarray(cluster + 12)
  const size = Buffer.alloc(8)
  size.writeBigUInt64BE(BigInt(blocks.length) | (1n << 56n))
  const unknown = Buffer.from('ec8400000000', 'hex') // a void element
  const sized = Buffer.concat([webm.subarray(0, cluster), unknown, webm.subarray(cluster, cluster + 4), size, blocks])
  assert.equal((await decode(sized, 64)).data, (await decode(webm)).data)
})

it('decodes stereo', async () => {
  // The head of the mono file, saying two channels: each packet says for itself what it carries.
  const stereo = Uint8Array.from(fixtures.ogg)
  stereo[fixtures.ogg.indexOf('OpusHead') + 9] = 2
  const { data, channels } = await decode(stereo, 500)
  assert.ok(channels.length > 50 && channels.every(count => count === 2))
  assert.is(data.length, 2 * length)
})

it('refuses what is neither, and more than two channels', async () => {
  assert.is((await decode(Buffer.from('RIFF....WAVE'))).error, 'the audio stream is neither Ogg nor WebM')
  assert.is((await decode(Buffer.from('Og'))).error, 'the audio stream ends in the middle of a packet')
  const six = Uint8Array.from(fixtures.ogg)
  six[fixtures.ogg.indexOf('OpusHead') + 9] = 6
  assert.is((await decode(six)).error, 'the Opus stream has 6 channels: only mono and stereo are understood')
})

it.run()
