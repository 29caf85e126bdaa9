/** The page's end of a call, without a browser: what it asks, when it lets its sound go, and what it says went wrong. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { RoomFact } from '../../src/facts.ts'
import type { Message } from '../../src/inspector/messages.ts'
import type { CallNews, FromPage } from '../../src/inspector/scene.ts'
import { Peaks } from '../../src/page/call/peaks.ts'
import { Phone, type Sound, type SoundParts } from '../../src/page/call/phone.ts'
import { Talk } from '../../src/page/call/talk.ts'
import { microphoneTrouble } from '../../src/page/call/trouble.ts'
import { pending } from '../model.ts'

const it = suite('page call')
const settled = () => new Promise(done => setImmediate(done))

const scene = ({ isThere = true } = {}) => {
  const asked: FromPage[] = []
  const sent: ArrayBuffer[] = []
  const played: [samples: number, channels: number][] = []
  const heard: string[] = []
  const log: string[] = []
  let listen = (_: ArrayBuffer) => {}
  let parts: SoundParts | undefined
  let opening = pending<Sound>()
  const sound: Sound = {
    mute: muted => log.push(muted ? 'mute' : 'unmute'),
    play: (samples, channels) => played.push([samples.byteLength / 2, channels]),
  }
  const phone = new Phone({
    actions: {
      ask: message => {
        if (isThere) asked.push(message)
        return isThere
      },
      talk: samples => sent.push(samples) > 0,
      hear: listener => {
        listen = listener
        return () => {}
      },
      url: path => `/token/${path}`,
    },
    open: given => {
      parts = given
      given.signal.addEventListener('abort', () => log.push('close'))
      opening = pending()
      return opening.promise
    },
    heard: (of, samples) => heard.push(`${of} ${samples.length}`),
    changed: () => {},
  })
  const news = (state: CallNews['state'], more: Partial<CallNews> = {}, life = 'following') =>
    phone.show({ call: { type: 'call', state, ...more }, life })
  return {
    ...{ phone, asked, sent, played, heard, log, news, sound },
    open: async () => {
      opening.resolve(sound)
      await settled()
    },
    fail: async (text: string) => {
      opening.reject(new Error(text))
      await settled()
    },
    parts: () => parts,
    bring: (count: number) => listen(new ArrayBuffer(2 * count)),
  }
}

it('asks the browser, then the server, and speaks once both are there', async () => {
  const { phone, asked, news, open, parts, sent, heard, bring, played } = scene()
  news('idle')
  void phone.start('docent', 'microphone')
  assert.is(phone.state, 'asking')
  assert.equal([parts()?.microphone, parts()?.worklet, asked], [true, '/token/sound.worklet.js', []])
  await open()
  assert.equal([phone.state, asked], ['dialling', [{ type: 'call.start', mind: 'docent', voice: 'microphone' }]])
  parts()?.said(new ArrayBuffer(960))
  bring(480)
  assert.equal([sent.length, heard], [0, []])
  news('starting')
  assert.is(phone.state, 'dialling')
  news('talking')
  parts()?.said(new ArrayBuffer(960))
  bring(480)
  assert.equal([phone.state, sent.length, heard, played], ['talking', 1, ['caller 480', 'agent 480'], [[480, 1]]])
})

it('tells both voices of a sample call apart', async () => {
  const { phone, news, open, bring, heard, played, parts } = scene()
  void phone.start('docent', 'sample')
  await open()
  assert.is(parts()?.microphone, false)
  news('talking', { channels: 2 })
  bring(960)
  assert.equal([heard, played], [['agent 480', 'caller 480'], [[960, 2]]])
})

it('lets its sound go when the call has ended, was refused, or the server is gone', async () => {
  const ends: [how: (on: ReturnType<typeof scene>) => void, text: string, isTrouble: boolean][] = [
    [({ news }) => news('ended', { text: 'the agent has hung up' }), 'The agent has hung up.', false],
    [({ news }) => news('ended'), '', false],
    [({ news }) => news('failed', { text: 'no key: set OPENAI_API_KEY' }), 'No key: set OPENAI_API_KEY.', true],
    [({ news }) => news('talking', {}, 'lost'), 'The connection to the server broke: the call has ended.', true],
    [({ news }) => news('idle'), '', false],
  ]
  for (const [how, text, isTrouble] of ends) {
    const on = scene()
    void on.phone.start('docent', 'microphone')
    await on.open()
    on.news('talking')
    how(on)
    assert.equal([on.phone.state, on.log, on.phone.line], ['off', ['close'], { text, isTrouble }])
  }
})

it('does not take the end of the call before for its own', async () => {
  const { phone, news, open } = scene()
  const before: CallNews = { type: 'call', state: 'ended' }
  phone.show({ call: before, life: 'following' })
  void phone.start('parrot', 'none')
  await open()
  phone.show({ call: before, life: 'following' })
  assert.is(phone.state, 'dialling')
  news('talking')
  phone.hangUp()
  assert.is(phone.state, 'ending')
  news('ended')
  assert.is(phone.state, 'off')
})

it('says in a sentence why there is no sound, and asks for no call', async () => {
  const { phone, asked, fail, log } = scene()
  void phone.start('docent', 'microphone')
  await fail('No microphone was found: plug one in, or write, or play the sample call.')
  assert.equal([phone.state, asked, log], ['off', [], ['close']])
  assert.match(phone.line.text, /^No microphone was found/)
  assert.is(phone.line.isTrouble, true)
})

it('says that the server is away, and lets its sound go', async () => {
  const { phone, open, log } = scene({ isThere: false })
  void phone.start('docent', 'none')
  await open()
  assert.equal([phone.state, log, phone.line.isTrouble], ['off', ['close'], true])
  assert.match(phone.line.text, /^The server is away/)
})

it('does not even ask for sound while the server is away', async () => {
  const { phone, news, parts } = scene()
  news('idle', {}, 'lost')
  await phone.start('docent', 'microphone')
  assert.equal([phone.state, parts(), phone.line.isTrouble], ['off', undefined, true])
})

it('gives up while the browser asks, and lets go at once', async () => {
  const { phone, open, log, asked } = scene()
  void phone.start('docent', 'microphone')
  phone.hangUp()
  assert.equal([phone.state, log], ['off', ['close']])
  await open()
  assert.equal([log, asked], [['close'], []])
})

it('mutes, interrupts, pauses, writes', async () => {
  const { phone, open, news, asked, log } = scene()
  void phone.start('docent', 'microphone')
  await open()
  news('talking')
  phone.mute(true)
  phone.mute(false)
  phone.interrupt()
  phone.pause(true)
  phone.pause(false)
  phone.write('Hello?')
  phone.hangUp()
  assert.equal(log, ['mute', 'unmute'])
  assert.equal(
    asked.slice(1).map(({ type }) => type),
    ['call.interrupt', 'call.pause', 'call.resume', 'call.write', 'call.end'],
  )
})

const told = (facts: RoomFact[]): Message[] => facts.map((fact, n) => ({ type: 'fact', seq: n + 1, at: 100 * n, fact }))
const words = (speaker: 'agent' | 'caller', id: string, text: string, final = false): RoomFact => ({
  ...{ type: 'words.shown', id, speaker, identity: speaker, text, final, at: 0 },
})
const ended = (id: string, outcome: 'finished' | 'interrupted'): RoomFact => ({
  type: 'utterance.ended',
  played: { id, outcome, pushed: 2, heard: 1, discarded: 1 },
  at: 0,
})

it('reads both transcripts as one conversation, as they are heard', () => {
  const messages = told([
    words('caller', 'c1', ''),
    words('caller', 'c1', 'Good'),
    words('caller', 'c1', 'Good morning.', true),
    words('agent', 'SG_1', 'Hello '),
    words('agent', 'SG_1', 'there, '),
    { type: 'paused', at: 0 },
    { type: 'resumed', at: 0 },
    ended('SG_1', 'interrupted'),
    { type: 'chat.received', identity: 'caller', text: 'In writing', at: 0 },
    words('agent', 'SG_2', 'Yes.'),
    ended('SG_2', 'finished'),
  ])
  const talk = new Talk()
  const lines = (seq: number) => {
    talk.read(messages, seq)
    return talk.lines.map(({ speaker, text, state }) => `${speaker} ${text.trim()} ${state}`)
  }
  assert.equal(lines(2), ['caller Good open'])
  assert.equal(lines(5), ['caller Good morning. whole', 'agent Hello there, open'])
  assert.is(talk.isPaused, false)
  talk.read(messages, 6)
  assert.is(talk.isPaused, true)
  const whole = ['caller Good morning. whole', 'agent Hello there, cut', 'caller In writing whole', 'agent Yes. whole']
  assert.equal(lines(11), whole)
  assert.equal(
    talk.lines.map(({ written }) => written),
    [false, false, true, false],
  )
  assert.equal(lines(4), ['caller Good morning. whole', 'agent Hello open']) // an earlier moment
  assert.equal(lines(11), whole)
  talk.read(told([words('agent', 'SG_1', 'Another call')]), 1)
  assert.equal(
    talk.lines.map(({ text }) => text),
    ['Another call'],
  )
})

it('keeps what was said when the messages that told it give way', () => {
  const messages = told([
    words('caller', 'c1', 'Good morning.', true),
    words('agent', 'SG_1', 'Hello '),
    words('agent', 'SG_1', 'there.'),
    ended('SG_1', 'finished'),
  ])
  const talk = new Talk()
  talk.read(messages.slice(0, 2), 2)
  talk.read(messages.slice(1), 4)
  const texts = () => talk.lines.map(({ text }) => text)
  assert.equal(texts(), ['Good morning.', 'Hello there.'])
  talk.read(messages.slice(3), 4)
  assert.equal(texts(), ['Good morning.', 'Hello there.'])
  talk.read(told([words('agent', 'SG_1', 'Another call'), words('caller', 'c1', 'of as many messages')]), 4)
  assert.equal(texts(), ['Another call', 'of as many messages'])
  const long = told(Array.from({ length: 700 }, (_, n) => words('caller', `c${n}`, `${n}`, true)))
  talk.read(long, 700)
  assert.equal([texts().length, texts()[0], texts().at(-1)], [500, '200', '699'])
})

it('says what is wrong with a microphone, and what to do', () => {
  const names = ['NotAllowedError', 'NotFoundError', 'NotReadableError', 'AbortError', 'OverconstrainedError', 'SecurityError']
  for (const name of names)
    assert.match(microphoneTrouble(Object.assign(new Error('no'), { name }), true), /^[A-Z][^:]+: [^:]+\.$/)
  assert.match(microphoneTrouble(undefined, false), /^Browsers give a microphone to https and to localhost only: open /)
  assert.is(microphoneTrouble(new Error('it is haunted'), true), 'The microphone does not work: it is haunted.')
})

it('keeps the loudest of each bar, and nothing of what is long past', () => {
  const peaks = new Peaks()
  assert.is(peaks.note(Int16Array.of(1, -16_384, 5), 100), 0.5)
  peaks.note(Int16Array.of(3_276), 119)
  assert.equal([peaks.at(2), peaks.at(1), peaks.at(3)], [0.5, 0, 0])
  peaks.note(Int16Array.of(32_767), 100 + 40 * 600)
  assert.equal([peaks.at(2), peaks.at(602 - 511), Math.round(peaks.at(602))], [0, 0, 1])
})

it.run()
