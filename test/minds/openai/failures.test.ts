/** What the world does to a session: each has one clear line, nothing is tried again, and nothing hangs. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { hushed, placeOf, serverError } from '../../../src/minds/openai/failures.ts'
import { OpenAIRealtimeModel } from '../../../src/minds/openai/index.ts'
import { virtualClock } from '../../../src/virtual.ts'
import { countingIds } from '../../fakes/ids.ts'
import { audio } from '../../fakes/openai/index.ts'
import { codeIn, collect, dialects, key, message, readied, type Staging, stage } from './stage.ts'

const it = suite('openai failures')

/** A session that does not come to be: what `ready` says, and that it is told once, with the same error. */
const refused = async (staging: Staging) => {
  const { session, ear, server, logs, clock } = await stage(staging)
  const error: unknown = await session.ready.then(
    () => 'ready',
    reason => reason,
  )
  const closed = await ear.until('closed')
  assert.equal([ear.names, closed.error], [['closed'], error])
  assert.is(clock.timers, 0)
  assert.ok(server.sessions.length <= 1, 'it was tried again')
  const all = `${Object(error).message} ${Object(error).stack} ${JSON.stringify(logs)}`
  assert.not.match(all, key)
  assert.not.match(Object(error).message, /\n/)
  await session.close()
  await server.close()
  return { code: Object(error).code, message: Object(error).message }
}

it('says which key is missing', async () => {
  const before = process.env.OPENAI_API_KEY
  delete process.env.OPENAI_API_KEY
  try {
    const { code, message } = await refused({ options: Object({ apiKey: undefined }) })
    assert.equal([code, message], ['ERR_NO_KEY', 'there is no API key: set OPENAI_API_KEY in the environment, or give apiKey'])
  } finally {
    if (before !== undefined) process.env.OPENAI_API_KEY = before
  }
})

it('says that the key is wrong, and never says the key', async () => {
  const { code, message } = await refused({ server: { key: 'another' } })
  assert.is(code, 'ERR_UNAUTHORIZED')
  assert.match(message, /^http:\/\/127\.0\.0\.1:\d+\/v1 refuses the API key \(401 invalid_api_key\): is it right/)
})

it('says that the model is not known', async () => {
  const { code, message } = await refused({ options: { model: 'gpt-nowhere' } })
  assert.is(code, 'ERR_NO_MODEL')
  assert.match(message, /has no realtime model "gpt-nowhere" for this key \(404 model_not_found\)/)
})

it('says that the quota is used up, before the socket opens or after it', async () => {
  for (const quota of ['http', 'event'] as const) {
    const { code, message } = await refused({ server: { quota } })
    assert.is(code, 'ERR_QUOTA')
    assert.match(message, /refuses for now \(429 insufficient_quota\): check the plan/)
  }
})

it('says what else the service does not like', async () => {
  const { code, message } = await refused({ server: { dialect: 'beta', models: ['gpt-realtime-1.5'] } })
  assert.is(code, 'ERR_REFUSED')
  assert.match(message, /does not let us in \(400 missing_beta_header\)/)
})

it('says that nobody answers there', async () => {
  const { code, message } = await refused({ options: { baseURL: 'http://127.0.0.1:1/v1' } })
  assert.is(code, 'ERR_UNREACHABLE')
  assert.match(message, /^no service answers at http:\/\/127\.0\.0\.1:1\/v1 \(.*ECONNREFUSED/)
})

it('says that the socket was closed before the session was there', async () => {
  for (const at of ['session.created', 'session.update', 'session.updated', 'conversation.item.create']) {
    const { session, ear, server, clock } = await stage({ items: [message('a', 'user', 'x')] })
    server.fault({ cut: at, code: 4001, reason: 'no more' })
    assert.is(await codeIn(session.ready), 'ERR_CONNECTION_LOST')
    const { error } = await ear.until('closed')
    assert.match(String(error?.message), /was lost \(4001 no more\)/)
    assert.is(clock.timers, 0)
    await server.close()
  }
})

it('understands a service that says why only when it hangs up', async () => {
  const { session, server, clock } = await stage()
  server.fault({ cut: 'session.created', code: 3000, reason: 'invalid_request_error.invalid_api_key' })
  const error: unknown = await session.ready.catch(reason => reason)
  assert.is(Object(error).code, 'ERR_UNAUTHORIZED')
  assert.match(Object(error).message, /refuses the API key \(401 invalid_api_key\)/)
  await session.close()
  assert.is(clock.timers, 0)
  await server.close()
})

it('does not wait for ever for a service that says nothing, at any step (MM-8)', async () => {
  for (const step of ['session.created', 'session.updated', 'conversation.item.deleted']) {
    const { session, ear, server, clock } = await stage({ timeoutMs: 3_000 })
    server.fault({ never: step })
    if (step.endsWith('deleted')) {
      await session.ready
      await session.conversation.item.create(message('a', 'user', 'x'))
      const work = codeIn(session.setChatCtx({ items: [] }))
      await clock.advance(3_000)
      assert.is(await work, 'ERR_TIMEOUT')
      await session.close()
    } else {
      await server.connected()
      const ready = codeIn(session.ready)
      if (step === 'session.updated') await server.expect('session.update')
      await clock.advance(3_000)
      assert.is(await ready, 'ERR_TIMEOUT')
      await clock.advance(3_000) // the farewell
    }
    await ear.until('closed')
    assert.is(clock.timers, 0)
    await server.close()
  }
})

it('says at once what the service refuses of the session or of the conversation', async () => {
  for (const refuse of ['session.update', 'conversation.item.create']) {
    const { session, ear, server, clock } = await stage({ items: [message('a', 'user', 'x')] })
    server.fault({ refuse, code: 'invalid_value', message: `a bad voice, says ${key}` })
    const error: unknown = await session.ready.catch(reason => reason)
    assert.equal(
      [Object(error).code, Object(error).message],
      ['invalid_value', "the model's service: a bad voice, says … (invalid_value)"],
    )
    assert.is((await ear.until('closed')).error, error)
    assert.is(clock.timers, 0)
    await server.close()
  }
})

it('breaks off when the connection is lost: streams fail, waits reject, and it is told once, with what the service said last (MM-7, MM-8)', async () => {
  const { session, ear, server, end } = await readied()
  server.reply({ parts: [audio({ ms: 60_000, words: 'a long story' })], pace: 1 })
  const content = await ear.until('response_content_added')
  const [sound, words] = [collect(content.audioStream), collect(content.textStream)]
  server.fault({ never: 'input_audio_buffer.cleared' })
  const waits = [codeIn(session.inputAudioBuffer.clear()), codeIn(session.response.cancel())]
  server.session.refuse({ code: 'session_expired', message: 'Your session hit the maximum duration of 60 minutes.' })
  server.session.close(1001, 'bye')
  const { error } = await ear.until('closed')
  assert.equal([Object(error).code, (await Promise.all(waits))[0]], ['ERR_CONNECTION_LOST', 'ERR_CLOSED'])
  assert.match(String(error?.message), /was lost \(1001 bye\): the model's service: Your session hit the maximum duration/)
  for (const { error } of [await sound, await words])
    assert.is(Object(error).code ?? 'ERR_CONNECTION_LOST', 'ERR_CONNECTION_LOST')
  await end()
})

for (const dialect of dialects)
  it(`tells an error of the service, rejects the command that it answers with the same, and goes on, in ${dialect} (MM-49)`, async () => {
    const { session, ear, server, codes, end } = await readied({ options: { dialect } })
    server.fault({ refuse: 'conversation.item.delete', code: 'server_error', message: `something with ${key}\nand more` })
    const work = session.conversation.item.delete('a')
    const failure: unknown = await work.catch(reason => reason)
    assert.is(Object(failure).code, 'server_error')
    const [told] = ear.all('error')
    const sent = server.said('conversation.item.delete')[0]
    assert.equal([told?.error === failure, told?.recoverable, told?.eventId], [true, true, sent?.event_id])
    assert.is(told?.error.message, "the model's service: something with … (server_error)")
    assert.ok(codes().includes('openai.error'))
    server.session.refuse({ code: 'server_error', message: 'of its own accord' })
    assert.equal([(await ear.until('error', 2)).eventId, ear.all('closed')], [undefined, []])
    await session.conversation.item.create(message('a', 'user', 'x'))
    await end()
  })

it('tells of a response that failed or is incomplete, and why, at its end and in the metrics, and goes on (MM-50)', async () => {
  const { ear, server, end } = await readied()
  const error = { type: 'server_error', code: 'insufficient_quota' }
  server.reply({ parts: [audio({ ms: 100 })], status: 'failed', error })
  const { error: why } = await collect((await ear.until('response_content_added')).audioStream)
  assert.is(why, undefined) // all of its sound had come
  await ear.until('response_done')
  server.reply({ parts: [audio({ ms: 100 })], status: 'incomplete', reason: 'max_output_tokens' })
  await ear.until('response_done', 2)
  server.reply({ parts: [audio({ ms: 100 })], status: 'cancelled', reason: 'turn_detected' })
  await ear.until('response_done', 3)
  assert.equal(
    ear.all('response_done').map(({ status, error }) => [status, error]),
    [
      ['failed', { type: 'server_error', code: 'insufficient_quota' }],
      ['incomplete', { type: 'incomplete', reason: 'max_output_tokens' }],
      ['cancelled', undefined],
    ],
  )
  assert.equal(
    ear.all('metrics_collected').map(({ cancelled, error }) => [cancelled, error?.code ?? error?.reason]),
    [
      [false, 'insufficient_quota'],
      [false, 'max_output_tokens'],
      [true, undefined],
    ],
  )
  assert.equal(ear.all('error'), [])
  await end()
})

it('breaks a part off whose response fails in the middle of it (MM-7)', async () => {
  const { server, ear, end } = await readied()
  const reply = server.reply({ parts: [audio({ ms: 60_000 })], pace: 1 })
  const content = await ear.until('response_content_added')
  const error = { type: 'server_error', code: 'server_error', message: `overloaded, ${key}` }
  const response = { id: reply.id, status: 'failed', status_details: { type: 'failed', error } } as const
  server.session.tell({ type: 'response.done', response })
  const { error: why } = await collect(content.audioStream)
  assert.equal(
    [Object(why).code, Object(why).message],
    ['server_error', 'a response of the model is failed (server_error): overloaded, …'],
  )
  await end()
})

it('can be closed at any moment, and then is never ready', async () => {
  for (const moment of ['at once', 'connecting', 'updating', 'in the middle of its context']) {
    const { session, ear, server, clock } = await stage({ items: [message('a', 'user', 'x')] })
    const step = {
      connecting: 'session.created',
      updating: 'session.updated',
      'in the middle of its context': 'conversation.item.added',
    }[moment]
    if (step) {
      server.fault({ never: step, times: 5 }, { never: 'conversation.item.done', times: 5 })
      await server.connected()
    }
    if (moment === 'updating') await server.expect('session.update')
    if (moment.startsWith('in'))
      await server.expectAll(['session.update', 'conversation.item.create', 'conversation.item.create'])
    const ready = codeIn(session.ready)
    await session.close()
    assert.is(await ready, 'ERR_CLOSED', moment)
    assert.equal([ear.names, ear.all('closed')], [['closed'], [{}]], moment)
    assert.is(clock.timers, 0)
    await server.close()
  }
})

it('does not wait for ever for a farewell', async () => {
  const { session, ear, server, clock } = await readied()
  server.fault({ slow: 3_600_000 })
  const closing = session.close()
  await clock.advance(1_000)
  await closing
  assert.equal(ear.names, ['closed'])
  assert.is(clock.timers, 0)
  await server.close()
})

it('logs a listener that throws, and tells the others', async () => {
  const { session, ear, server, codes, end } = await readied()
  const heard: string[] = []
  const broken = () => {
    throw new Error('mine')
  }
  session.on('response_created', broken)
  session.on('response_created', ({ id }) => void heard.push(id))
  server.reply({ parts: [] })
  await ear.until('response_done')
  session.off('response_created', broken)
  server.reply({ parts: [] })
  await ear.until('response_done', 2)
  assert.equal([heard.length, codes().filter(code => code === 'realtime.listener.failed').length], [2, 1])
  assert.throws(() => session.on('closed', Object('no function')), TypeError)
  await end()
})

it('ends by itself if the key never comes, or its source fails', async () => {
  const clock = virtualClock()
  const hands = { clock, ids: countingIds(), log: () => {}, timeoutMs: 1_000 }
  const start = { chatCtx: { items: [] }, fncCtx: [] }
  const never = new OpenAIRealtimeModel({ apiKey: () => new Promise(() => {}), baseURL: 'http://127.0.0.1:1' }).session(
    start,
    hands,
  )
  const ready = codeIn(never.ready)
  await clock.advance(1_000)
  assert.is(await ready, 'ERR_TIMEOUT')
  await never.close()
  const fails = new OpenAIRealtimeModel({
    apiKey: async () => Promise.reject(new Error(`no ${key}`)),
    baseURL: 'http://127.0.0.1:1',
  })
  const error: unknown = await fails.session(start, hands).ready.catch(reason => reason)
  assert.equal([Object(error).code, /sk-/.test(Object(error).message)], ['ERR_CONNECT', false])
  assert.is(clock.timers, 0)
})

it('is not ended by a limit that is reached when it works, whatever it waits for', async () => {
  const { server, session, ear, settled, end } = await readied()
  server.fault({ never: 'session.updated' })
  session.fncCtx = [{ name: 'now', execute: () => 'noon' }]
  server.fault({ refuse: 'conversation.item.delete', code: 'rate_limit_exceeded' })
  assert.is(await codeIn(session.conversation.item.delete('a')), 'rate_limit_exceeded')
  await settled()
  assert.equal([ear.all('closed').length, ear.all('error').length], [0, 1])
  await end()
})

it('keeps keys out of lines, its own and what looks like one', () => {
  assert.is(hushed('with abc and sk-proj-12**34, sess-99aa', ['abc', '']), 'with … and …, …')
  const { message, code } = serverError({ code: 'sk-proj-12', message: 'sk-proj-34', param: 'sk-proj-56' }, line =>
    hushed(line, []),
  )
  assert.equal([message, code], ["the model's service: … (…, …)", '…'])
  assert.is(placeOf('wss://user:pass@host:8443/v1?api-key=x'), 'wss://host:8443/v1')
})

it.run()
