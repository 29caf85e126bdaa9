import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { ChatItem } from '../../../src/realtime/port.ts'
import { audio } from '../../fakes/openai/index.ts'
import { codeIn, collect, dialects, frame, message, readied, stage } from './stage.ts'

const it = suite('openai session')
const idsIn = ({ items }: { items: readonly ChatItem[] }) => items.map(({ id }) => id)

for (const dialect of dialects) {
  it(`connects, tells what it wants, and is ready, in ${dialect} (OAI-1, OAI-2)`, async () => {
    const { server, session, end } = await readied({ options: { dialect, instructions: 'Be brief.' } })
    const [first, ...more] = server.said()
    assert.equal([first?.type, more.length], ['session.update', 0])
    assert.match(String(first?.event_id), /^evt_/)
    assert.is(server.session.model, dialect === 'ga' ? 'gpt-realtime-1.5' : 'gpt-4o-realtime-preview')
    assert.equal(session.chatCtxCopy().items, [])
    await end()
  })

  it(`has the conversation on the server before it is ready, in its order, and keeps the model in speech, in ${dialect} (OAI-3, OAI-4)`, async () => {
    const items: ChatItem[] = [
      message('s', 'system', 'Be kind.'),
      message('u', 'user', 'Time?'),
      { id: 'c', type: 'call', callId: '1', name: 'now', arguments: '{}' },
      { id: 'o', type: 'output', callId: '1', output: 'noon' },
      message('a', 'assistant', 'It is noon.'),
    ]
    const { server, session, end } = await readied({ options: { dialect }, items })
    const kept = server.session.conversation.items
    assert.equal(kept.map(({ id }) => id).slice(0, 5), ['s', 'u', 'c', 'o', 'a'])
    assert.is(server.session.conversation.kept.at(-1)?.samples.get(0), 24_000)
    assert.is(kept.length, 6)
    const created = server.said('conversation.item.create')
    assert.equal(
      created.map(({ previous_item_id }) => previous_item_id),
      [undefined, 's', 'u', 'c', 'o', undefined],
    )
    assert.ok(created.every(({ event_id }) => typeof event_id === 'string'))
    assert.equal(session.chatCtxCopy().items.slice(0, 5), items)
    await end()
  })
}

it('adds no silence if something of the user is sound, and skips sound of the agent with a warning (OAI-3, OAI-4)', async () => {
  const sound = { type: 'audio', frames: [frame(50)] } as const
  const items: ChatItem[] = [
    { id: 'u', type: 'message', role: 'user', content: [sound] },
    { id: 'a', type: 'message', role: 'assistant', content: [sound] },
    message('b', 'assistant', 'Yes.'),
  ]
  const { server, session, codes, end } = await readied({ items })
  assert.equal(
    server.session.conversation.items.map(({ id }) => id),
    ['u', 'b'],
  )
  assert.equal(codes(), ['openai.content.skipped'])
  assert.equal(session.chatCtxCopy().items[0], items[0])
  await end()
})

it('makes the least changes to the conversation, one context after the other (OAI-3)', async () => {
  const items = ['a', 'b', 'c'].map(id => message(id, 'user', id))
  const { server, session, said, end } = await readied({ items })
  const [silence] = session.chatCtxCopy().items.slice(3)
  const kept = silence ? [silence] : []
  const next = [message('x', 'user', 'x'), ...items.slice(1), ...kept]
  const both = [session.setChatCtx({ items: next }), session.setChatCtx({ items: [...next, message('y', 'user', 'y')] })]
  await Promise.all(both)
  assert.equal(said(), [
    'conversation.item.delete',
    'conversation.item.create',
    'conversation.item.create',
    'conversation.item.delete',
    'conversation.item.create',
    'conversation.item.create',
  ])
  const [, , , , x, , y] = server.said('conversation.item.create')
  assert.equal([x?.previous_item_id, y?.previous_item_id], ['root', silence?.id])
  const copy = session.chatCtxCopy()
  await session.setChatCtx(copy)
  assert.is(said().length, 6)
  assert.equal(
    idsIn(copy),
    server.session.conversation.items.map(({ id }) => id),
  )
  await session.setChatCtx({ items: [] })
  assert.equal([server.session.conversation.items, session.chatCtxCopy().items], [[], []])
  await end()
})

it('refuses a context that cannot be, one that the service refuses, and any after the close (MM-8)', async () => {
  const { server, session, end } = await readied()
  assert.match(await codeIn(session.setChatCtx({ items: [message('', 'user', 'x')] })), /needs an id/)
  server.fault({ refuse: 'conversation.item.create', code: 'too_much' })
  assert.is(await codeIn(session.setChatCtx({ items: [message('a', 'user', 'x')] })), 'too_much')
  await end()
  assert.is(await codeIn(session.setChatCtx({ items: [] })), 'ERR_CLOSED')
})

for (const dialect of dialects)
  it(`creates, deletes and truncates items, and resolves when the service has done it, in ${dialect} (OAI-1, MM-8)`, async () => {
    const { server, session, ear, end } = await readied({ options: { dialect } })
    const { item } = session.conversation
    await item.create(message('a', 'user', 'one'))
    await item.create(message('b', 'user', 'two'), 'a')
    await item.create(message('c', 'user', 'three'), 'a')
    assert.equal(idsIn(session.chatCtxCopy()), ['a', 'c', 'b'])
    await item.delete('c')
    server.reply({ parts: [audio({ ms: 500 })] })
    const { itemId } = await ear.until('response_content_done')
    await item.truncate({ itemId, contentIndex: 0, audioEndMs: 120 })
    const [cut] = server.said('conversation.item.truncate')
    assert.equal([cut?.item_id, cut?.content_index, cut?.audio_end_ms], [itemId, 0, 120])
    for (const [work, code] of [
      [item.create(message('d', 'user', 'x'), 'nobody'), 'item_create_invalid_previous_item_id'],
      [item.delete('nobody'), 'item_delete_invalid_item_id'],
      [item.truncate({ itemId, contentIndex: 0, audioEndMs: 900 }), 'invalid_value'],
    ] as const)
      assert.is(await codeIn(work), code)
    assert.equal(idsIn(session.chatCtxCopy()), ['a', 'b', itemId])
    await end()
  })

it('rejects with ERR_TIMEOUT what the service does not answer in time (MM-8)', async () => {
  for (const [fault, run] of [
    ['conversation.item.added', 'create'],
    ['conversation.item.deleted', 'delete'],
    ['conversation.item.truncated', 'truncate'],
    ['input_audio_buffer.cleared', 'clear'],
    ['response.created', 'respond'],
  ] as const) {
    const { server, session, ear, clock, end } = await readied({ items: [message('a', 'user', 'x')], timeoutMs: 700 })
    server.reply({ parts: [audio({ ms: 100 })] })
    const { itemId } = await ear.until('response_content_done')
    await ear.until('response_done')
    server.fault({ never: fault, times: 2 }, ...(run === 'create' ? [{ never: 'conversation.item.done', times: 2 }] : []))
    const works = {
      create: () => session.conversation.item.create(message('b', 'user', 'x')),
      delete: () => session.conversation.item.delete('a'),
      truncate: () => session.conversation.item.truncate({ itemId, contentIndex: 0, audioEndMs: 50 }),
      clear: () => session.inputAudioBuffer.clear(),
      respond: () => session.response.create(),
    }
    const work = codeIn(works[run]())
    await clock.advance(699)
    assert.is(clock.timers, 1)
    await clock.advance(1)
    assert.is(await work, 'ERR_TIMEOUT', run)
    await end()
  }
})

for (const dialect of dialects)
  it(`asks for a response as it was told, and says which it became, in ${dialect} (OAI-1)`, async () => {
    const { server, session, ear, end } = await readied({ options: { dialect } })
    server.answer({ parts: [audio({ ms: 100 })] })
    assert.is(await session.response.create({ instructions: 'Greet.' }), (await ear.until('response_created')).id)
    assert.is(Object(server.said('response.create')[0]?.response).instructions, 'Greet.')
    await ear.until('response_done')
    await end()
  })

it('never asks for two responses at once (MM-44)', async () => {
  const { server, session, said, settled, clock, end } = await readied()
  server.fault({ never: 'response.created' })
  const [first, second] = [codeIn(session.response.create()), codeIn(session.response.create())]
  await settled()
  assert.equal(said(), ['response.create'])
  await clock.advance(5_000)
  assert.equal([await first, await second], ['ERR_TIMEOUT', 'none'])
  assert.equal(said(), ['response.create', 'response.create'])
  await end()
})

for (const dialect of dialects)
  it(`cancels a response: its streams end at once, what still comes is dropped, and it resolves when it is over, in ${dialect} (MM-7, MM-32)`, async () => {
    const { server, session, ear, end } = await readied({ options: { dialect } })
    server.reply({ parts: [audio({ ms: 60_000, words: 'a very long story' })], pace: 1 })
    const content = await ear.until('response_content_added')
    const [sound, words] = [collect(content.audioStream), collect(content.textStream)]
    await session.response.cancel(content.responseId)
    assert.equal([(await sound).error, (await words).error], [undefined, undefined])
    assert.is(ear.all('response_done')[0]?.status, 'cancelled')
    assert.is(ear.all('metrics_collected')[0]?.cancelled, true)
    assert.equal(ear.all('response_content_done'), [])
    assert.equal(server.said('response.cancel')[0]?.response_id, content.responseId)
    await end()
  })

it('takes it for done if there was nothing to cancel, and hears nothing bad of it (MM-32)', async () => {
  const { server, session, ear, said, settled, end } = await readied()
  await session.response.cancel()
  await session.response.cancel('nobody')
  assert.equal(said(), [])
  const response = server.reply({ parts: [audio({ ms: 60_000 })], pace: 1 })
  await ear.until('response_created')
  server.fault({ never: 'response.done' })
  server.session.interrupt('turn_detected') // the service has ended it, and we do not know yet
  await session.response.cancel(response.id)
  await settled()
  assert.equal([ear.all('error'), said()], [[], ['response.cancel']])
  await end()
})

it('nor when both ended it at once: the end comes first, and then that there was nothing to cancel (MM-32)', async () => {
  const { server, session, ear, codes, said, settled, end } = await readied()
  const response = server.reply({ parts: [audio({ ms: 60_000 })], pace: 1 })
  await ear.until('response_created')
  server.session.interrupt('turn_detected')
  await session.response.cancel(response.id) // the end is on its way
  await settled()
  assert.equal(said(), ['response.cancel'])
  assert.equal([ear.all('error'), codes().filter(code => code === 'openai.error')], [[], []])
  await end()
})

it('tells the service of new functions, and checks them first', async () => {
  const { server, session, end } = await readied()
  const now = { name: 'now', execute: () => 'noon' }
  session.fncCtx = [now]
  assert.throws(() => {
    session.fncCtx = [now, now]
  }, TypeError)
  for (const name of ['look up', 'né', 'a.b', 'x'.repeat(65), 'now\n'])
    assert.throws(() => {
      session.fncCtx = [{ ...now, name }]
    }, /^OpenAI takes no function ".*": a name has letters, digits, _ and -, at most 64 of them$/s)
  assert.equal(session.fncCtx, [now])
  const updates = () => server.said('session.update')
  await session.inputAudioBuffer.clear()
  assert.equal(Object(updates()[1]?.session).tools, [
    { type: 'function', name: 'now', parameters: { type: 'object', properties: {} } },
  ])
  await end()
})

for (const dialect of dialects)
  it(`sends the caller’s sound as it is, commits and clears it, in ${dialect} (OAI-1, OAI-5)`, async () => {
    const { server, session, ear, end } = await readied({ options: { dialect, turnDetection: null } })
    for (let n = 0; n < 3; n++) assert.is(session.inputAudioBuffer.append(frame()), true)
    await session.inputAudioBuffer.commit()
    const appended = server.said('input_audio_buffer.append')
    assert.equal(
      appended.map(({ event_id }) => typeof event_id),
      ['string', 'string', 'string'],
    )
    assert.is(server.session.conversation.received, 7_200)
    assert.is((await ear.until('input_speech_committed')).itemId, server.session.conversation.items[0]?.id)
    session.inputAudioBuffer.append(frame())
    await session.inputAudioBuffer.clear()
    assert.is(server.session.conversation.waiting, 0)
    assert.is(await codeIn(session.inputAudioBuffer.commit()), 'input_audio_buffer_commit_empty')
    assert.throws(() => session.inputAudioBuffer.append({ ...frame(), sampleRate: 16_000 }), TypeError)
    await end()
  })

it('refuses what is asked of it before it is ready, and takes new functions with it', async () => {
  const { server, session, end } = await stage()
  session.fncCtx = [{ name: 'now', execute: () => 'noon' }]
  const early = [
    session.setChatCtx({ items: [] }),
    session.inputAudioBuffer.commit(),
    session.response.create(),
    session.conversation.item.delete('a'),
  ]
  assert.equal(await Promise.all(early.map(codeIn)), Array(4).fill('ERR_NOT_READY'))
  assert.is(session.inputAudioBuffer.append(frame()), false)
  await session.ready
  const updates = server.said()
  assert.equal([updates.length, Object(updates[0]?.session).tools.length], [1, 1])
  await end()
})

it('closes once, whoever asks, and takes nothing more', async () => {
  const { session, ear, server, end } = await stage()
  await session.ready
  server.reply({ parts: [audio({ ms: 60_000 })], pace: 1 })
  const content = await ear.until('response_content_added')
  const reading = collect(content.audioStream)
  const closing = session.close()
  assert.is(session.close(), closing)
  assert.throws(() => session.inputAudioBuffer.append(frame()), /the session is over/)
  assert.is(await codeIn(session.response.create()), 'ERR_CLOSED')
  assert.is(await codeIn(session.conversation.item.delete('a')), 'ERR_CLOSED')
  await closing
  assert.is((await reading).error, undefined)
  assert.equal(ear.all('closed'), [{}])
  await end()
})

it.run()
