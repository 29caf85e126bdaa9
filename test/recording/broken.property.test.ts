import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { codeOf } from '../../src/errors.ts'
import { openRecording, type Recording } from '../../src/recording/read.ts'
import { linesOf } from './tapes.ts'

const it = suite('recording: broken')
const lines = [...linesOf(16_000)]
const whole = Buffer.from(lines.join(''))
const headerEnd = Buffer.byteLength(lines[0] ?? '')
const seed = Number(process.env.SEED ?? Date.now() % 1_000_000)
let base = ''
it.before(async () => {
  base = await mkdtemp(join(tmpdir(), 'chartroom-broken-'))
})
it.after(() => rm(base, { recursive: true, force: true }))

/** Opens these bytes and looks everywhere; only one-line refusals are let through, as undefined. */
const looked = async (bytes: Buffer): Promise<{ recording: Recording; lastSeq: number } | undefined> => {
  await writeFile(join(base, 'tape.jsonl'), bytes)
  let recording: Recording
  try {
    recording = await openRecording(base)
  } catch (error) {
    assert.is(codeOf(error), 'ERR_RECORDING', String(error))
    assert.ok(error instanceof Error && !error.message.includes('\n'))
    return undefined
  }
  try {
    const { from, to } = recording
    for (const part of [0, 0.3, 0.7, 1]) await recording.moment(from + part * (to - from))
    recording.span(from, to)
    recording.span(to / 2, to / 2 + 10)
    for (const side of ['caller', 'agent'] as const) await recording.sound(side, from, from + 2_000)
    const { scene } = await recording.moment(0, Number.MAX_SAFE_INTEGER)
    return { recording, lastSeq: scene.seq }
  } finally {
    await recording.close()
  }
}

it(`opens what is whole of a recording that ends anywhere (seed ${seed})`, async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: whole.length }), async at => {
      const result = await looked(whole.subarray(0, at))
      if (!result) return assert.ok(at < headerEnd - 1, `${at} bytes are refused`)
      const { recording, lastSeq } = result
      const text = whole.subarray(0, at).toString()
      // A line without its newline is whole all the same.
      const isWhole = text.endsWith('\n') || text.endsWith('}\n') || whole[at] === 10
      const count = text.split('\n').length - 1 + (whole[at] === 10 ? 1 : 0) - 1
      assert.is(recording.messages, count)
      assert.is(lastSeq, count)
      assert.is(recording.remarks.length > 0 && /not whole/.test(recording.remarks[0] ?? ''), !isWhole)
    }),
    { seed, numRuns: 150 },
  )
})

it(`opens whatever bytes of a recording were changed (seed ${seed})`, async () => {
  const place = fc.tuple(fc.integer({ min: headerEnd, max: whole.length - 1 }), fc.integer({ min: 0, max: 255 }))
  await fc.assert(
    fc.asyncProperty(fc.array(place, { minLength: 1, maxLength: 20 }), async changes => {
      const bytes = Buffer.from(whole)
      for (const [at, value] of changes) bytes[at] = value
      const result = await looked(bytes)
      assert.ok(result, 'its header is whole')
      // Each change breaks two lines at most, where it was the end of one.
      const gaps = result.recording.remarks.filter(remark => /missing or cannot be read/.test(remark))
      assert.ok(gaps.length <= 1)
      assert.ok(result.recording.messages >= lines.length - 1 - 2 * changes.length)
    }),
    { seed, numRuns: 150 },
  )
})

it(`refuses or opens a recording whose first line was changed (seed ${seed})`, async () => {
  const place = fc.tuple(fc.integer({ min: 0, max: headerEnd - 1 }), fc.integer({ min: 0, max: 255 }))
  await fc.assert(
    fc.asyncProperty(place, async ([at, value]) => {
      const bytes = Buffer.from(whole)
      bytes[at] = value
      await looked(bytes)
    }),
    { seed, numRuns: 100 },
  )
})

it(`makes nothing of what is no recording at all (seed ${seed})`, async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 2_000 }), async bytes => {
      assert.is(await looked(Buffer.from(bytes)), undefined)
      await looked(Buffer.concat([whole.subarray(0, headerEnd), bytes]))
    }),
    { seed, numRuns: 100 },
  )
})

it.run()
