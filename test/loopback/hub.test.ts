/** The loopback's server: who is told what, several agents in one room, and the end. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { realClock } from '../../src/clock.ts'
import { createLoopback } from '../../src/loopback/index.ts'
import type { RoomEvent } from '../../src/ports.ts'
import { countingIds } from '../fakes/ids.ts'
import { placeOf } from '../ports/sound.ts'
import { counting, never, outcome, scene, voice } from './scene.ts'

const it = suite('loopback hub')
const nothing = { listeners: 0, streams: 0, timers: 0 }
const short = (event: RoomEvent): string =>
  event.type === 'participant.joined'
    ? `${event.type} ${event.participant.identity}`
    : 'identity' in event
      ? `${event.type} ${event.identity}`
      : event.type

it('tells nothing within the call that caused it', async () => {
  const { clock, agent, caller } = scene()
  const { types } = await agent()
  caller()
  assert.equal(types(), [])
  await clock.advance(0)
  assert.equal(types(), ['participant.joined', 'participant.active'])
})

it('lets several agents hear one another, each speaker with its own track', async () => {
  const { clock, agent } = scene()
  const one = await agent({ identity: 'one' })
  const two = await agent({ identity: 'two' })
  const { sink, sid } = await one.speakers.publish(voice, never())
  await clock.advance(0)
  const key = two.facts.flatMap(event => (event.type === 'track.subscribed' ? [event.track.key ?? ''] : []))[0] ?? ''
  assert.equal(one.facts.at(-1), { type: 'speaker.subscribed', sid })
  const heard: number[] = []
  const read = async () => {
    for await (const { data } of two.tracks.listen(key, { sampleRate: 24_000, channels: 1 }, never())) heard.push(...data)
  }
  const over = outcome(read().then(() => true))
  await clock.advance(20)
  await sink.write(counting(2_400))
  await clock.advance(200)
  assert.is(placeOf(counting(2_400), Int16Array.from(heard)), 20 * 24)
  await one.room.leave()
  await clock.advance(0)
  assert.is(over.value, true)
  assert.equal(two.types().slice(-3), ['track.unsubscribed', 'track.unpublished', 'participant.left'])
})

it('throws out the older of two who have one identity: its leave comes after the join of the newer (LINK-7)', async () => {
  const { clock, hub, agent, caller } = scene()
  const { facts } = await agent()
  const older = caller('ann')
  await clock.advance(0)
  const newer = hub.participant({ identity: 'ann' })
  const seen: string[] = []
  newer.watch(event => seen.push(short(event)))
  newer.join()
  await clock.advance(0)
  assert.not.ok(older.here)
  assert.equal(facts.map(short), [
    'participant.joined ann',
    'participant.active ann',
    'participant.joined ann',
    'participant.left ann',
    'participant.active ann',
  ])
  const left = facts.find(event => event.type === 'participant.left')
  assert.equal(left, { type: 'participant.left', identity: 'ann', participantSid: older.sid, reason: 'duplicate_identity' })
  assert.equal(seen, [])
})

it('drops data for somebody who cannot receive it yet (LINK-4)', async () => {
  const { clock, hub, agent } = scene()
  const { textOut, facts } = await agent()
  const late = hub.participant({ identity: 'late', activeAfterMs: 300 })
  const texts = late.collect('t')
  late.join()
  const send = async (text: string) => {
    const writer = await textOut.open({ topic: 't', attributes: {} }, never())
    await writer.write(text)
    await writer.close()
  }
  await send('too early')
  await clock.advance(299)
  assert.equal(facts.map(short), ['participant.joined late'])
  await clock.advance(2) // the news is told in a turn after that
  assert.equal(facts.map(short), ['participant.joined late', 'participant.active late'])
  await send('in time')
  await clock.advance(0)
  assert.equal(
    texts.map(({ text }) => text),
    ['in time'],
  )
})

it('forgets a participant who leaves before it is active', async () => {
  const { clock, hub } = scene()
  const late = hub.participant({ identity: 'late', activeAfterMs: 300 })
  late.join()
  assert.is(hub.open.timers, 1)
  late.leave()
  assert.equal(hub.open, nothing)
  await clock.advance(500)
})

it('lets somebody take tracks by hand, and tells the speaker at the first time only (OUT-28)', async () => {
  const { clock, hub, agent, caller } = scene()
  const { speakers, facts } = await agent()
  const shy = hub.participant({ identity: 'shy', subscribes: false })
  shy.join()
  const ear = shy.hears('agent')
  const { sink } = await speakers.publish(voice, never())
  await sink.write(counting(2_400))
  await clock.advance(50)
  assert.not.ok(facts.some(event => event.type === 'speaker.subscribed'))
  shy.subscribe('agent')
  shy.subscribe('agent')
  caller()
  await clock.advance(100)
  assert.is(facts.filter(event => event.type === 'speaker.subscribed').length, 1)
  const expected = new Int16Array(150 * 24)
  expected.set(counting(1_200, 1_201), 1_200) // what was played before was not heard
  assert.equal(ear.samples(), expected)
  const later = hub.participant({ identity: 'later', subscribes: false })
  const told: string[] = []
  later.watch(event => told.push(event.type))
  later.join()
  await clock.advance(0)
  assert.equal(told, [])
})

it('tells of attributes only where something changed; an empty value takes one away', async () => {
  const { clock, agent, caller } = scene()
  const { room, facts } = await agent()
  const ann = caller()
  const changes = () => facts.flatMap(event => (event.type === 'participant.changed' ? [event.attributes] : []))
  ann.setAttributes({ a: '1', b: '2' })
  ann.setAttributes({ b: '2' })
  ann.setAttributes({ a: '' })
  await clock.advance(0)
  assert.equal(changes(), [{ a: '1', b: '2' }, { b: '2' }])
  await room.setAttributes({ state: 'idle' }, never())
  assert.equal(ann.attributesOf('agent'), { state: 'idle' })
  assert.is(ann.attributesOf('nobody'), undefined)
})

it('says in whose name a stream is sent, and counts it until it ends', async () => {
  const { clock, hub, agent, caller } = scene({ epochMs: 1_000_000 })
  const { textOut, textIn } = await agent()
  const ann = caller()
  const texts = ann.collect('t')
  const before = hub.open.streams
  const writer = await textOut.open({ topic: 't', attributes: { a: '1' }, sender: 'somebody' }, never())
  await clock.advance(5)
  assert.is(texts[0]?.from, 'somebody')
  assert.is(hub.open.streams, before + 2) // at both ends
  await writer.close({ b: '2' })
  await clock.advance(0)
  assert.is(hub.open.streams, before)
  assert.equal(texts[0]?.attributes, { a: '1', b: '2' })
  let timestamp = 0
  textIn.listen('u', ({ info }) => {
    timestamp = info.timestamp
  })
  ann.sendText('u', ['x'])
  await clock.advance(0)
  assert.is(timestamp, 1_000_005)
})

it('breaks off the stream of a reader who is hopelessly behind (law 6)', async () => {
  const { clock, agent, caller } = scene()
  const { textIn } = await agent()
  let chunks: AsyncIterable<string> | undefined
  textIn.listen('t', stream => {
    chunks = stream.chunks
  })
  caller().sendText('t', new Array<string>(20_000).fill('x'))
  await clock.advance(0)
  let read = 0
  let error = ''
  try {
    for await (const _ of chunks ?? []) read++
  } catch (thrown) {
    error = String(thrown)
  }
  assert.is(read, 10_000)
  assert.match(error, /behind/)
})

it('logs a listener of facts, or of a topic, that throws, and goes on', async () => {
  const { clock, hub, logged, caller } = scene()
  const { room, textIn } = hub.world({ identity: 'agent' })
  await room.join(() => {
    throw new Error('no')
  }, never())
  textIn.listen('t', () => {
    throw new Error('no')
  })
  caller().sendText('t', ['x'])
  await clock.advance(0)
  assert.equal(logged, ['fact.listener.failed', 'fact.listener.failed', 'stream.take.failed'])
})

it('ends for everybody when the room is deleted, and leaves nothing open (law 5)', async () => {
  const { clock, hub, agent, caller } = scene()
  const { facts, speakers, textOut, textIn } = await agent()
  const ann = caller()
  const mic = ann.publish()
  ann.hears('agent')
  ann.collect('t')
  textIn.listen('t', () => {})
  void mic.speak(counting(48_000))
  ann.openText('t').write('x')
  const { sink } = await speakers.publish(voice, never())
  await sink.write(counting(2_400))
  const writer = await textOut.open({ topic: 't', attributes: {} }, never())
  await clock.advance(20)
  hub.close()
  await clock.advance(0)
  assert.equal(facts.at(-1), { type: 'room.disconnected', reason: 'room_deleted' })
  assert.equal(hub.open, nothing)
  assert.is(clock.timers, 0)
  const refused = outcome(writer.write('y'))
  await clock.advance(0)
  assert.ok(refused.error)
  await writer.close() // there is nothing left to close: it resolves
})

it('tells nothing more to one who leaves while being told', async () => {
  const { clock, hub, caller } = scene()
  const { room } = hub.world({ identity: 'agent' })
  const told: string[] = []
  await room.join(event => {
    told.push(event.type)
    void room.leave()
  }, never())
  caller()
  await clock.advance(10)
  assert.equal(told, ['participant.joined'])
})

it('leaves nothing behind of a join that is given up in the very turn in which it succeeds (law 5)', async () => {
  for (let turns = 0; turns < 8; turns++) {
    const { clock, hub } = scene()
    const { room } = hub.world({ identity: 'agent' })
    const stop = new AbortController()
    void outcome(room.join(() => {}, stop.signal))
    for (let n = 0; n < turns; n++) await undefined
    stop.abort(new Error('enough'))
    void room.leave()
    await clock.settle()
    assert.equal(hub.openOf('agent'), nothing, `after ${turns} turns`)
  }
})

it('gives every reader attributes of its own', async () => {
  const { clock, agent, caller } = scene()
  const { textOut } = await agent()
  const [one, two] = [caller('one').collect('t'), caller('two').collect('t')]
  await textOut.open({ topic: 't', attributes: { a: '1' } }, never())
  await clock.advance(0)
  assert.equal(one[0]?.attributes, two[0]?.attributes)
  assert.is.not(one[0]?.attributes, two[0]?.attributes)
})

it('lets a participant come again, as another stay', async () => {
  const { clock, agent, caller } = scene()
  const { facts } = await agent()
  const ann = caller()
  const first = ann.sid
  assert.throws(() => ann.join(), /here already/)
  ann.leave()
  assert.throws(() => ann.publish(), /not in the room/)
  ann.join()
  await clock.advance(0)
  assert.is.not(ann.sid, first)
  assert.equal(facts.map(short), [
    'participant.joined ann',
    'participant.active ann',
    'participant.left ann',
    'participant.joined ann',
    'participant.active ann',
  ])
})

it('runs the same way twice, fact for fact (law 9)', async () => {
  const run = async () => {
    const { clock, hub, agent, caller } = scene()
    const { facts, speakers } = await agent()
    const ann = caller()
    const mic = ann.publish()
    const ear = ann.hears('agent')
    void mic.speak(counting(24_000))
    const { sink } = await speakers.publish(voice, never())
    await sink.write(counting(4_800))
    hub.reconnect('full', 130)
    await clock.advance(77)
    mic.mute()
    sink.clear()
    await clock.advance(500)
    return JSON.stringify([facts, [...ear.samples()]])
  }
  assert.is(await run(), await run())
})

it('runs on the real clock as well', async () => {
  const clock = realClock()
  const hub = createLoopback({ clock, ids: countingIds() })
  const world = hub.world({ identity: 'agent' })
  const facts: RoomEvent[] = []
  await world.room.join(event => facts.push(event), never())
  const ann = hub.participant({ identity: 'ann' })
  ann.join()
  const mic = ann.publish()
  await new Promise(resolve => clock.setTimeout(() => resolve(undefined), 30))
  const key = facts.flatMap(event => (event.type === 'track.subscribed' ? [event.track.key ?? ''] : []))[0] ?? ''
  const enough = new AbortController()
  const heard: number[] = []
  const started = clock.now()
  void mic.speak(counting(2_400))
  for await (const { data } of world.tracks.listen(key, { sampleRate: 24_000, channels: 1, frameMs: 20 }, enough.signal)) {
    heard.push(...data)
    if (heard.length >= 4_800) break
  }
  const took = clock.now() - started
  assert.ok(took >= 199 && took < 300, `${took} ms for 200 ms of sound`)
  const first = heard.findIndex(x => x !== 0)
  const last = heard.findLastIndex(x => x !== 0)
  assert.equal(heard.slice(first, last + 1), [...counting(heard[last] ?? 0)].slice((heard[first] ?? 1) - 1))
  await world.room.leave()
  ann.leave()
  assert.equal(hub.open, nothing)
})

it.run()
