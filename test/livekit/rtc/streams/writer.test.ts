/** Streams of ours, packet by packet, on a native layer that only answers. */
import { getEventListeners } from 'node:events'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { streamBytes } from '../../../../src/livekit/rtc/streams/bytes.ts'
import { sendText, splitter, streamText } from '../../../../src/livekit/rtc/streams/text.ts'
import { CHUNK } from '../../../../src/livekit/rtc/streams/wire.ts'
import { failureOf, localOf, turns, type Wires, wires } from '../wires.ts'

const it = suite('stream writers')

/** A wire for one test; nobody listens to it at the end. */
const on = (test: (wire: Wires, gone: AbortController) => Promise<void>) => async () => {
  const wire = wires()
  try {
    const gone = new AbortController()
    await test(wire, gone)
    await turns()
    assert.is(wire.listeners.size, 0, 'leaves a listener')
    assert.is(getEventListeners(gone.signal, 'abort').length, 0, 'waits for the room to go')
  } finally {
    wire.end()
  }
}
const names = ({ asked }: Wires) => asked.map(({ case: name }) => name)
type Value = Record<string, unknown>
const valueAt = ({ asked }: Wires, index: number): Value => ({ ...asked.at(index)?.value })
/** The contents of the chunks, in order, with their indices. */
const chunksOf = ({ asked }: Wires) =>
  asked.flatMap(one => {
    if (one.case !== 'sendStreamChunk') return []
    const { chunkIndex, content } = one.value.chunk ?? {}
    return [{ index: chunkIndex, bytes: Buffer.from(content ?? []) }]
  })
const utf8 = (text: string) => new TextEncoder().encode(text)
const options = { topic: 'notes', streamId: 'S1', attributes: { a: '1' } }

it(
  'sends one header, chunks counted from 0, and one trailer with a reason and attributes (BSW-4, BSW-5, TSW-1)',
  on(async (wire, gone) => {
    const about = { ...options, totalSize: 8, replyToId: 'S0', attachments: ['B1'], destinationIdentities: ['bob'] }
    const writer = await streamText(localOf('ann'), about, gone.signal)
    const { timestamp, ...info } = writer.info
    assert.equal(info, {
      ...{ streamId: 'S1', topic: 'notes', mimeType: 'text/plain', attributes: { a: '1' } },
      ...{ totalSize: 8, replyToId: 'S0', attachments: ['B1'] },
    })
    assert.ok(Math.abs(timestamp - Date.now()) < 60_000)
    await writer.write('Hello')
    await writer.write('you')
    await writer.close({ reason: 'enough', attributes: { b: '2' } })
    const common = { localParticipantHandle: 7n, senderIdentity: 'ann', destinationIdentities: ['bob'] }
    const content = { operationType: 0, replyToStreamId: 'S0', attachedStreamIds: ['B1'] }
    assert.equal(valueAt(wire, 0), {
      ...common,
      header: {
        ...{
          streamId: 'S1',
          topic: 'notes',
          mimeType: 'text/plain',
          timestamp: BigInt(timestamp),
          attributes: { a: '1' },
        },
        ...{ totalLength: 8n, contentHeader: { case: 'textHeader', value: content } },
      },
    })
    assert.equal(valueAt(wire, 1), { ...common, chunk: { streamId: 'S1', chunkIndex: 0n, content: utf8('Hello') } })
    assert.equal(valueAt(wire, 2).chunk, { streamId: 'S1', chunkIndex: 1n, content: utf8('you') })
    assert.equal(valueAt(wire, 3).trailer, { streamId: 'S1', reason: 'enough', attributes: { b: '2' } })
    assert.equal(writer.info.attributes, { a: '1', b: '2' })
  }),
)

it(
  'takes a new id, no size, the own identity and everybody where nothing is said (BSW-5, TSW-1)',
  on(async (wire, gone) => {
    const one = await streamBytes(localOf('ann'), {}, gone.signal)
    const two = await streamBytes(localOf('ann'), { senderIdentity: 'eve' }, gone.signal)
    assert.match(one.info.streamId, /^[0-9a-f-]{36}$/)
    assert.is.not(one.info.streamId, two.info.streamId)
    assert.equal([one.info.name, one.info.mimeType, one.info.totalSize], ['unknown', 'application/octet-stream', undefined])
    assert.equal([valueAt(wire, 0).senderIdentity, valueAt(wire, 0).destinationIdentities], ['ann', []])
    assert.is(valueAt(wire, 1).senderIdentity, 'eve')
    await Promise.all([one.close(), two.close()])
  }),
)

it(
  'cuts what is long into chunks of 15,000 bytes, and mixes no two writes (BSW-1, BSW-3)',
  on(async (wire, gone) => {
    const writer = await streamBytes(localOf(), options, gone.signal)
    const pieces = [1, 2, 3].map(byte => new Uint8Array(CHUNK * 2 + 5).fill(byte))
    const whole = new Uint8Array(100).map((_, index) => index)
    await Promise.all([
      ...pieces.map(piece => writer.write(piece)),
      writer.write(whole.subarray(10, 20)),
      writer.write(new Uint8Array()),
    ])
    await writer.close()
    const chunks = chunksOf(wire)
    assert.equal(
      chunks.map(({ index }) => index),
      chunks.map((_, index) => BigInt(index)),
    )
    assert.equal(
      chunks.map(({ bytes }) => bytes.length),
      [1, 2, 3].flatMap(() => [CHUNK, CHUNK, 5]).concat(10),
    )
    const all = Buffer.concat(chunks.map(({ bytes }) => bytes))
    assert.ok(all.equals(Buffer.concat([...pieces, whole.subarray(10, 20)])))
  }),
)

it(
  'asks for the next chunk only when the one before it is taken (BSW-1)',
  on(async (wire, gone) => {
    const writer = await streamBytes(localOf(), options, gone.signal)
    const writes = [writer.write(new Uint8Array(CHUNK + 1)), writer.write(new Uint8Array(1))]
    const closing = writer.close()
    for (const sent of [1, 2, 3]) {
      assert.is(chunksOf(wire).length, sent)
      await turns(1)
    }
    await Promise.all([...writes, closing])
    assert.equal(names(wire).at(-1), 'sendStreamTrailer')
  }),
)

it('cuts no character, whatever its length and wherever the limit falls, also where it lies in two pieces (TSR-1)', () => {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  for (const character of ['a', 'é', '€', '👋']) {
    for (let shift = 0; shift < 5; shift++) {
      const text = 'x'.repeat(shift) + character.repeat(CHUNK)
      const chunks = [...splitter()(text)]
      assert.ok(chunks.every(chunk => chunk.length <= CHUNK && chunk.length > CHUNK - 4 - (chunk === chunks.at(-1) ? CHUNK : 0)))
      assert.ok(chunks.map(chunk => decoder.decode(chunk)).join('') === text)
    }
  }
  const split = splitter()
  const halves = [...'👋'.split(''), ' and ', '👋'[0] ?? '', `${'👋'[1]}!`]
  const texts = halves.flatMap(piece => [...split(piece)]).map(chunk => decoder.decode(chunk))
  assert.is(texts.join(''), '👋 and 👋!')
})

it(
  'refuses to write behind the close, and sends one trailer however often it is closed (BSW-2)',
  on(async (wire, gone) => {
    const writer = await streamText(localOf(), options, gone.signal)
    const writing = writer.write('a')
    const closing = [writer.close({ attributes: { first: 'yes' } }), writer.close({ reason: 'no' })]
    assert.is((await failureOf(writer.write('b'))).code, 'ERR_CLOSED')
    await Promise.all([writing, ...closing, writer.close()])
    assert.is((await failureOf(writer.write('b'))).code, 'ERR_CLOSED')
    assert.equal(names(wire), ['sendStreamHeader', 'sendStreamChunk', 'sendStreamTrailer'])
    assert.equal(valueAt(wire, 2).trailer, { streamId: 'S1', reason: '', attributes: { first: 'yes' } })
    const idle = await streamText(localOf(), options, gone.signal)
    await Promise.all([idle.close({ attributes: { b: '2' } }), idle.close({ attributes: { b: '3' } })])
    assert.equal(idle.info.attributes, { a: '1', b: '2' })
    assert.is(wire.asked.length, 5)
  }),
)

it(
  'breaks the stream off for its readers when a write fails, and rejects all that wait (TSW-2)',
  on(async (wire, gone) => {
    const writer = await streamText(localOf(), options, gone.signal)
    wire.answers.sendStreamChunk = { error: 'refused' }
    const writes = [failureOf(writer.write('a')), failureOf(writer.write('b'))]
    assert.equal(await Promise.all(writes), [
      { code: 'ERR_STREAM', message: 'refused' },
      { code: 'ERR_STREAM', message: 'refused' },
    ])
    assert.equal(names(wire), ['sendStreamHeader', 'sendStreamChunk', 'sendStreamTrailer'])
    assert.equal(valueAt(wire, 2).trailer, { streamId: 'S1', reason: 'refused', attributes: {} })
    assert.is((await failureOf(writer.close())).message, 'refused')
    assert.is((await failureOf(writer.write('c'))).message, 'refused')
    assert.is(names(wire).length, 3)
  }),
)

it(
  'says why a stream was not opened',
  on(async (wire, gone) => {
    wire.answers.sendStreamHeader = { error: 'too many' }
    assert.equal(await failureOf(streamText(localOf(), options, gone.signal)), { code: 'ERR_STREAM', message: 'too many' })
  }),
)

it(
  'gives up all that waits when the room goes, and asks for nothing after it (SD-9)',
  on(async (wire, gone) => {
    const writer = await streamText(localOf(), options, gone.signal)
    wire.stalled.add('sendStreamChunk').add('sendStreamHeader')
    const waits = [writer.write('a'), writer.write('b'), writer.close(), streamText(localOf(), options, gone.signal)]
    const failures = Promise.all(waits.map(failureOf))
    gone.abort()
    assert.equal(
      (await failures).map(({ code }) => code),
      waits.map(() => 'ERR_DISCONNECTED'),
    )
    assert.is((await failureOf(streamText(localOf(), options, gone.signal))).code, 'ERR_DISCONNECTED')
    assert.is((await failureOf(sendText(localOf(), 'a', options, gone.signal))).code, 'ERR_DISCONNECTED')
    assert.is((await failureOf(writer.write('c'))).code, 'ERR_DISCONNECTED')
    assert.equal(names(wire), ['sendStreamHeader', 'sendStreamChunk', 'sendStreamHeader'])
  }),
)

it(
  'closes what was opened after all when nobody wants it any more',
  on(async (wire, gone) => {
    const enough = new AbortController()
    const opening = failureOf(streamText(localOf(), options, gone.signal, enough.signal))
    enough.abort(new Error('enough'))
    assert.is((await opening).message, 'enough')
    await turns()
    assert.equal(names(wire), ['sendStreamHeader', 'sendStreamTrailer'])
    assert.is((await failureOf(streamText(localOf(), options, gone.signal, enough.signal))).message, 'enough')
    assert.is(wire.asked.length, 2)
  }),
)

it(
  'refuses what it cannot send, and sends nothing of it',
  on(async (wire, gone) => {
    for (const totalSize of [-1, 0.5, Number.NaN])
      assert.is((await failureOf(streamText(localOf(), { totalSize }, gone.signal))).code, 'ERR_RANGE')
    const texts = await streamText(localOf(), { ...options, totalSize: 4 }, gone.signal)
    await Promise.all('👋'.split('').map(half => texts.write(half))) // four bytes in all
    assert.is((await failureOf(texts.write('x'))).code, 'ERR_RANGE')
    const bytes = await streamBytes(localOf(), options, gone.signal)
    const misused = async (work: () => Promise<void>) => assert.is((await failureOf(work())).code, 'ERR_FORMAT')
    await misused(async () => bytes.write('text' as never))
    await misused(async () => texts.write(new Uint8Array(1) as never))
    assert.is(chunksOf(wire).length, 1)
    await Promise.all([texts.close(), bytes.close()])
  }),
)

it(
  'holds 10,000 writes that nobody waits for, and refuses more',
  on(async (wire, gone) => {
    const writer = await streamText(localOf(), options, gone.signal)
    wire.stalled.add('sendStreamChunk')
    const writes = Array.from({ length: 10_001 }, () => failureOf(writer.write('a')))
    assert.is((await writes.at(-1))?.code, 'ERR_FULL')
    gone.abort()
    assert.is((await Promise.all(writes)).filter(({ code }) => code === 'ERR_DISCONNECTED').length, 10_000)
  }),
)

it(
  'sends a whole text with its length in UTF-8, what it replies to and what belongs to it (LP-3, LP-4)',
  on(async (wire, gone) => {
    const value = { streamId: 'S9', topic: 'notes', mimeType: 'text/plain', timestamp: 12n, attributes: {} }
    wire.answers.sendText = { result: { case: 'info', value } }
    const about = { topic: 'notes', replyToId: 'S0', attachments: ['B1'], attributes: { a: '1' }, compress: false }
    assert.equal(await sendText(localOf('ann'), 'héé', about, gone.signal), {
      ...{ streamId: 'S9', topic: 'notes', mimeType: 'text/plain', timestamp: 12, attributes: { a: '1' } },
      ...{ totalSize: 5, replyToId: 'S0', attachments: ['B1'] },
    })
    assert.equal(valueAt(wire, 0), {
      ...{ localParticipantHandle: 7n, text: 'héé' },
      options: {
        ...{ topic: 'notes', attributes: { a: '1' }, destinationIdentities: [], senderIdentity: 'ann' },
        ...{ attachedStreamIds: ['B1'], replyToStreamId: 'S0', compress: false },
      },
    })
    wire.answers.sendText = { result: { case: 'error', value: { description: 'too many' } } }
    assert.equal(await failureOf(sendText(localOf(), 'a', {}, gone.signal)), { code: 'ERR_STREAM', message: 'too many' })
    wire.stalled.add('sendText')
    const sending = failureOf(sendText(localOf(), 'a', {}, gone.signal))
    gone.abort()
    assert.is((await sending).code, 'ERR_DISCONNECTED')
  }),
)

it.run()
