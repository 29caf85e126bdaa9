/** Data streams between rooms of ours on a real server: all that they carry, and how they end when somebody goes. */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SimulateScenarioKind } from '@livekit/rtc-node'
import * as assert from 'uvu/assert'
import { codeOf } from '../../../src/errors.ts'
import type { ByteStreamReader, ByteStreamWriter, TextStreamReader, TextStreamWriter } from '../../../src/livekit/rtc/index.ts'
import { within } from '../watch.ts'
import { type Guest, suiteOnServer } from './stage.ts'

const it = await suiteOnServer('data streams')

/** The readers that come to somebody under a topic; `next` is the first that was not asked for yet. */
const inboxOf = (guest: Guest, topic: string) => {
  const texts: TextStreamReader[] = []
  const files: ByteStreamReader[] = []
  const senders: string[] = []
  guest.room.registerTextStreamHandler(topic, (reader, from) => {
    texts.push(reader)
    senders.push(from)
    guest.watch.look()
  })
  guest.room.registerByteStreamHandler(topic, (reader, from) => {
    files.push(reader)
    senders.push(from)
    guest.watch.look()
  })
  return {
    senders,
    text: () => guest.until(`${guest.identity} gets a text`, () => texts.shift()),
    file: () => guest.until(`${guest.identity} gets a file`, () => files.shift()),
  }
}
const failureOf = async (work: Promise<unknown> | undefined) => {
  const failed = await within('it fails', work?.then(() => undefined).catch(error => error) ?? Promise.resolve(undefined), 30_000)
  return { code: codeOf(failed), message: failed instanceof Error ? failed.message : String(failed) }
}
/** Chunk by chunk: 15,000 bytes to a wait. */
const settle = <T>(what: string, work: Promise<T>) => within(what, work, 60_000)

it('carries all that a text says of itself, and what its close adds (BSR-2, BSW-4, BSW-5, LP-3, TSR-2)', async stage => {
  const [ann, bob] = await stage.pair()
  const inbox = inboxOf(bob, 'chat')
  const about = { topic: 'chat', replyToId: 'S0', attachments: ['B1', 'B2'], attributes: { a: '1', b: '1' }, totalSize: 11 }
  const writer = await ann.local.streamText({ ...about, streamId: 'S1' })
  const reader = await inbox.text()
  assert.equal(reader.info, { ...writer.info, attributes: { a: '1', b: '1' } })
  await writer.write('Hello, ')
  await writer.write('you.')
  await writer.close({ attributes: { b: '2', c: '3' } })
  assert.is(await settle('it is read', reader.readAll()), 'Hello, you.')
  assert.equal(reader.info.attributes, { a: '1', b: '2', c: '3' })
  assert.equal(inbox.senders, ['ann'])
})

it('sends a whole text, with its size in bytes, and an empty one (LP-3, LP-4, TSR-3)', async stage => {
  const [ann, bob] = await stage.pair()
  const inbox = inboxOf(bob, 'chat')
  const info = await ann.local.sendText('héé', { topic: 'chat', replyToId: 'S0', attachments: ['B1'], attributes: { a: '1' } })
  assert.equal([info.totalSize, info.replyToId, info.attachments], [5, 'S0', ['B1']])
  const reader = await inbox.text()
  assert.equal(reader.info, info)
  assert.is(await settle('it is read', reader.readAll()), 'héé')
  await ann.local.sendText('', { topic: 'chat' })
  const empty = await inbox.text()
  assert.is(await settle('the empty one is read', empty.readAll()), '')
  assert.is(empty.info.totalSize, 0)
  const nothing = await ann.local.streamText({ topic: 'chat' })
  await nothing.close()
  assert.is(await settle('what was never written is read', (await inbox.text()).readAll()), '')
  const long = 'x'.repeat(100_000)
  await ann.local.sendText(long, { topic: 'chat' }) // compressed
  assert.ok((await settle('the long one is read', (await inbox.text()).readAll())) === long)
})

it('keeps characters of four bytes whole around the limit of a chunk (BSW-3, TSR-1)', async stage => {
  const [ann, bob] = await stage.pair()
  const inbox = inboxOf(bob, 'chat')
  for (const shift of [0, 1, 2, 3]) {
    const text = 'x'.repeat(shift) + '👋'.repeat(7_500)
    const writer = await ann.local.streamText({ topic: 'chat' })
    await Promise.all([writer.write(text), writer.write(text), writer.close()])
    const pieces: string[] = []
    for await (const piece of await inbox.text()) pieces.push(piece)
    assert.ok(pieces.length >= 4 && pieces.every(piece => !/[\uD800-\uDFFF\uFFFD]/u.test(piece)))
    assert.ok(pieces.join('') === text + text)
  }
})

it('keeps two writers apart, and the writes of each in order (BSR-1, BSW-1)', async stage => {
  const [ann, bob] = await stage.pair()
  const inbox = inboxOf(bob, 'files')
  const writers = await Promise.all(['one', 'two'].map(name => ann.local.streamBytes({ topic: 'files', name })))
  const pieces = Array.from({ length: 6 }, (_, index) => new Uint8Array(40_000).fill(index))
  const writing = writers.map(async (writer, index) => {
    const mine = pieces.map(piece => piece.map(byte => byte + index * 100))
    await Promise.all(mine.map(piece => writer.write(piece)))
    await writer.close()
    return Buffer.concat(mine)
  })
  const readers = await Promise.all(writers.map(() => inbox.file()))
  const sent = await settle('they are written', Promise.all(writing))
  for (const reader of readers) {
    const all = Buffer.concat(await settle(`${reader.info.name} is read`, reader.readAll()))
    assert.ok(all.equals(sent[reader.info.name === 'one' ? 0 : 1] ?? Buffer.alloc(0)))
  }
})

it('reaches only those it is meant for', async stage => {
  const [ann, bob] = await stage.pair()
  const eve = await stage.join('eve')
  await Promise.all([ann.meets(eve), eve.meets(ann)])
  const [his, hers] = [inboxOf(bob, 'chat'), inboxOf(eve, 'chat')]
  const writer = await ann.local.streamText({ topic: 'chat', destinationIdentities: ['bob'] })
  await writer.write('psst')
  await writer.close()
  await ann.local.sendText('all', { topic: 'chat' })
  assert.is(await settle('bob reads', (await his.text()).readAll()), 'psst')
  assert.is(await settle('eve reads', (await hers.text()).readAll()), 'all')
})

it('ends with the reason that its writer closed it for (BSR-3, BSW-4)', async stage => {
  const [ann, bob] = await stage.pair()
  const inbox = inboxOf(bob, 'chat')
  const writer = await ann.local.streamText({ topic: 'chat', attributes: { a: '1' } })
  await writer.write('Hel')
  const reader = await inbox.text()
  await writer.close({ reason: 'out of words', attributes: { a: '2' } })
  const failure = await failureOf(reader.readAll())
  assert.equal(failure.code, 'ERR_STREAM')
  assert.match(failure.message, 'out of words')
  assert.equal(reader.info.attributes, { a: '2' })
})

/** A stream of each kind from ann to bob, both open, with something written. */
const midStream = async (ann: Guest, bob: Guest) => {
  const inbox = inboxOf(bob, 'chat')
  const writers: [TextStreamWriter, ByteStreamWriter] = [
    await ann.local.streamText({ topic: 'chat' }),
    await ann.local.streamBytes({ topic: 'chat' }),
  ]
  await writers[0].write('Hel')
  await writers[1].write(new Uint8Array([1, 2]))
  return { writers, readers: [await inbox.text(), await inbox.file()] as const }
}
/** What was read until it ended, and why it did; `told` after each piece. */
const readOut = async (reader: AsyncIterable<unknown>, told: (piece: unknown) => void = () => {}) => {
  const pieces: unknown[] = []
  const failure = await failureOf(
    (async () => {
      for await (const piece of reader) {
        pieces.push(piece)
        told(piece)
      }
    })(),
  )
  return { pieces, ...failure }
}
/** Reads on, once the first piece is there. */
const started = async (guest: Guest, reader: AsyncIterable<unknown>) => {
  let come: unknown
  const over = readOut(reader, piece => {
    come = piece
    guest.watch.look()
  })
  await guest.until('the first piece', () => come)
  return { over }
}

it('ends what is read when the sender goes, and leaves nothing open (BSR-3)', async stage => {
  const [ann, bob] = await stage.pair()
  const { readers, writers } = await midStream(ann, bob)
  const reading = readers.map(one => readOut(one))
  await within('ann leaves', ann.room.disconnect())
  const [text, file] = await within('both end', Promise.all(reading), 30_000)
  assert.equal([text?.code, file?.code], ['ERR_STREAM', 'ERR_STREAM'])
  assert.match(text?.message ?? '', 'disconnected')
  assert.equal([text?.pieces, file?.pieces], [['Hel'], [new Uint8Array([1, 2])]])
  for (const writer of writers) assert.is((await failureOf(writer.close())).code, 'ERR_DISCONNECTED')
  assert.is((await failureOf(writers[0].write('lo'))).code, 'ERR_DISCONNECTED')
})

it('ends what is read and what is not when we go, and leaves nothing open (BSR-3, BSR-4, SD-9)', async stage => {
  const [ann, bob] = await stage.pair()
  const { readers, writers } = await midStream(ann, bob)
  const { over } = await started(bob, readers[0]) // nobody reads the file
  await within('bob leaves', bob.room.disconnect())
  assert.equal(await over, { pieces: ['Hel'], code: 'ERR_DISCONNECTED', message: 'Disconnected while receiving' })
  assert.is((await failureOf(readers[1].readAll())).code, 'ERR_DISCONNECTED')
  await writers[0].write('lo') // to nobody
  await Promise.all(writers.map(writer => writer.close()))
})

it('ends what is written and read when the server removes us, and leaves nothing open (BSR-3, SD-9)', async stage => {
  const [ann, bob] = await stage.pair()
  const { readers, writers } = await midStream(ann, bob)
  const back = inboxOf(ann, 'chat')
  const other = await bob.local.streamText({ topic: 'chat' })
  await other.write('x')
  const mine = readOut(await back.text())
  await stage.api.removeParticipant(stage.name, 'ann')
  const [text] = await within('bob sees it end', Promise.all(readers.map(one => readOut(one))), 30_000)
  assert.is(text?.code, 'ERR_STREAM')
  assert.is((await within('ours ends', mine, 30_000)).code, 'ERR_DISCONNECTED')
  await ann.sees('disconnected')
  assert.is((await failureOf(writers[0].write('y'))).code, 'ERR_DISCONNECTED')
  assert.is((await failureOf(writers[1].close())).code, 'ERR_DISCONNECTED')
  await other.close()
})

/** Breaks the connection of one of them; resolves when it is mended. */
const breakOff = async (guest: Guest, kind: SimulateScenarioKind) => {
  await guest.room.sdk.simulateScenario(kind)
  await guest.sees('reconnected', () => true, 30_000)
}
const { SIMULATE_SIGNAL_RECONNECT, SIMULATE_FULL_RECONNECT } = SimulateScenarioKind

it('loses nothing over a signal reconnect, of whoever writes or reads (BSR-1, BSW-1)', async stage => {
  const [ann, bob] = await stage.pair()
  const inbox = inboxOf(bob, 'chat')
  for (const guest of [ann, bob]) {
    const writer = await ann.local.streamText({ topic: 'chat' })
    await writer.write('a')
    const reader = await inbox.text()
    await Promise.all([breakOff(guest, SIMULATE_SIGNAL_RECONNECT), settle('it is written', writer.write('b'))])
    await writer.write('c')
    await writer.close({ attributes: { end: '1' } })
    assert.is(await settle('it is read', reader.readAll()), 'abc')
    assert.equal(reader.info.attributes, { end: '1' })
  }
})

/** The others are told that the one who comes back has left, and the one who reads anew begins with what is opened then. */
it('breaks off for its readers over a full reconnect, of whoever writes or reads, and what is opened then is whole (BSR-3)', async stage => {
  const [ann, bob] = await stage.pair()
  const inbox = inboxOf(bob, 'chat')
  for (const guest of [ann, bob]) {
    await ann.meets(bob)
    const writer = await ann.local.streamText({ topic: 'chat' })
    await writer.write('a')
    const { over } = await started(bob, await inbox.text())
    const [{ pieces, code, message }] = await Promise.all([
      within('it ends', over, 30_000),
      breakOff(guest, SIMULATE_FULL_RECONNECT),
    ])
    assert.equal([pieces, code], [['a'], 'ERR_STREAM'])
    assert.match(message, 'unexpectedly disconnected')
    await Promise.all([ann.meets(bob), bob.meets(ann)])
    await writer.write('to nobody') // the server takes it: whoever writes is not told
    await writer.close()
    const next = await ann.local.streamText({ topic: 'chat' })
    await next.write('b')
    await next.close({ attributes: { end: '1' } })
    const reader = await inbox.text()
    assert.is(await settle('it is read', reader.readAll()), 'b')
    assert.equal(reader.info.attributes, { end: '1' })
  }
})

it('closes what it left early, and a stream that nobody listens to (BSR-4)', async stage => {
  const [ann, bob] = await stage.pair()
  const inbox = inboxOf(bob, 'chat')
  await ann.local.sendText('nobody', { topic: 'elsewhere' })
  const writer = await ann.local.streamText({ topic: 'chat' })
  await writer.write('one')
  const reader = await inbox.text()
  for await (const piece of reader) {
    assert.is(piece, 'one')
    break
  }
  await writer.write('two')
  assert.is(await reader.readAll(), '')
  bob.room.unregisterTextStreamHandler('chat')
  await writer.write('three')
  await writer.close()
  bob.room.unregisterByteStreamHandler('chat')
  const next = inboxOf(bob, 'chat')
  await ann.local.sendText('four', { topic: 'chat' })
  assert.is(await settle('it is read', (await next.text()).readAll()), 'four')
})

const SIZE = 50_000_000
it('carries a file of 50 MB unchanged, with bounded memory on both sides (BSR-1, BSR-5, LP-2)', async stage => {
  const folder = await mkdtemp(join(tmpdir(), 'chartroom-50mb-'))
  stage.ends('the file', () => rm(folder, { recursive: true }))
  const path = join(folder, 'big.bin')
  const handle = await open(path, 'w')
  const block = new Uint8Array(1_000_000)
  for (let at = 0; at < SIZE; at += block.length) {
    for (let index = 0; index < block.length; index += 4)
      new DataView(block.buffer).setUint32(index, (at + index) * 2_654_435_761)
    await handle.write(block)
  }
  await handle.close()
  const written = createHash('sha256')
  for await (const piece of createReadStream(path)) written.update(piece)

  const [ann, bob] = await stage.pair()
  const read = createHash('sha256')
  const seen = { size: 0, progress: 0, peak: 0 }
  const before = process.memoryUsage().rss
  const readers: ByteStreamReader[] = []
  const done = new Promise<void>((resolve, reject) => {
    const take = async (reader: ByteStreamReader) => {
      readers.push(reader)
      reader.onProgress = progress => {
        seen.progress = progress ?? 0
      }
      for await (const chunk of reader) {
        read.update(chunk)
        seen.size += chunk.length
        if (seen.size % 300_000 === 0) seen.peak = Math.max(seen.peak, process.memoryUsage().rss)
      }
    }
    bob.room.registerByteStreamHandler('files', reader => take(reader).then(resolve, reject), { capacity: 64 })
  })
  let sent = 0
  const onProgress = (progress: number) => {
    sent = progress
  }
  const info = await within('it is sent', ann.local.sendFile(path, { topic: 'files', onProgress }), 300_000)
  await within('it is read', done, 300_000)
  assert.equal([info.totalSize, info.name, info.mimeType], [SIZE, 'big.bin', 'application/octet-stream'])
  assert.equal([sent, seen.progress, seen.size], [1, 1, SIZE])
  assert.equal(readers[0]?.info, info)
  assert.is(read.digest('hex'), written.digest('hex'))
  assert.ok(seen.peak - before < 40 * 2 ** 20, `it took ${Math.round((seen.peak - before) / 2 ** 20)} MiB`)
})

it.run()
