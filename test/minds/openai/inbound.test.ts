/** Each event of the service, in both dialects, and what becomes of it. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { audio, call, text } from '../../fakes/openai/index.ts'
import { codeIn, collect, dialects, readied } from './stage.ts'

const it = suite('openai inbound')
const valuesIn = (frames: { data: Int16Array }[]) => frames.flatMap(({ data }) => [...data])

for (const dialect of dialects) {
  const options = { dialect }

  it(`hears a whole reply: output, content, sound and words as they come, the ends, the metrics, in ${dialect} (OAI-1, MM-7, MM-40)`, async () => {
    const { server, ear, session, end } = await readied({ options, epochMs: 1_000_000 })
    const { id } = server.reply({ parts: [audio({ ms: 250, words: 'It is noon.' })] })
    const content = await ear.until('response_content_added')
    const [sound, words] = [await collect(content.audioStream), await collect(content.textStream)]
    await ear.until('metrics_collected')
    assert.equal(ear.names, [
      'response_created',
      'response_output_added',
      'response_content_added',
      'response_content_done',
      'response_output_done',
      'response_done',
      'metrics_collected',
    ])
    assert.equal([ear.all('response_created')[0], content.contentType], [{ id, status: 'in_progress' }, 'audio'])
    const output = { responseId: id, itemId: content.itemId, outputIndex: 0, type: 'message' }
    assert.equal([ear.all('response_output_added'), ear.all('response_output_done')], [[output], [output]])
    assert.equal([content.responseId, content.outputIndex, content.contentIndex], [id, 0, 0])
    assert.equal(
      valuesIn(sound.items),
      Array.from({ length: 6_000 }, (_, n) => n + 1),
    )
    assert.ok(sound.items.every(({ sampleRate, channels }) => sampleRate === 24_000 && channels === 1))
    assert.equal([words.items, content.text], [['It', ' is', ' noon.'], 'It is noon.'])
    assert.is(ear.all('response_content_done')[0], content)
    const [done, metrics] = [ear.all('response_done')[0], ear.all('metrics_collected')[0]]
    assert.equal([done?.id, done?.status], [id, 'completed'])
    assert.equal([metrics?.requestId, metrics?.ttftMs, metrics?.tokensPerSecond, metrics?.timestamp], [id, 0, 0, 1_000_000])
    assert.ok(metrics && metrics.totalTokens > 0 && metrics.label.startsWith('openai/'))
    assert.equal(session.chatCtxCopy().items, [
      { id: content.itemId, type: 'message', role: 'assistant', content: ['It is noon.'] },
    ])
    await end()
  })

  it(`hears text in place of speech, in ${dialect} (OAI-1)`, async () => {
    const { server, ear, end } = await readied({ options })
    server.reply({ parts: [text('It is noon.')] })
    const content = await ear.until('response_content_done')
    assert.equal([content.contentType, content.text], ['text', 'It is noon.'])
    assert.equal(await collect(content.textStream), { items: ['It', ' is', ' noon.'] })
    assert.equal(await collect(content.audioStream), { items: [] })
    await end()
  })

  it(`hears two parts of one message, and two messages, each by its own place, in ${dialect} (OAI-1)`, async () => {
    const { server, ear, end } = await readied({ options })
    server.reply({ parts: [audio({ ms: 100, words: 'one' }), audio({ ms: 100, words: 'two', same: true }), text('three')] })
    await ear.until('response_done')
    const places = ear
      .all('response_content_added')
      .map(({ outputIndex, contentIndex, text }) => [outputIndex, contentIndex, text])
    assert.equal(places, [
      [0, 0, 'one'],
      [0, 1, 'two'],
      [1, 0, 'three'],
    ])
    await end()
  })

  it(`hears the caller: when they begin and end, what becomes of it, and their words, in ${dialect} (OAI-1)`, async () => {
    const { server, ear, session, end } = await readied({ options })
    const turn = server.speech({ transcript: 'What time is it?' })
    const { itemId, transcript } = await ear.until('input_speech_transcription_completed')
    assert.equal(ear.names, [
      'input_speech_started',
      'input_speech_stopped',
      'input_speech_committed',
      'input_speech_transcription_completed',
    ])
    assert.equal(ear.all('input_speech_started'), [{ itemId: turn.itemId, atMs: 0 }])
    assert.equal(ear.all('input_speech_stopped'), [{ itemId: turn.itemId, atMs: 0 }])
    assert.equal(ear.all('input_speech_committed'), [{ itemId: turn.itemId }])
    assert.equal([itemId, transcript], [turn.itemId, 'What time is it?'])
    assert.equal(session.chatCtxCopy().items, [{ id: itemId, type: 'message', role: 'user', content: ['What time is it?'] }])
    server.speech({ fails: 'unintelligible' })
    const failed = await ear.until('input_speech_transcription_failed')
    assert.match(failed.message, /unintelligible/)
    await end()
  })

  it(`hears a call when it is whole, and ignores what is said on the way, in ${dialect} (MM-41)`, async () => {
    const fncCtx = [{ name: 'now', execute: () => 'noon' }]
    const { server, ear, codes, end } = await readied({ options, fncCtx })
    server.answer({ parts: [audio({ ms: 50 })] })
    server.reply({ parts: [call('now', { zone: 'UTC' }, { callId: 'call_a' })] })
    const finished = await ear.until('function_calls_finished')
    const [first] = ear.all('function_calls_collected')
    assert.equal(first, [{ toolCallId: 'call_a', name: 'now', rawArguments: '{"zone":"UTC"}', arguments: { zone: 'UTC' } }])
    assert.equal(finished, [{ call: first?.[0], result: 'noon' }])
    await ear.until('response_done', 2)
    assert.equal(codes(), [])
    await end()
  })

  it(`leaves what it does not know, and what is broken, out of strange words in ${dialect} (MM-51)`, async () => {
    const { server, ear, codes, logs, settled, end } = await readied({ options })
    server.fault(
      { unknown: 'response.created' },
      { broken: 'response.output_item.added' },
      { twice: 'response.done' },
      { straggle: 2 },
    )
    server.reply({ parts: [audio({ ms: 100 })] })
    await ear.until('response_done')
    await settled()
    server.fault({ twice: 'response.content_part.added' }, { twice: 'response.output_item.done' }, { twice: 'response.created' })
    server.reply({ parts: [audio({ ms: 100, words: 'fine' })] })
    const content = await ear.until('response_content_done')
    assert.is(content.text, 'fine')
    await settled()
    assert.equal([ear.all('response_created').length, ear.all('response_output_done').length], [2, 1])
    assert.ok(codes().includes('openai.event.unknown') && codes().includes('openai.event.garbled'))
    assert.ok(codes().filter(code => code === 'openai.event.skipped').length >= 8, codes().join())
    assert.not.ok(logs.some(({ level }) => level === 'error'))
    assert.equal(ear.all('error'), [])
    await end()
  })
}

it('bears a message that is no object, and fields that are missing or of another kind (MM-51)', async () => {
  const { server, ear, session, logs, settled, end } = await readied()
  const strange = [
    { type: 'response.created' },
    { type: 'response.created', response: 7 },
    { type: 'response.done', response: null },
    { type: 'response.output_item.added', response_id: 7, item: 'x' },
    { type: 'response.output_audio.delta', delta: 7 },
    { type: 'conversation.item.added', item: null },
    { type: 'conversation.item.deleted' },
    { type: 'conversation.item.input_audio_transcription.failed', item_id: 'x' },
    { type: 'error' },
    { type: 'error', error: 'bad' },
    { type: 'toString' },
  ]
  for (const event of strange) server.fault({ unknown: 'input_audio_buffer.cleared', event })
  for (const _ of strange) await session.inputAudioBuffer.clear()
  await settled()
  assert.is(ear.all('error').length, 2)
  assert.equal(ear.all('closed'), [])
  assert.not.ok(logs.some(({ level }) => level === 'error'))
  await end()
})

it('skips a piece of audio that is no base64 or half a sample too long, says so, and goes on', async () => {
  const { server, ear, end } = await readied()
  const reply = server.reply({ parts: [audio({ ms: 100 })], pace: 0.001 })
  const content = await ear.until('response_content_added')
  const at = { response_id: reply.id, output_index: 0, item_id: content.itemId, content_index: 0 }
  for (const delta of ['***', Buffer.from([1, 2, 3]).toString('base64'), Buffer.from([1, 0, 2, 0]).toString('base64')])
    server.session.tell({ type: 'response.output_audio.delta', ...at, delta })
  await ear.until('error', 2)
  server.session.interrupt('turn_detected')
  const { items } = await collect(content.audioStream)
  assert.equal(valuesIn(items).slice(-2), [1, 2])
  const told = ear.all('error').map(({ error, recoverable }) => [Object(error).code, recoverable])
  assert.equal(told, [
    ['ERR_AUDIO', true],
    ['ERR_AUDIO', true],
  ])
  await end()
})

it('says the rest of the words if the last did not come piece by piece, and nothing twice', async () => {
  const { server, ear, end } = await readied()
  server.fault({ never: 'response.output_audio_transcript.delta', skip: 2 })
  server.reply({ parts: [audio({ ms: 100, words: 'It is noon.' })] })
  const content = await ear.until('response_content_done')
  assert.equal(await collect(content.textStream), { items: ['It', ' is', ' noon.'] })
  await ear.until('response_done')
  server.fault({ never: 'response.output_audio_transcript.delta', skip: 1 }) // a gap cannot be filled: what was said, was said
  server.reply({ parts: [audio({ ms: 100, words: 'It is noon.' })] })
  assert.is((await ear.until('response_content_done', 2)).text, 'It noon.')
  await end()
})

it('takes no response for new whose end came before its beginning (MM-51)', async () => {
  const { server, session, ear, codes, settled, end } = await readied()
  server.fault({ never: 'response.created' })
  const { response } = server.reply({ parts: [audio({ ms: 100 })] })
  server.session.tell({ type: 'response.created', response: { id: response.id } })
  await settled()
  assert.equal([ear.all('response_created'), ear.all('response_done')], [[], []])
  assert.ok(codes().includes('openai.event.skipped'))
  const next = session.response.create()
  await settled()
  assert.is(await next, 'resp_2')
  await end()
})

it('knows the response that it asked for from one that comes late', async () => {
  const { server, session, ear, clock, end } = await readied()
  server.fault({ never: 'response.created', times: 2 })
  const first = codeIn(session.response.create())
  await session.inputAudioBuffer.clear()
  await clock.advance(5_000)
  assert.is(await first, 'ERR_TIMEOUT')
  const second = session.response.create()
  await session.inputAudioBuffer.clear()
  const asked = server.said('response.create').map(({ response }) => Object(response).metadata)
  for (const [n, metadata] of asked.entries())
    server.session.tell({ type: 'response.created', response: { id: `resp_late_${n}`, metadata } })
  assert.is(await second, 'resp_late_1')
  await ear.until('response_created', 2)
  await end()
})

it('knows it from one that nobody asked for, if the service repeats what it is told', async () => {
  const { server, session, settled, end } = await readied()
  await session.response.create()
  server.fault({ never: 'response.created' })
  const ours = codeIn(session.response.create())
  await settled()
  server.session.tell({ type: 'response.created', response: { id: 'resp_turn', metadata: null } })
  const [, asked] = server.said('response.create')
  const error = {
    type: 'invalid_request_error',
    code: 'conversation_already_has_active_response',
    message: 'one at a time',
    event_id: String(asked?.event_id),
  }
  server.session.tell({ type: 'error', error })
  assert.is(await ours, 'conversation_already_has_active_response')
  await end()
})

it('shows the text of a part to whoever writes down what is told (law 9)', async () => {
  const { server, ear, end } = await readied()
  server.reply({ parts: [text('I write.')] })
  const told = Object.entries(await ear.until('response_content_done'))
  assert.equal(Object.fromEntries(told).text, 'I write.')
  await ear.until('response_done')
  server.reply({ parts: [audio({ ms: 250 })] })
  const content = await ear.until('response_content_done', 2)
  assert.is(content.samples, 6_000) // whether it was read or not
  await end()
})

it.run()
