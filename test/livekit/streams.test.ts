/** Text streams that go out, as the engine's port has them: in turn, closed with attributes, given up with the room. */
import { Room } from '@livekit/rtc-node'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Line } from '../../src/livekit/line.ts'
import { textOutOf } from '../../src/livekit/streams.ts'
import { virtualClock } from '../../src/virtual.ts'
import { failureOf, localOf, turns, type Wires, wires } from './rtc/wires.ts'

const it = suite('livekit streams')

const never = () => new AbortController().signal
const stream = { topic: 'lk.transcription', sender: 'ann', attributes: { a: '1' } }
const rejection = async (work: Promise<unknown>) => (await failureOf(work)).message

/** A participant of ours in a room, with nothing native behind it but a wire that answers. */
const scene = () => {
  const clock = virtualClock()
  const line = new Line(clock, () => {})
  line.room = Object.assign(Object.create(Room.prototype), { localParticipant: localOf() })
  return { line, clock, out: textOutOf(line) }
}
type Scene = ReturnType<typeof scene>
const on = (test: (wire: Wires, scene: Scene) => Promise<void>) => async () => {
  const wire = wires()
  try {
    await test(wire, scene())
    await turns()
    assert.is(wire.listeners.size, 0, 'leaves a listener')
  } finally {
    wire.end()
  }
}
const names = ({ asked }: Wires) => asked.map(({ case: name }) => name)
const trailerOf = ({ asked }: Wires) => {
  const last = asked.at(-1)
  return last?.case === 'sendStreamTrailer' ? last.value.trailer : undefined
}

it(
  'closes with attributes and without a reason, and holds nothing (TXT-3)',
  on(async (wire, { out, line }) => {
    assert.ok(out.closesWithAttributes)
    const writer = await out.open({ ...stream, to: ['bob'] }, never())
    assert.is(line.open.stream, 1)
    await writer.write('Hello')
    await writer.close({ final: 'true' })
    await writer.close({ final: 'again' })
    assert.equal(names(wire), ['sendStreamHeader', 'sendStreamChunk', 'sendStreamTrailer'])
    const [opening] = wire.asked
    const { header, ...to } = opening?.case === 'sendStreamHeader' ? opening.value : {}
    assert.equal(to, { localParticipantHandle: 7n, senderIdentity: 'ann', destinationIdentities: ['bob'] })
    assert.equal([header?.topic, header?.attributes], ['lk.transcription', { a: '1' }])
    const { reason, attributes } = trailerOf(wire) ?? {}
    assert.equal([reason, attributes], ['', { final: 'true' }])
    assert.is(line.open.stream, 0)
  }),
)

it(
  'writes one piece after another, and closes behind them',
  on(async (wire, { out }) => {
    const writer = await out.open(stream, never())
    const writes = ['a', 'b'].map(text => writer.write(text))
    const closing = writer.close()
    assert.is(wire.asked.length, 2, 'the second waits for the first')
    await Promise.all([...writes, closing])
    const texts = wire.asked.flatMap(one => (one.case === 'sendStreamChunk' ? [Buffer.from(one.value.chunk?.content ?? [])] : []))
    assert.is(texts.join(' '), 'a b')
    assert.is(names(wire).at(-1), 'sendStreamTrailer')
  }),
)

it(
  'breaks the stream off for its readers when a write fails, and refuses the next (TSW-2)',
  on(async (wire, { out, line }) => {
    const writer = await out.open(stream, never())
    wire.answers.sendStreamChunk = { error: 'refused' }
    assert.is(await rejection(writer.write('a')), 'refused')
    assert.is(await rejection(writer.write('b')), 'refused')
    await writer.close()
    assert.equal(names(wire), ['sendStreamHeader', 'sendStreamChunk', 'sendStreamTrailer'])
    assert.is(trailerOf(wire)?.reason, 'refused')
    assert.is(line.open.stream, 0)
  }),
)

it(
  'says why a stream was not opened, and holds nothing',
  on(async (wire, { out, line }) => {
    wire.answers.sendStreamHeader = { error: 'too many' }
    assert.is(await rejection(out.open(stream, never())), 'too many')
    assert.is(line.open.stream, 0)
  }),
)

it(
  'gives up what waits for an answer when the room goes, and asks for nothing after it',
  on(async (wire, { out, line }) => {
    const writer = await out.open(stream, never())
    const writing = rejection(writer.write('a'))
    await undefined
    line.end()
    assert.is(await writing, 'the room is closed')
    await writer.close({ final: 'true' })
    assert.is(wire.asked.length, 2)
    assert.is(wire.listeners.size, 0)
    await turns() // the answer comes to nobody
  }),
)

it(
  'gives up what waits when the connection of a room goes that nobody has joined here (law 4)',
  on(async (wire, { out, line }) => {
    const connection = new AbortController()
    Reflect.set(Object(line.room), 'disconnectController', connection)
    const writer = await out.open(stream, never())
    wire.stalled.add('sendStreamChunk').add('sendStreamHeader')
    const waits = [writer.write('a'), out.open(stream, never())].map(rejection)
    connection.abort()
    assert.equal(await Promise.all(waits), Array(2).fill('the room was left before that was done'))
    assert.is(line.open.stream, 0)
  }),
)

it(
  'closes a stream that was opened too late for whoever wanted it',
  on(async (wire, { out, clock }) => {
    const enough = new AbortController()
    const opening = rejection(out.open(stream, enough.signal))
    enough.abort(new Error('enough'))
    assert.is(await opening, 'enough')
    await turns()
    assert.equal(names(wire), ['sendStreamHeader', 'sendStreamTrailer'])
    wire.stalled.add('sendStreamHeader')
    const late = rejection(out.open(stream, never()))
    await clock.advance(5_000)
    assert.match(await late, 'opening a stream on lk.transcription took longer than 5 s')
    wire.tell({ case: 'sendStreamHeader', value: { asyncId: 3n } })
    await turns()
    assert.equal(names(wire).slice(2), ['sendStreamHeader', 'sendStreamTrailer'])
  }),
)

it.run()
