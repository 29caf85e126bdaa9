// needs: test/agents/node_modules/@livekit/agents, from npm ci --prefix test/agents
/** A realtime model of LiveKit's agents behind the port of models: what is asked of it, and what it tells. */
import type { llm } from '@livekit/agents'
import { AudioFrame } from '@livekit/rtc-node'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { frameOf } from '../../src/audio/frame.ts'
import { codeOf } from '../../src/errors.ts'
import { seededIds } from '../../src/ids.ts'
import { type AgentsModelOptions, agentsModel } from '../../src/minds/livekit-agents/index.ts'
import type { ChatContext, FunctionContext, ResponseContent, SessionEvents } from '../../src/realtime/port.ts'
import { virtualClock } from '../../src/virtual.ts'
import { all, ramp } from '../fakes/sound.ts'
import { ScriptedModel } from './model.ts'

const it = suite('agents model')

const TIMEOUT_MS = 1_000
const names: (keyof SessionEvents)[] = [
  ...(['response_created', 'response_output_added', 'response_content_added', 'response_content_done'] as const),
  ...([
    'response_output_done',
    'response_done',
    'input_speech_started',
    'input_speech_stopped',
    'input_speech_committed',
  ] as const),
  ...(['input_speech_transcription_completed', 'function_calls_collected', 'function_calls_finished'] as const),
  ...(['metrics_collected', 'error', 'closed'] as const),
]
type Start = { chatCtx?: ChatContext; fncCtx?: FunctionContext; can?: Partial<llm.RealtimeCapabilities> } & AgentsModelOptions

/** Their streams settle in turns of the event loop. */
const settle = async () => {
  for (let n = 0; n < 20; n++) await new Promise(resolve => setImmediate(resolve))
}
const begin = async ({ chatCtx = { items: [] }, fncCtx = [], can = {}, ...options }: Start = {}) => {
  const theirs = new ScriptedModel(can)
  const clock = virtualClock()
  const logged: string[] = []
  const model = agentsModel(theirs, options)
  const session = model.session(
    { chatCtx, fncCtx },
    { clock, ids: seededIds(1), log: (_, code) => logged.push(code), timeoutMs: TIMEOUT_MS },
  )
  const events: [string, unknown][] = []
  for (const name of names) session.on(name, payload => events.push([name, payload]))
  const [told] = theirs.sessions
  if (!told) throw new Error('there is no session')
  const types = () => events.map(([name]) => name)
  const find = <E extends keyof SessionEvents>(name: E): SessionEvents[E][] =>
    events.flatMap(([type, payload]) => (type === name ? [payload as SessionEvents[E]] : []))
  const content = (nth = 0): ResponseContent => {
    const one = find('response_content_added')[nth]
    if (!one) throw new Error('there is no such content')
    return one
  }
  await settle()
  return { model, session, theirs: told, clock, events, types, find, content, logged }
}
const frame = (samples: number, sampleRate = 24_000) => new AudioFrame(ramp(samples), sampleRate, 1, samples)
const outcome = async (work: Promise<unknown>) => {
  let result: unknown = 'pending'
  work.then(
    value => {
      result = { value }
    },
    error => {
      result = codeOf(error) ?? (error instanceof Error ? error.message : error)
    },
  )
  await settle()
  return () => result
}

it('is ready when the model has its instructions, the functions and the conversation, and is given no sound before (MM-14)', async () => {
  const chatCtx: ChatContext = {
    items: [
      { id: 'a', type: 'message', role: 'user', content: ['Hello.'] },
      { id: 'b', type: 'call', callId: 'c1', name: 'time', arguments: '{}' },
      { id: 'c', type: 'output', callId: 'c1', output: 'noon' },
    ],
  }
  const fncCtx = [{ name: 'time', execute: () => 'noon' }]
  const { model, session, theirs } = await begin({ chatCtx, fncCtx, instructions: 'Be brief.' })
  assert.equal(model.capabilities, { truncate: true, turnDetection: true, inputSampleRate: 24_000, outputSampleRate: 24_000 })
  assert.is(model.label, 'scripted.RealtimeModel')
  assert.equal(theirs.asked, [
    ['updateInstructions', 'Be brief.'],
    ['updateTools', 'time'],
    ['updateChatCtx', 'message a', 'function_call b', 'function_call_output c'],
  ])
  assert.equal(session.chatCtxCopy(), chatCtx)
  assert.is(session.inputAudioBuffer.append(frameOf(ramp(2_400), { sampleRate: 24_000, channels: 1 })), true)
  assert.ok(theirs.heard[0] instanceof AudioFrame)
  assert.is(theirs.heard[0]?.samplesPerChannel, 2_400)
  await session.inputAudioBuffer.commit()
  await session.inputAudioBuffer.clear()
  assert.equal(theirs.names.slice(-2), ['commitAudio', 'clearAudio'])
  await session.close()
  assert.throws(
    () => session.inputAudioBuffer.append(frameOf(ramp(2_400), { sampleRate: 24_000, channels: 1 })),
    (error: unknown) => codeOf(error) === 'ERR_CLOSED',
  )
})

it('tells of a response and its contents as they come, and of its end (MM-7, MM-16)', async () => {
  const { session, theirs, types, content, find } = await begin()
  const script = theirs.generate('resp_a')
  const message = script.message('item_a', ['audio', 'text'])
  await settle()
  assert.equal(types(), ['response_created', 'response_output_added', 'response_content_added'])
  assert.equal([content().itemId, content().contentType, content().responseId], ['item_a', 'audio', 'resp_a'])
  message.words.put('One ', 'two.')
  message.put(frame(240), frame(480))
  const reading = Promise.all([all(content().textStream), all(content().audioStream)])
  await settle()
  assert.is(content().text, 'One two.')
  assert.not.ok(types().includes('response_done'))
  message.words.end()
  message.end()
  script.end()
  const [words, frames] = await reading
  await settle()
  assert.equal(words, ['One ', 'two.'])
  assert.equal(
    frames.map(({ samplesPerChannel }) => samplesPerChannel),
    [240, 480],
  )
  assert.equal(types().slice(3), ['response_content_done', 'response_output_done', 'response_done'])
  assert.equal(find('response_done'), [{ id: 'resp_a', status: 'completed' }])
  await session.close()
})

it('knows what a message is by what the model says of it, else by what it can do (MM-16, MM-35)', async () => {
  const { session, theirs, content } = await begin()
  const script = theirs.generate()
  const [written, spoken] = [script.message('written', ['text']), script.message('spoken')]
  written.words.put('Only words.')
  await settle()
  assert.equal([content(0).contentType, content(1).contentType], ['text', 'audio'])
  assert.equal([content(0).outputIndex, content(1).outputIndex], [0, 1])
  written.words.end()
  spoken.words.end()
  spoken.end()
  assert.equal(await all(content(0).audioStream), [])
  assert.equal(await all(content(0).textStream), ['Only words.'])
  await session.close()

  const mute = await begin({ can: { audioOutput: false } })
  mute.theirs.generate().message('written')
  await settle()
  assert.is(mute.content().contentType, 'text')
  await mute.session.close()
})

it('brings sound of another rate to its own (MM-18)', async () => {
  const { session, theirs, content } = await begin()
  const message = theirs.generate().message('item', ['audio'])
  await settle()
  const reading = all(content().audioStream)
  for (let n = 0; n < 10; n++) message.put(frame(160, 16_000))
  message.end()
  message.words.end()
  const frames = await reading
  assert.ok(frames.every(({ sampleRate }) => sampleRate === 24_000))
  assert.is(
    frames.reduce((sum, { samplesPerChannel }) => sum + samplesPerChannel, 0),
    2_400,
  )
  await session.close()
})

it('cancels a response: its streams end, and what still comes of it is dropped (MM-32)', async () => {
  const { session, theirs, content, find, types } = await begin()
  const script = theirs.generate('resp_a')
  const message = script.message('item_a', ['audio'])
  await settle()
  message.put(frame(240))
  const reading = all(content().audioStream)
  await settle()
  await session.response.cancel('resp_a')
  assert.equal(find('response_done'), [{ id: 'resp_a', status: 'cancelled' }])
  message.put(frame(240))
  message.end()
  script.end()
  assert.is((await reading).length, 1)
  await session.conversation.item.truncate({ itemId: 'item_a', contentIndex: 0, audioEndMs: 1_234 })
  assert.equal(theirs.asked, [['interrupt'], ['truncate', 'item_a', 1_234]])
  // Nothing is left to stop: that is no error, and nothing is asked.
  await session.response.cancel()
  assert.is(theirs.asked.length, 2)
  await settle()
  assert.is(types().filter(type => type === 'response_done').length, 1)
  await session.close()
})

it('takes the word of the model that a response was cut, and one that breaks off as failed (MM-50, MM-26)', async () => {
  const { session, theirs, content, find } = await begin()
  const cut = theirs.generate('resp_a')
  await settle()
  theirs.emit('metrics_collected', { ...measured, requestId: 'resp_a', cancelled: true })
  cut.end()
  await settle()
  const torn = theirs.generate('resp_b').message('item', ['audio'])
  await settle()
  torn.put(frame(240))
  torn.fail(new Error('the socket is gone'))
  const frames: unknown[] = []
  const reading = (async () => {
    for await (const one of content().audioStream) frames.push(one)
  })()
  assert.is((await outcome(reading))(), 'the socket is gone')
  assert.is(frames.length, 1)
  assert.equal(find('response_done'), [
    { id: 'resp_a', status: 'cancelled' },
    { id: 'resp_b', status: 'failed', error: { message: 'the socket is gone' } },
  ])
  await session.close()
})
const measured = {
  ...{ type: 'realtime_model_metrics', label: 'scripted', requestId: 'resp_1', timestamp: 5, durationMs: 100, ttftMs: 20 },
  ...{ cancelled: false, inputTokens: 3, outputTokens: 4, totalTokens: 7, tokensPerSecond: Number.NaN },
  inputTokenDetails: { audioTokens: 1, textTokens: 2, imageTokens: 0, cachedTokens: 1 },
  outputTokenDetails: { textTokens: 1, audioTokens: 3, imageTokens: 0 },
}

it('tells what a response took (MM-40)', async () => {
  const { session, theirs, find } = await begin()
  theirs.emit('metrics_collected', measured)
  assert.equal(find('metrics_collected'), [
    {
      ...{ timestamp: 5, requestId: 'resp_1', ttftMs: 20, durationMs: 100, cancelled: false, label: 'scripted' },
      ...{ completionTokens: 4, promptTokens: 3, totalTokens: 7, tokensPerSecond: 0 },
      inputTokenDetails: { cached: 1, text: 2, audio: 1 },
      outputTokenDetails: { text: 1, audio: 3 },
    },
  ])
  await session.close()
})

it('asks for a response, which it knows by the one id however it is told of it (MM-34)', async () => {
  const { session, theirs, find } = await begin()
  const creating = session.response.create({ instructions: 'Greet.' })
  await settle()
  assert.equal(theirs.asked, [['generateReply', 'Greet.']])
  theirs.generate('resp_a').end()
  assert.is(await creating, 'resp_a')
  await settle()
  assert.equal(
    find('response_created').map(({ id }) => id),
    ['resp_a'],
  )
  await session.close()
})

it('tells of the caller: what is begun, what is over, and what was said, committed once (MM-28, MM-33, MM-38)', async () => {
  const { session, theirs, events } = await begin()
  theirs.emit('input_speech_started', {})
  theirs.emit('input_speech_stopped', { userTranscriptionEnabled: true })
  const transcribed = (transcript: string, isFinal: boolean) =>
    theirs.emit('input_audio_transcription_completed', { itemId: 'item_u', transcript, isFinal })
  transcribed('Hel', false)
  transcribed('Hello.', true)
  assert.equal(events, [
    ['input_speech_started', {}],
    ['input_speech_stopped', {}],
    ['input_speech_committed', { itemId: 'item_u' }],
    ['input_speech_transcription_completed', { itemId: 'item_u', transcript: 'Hello.' }],
  ])
  await session.close()
})

it('runs the functions of a response side by side, answers each, and asks for one response (MM-41, MM-42, MM-44)', async () => {
  const fncCtx: FunctionContext = [
    {
      name: 'add',
      parameters: { type: 'object', required: ['a'], properties: { a: { type: 'number' } } },
      execute: ({ a }) => Number(a) + 1,
    },
    { name: 'fail', execute: () => Promise.reject(new Error('no luck')) },
  ]
  await import('@cfworker/json-schema') // what checks the arguments would load with the first call
  const { session, theirs, find } = await begin({ fncCtx })
  const script = theirs.generate('resp_a')
  await settle()
  script.call('c1', 'add', '{"a":1}')
  script.call('c2', 'fail', '')
  script.call('c3', 'nobody', '{}')
  await settle()
  assert.not.ok(theirs.names.includes('generateReply'), 'the response is not over')
  script.end()
  for (let n = 0; n < 100 && find('function_calls_finished').length < 3; n++) await settle()
  await settle()
  const outputs = theirs.chatCtx.items.flatMap(item => (item.type === 'function_call_output' ? [item] : []))
  assert.equal(outputs.map(({ callId, output, isError }) => [callId, output, isError]).sort(), [
    ['c1', '2', false],
    ['c2', 'Error: no luck', true],
    ['c3', 'Error: there is no function "nobody"', true],
  ])
  assert.is(theirs.names.filter(name => name === 'generateReply').length, 1)
  assert.is(find('function_calls_collected').length, 3)
  assert.is(find('function_calls_finished').length, 3)
  theirs.generate('resp_b').end()
  await settle()
  assert.is(theirs.names.filter(name => name === 'generateReply').length, 1)
  await session.close()
})

it('leaves it to a model that goes on by itself, and asks for nothing if there is nothing to say (MM-43)', async () => {
  const itself = await begin({ fncCtx: [{ name: 'time', execute: () => 'noon' }], can: { autoToolReplyGeneration: true } })
  const script = itself.theirs.generate()
  script.call('c1', 'time', '')
  script.end()
  await settle()
  assert.equal(itself.theirs.names, ['updateTools', 'updateChatCtx'])
  await itself.session.close()

  const silent = await begin({ fncCtx: [{ name: 'note', execute: () => undefined }] })
  const second = silent.theirs.generate()
  second.call('c1', 'note', '')
  second.end()
  await settle()
  assert.equal(silent.theirs.names, ['updateTools', 'updateChatCtx'])
  assert.is(silent.theirs.chatCtx.items[0]?.type, 'function_call_output')
  await silent.session.close()
})

it('changes the conversation step by step, each with what the one before made of it, and keeps what was heard (MM-2, MM-24)', async () => {
  const { session, theirs } = await begin()
  const said = (id: string) => ({ id, type: 'message' as const, role: 'assistant' as const, content: [`It is ${id}.`] })
  const { create, delete: remove } = session.conversation.item
  await Promise.all([create(said('a')), create(said('c'), 'a'), create(said('b'), 'a'), remove('c')])
  const [first] = theirs.chatCtx.items
  assert.equal(
    session.chatCtxCopy().items.map(({ id }) => id),
    ['a', 'b'],
  )
  session.updateConversationItemContent('a', ['It...'], true)
  assert.equal(session.chatCtxCopy().items[0], { ...said('a'), content: ['It...'], interrupted: true })
  await session.setChatCtx({ items: [said('a'), said('d')] })
  assert.ok(theirs.chatCtx.items[0] === first, 'what is there already is the same')
  assert.equal(theirs.asked.at(-1), ['updateChatCtx', 'message a', 'message d'])
  await session.close()
})

it('keeps the conversation of a model that does not, in its order, with what was heard of it (MM-2, MM-24)', async () => {
  const start: ChatContext = { items: [{ id: 'start', type: 'message', role: 'system', content: ['Be brief.'] }] }
  const { session, theirs } = await begin({ chatCtx: start, fncCtx: [{ name: 'time', execute: () => 'noon' }] })
  const reply = async (id: string, words: string, before = () => {}) => {
    const script = theirs.generate(`resp_${id}`)
    const message = script.message(id, ['audio'])
    message.words.put(words)
    await settle()
    before()
    if (id === 'let me see') script.call('c1', 'time', '{}')
    message.words.end()
    message.end()
    script.end()
    await settle()
  }
  // What was said to it comes when its reply has begun.
  const said = { itemId: 'question', transcript: 'What time is it?', isFinal: true }
  await reply('let me see', 'Let me see.', () => theirs.emit('input_audio_transcription_completed', said))
  await reply('answer', 'It is noon.')
  session.updateConversationItemContent('answer', ['It is'], true)
  assert.equal(
    session.chatCtxCopy().items.map(item => (item.type === 'message' ? [item.id, ...item.content] : item.type)),
    [
      ['start', 'Be brief.'],
      ['question', 'What time is it?'],
      ['let me see', 'Let me see.'],
      'call',
      'output',
      ['answer', 'It is'],
    ],
  )
  const output = theirs.chatCtx.items.at(-1)
  assert.equal(output?.type === 'function_call_output' && [output.name, output.output], ['time', 'noon'])
  assert.equal(theirs.chatCtx.items.length, 2, 'it knows what it was given, and no more')
  await session.setChatCtx({ items: session.chatCtxCopy().items.slice(0, 2) })
  assert.is(session.chatCtxCopy().items.length, 2)
  await session.close()
})

it('takes back a text that should have been speech, step by step (MM-36)', async () => {
  const { session, theirs } = await begin({
    chatCtx: { items: [{ id: 'text', type: 'message', role: 'assistant', content: ['Oops.'] }] },
  })
  const recovering = session.recoverFromTextResponse('text')
  await settle()
  const [silence] = theirs.chatCtx.items
  assert.ok(silence?.type === 'message' && silence.role === 'user')
  const [part] = silence.content
  assert.ok(typeof part === 'object' && part.type === 'audio_content' && part.frame[0]?.samplesPerChannel === 24_000)
  assert.equal(theirs.names.slice(1), ['updateChatCtx', 'updateChatCtx', 'generateReply'])
  theirs.generate().end()
  await recovering

  theirs.refuses.add('updateChatCtx')
  const refused = await outcome(session.recoverFromTextResponse('other'))
  assert.is(refused(), 'updateChatCtx is refused')
  assert.is(theirs.names.filter(name => name === 'generateReply').length, 1)
  await session.close()
})

it('gives every question an end: an answer, a refusal, its time, or the close (MM-8)', async () => {
  const { session, theirs, clock } = await begin()
  theirs.refuses.add('truncate')
  const cut = { itemId: 'a', contentIndex: 0, audioEndMs: 1 }
  assert.is((await outcome(session.conversation.item.truncate(cut)))(), 'truncate is refused')
  theirs.stalls.add('updateChatCtx')
  const late = await outcome(session.setChatCtx({ items: [] }))
  assert.is(late(), 'pending')
  await clock.advance(TIMEOUT_MS)
  assert.is(late(), 'ERR_TIMEOUT')
  const asking = await outcome(session.response.create())
  assert.is(asking(), 'pending')
  await session.close()
  assert.is(asking(), 'ERR_CLOSED')
  assert.is((await outcome(session.setChatCtx({ items: [] })))(), 'ERR_CLOSED')
  assert.is(clock.timers, 0)
})

it('goes on after an error that it may go on after, and ends with any other: closed is the last (MM-46, MM-48, MM-49)', async () => {
  const { session, theirs, content, types, find } = await begin()
  const error = new Error('rate limit')
  theirs.emit('error', { type: 'realtime_model_error', timestamp: 0, label: '', error, recoverable: true })
  assert.equal(find('error'), [{ error, recoverable: true }])
  const message = theirs.generate().message('item', ['audio'])
  await settle()
  message.put(frame(240))
  const reading = await outcome(all(content().audioStream))
  const lost = new Error('the connection is lost')
  theirs.emit('error', { type: 'realtime_model_error', timestamp: 0, label: '', error: lost, recoverable: false })
  await settle()
  assert.is(reading(), 'the connection is lost')
  assert.is(types().at(-1), 'closed')
  assert.equal(find('closed'), [{ error: lost }])
  assert.ok(theirs.isClosed)
  const count = types().length
  theirs.emit('input_speech_started', {})
  theirs.emit('error', { error, recoverable: false })
  theirs.generate()
  await session.close()
  assert.is(types().length, count)
})

it('closes although the model does not, within its time, and aborts what runs (MM-45)', async () => {
  let aborted = false
  const stuck = (_: unknown, { signal }: { signal: AbortSignal }) => {
    signal.addEventListener('abort', () => {
      aborted = true
    })
    return new Promise(() => {})
  }
  const { session, theirs, clock, find, logged } = await begin({ fncCtx: [{ name: 'stuck', execute: stuck }] })
  const script = theirs.generate()
  script.call('c1', 'stuck', '')
  await settle()
  theirs.stalls.add('close')
  const closing = await outcome(session.close())
  assert.is(closing(), 'pending')
  await clock.advance(TIMEOUT_MS)
  await settle()
  assert.equal(closing(), { value: undefined })
  assert.equal([aborted, find('closed'), logged], [true, [{}], ['realtime.close.failed']])
  assert.ok(find('function_calls_finished')[0]?.[0]?.error)
})

it('says why it is not ready, and closes (MM-47)', async () => {
  const theirs = new ScriptedModel()
  const refuse = theirs.session.bind(theirs)
  theirs.session = () => {
    const session = refuse()
    session.refuses.add('updateTools')
    return session
  }
  const hands = { clock: virtualClock(), ids: seededIds(1), log: () => {}, timeoutMs: TIMEOUT_MS }
  const session = agentsModel(theirs).session({ chatCtx: { items: [] }, fncCtx: [{ name: 'f', execute: () => 1 }] }, hands)
  const closed: unknown[] = []
  session.on('closed', about => closed.push(about.error?.message))
  assert.is((await outcome(session.ready))(), 'updateTools is refused')
  assert.equal(closed, ['updateTools is refused'])
})

it('refuses what is no model, at once', () => {
  assert.throws(() => agentsModel({} as never), /needs an llm.RealtimeModel/)
  assert.throws(() => agentsModel(new ScriptedModel(), { inputSampleRate: 0 }), /inputSampleRate must be/)
})

it.run()
