/** Text streams that go out: by the native layer, which can close with attributes, and by rtc-node's own means where it cannot. */
import { EventEmitter } from 'node:events'
import { LocalParticipant, Room } from '@livekit/rtc-node'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Line } from '../../src/livekit/line.ts'
import { type NativeTexts, nativeTexts } from '../../src/livekit/native.ts'
import { textOutOf } from '../../src/livekit/streams.ts'
import { virtualClock } from '../../src/virtual.ts'

const it = suite('livekit streams')

const never = () => new AbortController().signal
const stream = { topic: 'lk.transcription', sender: 'ann', attributes: { a: '1' } }
const rejection = async (work: Promise<unknown>) => {
  try {
    await work
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
  throw new Error('it did not reject')
}

/** A participant of ours in a room, with nothing native behind it but this count of open writers. */
const scene = (native?: NativeTexts) => {
  const line = new Line(virtualClock(), () => {})
  const writers = new Set<unknown>()
  const calls: string[] = []
  const participant: LocalParticipant = Object.assign(Object.create(LocalParticipant.prototype), {
    info: { identity: 'agent' },
    ffi_handle: { handle: 7n },
    openStreamWriters: writers,
    streamText: async ({ senderIdentity }: { senderIdentity: string }) => {
      calls.push(`open ${senderIdentity}`)
      return { write: async (text: string) => calls.push(`write ${text}`), close: async () => calls.push('close') }
    },
  })
  line.room = Object.assign(Object.create(Room.prototype), { localParticipant: participant })
  return { line, writers, calls, participant, out: textOutOf(line, native) }
}

type Told = { case: string; value: Record<string, unknown> }
/** rtc-node's native client, which answers each request in the next turn, by `replies` where they are given. */
const withClient = async (replies: Record<string, object>, test: (client: EventEmitter, asked: Told[]) => Promise<void>) => {
  const asked: Told[] = []
  const client: EventEmitter = Object.assign(new EventEmitter(), {
    request: ({ message }: { message: Told }) => {
      asked.push(message)
      const asyncId = BigInt(asked.length)
      const name = { textStreamWrite: 'textStreamWriterWrite', textStreamClose: 'textStreamWriterClose' }[message.case]
      const value = { asyncId, ...replies[message.case] }
      setImmediate(() => client.emit('ffi_event', { message: { case: name ?? message.case, value } }))
      return { asyncId }
    },
    waitFor: (is: (event: { message: Told }) => boolean, { signal }: { signal: AbortSignal }) =>
      new Promise((resolve, reject) => {
        const end = () => {
          client.off('ffi_event', listener)
          signal.removeEventListener('abort', abort)
        }
        const listener = (event: { message: Told }) => {
          if (!is(event)) return
          end()
          resolve(event.message.value)
        }
        const abort = () => {
          end()
          reject(signal.reason)
        }
        signal.addEventListener('abort', abort)
        client.on('ffi_event', listener)
      }),
  })
  Reflect.set(globalThis, '_ffiClientInstance', client)
  try {
    await test(client, asked)
    assert.is(client.listenerCount('ffi_event'), 0, 'leaves a listener')
  } finally {
    Reflect.set(globalThis, '_ffiClientInstance', undefined)
  }
}
const opened = { textStreamOpen: { result: { case: 'writer', value: { handle: { id: 9n } } } } }

it('closes with attributes and without a reason by native requests, and leaves no handle behind (TXT-3)', () =>
  withClient(opened, async (_, asked) => {
    const { out, writers, line } = scene(nativeTexts)
    assert.ok(out.closesWithAttributes)
    const writer = await out.open(stream, never())
    assert.ok(writers.has(9n), 'rtc-node gives it back when the room is left')
    await writer.write('Hello')
    await writer.close({ final: 'true' })
    await writer.close({ final: 'again' })
    assert.equal(asked, [
      {
        case: 'textStreamOpen',
        value: {
          localParticipantHandle: 7n,
          options: {
            topic: 'lk.transcription',
            attributes: { a: '1' },
            senderIdentity: 'ann',
            destinationIdentities: [],
          },
        },
      },
      { case: 'textStreamWrite', value: { writerHandle: 9n, text: 'Hello' } },
      { case: 'textStreamClose', value: { writerHandle: 9n, reason: '', attributes: { final: 'true' } } },
    ])
    assert.is(writers.size, 0)
    assert.is(line.open.stream, 0)
  }))

it('writes one piece after another, and closes behind them', () =>
  withClient(opened, async (_, asked) => {
    const { out } = scene(nativeTexts)
    const writer = await out.open(stream, never())
    const writes = ['a', 'b'].map(text => writer.write(text))
    const closing = writer.close()
    await new Promise(resolve => setImmediate(resolve))
    assert.is(asked.filter(({ case: name }) => name === 'textStreamWrite').length, 1, 'the second waits for the first')
    await Promise.all([...writes, closing])
    assert.equal(
      asked.slice(1).map(({ value }) => value.text),
      ['a', 'b', undefined],
    )
  }))

it('breaks the stream off for its readers when a write fails, and refuses the next (TSW-2)', () =>
  withClient({ ...opened, textStreamWrite: { error: { description: 'refused' } } }, async (_, asked) => {
    const { out, writers, line } = scene(nativeTexts)
    const writer = await out.open(stream, never())
    assert.is(await rejection(writer.write('a')), 'refused')
    assert.match(await rejection(writer.write('b')), 'is closed')
    await writer.close()
    await new Promise(resolve => setImmediate(resolve))
    assert.equal(
      asked.map(({ case: name }) => name),
      ['textStreamOpen', 'textStreamWrite', 'textStreamClose'],
    )
    assert.match(String(asked[2]?.value.reason), 'refused')
    assert.equal([writers.size, line.open.stream], [0, 0])
  }))

it('says why a stream was not opened, and holds nothing', () =>
  withClient({ textStreamOpen: { result: { case: 'error', value: { description: 'too many' } } } }, async () => {
    const { out, writers, line } = scene(nativeTexts)
    assert.is(await rejection(out.open(stream, never())), 'too many')
    assert.equal([writers.size, line.open.stream], [0, 0])
  }))

it('gives up what waits for an answer when the room goes, and asks for nothing after it', () =>
  withClient(opened, async (client, asked) => {
    const { out, line } = scene(nativeTexts)
    const writer = await out.open(stream, never())
    const writing = rejection(writer.write('a'))
    await undefined
    line.end()
    assert.is(await writing, 'the room is closed')
    await writer.close({ final: 'true' })
    assert.is(asked.length, 2)
    assert.is(client.listenerCount('ffi_event'), 0)
    await new Promise(resolve => setImmediate(resolve)) // the answer comes to nobody
  }))

it('closes at the native layer once, and asks it for nothing once the room has gone', () =>
  withClient(opened, async (_, asked) => {
    const { participant, line } = scene()
    const [one, two] = await Promise.all([1, 2].map(() => nativeTexts.open(participant, stream, line.gone.signal)))
    await one?.close()
    await one?.close({ final: 'true' })
    line.end()
    assert.is(await rejection(two?.write('a') ?? Promise.resolve()), 'the room is closed')
    assert.equal(
      asked.map(({ case: name }) => name),
      ['textStreamOpen', 'textStreamOpen', 'textStreamClose'],
    )
  }))

it('closes a stream that was opened too late for whoever wanted it', () =>
  withClient(opened, async (_, asked) => {
    const { out, writers } = scene(nativeTexts)
    const enough = new AbortController()
    const opening = rejection(out.open(stream, enough.signal))
    enough.abort(new Error('enough'))
    assert.is(await opening, 'enough')
    for (let turns = 0; turns < 4; turns++) await new Promise(resolve => setImmediate(resolve))
    assert.is(asked.at(-1)?.case, 'textStreamClose')
    assert.is(writers.size, 0)
  }))

it("uses rtc-node's own writer where the native layer cannot be reached, and says so (TXT-3)", async () => {
  const { out, calls, participant } = scene(nativeTexts)
  assert.not(out.closesWithAttributes)
  const writer = await out.open(stream, never())
  await writer.write('Hello')
  await writer.close({ final: 'true' })
  assert.equal(calls, ['open ann', 'write Hello', 'close'])
  await withClient(opened, async () => {
    Reflect.deleteProperty(participant, 'openStreamWriters') // a version that does not keep count of them
    assert.not(out.closesWithAttributes)
  })
})

it.run()
