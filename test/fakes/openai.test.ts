import { connect } from 'node:net'
import OpenAI from 'openai'
import { OpenAIRealtimeWS } from 'openai/realtime/ws'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { virtualClock } from '../../src/virtual.ts'
import { audio, call, placeOf, type ServerOptions, samplesIn, scriptedServer, text } from './openai/index.ts'
import { isJson, type Json } from './openai/wire.ts'

const it = suite('the scripted server')

type Calling = { model?: string; key?: string; beta?: boolean }
/** The real client, and what becomes of it. */
const dial = (
  server: ReturnType<typeof scriptedServer>,
  { model = 'gpt-realtime', key = 'sk-test', beta = false }: Calling = {},
) => {
  const headers = beta ? { 'OpenAI-Beta': 'realtime=v1' } : {}
  const client = new OpenAIRealtimeWS(
    { model, options: { ...server.dial, headers } },
    new OpenAI({ apiKey: key, baseURL: server.baseURL }),
  )
  const types: string[] = []
  const errors: string[] = []
  client.on('event', ({ type }) => types.push(type))
  client.on('error', ({ message }) => errors.push(message))
  return {
    client,
    types,
    errors,
    opened: new Promise(resolve => client.on('session.created', resolve)),
    closed: new Promise(resolve => client.socket.on('close', resolve)),
  }
}
/** A link in virtual time. */
const talk = async (options: ServerOptions = {}) => {
  const clock = virtualClock()
  const server = scriptedServer({ clock, ...options })
  const link = server.link()
  await clock.settle()
  const say = async (...events: (Json | string)[]) => {
    const from = link.events.length
    for (const event of events) link.send(event)
    await clock.settle()
    return link.events.slice(from)
  }
  /** What came of the work, and of `ms` after it. */
  const during = async (work: () => unknown, ms = 0) => {
    const from = link.events.length
    work()
    await (ms > 0 ? clock.advance(ms) : clock.settle())
    return link.events.slice(from)
  }
  return { clock, server, link, say, during }
}
const typesOf = (events: readonly Json[]) => events.map(({ type }) => type)
const codesOf = (events: readonly Json[]) => events.map(({ error }) => (isJson(error) ? error.code : undefined))
const fieldsOf = (events: readonly Json[], type: string, ...names: string[]) =>
  events.flatMap(event => (event.type === type ? [names.map(name => event[name])] : []))
const message = (role: string, type: string, more: Json = {}) => ({
  type: 'message',
  role,
  content: [{ type, text: 'hello' }],
  ...more,
})
const create = (item: Json, more: Json = {}) => ({ type: 'conversation.item.create', item, ...more })

it('is reached by the real client on a port of its own, and numbers what it says (FAKE-1)', async () => {
  const server = scriptedServer()
  await server.listen()
  const { client, types, errors, opened, closed } = dial(server)
  await opened
  client.send({ type: 'session.update', session: { type: 'realtime', instructions: 'Be brief.' }, event_id: 'mine_1' })
  const { event_id } = await server.expect('session.update', { session: { instructions: 'Be brief.' } })
  assert.is(event_id, 'mine_1')
  client.send({ type: 'response.create' })
  await server.expect('response.create')
  await new Promise(resolve => client.on('rate_limits.updated', resolve))
  assert.equal(types, ['session.created', 'session.updated', 'response.created', 'response.done', 'rate_limits.updated'])
  assert.equal(errors, [])
  assert.equal(
    server.recording.entries.flatMap(({ from, event }) => (from === 'server' ? [event?.event_id] : [])),
    ['evt_1', 'evt_2', 'evt_3', 'evt_4', 'evt_5'],
  )
  client.close()
  assert.is(await closed, 1000)
  await server.close()
})

it('lets nobody in without the key, the model or the quota (FAKE-1)', async () => {
  const server = scriptedServer()
  await server.listen()
  const errorOf = async (calling: Calling) => {
    const { errors, closed } = dial(server, calling)
    assert.is(await closed, 1006)
    return errors.join()
  }
  assert.match(await errorOf({ key: 'sk-wrong' }), '401')
  assert.match(await errorOf({ model: 'gpt-9' }), '404')
  assert.match(await errorOf({ beta: true }), '400')
  server.exhaust('http')
  assert.match(await errorOf({}), '429')
  server.exhaust('event')
  const { errors, closed } = dial(server)
  assert.is(await closed, 4000)
  assert.match(errors.join(), 'insufficient_quota')
  assert.is(server.sessions.length, 1)
  await server.close()
})

it('is reached by the real client in this process without a socket, in virtual time (FAKE-1)', async () => {
  for (const dialect of ['ga', 'beta'] as const) {
    const clock = virtualClock()
    const server = scriptedServer({ clock, dialect, models: ['m'] })
    const { client, types, closed } = dial(server, { model: 'm', beta: dialect === 'beta' })
    await clock.runUntil(server.connected())
    server.reply({ parts: [audio({ ms: 60_000, chunkMs: 1000 })], pace: 1 })
    await clock.runUntil(new Promise(resolve => client.on('response.done', resolve)))
    assert.is(clock.now(), 60_000)
    assert.is(
      types.filter(type => type === (dialect === 'ga' ? 'response.output_audio.delta' : 'response.audio.delta')).length,
      60,
    )
    client.close()
    await closed
    await server.close()
    assert.is(clock.timers, 0)
  }
})

it('is reached in virtual time by a client that finds its way by itself (FAKE-1)', async () => {
  const clock = virtualClock()
  const server = scriptedServer({ clock })
  const { port } = new URL(server.plug())
  const options = { createConnection: () => connect({ host: '127.0.0.1', port: Number(port) }) }
  const client = new OpenAIRealtimeWS(
    { model: 'gpt-realtime', options },
    new OpenAI({ apiKey: 'sk-test', baseURL: server.baseURL }),
  )
  client.on('error', () => {})
  await clock.runUntil(server.connected())
  server.reply({ parts: [audio({ ms: 5000 })], pace: 1 })
  await clock.runUntil(new Promise(resolve => client.on('response.done', resolve)))
  assert.is(clock.now(), 5000)
  client.close()
  await server.close()
  const gone = connect({ host: '127.0.0.1', port: Number(port) })
  assert.ok(await new Promise(resolve => gone.on('error', resolve)))
})

it('counts its ids, and notes what the client said, and when (FAKE-1)', async () => {
  const { clock, server, link, say } = await talk()
  await clock.advance(250)
  await say(create(message('user', 'input_text')), create(message('user', 'input_text')))
  server.reply({ parts: [text('One.'), text('Two.')] })
  await clock.settle()
  assert.equal(fieldsOf(link.events, 'response.output_item.added', 'response_id'), [['resp_1'], ['resp_1']])
  assert.equal(
    server.session.conversation.items.map(({ id }) => id),
    ['item_1', 'item_2', 'item_3', 'item_4'],
  )
  assert.equal(
    server.said().map(({ type, atMs }) => [type, atMs]),
    [
      ['conversation.item.create', 250],
      ['conversation.item.create', 250],
    ],
  )
})

it('refuses an event that is wrong by what is wrong with it, and goes on (FAKE-2)', async () => {
  const item = (type: string, more: Json = {}) => create({ type, ...more })
  const wrong: [event: Json | string, code: string, param?: string][] = [
    ['{"type":', 'invalid_json'],
    ['[]', 'invalid_json'],
    [{}, 'missing_required_parameter', 'type'],
    [{ type: 'conversation.item.destroy' }, 'invalid_value', 'type'],
    [{ type: 'input_audio_buffer.append' }, 'missing_required_parameter', 'audio'],
    [{ type: 'input_audio_buffer.append', audio: 7 }, 'invalid_type', 'audio'],
    [{ type: 'input_audio_buffer.append', audio: 'AAA' }, 'invalid_value', 'audio'],
    [{ type: 'input_audio_buffer.append', audio: 'AAAA' }, 'invalid_value', 'audio'],
    [{ type: 'conversation.item.truncate', item_id: 'a', content_index: 0, audio_end_ms: 1.5 }, 'invalid_type', 'audio_end_ms'],
    [{ type: 'conversation.item.truncate', item_id: 'a', content_index: -1, audio_end_ms: 1 }, 'invalid_value', 'content_index'],
    [{ type: 'conversation.item.delete', item_id: null }, 'invalid_type', 'item_id'],
    [item('message'), 'missing_required_parameter', 'item.role'],
    [
      item('message', { role: 'assistant', content: [{ type: 'input_text', text: '' }] }),
      'invalid_value',
      'item.content[0].type',
    ],
    [item('message', { role: 'user', content: [{ type: 'input_text' }] }), 'missing_required_parameter', 'item.content[0].text'],
    [create(message('user', 'input_text', { id: 'a b' })), 'invalid_value', 'item.id'],
    [create(message('user', 'input_text', { id: 'i'.repeat(33) })), 'string_above_max_length', 'item.id'],
    [item('function_call_output', { call_id: 'c' }), 'missing_required_parameter', 'item.output'],
    [{ type: 'session.update', session: {} }, 'missing_required_parameter', 'session.type'],
    [{ type: 'session.update', session: { type: 'realtime', modalities: [] } }, 'unknown_parameter', 'session.modalities'],
    [
      { type: 'session.update', session: { type: 'realtime', tools: [{ type: 'function' }] } },
      'missing_required_parameter',
      'session.tools[0].name',
    ],
    [{ type: 'response.create', response: { output_modalities: ['sound'] } }, 'invalid_value', 'response.output_modalities[0]'],
  ]
  const { server, say, link } = await talk()
  for (const [event, code, param] of wrong) {
    const sent = typeof event === 'string' ? event : { ...event, event_id: 'mine' }
    const [told, ...more] = await say(sent)
    const { error } = told ?? {}
    assert.equal([told?.type, more], ['error', []], JSON.stringify(event))
    assert.ok(isJson(error))
    const id = typeof event === 'string' ? null : 'mine'
    assert.equal(
      [error.type, error.code, error.param, error.event_id],
      ['invalid_request_error', code, param ?? null, id],
      JSON.stringify(event),
    )
  }
  assert.equal([link.closed, server.session.conversation.items.length], [undefined, 0])
})

it('takes what each dialect says, and answers in it (FAKE-2)', async () => {
  const turns = { type: 'server_vad', threshold: 0.5, prefix_padding_ms: 300, silence_duration_ms: 500 }
  const pcm = { type: 'audio/pcm', rate: 24_000 }
  const sessions = {
    ga: {
      type: 'realtime',
      output_modalities: ['audio'],
      audio: {
        input: { format: pcm, transcription: { model: 'whisper-1' }, turn_detection: turns },
        output: { format: pcm, voice: 'alloy' },
      },
      max_output_tokens: 'inf',
    },
    beta: {
      modalities: ['text', 'audio'],
      voice: 'alloy',
      input_audio_format: 'pcm16',
      output_audio_format: 'pcm16',
      input_audio_transcription: { model: 'whisper-1' },
      turn_detection: turns,
      temperature: 0.8,
      max_response_output_tokens: 'inf',
    },
  }
  const shared = {
    instructions: '',
    tool_choice: 'auto',
    tools: [{ type: 'function', name: 'look', parameters: { type: 'object' } }],
  }
  for (const dialect of ['ga', 'beta'] as const) {
    const { server, say, link } = await talk({ dialect })
    assert.equal(typesOf(await say({ type: 'session.update', session: { ...shared, ...sessions[dialect] } })), [
      'session.updated',
    ])
    const said = dialect === 'ga' ? 'output_text' : 'text'
    const [added] = await say(create(message('assistant', said)))
    assert.is(added?.type, dialect === 'ga' ? 'conversation.item.added' : 'conversation.item.created')
    const { item } = added ?? {}
    assert.equal(isJson(item) && item.content, [{ type: said, text: 'hello' }])
    server.reply({ parts: [audio({ ms: 100, words: 'Hi.' }), text('Hi.')] })
    await say()
    const names = new Set(typesOf(link.events))
    for (const former of ['response.audio.delta', 'response.audio_transcript.done', 'response.text.delta', 'response.audio.done'])
      assert.is(names.has(former), dialect === 'beta', former)
    const [, other] = await say(create(message('assistant', dialect === 'ga' ? 'text' : 'output_text')), {
      type: 'session.update',
      session: sessions[dialect === 'ga' ? 'beta' : 'ga'],
    })
    assert.is(other?.type, 'error')
  }
})

it('keeps the conversation, and refuses what does not fit it (FAKE-3)', async () => {
  const { clock, server, say } = await talk()
  await say(
    create(message('user', 'input_text', { id: 'b' })),
    create(message('system', 'input_text', { id: 'a' }), { previous_item_id: 'root' }),
  )
  await say(create(message('user', 'input_text', { id: 'c' }), { previous_item_id: 'a' }))
  const ids = () => server.session.conversation.items.map(({ id }) => id)
  assert.equal(ids(), ['a', 'c', 'b'])
  await say(
    { type: 'conversation.item.delete', item_id: 'c' },
    { type: 'input_audio_buffer.append', audio: Buffer.alloc(4800).toString('base64') },
  )
  assert.equal([ids(), server.session.conversation.inputMs], [['a', 'b'], 100])

  const cut = (item_id: string, audio_end_ms: number) => ({
    type: 'conversation.item.truncate',
    item_id,
    content_index: 0,
    audio_end_ms,
  })
  assert.equal(codesOf(await say({ type: 'response.cancel' })), ['response_cancel_not_active'])
  server.reply({ parts: [audio({ ms: 500 })], pace: 1 })
  await clock.advance(250)
  assert.is(server.session.active?.id, 'resp_1')
  const refused = await say(
    create(message('user', 'input_text'), { previous_item_id: 'nobody' }),
    create(message('user', 'input_text', { id: 'a' })),
    create({ type: 'function_call_output', call_id: 'nothing', output: '' }),
    { type: 'conversation.item.delete', item_id: 'nobody' },
    { type: 'conversation.item.retrieve', item_id: 'nobody' },
    cut('nobody', 0),
    cut('a', 0),
    cut('item_1', 301),
    { type: 'response.create' },
    { type: 'response.cancel', response_id: 'resp_9' },
  )
  assert.equal(codesOf(refused), [
    'item_create_invalid_previous_item_id',
    'item_create_duplicate_item_id',
    'item_create_invalid_call_id',
    'item_delete_invalid_item_id',
    'item_retrieve_invalid_item_id',
    'item_truncate_invalid_item_id',
    'unsupported_content_type',
    'invalid_value',
    'conversation_already_has_active_response',
    'response_cancel_not_active',
  ])
  assert.equal(typesOf(await say(cut('item_1', 300))), ['conversation.item.truncated'])
  assert.equal(codesOf(await say(cut('item_1', 301))), ['invalid_value'])
  await clock.advance(1_000)
  const { response } = server.reply({ parts: [audio({ ms: 0, words: 'no sound' })] })
  await clock.settle()
  assert.equal(codesOf(await say(cut(response.items[0]?.id ?? '', 0))), ['unsupported_content_type'])
})

it('acknowledges as the service does (FAKE-4)', async () => {
  const { server, say, clock } = await talk()
  const silence = { type: 'input_audio_buffer.append', audio: Buffer.alloc(4800).toString('base64') }
  const both = ['conversation.item.added', 'conversation.item.done']
  assert.equal(typesOf(await say({ type: 'session.update', session: { type: 'realtime' } })), ['session.updated'])
  assert.equal(typesOf(await say(create(message('user', 'input_text', { id: 'u' })))), both)
  assert.equal(typesOf(await say({ type: 'conversation.item.delete', item_id: 'u' })), ['conversation.item.deleted'])
  assert.equal(codesOf(await say({ type: 'input_audio_buffer.commit' })), ['input_audio_buffer_commit_empty'])
  assert.equal(typesOf(await say(silence, { type: 'input_audio_buffer.clear' })), ['input_audio_buffer.cleared'])
  assert.equal(typesOf(await say(silence, { type: 'input_audio_buffer.commit' })), ['input_audio_buffer.committed', ...both])
  assert.equal(typesOf(await say({ type: 'conversation.item.retrieve', item_id: 'item_1' })), ['conversation.item.retrieved'])
  server.answer({ parts: [audio({ ms: 400 })], pace: 1 })
  await say({ type: 'response.create' })
  await clock.advance(150)
  const last = await say({ type: 'response.cancel' })
  assert.equal(typesOf(last).slice(-2), ['response.done', 'rate_limits.updated'])
  const { response } = last.at(-2) ?? {}
  assert.ok(isJson(response))
  assert.equal([response.status, response.status_details], ['cancelled', { type: 'cancelled', reason: 'client_cancelled' }])
  assert.equal(
    fieldsOf(
      await say({ type: 'conversation.item.truncate', item_id: 'item_2', content_index: 0, audio_end_ms: 120 }),
      'conversation.item.truncated',
      'item_id',
      'audio_end_ms',
    ),
    [['item_2', 120]],
  )
})

it('hears a turn, and its words though the answer has begun (FAKE-5)', async () => {
  const { server, during, clock } = await talk()
  server.answer({ parts: [audio({ ms: 300, words: 'Ten past two.' })], pace: 1 })
  const told = await during(() => server.speech({ start: 100, end: 900, transcript: 'What time is it?', afterMs: 200 }), 1500)
  const types = typesOf(told)
  assert.equal(types.slice(0, 6), [
    'input_audio_buffer.speech_started',
    'input_audio_buffer.speech_stopped',
    'input_audio_buffer.committed',
    'conversation.item.added',
    'conversation.item.done',
    'response.created',
  ])
  const completed = types.indexOf('conversation.item.input_audio_transcription.completed')
  assert.ok(completed > types.indexOf('response.output_audio.delta') && completed < types.indexOf('response.done'))
  assert.equal(fieldsOf(told, 'input_audio_buffer.speech_started', 'item_id', 'audio_start_ms'), [['item_1', 100]])
  assert.equal(fieldsOf(told, 'input_audio_buffer.speech_stopped', 'item_id', 'audio_end_ms'), [['item_1', 900]])
  assert.equal(
    server.recording.entries.filter(({ type }) => type.startsWith('input_audio_buffer.speech')).map(({ atMs }) => atMs),
    [100, 900],
  )

  const failed = await during(() => server.speech({ fails: 'too loud' }))
  const [[error] = []] = fieldsOf(failed, 'conversation.item.input_audio_transcription.failed', 'error')
  assert.is(isJson(error) && error.message, 'too loud')
  assert.is(clock.timers, 0)
})

it('lets a turn interrupt the response, if the session wants that (FAKE-5)', async () => {
  const { server, during, say } = await talk()
  const statusOf = (events: Json[]) =>
    fieldsOf(events, 'response.done', 'response').map(
      ([response]) => isJson(response) && [response.status, response.status_details],
    )
  server.reply({ parts: [audio({ ms: 3000 })], pace: 1 })
  assert.equal(statusOf(await during(() => server.speech({ start: 500, interrupts: false }), 600)), [])
  assert.equal(statusOf(await during(() => server.speech({ start: 500 }), 600)), [
    ['cancelled', { type: 'cancelled', reason: 'turn_detected' }],
  ])
  await say({
    type: 'session.update',
    session: {
      type: 'realtime',
      audio: { input: { turn_detection: { type: 'server_vad', interrupt_response: false, create_response: false } } },
    },
  })
  server.reply({ parts: [audio({ ms: 3000 })], pace: 1 })
  server.answer({})
  assert.equal(statusOf(await during(() => server.speech({ start: 500 }), 600)), [])
})

it('hears by the audio that comes, not by the clock (FAKE-5)', async () => {
  const { server, say, clock } = await talk()
  const append = { type: 'input_audio_buffer.append', audio: Buffer.alloc(4800).toString('base64') }
  server.speech({ start: 150, end: 250, noticeMs: 100, byInput: true })
  await clock.advance(10_000)
  const types = async () => typesOf(await say(append)).filter(type => String(type).includes('speech'))
  assert.equal(
    [await types(), await types(), await types(), await types()],
    [[], ['input_audio_buffer.speech_started'], [], ['input_audio_buffer.speech_stopped']],
  )
})

it('answers in the order of the service (FAKE-6)', async () => {
  const { server, during } = await talk()
  const parts = [audio({ ms: 200, words: 'Let me see.' }), call('look', { at: 'the clock' }, { callId: 'call_a', chunk: 100 })]
  const told = await during(() => server.reply({ parts }))
  assert.equal(typesOf(told), [
    'response.created',
    'response.output_item.added',
    'conversation.item.added',
    'response.content_part.added',
    'response.output_audio.delta',
    'response.output_audio_transcript.delta',
    'response.output_audio_transcript.delta',
    'response.output_audio.delta',
    'response.output_audio_transcript.delta',
    'response.output_audio.done',
    'response.output_audio_transcript.done',
    'response.content_part.done',
    'conversation.item.done',
    'response.output_item.done',
    'response.output_item.added',
    'conversation.item.added',
    'response.function_call_arguments.delta',
    'response.function_call_arguments.done',
    'conversation.item.done',
    'response.output_item.done',
    'response.done',
    'rate_limits.updated',
  ])
  assert.equal(fieldsOf(told, 'response.function_call_arguments.done', 'call_id', 'name', 'arguments', 'output_index'), [
    ['call_a', 'look', '{"at":"the clock"}', 1],
  ])
  assert.equal(fieldsOf(told, 'response.output_audio_transcript.done', 'transcript'), [['Let me see.']])
  const [[response] = []] = fieldsOf(told, 'response.done', 'response')
  assert.ok(isJson(response) && Array.isArray(response.output) && isJson(response.usage))
  assert.equal([response.status, response.output.length, response.usage.total_tokens], ['completed', 2, 30])
})

it('keeps its pace, and its words ahead of the sound or behind it (FAKE-6)', async () => {
  const momentsOf = async (pace: number, leadMs: number) => {
    const { server, clock } = await talk()
    const reply = server.reply({
      parts: [audio({ ms: 400, words: 'one two', chunkMs: 200, leadMs })],
      pace,
      thinkMs: 50,
      status: 'incomplete',
      reason: 'max_output_tokens',
    })
    await clock.runUntil(reply.done)
    return server.recording.entries.flatMap(({ type, atMs }) =>
      type.endsWith('.delta') || type === 'response.done' ? [`${type.split('.')[1]} ${atMs}`] : [],
    )
  }
  const [sound, words] = ['output_audio', 'output_audio_transcript']
  assert.equal(await momentsOf(1, 0), [`${sound} 50`, `${words} 50`, `${sound} 250`, `${words} 250`, 'done 450'])
  assert.equal(await momentsOf(2, 100), [`${words} 50`, `${sound} 50`, `${words} 100`, `${sound} 150`, 'done 250'])
  assert.equal(await momentsOf(1, -100), [`${sound} 50`, `${words} 150`, `${sound} 250`, `${words} 350`, 'done 450'])
  assert.equal(await momentsOf(Infinity, 0), [`${sound} 50`, `${words} 50`, `${sound} 50`, `${words} 50`, 'done 50'])
})

it('sounds so that every sample says its place, or in one pitch (FAKE-7)', async () => {
  const soundOf = async (sound?: { hz: number }) => {
    const { server, during } = await talk()
    const told = await during(() => server.reply({ parts: [audio({ ms: 1500, chunkMs: 70, ...(sound && { sound }) })] }))
    return fieldsOf(told, 'response.output_audio.delta', 'delta').flatMap(([delta]) => [...samplesIn(String(delta))])
  }
  const ramp = await soundOf()
  assert.is(ramp.length, 36_000)
  ramp.forEach((sample, index) => {
    if (placeOf(sample) !== index % 30_000) assert.unreachable(`sample ${index} is ${sample}`)
  })
  const tone = await soundOf({ hz: 500 })
  const rises = tone.filter((sample, index) => sample > 0 && (tone[index - 1] ?? 0) <= 0).length
  assert.is(rises, 750)
})

it.run()
