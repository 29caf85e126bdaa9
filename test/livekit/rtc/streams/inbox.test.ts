/** Streams of others: what rtc-node hands over, with what the native layer says of it besides. */
import type { Room } from '@livekit/rtc-node'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { codeOf } from '../../../../src/errors.ts'
import { type Inbox, inboxOn } from '../../../../src/livekit/rtc/streams/inbox.ts'
import type { ByteStreamReader, TextStreamReader } from '../../../../src/livekit/rtc/streams/reader.ts'
import { failureOf, roomOf, turns, type Wires, wires } from '../wires.ts'

const it = suite('stream inbox')

type Stage = { wire: Wires; room: Room; gone: AbortController; inbox: Inbox; logged: string[] }
const on = (test: (stage: Stage) => Promise<void>) => async () => {
  const [wire, room, gone, logged] = [wires(), roomOf(), new AbortController(), [] as string[]]
  const inbox = inboxOn(room, gone.signal, (_level, code) => logged.push(code))
  try {
    await test({ wire, room, gone, inbox, logged })
    gone.abort()
    await turns()
    assert.equal([wire.listeners.size, inbox.open], [0, 0], 'leaves something behind')
  } finally {
    wire.end()
  }
}

/** A stream that comes in, as rtc-node and the native layer tell of it. */
class Coming<T> {
  readonly id: string
  readonly handle: bigint
  readonly #stage: Stage
  readonly #kind: 'text' | 'byte'
  readonly #readers: Map<unknown, unknown>
  #controller: ReadableStreamDefaultController<T> | undefined
  closed = false
  static count = 0n

  constructor(stage: Stage, kind: 'text' | 'byte', { topic = 'chat', ...native }: Record<string, unknown> = {}) {
    this.#stage = stage
    this.#kind = kind
    this.handle = ++Coming.count
    this.id = `S${this.handle}`
    const readers = Reflect.get(stage.room, 'streamReaders')
    if (!(readers instanceof Map)) throw new Error('no readers')
    this.#readers = readers
    const info = { streamId: this.id, topic, mimeType: 'text/plain', timestamp: 12, attributes: { a: '1', b: '1' }, name: 'n' }
    const reader = { handle: { id: this.handle }, info: { ...info, ...native } }
    const event = { case: `${kind}StreamOpened`, value: { reader } }
    stage.wire.tell({ case: 'roomEvent', value: { roomHandle: 3n, message: event } })
    this.#readers.set(this.handle, {})
    const chunks = new ReadableStream<T>({
      start: controller => {
        this.#controller = controller
      },
    })
    const iterator = chunks[Symbol.asyncIterator]()
    const source = {
      info: { ...info, ...(native.totalLength === undefined ? {} : { totalSize: Number(native.totalLength) }) },
      close: async () => {
        if (!this.closed) this.#controller?.close()
        this.closed = true
      },
      [Symbol.asyncIterator]: () => ({ next: () => iterator.next() }),
    }
    Reflect.get(stage.room, `${kind}StreamHandlers`).get(topic)?.(source, { identity: 'bob' })
  }
  brings(...chunks: T[]): this {
    for (const chunk of chunks) this.#controller?.enqueue(chunk)
    return this
  }
  #told(detail: object) {
    this.#stage.wire.tell({ case: `${this.#kind}StreamReaderEvent`, value: { readerHandle: this.handle, detail } })
    this.#readers.delete(this.handle)
  }
  ends(attributes: Record<string, string> = { a: '1', b: '1' }): void {
    this.#told({ case: 'eos', value: { attributes } })
    this.#controller?.close()
    this.closed = true
  }
  breaks(description: string, attributes = {}): void {
    this.#told({ case: 'eos', value: { attributes, error: { description } } })
    this.lost(description)
  }
  lost(message: string): void {
    this.#controller?.error(new Error(message))
    this.closed = true
  }
}
const texts = (inbox: Inbox, capacity = 0): TextStreamReader[] => {
  const readers: TextStreamReader[] = []
  inbox.registerTextStreamHandler('chat', reader => readers.push(reader), { capacity })
  return readers
}
const first = <R>(readers: R[]): R => {
  const [reader] = readers
  if (!reader) throw new Error('no reader came')
  return reader
}

it(
  'hands a stream over with all that is said of it, a size of 0 too (LP-3, LP-4, BSR-1)',
  on(async stage => {
    const readers = texts(stage.inbox)
    const stream = new Coming<string>(stage, 'text', { replyToStreamId: 'S0', attachedStreamIds: ['B1'], totalLength: 0n })
    const reader = first(readers)
    assert.equal(reader.info, {
      ...{ streamId: stream.id, topic: 'chat', mimeType: 'text/plain', timestamp: 12, attributes: { a: '1', b: '1' } },
      ...{ attachments: ['B1'], replyToId: 'S0', totalSize: 0 },
    })
    const empty = new Coming<string>(stage, 'text', { replyToStreamId: '' })
    assert.equal([readers[1]?.info.replyToId, readers[1]?.info.attachments], [undefined, []])
    stream.brings('Hel', 'lo').ends()
    empty.ends()
    assert.equal(await Promise.all(readers.map(one => one.readAll())), ['Hello', ''])
  }),
)

it(
  'lays the attributes of the closing over those of the opening (BSR-2, TSR-2)',
  on(async stage => {
    const readers = texts(stage.inbox)
    const stream = new Coming<string>(stage, 'text')
    stream.brings('x').ends({ a: '1', b: '2', c: '3' })
    const reader = first(readers)
    assert.is(await reader.readAll(), 'x')
    assert.equal(reader.info.attributes, { a: '1', b: '2', c: '3' })
    const files: ByteStreamReader[] = []
    stage.inbox.registerByteStreamHandler('chat', one => files.push(one))
    const file = new Coming<Uint8Array>(stage, 'byte')
    file.brings(new Uint8Array([1, 2]), new Uint8Array([3])).ends({ b: '2' })
    assert.equal(await first(files).readAll(), [new Uint8Array([1, 2]), new Uint8Array([3])])
    assert.equal([first(files).info.attributes, first(files).info.name], [{ a: '1', b: '2' }, 'n'])
  }),
)

it(
  'ends with an empty text where nothing was written (TSR-3)',
  on(async stage => {
    const readers = texts(stage.inbox)
    new Coming<string>(stage, 'text').ends()
    const reader = first(readers)
    assert.is(await reader.readAll(), '')
    assert.is(await reader.readAll(), '')
  }),
)

it(
  'ends every reader with an error when the room goes, after what had come, and closes those that nobody reads (BSR-3, BSR-4, SD-9, TSR-2)',
  on(async stage => {
    const readers = texts(stage.inbox)
    const streams = [1, 2, 3].map(() => new Coming<string>(stage, 'text').brings('Hel', 'lo'))
    assert.is(stage.inbox.open, 3)
    const [one, two] = readers
    const pieces: string[] = []
    const reading = (async () => {
      for await (const piece of one ?? []) pieces.push(piece)
    })()
    await turns()
    stage.gone.abort(new Error('kicked out'))
    assert.equal(await failureOf(reading), { code: 'ERR_DISCONNECTED', message: 'Disconnected while receiving' })
    assert.is(pieces.join(''), 'Hello')
    assert.is((await failureOf(two?.readAll() ?? Promise.resolve())).code, 'ERR_DISCONNECTED')
    assert.is(stage.inbox.open, 0)
    assert.ok(streams.every(({ closed }) => closed))
  }),
)

it(
  'ends at once what is handed over after the room has gone (BSR-3, SD-9)',
  on(async stage => {
    const readers = texts(stage.inbox)
    stage.gone.abort()
    const stream = new Coming<string>(stage, 'text')
    assert.is((await failureOf(first(readers).readAll())).code, 'ERR_DISCONNECTED')
    assert.equal([stream.closed, stage.inbox.open], [true, 0])
  }),
)

it(
  'takes it for the room when rtc-node breaks a stream off before anybody tells (BSR-3)',
  on(async stage => {
    const readers = texts(stage.inbox)
    const stream = new Coming<string>(stage, 'text').brings('Hel')
    await turns()
    Reflect.set(stage.room, '_connectionState', 0)
    stream.lost('Disconnected while receiving')
    assert.is((await failureOf(first(readers).readAll())).code, 'ERR_DISCONNECTED')
  }),
)

it(
  'ends with the reason when the sender breaks it off, after what had come (BSR-3)',
  on(async stage => {
    const readers = texts(stage.inbox)
    const stream = new Coming<string>(stage, 'text').brings('Hel')
    await turns()
    stream.breaks('stream closed abnormally: because', { a: '9' })
    const reader = first(readers)
    const pieces: string[] = []
    const reading = (async () => {
      for await (const piece of reader) pieces.push(piece)
    })()
    assert.equal(await failureOf(reading), { code: 'ERR_STREAM', message: 'stream closed abnormally: because' })
    assert.is((await failureOf(reader.readAll())).code, 'ERR_STREAM') // however often it is asked
    assert.equal([pieces, reader.info.attributes.a], [['Hel'], '9'])
  }),
)

it(
  'holds back what comes while as many chunks wait as may, and drops none (BSR-5)',
  on(async stage => {
    const readers = texts(stage.inbox, 2)
    new Coming<string>(stage, 'text').brings('a', 'b', 'c', 'd', 'e').ends()
    await turns()
    const reader = first(readers)
    const waiting = () => Reflect.get(reader, 'waiting')
    assert.is(waiting(), 2)
    const chunks = reader[Symbol.asyncIterator]()
    const read: unknown[] = []
    for (const left of [2, 2, 2, 1, 0]) {
      read.push((await chunks.next()).value)
      await turns()
      assert.is(waiting(), left)
    }
    assert.ok((await chunks.next()).done)
    assert.is(read.join(''), 'abcde')
    assert.throws(() => stage.inbox.registerTextStreamHandler('x', () => {}, { capacity: -1 }), /capacity of a reader is -1/)
  }),
)

it(
  'ends a stream of which too much waits unread, and says so',
  on(async stage => {
    const readers: ByteStreamReader[] = []
    stage.inbox.registerByteStreamHandler('chat', reader => readers.push(reader))
    const stream = new Coming<Uint8Array>(stage, 'byte')
    const piece = new Uint8Array(2 ** 20) // one and the same, so that this test needs no memory
    for (let count = 0; count < 255; count++) stream.brings(piece)
    await turns()
    assert.is(stage.inbox.open, 1)
    stream.brings(piece)
    await turns()
    assert.equal([stage.inbox.open, stream.closed], [0, true])
    assert.is((await failureOf(first(readers).readAll())).code, 'ERR_FULL')
    const empty = new Coming<Uint8Array>(stage, 'byte') // each takes its place in memory too
    empty.brings(...Array<Uint8Array>(255).fill(piece), ...Array<Uint8Array>(2 ** 12).fill(new Uint8Array()))
    await turns()
    assert.ok(empty.closed)
    const read = new Coming<Uint8Array>(stage, 'byte') // as long, and read as it comes
    const chunks = readers[2]?.[Symbol.asyncIterator]()
    for (let count = 0; count < 300; count++) {
      read.brings(piece)
      assert.not((await chunks?.next())?.done)
    }
    assert.is(stage.inbox.open, 1)
  }),
)

it(
  'tells how much was read, where the whole is known; what throws there closes the stream',
  on(async stage => {
    const readers = texts(stage.inbox)
    new Coming<string>(stage, 'text', { totalLength: 8n }).brings('éé', 'abcd').ends()
    new Coming<string>(stage, 'text').brings('x').ends()
    const shown: unknown[] = []
    for (const reader of readers) {
      reader.onProgress = progress => shown.push(progress)
      await reader.readAll()
    }
    assert.equal(shown, [0.5, 1, undefined])
    const third = new Coming<string>(stage, 'text').brings('x', 'y')
    const reader = readers[2]
    if (!reader) throw new Error('no third reader')
    reader.onProgress = () => {
      throw new Error('not today')
    }
    assert.is((await failureOf(reader.readAll())).message, 'not today')
    assert.ok(third.closed)
  }),
)

it(
  'lets go of a stream that is left early or closed, once, and by one reader at a time',
  on(async stage => {
    const readers = texts(stage.inbox)
    const streams = [1, 2].map(() => new Coming<string>(stage, 'text').brings('a', 'b'))
    const [one, two] = readers
    for await (const piece of one ?? []) {
      assert.is(piece, 'a')
      break
    }
    assert.is(await one?.readAll(), '')
    const chunks = two?.[Symbol.asyncIterator]()
    assert.is(codeOf(await two?.readAll().catch(error => error)), 'ERR_LOCKED')
    await chunks?.next()
    await chunks?.next()
    const waiting = chunks?.next()
    await Promise.all([two?.close(), two?.close()])
    assert.ok((await waiting)?.done)
    assert.ok(streams.every(({ closed }) => closed))
    assert.is(stage.inbox.open, 0)
    new Coming<string>(stage, 'text').brings('a').lost('broken off')
    await turns()
    await readers[2]?.close()
    assert.is(await readers[2]?.readAll(), '')
  }),
)

it(
  'asks the native layer for nothing before the room is entered, and misses nothing after it',
  on(async stage => {
    const { room, wire, inbox } = stage
    Reflect.set(room, 'ffiHandle', undefined)
    const readers = texts(inbox)
    inbox.registerByteStreamHandler('chat', () => {})
    room.emit('connectionStateChanged', 2) // on the way
    assert.equal([wire.listeners.size, room.listenerCount('connectionStateChanged')], [0, 1])
    Reflect.set(room, 'ffiHandle', { handle: 3n })
    room.emit('connectionStateChanged', 1)
    assert.equal([wire.listeners.size, room.listenerCount('connectionStateChanged')], [1, 0])
    new Coming<string>(stage, 'text', { attachedStreamIds: ['B1'] }).ends()
    assert.equal(first(readers).info.attachments, ['B1'])
  }),
)

it(
  'leaves a room as it was that is never entered, and one whose native layer cannot be reached works with less (SD-9)',
  on(async stage => {
    const { room, inbox, wire, logged } = stage
    Reflect.set(room, 'ffiHandle', undefined)
    texts(inbox)
    inbox.unregisterTextStreamHandler('chat')
    assert.is(room.listenerCount('connectionStateChanged'), 0)
    Reflect.set(room, 'ffiHandle', { handle: 3n })
    wire.listeners.add = () => {
      throw new Error('cannot be reached')
    }
    const readers = texts(inbox)
    new Coming<string>(stage, 'text', { attachedStreamIds: ['B1'] }).brings('x').ends({ a: '2' })
    assert.is(await first(readers).readAll(), 'x')
    assert.equal([first(readers).info.attachments, logged], [[], ['livekit.sdk']])
  }),
)

it(
  'leaves the first handler of a topic where it is, and keeps text and bytes apart (RM-11)',
  on(async stage => {
    const { inbox, room } = stage
    const code = (work: () => void) => {
      try {
        work()
        return undefined
      } catch (error) {
        return codeOf(error)
      }
    }
    const readers = texts(inbox)
    assert.is(
      code(() => inbox.registerTextStreamHandler('chat', () => {})),
      'ERR_TOPIC_TAKEN',
    )
    inbox.registerByteStreamHandler('chat', () => {})
    new Coming<string>(stage, 'text').ends()
    assert.is(readers.length, 1)
    inbox.unregisterTextStreamHandler('chat')
    inbox.unregisterTextStreamHandler('chat')
    const again = texts(inbox)
    new Coming<string>(stage, 'text').ends()
    assert.equal([readers.length, again.length], [1, 1])
    room.registerTextStreamHandler('theirs', () => {})
    assert.is(
      code(() => inbox.registerTextStreamHandler('theirs', () => {})),
      'ERR_TOPIC_TAKEN',
    )
    inbox.unregisterTextStreamHandler('theirs') // not ours: it stays
    assert.ok(Reflect.get(room, 'textStreamHandlers').has('theirs'))
  }),
)

it(
  'logs what a handler throws or rejects with, closes its stream, and goes on (RM-12)',
  on(async stage => {
    let count = 0
    stage.inbox.registerTextStreamHandler('chat', () => {
      count++
      if (count === 1) throw new Error('not today')
      if (count === 2) return Promise.reject(new Error('not today'))
      return undefined
    })
    const streams = [1, 2, 3].map(() => new Coming<string>(stage, 'text'))
    await turns()
    assert.equal(
      streams.map(({ closed }) => closed),
      [true, true, false],
    )
    assert.equal(stage.logged, ['livekit.stream.failed', 'livekit.stream.failed'])
  }),
)

it(
  'listens to the native layer only while it has a topic or an open stream',
  on(async ({ wire, inbox, room, ...rest }) => {
    assert.is(wire.listeners.size, 0)
    const readers = texts(inbox)
    const stream = new Coming<string>({ wire, inbox, room, ...rest }, 'text')
    inbox.unregisterTextStreamHandler('chat')
    assert.is(wire.listeners.size, 1)
    stream.brings('x').ends({ b: '2' })
    await first(readers).readAll()
    assert.equal([wire.listeners.size, first(readers).info.attributes.b], [0, '2'])
  }),
)

it.run()
