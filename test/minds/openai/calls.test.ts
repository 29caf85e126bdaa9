/** Functions and recovery, as the service sees them. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { FunctionContext } from '../../../src/realtime/port.ts'
import { audio, call, text } from '../../fakes/openai/index.ts'
import { pending } from '../../model.ts'
import { codeIn, message, readied } from './stage.ts'

const it = suite('openai calls')
const functions: FunctionContext = [
  { name: 'now', execute: () => 'noon' },
  {
    name: 'double',
    parameters: { type: 'object', properties: { n: { type: 'number' } }, required: ['n'] },
    execute: ({ n }) => Number(n) * 2,
  },
  { name: 'quiet', execute: () => undefined },
  { name: 'fails', execute: () => Promise.reject(new Error('no luck')) },
]

it('sends the output behind its call, asks for a response when that is taken, and tells that it is done (MM-41)', async () => {
  const { server, ear, said, session, end } = await readied({ fncCtx: functions })
  server.answer({ parts: [audio({ ms: 50 })] })
  server.reply({ parts: [call('double', { n: 21 }, { callId: 'call_a' }), audio({ ms: 50 })] })
  const [result] = await ear.until('function_calls_finished')
  await ear.until('response_done', 2)
  assert.equal(said(), ['conversation.item.create', 'response.create'])
  const [sent] = server.said('conversation.item.create')
  const [item] = ear.all('response_output_added')
  assert.is(sent?.previous_item_id, item?.itemId)
  const { id: _, ...output } = Object(sent?.item)
  assert.equal(output, { type: 'function_call_output', call_id: 'call_a', output: '42' })
  assert.equal([result?.call.arguments, result?.result], [{ n: 21 }, 42])
  assert.equal(
    session.chatCtxCopy().items.map(({ type }) => type),
    ['call', 'output', 'message', 'message'],
  )
  await end()
})

it('answers calls that cannot be made with an error (MM-42)', async () => {
  const { server, ear, end } = await readied({ fncCtx: functions })
  server.answer({ parts: [] })
  server.reply({ parts: [call('nowhere'), call('double', '{"n":'), call('double', { n: 'x' }), call('fails')] })
  await ear.until('function_calls_finished', 4)
  const outputs = server.said('conversation.item.create').map(({ item }) => Object(item).output)
  assert.ok(outputs.length === 4 && outputs.every(output => output.startsWith('Error: ')), outputs.join())
  await ear.until('response_done', 2)
  await end()
})

it('sends an empty output for nothing, and asks for no response on its account (MM-43)', async () => {
  const { server, ear, said, settled, end } = await readied({ fncCtx: functions })
  server.reply({ parts: [call('quiet')] })
  await ear.until('function_calls_finished')
  await settled()
  assert.equal([said(), Object(server.said('conversation.item.create')[0]?.item).output], [['conversation.item.create'], ''])
  await end()
})

it('asks for one response for all calls of one, when all outputs are taken and nothing else is made (MM-44)', async () => {
  const slow = pending<string>()
  const fncCtx = [...functions, { name: 'slow', execute: () => slow.promise }]
  const { server, ear, said, end } = await readied({ fncCtx })
  server.answer({ parts: [audio({ ms: 50 })] })
  server.reply({ parts: [call('now'), call('slow'), call('now')] })
  await ear.until('function_calls_finished', 2)
  await ear.until('response_done')
  const other = server.reply({ parts: [audio({ ms: 60_000 })], pace: 0.001 })
  await ear.until('response_created', 2)
  slow.resolve('late')
  await ear.until('function_calls_finished', 3)
  assert.equal(said(), Array(3).fill('conversation.item.create'))
  server.session.interrupt('turn_detected')
  await other.done
  await ear.until('response_done', 3)
  assert.equal(said().slice(3), ['response.create'])
  await end()
})

it('aborts what runs at close, and finishes each call once, before the end is told (MM-44)', async () => {
  let aborted = 0
  const stuck = {
    name: 'stuck',
    execute: (_: unknown, { signal }: { signal: AbortSignal }) => {
      signal.addEventListener('abort', () => aborted++)
      return new Promise(() => {})
    },
  }
  const { server, ear, session, end } = await readied({ fncCtx: [...functions, stuck] })
  server.answer({ parts: [] })
  server.reply({ parts: [call('stuck'), call('now')] })
  await ear.until('function_calls_finished')
  await session.close()
  assert.equal([aborted, ear.all('function_calls_finished').length, ear.all('function_calls_collected').length], [1, 2, 2])
  assert.equal(ear.names.slice(-2), ['function_calls_finished', 'closed'])
  await end()
})

it('tells an output that is not taken as a failed call, and goes on', async () => {
  const { server, ear, session, end } = await readied({ fncCtx: functions })
  server.fault({ refuse: 'conversation.item.create', code: 'no_such_call' })
  server.reply({ parts: [call('now')] })
  const [result] = await ear.until('function_calls_finished')
  assert.is(Object(result?.error).code, 'no_such_call')
  await session.conversation.item.create(message('a', 'user', 'x'))
  await end()
})

it('asks no more if the service refuses the response, and says so (MM-49)', async () => {
  const { server, ear, said, settled, end } = await readied({ fncCtx: functions })
  server.fault({ refuse: 'response.create', code: 'busy' })
  server.reply({ parts: [call('now')] })
  assert.is(Object((await ear.until('error')).error).code, 'busy')
  await settled()
  assert.equal(said(), ['conversation.item.create', 'response.create'])
  await end()
})

it('says that the response it asked for did not come', async () => {
  const { server, ear, clock, settled, end } = await readied({ fncCtx: functions })
  server.reply({ parts: [call('now')] })
  server.fault({ never: 'response.created' })
  await ear.until('function_calls_finished')
  await settled()
  await clock.advance(5_000)
  assert.is(Object((await ear.until('error')).error).code, 'ERR_TIMEOUT')
  await end()
})

it('recovers from text step by step: the text goes, silence comes, a response is asked for (MM-36)', async () => {
  const { server, ear, session, said, end } = await readied()
  server.reply({ parts: [text('I only write.')] })
  const { itemId } = await ear.until('response_content_done')
  for (const late of ['deleted', 'added', 'done']) server.fault({ late: `conversation.item.${late}`, ms: 20 })
  server.answer({ parts: [audio({ ms: 50 })] })
  await session.recoverFromTextResponse(itemId)
  assert.equal(said(), ['conversation.item.delete', 'conversation.item.create', 'response.create'])
  const sent = server.recording.entries.map(({ from, type }) => `${from === 'client' ? '→' : '←'} ${type}`)
  let at = sent.indexOf('→ conversation.item.delete')
  for (const next of [
    '← conversation.item.deleted',
    '→ conversation.item.create',
    '← conversation.item.added',
    '→ response.create',
  ]) {
    assert.ok(sent.indexOf(next, at) > at, `${next} comes too early`)
    at = sent.indexOf(next, at)
  }
  assert.is(server.session.conversation.kept[0]?.samples.get(0), 24_000)
  assert.is(session.chatCtxCopy().items.length, 2)
  await end()
})

it('rejects with the step that was refused, and takes no other (MM-36)', async () => {
  for (const [refuse, steps] of [
    ['conversation.item.delete', 1],
    ['conversation.item.create', 2],
    ['response.create', 3],
  ] as const) {
    const { server, ear, session, said, end } = await readied()
    server.reply({ parts: [text('I only write.')] })
    const { itemId } = await ear.until('response_content_done')
    server.fault({ refuse, code: 'not_now' })
    assert.is(await codeIn(session.recoverFromTextResponse(itemId)), 'not_now')
    assert.is(said().length, steps)
    await end()
  }
})

it('recovers only when the response with the text is over, and not for ever (MM-36)', async () => {
  const { server, ear, session, said, clock, settled, end } = await readied({ timeoutMs: 900 })
  server.fault({ endless: true })
  server.reply({ parts: [text('I only write.'), text('On and on.')] })
  const { itemId } = await ear.until('response_content_done')
  const work = codeIn(session.recoverFromTextResponse(itemId))
  await settled()
  assert.equal(said(), [])
  await clock.advance(900)
  assert.is(await work, 'ERR_TIMEOUT')
  await end()
})

it.run()
