/** What an agent with a model is told, and what of it is refused: at once, by name, and without any effect. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { codeOf } from '../../src/errors.ts'
import { MultimodalAgent, type MultimodalAgentOptions, realtimeMind } from '../../src/multimodal-agent.ts'
import type { ChatContext, FunctionTool } from '../../src/realtime/port.ts'
import { newCall, outcomeOf } from '../fakes/call.ts'
import { FakeModel } from '../fakes/model.ts'
import { liveStage, newStage } from './stage.ts'

const it = suite('realtime/options')

const tool = (name: string): FunctionTool => ({ name, execute: () => 'done' })
const message = (id: string, text: string) => ({ id, type: 'message', role: 'user', content: [text] }) as const

const refused: [what: string, options: object, kind: typeof TypeError | typeof RangeError, says: RegExp][] = [
  ['no model', { model: undefined }, TypeError, /model has no session/],
  ['a model without a session', { model: { capabilities: {} } }, TypeError, /model has no session/],
  [
    'an ability that is none',
    { model: { session: () => {}, capabilities: { truncate: 1 } } },
    TypeError,
    /capabilities\.truncate/,
  ],
  ['a rate that cannot be', { model: new FakeModel({ outputSampleRate: 12_345 }) }, RangeError, /outputSampleRate is 12345/],
  ['fewer tries than none', { maxTextResponseRetries: -1 }, RangeError, /maxTextResponseRetries is -1/],
  ['half a try', { maxTextResponseRetries: 0.5 }, RangeError, /maxTextResponseRetries is 0.5/],
  ['no time to be ready', { initTimeoutMs: 0 }, RangeError, /initTimeoutMs is 0/],
  ['pieces of nothing', { inputChunkMs: 0 }, RangeError, /inputChunkMs is 0/],
  ['pieces of half a sample', { inputChunkMs: 0.01 }, RangeError, /inputChunkMs is 0.01/],
  ['less than no time to close', { closeBudgetMs: -1 }, RangeError, /closeBudgetMs is -1/],
  ['a buffer of nothing', { maxInputBufferMs: 0 }, RangeError, /maxInputBufferMs is 0/],
  ['no speed', { transcription: { agentTranscriptionSpeed: 0 } }, RangeError, /agentTranscriptionSpeed is 0/],
  ['tokenizers', { transcription: { sentenceTokenizer: () => [] } }, TypeError, /transcription has no "sentenceTokenizer"/],
  ['a misspelt option', { maxTextRetries: 3 }, TypeError, /options has no "maxTextRetries"/],
  ['no tries to reconnect', { reconnect: { attempts: 0 } }, RangeError, /reconnect.attempts is 0/],
  [
    'half a try to reconnect',
    { reconnect: { attempts: 1.5 } },
    RangeError,
    /reconnect.attempts is 1.5: use a whole number above 0/,
  ],
  ['a role that is none', { chatCtx: { items: [{ ...message('a', 'x'), role: 'bot' }] } }, TypeError, /"a".* role is "bot"/],
  [
    'words that are no list',
    { chatCtx: { items: [{ ...message('a', 'x'), content: 'x' }] } },
    TypeError,
    /"a".* content is a list/,
  ],
  ['an item of no kind', { chatCtx: { items: [{ id: 'a', content: ['x'] }] } }, TypeError, /"a".* type is "undefined"/],
  ['a wish that is none', { reconnect: 'yes' }, TypeError, /reconnect must be/],
  ['a kind that is none', { participantKinds: ['human'] }, TypeError, /participantKinds/],
  ['a log that is none', { log: 'stderr' }, TypeError, /log must be a function of .*, not the string stderr/],
  ['a log that is nothing', { log: null }, TypeError, /log must be a function of .*, not null/],
  ['a clock that is none', { clock: Date }, TypeError, /clock has no setTimeout/],
  ['a clock that is nothing', { clock: null }, TypeError, /clock has no now/],
  ['ids that are none', { ids: () => 'x' }, TypeError, /ids has no next/],
  ['a function without a name', { fncCtx: [tool('')] }, TypeError, /name/],
  ['a function that does nothing', { fncCtx: [{ name: 'look' }] }, TypeError, /execute/],
  [
    'a description that is no text',
    { fncCtx: [{ ...tool('look'), description: ['how', 'it is'] }] },
    TypeError,
    /description of the function "look" must be text, not an array/,
  ],
  [
    'parameters that are no schema of an object',
    { fncCtx: [{ ...tool('look'), parameters: { type: 'string' } }] },
    TypeError,
    /parameters of the function "look" must be a JSON schema of type object/,
  ],
  ['two functions of one name', { fncCtx: [tool('look'), tool('look')] }, TypeError, /two functions/],
  ['a conversation that is none', { chatCtx: 'hello' }, TypeError, /items/],
]
for (const [what, options, kind, says] of refused)
  it(`refuses ${what} by name`, () => {
    const model = new FakeModel()
    const make = () => new MultimodalAgent({ model, ...options } as MultimodalAgentOptions)
    assert.throws(make, (error: unknown) => error instanceof kind && says.test(String(error)))
    assert.is(model.sessions.length, 0)
  })

it('refuses a listener of nothing that is told, and one that cannot be called', async () => {
  const here = newStage()
  assert.throws(
    () => here.agent.on('agent_speech_commited' as never, () => {}),
    /no event "agent_speech_commited": it tells user_/,
  )
  assert.throws(() => here.agent.on('closed', undefined as never), /a listener is a function of what is told, /)
  await here.agent.close()
})

it('refuses no options at all', () => {
  const nothing: [] = []
  for (const make of [() => Reflect.construct(MultimodalAgent, nothing), () => Reflect.apply(realtimeMind, undefined, nothing)])
    assert.throws(make, /model has no session/)
  assert.throws(() => realtimeMind({ model: new FakeModel(), tell: 'me' as never }), /tell must be a function/)
})

it('refuses a room or a participant that is none, and can be started after that', async () => {
  const here = newStage()
  for (const room of [undefined, 'demo', {}])
    assert.throws(() => here.agent.start(room as never), /start takes a Room of the SDK, or a world/)
  assert.throws(() => here.agent.start({ remoteParticipants: new Map() } as never), /the room has no on/)
  for (const who of ['', 3, null, {}, { identity: '' }])
    assert.throws(
      () => here.agent.start(here.world, who as never),
      (error: unknown) => error instanceof TypeError,
      String(who),
    )
  await here.clock.runUntil(here.agent.start(here.world))
  assert.throws(() => {
    here.agent.fncCtx = [tool('look'), tool('look')]
  }, /two functions/)
  assert.throws(() => {
    here.agent.fncCtx = [{ ...tool('look'), parameters: [] }]
  }, /parameters of the function "look"/)
  assert.equal(here.agent.fncCtx, [])
  await here.close()
})

it('takes a model that does not say what it can for one that can what is usual', async () => {
  const model = new FakeModel()
  const call = newCall()
  call.caller.publish()
  const agent = new MultimodalAgent({ model: { label: 'terse', session: model.session.bind(model) } as never })
  await call.clock.runUntil(agent.start(call.world))
  await call.clock.advance(300)
  assert.equal([model.now.given[0]?.sampleRate, model.now.given[0]?.samplesPerChannel], [24_000, 2_400])
  await call.clock.runUntil(agent.close())
})

it('can be read and told before the start, and passes it on then (MM-2)', async () => {
  const vad = { sensitive: true }
  const first: ChatContext = { items: [message('m1', 'Hello')] }
  const here = newStage({ options: { vad, chatCtx: first, fncCtx: [tool('look')] } })
  assert.is(here.agent.vad, vad)
  assert.equal(here.agent.chatCtxCopy(), first)
  assert.is.not(here.agent.chatCtxCopy().items, first.items)
  here.agent.fncCtx = [tool('look'), tool('book')]
  await here.agent.setChatCtx({ items: [message('m2', 'Goodbye')] })
  await here.clock.runUntil(here.agent.start(here.world))
  const { now: session } = here.model
  assert.equal([session.fncCtx.map(({ name }) => name), session.textOf('m2')], [['look', 'book'], 'Goodbye'])
  here.agent.fncCtx = []
  assert.equal([session.fncCtx, here.agent.fncCtx], [[], []])
  await here.agent.setChatCtx(first)
  assert.equal(here.agent.chatCtxCopy(), first)
  session.refuses('setChatCtx', Object.assign(new Error('too late'), { code: 'ERR_TIMEOUT' }))
  assert.is(codeOf((await outcomeOf(here.clock, here.agent.setChatCtx({ items: [] }))).error), 'ERR_TIMEOUT')
  await here.close()
  assert.equal(here.agent.chatCtxCopy(), first)
})

it('says that it thinks, if it shall, until it is heard (MM-27)', async () => {
  const here = await liveStage({ options: { reportThinking: true } })
  const states: (string | undefined)[] = []
  here.caller.watch(event => event.type === 'participant.changed' && states.push(event.attributes['lk.agent.state']))
  const response = here.session.begins()
  await here.clock.advance(300)
  response.content({ itemId: 'a' }).push(300).end()
  response.done()
  await here.clock.advance(600)
  here.session.begins().done()
  await here.clock.advance(100)
  assert.equal(states, ['thinking', 'speaking', 'listening', 'thinking', 'listening'])
  await here.close()
})

it('takes listeners off again, and logs what they throw', async () => {
  const here = await liveStage()
  const told: string[] = []
  const listener = () => void told.push('started')
  assert.throws(() => here.agent.on('closed', 'me' as never), /a listener is a function/)
  here.agent.on('agent_started_speaking', listener).on('agent_started_speaking', listener)
  here.agent.on('agent_stopped_speaking', () => {
    throw new Error('oops')
  })
  here.session.reply(100, ['One.'])
  await here.clock.advance(400)
  here.agent.off('agent_started_speaking', listener)
  here.session.reply(100, ['Two.'])
  await here.clock.advance(400)
  assert.equal(told, ['started'])
  assert.equal(here.codes('error'), ['listener.failed', 'listener.failed'])
  assert.is(here.commits().length, 2)
  await here.close()
})

it('answers what people write in its room, after what it said was cut', async () => {
  const model = new FakeModel()
  const call = newCall({ options: { mind: realtimeMind({ model }) } })
  call.caller.publish()
  const room = call.open()
  await call.clock.advance(50)
  model.now.reply(2_000, ['Hello ', 'there.'], { itemId: 'a' })
  await call.clock.advance(500)
  call.caller.sendText('lk.chat', ['What time is it?'])
  await call.clock.advance(100)
  const [item] = model.now.named('create') as { role: string; content: string[] }[]
  assert.equal([item?.role, item?.content], ['user', ['What time is it?']])
  assert.equal(
    model.now.orders.map(({ name }) => name),
    ['truncate', 'create', 'response'],
  )
  model.now.refuses('create', new Error('full'))
  call.caller.sendText('lk.chat', ['Hello?'])
  await call.clock.advance(100)
  assert.ok(call.codes('warn').includes('model.failed'))
  await call.clock.runUntil(room.close())
})

it('is a mind by itself, in a room of any rates', async () => {
  const model = new FakeModel({ inputSampleRate: 16_000 })
  const told: string[] = []
  const mind = realtimeMind({ model, tell: ({ event }) => told.push(event) })
  const call = newCall({ options: { mind, audioOutput: { sampleRate: 48_000 } } })
  const mic = call.caller.publish()
  const ear = call.caller.hears('agent', 48_000)
  const room = call.open()
  await call.clock.advance(50)
  void mic
  model.now.reply(1_000, ['Hello ', 'there.'], { itemId: 'a' })
  await call.clock.advance(500)
  assert.equal([model.now.given[0]?.sampleRate, model.now.given[0]?.samplesPerChannel], [16_000, 1_600])
  assert.ok(ear.samples().some(sample => sample !== 0))
  model.now.emit('input_speech_started', {})
  await call.clock.advance(100)
  const [cut] = model.now.named('truncate') as { audioEndMs: number }[]
  assert.ok(Math.abs((cut?.audioEndMs ?? 0) - 500) < 30, `${cut?.audioEndMs}`)
  assert.equal(told, ['agent_started_speaking', 'user_started_speaking', 'agent_stopped_speaking', 'agent_speech_interrupted'])
  await call.clock.runUntil(room.close())
  call.caller.leave()
  await call.clock.advance(1)
  assert.equal([model.now.closed, model.now.listeners, call.clock.timers], [true, 0, 0])
})

it.run()
