/** What every `TextOut`, `TextIn` and `ByteIn` does: topics, attributes, order, and ends that are told from breaks. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { codeOf } from '../../src/errors.ts'
import type { Incoming, StreamsIn } from '../../src/ports.ts'
import { enter, eventually, type Person, type Rig, type RigMaker, withRig } from './rig.ts'
import { abortedSignal, isOneLine, rejection } from './room.contract.ts'

const topic = 'lk.chat'
const said = { topic: 'lk.transcription', attributes: { 'lk.segment_id': 'SG_1', 'lk.transcription_final': 'false' } }

const never = () => new AbortController().signal
/** Somebody who can receive data, and the world in the room. */
const scene = async (rig: Rig, identity = 'ann') => {
  const facts = await enter(rig)
  return { facts, ann: await comes(rig, identity, facts) }
}
/** Lets somebody join, and waits until data reaches them. */
const comes = async (rig: Rig, identity: string, facts: Awaited<ReturnType<typeof enter>>): Promise<Person> => {
  const person = await rig.person(identity)
  await person.join()
  const { participant } = await facts.find('participant.joined', event => event.participant.identity === identity)
  if (!participant.active) await facts.find('participant.active', event => event.identity === identity)
  return person
}

type Taken<T> = { stream: Incoming<T>; pieces: T[]; state: 'open' | 'closed' | 'broken'; over: Promise<void> }
/** Takes every stream of a topic and reads it. */
const takeAll = <T>(port: StreamsIn<T>, from: string): { streams: Taken<T>[]; off: () => void } => {
  const streams: Taken<T>[] = []
  const off = port.listen(from, stream => {
    const taken: Taken<T> = { stream, pieces: [], state: 'open', over: Promise.resolve() }
    const read = async () => {
      for await (const piece of stream.chunks) taken.pieces.push(piece)
    }
    taken.over = read().then(
      () => {
        taken.state = 'closed'
      },
      () => {
        taken.state = 'broken'
      },
    )
    streams.push(taken)
  })
  return { streams, off }
}
const first = async <T>(rig: Rig, streams: Taken<T>[]): Promise<Taken<T>> => {
  await eventually(rig, 'a stream comes in', () => streams.length > 0)
  const [taken] = streams
  if (!taken) throw new Error('no stream came in')
  return taken
}

export const streamsContract = (name: string, open: RigMaker) => {
  const it = suite(`streams on ${name}`)
  const with_ = (test: (rig: Rig) => Promise<void>) => withRig(open, test)

  it(
    'carries text out, piece by piece, with its topic and attributes (TXT-1)',
    with_(async rig => {
      const { ann } = await scene(rig)
      const texts = ann.collect(said.topic)
      const writer = await rig.until(rig.world.textOut.open(said, never()))
      await rig.until(writer.write('Good '))
      await eventually(rig, 'the first piece is there before the end', () => texts[0]?.text === 'Good ')
      await rig.until(writer.write('morning. '))
      await rig.until(writer.write('👋 Füße.'))
      await rig.until(writer.close())
      await eventually(rig, 'the stream is closed', () => texts[0]?.state === 'closed')
      assert.is(texts[0]?.text, 'Good morning. 👋 Füße.')
      assert.is(texts[0]?.from, rig.agent)
      assert.equal(texts[0]?.attributes, said.attributes)
      assert.is(texts.length, 1)
    }),
  )

  it(
    'lays closing attributes over the opening ones, where it says that it can (TXT-3)',
    with_(async rig => {
      const { ann } = await scene(rig)
      const texts = ann.collect(said.topic)
      const writer = await rig.until(rig.world.textOut.open(said, never()))
      await rig.until(writer.write('Yes.'))
      await rig.until(writer.close({ 'lk.transcription_final': 'true' }))
      await eventually(rig, 'the stream is closed', () => texts[0]?.state === 'closed')
      const final = rig.world.textOut.closesWithAttributes ? 'true' : 'false'
      assert.equal(texts[0]?.attributes, { 'lk.segment_id': 'SG_1', 'lk.transcription_final': final })
    }),
  )

  it(
    'carries long text whole, characters of four bytes unbroken (TSR-1)',
    with_(async rig => {
      const { ann } = await scene(rig)
      const texts = ann.collect(said.topic)
      const long = `${'👋ä'.repeat(9_000)}.`
      const writer = await rig.until(rig.world.textOut.open(said, never()))
      await rig.until(writer.write(long))
      await rig.until(writer.close())
      await eventually(rig, 'the stream is closed', () => texts[0]?.state === 'closed')
      assert.ok(texts[0]?.text === long)
    }),
  )

  it(
    'keeps streams apart that are open at the same time',
    with_(async rig => {
      const { ann } = await scene(rig)
      const texts = ann.collect(said.topic)
      const one = await rig.until(rig.world.textOut.open(said, never()))
      const two = await rig.until(rig.world.textOut.open({ ...said, attributes: { 'lk.segment_id': 'SG_2' } }, never()))
      await rig.until(Promise.all([one.write('a'), two.write('x'), one.write('b'), two.write('y')]))
      await rig.until(Promise.all([two.close(), one.close()]))
      await eventually(rig, 'both are closed', () => texts.length === 2 && texts.every(text => text.state === 'closed'))
      const textOf = (id: string) => texts.find(text => text.attributes['lk.segment_id'] === id)?.text
      assert.is(textOf('SG_1'), 'ab')
      assert.is(textOf('SG_2'), 'xy')
    }),
  )

  it(
    'sends to those it is meant for only',
    with_(async rig => {
      const { ann, facts } = await scene(rig)
      const bob = await comes(rig, 'bob', facts)
      const [hers, his] = [ann.collect(said.topic), bob.collect(said.topic)]
      const writer = await rig.until(rig.world.textOut.open({ ...said, to: ['bob'] }, never()))
      await rig.until(writer.write('psst'))
      await rig.until(writer.close())
      await eventually(rig, 'bob has it', () => his[0]?.state === 'closed')
      await rig.pass(300)
      assert.is(hers.length, 0)
    }),
  )

  it(
    'refuses to write behind the end, and closes only once (BSW-2)',
    with_(async rig => {
      const { ann } = await scene(rig)
      const texts = ann.collect(said.topic)
      const writer = await rig.until(rig.world.textOut.open(said, never()))
      await rig.until(writer.write('x'))
      await rig.until(writer.close())
      await rig.until(writer.close())
      assert.ok(isOneLine(await rejection(rig, writer.write('y'))))
      await eventually(rig, 'the stream is closed', () => texts[0]?.state === 'closed')
      assert.is(texts[0]?.text, 'x')
      assert.is(texts.length, 1)
    }),
  )

  it(
    'opens nothing with a signal that has aborted, before joining, or after leaving',
    with_(async rig => {
      assert.ok(isOneLine(await rejection(rig, rig.world.textOut.open(said, never()))))
      await enter(rig)
      assert.ok(isOneLine(await rejection(rig, rig.world.textOut.open(said, abortedSignal()))))
      await rig.until(rig.world.room.leave())
      assert.ok(isOneLine(await rejection(rig, rig.world.textOut.open(said, never()))))
    }),
  )

  it(
    'lets go of an opening that stalls when its signal aborts',
    with_(async rig => {
      if (!rig.stall) return
      await enter(rig)
      rig.stall('openText')
      const enough = new AbortController()
      const opening = rig.world.textOut.open(said, enough.signal)
      await rig.pass(300)
      enough.abort(new Error('enough'))
      assert.is(await rejection(rig, opening), 'enough')
    }),
  )

  it(
    'takes text in, with who sent it, topic, attributes and an id (CHAT-1)',
    with_(async rig => {
      const { streams } = takeAll(rig.world.textIn, topic)
      const { ann } = await scene(rig)
      await ann.sendText(topic, ['Hel', 'lo 👋'], { mood: 'good' })
      const { stream, pieces, over } = await first(rig, streams)
      await rig.until(over)
      assert.is(pieces.join(''), 'Hello 👋')
      assert.is(stream.identity, 'ann')
      assert.is(stream.info.topic, topic)
      assert.is(stream.info.mimeType, 'text/plain')
      assert.equal(stream.info.attributes, { mood: 'good' })
      assert.ok(stream.info.id.length > 0)
      assert.is(typeof stream.info.timestamp, 'number')
    }),
  )

  it(
    'takes in what is empty, as a stream without text (TSR-3)',
    with_(async rig => {
      const { ann } = await scene(rig)
      const { streams } = takeAll(rig.world.textIn, topic)
      await ann.sendText(topic, [])
      const { pieces, over } = await first(rig, streams)
      await rig.until(over)
      assert.is(pieces.join(''), '')
    }),
  )

  it(
    'gives streams in the order in which one sender opened them (CHAT-5)',
    with_(async rig => {
      const { ann } = await scene(rig)
      const { streams } = takeAll(rig.world.textIn, topic)
      for (const text of ['1', '2', '3']) await ann.sendText(topic, [text])
      await eventually(rig, 'three streams', () => streams.length === 3 && streams.every(({ state }) => state === 'closed'))
      assert.is(streams.map(({ pieces }) => pieces.join('')).join(''), '123')
    }),
  )

  it(
    'takes bytes in, unchanged, with their type (PRE-2)',
    with_(async rig => {
      const { ann } = await scene(rig)
      const { streams } = takeAll(rig.world.byteIn, 'sound')
      const pieces = [Uint8Array.from({ length: 40_000 }, (_, n) => n % 251), Uint8Array.of(1, 2, 3)]
      await ann.sendBytes('sound', pieces, { attributes: { trackId: 'TR_1' }, mimeType: 'audio/opus' })
      const taken = await first(rig, streams)
      await rig.until(taken.over)
      assert.ok(Buffer.concat(taken.pieces).equals(Buffer.concat(pieces)))
      assert.is(taken.stream.identity, 'ann')
      assert.is(taken.stream.info.mimeType, 'audio/opus')
      assert.equal(taken.stream.info.attributes, { trackId: 'TR_1' })
    }),
  )

  it(
    'gives a topic to one listener, says ERR_TOPIC_TAKEN to the next, and frees it (RM-11)',
    with_(async rig => {
      const { ann } = await scene(rig)
      const { streams, off } = takeAll(rig.world.textIn, topic)
      const code = () => {
        try {
          rig.world.textIn.listen(topic, () => {})
          return undefined
        } catch (error) {
          return codeOf(error)
        }
      }
      assert.is(code(), 'ERR_TOPIC_TAKEN')
      const bytes = takeAll(rig.world.byteIn, topic) // another kind, another topic
      await ann.sendText(topic, ['one'])
      await eventually(rig, 'the first listener has it', () => streams.length === 1)
      off()
      const next = takeAll(rig.world.textIn, topic)
      off() // once more: it takes nothing from its successor
      await ann.sendText(topic, ['two'])
      await eventually(rig, 'the second listener has it', () => next.streams.length === 1)
      assert.is(streams.length, 1)
      assert.is(bytes.streams.length, 0)
    }),
  )

  it(
    'leaves topics nobody took alone',
    with_(async rig => {
      const { ann } = await scene(rig)
      await ann.sendText('nobody', ['x'])
      const { streams } = takeAll(rig.world.textIn, topic)
      await ann.sendText(topic, ['y'])
      await rig.until((await first(rig, streams)).over)
    }),
  )

  it(
    'goes on after a listener that throws (RM-12)',
    with_(async rig => {
      const { ann } = await scene(rig)
      let taken = 0
      rig.world.textIn.listen(topic, () => {
        taken++
        throw new Error('not today')
      })
      await ann.sendText(topic, ['x'])
      await ann.sendText(topic, ['y'])
      await eventually(rig, 'both were given to it', () => taken === 2)
    }),
  )

  it(
    'lets a reader of a stream that broke off know, after what had come (BSR-3)',
    with_(async rig => {
      const { ann } = await scene(rig)
      if (!ann.breakText) return
      const { streams } = takeAll(rig.world.textIn, topic)
      await ann.breakText(topic, ['Hel', 'lo'])
      const taken = await first(rig, streams)
      await rig.until(taken.over)
      assert.is(taken.state, 'broken')
      assert.is(taken.pieces.join(''), 'Hello')
    }),
  )

  it(
    'ends the reader of an open stream when we leave, as broken, and holds nothing (ROOM-13)',
    with_(async rig => {
      const { ann } = await scene(rig)
      const { streams } = takeAll(rig.world.textIn, topic)
      takeAll(rig.world.byteIn, topic)
      await ann.openText(topic, ['Hel'])
      const taken = await first(rig, streams)
      await eventually(rig, 'the first piece', () => taken.pieces.length > 0)
      await rig.until(rig.world.textOut.open(said, never()))
      await rig.until(rig.world.room.leave())
      await rig.until(taken.over)
      assert.is(taken.state, 'broken')
      await eventually(rig, 'nothing is held', () => !Object.values(rig.held()).some(Boolean))
    }),
  )
  return it
}
