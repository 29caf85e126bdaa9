/** What both sides say, in words: captions of each speaker, committed text, and text where sound should be. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { liveStage, type newStage } from './stage.ts'

const it = suite('realtime/words')

const words = ['Let ', 'me ', 'look ', 'that ', 'up.']
type Collected = ReturnType<ReturnType<typeof newStage>['caller']['collect']>
/** The last text of each segment, with its speaker and whether it is final. */
const shownIn = (collected: Collected) => {
  const segments = new Map<string, [from: string, text: string, final: boolean]>()
  for (const { from, text, attributes } of collected) {
    const id = attributes['lk.segment_id'] ?? ''
    segments.set(id, [from, text, attributes['lk.transcription_final'] === 'true'])
  }
  return [...segments.values()]
}

it('shows its words as they are heard, in one segment each, as the agent on its track (MM-19)', async () => {
  const here = await liveStage()
  const shown = here.caller.collect('lk.transcription')
  here.session.reply(1_000, words, { itemId: 'a' })
  await here.clock.advance(500)
  assert.ok((shown[0]?.text.length ?? 0) < words.join('').length)
  await here.clock.advance(1_000)
  assert.equal(shownIn(shown), [['agent', words.join(''), true]])
  assert.ok(shown[0]?.attributes['lk.transcribed_track_id'])
  await here.close()
})

it('speaks as fast as it is told to, until its sound says how fast (MM-16)', async () => {
  const text = Array.from({ length: 40 }, (_, n) => `word${n} `)
  const lengths: number[] = []
  for (const agentTranscriptionSpeed of [1, 2]) {
    const here = await liveStage({ options: { transcription: { agentTranscriptionSpeed } } })
    const shown = here.caller.collect('lk.transcription')
    const content = here.session.begins().content({ itemId: 'a' })
    content.say(...text)
    for (let n = 0; n < 15; n++) content.push(100)
    await here.clock.advance(1_000)
    lengths.push(shown[0]?.text.length ?? 0)
    await here.close()
  }
  assert.ok((lengths[1] ?? 0) > 1.5 * (lengths[0] ?? 0), `${lengths}`)
})

it('makes no utterance of a content of text (MM-16)', async () => {
  const here = await liveStage()
  const shown = here.caller.collect('lk.transcription')
  here.session.begins().content({ contentType: 'text', text: 'I write.' }).say('I write.')
  await here.clock.advance(500)
  assert.equal([here.events(), shown.length], [[], 0])
  await here.close()
})

it('shows nothing of a side that is switched off; what is committed stays the same (MM-1)', async () => {
  const all: unknown[] = []
  for (const off of [{}, { userTranscription: false }, { agentTranscription: false }]) {
    const here = await liveStage({ options: { transcription: off } })
    const shown = here.caller.collect('lk.transcription')
    here.session.emit('input_speech_committed', { itemId: 'u' })
    here.session.emit('input_speech_transcription_completed', { itemId: 'u', transcript: 'What is it?' })
    here.session.reply(2_000, words, { itemId: 'a' })
    await here.clock.advance(900)
    here.agent.interrupt()
    await here.clock.advance(200)
    const whose = shownIn(shown).map(([from]) => from)
    assert.equal(whose, ['userTranscription' in off ? [] : ['ann'], 'agentTranscription' in off ? [] : ['agent']].flat())
    all.push([here.commits(), here.of('user_speech_committed'), here.session.textOf('a'), here.session.textOf('u')])
    await here.close()
  }
  assert.equal(all[1], all[0])
  assert.equal(all[2], all[0])
  assert.match(JSON.stringify(all[0]), /Let.*\.\.\./)
})

it('shows what the caller said under the item that said it, and commits it once (MM-38)', async () => {
  const here = await liveStage()
  const { clock, session } = here
  const shown = here.caller.collect('lk.transcription')
  session.emit('input_speech_committed', { itemId: 'u1' })
  session.emit('input_speech_committed', { itemId: 'u2' })
  await clock.advance(100)
  session.emit('input_speech_transcription_completed', { itemId: 'u2', transcript: 'Second.' })
  session.emit('input_speech_transcription_completed', { itemId: 'u1', transcript: 'First.' })
  session.emit('input_speech_transcription_completed', { itemId: 'u1', transcript: 'First again.' })
  await clock.advance(200)
  assert.equal(shownIn(shown), [
    ['ann', 'Second.', true],
    ['ann', 'First.', true],
  ])
  assert.equal(here.of('user_speech_committed'), [
    { id: 'u2', role: 'user', text: 'Second.' },
    { id: 'u1', role: 'user', text: 'First.' },
  ])
  assert.equal([session.textOf('u1'), session.textOf('u2')], ['First.', 'Second.'])
  await here.close()
})

it('shows it as theirs who were linked when they said it, and as nobody else`s (MM-39)', async () => {
  const here = await liveStage()
  const { clock, session, agent } = here
  const bob = here.hub.participant({ identity: 'bob' })
  bob.join()
  bob.publish()
  await clock.advance(100)
  const shown = here.caller.collect('lk.transcription')
  session.emit('input_speech_committed', { itemId: 'u1' })
  agent.chart?.setParticipant(undefined)
  await clock.advance(100)
  session.emit('input_speech_committed', { itemId: 'u2' }) // of nobody
  agent.chart?.setParticipant('bob')
  await clock.advance(100)
  session.emit('input_speech_committed', { itemId: 'u3' })
  for (const [itemId, transcript] of [
    ['u3', 'I am bob.'],
    ['u2', 'Who am I?'],
    ['u1', 'I am ann.'],
  ] as const)
    session.emit('input_speech_transcription_completed', { itemId, transcript })
  await clock.advance(200)
  assert.equal(shownIn(shown), [
    ['bob', 'I am bob.', true],
    ['ann', 'I am ann.', true],
  ])
  assert.is(here.of('user_speech_committed').length, 3)
  await here.close()
})

it('opens no caption of the caller where the model writes nothing down (MM-38)', async () => {
  const here = await liveStage({ model: { transcription: false } })
  const shown: unknown[] = []
  here.agent.chart?.on(fact => fact.type === 'words.shown' && shown.push(fact.text))
  here.session.emit('input_speech_committed', { itemId: 'u1' })
  await here.clock.advance(100)
  assert.equal(shown, [])
  await here.close()
})

it('closes the caption of words that nobody understood, and says so (MM-39)', async () => {
  const here = await liveStage()
  const shown: unknown[] = []
  here.agent.chart?.on(fact => fact.type === 'words.shown' && shown.push([fact.text, fact.final]))
  here.session.emit('input_speech_committed', { itemId: 'u1' })
  here.session.emit('input_speech_transcription_failed', { itemId: 'u1', message: 'too short' })
  await here.clock.settle()
  assert.equal(shown, [
    ['', false],
    ['', true],
  ])
  const [{ source, error, recoverable } = {}] = here.of('error')
  assert.equal([source, error?.message, recoverable], ['transcription', 'too short', true])
  assert.equal(here.of('user_speech_committed'), [])
  await here.close()
})

it('asks for speech where text came, and counts from the last speech on (MM-21, MM-35)', async () => {
  const here = await liveStage({ options: { maxTextResponseRetries: 2 } })
  const { clock, session } = here
  const text = (itemId: string) =>
    session
      .begins()
      .content({ itemId, contentType: 'text', text: `text of ${itemId}` })
      .end()
  text('a')
  text('b')
  await clock.settle()
  assert.equal(session.named('recover'), ['a', 'b'])
  const warned = here.logged.filter(({ code }) => code === 'model.text').map(({ fields }) => fields)
  assert.equal(warned, [
    { itemId: 'a', text: 'text of a', retries: 1 },
    { itemId: 'b', text: 'text of b', retries: 2 },
  ])
  session.reply(100, ['Speech.'])
  await clock.advance(400)
  session.refuses('recover', new Error('no such item'))
  text('c')
  text('d')
  await clock.settle()
  assert.equal(session.named('recover'), ['a', 'b', 'c', 'd'])
  assert.equal(
    here.of('error').map(({ error, recoverable }) => [error.message, recoverable]),
    [['no such item', true]],
  )
  assert.is(here.attribute(), 'listening')
  await here.close()
})

it('closes when the model goes on writing, and says what to do (MM-37)', async () => {
  for (const maxTextResponseRetries of [0, 1]) {
    const here = await liveStage({ options: { maxTextResponseRetries } })
    for (const itemId of ['a', 'b'].slice(0, maxTextResponseRetries + 1))
      here.session.begins().content({ itemId, contentType: 'text', text: 'words' }).end()
    await here.clock.advance(5_000)
    const [failure] = here.of('error')
    assert.is(failure?.recoverable, false)
    assert.match(failure?.error.message ?? '', new RegExp(`asking again ${maxTextResponseRetries} times.*fewer text messages`))
    assert.equal(here.events().slice(-2), ['error', 'closed'])
    assert.is(here.of('closed')[0]?.error, failure?.error)
    assert.ok(here.model.now.closed)
  }
})

it('knows words that are late: they count as said when the sound is over (MM-24)', async () => {
  const here = await liveStage()
  const content = here.session.begins().content({ itemId: 'a' }).push(300).say('Early ')
  await here.clock.advance(200)
  content.say('and late.').end()
  await here.clock.advance(500)
  assert.equal(here.of('agent_speech_committed'), [{ id: 'a', role: 'assistant', text: 'Early and late.' }])
  await here.close()
})

it('tells two contents of one item apart (MM-20)', async () => {
  const here = await liveStage()
  here.session.reply(300, ['One.'], { itemId: 'a', contentIndex: 0 })
  here.session.reply(2_000, ['Two ', 'and ', 'more ', 'of ', 'it.'], { itemId: 'a', contentIndex: 1 })
  await here.clock.advance(400)
  assert.is(here.session.textOf('a'), 'One.Two and more of it.') // as far as anybody knows
  await here.clock.advance(500)
  here.session.emit('input_speech_started', {})
  await here.clock.advance(100)
  const [cut] = here.session.named('truncate') as { itemId: string; contentIndex: number; audioEndMs: number }[]
  assert.equal([cut?.itemId, cut?.contentIndex], ['a', 1])
  const [first, second] = here.commits()
  assert.is(first?.text, 'One.')
  assert.is(here.session.textOf('a'), `One.${second?.text}`)
  await here.close()
})

it.run()
