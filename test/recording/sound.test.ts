import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { parseWav } from '../../src/codec/wav.ts'
import type { Show } from '../../src/inspector/show.ts'
import { tapeShow } from '../../src/inspector/tape-show.ts'
import { openRecording, type Recording } from '../../src/recording/read.ts'
import { ask, chart, placeOf } from '../inspector/place.ts'
import { header } from './tapes.ts'

const it = suite('recording: sound')
let base = ''
let recording: Recording | undefined
it.before.each(async () => {
  base = await mkdtemp(join(tmpdir(), 'chartroom-sound-'))
})
it.after.each(async () => {
  await recording?.close()
  await rm(base, { recursive: true, force: true })
})

/** At 1 000 Hz: a sample is a millisecond. */
const rate = 1_000
const ramp = (from: number, count: number) => Int16Array.from({ length: count }, (_, i) => from + i)
type Given = { at: number; of: string; offset: number; data: Int16Array; sampleRate?: number } | { at: number; fact: object }
const recorded = async (given: Given[], until = 1_000): Promise<Recording> => {
  const media: Buffer[] = []
  let bytes = 0
  const lines: object[] = [
    { ...header, sampleRate: rate },
    { type: 'log', seq: 1, at: 0, level: 'info', code: 'begun' },
  ]
  for (const one of given) {
    const seq = lines.length
    if ('fact' in one) lines.push({ type: 'fact', seq, at: one.at, fact: one.fact })
    else {
      const { at, of, offset, data, sampleRate = rate } = one
      const sound = { type: 'sound', seq, at, of, offset, samples: data.length, sampleRate, stepMs: 20, peaks: [1] }
      lines.push({ ...sound, media: [bytes, 2 * data.length] })
      media.push(Buffer.from(data.buffer))
      bytes += 2 * data.length
    }
  }
  lines.push({ type: 'log', seq: lines.length, at: until, level: 'info', code: 'over' })
  await writeFile(join(base, 'tape.jsonl'), lines.map(line => `${JSON.stringify(line)}\n`).join(''))
  await writeFile(join(base, 'media.bin'), Buffer.concat(media))
  recording = await openRecording(base)
  return recording
}
const progressed = (startedAt: number, offset: number, duration: number) => ({
  at: startedAt + duration,
  fact: { type: 'utterance.progressed', id: 'SG_1', startedAt, offset, duration },
})

it("lays the caller's pieces up to the moments when they came", async () => {
  const { sound } = await recorded([
    { at: 300, of: 'caller', offset: 0, data: ramp(1, 100) },
    // The clock was read late: it goes on with the very next sample.
    { at: 430, of: 'caller', offset: 100, data: ramp(101, 100) },
    // Some were lost, or the track was muted.
    { at: 900, of: 'caller', offset: 500, data: ramp(501, 100) },
  ])
  const all = await sound('caller', 0, 1_000)
  const expected = new Int16Array(1_000)
  expected.set(ramp(1, 200), 200)
  expected.set(ramp(501, 100), 800)
  assert.equal(all, expected)
  assert.equal(await sound('caller', 250, 820), expected.slice(250, 820))
  assert.equal(await sound('caller', 40, 40), new Int16Array(0))
})

it("lays the agent's voice where it was heard, with its pauses, and nothing that was not", async () => {
  const { sound } = await recorded([
    { at: 50, of: 'utterance:SG_1', offset: 0, data: ramp(1, 150) },
    { at: 60, of: 'utterance:SG_1', offset: 150, data: ramp(151, 250) },
    progressed(100, 0, 200),
    progressed(500, 200, 100),
  ])
  const expected = new Int16Array(1_000)
  expected.set(ramp(1, 200), 100)
  expected.set(ramp(201, 100), 500)
  assert.equal(await sound('agent', 0, 1_000), expected)
  assert.equal(await sound('agent', 240, 560), expected.slice(240, 560))
})

it('lets an utterance sound that was not over when the recording broke off', async () => {
  const { sound } = await recorded([
    { at: 50, of: 'utterance:SG_1', offset: 0, data: ramp(1, 100) },
    { at: 400, fact: { type: 'utterance.started', id: 'SG_1', at: 400 } },
  ])
  assert.equal((await sound('agent', 400, 500)).slice(), ramp(1, 100))
})

it('brings another rate to that of the voice', async () => {
  const { sound } = await recorded([{ at: 200, of: 'caller', offset: 0, data: ramp(0, 200), sampleRate: 2_000 }])
  assert.equal(
    await sound('caller', 100, 200),
    Int16Array.from({ length: 100 }, (_, i) => 2 * i),
  )
})

it('refuses times that are none, and more than ten minutes at once', async () => {
  const { sound } = await recorded([])
  for (const [from, to] of [
    [5, 1],
    [Number.NaN, 1],
    [0, Number.NaN],
    [0, 600_001],
    [Number.NEGATIVE_INFINITY, 0],
  ] as const)
    await sound('caller', from, to).then(
      () => assert.unreachable(`${from} to ${to}`),
      error => assert.instance(error, RangeError),
    )
})

it('gives its sound out as WAV files, and any range of them', async () => {
  const show = tapeShow(await recorded([{ at: 300, of: 'caller', offset: 0, data: ramp(1, 300) }]), async () => chart)
  const place = await placeOf(show)
  const path = `${place.url.pathname}sound/caller.wav`
  const whole = await ask(place, path)
  assert.equal([whole.status, whole.headers['content-type'], whole.headers['accept-ranges']], [200, 'audio/wav', 'bytes'])
  const { sampleRate, data } = parseWav(whole.body)
  const expected = new Int16Array(1_000)
  expected.set(ramp(1, 300))
  assert.equal([sampleRate, data], [rate, expected])
  const ranges: [string, number, number][] = [
    ['bytes=0-', 0, 2_044],
    ['bytes=0-99', 0, 100],
    ['bytes=44-', 44, 2_044],
    ['bytes=45-50', 45, 51],
    ['bytes=101-102', 101, 103],
    ['bytes=-7', 2_037, 2_044],
    ['bytes=2000-9999', 2_000, 2_044],
  ]
  for (const [range, from, end] of ranges) {
    const { status, headers, body } = await ask(place, path, { range })
    assert.is(status, 206, range)
    assert.is(headers['content-range'], `bytes ${from}-${end - 1}/2044`)
    assert.equal(body, whole.body.subarray(from, end), range)
  }
  for (const range of ['bytes=5000-', 'bytes=9-3', 'words=0-1', 'bytes=-', 'bytes=0-1,4-5'])
    assert.is((await ask(place, path, { range })).status, 416, range)
  const headed = await ask(place, path, {}, 'HEAD')
  assert.equal([headed.status, headed.headers['content-length'], headed.body.length], [200, '2044', 0])
  await place.end()
})

it('gives out what lies a day after the beginning', async () => {
  const day = 86_400_000
  const rate = 24_000
  const silence = {
    rate,
    size: day * 24,
    samples: async (_: unknown, from: number, to: number) => new Int16Array(to - from).fill(7),
  }
  const show: Show = { ...tapeShow(await recorded([]), async () => chart), sound: silence }
  const place = await placeOf(show)
  const end = 44 + 2 * silence.size
  const { status, body } = await ask(place, `${place.url.pathname}sound/agent.wav`, { range: `bytes=${end - 6}-` })
  await place.end()
  assert.is(status, 206)
  assert.equal([...body], [7, 0, 7, 0, 7, 0])
})

it.run()
