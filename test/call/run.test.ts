import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { frameOf } from '../../src/audio/frame.ts'
import { filesOf } from '../../src/call/call.ts'
import { bundledCaller } from '../../src/call/caller.ts'
import { mindFor } from '../../src/call/minds.ts'
import { overheard } from '../../src/call/overheard.ts'
import { isCut } from '../../src/call/record.ts'
import { type Call, callOn } from '../../src/call/run.ts'
import type { News, Screen } from '../../src/call/screen.ts'
import { realClock } from '../../src/clock.ts'
import { createOpus } from '../../src/codec/opus.ts'
import { codeOf } from '../../src/errors.ts'
import { hashOf } from '../../src/journal.ts'
import type { Mind } from '../../src/mind.ts'
import type { Log } from '../../src/ports.ts'

const it = suite('run')
const assets = pathToFileURL(resolve('assets/')).href.concat('/')
const { signal } = new AbortController()

const hands = () => {
  const told: News[] = []
  const codes: string[] = []
  const screen: Screen = { tell: news => void told.push(news), progress: () => {}, close: () => {} }
  const log: Log = (level, code) => {
    if (level === 'warn' || level === 'error') codes.push(code)
  }
  return { told, codes, hands: { screen, log, signal } }
}
const silence = new Int16Array(24_000)
const calling = (mind: Mind, audio = silence): Call => ({ audio, mind: () => mind, seed: 1, realtime: false })
/** Says `ms` of a tone, and is then quiet until the end. */
const sayer = (ms: number): Mind => ({
  start: async ({ say, format }, over) => {
    const tone = Int16Array.from({ length: (format.output.sampleRate * ms) / 1000 }, (_, i) => 9000 * Math.sin(i / 7))
    const audio = async function* audio() {
      yield frameOf(tone, format.output)
    }
    say({ audio: audio() })
    await new Promise<void>(done => over.addEventListener('abort', () => done(), { once: true }))
  },
})
const rejected = async (work: Promise<unknown>): Promise<{ code: string | undefined; message: string }> => {
  try {
    await work
  } catch (error) {
    return { code: codeOf(error), message: error instanceof Error ? error.message : String(error) }
  }
  throw new Error('it was not rejected')
}

it('hangs up when the agent has been quiet for a while, and keeps all that was heard', async () => {
  const { record } = await callOn(calling(sayer(2000)), hands().hands)
  assert.ok(record.durationMs > 6000 && record.durationMs < 9000, `${record.durationMs} ms`)
  const { caller, agent } = record.voices
  assert.is(caller.samples.length, agent.samples.length)
  assert.is(agent.samples.length, (record.durationMs * 24_000) / 1000)
  assert.is(record.utterances.length, 1)
  assert.is(record.utterances[0]?.heardMs, 2000)
  const loud = agent.samples.reduce((sum, sample) => sum + (Math.abs(sample) > 300 ? 1 : 0), 0)
  assert.ok(Math.abs(loud / 24 - 2000) < 60, `${loud / 24} ms sound`)
})

it('fails with one line when the mind throws, twice', async () => {
  const { hands: given, codes } = hands()
  const { code, message } = await rejected(callOn(calling({ start: () => Promise.reject(new Error('out of ideas')) }), given))
  assert.is(code, 'ERR_CALL')
  assert.match(message, /^the call broke off: out of ideas$/)
  assert.ok(codes.includes('actor.failed'))
})

it('ends at once when it is stopped', async () => {
  const stop = new AbortController()
  const { hands: given } = hands()
  const call = callOn({ ...calling(sayer(60_000)), realtime: true }, { ...given, signal: stop.signal })
  stop.abort(new Error('stopped'))
  const since = performance.now()
  assert.is((await rejected(call)).message, 'stopped')
  assert.ok(performance.now() - since < 3000, 'it ended at once')
})

/** Made once for all tests that only look at it. */
let made: ReturnType<typeof bundledCall> | undefined
const oneCall = () => {
  made ??= bundledCall()
  return made
}
const bundledCall = async () => {
  const opus = createOpus({ clock: realClock() })
  const { hands: given, told, codes } = hands()
  const caller = await bundledCaller(new URL(assets), opus, signal)
  const mind = await mindFor(
    { mind: 'docent', assets: new URL(assets), opus, minSpeechMs: 200, log: given.log, signal },
    caller.hearing,
  )
  const call = { audio: caller.data, seed: 1, realtime: false }
  const called = await callOn({ ...call, mind: (clock, hear) => mind(hearing => overheard(hearing, clock, hear)) }, given)
  return { called, told, codes, files: filesOf(called) }
}

it('lets the bundled caller interrupt the docent, who goes on from the word that was heard last', async () => {
  const { called, told, codes } = await oneCall()
  const { words, utterances } = called.record
  assert.equal(codes, [])
  assert.is(words.filter(({ speaker }) => speaker === 'caller').length, 22)
  const cuts = utterances.filter(isCut)
  assert.is(cuts.length, 2)
  for (const cut of cuts) {
    const lastWord = (cut.spoken ?? '').trim().split(' ').at(-1)
    const after = utterances.filter(({ startMs }) => startMs > cut.endMs)
    const [joint, next] = after
    assert.ok(joint?.spoken?.match(/./), 'a line that joins')
    assert.is(next?.spoken?.trim().split(' ')[0], lastWord)
    const speaking = words.find(word => word.speaker === 'caller' && word.startMs < cut.endMs && cut.endMs - word.startMs < 1200)
    assert.ok(speaking, 'the caller spoke when the agent was cut')
  }
  assert.ok(told.some(news => news.type === 'remark' && news.text === 'the agent was interrupted'))
})

it('is silent at once, and without a click, when it is interrupted', async () => {
  const { called } = await oneCall()
  const { samples } = called.record.voices.agent
  for (const { endMs } of called.record.utterances.filter(isCut)) {
    const end = Math.round(endMs * 24)
    const after = samples.slice(end + 24 * 15, end + 24 * 1000) // 15 ms: the fade, and its rounding to whole blocks
    assert.is(
      after.some(sample => sample !== 0),
      false,
    )
    const bend = (from: number, to: number) => {
      let most = 0
      for (let i = from; i < to; i++)
        most = Math.max(most, Math.abs((samples[i - 1] ?? 0) - 2 * (samples[i] ?? 0) + (samples[i + 1] ?? 0)))
      return most
    }
    assert.ok(bend(end - 240, end + 480) <= 1.5 * bend(end - 24 * 500, end), 'a click at the cut')
  }
})

it('gives the same files, byte for byte, and under 400 KB of picture', async () => {
  const [one, two] = [(await oneCall()).files, (await bundledCall()).files]
  const hashes = (files: typeof one) =>
    Object.entries(files).map(([name, content]) => [name, hashOf(typeof content === 'string' ? Buffer.from(content) : content)])
  assert.equal(hashes(one), hashes(two))
  assert.ok(String(one['timeline.svg']).length < 400_000)
})

it.run()
