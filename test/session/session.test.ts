/** What a session hears with and speaks with: its calls, its counts, its events and their units. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type AudioFrame, frameOf } from '../../src/audio/frame.ts'
import { codeOf } from '../../src/errors.ts'
import { type AudioOutput, RoomIO, type RoomOptions, type TextOutput } from '../../src/room-io.ts'
import { format, newCall, outcomeOf, perMs, samples } from '../fakes/call.ts'
import { FakeSession } from '../fakes/session.ts'

const it = suite('session')

const frame = (ms: number): AudioFrame => frameOf(samples(ms), format)
/** Captures it in frames of 100 ms, as a session does. */
const speak = async (output: AudioOutput, ms: number) => {
  for (let done = 0; done < ms; done += 100) await output.captureFrame(frame(Math.min(100, ms - done)))
}
const write = async (output: TextOutput, ...pieces: Parameters<TextOutput['captureText']>[0][]) => {
  for (const piece of pieces) await output.captureText(piece)
}
/** `word0 word1 …`, 200 ms each, with their times in seconds. */
const timed = (count: number) =>
  Array.from({ length: count }, (_, n) => ({ text: `${n ? ' ' : ''}word${n}`, startTime: n / 5, endTime: (n + 1) / 5 }))

const begin = async ({ options, epochMs = 0 }: { options?: RoomOptions; epochMs?: number } = {}) => {
  const call = newCall()
  const session = new FakeSession()
  const io = new RoomIO(session, { ...call.world, epochMs }, options)
  io.start()
  await call.clock.advance(300)
  const events: unknown[][] = []
  const { audioOutput: voice, transcriptionOutput: text, audioInput: ears } = io
  for (const name of ['playbackStarted', 'playbackProgressed', 'playbackFinished'])
    voice?.on(name, event => events.push([name, event]))
  const finals = () => events.flatMap(([name, event]) => (name === 'playbackFinished' ? [event] : []))
  const counts = () => [voice?.capturedPlayoutSegments, voice?.pendingPlayoutSegments]
  const close = () => call.clock.runUntil(io.close())
  if (!voice || !text || !ears) throw new Error('a part is missing')
  return { ...call, io, session, voice, text, ears, events, finals, counts, close }
}

it('plays what is captured, and tells it in the units of a session: epoch ms, ms, seconds (SESS-1)', async () => {
  const { clock, voice, text, events, counts, close } = await begin({ epochMs: 1_000_000 })
  await write(text, ...timed(2))
  text.flush()
  assert.equal([voice.sampleRate, voice.canPause, counts()], [24_000, true, [0, 0]])
  await clock.runUntil(speak(voice, 400))
  assert.equal(counts(), [1, 1])
  voice.flush()
  const from = clock.now()
  const end = await clock.runUntil(voice.waitForPlayout())
  assert.equal(counts(), [1, 0])
  assert.equal(end, { playbackPosition: 0.4, interrupted: false, synchronizedTranscript: 'word0 word1' })
  assert.equal(
    events.map(([name]) => name),
    ['playbackStarted', 'playbackProgressed', 'playbackFinished'],
  )
  const [started, progressed, finished] = events.map(([, event]) => event as Record<string, number>)
  assert.ok(started?.createdAt !== undefined && Math.abs(started.createdAt - 1_000_000 - from) <= 20)
  assert.equal([progressed?.offset, progressed?.duration, progressed?.startedAt], [0, 400, started?.createdAt])
  assert.equal(finished, end)
  await close()
})

it('puts right a history that has all of a reply that was interrupted, and leaves any other as it is (SYNC-5)', async () => {
  const { clock, session, voice, text, close } = await begin()
  const whole = 'word0 word1 word2 word3'
  const item = (content: unknown[], interrupted = true) => ({ role: 'assistant', content, interrupted })
  const added = (one: object) => {
    session.emit('conversation_item_added', { item: one })
    return one
  }
  assert.equal(added(item([whole])), item([whole]), 'nothing was said yet')
  await write(text, ...timed(4))
  text.flush()
  await clock.runUntil(speak(voice, 800))
  voice.flush()
  await clock.advance(350)
  voice.clearBuffer()
  const { synchronizedTranscript: spoken } = await clock.runUntil(voice.waitForPlayout())
  assert.is(spoken, 'word0 word1')
  assert.equal(added(item([whole])), item(['word0 word1']))
  for (const other of [
    item([whole], false),
    item([`${whole}.`]),
    item(['another text of so many']),
    item([whole, 'more']),
    item([]),
  ])
    assert.equal(added(other), other)
  for (const nothing of [undefined, null, {}, { item: 7 }]) session.emit('conversation_item_added', nothing)
  await close()
  const after = item([whole])
  session.emit('conversation_item_added', { item: after })
  assert.equal(after.content, [whole])
})

it('counts a segment by the time its first frame was taken, and never less (SESS-1)', async () => {
  const { clock, voice, counts, close } = await begin()
  const capturing = voice.captureFrame(frame(100))
  assert.equal(counts(), [1, 1])
  await capturing
  voice.flush()
  await voice.captureFrame(frame(100))
  assert.equal(counts(), [2, 2])
  voice.clearBuffer()
  await clock.settle()
  assert.equal(counts(), [2, 0])
  await close()
  assert.equal(counts(), [2, 0])
})

it('tells at once after a clearing what was heard and said of it (SESS-2, SESS-4)', async () => {
  const { clock, voice, text, finals, close } = await begin()
  await write(text, ...timed(10))
  await clock.runUntil(speak(voice, 2_000))
  await clock.advance(450)
  voice.clearBuffer()
  const { value } = await outcomeOf(clock, voice.waitForPlayout())
  assert.ok(value?.interrupted)
  assert.ok(Math.abs((value?.playbackPosition ?? 0) - 0.46) < 0.03, `${value?.playbackPosition}`)
  assert.is(value?.synchronizedTranscript, 'word0 word1')
  assert.equal(finals(), [value])
  await write(text, ' late') // of the dead turn, until its flush
  text.flush()
  await write(text, 'Next.')
  text.flush()
  await clock.runUntil(speak(voice, 200))
  voice.flush()
  const next = await clock.runUntil(voice.waitForPlayout())
  assert.equal(next, { playbackPosition: 0.2, interrupted: false, synchronizedTranscript: 'Next.' })
  await close()
})

it('reports every reply with its own text, also after interruptions (SESS-3)', async () => {
  const { clock, voice, text, finals, close } = await begin()
  for (const n of [0, 1, 2, 3, 4, 5]) {
    await write(text, { text: `reply${n}`, startTime: 0, endTime: 0.1 })
    await clock.runUntil(speak(voice, 300))
    await clock.advance(200)
    if (n % 2) voice.clearBuffer()
    text.flush() // late, where it was cleared
    voice.flush()
    await clock.runUntil(voice.waitForPlayout())
  }
  assert.equal(
    finals().map(end => (end as { synchronizedTranscript?: string }).synchronizedTranscript),
    ['reply0', 'reply1', 'reply2', 'reply3', 'reply4', 'reply5'],
  )
  await close()
})

it('lets nobody wait for ever, and counts on, when a listener of the session throws (ROOM-17, SESS-1)', async () => {
  const { clock, voice, counts, codes, close } = await begin()
  for (const name of ['playbackStarted', 'playbackProgressed', 'playbackFinished'])
    voice.on(name, () => {
      throw new Error('not now')
    })
  await clock.runUntil(speak(voice, 200))
  voice.flush()
  const end = await clock.runUntil(voice.waitForPlayout())
  assert.equal([end, counts()], [{ playbackPosition: 0.2, interrupted: false }, [1, 0]])
  await clock.settle()
  assert.equal(codes(), ['listener.failed', 'listener.failed', 'listener.failed'])
  for (const n of [1, 2]) {
    await voice.captureFrame(frame(n * 100))
    voice.flush()
  }
  voice.clearBuffer()
  await clock.settle()
  assert.equal(counts(), [3, 0])
  await close()
})

it('ends an input that is closed before anything was read', async () => {
  const { ears, close } = await begin()
  await ears.close()
  assert.equal(await ears.stream.getReader().read(), { done: true, value: undefined })
  await close()
})

it('takes replies one after the other without waiting for their ends (SESS-3)', async () => {
  const { clock, voice, text, finals, close } = await begin()
  for (const n of [1, 2, 3]) {
    await write(text, `reply ${n}`)
    text.flush()
  }
  for (const n of [1, 2, 3]) {
    await clock.runUntil(speak(voice, n * 100))
    voice.flush()
  }
  await clock.runUntil(voice.waitForPlayout())
  assert.equal(
    finals(),
    [1, 2, 3].map(n => ({ playbackPosition: n / 10, interrupted: false, synchronizedTranscript: `reply ${n}` })),
  )
  await close()
})

it('shows text that has no audio at once, and counts no segment of it (SESS-3, SYNC-11)', async () => {
  const { clock, caller, voice, text, events, counts, close } = await begin()
  const shown = caller.collect('lk.transcription')
  await write(text, 'Only ', 'written.')
  text.flush()
  voice.flush()
  await clock.advance(100)
  assert.equal(
    shown.map(({ text: whole }) => whole),
    ['Only written.'],
  )
  assert.equal([events, counts()], [[], [0, 0]])
  await close()
})

it('ends a reply of audio alone without waiting for text', async () => {
  const { clock, voice, codes, close } = await begin()
  await clock.runUntil(speak(voice, 200))
  voice.flush()
  const from = clock.now()
  assert.equal(await clock.runUntil(voice.waitForPlayout()), { playbackPosition: 0.2, interrupted: false })
  assert.ok(clock.now() - from < 400)
  assert.equal(codes(), [])
  await close()
})

it('resolves without anything ever captured, and with nothing left of what a flush or a clearing has nothing for', async () => {
  const { clock, voice, text, events, close } = await begin()
  for (const act of [() => voice.flush(), () => text.flush(), () => voice.clearBuffer(), () => voice.abandonOpenSegment()]) act()
  const { value } = await outcomeOf(clock, voice.waitForPlayout())
  assert.equal([value, events], [{ playbackPosition: 0, interrupted: false }, []])
  await close()
})

it('pauses at once and goes on with the very next sample', async () => {
  const { clock, caller, voice, close } = await begin()
  const ear = caller.hears('agent')
  await clock.runUntil(speak(voice, 600))
  voice.flush()
  await clock.advance(200)
  voice.pause()
  const wait = await outcomeOf(clock, voice.waitForPlayout())
  await clock.advance(5_000)
  assert.equal(wait, {})
  voice.resume()
  await clock.advance(1_000)
  assert.equal(wait.value, { playbackPosition: 0.6, interrupted: false })
  assert.ok(ear)
  await close()
})

it('abandons the turn that has had no flush, and reports it as interrupted (SESS-2)', async () => {
  const { clock, voice, finals, close } = await begin()
  await clock.runUntil(speak(voice, 100))
  voice.flush()
  await clock.runUntil(speak(voice, 400))
  voice.abandonOpenSegment()
  await clock.advance(1_000)
  assert.equal(
    finals(),
    [
      { playbackPosition: 0.1, interrupted: false },
      { playbackPosition: 0, interrupted: true },
    ].reverse(),
  )
  await clock.runUntil(speak(voice, 200)) // again
  voice.abandonOpenSegment()
  await clock.runUntil(speak(voice, 200))
  voice.flush()
  assert.equal(await clock.runUntil(voice.waitForPlayout()), { playbackPosition: 0.2, interrupted: false })
  await close()
})

it('refuses a frame of another format, and what is no text, and counts nothing (SESS-5)', async () => {
  const { clock, voice, text, counts, close } = await begin()
  const wrong = [
    frameOf(new Int16Array(160), { sampleRate: 16_000, channels: 1 }),
    frameOf(new Int16Array(480), { sampleRate: 24_000, channels: 2 }),
    { ...frame(10), samplesPerChannel: 7 },
    undefined as never,
  ]
  for (const bad of wrong) assert.instance((await outcomeOf(clock, voice.captureFrame(bad))).error, TypeError)
  for (const bad of [7, null, {}, { text: 7 }])
    assert.instance((await outcomeOf(clock, text.captureText(bad as never))).error, TypeError)
  assert.equal(counts(), [0, 0])
  await clock.runUntil(speak(voice, 100))
  voice.flush()
  assert.equal(await clock.runUntil(voice.waitForPlayout()), { playbackPosition: 0.1, interrupted: false })
  await close()
})

it('lets go of whoever waits when it closes, and has no effect after (ROOM-12)', async () => {
  const { clock, io, voice, text, ears, finals, counts } = await begin({ options: { audioOutput: { maxPendingMs: 500 } } })
  const reading = outcomeOf(clock, ears.stream.getReader().read())
  const captures = Array.from({ length: 20 }, () => outcomeOf(clock, voice.captureFrame(frame(100))))
  const wait = outcomeOf(clock, voice.waitForPlayout())
  await clock.runUntil(io.close())
  for (const capture of captures) assert.ok('value' in (await capture))
  const { value } = await wait
  assert.ok(value?.interrupted)
  assert.is((await reading).value?.done, true)
  await voice.captureFrame(frame(100))
  await text.captureText('Too late.')
  for (const act of [() => voice.flush(), () => text.flush(), () => voice.clearBuffer(), () => voice.pause()]) act()
  assert.equal([finals().length, counts()], [1, [1, 0]])
})

it('keeps what is captured before the room is joined, and ends it at once if it is cleared (OUT-14, OUT-25)', async () => {
  const call = newCall()
  const io = new RoomIO(new FakeSession(), call.world)
  io.start()
  const { audioOutput: voice, transcriptionOutput: text } = io
  if (!voice || !text) throw new Error('a part is missing')
  void voice.captureFrame(frame(100))
  voice.clearBuffer()
  assert.equal((await outcomeOf(call.clock, voice.waitForPlayout())).value, { playbackPosition: 0, interrupted: true })
  void write(text, 'Kept.')
  void voice.captureFrame(frame(100))
  voice.flush()
  text.flush()
  assert.equal(await call.clock.runUntil(voice.waitForPlayout()), {
    ...{ playbackPosition: 0.1, interrupted: false },
    synchronizedTranscript: 'Kept.',
  })
  await call.clock.runUntil(io.close())
})

const models: [what: string, session: object][] = [
  ['the words are not to be synchronised', {}],
  ['the model keeps the pace itself', { llm: { capabilities: { nativeTranscriptSync: true } } }],
  ['the agent’s own model does', { llm: {}, currentAgent: { llm: { capabilities: { nativeTranscriptSync: true } } } }],
]
for (const [what, members] of models)
  it(`shows text as it comes, under the id of its utterance, and names none at the end where ${what} (SYNC-13, TXT-4)`, async () => {
    const syncTranscription = Object.keys(members).length > 0
    const { clock, caller, voice, text, session, facts, io, close } = await begin({
      options: { textOutput: { syncTranscription } },
    })
    Object.assign(session, members)
    io.chart?.on(fact => facts.push(fact))
    const shown = caller.collect('lk.transcription')
    await write(text, 'Said ', 'soon.')
    text.flush()
    await clock.runUntil(speak(voice, 300))
    voice.flush()
    await clock.advance(20)
    assert.equal(
      shown.map(one => one.text),
      ['Said soon.'],
    )
    assert.equal(await clock.runUntil(voice.waitForPlayout()), { playbackPosition: 0.3, interrupted: false })
    const ended = facts.flatMap(fact => (fact.type === 'utterance.ended' ? [fact.played.id] : []))
    assert.equal(
      shown.map(({ attributes }) => attributes['lk.segment_id']),
      ended,
    )
    await close()
  })

it('looks at the model anew for each turn: an agent may have handed over, and one that does not run has none', async () => {
  const { clock, voice, text, session, close } = await begin()
  let capabilities: object | undefined
  Object.defineProperty(session, 'currentAgent', {
    get: () => {
      if (!capabilities) throw new Error('the session is not running')
      return { llm: { capabilities } }
    },
  })
  const names: (string | undefined)[] = []
  for (const next of [undefined, { nativeTranscriptSync: true }, { nativeTranscriptSync: false }]) {
    capabilities = next
    await write(text, 'Words.')
    text.flush()
    await clock.runUntil(speak(voice, 100))
    voice.flush()
    names.push((await clock.runUntil(voice.waitForPlayout())).synchronizedTranscript)
  }
  assert.equal(names, ['Words.', undefined, 'Words.'])
  await close()
})

it('shows text as it comes while the voice is detached, and speaks without text while that is, and warns once (SYNC-13)', async () => {
  const { clock, caller, voice, text, counts, codes, close } = await begin()
  const shown = caller.collect('lk.transcription')
  voice.onDetached()
  await write(text, 'Not ', 'spoken.')
  text.flush()
  await clock.advance(50)
  voice.onAttached()
  text.onDetached()
  await clock.runUntil(speak(voice, 100))
  voice.flush()
  await clock.runUntil(voice.waitForPlayout())
  text.onAttached()
  assert.equal([shown.map(one => one.text), counts()], [['Not spoken.'], [1, 0]])
  assert.equal(codes(), ['session.unsynchronized'])
  await close()
})

/** A wrapper as `@livekit/agents` chains them: it passes calls on, and counts what its next in chain tells. */
const wrapped = (next: AudioOutput) => {
  const ends: unknown[] = []
  next.on('playbackFinished', end => ends.push(end))
  return {
    ends,
    captureFrame: (one: AudioFrame) => next.captureFrame(one),
    flush: () => next.flush(),
    clearBuffer: () => next.clearBuffer(),
    on: next.on.bind(next),
    waitForPlayout: () => next.waitForPlayout(),
  }
}

it('is the next in chain of a wrapper, and of a wrapper of that (SESS-6)', async () => {
  const { clock, voice, text, close } = await begin()
  const inner = wrapped(voice)
  const outer = wrapped(inner as unknown as AudioOutput)
  for (const n of [1, 2]) {
    await write(text, `reply ${n}`)
    text.flush()
    await outer.captureFrame(frame(200))
    if (n === 1) outer.clearBuffer()
    outer.flush()
  }
  await clock.runUntil(outer.waitForPlayout())
  assert.equal(outer.ends, inner.ends)
  assert.equal(outer.ends.length, 2)
  assert.match(JSON.stringify(outer.ends[1]), /"playbackPosition":0.2,"interrupted":false,"synchronizedTranscript":"reply 2"/)
  await close()
})

it('gives what the caller says to one reader after another, and nothing while detached (MIC-9, MIC-13)', async () => {
  const { clock, caller, ears, close } = await begin()
  const mic = caller.publish()
  await clock.advance(50)
  void mic.speak(samples(1_000))
  const read = async (count: number) => {
    const reader = ears.stream.getReader()
    const frames: AudioFrame[] = []
    while (frames.length < count) {
      const { value } = await reader.read()
      if (value) frames.push(value)
    }
    reader.releaseLock()
    return frames
  }
  const first = await clock.runUntil(read(2))
  const second = await clock.runUntil(read(2))
  const next = (first[1]?.data.at(-1) ?? 0) + 1
  assert.is(first[0]?.samplesPerChannel, 50 * perMs)
  assert.is(second[0]?.data[0], next)
  ears.onDetached()
  await clock.advance(200)
  ears.onAttached()
  const third = await clock.runUntil(read(1))
  assert.ok((third[0]?.data[0] ?? 0) > next + 200 * perMs, `${third[0]?.data[0]}`)
  assert.throws(() => ears.stream.getReader() && ears.stream.getReader(), /locked/)
  await close()
})

it('ends the stream when it is closed, or cancelled', async () => {
  const { clock, ears, close } = await begin()
  const reader = ears.stream.getReader()
  const reading = await outcomeOf(clock, reader.read())
  await ears.close()
  await clock.settle()
  assert.is(reading.value?.done, true)
  assert.is(codeOf(reading.error), undefined)
  await close()
})

const synchronizers: [when: string, options: RoomOptions, taken: boolean, isPaced: boolean][] = [
  ['text and voice are on', {}, false, true],
  ['the voice is off', { audioOutput: false }, false, false],
  ['the session speaks with a voice of its own', {}, true, false],
]
for (const [when, options, taken, isPaced] of synchronizers)
  it(`${isPaced ? 'shows words as they are heard' : 'shows text as it comes'} where ${when} (ROOM-3, PORT-1)`, async () => {
    const call = newCall()
    const session = new FakeSession()
    if (taken) session.output.audio = {}
    const io = new RoomIO(session, call.world, options)
    io.start()
    await call.clock.advance(300)
    const shown = call.caller.collect('lk.transcription')
    void io.transcriptionOutput?.captureText('Shown.')
    io.transcriptionOutput?.flush()
    await call.clock.advance(100)
    assert.equal(
      shown.map(({ text }) => text),
      isPaced ? [] : ['Shown.'],
    )
    await call.clock.runUntil(io.close())
  })

it.run()
