/** What the loopback makes go wrong on demand: failures, stalls, and connections that go away and come back. */
import { getEventListeners } from 'node:events'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { RoomEvent } from '../../src/ports.ts'
import { counting, never, outcome, scene, voice } from './scene.ts'

const it = suite('loopback faults')
const said = { topic: 't', attributes: {} }
const nothing = { listeners: 0, streams: 0, timers: 0 }
const short = (event: RoomEvent): string => {
  if (event.type === 'participant.joined') return `${event.type} ${event.participant.identity}`
  return 'identity' in event ? `${event.type} ${event.identity}` : event.type
}

it('fails the next operation of each kind once, for the agent it is meant for', async () => {
  const { clock, hub, agent } = scene()
  const world = hub.world({ identity: 'agent' })
  hub.failNext('join', new Error('no server'), 'agent')
  const other = await agent({ identity: 'other' })
  const refused = outcome(world.room.join(() => {}, never()))
  await clock.settle()
  assert.is(refused.error, 'no server')
  await world.room.join(() => {}, never()) // after a failure it can be tried again (RM-13)
  const writer = await world.textOut.open(said, never())
  const operations = {
    setAttributes: () => world.room.setAttributes({ a: '1' }, never()),
    publish: () => world.speakers.publish(voice, never()),
    openText: () => world.textOut.open(said, never()),
    closeText: () => writer.close(),
  }
  for (const [operation, run] of Object.entries(operations)) {
    if (operation === 'setAttributes' || operation === 'publish' || operation === 'openText' || operation === 'closeText')
      hub.failNext(operation, new Error(`no ${operation}`), 'agent')
    await other.room.setAttributes({ a: '1' }, never())
    const failed = outcome<unknown>(run())
    await clock.settle()
    assert.is(failed.error, `no ${operation}`)
    const next = outcome<unknown>(run())
    await clock.settle()
    assert.not.ok(next.error)
  }
})

it('ends a text stream whose write failed, so that its readers do not wait (TSW-2)', async () => {
  const { clock, hub, agent, caller } = scene()
  const { textOut } = await agent()
  const texts = caller().collect('t')
  const writer = await textOut.open(said, never())
  await writer.write('a')
  hub.failNext('write', new Error('lost'))
  const failed = outcome(writer.write('b'))
  await clock.advance(0)
  assert.is(failed.error, 'lost')
  assert.is(texts[0]?.text, 'a')
  assert.is(texts[0]?.state, 'closed')
  const after = outcome(writer.write('c'))
  await clock.settle()
  assert.match(after.error ?? '', /closed/)
})

it('lets a stalled operation go on when it is released', async () => {
  const { clock, hub, agent, caller } = scene()
  const { room } = await agent()
  const ann = caller()
  const release = hub.stall('setAttributes')
  const set = outcome(room.setAttributes({ a: '1' }, never()).then(() => true))
  await clock.advance(10_000)
  assert.equal(set, {})
  release()
  await clock.settle()
  assert.is(set.value, true)
  assert.equal(ann.attributesOf('agent'), { a: '1' })
})

it('takes its listeners off the signals it was given', async () => {
  const { clock, hub, agent } = scene()
  const { room, speakers, textOut } = await agent()
  const { signal } = new AbortController()
  await room.setAttributes({ a: '1' }, signal)
  await speakers.publish(voice, signal)
  await textOut.open(said, signal)
  const release = hub.stall('setAttributes')
  const set = room.setAttributes({ a: '2' }, signal)
  await clock.settle()
  assert.is(getEventListeners(signal, 'abort').length, 1)
  release()
  await set
  await clock.settle()
  assert.is(getEventListeners(signal, 'abort').length, 0)
})

it('settles everything that stalls when the room is left (law 4)', async () => {
  const { clock, hub, agent } = scene()
  const { room, speakers, textOut } = await agent()
  const { sink, close } = await speakers.publish(voice, never())
  const writer = await textOut.open(said, never())
  for (const operation of ['setAttributes', 'publish', 'openText', 'write', 'unpublish'] as const) hub.stall(operation)
  const stalled = [
    outcome(room.setAttributes({}, never())),
    outcome(speakers.publish(voice, never())),
    outcome(textOut.open(said, never())),
    outcome(writer.write('x')),
  ]
  const closing = outcome(close().then(() => true))
  await clock.advance(60_000)
  assert.ok(stalled.every(one => !one.error))
  assert.equal(closing, {})
  assert.is(sink.free(), 0) // the queue is freed at once, whatever the server does
  await room.leave()
  await clock.settle()
  assert.ok(stalled.every(one => one.error))
  assert.is(closing.value, true)
  assert.equal(hub.open, nothing)
})

it('tells nothing from the call of leave on, also while leaving stalls', async () => {
  const { clock, hub, agent, caller } = scene()
  const { room, facts } = await agent()
  const release = hub.stall('leave')
  const left = outcome(room.leave().then(() => true))
  const ann = caller()
  await clock.advance(1_000)
  assert.equal(left, {})
  assert.equal(facts, [])
  assert.ok(ann.attributesOf('agent'))
  release()
  await clock.settle()
  assert.is(left.value, true)
  assert.is(ann.attributesOf('agent'), undefined)
})

it('never rejects a leave that fails', async () => {
  const { hub, agent, logged } = scene()
  const { room } = await agent()
  hub.failNext('leave', new Error('no'))
  await room.leave()
  assert.equal(logged, ['leave.failed'])
  assert.equal(hub.open, nothing)
})

it('resumes a connection: what happened meanwhile is told before room.reconnected', async () => {
  const { clock, hub, agent, caller } = scene()
  const { facts, room } = await agent()
  const ann = caller()
  await clock.advance(0)
  hub.reconnect('signal', 400)
  ann.publish()
  caller('bob').leave()
  const set = outcome(room.setAttributes({ a: '1' }, never()).then(() => true))
  await clock.advance(399)
  assert.equal(facts.slice(2).map(short), ['room.reconnecting'])
  assert.equal(set, {})
  await clock.advance(2) // the news is told in a turn after that
  assert.is(set.value, true)
  assert.equal(facts.slice(2).map(short), [
    'room.reconnecting',
    'track.published ann',
    'track.subscribed ann',
    'participant.joined bob',
    'participant.active bob',
    'participant.left bob',
    'room.reconnected',
  ])
  const last = facts.at(-1)
  const key = facts.flatMap(event => (event.type === 'track.subscribed' ? [event.track.key] : []))[0]
  assert.is(last?.type === 'room.reconnected' && last.participants[0]?.tracks[0]?.key, key)
})

it('resumes a connection that missed what happened: only the roster tells it, and the keys', async () => {
  const { clock, hub, agent, caller } = scene()
  const { facts } = await agent()
  const ann = caller('ann')
  caller('bob').publish()
  await clock.advance(0)
  const before = facts.length
  hub.reconnect('signal', 400, { missed: true })
  hub.disconnect('bob')
  ann.publish()
  caller('cid')
  await clock.advance(401)
  assert.equal(facts.slice(before).map(short), [
    'room.reconnecting',
    'room.reconnected',
    'track.unsubscribed bob',
    'track.subscribed ann',
  ])
  const reconnected = facts[before + 1]
  assert.equal(reconnected?.type === 'room.reconnected' && reconnected.participants.map(({ identity }) => identity), [
    'ann',
    'cid',
  ])
})

it('makes a connection anew in the order of the SDK: all go, all come, our tracks are published again (OUT-29)', async () => {
  const { clock, hub, agent, caller } = scene()
  const { facts, speakers } = await agent()
  const ann = caller()
  const mic = ann.publish()
  const seen: string[] = []
  const ear = ann.hears('agent')
  const publication = await speakers.publish(voice, never())
  await clock.advance(0)
  ann.watch(event => seen.push(short(event)))
  const before = facts.length
  const previousSid = publication.sid
  hub.reconnect('full', 300)
  await publication.sink.write(counting(4_800))
  await clock.advance(100)
  caller('bob')
  await clock.advance(201)
  assert.equal(facts.slice(before).map(short), [
    'track.unsubscribed ann',
    'track.unpublished ann',
    'participant.left ann',
    'room.reconnecting',
    'participant.joined ann',
    'participant.active ann',
    'track.published ann',
    'participant.joined bob',
    'participant.active bob',
    'speaker.republished',
    'room.reconnected',
    'speaker.subscribed',
    'track.subscribed ann',
  ])
  const republished = facts.find(event => event.type === 'speaker.republished')
  assert.equal(republished, { type: 'speaker.republished', sid: publication.sid, previousSid })
  assert.is.not(publication.sid, previousSid)
  const subscribed = facts.at(-1)
  assert.is(subscribed?.type === 'track.subscribed' && subscribed.track.sid, mic.sid)
  assert.equal(seen, [
    'participant.joined bob',
    'participant.active bob',
    'track.unsubscribed agent',
    'track.unpublished agent',
    'participant.joined agent',
    'participant.left agent',
    'participant.active agent',
    'track.published agent',
    'track.subscribed agent',
  ])
  await publication.sink.write(counting(2_400))
  await clock.advance(100)
  assert.equal(ear.samples().slice(-2_400), counting(2_400))
})

it('holds text back while the connection is away, and brings it in order', async () => {
  const { clock, hub, agent, caller } = scene()
  const { textOut, textIn } = await agent()
  const ann = caller()
  const texts = ann.collect('t')
  const got: string[] = []
  textIn.listen('t', async ({ chunks }) => {
    for await (const chunk of chunks) got.push(chunk)
  })
  const writer = await textOut.open(said, never())
  hub.reconnect('signal', 200)
  const written = outcome(writer.write('x').then(() => true))
  ann.sendText('t', ['a', 'b'])
  await clock.advance(199)
  assert.equal(got, [])
  assert.is(texts[0]?.text, '')
  await clock.advance(2)
  assert.equal(got, ['a', 'b'])
  assert.is(written.value, true)
  assert.is(texts[0]?.text, 'x')
})

it('can be left, or thrown out, while the connection is away', async () => {
  for (const end of ['leave', 'disconnect'] as const) {
    const { clock, hub, agent } = scene()
    const { room, facts } = await agent()
    hub.reconnect('full', 10_000)
    const set = outcome(room.setAttributes({ a: '1' }, never()))
    await clock.advance(100)
    if (end === 'leave') await room.leave()
    else hub.disconnect('agent', 'server_shutdown')
    await clock.advance(0)
    assert.ok(set.error)
    assert.equal(facts.map(short), end === 'leave' ? ['room.reconnecting'] : ['room.reconnecting', 'room.disconnected'])
    assert.equal(hub.open, nothing)
    assert.is(clock.timers, 0)
  }
})

it('refuses to throw out somebody who is not here', () => {
  const { hub } = scene()
  assert.throws(() => hub.disconnect('ann'), /nobody here is called ann/)
})

it.run()
