import { once } from 'node:events'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import WebSocket from 'ws'
import { virtualClock } from '../../../src/virtual.ts'
import { audio, type Fault, scriptedServer } from './index.ts'
import { isJson, type Json } from './wire.ts'

const it = suite('the scripted server in trouble')

const open = async (...faults: Fault[]) => {
  const clock = virtualClock()
  const server = scriptedServer({ clock })
  const link = server.link()
  await clock.settle()
  server.fault(...faults)
  const say = async (...events: Json[]) => {
    const from = link.events.length
    for (const event of events) link.send(event)
    await clock.settle()
    return link.types.slice(from)
  }
  const during = async (work: () => unknown) => {
    const from = link.events.length
    work()
    await clock.settle()
    return link.types.slice(from)
  }
  return { clock, server, link, say, during }
}
const create = (id: string) => ({
  type: 'conversation.item.create',
  event_id: `create_${id}`,
  item: { id, type: 'message', role: 'user', content: [{ type: 'input_text', text: 'hello' }] },
})
const update = { type: 'session.update', session: { type: 'realtime' } }
const failureOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'it did not fail',
    (error: Error) => error.message,
  )

it('acknowledges late, or never (FAKE-8)', async () => {
  const { clock, server, link, say } = await open({ late: 'conversation.item.added', ms: 300 }, { never: 'session.updated' })
  assert.equal(await say(create('a'), update), ['conversation.item.done'])
  await clock.advance(299)
  assert.is(link.types.at(-1), 'conversation.item.done')
  await clock.advance(1)
  assert.is(link.types.at(-1), 'conversation.item.added')
  assert.equal(await say(update), ['session.updated'])
  assert.match(server.recording.print(), 'never sent')
})

it('stalls, and then says all of it in its order (FAKE-8)', async () => {
  const { clock, server, link, say, during } = await open({ stall: 400 })
  assert.equal(await say(update, create('a')), [])
  await clock.advance(399)
  server.fault({ stall: 100 })
  assert.equal(await during(() => server.error({ message: 'The disk is full.' })), [])
  await clock.advance(99)
  assert.equal(server.recording.entries.filter(({ from }) => from === 'server').length, 1)
  const before = link.types.length
  await clock.advance(1)
  const told = link.types.slice(before)
  assert.equal(told, ['session.updated', 'conversation.item.added', 'conversation.item.done', 'error'])
})

it('answers with an error instead, and does not do it (FAKE-8)', async () => {
  const { server, link, say } = await open({ refuse: 'conversation.item.create', code: 'busy', message: 'Not now.', skip: 1 })
  assert.equal(await say(create('a'), create('b'), create('c')), [
    'conversation.item.added',
    'conversation.item.done',
    'error',
    'conversation.item.added',
    'conversation.item.done',
  ])
  const error = link.events.find(({ type }) => type === 'error')?.error
  assert.equal(isJson(error) && [error.code, error.event_id], ['busy', 'create_b'])
  assert.equal(
    server.session.conversation.items.map(({ id }) => id),
    ['a', 'c'],
  )
})

it('closes the socket when an event of either side is due (FAKE-8)', async () => {
  for (const fault of [
    { cut: 'response.content_part.added', code: 1011, reason: 'gone' },
    { cut: 'response.create', code: 1011, reason: 'gone' },
  ]) {
    const { clock, server, link, say } = await open(fault)
    server.answer({ parts: [audio({ ms: 500 })], pace: 1 })
    const told = await say({ type: 'response.create' })
    assert.is(told.includes('response.content_part.added'), false)
    assert.equal(link.closed, { code: 1011, reason: 'gone' })
    assert.equal([server.session.open, clock.timers], [false, 0])
    assert.throws(() => server.reply({}), 'the session is over')
  }
})

it('cuts a real socket without a farewell, and reads slowly (FAKE-8)', async () => {
  const server = scriptedServer()
  await server.listen()
  const url = `${server.baseURL.replace('http', 'ws')}/realtime?model=gpt-realtime`
  const socket = new WebSocket(url, { headers: { Authorization: 'Bearer sk-test' } })
  await once(socket, 'message')
  server.fault({ slow: 60_000 })
  const audioOf = (bytes: number) =>
    JSON.stringify({ type: 'input_audio_buffer.append', audio: Buffer.alloc(bytes).toString('base64') })
  for (let n = 0; n < 64; n++) socket.send(audioOf(240_000))
  await new Promise(resolve => setTimeout(resolve, 50))
  assert.ok(socket.bufferedAmount > 1_000_000, `${socket.bufferedAmount} bytes wait`)
  server.session.close(1006)
  const [code] = await once(socket, 'close')
  assert.is(code, 1006)
  await server.close()
})

it('says what is no JSON, what nobody knows, what it said before, and one thing before the other (FAKE-8)', async () => {
  const { server, link, during } = await open(
    { broken: 'response.created' },
    { unknown: 'response.output_item.added' },
    { twice: 'response.content_part.added' },
    { swap: 'response.output_audio.done' },
  )
  const told = await during(() => server.reply({ parts: [audio({ ms: 100 })] }))
  assert.not(told[0]?.endsWith('}'))
  assert.ok(told[0]?.startsWith('{"event_id":"evt_2"'))
  assert.equal(told.slice(1), [
    'response.unheard_of',
    'response.output_item.added',
    'conversation.item.added',
    'response.content_part.added',
    'response.content_part.added',
    'response.output_audio.delta',
    'response.output_audio_transcript.done',
    'response.output_audio.done',
    'response.content_part.done',
    'conversation.item.done',
    'response.output_item.done',
    'response.done',
    'rate_limits.updated',
  ])
  assert.equal(link.closed, undefined)
})

it('makes a response without an end, deltas after it, and text in place of sound (FAKE-8)', async () => {
  const { server, say, during } = await open({ endless: true })
  const parts = [audio({ ms: 100, words: 'Hello.' })]
  assert.is((await during(() => server.reply({ parts }))).at(-1), 'response.output_audio_transcript.delta')
  assert.is(server.session.active?.id, 'resp_1')
  assert.is((await say({ type: 'response.cancel' })).at(-2), 'response.done')

  server.fault({ straggle: 2 })
  assert.equal((await during(() => server.reply({ parts }))).slice(-4), [
    'response.done',
    'rate_limits.updated',
    'response.output_audio.delta',
    'response.output_audio.delta',
  ])

  server.fault({ inText: true, times: 2 })
  const kinds = []
  for (let n = 0; n < 3; n++) kinds.push((await during(() => server.reply({ parts }))).includes('response.output_text.done'))
  assert.equal(kinds, [true, true, false])
})

it('fails a script whose client does not say what is expected in time, with the log of both sides (FAKE-9)', async () => {
  const { clock, server, say } = await open()
  const expected = failureOf(server.expect('response.create', {}, { within: 400 }))
  await clock.advance(399)
  await say(update)
  const why = await expected
  assert.match(why, 'the client said session.update, and not response.create')
  assert.match(why, /← session\.created/)
  assert.match(why, /399 ms {2}#1 → session\.update/)
  const late = failureOf(server.expect('response.create', {}, { within: 400 }))
  await clock.advance(400)
  assert.match(await late, 'within 400 ms the client did not say response.create')
})

it('takes what is expected in order, in any order, and with what it must say (FAKE-9)', async () => {
  const { server, say } = await open()
  await say(update, create('a'), create('b'), { type: 'input_audio_buffer.append', audio: '' })
  await server.expect('session.update')
  const both = await server.expectAll([
    ['conversation.item.create', { item: { id: 'b' } }],
    ['conversation.item.create', ({ item }) => isJson(item) && item.id === 'a'],
  ])
  assert.equal(
    both.map(({ event_id }) => event_id),
    ['create_a', 'create_b'],
  )
  const wrong = failureOf(server.expect('conversation.item.create', { item: { id: 'c' } }))
  await say(create('d'))
  assert.match(await wrong, 'conversation.item.create {"item":{"id":"c"}}')
  server.verify()
})

it('fails a script at its end for what nobody expected (FAKE-9)', async () => {
  const { server, say } = await open()
  await say(update)
  server.verify() // nothing was expected so far, so everything may be said
  await server.expect('session.update')
  await say(create('a'), { type: 'response.create' })
  assert.throws(() => server.verify(), 'nobody expected conversation.item.create, response.create')
  server.ignore('response.create')
  assert.match(await failureOf(server.close()), 'nobody expected conversation.item.create')
})

it.run()
