/** The agent's captions by sentence and word, as they are heard. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { frameOf } from '../../src/audio/frame.ts'
import { codeOf } from '../../src/errors.ts'
import { captionRoomOn } from '../../src/outbound/caption-room.ts'
import type { Transcription } from '../../src/outbound/outbox.ts'
import { TtsForwarder, type TtsForwarderOptions } from '../../src/outbound/tts.ts'
import type { Playhead } from '../../src/pipes/prompter.ts'
import type { Word } from '../../src/ports.ts'
import { syllablesPerSecond } from '../../src/text/pace.ts'
import { virtualClock } from '../../src/virtual.ts'
import { format } from '../fakes/call.ts'
import { fakeCaptions } from '../fakes/captions.ts'
import { noise } from '../fakes/sound.ts'
import { fakeTextOut } from '../fakes/text.ts'

const it = suite('tts forwarder')

const scene = (options: Partial<TtsForwarderOptions> = {}) => {
  const clock = virtualClock()
  const captions = fakeCaptions(clock)
  const forwarder = new TtsForwarder({ room: captions.room, participant: 'agent', ...options })
  const audio = (ms: number) => forwarder.pushAudio(frameOf(noise(ms * 24), format))
  const text = (...pieces: (string | Word)[]) => {
    for (const piece of pieces) void forwarder.pushText(piece)
  }
  return { ...captions, clock, forwarder, audio, text, pass: (ms: number) => clock.advance(ms) }
}
/** Where the sound is, as the test says. */
const playheadAt = (clock: Playhead['clock']) => {
  let heard = 0
  const listeners = new Set<() => void>()
  const playhead: Playhead = {
    clock,
    heardMs: () => heard,
    running: () => false,
    changed: listener => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
  const move = (ms: number) => {
    heard = ms
    for (const listener of [...listeners]) listener()
    return clock
  }
  return { playhead, move, listeners }
}
/** Each word 100 ms long. */
const words = (text: string, from = 0): Word[] =>
  (text.match(/\s*\S+/g) ?? []).map((word, n) => ({ text: word, startMs: from + n * 100, endMs: from + n * 100 + 100 }))

it('shows a sentence at a time, each under its own id, growing by a word, and then whole (FWD-6, FWD-7, FWD-9)', async () => {
  const { forwarder, text, shown, pass, clock } = scene()
  const { playhead, move } = playheadAt(clock)
  text(...words('Hello, big world. How are you?'))
  forwarder.markTextSegmentEnd()
  forwarder.segmentPlayoutStarted(playhead)
  const played: string[] = []
  for (let ms = 50; ms <= 600; ms += 100) {
    move(ms)
    await pass(1)
    played.push(forwarder.playedText)
  }
  assert.equal(
    shown.map(({ text, final }) => [text, final]),
    [
      ['Hello', false],
      ['Hello, big', false],
      ['Hello, big world.', true],
      ['How', false],
      ['How are', false],
      ['How are you?', true],
    ],
  )
  assert.equal(played.slice(0, 3), ['Hello,', 'Hello, big', 'Hello, big world.'])
  assert.is(played.at(-1), 'Hello, big world. How are you?')
  const ids = [...new Set(shown.map(({ id }) => id))]
  assert.equal([ids.length, ids.every(id => /^SG_[0-9a-f]{12}$/.test(id))], [2, true])
})

it('keeps the text as it was pushed: what is played is a prefix of it, at the end all of it (FWD-10, FWD-11, laws 5, 8, 9 of playout)', async () => {
  const text = ' Acme  Inc. is here…\n\nHe said:\t“Stop!” (Twice.)  你好。今天好！ 👩‍👩‍👧 Ça va? In 2. 30 men left. Done '
  for (const size of [1, 3, 7, 200]) {
    const { forwarder, shown, pass, clock } = scene()
    const { playhead, move } = playheadAt(clock)
    forwarder.segmentPlayoutStarted(playhead)
    let last = ''
    for (let at = 0, ms = 0; at < text.length; at += size, ms += 40 * size) {
      void forwarder.pushText(text.slice(at, at + size))
      move(ms)
      await pass(1)
      assert.ok(text.startsWith(forwarder.playedText) && forwarder.playedText.startsWith(last), forwarder.playedText)
      last = forwarder.playedText
    }
    forwarder.markTextSegmentEnd()
    forwarder.segmentPlayoutFinished()
    await forwarder.close()
    assert.is(forwarder.playedText, text)
    const finals = shown.filter(({ final }) => final)
    assert.is(
      finals
        .map(one => one.text)
        .join('')
        .replace(/\s/g, ''),
      text.replace(/\s/g, ''),
    )
    for (const { id, text: whole } of finals) {
      const own = shown.filter(one => one.id === id)
      assert.is(own.filter(one => one.final).length, 1)
      assert.is(own.at(-1)?.final, true)
      for (const interim of own) assert.ok(whole.startsWith(interim.text), `${interim.text} in ${whole}`)
    }
  }
})

it('goes by grapheme where no spaces are written (FWD-11)', async () => {
  const { forwarder, text, texts, pass, clock, audio } = scene()
  const { playhead, move } = playheadAt(clock)
  audio(3_000)
  text('今天天气很好我们去公园')
  forwarder.segmentPlayoutStarted(playhead)
  for (let ms = 0; ms < 3_000; ms += 50) {
    move(ms)
    await pass(1)
  }
  assert.ok(texts().length >= 9, texts().join('/'))
})

it('shows nothing before the playout has started (FWD-12)', async () => {
  const { forwarder, text, shown, audio, pass } = scene()
  text(...words('Not yet. Not yet.'))
  audio(1_000)
  await pass(5_000)
  assert.equal([shown, forwarder.playedText], [[], ''])
})

it('shows the rest at once when the playout is finished, as finals (FWD-13)', async () => {
  const { forwarder, text, texts, pass, clock, shown } = scene()
  const { playhead, move } = playheadAt(clock)
  text(...words('One two. Three four. Five.'))
  forwarder.markTextSegmentEnd()
  forwarder.segmentPlayoutStarted(playhead)
  move(60)
  await pass(1)
  const at = clock.now()
  forwarder.segmentPlayoutFinished()
  assert.is(forwarder.playedText, 'One two. Three four. Five.')
  await clock.settle()
  assert.equal(
    texts().filter(line => line.endsWith('|')),
    ['One two. |', 'Three four. |', 'Five. |'],
  )
  assert.ok(shown.slice(1).every(one => one.at === at))
})

it('stops at the last word shown when it is closed early, and makes that final (FWD-14)', async () => {
  const { forwarder, text, texts, pass, clock } = scene()
  const { playhead, move, listeners } = playheadAt(clock)
  text(...words('One two, three four.'))
  forwarder.segmentPlayoutStarted(playhead)
  move(160)
  await forwarder.close()
  move(10_000)
  await pass(10_000)
  assert.equal(texts(), ['One', 'One two', 'One two, |'])
  assert.equal([forwarder.playedText, forwarder.closed, listeners.size, clock.timers], ['One two,', true, 0, 0])
})

it('follows what is heard, not the time: a pause or a stall holds the words (FWD-15)', async () => {
  const { forwarder, text, texts, pass, clock } = scene()
  const { playhead, move } = playheadAt(clock)
  text(...words('One two three.'))
  forwarder.segmentPlayoutStarted(playhead)
  move(60)
  await pass(60_000)
  assert.equal(texts(), ['One'])
})

it('follows the clock where nobody tells what is heard: no further than the audio, with a rest after each sentence (FWD-2, FWD-15)', async () => {
  const { forwarder, text, texts, audio, pass } = scene({ newSentenceDelayMs: 400 })
  text(...words('One two. Three four.'))
  forwarder.markTextSegmentEnd()
  audio(260)
  forwarder.segmentPlayoutStarted()
  await pass(160)
  assert.equal(texts(), ['One', 'One two. |'])
  await pass(400)
  assert.equal(texts().length, 2) // it rests
  await pass(1_000)
  assert.equal(texts().at(-1), 'Three')
  await pass(60_000)
  assert.equal(texts().at(-1), 'Three') // there is no more audio
  audio(200)
  await pass(100)
  assert.equal(texts().at(-1), 'Three four. |')
})

it('scales the base rate by the speed, and no longer once times are given (FWD-16)', async () => {
  const momentsOf = async (speed: number, pieces: (string | Word)[]) => {
    const { forwarder, text, shown, pass, audio } = scene({ speed })
    text(...pieces)
    forwarder.markTextSegmentEnd()
    audio(10_000)
    forwarder.segmentPlayoutStarted()
    await pass(9_000)
    return shown.map(({ at }) => at)
  }
  const [plain] = await momentsOf(1, ['one '.repeat(3)])
  const [fast] = await momentsOf(2, ['one '.repeat(3)])
  assert.ok(plain && Math.abs(plain - 500 / syllablesPerSecond) < 5) // "one" weighs about a syllable
  assert.ok(fast && Math.abs(fast - 250 / syllablesPerSecond) < 5)
  assert.equal(await momentsOf(1, words('a b c')), await momentsOf(2, words('a b c')))
})

it('pairs the n-th text with the n-th audio and playout, also an empty one (FWD-2, FWD-3)', async () => {
  const { forwarder, text, texts, audio, pass } = scene()
  text(...words('First.'))
  forwarder.markTextSegmentEnd()
  forwarder.markTextSegmentEnd() // the second has no text
  text(...words('Third.'))
  forwarder.markTextSegmentEnd()
  for (let n = 0; n < 3; n++) {
    audio(100)
    forwarder.markAudioSegmentEnd()
  }
  for (const expected of [['First. |'], ['First. |'], ['First. |', 'Third. |']]) {
    forwarder.segmentPlayoutStarted()
    await pass(110)
    forwarder.segmentPlayoutFinished()
    await pass(1)
    assert.equal(texts(), expected)
  }
  assert.is(forwarder.playedText, 'First.Third.')
})

it('closes twice without harm; everything else after that is an error (FWD-3)', async () => {
  const { forwarder, audio } = scene()
  await forwarder.close()
  await forwarder.close()
  const calls = [
    () => forwarder.segmentPlayoutStarted(),
    () => forwarder.segmentPlayoutFinished(),
    () => audio(10),
    () => forwarder.markAudioSegmentEnd(),
    () => forwarder.pushText('late'),
    () => forwarder.markTextSegmentEnd(),
  ]
  for (const call of calls) assert.throws(call, (error: unknown) => codeOf(error) === 'ERR_CLOSED')
})

it('takes the participant’s first microphone, or the track given; without one it is an error (FWD-1)', async () => {
  const { room, all, text, forwarder, pass } = scene()
  assert.throws(
    () => new TtsForwarder({ room, participant: 'bob' }),
    (error: unknown) => codeOf(error) === 'ERR_NO_TRACK' && /bob/.test(String(error)),
  )
  const other = new TtsForwarder({ room, participant: { identity: 'bob' }, track: { sid: 'TR_9' }, language: 'fr' })
  void other.pushText('Oui.')
  other.markTextSegmentEnd()
  other.segmentPlayoutFinished()
  await other.close()
  text('Yes.')
  forwarder.markTextSegmentEnd()
  forwarder.segmentPlayoutFinished()
  await pass(1)
  assert.equal(
    all.map(({ participantIdentity, trackId, segments }) => [participantIdentity, trackId, segments[0]?.language]),
    [
      ['bob', 'TR_9', 'fr'],
      ['agent', 'TR_agent', ''],
    ],
  )
})

for (const [options, field] of [
  [{ speed: 0 }, 'speed'],
  [{ speed: Number.NaN }, 'speed'],
  [{ newSentenceDelayMs: -1 }, 'newSentenceDelayMs'],
] as const)
  it(`refuses ${JSON.stringify(options)} by name (section 8 of playout)`, () => {
    assert.throws(
      () => scene(options),
      (error: unknown) => error instanceof RangeError && error.message.startsWith(field),
    )
  })

it('lets somebody see and change every message before it goes (FWD-4)', async () => {
  const answers: unknown[] = [undefined, { segments: [] }, 7]
  const seen: Transcription[] = []
  const beforeForward = async (owner: TtsForwarder, transcription: Transcription) => {
    assert.instance(owner, TtsForwarder)
    seen.push(transcription)
    if (seen.length === 4) throw new Error('no idea')
    if (seen.length === 5) return new Promise(() => {})
    const [segment] = transcription.segments
    if (seen.length === 6 && segment) return { ...transcription, segments: [{ ...segment, text: segment.text.toUpperCase() }] }
    return answers[seen.length - 1]
  }
  const { forwarder, text, texts, pass, codes } = scene({ beforeForward })
  text('One. Two. Three. Four. Five. Six.')
  forwarder.markTextSegmentEnd()
  forwarder.segmentPlayoutFinished()
  await pass(2_000)
  assert.equal(texts(), ['One. |', 'Three. |', 'Four. |', 'Five. |', 'SIX. |'])
  assert.equal(codes, ['forwarder.before', 'forwarder.before'])
})

it('sends nothing while the room is not connected, and goes on if it refuses (FWD-5)', async () => {
  const { forwarder, text, texts, pass, codes, state } = scene()
  text('One. Two. Three.')
  forwarder.segmentPlayoutFinished()
  state.connected = false
  await pass(1)
  assert.equal(texts(), [])
  state.connected = true
  state.fails = true
  text(' Four.')
  text(' Five.')
  forwarder.markTextSegmentEnd()
  await pass(1)
  state.fails = false
  assert.ok(codes.length > 0 && codes.every(code => code === 'forwarder.failed'))
})

it('goes out on the transcription streams of a room, whole texts under one id, the last one final (FWD-5, TXT-2)', async () => {
  const clock = virtualClock()
  const { room, codes } = fakeCaptions(clock)
  const out = fakeTextOut()
  const outlet = captionRoomOn({ textOut: out, clock, ids: room.ids, log: room.log, trackOf: room.trackOf })
  const forwarder = new TtsForwarder({ room: outlet, participant: 'agent' })
  const { playhead, move } = playheadAt(clock)
  for (const word of words('Hello there. Bye.')) void forwarder.pushText(word)
  forwarder.markTextSegmentEnd()
  forwarder.segmentPlayoutStarted(playhead)
  for (const ms of [60, 160, 260]) {
    move(ms)
    await clock.advance(5)
  }
  forwarder.segmentPlayoutFinished()
  await forwarder.close()
  await clock.advance(100)
  const said = out.streams.map(({ pieces, attributes }) => `${pieces.join('')} ${attributes['lk.transcription_final']}`)
  assert.equal(
    said.filter(line => line.endsWith('true')),
    ['Hello there. true', 'Bye. true'],
  )
  assert.is(said[0], 'Hello false')
  assert.ok(out.streams.every(({ topic, sender }) => topic === 'lk.transcription' && sender === 'agent'))
  assert.is(out.streams[0]?.attributes['lk.transcribed_track_id'], 'TR_agent')
  assert.equal([codes, clock.timers], [[], 0])
})

it('falls back on the built-in tokenizer for this text, with one warning, if somebody’s own loses some (section 8 of playout)', async () => {
  const { forwarder, text, texts, pass, codes } = scene({ sentenceTokenizer: all => all.split('.') })
  text('One. Two. Three.')
  forwarder.markTextSegmentEnd()
  forwarder.segmentPlayoutFinished()
  await pass(1)
  assert.equal([texts(), codes], [['One. |', 'Two. |', 'Three. |'], ['forwarder.tokenizer']])
})

it('holds whoever pushes text faster than it is heard (law 6 of the design)', async () => {
  const { forwarder, pass } = scene()
  let given = 0
  const push = async () => {
    for (; given < 100; given++) await forwarder.pushText('word '.repeat(400))
  }
  push().catch(error => assert.is(codeOf(error), 'ERR_CLOSED'))
  await pass(10)
  assert.ok(given < 40, `${given}`)
  await forwarder.close()
})

it('lets go of everybody who waits to push, also of those who do not take turns (law 4)', async () => {
  const { forwarder, pass } = scene()
  let waiting = 3
  for (let n = 0; n < 3; n++) void forwarder.pushText('word '.repeat(14_000)).then(() => waiting--)
  await pass(1)
  assert.is(waiting, 3)
  forwarder.segmentPlayoutFinished()
  await pass(1)
  assert.is(waiting, 0)
  await forwarder.close()
})

it.run()
