/** The playout of the 0.x line when audio, text, captions or the device fail, and what it refuses. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { AgentPlayout } from '../src/agent-playout.ts'
import type { AudioFrame } from '../src/audio/frame.ts'
import { codeOf } from '../src/errors.ts'
import type { Word } from '../src/ports.ts'
import { format, paced, perMs, pieces, sound, stalled, timed, torn } from './fakes/call.ts'
import { noted, scene, watched } from './fakes/playout.ts'

const it = suite('agent playout failures')

it('fails with the error of its audio: the queue is dropped, the captions stay where it was heard (PLAY-29)', async () => {
  const { play, pass, told, texts, clock } = scene()
  const fault = new Error('model is gone')
  const handle = play('a', { audioStream: torn(paced(clock, 500), fault) })
  await pass(600)
  assert.equal([handle.done(), handle.outcome, handle.error, handle.interrupted], [true, 'failed', fault, false])
  assert.ok(handle.audioSamples >= 450 * perMs && handle.audioSamples <= 500 * perMs)
  assert.is(texts().at(-1), `${'word0 word1 word2'.slice(0, handle.textChars)} |`)
  assert.is(told.at(-1)?.endsWith('a stopped interrupted'), true)
  assert.is((await handle.finished).error, fault)
})

it('goes on without its text if that breaks (PLAY-30)', async () => {
  const { play, pass, codes } = scene()
  const handle = play('a', { textStream: torn(pieces<string>('So far. ')) })
  await pass(1_100)
  assert.equal(await handle.finished, { outcome: 'finished', audioSamples: 24_000, text: 'So far. ' })
  assert.equal(codes, ['playout.text'])
})

it('goes on without its captions, and past a listener, if they throw (PLAY-31)', async () => {
  const { play, pass, codes, playout } = scene()
  playout.on('playout_started', () => {
    throw new Error('not now')
  })
  playout.on('playout_stopped', async () => Promise.reject(new Error('nor now')))
  const { forwarder } = noted(true)
  const handle = play('a', { transcriptionFwd: forwarder })
  await pass(1_100)
  assert.equal([handle.outcome, handle.audioSamples], ['finished', 24_000])
  assert.is(codes.filter(code => code === 'listener.failed').length, 2)
  assert.ok(codes.includes('playout.captions'))
})

it('closes within its limit, whatever the captions do (PLAY-32, law 4)', async () => {
  const { play, pass, playout, forwarder } = scene()
  play('a', { transcriptionFwd: forwarder({ beforeForward: () => new Promise(() => {}) }) })
  await pass(500)
  let closed = false
  void playout.close().then(() => {
    closed = true
  })
  await pass(1_100)
  assert.ok(closed)
})

it('closes as fast with many whose captions never close (PLAY-32, law 4)', async () => {
  const { play, pass, playout, told } = scene()
  const { forwarder: shown } = noted()
  for (const id of ['a', 'b', 'c', 'd'])
    play(id, { when: 'after', transcriptionFwd: { ...shown, close: () => new Promise(() => {}) } })
  await pass(500)
  let closed = false
  void playout.close().then(() => {
    closed = true
  })
  await pass(1_100)
  assert.ok(closed, told.join())
})

it('returns the text also where the captions never take a piece (PLAY-15, law 11 of playout)', async () => {
  const { play, pass } = scene()
  const { forwarder } = noted()
  const { seen, iterable } = watched(timed(5))
  const handle = play('a', { transcriptionFwd: { ...forwarder, pushText: () => new Promise(() => {}) }, textStream: iterable })
  await pass(2_100)
  assert.equal([handle.outcome, seen.asked, seen.returned], ['finished', 1, 1])
})

it('says what it plays into, where that is none', () => {
  const bare = { sampleRate: 24_000, numChannels: 1, captureFrame: async () => {}, clearQueue: () => {} }
  for (const audioSource of [undefined, null, {}, bare, { sink: bare }])
    assert.throws(
      () => new AgentPlayout({ audioSource: audioSource as never }),
      (error: unknown) => error instanceof TypeError && /^audioSource must be a Sink/.test(error.message),
    )
})

it('fails what a device that breaks was to play, and tries it again with the next (law 4, law 12 of playout)', async () => {
  const { play, pass, refusals } = scene()
  const handle = play('a', { audioStream: stalled(sound(1_000)) })
  await pass(100)
  refusals.push(...Array.from({ length: 8 }, () => new Error('refused')))
  await pass(300)
  assert.equal([handle.outcome, (handle.error as Error)?.message], ['failed', 'refused'])
  refusals.length = 0
  const next = play('b')
  await pass(1_200)
  assert.is(next.outcome, 'finished')
})

const misuse: [what: string, given: object, kind: typeof Error, code?: string][] = [
  ['no audio', { audioStream: undefined }, TypeError],
  ['audio that cannot be read', { audioStream: [] }, TypeError],
  ['no text', { textStream: undefined }, TypeError],
  ['text that cannot be read', { textStream: 'Hello' }, TypeError],
  ['an item without id', { itemId: 7 }, TypeError],
  ['an index that is none', { contentIndex: -1 }, TypeError],
  ['half an index', { contentIndex: 0.5 }, TypeError],
  ['another when', { when: 'later' }, TypeError],
  ['no forwarder', { transcriptionFwd: null }, TypeError],
]
for (const [what, given, kind] of misuse)
  it(`refuses ${what}, and lets the playing one be (section 8 of playout)`, async () => {
    const { play, pass } = scene()
    const playing = play('a')
    await pass(100)
    let error: unknown
    try {
      play('b', given)
    } catch (thrown) {
      error = thrown
    }
    assert.instance(error, kind)
    assert.not(playing.done())
  })

it('refuses a forwarder that is closed or serves another utterance (section 8 of playout)', async () => {
  const { play, forwarder } = scene()
  const mine = forwarder()
  const playing = play('a', { transcriptionFwd: mine })
  const closed = forwarder()
  await closed.close()
  for (const transcriptionFwd of [mine, closed])
    assert.throws(
      () => play('b', { transcriptionFwd }),
      (error: unknown) => codeOf(error) === 'ERR_FORWARDER_IN_USE',
    )
  assert.not(playing.done())
})

it('plays what came before a frame that is none, and fails with its TypeError (section 8 of playout)', async () => {
  const { play, pass, told } = scene()
  async function* bad(): AsyncGenerator<AudioFrame> {
    yield* sound(300)
    yield { ...format, samplesPerChannel: 2_400, data: new Int16Array(100) }
    yield* sound(300)
  }
  const handle = play('a', { audioStream: bad() })
  await pass(500)
  assert.equal([handle.outcome, handle.audioSamples], ['failed', 300 * perMs])
  assert.instance(handle.error, TypeError)
  assert.equal(told, ['1 a started', '300 a stopped interrupted'])
})

it('skips a piece of text that is none, with a warning (section 8 of playout)', async () => {
  const { play, pass, codes } = scene()
  const odd: (string | Word)[] = ['One ', 'two.']
  odd.splice(1, 0, JSON.parse('7'))
  const handle = play('a', { textStream: pieces(...odd) })
  await pass(1_100)
  assert.equal([(await handle.finished).text, codes], ['One two.', ['playout.piece']])
})

it.run()
