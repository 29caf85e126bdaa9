import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { AudioFrame } from '../../src/audio/frame.ts'
import { lengthOf, sayingFrom, voiceOf, wordAt } from '../../src/minds/voice.ts'
import type { Word } from '../../src/ports.ts'
import { sounding } from './conversation.ts'

const it = suite('voice')
const format = { sampleRate: 24_000, channels: 1 }
const vtt = `WEBVTT

first
00:00.500 --> 00:01.500
<00:00.500>One,<00:00.700> <00:00.900>two <00:01.200>three.

second
00:02.000 --> 00:02.300
Four.
`
const recording = sounding(format, 3000, [0, 3000])
const voice = voiceOf(recording, vtt)
const first = voice.get('first')

const all = async <T>(source: AsyncIterable<T> | undefined) => {
  const items: T[] = []
  if (source) for await (const item of source) items.push(item)
  return items
}

it('cuts a recording into lines, to the sample, each with its own time', () => {
  assert.equal([...voice.keys()], ['first', 'second'])
  assert.equal(first?.data, recording.data.slice(12_000, 36_000))
  assert.equal(first?.words, [
    { text: 'One,', startMs: 0, endMs: 200 },
    { text: ' two', startMs: 400, endMs: 700 },
    { text: ' three.', startMs: 700, endMs: 1000 },
  ])
  assert.is(first && lengthOf(first), 1000)
  assert.throws(() => voiceOf(recording, 'WEBVTT\n\n00:00.000 --> 00:01.000\nhm'), /cue at 0 ms of the voice has no id/)
})

it('knows the word heard last', () => {
  if (!first) return assert.unreachable()
  const at = [0, 1, 399, 400, 401, 700, 701, 5000].map(ms => wordAt(first, ms))
  assert.equal(at, [0, 0, 0, 0, 1, 1, 2, 2])
})

it('says a line from any word on, in chunks of 100 ms, with times and text of its own', async () => {
  if (!first) return assert.unreachable()
  const { audio, text } = sayingFrom(first, 1, format)
  const frames = await all<AudioFrame>(audio)
  assert.equal(
    frames.map(({ samplesPerChannel }) => samplesPerChannel),
    [2400, 2400, 2400, 2400, 2400, 2400],
  )
  assert.equal(
    frames.flatMap(({ data }) => [...data]),
    [...first.data.slice(9600)],
  )
  assert.equal(await all<string | Word>(text), [
    { text: 'two', startMs: 0, endMs: 300 },
    { text: ' three.', startMs: 300, endMs: 600 },
  ])
})

it('speaks in the format it is asked for', async () => {
  if (!first) return assert.unreachable()
  const frames = await all<AudioFrame>(sayingFrom(first, 0, { sampleRate: 48_000, channels: 2 }).audio)
  assert.is(
    frames.reduce((sum, frame) => sum + frame.samplesPerChannel, 0),
    48_000,
  )
  for (const frame of frames)
    assert.equal([frame.sampleRate, frame.channels, frame.data.length], [48_000, 2, frame.samplesPerChannel * 2])
})

it('makes audio only as it is asked for, and never hands out its own samples', async () => {
  if (!first) return assert.unreachable()
  const before = [...first.data]
  for await (const { data } of sayingFrom(first, 0, format).audio) {
    data.fill(0)
    break
  }
  assert.equal([...first.data], before)
})

it.run()
