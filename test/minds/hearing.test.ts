import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type AudioFrame, frameOf, samplesOf } from '../../src/audio/frame.ts'
import type { Recording } from '../../src/codec/wav.ts'
import { speechHearing, speechText, vttHearing } from '../../src/minds/hearing.ts'
import type { Hearing } from '../../src/minds/senses.ts'
import { loudness, sounding } from './conversation.ts'

const it = suite('hearing')
const format = { sampleRate: 8000, channels: 1 }
const signal = new AbortController().signal

/** What a hearing says to a recording, with how much of it had been given by then. */
const heard = async (hearing: Hearing, { data, ...format }: Recording, frameMs = 50) => {
  let givenMs = 0
  async function* frames(): AsyncGenerator<AudioFrame> {
    const size = samplesOf(frameMs, format.sampleRate) * format.channels
    for (let at = 0; at < data.length; at += size) {
      givenMs += frameMs
      yield frameOf(data.subarray(at, at + size), format)
    }
  }
  const words = []
  for await (const { text, final, endMs } of hearing.words(frames(), signal)) words.push({ text, final, endMs, givenMs })
  return words
}

it('gives each word of the transcript once its end was heard, and closes each cue', async () => {
  const vtt =
    'WEBVTT\n\n00:00.100 --> 00:01.000\n<00:00.100>One <00:00.420>two.\n\n00:01.020 --> 00:01.100\nThree.\n\n00:05.000 --> 00:06.000\nNever'
  assert.equal(await heard(vttHearing(vtt), sounding(format, 2000)), [
    { text: 'One', final: false, endMs: 420, givenMs: 450 },
    { text: ' two.', final: true, endMs: 1000, givenMs: 1000 },
    { text: 'Three.', final: true, endMs: 1100, givenMs: 1100 },
  ])
})

it('begins anew for every stream', async () => {
  const hearing = vttHearing('WEBVTT\n\n00:00.100 --> 00:00.200\nAgain')
  for (let i = 0; i < 2; i++) assert.is((await heard(hearing, sounding(format, 300))).length, 1)
})

it('refuses what is no WebVTT', () => {
  assert.throws(() => vttHearing('hello'), /not a WebVTT file/)
})

it('says how long the caller spoke where there are no words', async () => {
  const activity = loudness()
  const words = await heard(speechHearing(activity), sounding(format, 4000, [500, 2800], [3600, 3700]))
  assert.equal(
    words.map(({ text, final }) => ({ text, final })),
    [{ text: '[speech 2.3 s]', final: true }],
  )
  assert.is(activity.opened, 0)
  assert.is(speechText(960), '[speech 1.0 s]')
})

it.run()
