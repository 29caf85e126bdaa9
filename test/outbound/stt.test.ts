/** The caller's captions, as a recogniser gives them. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { codeOf } from '../../src/errors.ts'
import { captionRoomOn } from '../../src/outbound/caption-room.ts'
import type { Transcription } from '../../src/outbound/outbox.ts'
import { SttForwarder, type SttForwarderOptions } from '../../src/outbound/stt.ts'
import { virtualClock } from '../../src/virtual.ts'
import { fakeCaptions } from '../fakes/captions.ts'
import { fakeTextOut } from '../fakes/text.ts'

const it = suite('stt forwarder')

const scene = (options: Partial<SttForwarderOptions> = {}) => {
  const clock = virtualClock()
  const captions = fakeCaptions(clock)
  const forwarder = new SttForwarder({ room: captions.room, participant: 'ann', ...options })
  const say = (type: string, ...texts: string[]) => forwarder.update({ type, alternatives: texts.map(text => ({ text })) })
  return { ...captions, clock, forwarder, say }
}

it('shows the first alternative under one id until its final, then under a new one (STT-2, STT-3, STT-4)', async () => {
  const { say, clock, shown, all } = scene()
  say('interim', '')
  say('interim', 'Hello', 'Yellow')
  say('start_of_speech')
  say('final', 'Hello.')
  say('interim', 'And')
  await clock.settle()
  const [first, second] = [...new Set(shown.map(({ id }) => id))]
  assert.equal(
    shown.map(({ id, text, final }) => [id, text, final]),
    [
      [first, '', false],
      [first, 'Hello', false],
      [first, 'Hello.', true],
      [second, 'And', false],
    ],
  )
  assert.equal(all[0], {
    participantIdentity: 'ann',
    trackId: 'TR_ann',
    segments: [{ id: first, text: '', startTime: 0, endTime: 0, language: '', final: false }],
  })
})

it('needs a microphone, and lets somebody see every message (STT-1)', async () => {
  const { room } = scene()
  assert.throws(
    () => new SttForwarder({ room, participant: 'bob' }),
    (error: unknown) => codeOf(error) === 'ERR_NO_TRACK' && /bob/.test(String(error)),
  )
  const beforeForward = (_: SttForwarder, { segments, ...rest }: Transcription) => ({
    ...rest,
    segments: segments.filter(({ final }) => final),
  })
  const { say, clock, texts } = scene({ beforeForward })
  say('interim', 'Hel')
  say('final', 'Hello.')
  await clock.settle()
  assert.equal(texts(), ['Hello. |'])
})

it('refuses by name what is no room and no participant', () => {
  const { room } = scene()
  const refuses = (options: object, what: RegExp) =>
    assert.throws(
      () => new SttForwarder(options as SttForwarderOptions),
      (error: unknown) => error instanceof TypeError && what.test(error.message),
    )
  refuses({}, /^room must be/)
  refuses({ room: {}, participant: 'ann' }, /^room must be/)
  for (const participant of [undefined, null, '', 7, {}]) refuses({ room, participant }, /^participant must be/)
})

it('lives on after a publish that fails, and after a look that fails (STT-5)', async () => {
  let looks = 0
  const beforeForward = () => {
    if (++looks === 2) throw new Error('no')
  }
  const { say, clock, texts, state, codes } = scene({ beforeForward })
  state.fails = true
  say('interim', 'One')
  await clock.settle()
  state.fails = false
  say('interim', 'One two')
  say('final', 'One two.')
  await clock.settle()
  assert.equal(
    [texts(), codes],
    [
      ['One two', 'One two. |'],
      ['forwarder.failed', 'forwarder.before'],
    ],
  )
})

it('goes out as whole texts, the newest of those that wait for a write (STT-5, TXT-2, TXT-13)', async () => {
  const clock = virtualClock()
  const { room } = fakeCaptions(clock)
  const out = fakeTextOut()
  out.before = call => (call === 'write' ? new Promise(resolve => clock.setTimeout(() => resolve(undefined), 100)) : undefined)
  const outlet = captionRoomOn({ textOut: out, clock, ids: room.ids, log: room.log, trackOf: room.trackOf })
  const forwarder = new SttForwarder({ room: outlet, participant: 'ann' })
  for (const text of ['One', 'One two', 'One two three']) forwarder.update({ type: 'interim', alternatives: [{ text }] })
  await clock.advance(50)
  forwarder.update({ type: 'interim', alternatives: [{ text: 'One two three four' }] })
  forwarder.update({ type: 'final', alternatives: [{ text: 'One two three four.' }] })
  await clock.advance(1_000)
  const said = out.streams.map(({ pieces, attributes }) => `${pieces.join('')} ${attributes['lk.transcription_final']}`)
  assert.ok(said.length <= 3, said.join('/'))
  assert.is(said.at(-1), 'One two three four. true')
  assert.is(clock.timers, 0)
})

/** Forwarders into the streams of a room; what went out, in short. */
const outlet = () => {
  const clock = virtualClock()
  const { room, codes, state } = fakeCaptions(clock)
  const out = fakeTextOut()
  const { ids, log, trackOf } = room
  const captions = captionRoomOn({ textOut: out, clock, ids, log, trackOf, isConnected: () => state.connected })
  const said = () =>
    out.streams.map(
      ({ sender, pieces, attributes }) =>
        `${sender}: ${pieces.join('')}${attributes['lk.transcription_final'] === 'true' ? ' |' : ''}`,
    )
  return { clock, captions, codes, state, said }
}
const heard = (text: string, type = 'interim') => ({ type, alternatives: [{ text }] })

it('keeps nobody else waiting while somebody has not said their last (FWD-5, TXT-7)', async () => {
  const { clock, captions, said } = outlet()
  const caller = new SttForwarder({ room: captions, participant: 'ann' })
  const agent = new SttForwarder({ room: captions, participant: 'agent' })
  caller.update(heard('Well'))
  await clock.advance(10)
  agent.update(heard('Yes?', 'final'))
  await clock.advance(10)
  assert.equal(said(), ['ann: Well', 'agent: Yes?', 'agent: Yes? |'])
})

it('needs a room’s hands, and says which is missing', () => {
  const clock = virtualClock()
  const { room } = fakeCaptions(clock)
  const hands = { textOut: fakeTextOut(), clock, ids: room.ids, log: room.log, trackOf: room.trackOf }
  const refuses = (wrong: object, what: RegExp) =>
    assert.throws(
      () => captionRoomOn({ ...hands, ...wrong }),
      (error: unknown) => error instanceof TypeError && what.test(error.message),
    )
  for (const hand of Object.keys(hands)) refuses({ [hand]: undefined }, new RegExp(`^${hand} is missing`))
  refuses({ packets: { send: async () => {} } }, /^packets must be/)
})

it('goes on after a final that was not sent: with the next, what stands there becomes final (FWD-4, FWD-5, TXT-5)', async () => {
  const { clock, captions, said, state, codes } = outlet()
  const beforeForward = (_: SttForwarder, { segments, ...rest }: Transcription) => ({
    ...rest,
    segments: segments.filter(({ text }) => text !== 'Damn.'),
  })
  const forwarder = new SttForwarder({ room: captions, participant: 'ann', beforeForward })
  forwarder.update(heard('Da'))
  forwarder.update(heard('Damn.', 'final'))
  await clock.advance(10)
  forwarder.update(heard('So'))
  await clock.advance(10)
  state.connected = false
  forwarder.update(heard('So.', 'final'))
  await clock.advance(10)
  state.connected = true
  forwarder.update(heard('Well.', 'final'))
  await clock.advance(10)
  assert.equal(said(), ['ann: Da', 'ann: Da |', 'ann: So', 'ann: So |', 'ann: Well.', 'ann: Well. |'])
  assert.equal([codes, clock.timers], [[], 0])
})

it('keeps several segments of one message open beside each other (FWD-4)', async () => {
  const { clock, captions, said } = outlet()
  const beforeForward = (_: SttForwarder, { segments: [one], ...rest }: Transcription) => ({
    ...rest,
    segments: one ? one.text.split('/').map((text, n) => ({ ...one, id: `line${n}`, text })) : [],
  })
  const forwarder = new SttForwarder({ room: captions, participant: 'ann', beforeForward })
  for (const text of ['a/', 'a/b']) forwarder.update(heard(text))
  await clock.advance(10)
  forwarder.update(heard('a/b.', 'final'))
  await clock.advance(10)
  assert.equal(
    said().filter(line => line.endsWith('|')),
    ['ann: a |', 'ann: b. |'],
  )
})

it('says in whose name it is, also where whoever changed the text does not (FWD-4)', async () => {
  const beforeForward = (_: SttForwarder, { segments }: Transcription) => ({ segments })
  const { say, clock, all } = scene({ beforeForward })
  say('final', 'Hello.')
  await clock.settle()
  assert.equal([all[0]?.participantIdentity, all[0]?.trackId], ['ann', 'TR_ann'])
})

it('sends what is queued before it closes, or drops it, and closes an open interim in both cases (STT-6)', async () => {
  for (const wait of [true, false]) {
    let go: () => void = () => {}
    const beforeForward = () =>
      new Promise<void>(resolve => {
        go = resolve
      })
    const { say, clock, texts, forwarder } = scene({ beforeForward })
    say('interim', 'One')
    await clock.settle()
    say('interim', 'One two')
    say('final', 'One two.')
    say('interim', 'And')
    const closed = forwarder.close({ wait })
    for (let n = 0; n < 6; n++) {
      go()
      await clock.settle()
    }
    await closed
    assert.equal(texts(), wait ? ['One', 'One two', 'One two. |', 'And', 'And |'] : ['One', 'One two. |', 'And |'])
  }
})

it('takes no update after it was closed, and none without alternatives (STT-7, section 8 of playout)', async () => {
  const { say, clock, texts, forwarder, codes } = scene()
  say('final')
  forwarder.update({ type: 'interim' })
  assert.equal(codes, ['forwarder.empty', 'forwarder.empty'])
  await forwarder.close()
  await forwarder.close()
  say('final', 'Late.')
  await clock.settle()
  assert.equal([texts(), forwarder.closed], [[], true])
})

it('is closed in time, whatever the look at its messages does (law 4)', async () => {
  const { say, clock, texts, forwarder } = scene({ beforeForward: () => new Promise(() => {}) })
  for (let n = 0; n < 50; n++) say('final', `${n}`)
  let closed = false
  void forwarder.close().then(() => {
    closed = true
  })
  await clock.advance(2_000)
  assert.equal([closed, texts().length, clock.timers], [true, 50, 0])
})

it('bounds what waits to be looked at: the oldest interims give way, no final does', async () => {
  const { say, clock, texts, codes } = scene({ beforeForward: () => new Promise(() => {}) })
  for (let n = 0; n < 400; n++) say(n % 4 === 3 ? 'final' : 'interim', `text ${n}`)
  await clock.advance(400_000)
  assert.is(texts().filter(text => text.endsWith('|')).length, 100)
  assert.ok(texts().length <= 257, `${texts().length}`)
  assert.ok(codes.includes('forwarder.dropped'))
})

it.run()
