/** What a room says: one id, one account and one end for each utterance. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { dice } from '../scripts/bench/figures.ts'
import { type AudioFrame, frameOf } from '../src/audio/frame.ts'
import { codeOf } from '../src/errors.ts'
import type { Utterance } from '../src/mind.ts'
import type { Word } from '../src/ports.ts'
import { type Call, format, perMs, pieces, samples, sound, stalled, startCall, timed, torn } from './fakes/call.ts'
import { spokenAt } from './fakes/spoken.ts'

const it = suite('utterances')

const shown = ({ facts }: Call, id: string) =>
  facts.flatMap(fact => (fact.type === 'words.shown' && fact.id === id ? [fact.text] : [])).join('')
const said = ({ heard, spoken }: Utterance) => [heard / perMs, spoken]
const errorOf = (act: () => unknown): unknown => {
  try {
    act()
  } catch (error) {
    return error
  }
  return undefined
}

it('has final numbers when interrupt returns, and gives the same ever after (OUT-2, OUT-24, OUT-25)', async () => {
  const call = await startCall()
  const { room, clock, ends } = call
  const utterance = room.say({ id: 'a', audio: sound(2_000), text: timed(10) })
  await clock.advance(515)
  assert.equal(said(utterance), [515, 'word0 word1 word2'])
  const played = utterance.interrupt()
  // The fade of 10 ms counts; what is due in it was heard.
  assert.equal(played, {
    ...{ id: 'a', outcome: 'interrupted', pushed: 2_000 * perMs, heard: 525 * perMs, discarded: 1_475 * perMs },
    spoken: 'word0 word1 word2',
  })
  assert.is(utterance.interrupt(), played)
  assert.is(await utterance.played, played)
  assert.equal(said(utterance), [525, 'word0 word1 word2'])
  await clock.advance(3_000)
  assert.equal(ends(), [played])
  assert.is(shown(call, 'a'), played.spoken)
})

it('keeps words and samples of one utterance together by its id, whatever became of the one before (SYNC-1)', async () => {
  const call = await startCall()
  const { room, clock, facts } = call
  const first = room.say({ id: 'a', audio: sound(2_000), text: timed(10) })
  const second = room.say({
    id: 'b',
    audio: sound(600),
    text: pieces<string | Word>({ text: 'Other', startMs: 0, endMs: 200 }, ' words'),
  })
  await clock.advance(450)
  first.interrupt()
  await clock.advance(1_000)
  assert.equal([(await first.played).spoken, (await second.played).spoken], ['word0 word1', 'Other words'])
  const told = facts.flatMap(fact => (fact.type === 'words.shown' ? [`${fact.id}${fact.text}`] : []))
  assert.equal(told, ['aword0', 'a word1', 'bOther', 'b words'])
})

it('interrupts one of several, or all of them (OUT-24)', async () => {
  const { room, clock, ends } = await startCall()
  const [a, b, c, d] = ['a', 'b', 'c', 'd'].map(id => room.say({ id, audio: sound(400) }))
  await clock.advance(100)
  assert.is(b?.interrupt().heard, 0)
  await clock.advance(400)
  assert.is((await a?.played)?.outcome, 'finished')
  room.interrupt()
  assert.equal(
    ends().map(({ id, outcome, heard }) => [id, outcome, heard / perMs]),
    [
      ['b', 'interrupted', 0],
      ['a', 'finished', 400],
    ],
  )
  await clock.settle()
  assert.equal([(await c?.played)?.heard, (await d?.played)?.heard], [110 * perMs, 0])
  assert.equal(await d?.played, { id: 'd', outcome: 'interrupted', pushed: 9_600, heard: 0, discarded: 9_600 })
})

it('tells the end of one before the start of the next, also if a command brings both to light (OUT-6)', async () => {
  const commands: ((call: Call, b: () => Utterance) => void)[] = [
    ({ room }) => room.pause(),
    ({ room }) => room.interrupt(),
    (_, b) => b().interrupt(),
  ]
  for (const command of commands) {
    const call = await startCall()
    const { room, clock, facts } = call
    clock.setTimeout(() => command(call, () => b), 100) // before the speaker looks
    const a = room.say({ id: 'a', audio: pieces(frameOf(samples(100).slice(0, 99.5 * perMs), format)), text: timed(1, 99) })
    const b = room.say({ id: 'b', audio: sound(500) })
    await clock.advance(100)
    room.resume()
    await clock.advance(1_000)
    assert.is((await a.played).spoken, 'word0')
    const order = facts.flatMap(fact => {
      if (fact.type === 'utterance.ended') return `${fact.played.id} ended`
      return fact.type === 'utterance.started' ? `${fact.id} started` : []
    })
    assert.equal(order, ['a started', 'a ended', 'b started', 'b ended'])
  }
})

it('shows nothing more after an interruption, though the audio was heard and the text was late', async () => {
  for (const act of ['one', 'all'] as const) {
    const call = await startCall()
    const { room, clock } = call
    const { interrupt, played } = room.say({ id: 'a', audio: sound(300), text: stalled(pieces('Well')) })
    await clock.advance(500)
    assert.is(shown(call, 'a'), 'Well')
    if (act === 'one') assert.is(interrupt().spoken, 'Well')
    else room.interrupt()
    assert.equal([(await played).outcome, (await played).spoken], ['finished', 'Well'])
    await clock.advance(2_000)
    assert.is(shown(call, 'a'), 'Well')
  }
})

it('waits a second for text that is later than its audio (SYNC-12)', async () => {
  const { room, clock, ends, codes } = await startCall()
  room.say({ audio: sound(300), text: stalled(pieces('Well')) })
  await clock.advance(1_298)
  assert.equal(ends(), [])
  await clock.advance(2)
  assert.is(ends()[0]?.spoken, 'Well')
  assert.equal(codes(), ['show.late'])
})

it('does not wait for late text when the room closes (ROOM-9)', async () => {
  const { room, clock, ends } = await startCall()
  room.say({ audio: sound(300), text: stalled(pieces('Well')) })
  await clock.advance(500)
  const at = clock.now()
  await clock.runUntil(room.close())
  assert.is(clock.now(), at)
  assert.equal([ends()[0]?.outcome, ends()[0]?.spoken], ['finished', 'Well'])
})

it('publishes text without audio at once, and counts it as spoken (SYNC-11)', async () => {
  const call = await startCall()
  const captions = call.caller.collect('lk.transcription')
  const { played } = call.room.say({ id: 'a', audio: pieces<AudioFrame>(), text: pieces('Hello ', 'there.') })
  await call.clock.advance(1)
  assert.equal(await played, { id: 'a', outcome: 'finished', pushed: 0, heard: 0, discarded: 0, spoken: 'Hello there.' })
  await call.clock.advance(10)
  assert.equal(
    captions.map(({ text, state, attributes }) => [
      text,
      state,
      attributes['lk.segment_id'],
      attributes['lk.transcription_final'],
    ]),
    [['Hello there.', 'closed', 'a', 'true']],
  )
})

it('knows which words of speech were heard, and nobody reads more of them (SYNC-3, SYNC-9, law 10)', async () => {
  const roll = dice(4)
  const offs: number[] = []
  for (const speed of [120, 210, 360])
    for (const { words, data, ms } of spokenAt(speed).slice(0, 5)) {
      const call = await startCall()
      const captions = call.caller.collect('lk.transcription')
      const frames = Array.from({ length: Math.ceil(ms / 100) }, (_, n) =>
        frameOf(data.slice(n * 2_400, (n + 1) * 2_400), format),
      )
      const { played, interrupt } = call.room.say({ audio: pieces(...frames), text: pieces(...words.map(({ text }) => text)) })
      await call.clock.advance(300 + Math.floor(roll() * (ms - 300)))
      interrupt()
      const { spoken = '', heard } = await played
      await call.clock.advance(100)
      assert.is(captions.map(({ text }) => text).join(''), spoken)
      const half = words.filter(({ startMs, endMs }) => (startMs + endMs) / 2 <= heard / perMs).length
      offs.push(Math.abs(spoken.split(/(?= )/).filter(Boolean).length - half))
    }
  const mean = offs.reduce((sum, off) => sum + off, 0) / offs.length
  assert.ok(mean < 0.6 && Math.max(...offs) <= 1, `${offs}`)
})

it('passes text with its times as it comes where it is not to be synchronised, and knows nothing of what was spoken (SYNC-13)', async () => {
  const call = await startCall({ options: { textOutput: { syncTranscription: false } } })
  const { room, clock, facts } = call
  const captions = call.caller.collect('lk.transcription')
  const utterance = room.say({ id: 'a', audio: sound(2_000), text: timed(3) })
  await clock.settle()
  assert.is(shown(call, 'a'), 'word0 word1 word2') // before anything was heard
  assert.equal(
    facts.flatMap(fact => (fact.type === 'words.shown' ? [[fact.text, fact.startMs, fact.endMs]] : [])),
    [
      ['word0', 0, 200],
      [' word1', 200, 400],
      [' word2', 400, 600],
    ],
  )
  await clock.advance(500)
  const played = utterance.interrupt()
  assert.not.ok('spoken' in played)
  assert.is(utterance.spoken, '')
  await clock.advance(100)
  assert.equal(
    captions.map(({ text, attributes }) => [text, attributes['lk.transcription_final']]),
    [['word0 word1 word2', 'true']],
  )
  const late = room.say({ audio: sound(100), text: stalled(pieces('Well')) })
  await clock.advance(1_090)
  assert.equal(call.ends().length, 1)
  await clock.advance(20)
  assert.is((await late.played).outcome, 'finished') // SYNC-12 holds
})

it('goes by the speed that it is told until the audio says more (SYNC-7, OPT-11)', async () => {
  const at = async (transcriptionSpeedFactor: number, syncTranscription = true) => {
    const call = await startCall({ options: { textOutput: { transcriptionSpeedFactor, syncTranscription } } })
    call.room.say({ id: 'a', audio: sound(4_000), text: stalled(pieces('今日は良い天気ですから')) })
    await call.clock.advance(1_000)
    return shown(call, 'a').length
  }
  assert.ok((await at(2)) > (await at(1)) + 1 && (await at(1)) > (await at(0.5)))
  assert.is(await at(0.5, false), 11)
})

it('goes on without captions when the machine of the words fails, and says so once (ROOM-17)', async () => {
  const call = await startCall()
  const { room, clock, types } = call
  const fail = (id: string) => {
    const actorId = `sync:${id}`
    room.actor.send({ type: `xstate.error.actor.${actorId}`, actorId, error: new Error('broken') } as never) // as XState does
  }
  const all = ['a', 'b'].map(id => room.say({ id, audio: sound(1_000), text: timed(5) }))
  await clock.advance(450)
  fail('a')
  await clock.advance(600)
  fail('b')
  await clock.advance(1_000)
  for (const { played } of all) assert.is((await played).outcome, 'finished')
  assert.is(all[0]?.spoken, 'word0 word1')
  assert.is((await all[0]?.played)?.spoken, 'word0 word1')
  assert.is(types().filter(type => type === 'captions.lost').length, 1)
})

it('shows what it counts as spoken, a prefix of the text (laws 3 and 10)', async () => {
  for (const at of [1, 99, 100, 101, 299, 333, 700, 1_899, 1_900, 2_500]) {
    const call = await startCall()
    const captions = call.caller.collect('lk.transcription')
    const { interrupt, played } = call.room.say({ id: 'a', audio: sound(2_000), text: timed(10) })
    await call.clock.advance(at)
    interrupt()
    const { spoken = '-' } = await played
    await call.clock.advance(100)
    assert.ok('word0 word1 word2 word3 word4 word5 word6 word7 word8 word9'.startsWith(spoken))
    assert.is(shown(call, 'a'), spoken)
    assert.is(captions.map(({ text }) => text).join(''), spoken, `at ${at} ms`)
    if (spoken) assert.is(captions[0]?.attributes['lk.transcription_final'], 'true')
  }
})

it('closes the captions of an utterance that the end of the room cuts with all that was spoken', async () => {
  for (const at of [50, 100, 101, 300, 2_050]) {
    const call = await startCall()
    const captions = call.caller.collect('lk.transcription')
    const { played } = call.room.say({ id: 'a', audio: sound(2_000), text: timed(10) })
    await call.clock.advance(at)
    void call.room.close()
    await call.clock.advance(100)
    assert.is(captions.map(({ text }) => text).join(''), (await played).spoken, `at ${at} ms`)
    for (const { attributes, state } of captions) assert.equal([attributes['lk.transcription_final'], state], ['true', 'closed'])
  }
})

it('ends an utterance whose audio or text breaks as abandoned, with the error, and plays the others', async () => {
  const { room, clock } = await startCall()
  const wrong = frameOf(new Int16Array(480), { sampleRate: 48_000, channels: 1 })
  const broken = [
    room.say({ audio: torn(sound(200), 'no more voice') }),
    room.say({ audio: sound(200), text: torn(pieces('Well'), 'no more text') }),
    room.say({ audio: pieces(wrong) }),
    room.say({ audio: pieces(frameOf(new Int16Array(240), format), wrong) }),
  ]
  const good = room.say({ audio: sound(200) })
  await clock.advance(2_000)
  const played = await Promise.all(broken.map(one => one.played))
  assert.equal(
    played.map(({ outcome }) => outcome),
    Array(4).fill('abandoned'),
  )
  assert.equal([played[0]?.error, played[1]?.error], ['no more voice', 'no more text'])
  for (const one of played.slice(2)) assert.match(one.error ?? '', /48\s?000/)
  assert.is((await good.played).outcome, 'finished')
})

it('takes an id of the caller once, and never one that is open; else makes one (OUT-2)', async () => {
  const { room, clock } = await startCall()
  const dup = (id: string) => codeOf(errorOf(() => room.say({ id, audio: pieces<AudioFrame>() })))
  const open = room.say({ id: 'open', audio: stalled(sound(100)) })
  assert.is(dup('open'), 'ERR_DUPLICATE_SEGMENT')
  assert.is(room.say({ id: 'a', audio: pieces<AudioFrame>() }).id, 'a')
  await clock.settle()
  assert.is(dup('a'), 'ERR_DUPLICATE_SEGMENT')
  for (let n = 0; n < 1_000; n++) room.say({ id: `${n}`, audio: pieces<AudioFrame>() })
  await clock.settle()
  assert.is(dup('999'), 'ERR_DUPLICATE_SEGMENT')
  assert.is(dup('open'), 'ERR_DUPLICATE_SEGMENT')
  assert.is(dup('a'), undefined, 'remembers without an end')
  assert.match(room.say({ audio: pieces<AudioFrame>() }).id, /^SG_[0-9a-f]{12}$/)
  open.interrupt()
})

it('refuses at once what it cannot read, and nothing has happened', async () => {
  const { room, clock, types } = await startCall()
  const before = types().length
  const say = (saying: unknown) => errorOf(() => room.say(saying as Parameters<typeof room.say>[0])) // what types would refuse
  for (const saying of [
    { audio: new Int16Array(3) },
    { audio: undefined },
    { audio: sound(100), text: 'Hello' },
    { audio: sound(100), id: '' },
    { audio: sound(100), id: 7 },
  ]) {
    const error = say(saying)
    assert.ok(error instanceof TypeError, JSON.stringify(saying))
    assert.not.match(error.message, /\n/)
  }
  await clock.advance(100)
  assert.is(types().length, before)
})

it('holds what is said while it is paused, and goes on with the very next sample (OUT-19, OUT-21)', async () => {
  const { room, clock, caller, ends } = await startCall()
  const ear = caller.hears('agent')
  room.say({ id: 'a', audio: sound(500) })
  await clock.advance(200)
  room.pause()
  room.say({ id: 'b', audio: sound(500) })
  await clock.advance(1_000)
  assert.equal(ends(), [])
  const until = ear.samples().filter(sample => sample !== 0).length
  room.resume()
  await clock.advance(1_100)
  assert.equal(
    ends().map(({ id, outcome, heard }) => [id, outcome, heard / perMs]),
    [
      ['a', 'finished', 500],
      ['b', 'finished', 500],
    ],
  )
  assert.ok(until >= 200 * perMs && until <= 210 * perMs)
})

it('gives utterances without text no words', async () => {
  const { room, clock, ends } = await startCall()
  const utterance = room.say({ audio: sound(100) })
  assert.is(utterance.spoken, '')
  await clock.advance(200)
  assert.not.ok('spoken' in (ends()[0] ?? { spoken: '' }))
})

it('says when it is heard for the first time, or that it was not, before it says its end', async () => {
  const { room, clock } = await startCall()
  const told: string[] = []
  for (const id of ['a', 'b', 'c']) {
    const { started, played } = room.say({ id, audio: sound(300) })
    void started.then(is => told.push(`${id} ${is}`))
    void played.then(({ outcome }) => told.push(`${id} ${outcome}`))
  }
  await clock.advance(400)
  room.interrupt()
  await clock.settle()
  assert.equal(told, ['a true', 'a finished', 'b true', 'b interrupted', 'c false', 'c interrupted'])
})

it('counts words that nobody is shown (MM-1)', async () => {
  const call = await startCall()
  const captions = call.caller.collect('lk.transcription')
  const quiet = call.room.say({ id: 'a', audio: sound(1_000), text: timed(5), shown: false })
  await call.clock.advance(515)
  assert.is(quiet.spoken, 'word0 word1 word2')
  await call.clock.advance(1_000)
  assert.is((await quiet.played).spoken, 'word0 word1 word2 word3 word4')
  assert.equal([captions, shown(call, 'a')], [[], ''])
})

it.run()
