// deadline: 120 s
/** What a caller said before the agent came, on a real server: a byte stream, as LiveKit's clients send it, ahead of the live track. */

import { readFileSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { joined } from '../../src/audio/frame.ts'
import { realClock } from '../../src/clock.ts'
import { createOpus } from '../../src/codec/opus.ts'
import type { RoomOptions } from '../../src/options.ts'
import type { Caller } from './caller.ts'
import { flowOf } from './ear.ts'
import { type Mic, micRate } from './mic.ts'
import { type Agent, type Stage, suiteOnServer } from './stage.ts'
import { isTone, sweep } from './sweep.ts'
import { pass } from './watch.ts'

const it = await suiteOnServer('e2e preconnect')

const TOPIC = 'lk.agent.pre-connect-audio-buffer'
/** Clients send in chunks of this many bytes. */
const CHUNK = 15_000

type Sending = { bytes: Uint8Array; attributes: Record<string, string>; mimeType?: string; pauseMs?: number }
const send = async ({ room }: Caller, { bytes, attributes, mimeType = 'application/octet-stream', pauseMs = 0 }: Sending) => {
  const writer = await room.localParticipant?.streamBytes({ topic: TOPIC, attributes, mimeType })
  for (let at = 0; at < bytes.length; at += CHUNK) {
    await writer?.write(bytes.slice(at, at + CHUNK))
    await pass(pauseMs)
  }
  await writer?.close()
}
const pcm = (data: Int16Array): Uint8Array => new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
const about = (mic: Mic) => ({ trackId: mic.sid, sampleRate: String(micRate), channels: '1' })

/** The agent is there and reads; the caller has a microphone of which something was recorded before. */
const scene = async (stage: Stage, options: RoomOptions = {}): Promise<{ agent: Agent; caller: Caller; mic: Mic }> => {
  const [agent, caller] = await Promise.all([stage.agent(options), stage.caller()])
  void agent.listen()
  return { agent, caller, mic: await caller.publish({ preconnect: true }) }
}

/** What a busy machine may take from a live track in one go, in ms. */
const LATE = 300

/** The first 2 s of a sweep came in the stream, sample for sample; the other 2 s in the track. */
const isWhole = ({ ear, frames, room }: Agent) => {
  const places = ear.places()
  const before = flowOf(places.slice(0, 200))
  assert.ok(before.first < 60 && before.last > 1_940, `the stream is heard from ${before.first} to ${before.last} of 2 000 ms`)
  assert.ok(before.skipped < 20 && before.repeated < 20, `in the stream: ${JSON.stringify(before)}`)
  const live = flowOf(places.slice(202))
  assert.ok(
    live.first > 1_950 && live.first < 2_500 && live.last > 3_800,
    `the track is heard from ${live.first} to ${live.last}`,
  )
  // A track that has just begun may stall and skip until its jitter buffer knows its delay; what was held back and lost would be far more.
  assert.ok(live.skipped < LATE && live.repeated < LATE, `in the track: ${JSON.stringify(live)}`)
  assert.equal([...frames], [1_200])
  assert.is(room.counters.overlap, 0)
}
const heardToEnd = async ({ ear }: Agent) => {
  await ear.sound()
  await ear.silence(500)
}

it('comes first, all of it, and then the live track (PRE-1, PRE-4, PRE-8)', async stage => {
  const { agent, caller, mic } = await scene(stage)
  const said = sweep(4_000, micRate)
  await send(caller, { bytes: pcm(said.slice(0, 2 * micRate)), attributes: about(mic) })
  await mic.speak(said.subarray(2 * micRate))
  await heardToEnd(agent)
  isWhole(agent)
})

it('comes first also if it is sent while they speak on: the live track is held back, not lost (PRE-4, PRE-7)', async stage => {
  const { agent, caller, mic } = await scene(stage)
  const said = sweep(4_000, micRate)
  // A track that was just published is not carried yet: what is spoken in its first moments nobody can hear.
  const speaking = mic.speak(joined([new Int16Array(micRate / 2), said.subarray(2 * micRate)]))
  await pass(1_100)
  assert.is(agent.ear.pieces.length, 0, 'nothing before the stream')
  // In pieces with time between them: what has come is passed on at once.
  await send(caller, { bytes: pcm(said.slice(0, 2 * micRate)), attributes: about(mic), pauseMs: 40 })
  await speaking
  await heardToEnd(agent)
  isWhole(agent)
})

it('is not waited for after its time: the live track starts, with one warning (PRE-5)', async stage => {
  const { agent, mic } = await scene(stage, { audioInput: { preConnectAudioTimeoutMs: 1_000 } })
  const speaking = mic.speak(sweep(2_500, micRate))
  await agent.watch.until('there is a warning', () => agent.logged.some(({ code }) => code === 'preconnect.missing'))
  await speaking
  await heardToEnd(agent)
  const flow = flowOf(agent.ear.places())
  // A track that was just published is not carried yet; what was not held back would be missing from the first 1 000 ms.
  assert.ok(flow.first < 600 && flow.last > 2_200, `held back, and not lost: from ${flow.first} to ${flow.last} of 2 500 ms`)
  assert.is(agent.logged.filter(({ code }) => code.startsWith('preconnect.')).length, 1)
})

const opus = { ogg: 'audio/ogg; codecs=opus', webm: 'audio/webm;codecs=opus' }
for (const [name, mimeType] of Object.entries(opus))
  it(`is heard as ${name} too, as browsers record it (PRE-2, PRE-10)`, async stage => {
    const bytes = readFileSync(`test/fixtures/speech.${name}`)
    const { agent, caller, mic } = await scene(stage)
    await send(caller, { bytes, attributes: { trackId: mic.sid }, mimeType })
    mic.hum(1_320)
    const expected = await decoded(bytes)
    const whole = () => agent.ear.pieces.length * 240 > expected.length + 12_000
    await agent.watch.until('the recording and some of the live track are heard', whole)
    const likeness = likenessOf(agent.ear.samples(), expected)
    assert.ok(likeness > 0.97, `what is heard first is the recording: likeness ${likeness}`)
    await agent.watch.until('and then the live track', () => isTone(agent.ear.samples(), 1_320))
  })

/** All of a recording, at the rate of the ear. */
const decoded = async (bytes: Uint8Array): Promise<Int16Array> => {
  const whole = async function* () {
    yield bytes
  }
  const frames = []
  const decoder = createOpus({ clock: realClock(), sampleRate: 24_000 })
  for await (const { data } of decoder.decode(whole(), new AbortController().signal)) frames.push(data)
  return joined(frames)
}
/** How alike the beginning of `heard` is to `expected`: 1 is the same. A resampler may be off by some samples. */
const likenessOf = (heard: Int16Array, expected: Int16Array): number => {
  const power = (data: Int16Array) => data.reduce((sum, x) => sum + x * x, 0)
  const at = (shift: number): number => {
    const part = heard.slice(shift, shift + expected.length)
    return part.reduce((sum, x, n) => sum + x * (expected[n] ?? 0), 0) / Math.sqrt(power(part) * power(expected))
  }
  return Math.max(...Array.from({ length: 48 }, (_, shift) => at(shift)))
}

it.run()
