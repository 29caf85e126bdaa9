/** The playout of the 0.x line: one utterance at a time, its handle, its captions, its events. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { AgentPlayout } from '../src/agent-playout.ts'
import { type AudioFrame, frameOf } from '../src/audio/frame.ts'
import { codeOf } from '../src/errors.ts'
import { seededIds } from '../src/ids.ts'
import { createLoopback } from '../src/loopback/index.ts'
import type { Word } from '../src/ports.ts'
import { virtualClock } from '../src/virtual.ts'
import { format, perMs, pieces, samples, sound, stalled, timed } from './fakes/call.ts'
import { noted, scene, watched, whole } from './fakes/playout.ts'

const it = suite('agent playout')

it('gives a handle at once, reads both streams afterwards, and says at the end what was heard (PLAY-1, PLAY-2, PLAY-21)', async () => {
  const { play, pass, told, texts } = scene()
  const audio = watched(sound(1_000))
  const text = watched(timed(5))
  const handle = play('item', { contentIndex: 3, audioStream: audio.iterable, textStream: text.iterable })
  assert.equal([audio.seen.asked, text.seen.asked], [0, 0])
  assert.equal([handle.itemId, handle.contentIndex, handle.audioSamples, handle.textChars], ['item', 3, 0, 0])
  assert.equal([handle.interrupted, handle.done(), handle.outcome, handle.error], [false, false, undefined, undefined])
  await pass(490)
  assert.ok(text.seen.asked > 0)
  assert.is(handle.audioSamples, 490 * perMs)
  assert.is(handle.textChars, 'word0 word1'.length)
  await pass(510)
  assert.ok(handle.done())
  assert.equal(await handle.finished, { outcome: 'finished', audioSamples: 1_000 * perMs, text: whole })
  assert.equal(await handle.join(), await handle.finished)
  assert.equal([handle.outcome, handle.audioSamples, handle.textChars], ['finished', 24_000, whole.length])
  assert.equal(told, ['1 item started', '1000 item stopped'])
  assert.is(texts().at(-1), `${whole} |`)
})

it('cuts audio to 50 ms, sends the rest at its end, and converts what has another format (PLAY-3, PLAY-10)', async () => {
  const { play, pass, device } = scene()
  const blocks: number[] = []
  const write = device.write.bind(device)
  device.write = data => {
    blocks.push(data.length)
    return write(data)
  }
  async function* odd(): AsyncGenerator<AudioFrame> {
    for (let n = 0; n < 9; n++) yield frameOf(new Int16Array(2 * 480).fill(9), { sampleRate: 48_000, channels: 2 }) // 10 ms
    yield frameOf(samples(7), format)
  }
  const handle = play('odd', { audioStream: odd() })
  await pass(1_500)
  assert.is((await handle.finished).audioSamples, 97 * perMs)
  assert.ok(blocks.every(length => length % 240 === 0 && length <= 2_400))
})

it('tells its start when the first sample is heard, once, and its stop after the captions are closed (PLAY-4, PLAY-5, PLAY-7)', async () => {
  const { play, pass, told, playout, clock, shown, forwarder } = scene()
  const closed: boolean[] = []
  const transcriptionFwd = forwarder()
  playout.on('playout_stopped', ({ handle }) => {
    closed.push(transcriptionFwd.closed && handle.done())
    assert.is(handle.textChars, whole.length)
  })
  async function* late(): AsyncGenerator<AudioFrame> {
    await new Promise<void>(resolve => clock.setTimeout(resolve, 300))
    yield* sound(1_000)
  }
  play('a', { audioStream: late(), transcriptionFwd })
  await pass(250)
  assert.equal(told, [])
  assert.equal(shown, []) // FWD-12
  await pass(2_000)
  assert.equal(told, ['301 a started', '1300 a stopped'])
  assert.equal(closed, [true])
})

it('tells nothing of an utterance without a frame, which is done all the same (PLAY-6)', async () => {
  const { play, pass, told, shown } = scene()
  const empty = frameOf(new Int16Array(0), format)
  const handle = play('none', { audioStream: pieces(empty), textStream: pieces('Never heard.') })
  await pass(1)
  assert.equal(await handle.finished, { outcome: 'finished', audioSamples: 0, text: '' })
  assert.equal([told, shown], [[], []])
})

it('passes a pause and a resume through, without an event and without a loss (PLAY-8)', async () => {
  const { play, pass, told, playout } = scene()
  const handle = play('a')
  await pass(300)
  playout.pause()
  const paused = handle.audioSamples
  await pass(5_000)
  assert.is(handle.audioSamples, paused)
  assert.not(handle.done())
  playout.resume()
  await pass(1_000)
  assert.equal([handle.outcome, handle.audioSamples, told.length], ['finished', 24_000, 2])
  playout.pause()
  const next = play('b') // what is played meanwhile waits
  await pass(1_000)
  assert.equal([next.audioSamples, told.length], [0, 2])
  playout.resume()
  await pass(1_100)
  assert.is(next.outcome, 'finished')
})

it('tells the forwarder each frame and each piece, both ends, start, finish and close (PLAY-9, PLAY-10, PLAY-11, PLAY-12)', async () => {
  const { play, pass } = scene()
  const { calls, forwarder } = noted()
  play('a', { transcriptionFwd: forwarder, audioStream: sound(200), textStream: pieces('Hello ', 'you') })
  await pass(300)
  assert.equal([...calls].sort(), [
    'audio 2400',
    'audio 2400',
    'audio end',
    'close',
    'finished',
    'started true',
    'text Hello ',
    'text end',
    'text you',
  ])
  assert.equal(calls.slice(-2), ['finished', 'close'])
  const cut = noted()
  const handle = play('b', { transcriptionFwd: cut.forwarder })
  await pass(100)
  handle.interrupt()
  assert.is(cut.calls.at(-1), 'close')
  assert.not.ok(cut.calls.includes('finished'))
})

it('waits 1 000 ms for text later than its audio, unless it is interrupted (PLAY-13)', async () => {
  const { play, pass, clock, told, texts } = scene()
  async function* late(): AsyncGenerator<string> {
    yield 'Early '
    await new Promise<void>(resolve => clock.setTimeout(resolve, 1_400))
    yield 'and late.'
  }
  const handle = play('a', { textStream: late() })
  await pass(1_300)
  assert.not(handle.done())
  await pass(200)
  assert.equal(await handle.finished, { outcome: 'finished', audioSamples: 24_000, text: 'Early and late.' })
  assert.is(texts().at(-1), 'Early and late. |')
  assert.equal(told, ['1 a started', '1400 a stopped'])
  const waiting = play('b', { textStream: late() })
  await pass(1_200)
  waiting.interrupt()
  assert.equal([waiting.done(), waiting.outcome, waiting.audioSamples], [true, 'interrupted', 24_000])
})

it('is delayed by a text that never comes no longer than that, and its audio not at all (PLAY-13, PLAY-14)', async () => {
  const { play, pass, told } = scene()
  const handle = play('a', { textStream: stalled(pieces<string>()) })
  await pass(1_999)
  assert.equal([handle.done(), handle.audioSamples], [false, 24_000])
  await pass(1)
  assert.is(handle.outcome, 'finished')
  assert.equal(told, ['1 a started', '2000 a stopped'])
  const mute = play('b', { audioStream: stalled(sound(500)) }) // and the reverse
  await pass(3_000)
  assert.equal([mute.done(), mute.audioSamples, mute.textChars], [false, 12_000, 'word0 word1 word2'.length])
  mute.interrupt()
})

it('returns each source once, as soon as it is not needed (PLAY-15, law 11 of playout)', async () => {
  const { play, pass } = scene()
  for (const end of ['finish', 'interrupt', 'at once', 'late'] as const) {
    const audio = watched<AudioFrame>(end === 'finish' || end === 'late' ? sound(200) : stalled(sound(200)))
    const text = watched<string | Word>(end === 'finish' ? timed(1) : stalled(timed(1)))
    const handle = play(end, { audioStream: audio.iterable, textStream: text.iterable })
    if (end !== 'at once') await pass(100)
    if (end === 'interrupt' || end === 'at once') handle.interrupt()
    await pass(1_200)
    assert.ok(handle.done(), end)
    for (const { seen } of [audio, text]) assert.is(seen.returned + seen.ended, 1, end)
  }
})

it('counts samples as integers that never fall, and only its own (PLAY-16, PLAY-17, PLAY-18, PLAY-19)', async () => {
  const { play, pass } = scene()
  const first = play('a', { audioStream: sound(333) })
  const second = play('b', { audioStream: sound(500), when: 'after' })
  let [a, b] = [0, 0]
  for (let n = 0; n < 130; n++) {
    await pass(7)
    assert.ok(Number.isInteger(first.audioSamples) && first.audioSamples >= a && first.audioSamples <= 333 * perMs)
    assert.ok(second.audioSamples >= b && second.audioSamples <= 500 * perMs)
    if (second.audioSamples > 0) assert.is(first.audioSamples, 333 * perMs)
    a = first.audioSamples
    b = second.audioSamples
  }
  assert.equal([a, b], [333 * perMs, 500 * perMs])
  assert.is(Math.floor((1_200 * 1000) / 24_000), 50)
})

it('counts text in code points (PLAY-20)', async () => {
  const { play, pass } = scene()
  const handle = play('a', { textStream: pieces('👋 hi') })
  await pass(1_100)
  assert.is(handle.textChars, 4)
})

it('stops voice and words at once, with numbers that are final when interrupt returns (PLAY-22, PLAY-23, PLAY-24)', async () => {
  const { play, pass, told, texts, clock, device } = scene()
  const handle = play('a')
  await pass(500)
  handle.interrupt()
  const { audioSamples, textChars } = handle
  assert.equal([handle.done(), handle.interrupted, handle.outcome, handle.reason], [true, true, 'interrupted', 'asked'])
  assert.is(audioSamples, 510 * perMs) // and the fade
  assert.is(textChars, 'word0 word1 word2'.length) // its middle is at 500 ms
  assert.is(device.queued(), 240)
  handle.interrupt()
  await pass(2_000)
  assert.equal([handle.audioSamples, handle.textChars], [audioSamples, textChars])
  assert.equal(await handle.finished, { outcome: 'interrupted', audioSamples, text: 'word0 word1 word2', reason: 'asked' })
  assert.equal(told, ['1 a started', '500 a stopped interrupted'])
  assert.is(texts().at(-1), 'word0 word1 word2 |')
  assert.is(clock.timers, 0)
})

it('has said the words whose middle was heard, wherever it is interrupted (law 6 of playout, SYNC-3)', async () => {
  for (let ms = 20; ms < 1_000; ms += 61) {
    const { play, pass } = scene()
    const handle = play('a', { textStream: timed(10, 100) })
    await pass(ms)
    handle.interrupt()
    const { text, audioSamples } = await handle.finished
    const words = text === '' ? 0 : text.split(' ').length
    assert.is(words, Math.floor((audioSamples / perMs + 50) / 100), `${ms}`)
    assert.is(text, Array.from({ length: words }, (_, n) => `word${n}`).join(' '))
  }
})

it('plays into a publication of a room, which others hear, and leaves it open (PLAY-32)', async () => {
  const clock = virtualClock()
  const hub = createLoopback({ clock, ids: seededIds(1) })
  const caller = hub.participant({ identity: 'ann' })
  caller.join()
  const ear = caller.hears('agent')
  const world = hub.world({ identity: 'agent' })
  const { signal } = new AbortController()
  await world.room.join(() => {}, signal)
  const publication = await world.speakers.publish({ ...format, name: 'voice', queueMs: 200 }, signal)
  await clock.advance(10)
  const playout = new AgentPlayout({ audioSource: publication, clock, ids: world.ids, log: world.log })
  const handle = playout.play({
    ...{ itemId: 'a', contentIndex: 0, transcriptionFwd: noted().forwarder },
    ...{ textStream: pieces<string>(), audioStream: sound(300) },
  })
  await clock.advance(500)
  assert.is(handle.outcome, 'finished')
  assert.is(ear.samples().filter(value => value !== 0).length, 300 * perMs)
  await clock.runUntil(playout.close())
  assert.is(publication.sink.free(), 200 * perMs)
  await publication.close()
  await world.room.leave()
})

it('is nothing if it is interrupted before its first frame (PLAY-25)', async () => {
  const { play, pass, told, shown } = scene()
  const handle = play('a')
  handle.interrupt()
  await pass(1_500)
  assert.equal(await handle.finished, { outcome: 'interrupted', audioSamples: 0, text: '', reason: 'asked' })
  assert.equal([told, shown], [[], []])
})

it('lets another one take its place, stopped before that starts (PLAY-26, law 7 of playout)', async () => {
  const { play, pass, told } = scene()
  const first = play('a')
  await pass(200)
  const second = play('b')
  assert.equal([first.done(), first.outcome, first.reason], [true, 'interrupted', 'replaced'])
  await pass(1_100)
  assert.is(second.outcome, 'finished')
  assert.equal(told, ['1 a started', '200 a stopped interrupted', '211 b started', '1210 b stopped'])
})

it('plays what comes after in the order of the calls, without a gap (PLAY-27)', async () => {
  const { play, pass, told } = scene()
  const handles = ['a', 'b', 'c'].map(id => play(id, { audioStream: sound(100), textStream: timed(1, 50), when: 'after' }))
  await pass(400)
  assert.equal(
    handles.map(({ outcome }) => outcome),
    ['finished', 'finished', 'finished'],
  )
  assert.equal(
    told.map(line => line.replace(/^\d+ /, '')),
    ['a started', 'a stopped', 'b started', 'b stopped', 'c started', 'c stopped'],
  )
  assert.is(told.at(-1), '300 c stopped')
})

it('waits for late text no longer than until the next one is heard (PLAY-13, PLAY-27)', async () => {
  const { play, pass, told } = scene()
  const first = play('a', { textStream: stalled(timed(2)) })
  const second = play('b', { when: 'after' })
  await pass(1_010)
  assert.is(first.outcome, 'finished')
  assert.is(second.textChars, 0)
  await pass(1_000)
  assert.is(second.outcome, 'finished')
  assert.equal(told, ['1 a started', '1001 a stopped', '1001 b started', '2000 b stopped'])
})

it('ends all of them at once, so that none starts (PLAY-28)', async () => {
  const { play, pass, told, playout } = scene()
  const handles = ['a', 'b', 'c'].map(id => play(id, { when: 'after' }))
  await pass(100)
  playout.interrupt()
  assert.ok(handles.every(handle => handle.done() && handle.reason === 'asked'))
  await pass(3_000)
  assert.equal(told, ['1 a started', '100 a stopped interrupted'])
})

it('ends everything as closed, leaves nothing behind, and plays no more (PLAY-32)', async () => {
  const { play, pass, told, playout, clock, device, forwarder } = scene()
  const handles = ['a', 'b'].map(id => play(id, { when: 'after' }))
  await pass(100)
  let closed = false
  void playout.close().then(() => {
    closed = true
  })
  assert.ok(handles.every(({ reason, outcome }) => reason === 'closed' && outcome === 'interrupted'))
  await pass(20)
  assert.ok(closed)
  assert.equal([clock.timers, device.free()], [0, 4_800]) // it is not closed
  assert.equal(told, ['1 a started', '100 a stopped interrupted'])
  assert.throws(
    () => play('c', { transcriptionFwd: forwarder() }),
    (error: unknown) => codeOf(error) === 'ERR_CLOSED',
  )
  await playout.close()
})

it('shows no caption of an utterance before its start or after its stop (law 10 of playout)', async () => {
  const { play, pass, playout, room } = scene()
  const lines: string[] = []
  playout.on('playout_started', ({ handle }) => lines.push(`start ${handle.itemId}`))
  playout.on('playout_stopped', ({ handle }) => lines.push(`stop ${handle.itemId}`))
  const publishing = room.publish
  room.publish = transcription => {
    lines.push('caption')
    return publishing(transcription)
  }
  play('a', { textStream: pieces('… Well. ', 'Yes.') })
  await pass(300)
  play('b', { textStream: pieces('… Well. ', 'Yes.') })
  await pass(3_000)
  const at = lines.flatMap((line, index) => (line === 'caption' ? [] : [index]))
  assert.equal(
    at.map(index => lines[index]),
    ['start a', 'stop a', 'start b', 'stop b'],
  )
  assert.equal([at[0], (at[2] ?? 0) - (at[1] ?? 0), at[3]], [0, 1, lines.length - 1])
})

it.run()
