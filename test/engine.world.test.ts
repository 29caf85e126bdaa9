/** A room in its world: who comes and goes, a server that refuses, ends it or says nothing, and the very first moments. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { AudioFrame } from '../src/audio/frame.ts'
import { sleep } from '../src/clock.ts'
import { codeOf } from '../src/errors.ts'
import type { Conversation, Mind } from '../src/mind.ts'
import type { RoomEvent, World } from '../src/ports.ts'
import { openRoom } from '../src/room.ts'
import { type Call, newCall, outcomeOf, perMs, samples, sound, startCall, timed } from './fakes/call.ts'
import { checkOver, closed } from './fakes/over.ts'

const it = suite('engine.world')

it('closes when the caller hangs up in mid-word, with what was heard of it (LINK-10)', async () => {
  const call = await startCall()
  const { room, clock, caller, facts } = call
  const { played } = room.say({ audio: sound(2_000), text: timed(10) })
  await clock.advance(550)
  caller.leave()
  await clock.advance(1)
  assert.equal(await played, {
    ...{ id: (await played).id, outcome: 'abandoned', pushed: 2_000 * perMs, heard: 560 * perMs, discarded: 1_440 * perMs },
    spoken: 'word0 word1 word2',
  })
  assert.equal(closed(facts), { type: 'closed', reason: 'participant_disconnected', at: 551 })
  await checkOver(call)
})

it('goes on without a caller who lost the connection in mid-word, and ends what he was saying as his', async () => {
  const call = await startCall()
  const { room, clock, caller, facts, hub } = call
  const watcher = hub.participant({ identity: 'bob', kind: 'egress' })
  watcher.join()
  const captions = watcher.collect('lk.transcription')
  const { played } = room.say({ audio: sound(2_000) })
  await clock.advance(550)
  caller.leave('connection_lost')
  await clock.advance(2_000)
  assert.is((await played).outcome, 'finished')
  assert.ok(facts.some(({ type }) => type === 'unlinked'))
  caller.join()
  await clock.advance(1)
  assert.is(room.linkedParticipant, 'ann')
  assert.equal(captions, [])
  void room.close()
  await clock.settle()
  watcher.leave()
  await checkOver(call)
})

it("ends the caller's open words under his own name when he goes (TXT-9)", async () => {
  let conversation: Conversation | undefined
  const mind: Mind = {
    start: given => {
      conversation = given
      return new Promise(() => {})
    },
  }
  const call = await startCall({ options: { mind } })
  const { clock, caller, facts, hub } = call
  const watcher = hub.participant({ identity: 'bob', kind: 'egress' })
  watcher.join()
  const captions = watcher.collect('lk.transcription')
  conversation?.heard('good mor', false)
  await clock.advance(100)
  caller.leave('connection_lost')
  await clock.advance(100)
  conversation?.heard('ning', true) // of nobody
  await clock.advance(100)
  assert.equal(
    captions.map(({ from, text, attributes }) => [from, text, attributes['lk.transcription_final']]),
    [
      ['ann', 'good mor', 'false'],
      ['ann', 'good mor', 'true'],
    ],
  )
  const words = facts.flatMap(fact => (fact.type === 'words.shown' ? [[fact.identity, fact.text, fact.final]] : []))
  assert.equal(words, [
    ['ann', 'good mor', false],
    ['ann', 'good mor', true],
  ])
})

it("ends the caller's open words when the room closes (ROOM-9)", async () => {
  let conversation: Conversation | undefined
  const mind: Mind = {
    start: given => {
      conversation = given
      return new Promise(() => {})
    },
  }
  const call = await startCall({ options: { mind } })
  const captions = call.caller.collect('lk.transcription')
  conversation?.heard('good mor', false)
  await call.clock.advance(100)
  await call.clock.runUntil(call.room.close())
  await call.clock.advance(1)
  assert.equal(
    captions.map(({ from, text, attributes }) => [from, text, attributes['lk.transcription_final']]),
    [
      ['ann', 'good mor', 'false'],
      ['ann', 'good mor', 'true'],
    ],
  )
  await checkOver(call)
})

it('writes the last words of who was cut off when the room is back before the closing is over (ROOM-9, TXT-14)', async () => {
  const call = await startCall()
  const { room, clock, caller, hub, codes } = call
  const captions = caller.collect('lk.transcription')
  room.say({ audio: sound(2_000), text: timed(10) })
  await clock.advance(500)
  hub.reconnect('full', 1_000)
  await clock.advance(200)
  await clock.runUntil(room.close())
  assert.ok(clock.now() < 1_510, `closed at ${clock.now()}`)
  await clock.advance(1)
  assert.equal([captions.at(-1)?.attributes['lk.transcription_final'], codes()], ['true', []])
  await checkOver(call)
})

it('waits for no captions when the server goes while it closes', async () => {
  const call = await startCall()
  const { room, clock, hub } = call
  room.say({ audio: sound(2_000), text: timed(10) })
  await clock.advance(500)
  hub.stall('closeText', 'agent')
  const at = clock.now()
  const closing = room.close()
  await clock.settle()
  hub.disconnect('agent')
  await clock.runUntil(closing)
  assert.ok(clock.now() - at < 10, `took ${clock.now() - at} ms`)
  await checkOver(call)
})

for (const [how, reason, act] of [
  ['throws us out', 'room.disconnected', ({ hub }) => hub.disconnect('agent')],
  ['ends the room', 'participant_disconnected', ({ hub }) => hub.close()], // the caller goes first, for good
] as [how: string, reason: string, act: (call: Call) => void][])
  it(`closes when the server ${how} while the agent speaks (ROOM-15)`, async () => {
    const call = await startCall()
    const { room, clock, facts } = call
    const first = room.say({ audio: sound(2_000), text: timed(10) })
    const second = room.say({ audio: sound(2_000), text: timed(10) })
    await clock.advance(550)
    act(call)
    await clock.advance(1)
    assert.equal(closed(facts), { type: 'closed', reason, at: 551 })
    const { heard, outcome, spoken } = await first.played
    assert.equal([heard / perMs, outcome, spoken], [550, 'abandoned', 'word0 word1 word2'])
    assert.equal(await second.played, {
      id: second.id,
      outcome: 'abandoned',
      pushed: 48_000,
      heard: 0,
      discarded: 48_000,
      spoken: '',
    })
    await checkOver(call)
  })

it('rejects with the words of a world that does not let it in, and leaves nothing behind', async () => {
  const call = newCall()
  call.hub.failNext('join', new Error('the token has expired: make another'))
  const room = call.open()
  const { error } = await outcomeOf(call.clock, room.opened)
  assert.is(error instanceof Error && error.message, 'the token has expired: make another')
  assert.is(await room.closed, 'failed')
  await checkOver(call)
})

it('refuses a world that lacks a part, or has had its room (ROOM-7)', async () => {
  const { clock, world, caller } = newCall()
  const errorOf = async (given: unknown) => (await outcomeOf(clock, openRoom(given as World))).error // what no type allows
  const { tracks: _, ...less } = world
  for (const [given, message] of [
    [undefined, 'the world has no "room": take all of it from an adapter'],
    [less, 'the world has no "tracks": take all of it from an adapter'],
  ] as const) {
    const error = await errorOf(given)
    assert.instance(error, TypeError)
    assert.is(error instanceof Error && error.message, message)
  }
  const opening = openRoom(world)
  assert.is(codeOf(await errorOf(world)), 'ERR_STARTED')
  const room = await opening
  assert.is(room.name, 'loopback')
  assert.ok(caller.attributesOf('agent'), 'the first room has lost its connection')
  await clock.runUntil(room.close())
  assert.is(codeOf(await errorOf(world)), 'ERR_STARTED')
})

it('gives a world that does not answer 20 s', async () => {
  const call = newCall()
  call.hub.stall('join')
  const room = call.open()
  const opened = outcomeOf(call.clock, room.opened)
  await call.clock.advance(19_999)
  assert.equal(await opened, {})
  await call.clock.advance(1)
  const { error } = await opened
  assert.match(error instanceof Error ? error.message : '', /did not answer/)
  await checkOver(call)
})

it('is closed within its budget though leaving never ends (ROOM-10)', async () => {
  const call = await startCall({ options: { closeBudgetMs: 1_000 } })
  const { room, clock, hub, codes } = call
  hub.stall('leave')
  const closing = outcomeOf(clock, room.close())
  await clock.advance(499)
  assert.equal(await closing, {})
  await clock.advance(1)
  assert.ok('value' in (await closing))
  assert.equal(codes(), ['close.overrun'])
})

/** A world that tells what happens before it says that it is joined. */
const hasty = (world: World): World => ({
  ...world,
  room: {
    join: async (tell, signal) => {
      const held: RoomEvent[] = []
      let early: ((event: RoomEvent) => void) | undefined = event => held.push(event)
      const joined = await world.room.join(event => (early ?? tell)(event), signal)
      await sleep(world.clock, 5)
      early = undefined
      for (const event of held) tell(event)
      return joined
    },
    leave: () => world.room.leave(),
    setAttributes: (attributes, signal) => world.room.setAttributes(attributes, signal),
  },
})
it('hears a track that was subscribed in the very moment of joining', async () => {
  const call = newCall({ wrap: hasty })
  const mic = call.caller.publish()
  const room = call.open()
  await call.clock.advance(10)
  const heard: AudioFrame[] = []
  const read = async () => {
    for await (const frame of room.audio) heard.push(frame)
  }
  void read()
  void mic.speak(samples(500))
  await call.clock.advance(1_000)
  assert.ok(heard.some(({ data }) => data.some(sample => sample !== 0)))
})

it('listens to what is sent before the constructor returns: nothing that comes from then on is missed (ROOM-2)', async () => {
  const topic = 'lk.agent.pre-connect-audio-buffer'
  const steps: string[] = []
  const noted = (world: World): World => ({
    ...world,
    byteIn: {
      listen: (name, take) => {
        steps.push(`listens to ${name}`)
        return world.byteIn.listen(name, take)
      },
    },
    room: {
      join: (tell, signal) => {
        steps.push('joins')
        return world.room.join(tell, signal)
      },
      leave: () => world.room.leave(),
      setAttributes: (attributes, signal) => world.room.setAttributes(attributes, signal),
    },
  })
  const { clock, caller, open } = newCall({ wrap: noted })
  const mic = caller.publish({ preconnect: true })
  // As soon as the caller is told that somebody came, and before the agent itself is told that it is in.
  caller.watch(({ type }) => {
    const about = { attributes: { trackId: mic.sid, sampleRate: '24000', channels: '1' } }
    const bytes = new Uint8Array(new Int16Array(500 * perMs).fill(7).buffer)
    if (type === 'participant.joined') caller.sendBytes(topic, [bytes], about)
  })
  const room = open()
  assert.equal(steps, [`listens to ${topic}`, 'joins'])
  const heard: AudioFrame[] = []
  const read = async () => {
    for await (const frame of room.audio) heard.push(frame)
  }
  void read()
  await clock.advance(1_000)
  const samplesHeard = heard.flatMap(({ data }) => [...data]).filter(sample => sample === 7).length
  assert.is(samplesHeard, 500 * perMs)
})

it('publishes its voice with the first link and not again, and hears whoever is linked (ROOM-5, OUT-28, LINK-3)', async () => {
  let published = 0
  const counting = (world: World): World => ({
    ...world,
    speakers: {
      publish: (track, signal) => {
        published++
        return world.speakers.publish(track, signal)
      },
    },
  })
  let conversation: Conversation | undefined
  const mind: Mind = {
    start: given => {
      conversation = given
      return new Promise(() => {})
    },
  }
  const { hub, clock, room, caller } = await startCall({ caller: false, wrap: counting, options: { mind } })
  const bob = hub.participant({ identity: 'bob' })
  const captions = bob.collect('lk.transcription')
  const heard = new Set<number>()
  const read = async () => {
    for await (const { data } of room.audio) for (const sample of data) heard.add(sample)
  }
  void read()
  await clock.advance(1_000)
  assert.is(published, 0, 'nobody is there to hear it')
  caller.join()
  void caller.publish().speak(new Int16Array(500 * perMs).fill(1))
  await clock.advance(200)
  assert.equal([published, room.linkedParticipant], [1, 'ann'])
  bob.join()
  void bob.publish().speak(new Int16Array(2_000 * perMs).fill(2))
  await clock.advance(200)
  assert.equal([heard.has(1), heard.has(2)], [true, false], 'bob is heard and not linked')
  room.setParticipant('bob')
  await clock.advance(200)
  conversation?.heard('Hello', true)
  room.say({ id: 'a', audio: sound(100), text: timed(1) })
  await clock.advance(500)
  assert.ok(heard.has(2), 'bob is linked and not heard')
  assert.equal(captions.map(({ from, text }) => [from, text]).sort(), [
    ['agent', 'word0'],
    ['bob', 'Hello'],
    ['bob', 'Hello'],
  ])
  room.setParticipant('ann')
  await clock.advance(200)
  assert.is(published, 1)
  await clock.runUntil(room.close())
})

it('shows its state to the room from the first on, and each that follows (STATE-1, STATE-4)', async () => {
  let conversation: Conversation | undefined
  const mind: Mind = {
    start: given => {
      conversation = given
      return new Promise(() => {})
    },
  }
  const { clock, caller, open } = newCall({ options: { mind } })
  const states: (string | undefined)[] = []
  caller.watch(fact => {
    if (fact.type === 'participant.changed' && fact.identity === 'agent') states.push(fact.attributes['lk.agent.state'])
  })
  const room = open()
  await clock.advance(10)
  for (const state of ['thinking', 'idle', 'listening'] as const) {
    conversation?.state(state)
    await clock.advance(10)
  }
  conversation?.say({ audio: sound(200) })
  await clock.advance(1_000)
  assert.equal(states, ['initializing', 'listening', 'thinking', 'idle', 'listening', 'speaking', 'listening'])
  await clock.runUntil(room.close())
})

it.run()
