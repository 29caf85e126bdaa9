import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type AudioFrame, frameOf } from '../../src/audio/frame.ts'
import { callerFrom } from '../../src/call/caller.ts'
import { type OverheardWord, overheard } from '../../src/call/overheard.ts'
import { encodeWav } from '../../src/codec/wav.ts'
import { codeOf } from '../../src/errors.ts'
import { seededIds } from '../../src/ids.ts'
import { vttHearing } from '../../src/minds/hearing.ts'
import { virtualClock } from '../../src/virtual.ts'

const it = suite<{ base: string }>('caller', { base: '' })
it.before.each(async context => {
  context.base = await mkdtemp(join(tmpdir(), 'chartroom-caller-'))
})
it.after.each(({ base }) => rm(base, { recursive: true, force: true }))

const signal = new AbortController().signal
const tone = (sampleRate: number, channels: number, ms: number) =>
  encodeWav({
    ...{ sampleRate, channels },
    data: Int16Array.from(
      { length: ((sampleRate * ms) / 1000) * channels },
      (_, i) => 8000 * Math.sin(Math.floor(i / channels) / 9),
    ),
  })
const complaint = async (path: string): Promise<string> => {
  try {
    await callerFrom(path, signal)
  } catch (error) {
    assert.is(codeOf(error), 'ERR_INPUT')
    return error instanceof Error ? error.message : ''
  }
  return 'accepted'
}

it('takes a recording of any rate and channel count, as long as it was', async ({ base }) => {
  for (const [sampleRate, channels] of [
    [8000, 1],
    [44_100, 2],
    [48_000, 1],
    [24_000, 6],
  ] as const) {
    const path = join(base, `${sampleRate}.wav`)
    await writeFile(path, tone(sampleRate, channels, 500))
    const { data, hearing } = await callerFrom(path, signal)
    assert.ok(Math.abs(data.length - 12_000) <= 24, `${data.length} samples from ${sampleRate} Hz`)
    assert.ok(data.some(sample => Math.abs(sample) > 4000))
    assert.is(hearing, undefined)
  }
})

it('finds the transcript beside the recording', async ({ base }) => {
  await writeFile(join(base, 'a.WAV'), tone(8000, 1, 100))
  await writeFile(join(base, 'a.vtt'), 'WEBVTT\n\n00:00.000 --> 00:00.100\nHi\n')
  assert.is.not((await callerFrom(join(base, 'a.WAV'), signal)).hearing, undefined)
})

it('says in one line what is wrong with a recording or its transcript', async ({ base }) => {
  const path = join(base, 'a.wav')
  assert.match(await complaint(path), /^cannot read .*a\.wav: there is no such file$/)
  assert.match(await complaint(base), /it is a folder, not a file$/)
  await writeFile(path, 'RIFF')
  assert.match(await complaint(path), /^.*a\.wav: the file is something else, not a WAV: convert it first/)
  await writeFile(path, tone(8000, 1, 100).subarray(0, 40))
  assert.match(await complaint(path), /a\.wav: .*broken|no audio/)
  await writeFile(path, tone(8000, 1, 100))
  await writeFile(join(base, 'a.vtt'), 'no captions')
  assert.match(await complaint(path), /^.*a\.vtt: this is not a WebVTT file/)
})

it('knows when each word was said, from the moment the first frame was heard', async () => {
  const clock = virtualClock()
  const heard: OverheardWord[] = []
  const hearing = overheard(
    vttHearing('WEBVTT\n\n00:00.100 --> 00:00.300\nYes no\n\n00:00.400 --> 00:00.500\nWell\n'),
    clock,
    word => heard.push(word),
  )
  const frames = async function* frames(): AsyncGenerator<AudioFrame> {
    for (let i = 0; i < 12; i++) {
      await new Promise<void>(resolve => clock.setTimeout(resolve, 50))
      yield frameOf(new Int16Array(50), { sampleRate: 1000, channels: 1 })
    }
  }
  const read = async () => {
    for await (const _ of hearing.words(frames(), signal));
  }
  await clock.advance(1000)
  await clock.runUntil(read())
  assert.equal(
    heard.map(({ id, text, startMs, endMs }) => [id, text.trim(), startMs, endMs]),
    [
      ['caller-1', 'Yes', 1100, 1200],
      ['caller-1', 'no', 1200, 1300],
      ['caller-2', 'Well', 1400, 1500],
    ],
  )
})

it('makes the same ids from the same seed, and others from another', () => {
  const ids = (seed: number) => {
    const { next } = seededIds(seed)
    return Array.from({ length: 1000 }, () => next('SG_'))
  }
  assert.equal(ids(1), ids(1))
  assert.is(new Set([...ids(1), ...ids(2), ...ids(4_294_967_295)]).size, 3000)
  for (const id of ids(7)) assert.match(id, /^SG_[0-9a-f]{12}$/)
})

it.run()
