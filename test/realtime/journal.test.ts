/** What a model tells is an input of the engine: each of it is a numbered line, so that a replay can feed it. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { JournalLine } from '../../src/journal.ts'
import { liveStage, newStage } from './stage.ts'

const it = suite('realtime/journal')

/** A short talk with a model. */
const talk = async () => {
  const lines: JournalLine[] = []
  const stage = await liveStage({ options: { journal: line => lines.push(line), reconnect: true } })
  const { clock, session, agent } = stage
  session.emit('input_speech_committed', { itemId: 'u' })
  session.emit('input_speech_transcription_completed', { itemId: 'u', transcript: 'Hello?' })
  session.reply(1_000, ['Hello ', 'there.'], { itemId: 'a' })
  await clock.advance(400)
  session.refuses('truncate', new Error('too long'))
  agent.interrupt()
  await clock.settle()
  agent.fncCtx = [{ name: 'look', execute: () => 'found' }]
  session.drop()
  await clock.advance(1_000)
  await stage.close()
  return { lines, stage }
}
const named = (lines: JournalLine[], name: string) => lines.filter(line => line.name === `model.${name}`)

it('notes all that comes from a session, and the sound by its hash (law 9)', async () => {
  const { lines } = await talk()
  const told = (event: string) => named(lines, `session.on.${event}`).map(({ kind, value }) => [kind, value])
  assert.equal(told('input_speech_transcription_completed'), [['told', { itemId: 'u', transcript: 'Hello?' }]])
  const [[, content] = []] = told('response_content_added')
  assert.equal([Reflect.get(Object(content), 'itemId'), Reflect.get(Object(content), 'audioStream')], ['a', undefined])
  const sound = lines.filter(({ name }) => name.startsWith('model.session.on.response_content_added.audioStream:'))
  assert.ok(sound.length >= 5)
  assert.match(JSON.stringify(sound[0]?.value), /"hash":"[0-9a-f]{8}"/)
  const words = lines.filter(({ name }) => /response_content_added\.textStream:\d+$/.test(name)).map(({ value }) => value)
  assert.equal(words.slice(0, 2), ['Hello ', 'there.'])
  assert.equal(
    named(lines, 'session.conversation.item.truncate').map(({ kind, value }) => [kind, value]),
    [['failed', 'Error: too long']],
  )
  assert.equal(
    named(lines, 'session.inputAudioBuffer.append').every(({ kind, value }) => kind === 'read' && value === true),
    true,
  )
  assert.is(named(lines, 'session.ready').length, 2)
  assert.is(told('closed').length, 1)
  assert.equal(
    lines.map(({ n }) => n),
    lines.map((_, index) => index + 1),
  )
})

it('is the same twice, and the model sees none of it: its functions, its listeners and its clock are its own (law 9)', async () => {
  const [one, two] = [await talk(), await talk()]
  assert.equal(one.lines, two.lines)
  const [first, second] = one.stage.model.sessions
  assert.is(second?.fncCtx[0]?.name, 'look')
  assert.equal([first?.listeners, second?.listeners], [0, 0])
  const bare = newStage()
  await bare.clock.runUntil(bare.agent.start(bare.world))
  assert.is(bare.model.now.hands.clock, bare.world.clock)
  assert.is(first?.hands.clock, one.stage.world.clock)
  await bare.close()
})

it.run()
