/** A model that does not keep its word: the agent is never deaf, never mute, never stuck, and never takes the process along. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { realtimeMind } from '../../src/multimodal-agent.ts'
import { newCall, outcomeOf, samples } from '../fakes/call.ts'
import { FakeModel } from '../fakes/model.ts'
import { liveStage, newStage } from './stage.ts'

const it = suite('realtime/stubborn')
const message = (id: string, text: string) => ({ id, type: 'message', role: 'user', content: [text] }) as const

it('does not spin on a way that says that it is free and is full (MM-14)', async () => {
  const here = await liveStage()
  let asked = 0
  here.session.inputAudioBuffer.append = () => {
    asked++
    if (asked > 10_000) throw new Error('spins')
    return false
  }
  here.session.inputAudioBuffer.drained = async () => {}
  void here.mic.speak(samples(1_000))
  await here.clock.advance(1_000)
  assert.ok(asked > 1 && asked <= 30, `${asked}`)
  await here.close()
  here.caller.leave()
  await here.clock.advance(1)
  assert.is(here.clock.timers, 0)
})

it('is not deaf where the way fails: that is a session that is lost (MM-48)', async () => {
  const here = await liveStage()
  here.session.inputAudioBuffer.append = () => {
    throw new TypeError('no such format')
  }
  void here.mic.speak(samples(1_000))
  await here.clock.advance(6_000)
  assert.match(String(here.of('closed')[0]?.error), /no such format/)
})

it('takes a conversation while it connects, and gives it on when the model is ready (MM-2)', async () => {
  const here = newStage({ model: { eager: false }, options: { chatCtx: { items: [message('m1', 'One')] } } })
  here.caller.publish()
  const starting = here.agent.start(here.world)
  await here.clock.advance(50)
  const { now: session } = here.model
  const take = session.setChatCtx.bind(session)
  session.setChatCtx = async context => {
    if (!session.isOpen) throw Object.assign(new Error('not ready'), { code: 'ERR_NOT_READY' })
    await take(context)
  }
  const [first, second] = ['m2', 'm3'].map(id => outcomeOf(here.clock, here.agent.setChatCtx({ items: [message(id, 'Two')] })))
  await here.clock.settle()
  session.open()
  await here.clock.runUntil(starting)
  assert.equal([(await first)?.error, (await second)?.error], [undefined, undefined])
  assert.equal(
    here.agent.chatCtxCopy().items.map(({ id }) => id),
    ['m3'],
  )
  await here.close()

  const failing = newStage({ model: { eager: false }, options: { chatCtx: { items: [message('m1', 'One')] } } })
  const failed = outcomeOf(failing.clock, failing.agent.start(failing.world))
  await failing.clock.advance(50)
  const setting = outcomeOf(failing.clock, failing.agent.setChatCtx({ items: [] }))
  failing.model.now.refuse(new Error('a wrong key'))
  await failing.clock.advance(100)
  assert.match(String((await setting).error), /wrong key/)
  assert.match(String((await failed).error), /wrong key/)
  assert.is(failing.agent.chatCtxCopy().items[0]?.id, 'm1') // what was not taken changes nothing
})

it('tells the end of each call also when it closes (law 11, MM-45)', async () => {
  const here = await liveStage()
  const call = { toolCallId: 'c', name: 'look', rawArguments: '', arguments: {} }
  const close = here.session.close.bind(here.session)
  here.session.close = async () => {
    here.session.emit('function_calls_finished', [{ call, error: new Error('closed') }])
    await close()
  }
  here.session.emit('function_calls_collected', [call])
  await here.clock.settle()
  await here.close()
  assert.equal(here.events(), ['function_calls_collected', 'function_calls_finished', 'closed'])
  assert.is(here.session.listeners, 0)
})

it('tells no end of a call whose beginning nobody was told (law 11)', async () => {
  const here = await liveStage()
  const call = { toolCallId: 'c', name: 'look', rawArguments: '', arguments: {} }
  const close = here.session.close.bind(here.session)
  here.session.close = async () => {
    here.session.emit('function_calls_collected', [call])
    here.session.emit('function_calls_finished', [{ call, error: new Error('closed') }])
    await close()
  }
  await here.close()
  assert.equal(here.events(), ['closed'])
})

it('closes when the session cannot even be closed (MM-45)', async () => {
  const bad = [
    () => {
      throw new Error('no end')
    },
    () => Promise.reject(new Error('no end')),
  ]
  for (const close of bad)
    for (const from of ['owner', 'room', 'lost'] as const) {
      const here = await liveStage({ options: { reconnect: from === 'lost' } })
      here.session.close = close
      if (from === 'room') here.hub.close()
      if (from === 'lost') here.session.drop()
      await here.clock.advance(2_000)
      await here.close()
      assert.is(here.of('closed').length, 1)
      if (from !== 'lost') assert.is(here.session.listeners, 0)
    }
})

it('says nothing of a recovery that its own close has ended (MM-36, MM-45)', async () => {
  const here = await liveStage()
  let end: (error: Error) => void = () => {}
  here.session.recoverFromTextResponse = () =>
    new Promise((_, reject) => {
      end = reject
    })
  here.session.begins().content({ contentType: 'text', text: 'I write.' }).end()
  await here.clock.settle()
  const closing = here.close()
  end(Object.assign(new Error('the session was closed'), { code: 'ERR_CLOSED' }))
  await closing
  assert.equal(here.of('error'), [])
})

it('begins to count texts anew when it was heard, also if it was cut (MM-21, law 10)', async () => {
  const here = await liveStage({ options: { maxTextResponseRetries: 1 } })
  for (let n = 0; n < 4; n++) {
    here.session.begins().content({ contentType: 'text', text: 'I write.' }).end()
    here.session
      .begins()
      .content({ itemId: `a${n}` })
      .push(1_000)
    await here.clock.advance(300)
    here.agent.interrupt()
    await here.clock.advance(100)
  }
  assert.equal([here.of('closed').length, here.session.named('recover').length], [0, 4])
  await here.close()
})

it('opens no caption for words that have come already (MM-39, law 9)', async () => {
  const here = await liveStage()
  const shown: unknown[] = []
  here.agent.chart?.on(fact => fact.type === 'words.shown' && fact.speaker === 'caller' && shown.push([fact.text, fact.final]))
  here.session.emit('input_speech_transcription_completed', { itemId: 'u', transcript: 'Hello?' })
  here.session.emit('input_speech_committed', { itemId: 'u' })
  await here.clock.advance(100)
  assert.equal(shown, [['Hello?', true]])
  await here.close()
})

it('survives orders that throw at once (MM-49)', async () => {
  const here = await liveStage()
  const refuse = () => {
    throw new Error('never')
  }
  here.session.conversation.item.truncate = refuse
  here.session.response.cancel = refuse
  here.session.recoverFromTextResponse = refuse
  here.session.begins().content({ itemId: 'a' }).push(1_000)
  await here.clock.advance(300)
  here.agent.interrupt()
  here.session.begins().content({ contentType: 'text', text: 'I write.' }).end()
  await here.clock.advance(300)
  assert.equal(
    here.of('error').map(({ error, recoverable }) => [error.message, recoverable]),
    [
      ['never', true],
      ['never', true],
      ['never', true],
    ],
  )
  assert.is(here.attribute(), 'listening')
  await here.close()
})

it('survives an owner whose ear throws, where it is a mind by itself', async () => {
  const model = new FakeModel()
  const mind = realtimeMind({
    model,
    tell: () => {
      throw new Error('oops')
    },
  })
  const call = newCall({ options: { mind } })
  call.caller.publish()
  const room = call.open()
  await call.clock.advance(50)
  model.now.emit('input_speech_started', {})
  model.now.reply(300, ['Hello.'], { itemId: 'a' })
  await call.clock.advance(1_000)
  assert.equal([model.sessions.length, model.now.closed], [1, false])
  assert.ok(call.codes('error').includes('listener.failed'))
  await call.clock.runUntil(room.close())
})

it('gives a service up that comes back only to drop it again (MM-48)', async () => {
  const here = await liveStage({ options: { reconnect: { attempts: 3, backoffMs: 100 } } })
  for (let n = 0; n < 20 && here.of('closed').length === 0; n++) {
    here.model.now.drop()
    await here.clock.advance(2_000)
  }
  assert.is(here.of('closed').length, 1)
  assert.is(here.model.sessions.length, 4)
})

it('tries anew as often as at first after it was steady', async () => {
  const here = await liveStage({ options: { reconnect: { attempts: 2, backoffMs: 100 } } })
  for (let n = 0; n < 5; n++) {
    here.model.now.drop()
    await here.clock.advance(15_000)
  }
  assert.equal([here.of('closed').length, here.model.sessions.length], [0, 6])
  await here.close()
})

it.run()
