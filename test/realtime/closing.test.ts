/** How an agent ends: asked, by a failure of the model or of the room, from any state; and that nothing stays. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { codeOf } from '../../src/errors.ts'
import { outcomeOf } from '../fakes/call.ts'
import { checkGone, liveStage, newStage, type Stage } from './stage.ts'

const it = suite('realtime/closing')

const words = ['Let ', 'me ', 'look ', 'that ', 'up.']

it('commits what was heard, ends the captions and the session, and tells its end last (MM-45, MM-46)', async () => {
  const here = await liveStage()
  const { clock, session, agent } = here
  const captions = here.caller.collect('lk.transcription')
  session.emit('input_speech_committed', { itemId: 'u' })
  session.reply(3_000, words, { itemId: 'a' })
  session.begins().content({ itemId: 'b' }).say('Next.').push(1_000) // it is still being made
  await clock.advance(900)
  const from = clock.now()
  const [first, second] = [agent.close(), agent.close()]
  assert.is(first, second)
  await clock.runUntil(first)
  assert.ok(clock.now() - from <= 500)
  assert.equal(here.events(), [...['agent_started_speaking', 'agent_stopped_speaking', 'agent_speech_interrupted', 'closed']])
  assert.equal(
    session.orders.map(({ name }) => name),
    ['close'],
  ) // nothing but the close itself
  assert.is(session.textOf('a'), here.commits()[0]?.text)
  assert.is(session.textOf('b'), '')
  await clock.advance(10)
  for (const { state } of captions) assert.is(state, 'closed')
  assert.equal(here.of('closed'), [{ reason: 'closed' }])
  assert.is(codeOf((await outcomeOf(clock, agent.setChatCtx({ items: [] }))).error), 'ERR_CLOSED')
  await checkGone(here)
})

it('closes from any state: not started, not connected, not ready, not heard, reconnecting (MM-45)', async () => {
  const unused = newStage()
  await unused.close()
  assert.equal(unused.of('closed'), [{ reason: 'closed' }])
  assert.is(codeOf((await outcomeOf(unused.clock, unused.agent.setChatCtx({ items: [] }))).error), 'ERR_CLOSED')

  const states: ((here: Stage) => Promise<unknown>)[] = [
    async () => {},
    ({ clock }) => clock.settle(),
    ({ clock }) => clock.advance(2_000),
  ]
  for (const wait of states)
    for (const options of [{ model: { eager: false } }, { caller: { subscribes: false } }]) {
      const here = newStage(options)
      const starting = outcomeOf(here.clock, here.agent.start(here.world))
      await wait(here)
      await here.close()
      assert.is(codeOf((await starting).error), 'ERR_CLOSED')
      await checkGone(here)
    }
  const here = await liveStage({ options: { reconnect: true } })
  here.session.drop()
  await here.clock.advance(100)
  assert.is(here.attribute(), 'initializing')
  await here.close()
  assert.equal(here.of('closed'), [{ reason: 'closed' }])
  await checkGone(here)
})

it('closes within its budget when the model never lets go (MM-45)', async () => {
  const here = await liveStage({ options: { closeBudgetMs: 2_000 } })
  assert.is(here.session.hands.closeMs, 1_000) // the room has the other half
  here.session.close = () => new Promise(() => {})
  const from = here.clock.now()
  await here.close()
  assert.is(here.clock.now() - from, 1_000) // half of it is the room's
  assert.ok(here.codes().includes('close.overrun'))
  assert.equal(here.events(), ['closed'])
})

it('closes within its budget when the room does not let go either (MM-45)', async () => {
  const here = await liveStage({ options: { closeBudgetMs: 2_000 } })
  here.session.close = () => new Promise(() => {})
  for (const operation of ['unpublish', 'leave'] as const) here.hub.stall(operation, 'agent')
  const from = here.clock.now()
  await here.close()
  assert.ok(here.clock.now() - from <= 2_000, `${here.clock.now() - from} ms`)
  assert.equal(here.events(), ['closed'])
})

it('rejects the start with what kept the model from it, when all is released (MM-47)', async () => {
  const refused = new Error('401: a wrong key')
  const here = newStage({ model: { eager: false } })
  const starting = outcomeOf(here.clock, here.agent.start(here.world))
  await here.clock.advance(50)
  here.model.now.refuse(refused)
  await here.clock.advance(100)
  assert.is((await starting).error, refused)
  assert.equal(here.of('closed'), [{ reason: 'failed', error: refused }])
  await checkGone(here)

  const slow = newStage({ model: { eager: false }, options: { initTimeoutMs: 3_000 } })
  const waiting = outcomeOf(slow.clock, slow.agent.start(slow.world))
  await slow.clock.advance(2_900)
  assert.equal(await waiting, {})
  await slow.clock.advance(200)
  assert.is(codeOf((await waiting).error), 'ERR_TIMEOUT')
  await checkGone(slow)

  const odd = newStage()
  odd.model.session = () => ({}) as never
  const { error } = await outcomeOf(odd.clock, odd.agent.start(odd.world))
  assert.instance(error, TypeError)
  assert.match(String(error), 'no chatCtxCopy')
})

it('breaks off and closes when the connection is lost (MM-26, MM-48)', async () => {
  const here = await liveStage()
  const { clock, session } = here
  const content = session
    .begins()
    .content({ itemId: 'a' })
    .say(...words)
    .push(2_000)
  await clock.advance(900)
  const lost = new Error('the socket closed')
  content.fail(lost)
  session.drop(lost)
  await clock.advance(3_000)
  assert.equal(here.events(), [
    ...['agent_started_speaking', 'error', 'agent_stopped_speaking', 'agent_speech_interrupted', 'closed'],
  ])
  assert.equal(here.of('error'), [{ source: 'model', error: lost, recoverable: false }])
  assert.equal(here.of('closed'), [{ reason: 'failed', error: lost }])
  assert.match(here.commits()[0]?.text ?? '', /^Let.*\.\.\.$/)
  assert.equal(session.named('truncate'), [])
  await checkGone(here)
})

it('commits what was heard of sound that breaks off, and goes on (MM-26)', async () => {
  const here = await liveStage()
  const { clock, session } = here
  const response = session.begins()
  const content = response
    .content({ itemId: 'a' })
    .say(...words)
    .push(2_000)
  await clock.advance(900)
  content.fail(new Error('torn'))
  response.done('failed', { message: 'out of quota' })
  await clock.advance(100)
  const [message] = here.of('agent_speech_interrupted')
  assert.match(message?.text ?? '', /^Let.*\.\.\.$/)
  assert.is(session.textOf('a'), message?.text)
  session.reply(300, ['Again.'], { itemId: 'b' })
  await clock.advance(600)
  assert.equal(here.of('agent_speech_committed'), [{ id: 'b', role: 'assistant', text: 'Again.' }])
  await here.close()
})

it('goes on after an error of the server, and tells it (MM-49)', async () => {
  const here = await liveStage()
  const error = new Error('no such item')
  here.session.emit('error', { error, recoverable: true, eventId: 'e1' })
  await here.clock.settle()
  assert.equal(here.of('error'), [{ source: 'model', error, recoverable: true }])
  assert.ok(here.codes('warn').includes('model.error'))
  here.session.refuses('truncate', new Error('too long'))
  here.session.reply(1_000, words)
  await here.clock.advance(300)
  here.agent.interrupt()
  await here.clock.settle()
  assert.is(here.of('error')[1]?.error.message, 'too long')
  const refused = new Error('no such response') // told as an event, and as the answer to the command: once is enough
  here.session.refuses('truncate', refused)
  here.session.reply(1_000, words)
  await here.clock.advance(300)
  here.agent.interrupt()
  here.session.emit('error', { error: refused, recoverable: true, eventId: 'e2' })
  await here.clock.settle()
  assert.equal(
    here.of('error').map(({ error: { message } }) => message),
    ['no such item', 'too long', 'no such response'],
  )
  assert.is(here.attribute(), 'listening')
  await here.close()
})

it('tells of a response that failed or is incomplete (MM-50)', async () => {
  const here = await liveStage()
  here.session.begins('r1').done('failed', { code: 'quota', message: 'out of quota' })
  here.session.begins('r2').done('incomplete', { reason: 'max_output_tokens' })
  here.session.begins('r3').done('cancelled', { reason: 'turn_detected' })
  await here.clock.settle()
  here.session.begins('r4').done('failed', { message: 'no more' })
  here.session.emit('error', { error: new Error('a model that tells it itself'), recoverable: true })
  await here.clock.settle()
  assert.equal(
    here.of('error').map(({ error, recoverable }) => [error.message, codeOf(error), recoverable]),
    [
      ['the response r1 is failed: out of quota', 'quota', true],
      ['the response r2 is incomplete: max_output_tokens', undefined, true],
      ['a model that tells it itself', undefined, true],
    ],
  )
  assert.equal(
    [here.codes('error'), here.codes('warn')],
    [['model.response.failed'], ['model.response.incomplete', 'model.error']],
  )
  await here.close()
})

it('closes with the room, whatever ended that, and with the participant where that is wanted (MM-45, MM-46)', async () => {
  const ended = await liveStage()
  ended.session.reply(2_000, words)
  await ended.clock.advance(300)
  ended.hub.close()
  await ended.clock.advance(5_000)
  assert.equal(ended.of('closed'), [{ reason: 'room.disconnected' }])
  assert.equal(ended.events().slice(-3), ['agent_stopped_speaking', 'agent_speech_interrupted', 'closed'])
  await checkGone(ended)

  const left = await liveStage({ options: { closeOnDisconnect: true } })
  left.caller.leave()
  await left.clock.advance(5_000)
  assert.equal(left.of('closed'), [{ reason: 'participant_disconnected' }])

  const stays = await liveStage()
  stays.caller.leave()
  await stays.clock.advance(60_000)
  assert.equal(stays.of('closed'), [])
  stays.hub.participant({ identity: 'bob' }).join()
  await stays.clock.advance(100)
  assert.is(stays.agent.chart?.linkedParticipant, 'bob')
  await stays.close()
})

it('tells of a part of the room that fails, and whether it goes on (MM-45)', async () => {
  const here = await liveStage()
  for (let n = 0; n < 4; n++) here.hub.failNext('openText', new Error('refused'), 'agent')
  here.session.reply(300, words)
  await here.clock.advance(6_000)
  assert.equal(
    here.of('error').map(({ source, recoverable }) => [source, recoverable]),
    [['captions', true]],
  )
  assert.is(here.of('agent_speech_committed').length, 1)
  await here.close()

  const deaf = newStage()
  for (let n = 0; n < 4; n++) deaf.hub.failNext('publish', new Error('refused'), 'agent')
  const starting = outcomeOf(deaf.clock, deaf.agent.start(deaf.world))
  await deaf.clock.advance(10_000)
  assert.match(String((await starting).error), 'refused')
  assert.equal(
    deaf.of('error').map(({ source, recoverable }) => [source, recoverable]),
    [['output', false]],
  )
  await checkGone(deaf)
})

it.run()
