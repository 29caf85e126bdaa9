/** What the lanes show: gathered from messages, and put where it belongs. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { sleep } from '../../../src/clock.ts'
import type { Message } from '../../../src/inspector/messages.ts'
import { emptyScene } from '../../../src/inspector/scene.ts'
import { linesOf } from '../../../src/page/time/lines.ts'
import { lanesIn, pictureOf } from '../../../src/page/time/picture.ts'
import { fitted } from '../../../src/page/time/spread.ts'
import { emptyTracks, note, soundingIn, type Tracks, tracksOf } from '../../../src/page/time/tracks.ts'
import { columns, emptyWave, loudest, sound } from '../../../src/page/time/wave.ts'
import { newCall, samples, sound as spoken, timed } from '../../fakes/call.ts'
import { type Tape, taped } from '../../fakes/tape.ts'
import { makeTape, numbered, sampleRate } from './tape.ts'

const it = suite('lanes')
const measure = (text: string) => text.length * 7
const gather = (bodies: Parameters<typeof numbered>[0]) => tracksOf(numbered(bodies), 0, sampleRate)
const voice = (tracks: Tracks, of: 'caller' | 'agent', from: number, to: number) => loudest(tracks[of], from, to)

/** An answer that is paused, one that is cut, and a caller who talks, in a room of the loopback. */
const realTape = async (): Promise<Message[]> => {
  const call = newCall()
  const tape: Tape = { messages: [], scene: emptyScene() }
  const talk = async () => {
    const room = call.open()
    const stop = taped(room, tape)
    await room.opened
    void call.caller.publish().speak(samples(900))
    const cut = room.say({ audio: spoken(1000), text: timed(5) })
    await sleep(call.clock, 400)
    room.pause()
    await sleep(call.clock, 200)
    room.resume()
    await sleep(call.clock, 200)
    cut.interrupt()
    await room.say({ audio: spoken(300) }).played
    await room.close()
    return stop
  }
  const stop = await call.clock.runUntil(talk())
  stop()
  return tape.messages
}

it('knows how loud it was, at every zoom', () => {
  const wave = emptyWave(1000)
  sound(wave, 1000, 20, [10, 0, 90, 20])
  sound(wave, 600_000, 20, [55])
  assert.is(loudest(wave, 1000, 1020), 10)
  assert.is(loudest(wave, 1020, 1040), 0)
  assert.is(loudest(wave, 1000, 1080), 90)
  assert.is(loudest(wave, 1080, 599_000), 0)
  assert.is(loudest(wave, 0, 3_600_000), 90)
  assert.equal(columns(wave, 1000, 1080, 4), [0.1, 0, 0.9, 0.2])
})

it('shows a voice while it sounds, where it will be shown when that is told', async () => {
  const messages = await realTape()
  const whole = tracksOf(messages, 0, sampleRate)
  const tracks = emptyTracks(0, sampleRate)
  let ahead = 0
  for (const message of messages) {
    note(tracks, message)
    const [from, to] = [tracks.end - 60, tracks.end - 20]
    if (!tracks.sounding || tracks.sounding.startedAt + 20 > from) continue // a first peak begins before its run
    const [now, laid, then] = [soundingIn(tracks), tracks.agent, whole.agent].map(wave => loudest(wave, from, to))
    const known = Math.max(now ?? 0, laid ?? 0)
    if (known > (laid ?? 0)) ahead++
    assert.ok(Math.abs(known - (then ?? 0)) <= 5, `${tracks.end} ms: ${known} is shown, ${then} was heard`)
  }
  assert.ok(ahead > 10, `${ahead} times something was shown that no fact had told of`)
  assert.is(loudest(soundingIn(tracks), 0, 10_000), 0)
})

it('takes steps of any length, and leaves out what is before its beginning', () => {
  const wave = emptyWave(1000)
  sound(wave, 940, 40, [70, 80, 30])
  assert.is(loudest(wave, 1000, 1020), 80)
  assert.is(loudest(wave, 1020, 1060), 30)
  assert.is(loudest(wave, 1060, 2000), 0)
})

it('puts the caller where they were heard: a piece ends at its moment, and the next joins it', () => {
  const piece = { type: 'sound', of: 'caller', samples: 2400, sampleRate, stepMs: 100 } as const
  const tracks = gather([
    { at: 600, body: { ...piece, offset: 0, peaks: [40] } },
    { at: 730, body: { ...piece, offset: 2400, peaks: [60] } },
  ])
  assert.is(voice(tracks, 'caller', 0, 500), 0)
  assert.is(voice(tracks, 'caller', 500, 600), 40)
  assert.is(voice(tracks, 'caller', 600, 700), 60)
  assert.is(voice(tracks, 'caller', 700, 800), 0)
})

it('puts the agent where it was heard, whichever is told first, and not where it was given', () => {
  const given: Parameters<typeof gather>[0][number]['body'] = {
    ...{ type: 'sound', of: 'utterance:a', offset: 0, samples: 4800, sampleRate, stepMs: 100, peaks: [30, 80] },
  }
  const heard = (offset: number, startedAt: number) =>
    ({ type: 'fact', fact: { type: 'utterance.progressed', id: 'a', startedAt, offset, duration: 2400 } }) as const
  const tracks = gather([
    { at: 10, body: given },
    { at: 1100, body: heard(0, 1000) },
    { at: 2100, body: heard(2400, 2000) },
  ])
  const late = gather([
    { at: 1100, body: heard(0, 1000) },
    { at: 2100, body: heard(2400, 2000) },
    { at: 2200, body: given },
  ])
  for (const one of [tracks, late]) {
    assert.is(voice(one, 'agent', 0, 1000), 0)
    assert.is(voice(one, 'agent', 1000, 1100), 30)
    assert.is(voice(one, 'agent', 1100, 2000), 0, 'the pause is silent')
    assert.is(voice(one, 'agent', 2000, 2100), 80)
  }
})

it('shows a sentence of the caller once, with its last words, from where it was begun', () => {
  const words = (text: string, at: number, final: boolean) =>
    ({ type: 'fact', fact: { type: 'words.shown', id: 'c1', speaker: 'caller', identity: 'ann', text, final, at } }) as const
  const tracks = gather([
    { at: 1000, body: words('when', 1000, false) },
    { at: 1600, body: words('when does it', 1600, false) },
    { at: 2000, body: words('When does it leave?', 2000, true) },
    { at: 9000, body: { type: 'fact', fact: { ...words('[speech 2.5 s]', 9000, true).fact, id: 'c2' } } },
  ])
  assert.equal(
    tracks.said.map(({ text, from, to }) => [text, from, to]),
    [
      ['When does it leave?', 700, 2000],
      ['[speech 2.5 s]', 6500, 9000],
    ],
  )
})

it('gathers a real call: both voices, the pause as silence, the cut, every word', async () => {
  const messages = await realTape()
  const tracks = tracksOf(messages, 0, sampleRate)
  const facts = messages.flatMap(message => (message.type === 'fact' ? [message.fact] : []))
  const ended = facts.flatMap(fact => (fact.type === 'utterance.ended' ? [fact.played] : []))
  assert.equal(
    tracks.utterances.map(({ id, outcome }) => [id, outcome]),
    ended.map(({ id, outcome }) => [id, outcome]),
  )
  assert.is(ended[0]?.outcome, 'interrupted')
  const [pause] = tracks.pauses
  if (pause?.to === undefined) throw new Error('no pause that ends')
  assert.ok(voice(tracks, 'agent', pause.from - 200, pause.from - 20) > 0)
  assert.is(voice(tracks, 'agent', pause.from + 40, pause.to - 40), 0)
  assert.ok(voice(tracks, 'agent', pause.to + 40, pause.to + 150) > 0)
  assert.ok(voice(tracks, 'caller', 200, 800) > 0)
  const shown = facts.filter(fact => fact.type === 'words.shown' && fact.speaker === 'agent' && fact.text.trim() !== '')
  assert.is(tracks.said.filter(({ speaker }) => speaker === 'agent').length, shown.length)
  assert.ok(tracks.states.every(({ from, to = Number.POSITIVE_INFINITY }) => to >= from))
})

it('is the same for a tape at once and for one that comes message by message', () => {
  const tape = makeTape(120_000, 3)
  const slowly = emptyTracks(0, sampleRate)
  for (const message of tape) note(slowly, message)
  const { seam: _, voices: __, ...one } = slowly
  const { seam: ___, voices: ____, ...other } = tracksOf(tape, 0, sampleRate)
  assert.equal(one, other)
})

it('never lets two words cover each other, nor leaves the picture, at any zoom', () => {
  const tracks = tracksOf(makeTape(90_000, 7), 0, sampleRate)
  for (const ms of [2000, 8000, 20_000, 60_000, 90_000]) {
    for (const width of [330, 1380]) {
      for (let from = 0; from < 90_000; from += ms / 2) {
        const { words, lanes } = pictureOf(tracks, { from, to: from + ms }, width, 190, measure)
        for (const one of words) {
          assert.ok(one.line < lanes.lines[one.speaker])
          const next = words.filter(other => other.speaker === one.speaker && other.line === one.line && other.x > one.x)
          for (const other of next) assert.ok(one.x + measure(one.text) <= other.x, `${one.text} covers ${other.text}`)
        }
      }
    }
  }
})

it('draws no more than can be seen, however long the call', () => {
  const tracks = tracksOf(makeTape(3_600_000, 2), 0, sampleRate)
  const picture = pictureOf(tracks, { from: 0, to: 3_600_000 }, 1380, 190, measure)
  assert.is(picture.caller.length, 691)
  for (const list of [picture.words, picture.states, picture.utterances, picture.faults])
    assert.ok(list.length <= 1400, `${list.length}`)
  assert.ok(picture.dense)
})

it('makes one sign of faults that are near to each other', () => {
  const stalls = [1000, 1040, 1080, 9000].map(at => ({ at, body: { type: 'stall', ms: 5 } as const }))
  const { faults } = pictureOf(gather(stalls), { from: 0, to: 10_000 }, 1000, 190, measure)
  assert.equal(
    faults.map(({ count }) => count),
    [3, 1],
  )
})

it('has lanes that follow each other, and fit in their height', () => {
  for (const height of [150, 171, 200, 300, 500]) {
    const lanes = lanesIn(height)
    const order = [lanes.axis, lanes.told, lanes.caller, lanes.state, lanes.agent, lanes.said, lanes.faults]
    for (const [i, { top }] of order.entries()) {
      const before = order[i - 1]
      if (before) assert.ok(top >= before.top + before.height)
    }
    if (height >= 171) assert.ok(lanes.height <= height, `${lanes.height} of ${height}`)
  }
})

it('cuts text where it must, and rather leaves it out than show one letter', () => {
  assert.is(fitted('whenever', 100, measure), 'whenever')
  assert.is(fitted('whenever', 40, measure), 'when…')
  assert.is(fitted('whenever', 15, measure), '')
})

it('says in words what the picture shows', () => {
  const tracks = tracksOf(makeTape(20_000, 1), 0, sampleRate)
  const lines = linesOf(tracks, { from: 0, to: 20_000 })
  assert.ok(lines.every(({ at }, i) => at >= (lines[i - 1]?.at ?? 0)))
  assert.match(
    lines.map(({ who, what }) => `${who}: ${what}`).join('\n'),
    /agent: The next train to the coast .* nine\. \(finished, heard 4\.6 s\)/,
  )
  for (const who of ['caller', 'agent', 'state'])
    assert.ok(
      lines.some(line => line.who === who),
      who,
    )
})

it.run()
