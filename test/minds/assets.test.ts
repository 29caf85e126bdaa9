import { readFile, stat } from 'node:fs/promises'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createOpus } from '../../src/codec/opus.ts'
import { parseVtt } from '../../src/codec/vtt.ts'
import { loadCaller, loadVoice } from '../../src/minds/assets.ts'
import { docent } from '../../src/minds/docent.ts'
import { vttHearing } from '../../src/minds/hearing.ts'
import { voiceActivity } from '../../src/minds/vad.ts'
import { lengthOf } from '../../src/minds/voice.ts'
import { virtualClock } from '../../src/virtual.ts'
import { type Said, stage } from './conversation.ts'

const it = suite('assets')
const folder = new URL('../../assets/', import.meta.url)
const format = { sampleRate: 24_000, channels: 1 }

/** Loaded once, before any time runs; nobody changes it. */
const load = async () => {
  const opus = createOpus({ clock: virtualClock(), sampleRate: 24_000 })
  const [voice, caller, activity] = await Promise.all([
    loadVoice(folder, opus, signal),
    loadCaller(folder, opus, signal),
    voiceActivity(),
  ])
  return { voice, caller, activity }
}
const { signal } = new AbortController()
const loaded = load()
const call = async () => {
  const { voice, caller, activity } = await loaded
  const clock = virtualClock()
  const on = stage({ clock, caller: caller.recording, output: format })
  await clock.runUntil(docent({ voice, activity, hearing: vttHearing(caller.vtt) }).start(on.conversation, signal), 120_000)
  return { on, clock, voice }
}
const rms = (data: Int16Array) => Math.sqrt(data.reduce((sum, value) => sum + value * value, 0) / Math.max(1, data.length))
const textOf = ({ words }: Said) => words.map(({ text }) => text).join('')

it('keeps the recordings small', async () => {
  const sizes = await Promise.all(['docent', 'caller'].map(async name => (await stat(new URL(`${name}.opus`, folder))).size))
  assert.ok(
    sizes.every(size => size < 200_000),
    sizes.join(' '),
  )
})

it('has all lines of the docent, each as long as its words say, with sound in every word and none before', async () => {
  const { voice } = await loaded
  assert.equal(
    [...voice.keys()].filter(id => !/^(tour|again)-\d$/.test(id)),
    ['hello', 'end', 'bye'],
  )
  const ms = (count: number) => (count * format.sampleRate) / 1000
  for (const line of voice.values()) {
    assert.is(line.words.at(-1)?.endMs, lengthOf(line), line.id)
    for (const { text, startMs, endMs } of line.words) {
      const word = `${line.id}: ${text} at ${startMs} ms`
      const loud = rms(line.data.subarray(ms(startMs), ms(endMs)))
      const before = rms(line.data.subarray(ms(Math.max(0, startMs - 8)), ms(startMs)))
      assert.ok(loud > 500 && before < loud / 4, `${word}: ${before} before ${loud}`)
      // An affricate begins with a closure that is not heard.
      const first = line.data.subarray(ms(startMs), ms(startMs + 90))
      assert.ok(rms(first) > 50, `${word} is late`)
    }
  }
})

it('has the words of the caller where they are said, to the detector too', async () => {
  const { caller, activity } = await loaded
  const detector = await activity.open(signal)
  const cues = parseVtt(caller.vtt)
  const within = (ms: number) => cues.some(({ startMs, endMs }) => ms >= startMs - 100 && ms <= endMs + 300)
  const { data } = caller.recording
  for (let ms = 0; ms + 20 <= data.length / 24; ms += 20) {
    const block = Int16Array.from({ length: 320 }, (_, i) => data[ms * 24 + Math.round(i * 1.5)] ?? 0)
    assert.ok(!detector.isSpeech(block) || within(ms), `speech at ${ms} ms`)
  }
  detector.close()
})

it('makes a call of about a minute, interrupted twice in mid-sentence', async () => {
  const { on, clock, voice } = await call()
  assert.ok(clock.now() > 55_000 && clock.now() < 70_000, `${clock.now()} ms`)
  const cut = on.said.filter(({ played }) => played.outcome === 'interrupted')
  assert.is(cut.length, 2)
  for (const { data, played } of cut) {
    const share = played.heard / data.length
    assert.ok(share > 0.3 && share < 0.8, `cut after ${Math.round(share * 100)} %`) // room for a path that is slower or faster
  }
  const rest = on.said.flatMap((said, i) => (on.said[i - 2]?.played.outcome === 'interrupted' ? [said] : []))
  assert.equal(rest.map(textOf), [
    'counts, to the sample, how much you have heard.',
    'later it goes on from the last word that you heard.',
  ])
  assert.is(new Set(on.said.filter(({ words }) => words.length > 0).map(textOf)).size, on.said.length)
  assert.is(on.said.length, [...voice.keys()].filter(id => !id.startsWith('again')).length + 2 + 2)
  const heard = on.entries.flatMap(entry => (entry.type === 'heard' && entry.final ? [entry.text] : []))
  assert.equal(
    heard,
    parseVtt(await readFile(new URL('caller.vtt', folder), 'utf8')).map(({ text }) => text),
  )
})

it('makes the same call twice', async () => {
  const [one, two] = [await call(), await call()]
  assert.equal(one.on.entries, two.on.entries)
})

it('says what is missing', async () => {
  await loadVoice(new URL('nowhere/', folder), createOpus({ clock: virtualClock() }), signal).then(
    () => assert.unreachable(),
    (error: unknown) => assert.match(String(error), /ENOENT/),
  )
})

it.run()
