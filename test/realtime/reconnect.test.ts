/** A model whose connection drops, and an agent that shall not end with it: what the next session gets, and what is told meanwhile. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { codeOf } from '../../src/errors.ts'
import { outcomeOf, perMs, samples } from '../fakes/call.ts'
import { checkGone, liveStage, newStage } from './stage.ts'

const it = suite('realtime/reconnect')

const words = ['Let ', 'me ', 'look ', 'that ', 'up.']

it('comes back with the conversation so far, if it shall; the room stays, and says so (MM-48)', async () => {
  const here = await liveStage({ options: { reconnect: { attempts: 2, backoffMs: 500 } } })
  const { clock, session } = here
  const shown: unknown[] = []
  here.agent.chart?.on(fact => fact.type === 'words.shown' && fact.speaker === 'caller' && shown.push([fact.text, fact.final]))
  session.emit('input_speech_committed', { itemId: 'u' }) // whose words nobody will tell any more
  session.reply(2_000, words, { itemId: 'a' })
  await clock.advance(900)
  session.drop()
  await clock.advance(100)
  assert.is(here.attribute(), 'initializing')
  assert.equal(shown, [
    ['', false],
    ['', true],
  ])
  assert.equal(
    here.of('error').map(({ recoverable }) => recoverable),
    [true],
  )
  assert.is(codeOf((await outcomeOf(clock, here.agent.generateReply())).error), 'ERR_NOT_LIVE')
  await clock.advance(500)
  const { now: next } = here.model
  assert.is.not(next, session)
  assert.is(next.textOf('a'), here.commits()[0]?.text)
  assert.is(here.attribute(), 'listening')
  assert.equal([session.listeners, here.of('closed')], [0, []])
  await clock.advance(1_000)
  assert.ok(next.given.length >= 9)
  next.reply(300, ['Again.'], { itemId: 'b' })
  await clock.advance(600)
  assert.is(here.of('agent_speech_committed').at(-1)?.text, 'Again.')
  await here.close()
  await checkGone(here)
})

it('cuts what a session began to say that was never ready, and tries again (MM-26, MM-48)', async () => {
  const here = newStage({ options: { reconnect: true, initTimeoutMs: 1_000 }, model: { eager: false } })
  here.agent.start(here.world)
  await here.clock.advance(50)
  here.model.now.open()
  await here.clock.advance(100)
  here.model.now.drop()
  await here.clock.advance(600)
  here.model.now.begins('r').content({ itemId: 'a' }).push(40)
  await here.clock.advance(500)
  assert.is(here.attribute(), 'speaking')
  await here.clock.advance(2_000)
  assert.is(here.of('agent_speech_interrupted').length, 1)
  here.model.now.open()
  await here.clock.advance(100)
  assert.is(here.attribute(), 'listening')
  await here.close()
  await checkGone(here)
})

it('tells a model that comes back of the calls that were running: nobody will answer them (MM-43, MM-48)', async () => {
  const here = await liveStage({ options: { reconnect: true } })
  here.session.items.push(
    { id: 'c1', type: 'call', callId: 'done', name: 'look', arguments: '{}' },
    { id: 'o1', type: 'output', callId: 'done', output: 'found' },
    { id: 'c2', type: 'call', callId: 'running', name: 'look', arguments: '{}' },
  )
  here.session.drop()
  await here.clock.advance(600)
  const { items } = here.model.now
  assert.equal(
    items.map(item => (item.type === 'output' ? `${item.callId}: ${item.output}` : item.id)),
    ['c1', 'done: found', 'c2', 'running: Error: the connection was lost while it ran'],
  )
  here.model.now.drop()
  await here.clock.advance(1_100)
  assert.equal(here.model.now.items, items)
  await here.close()
})

it('keeps the conversation also over tries that fail (MM-48)', async () => {
  const here = newStage({ options: { reconnect: true }, model: { eager: false } })
  here.agent.start(here.world)
  await here.clock.advance(50)
  here.model.now.open()
  await here.clock.advance(100)
  here.model.now.reply(300, words, { itemId: 'a' })
  await here.clock.advance(600)
  here.model.now.drop()
  await here.clock.advance(600)
  assert.equal(
    here.agent.chatCtxCopy().items.map(({ id }) => id),
    ['a'],
  )
  const { now: late } = here.model
  await here.clock.advance(11_000) // it does not answer, and another is asked
  late.open()
  await here.clock.settle()
  assert.equal(
    here.agent.chatCtxCopy().items.map(({ id }) => id),
    ['a'],
  )
  assert.is.not(here.model.now, late)
  here.model.now.open()
  await here.clock.advance(100)
  assert.equal([here.model.sessions.length, here.model.now.textOf('a')], [3, words.join('')])
  await here.close()
})

it('keeps the conversation that is set while the model is away for the next session (MM-2, MM-8, MM-48)', async () => {
  const message = (id: string) => ({ id, type: 'message', role: 'user', content: ['One.'] }) as const
  const idsOf = (items: readonly { id: string }[]) => items.map(({ id }) => id)
  const here = newStage({ options: { reconnect: { attempts: 3, backoffMs: 500 } }, model: { eager: false } })
  const { clock, agent } = here
  here.caller.publish()
  void agent.start(here.world)
  await clock.advance(50)
  here.model.now.open()
  await clock.advance(100)
  here.model.now.drop()
  await clock.advance(100)
  const settled: string[] = []
  const set = (...ids: string[]) => {
    const work = agent.setChatCtx({ items: ids.map(message) })
    void work.then(
      () => settled.push(ids.join(' ')),
      error => settled.push(codeOf(error) ?? String(error)),
    )
  }
  set('m1')
  await clock.advance(500)
  set('m1', 'm2') // it is being opened
  await clock.advance(100)
  here.model.now.refuse(new Error('not now'))
  await clock.advance(500)
  assert.equal(settled, [])
  await clock.advance(600)
  assert.is(here.model.sessions.length, 3)
  here.model.now.open()
  await clock.advance(100)
  assert.equal(
    [settled, idsOf(here.model.now.items), idsOf(agent.chatCtxCopy().items)],
    [
      ['m1', 'm1 m2'],
      ['m1', 'm2'],
      ['m1', 'm2'],
    ],
  )

  here.model.now.drop()
  await clock.advance(100)
  set('m3')
  await clock.advance(600)
  assert.is(settled.length, 2)
  await here.close()
  assert.is(settled[2], 'ERR_CLOSED')
  assert.equal(idsOf(agent.chatCtxCopy().items), ['m1', 'm2'])
  await checkGone(here)
})

it('says so when no model comes back to take the conversation that was set meanwhile (MM-8, MM-48)', async () => {
  const here = await liveStage({ options: { reconnect: { attempts: 1, backoffMs: 500 } } })
  here.session.drop()
  await here.clock.advance(100)
  const setting = outcomeOf(here.clock, here.agent.setChatCtx({ items: [] }))
  here.model.session = () => {
    throw new Error('no more')
  }
  await here.clock.advance(1_000)
  assert.is(codeOf((await setting).error), 'ERR_CLOSED')
  assert.is(here.of('closed').length, 1)
})

it('gives the next session what the lost one did not take, in order (MM-13, MM-14)', async () => {
  const here = await liveStage({ options: { reconnect: true } })
  const { clock, session } = here
  void here.mic.speak(samples(3_000))
  await clock.advance(1_000)
  session.full = true
  await clock.advance(500)
  session.drop()
  await clock.advance(2_500)
  const heard = here.model.sessions.flatMap(({ given }) => given.flatMap(({ data }) => [...data])).filter(sample => sample !== 0)
  assert.equal([here.model.sessions.length, heard.length], [2, 3_000 * perMs])
  assert.ok(heard.every((sample, n) => sample === (n % 30_000) + 1))
  await here.close()
})

it('says nothing more of a session that it has given up (MM-48, law 13)', async () => {
  const here = newStage({ options: { reconnect: true, initTimeoutMs: 3_000 }, model: { eager: false } })
  here.caller.publish()
  here.agent.start(here.world)
  await here.clock.advance(50)
  here.model.now.open()
  await here.clock.advance(100)
  here.model.now.drop()
  await here.clock.advance(1_000)
  here.model.now.begins().content({ itemId: 'a' }).push(40) // and no more: it is never ready
  await here.clock.advance(100)
  assert.is(here.attribute(), 'speaking')
  await here.clock.advance(3_000)
  assert.is(here.attribute(), 'initializing')
  await here.clock.advance(1_000)
  here.model.now.open()
  await here.clock.advance(100)
  assert.is(here.attribute(), 'listening')
  await here.close()
  await checkGone(here)
})

it('gives up after so many tries (MM-48)', async () => {
  const here = newStage({ options: { reconnect: { attempts: 2, backoffMs: 500 } }, model: { eager: false } })
  here.agent.start(here.world)
  await here.clock.advance(50)
  here.model.now.open()
  await here.clock.advance(100)
  here.model.now.drop()
  for (const ms of [600, 1_000]) {
    await here.clock.advance(ms)
    here.model.now.refuse(new Error('no way'))
    await here.clock.settle()
  }
  await here.clock.advance(3_000)
  assert.is(here.model.sessions.length, 3)
  assert.equal(
    here.of('error').map(({ recoverable }) => recoverable),
    [true, false],
  )
  assert.match(String(here.of('closed')[0]?.error), 'no way')
  await checkGone(here)
})

it.run()
