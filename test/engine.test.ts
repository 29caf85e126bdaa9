/** A whole room on the loopback: whatever fails in it or around it, every wait ends and nothing is left behind. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { AudioFrame } from '../src/audio/frame.ts'
import { sleep } from '../src/clock.ts'
import { codeOf } from '../src/errors.ts'
import type { RoomFact } from '../src/facts.ts'
import type { Conversation, Mind, Played, RoomEvent, Tracks, World } from '../src/ports.ts'
import { openRoom } from '../src/room.ts'
import {
  type Call,
  type CallOptions,
  newCall,
  outcomeOf,
  perMs,
  pieces,
  samples,
  sound,
  stalled,
  startCall,
  timed,
  torn,
} from './fakes/call.ts'

const it = suite('engine')

/** A call that is over: every utterance has ended once, every count is zero, no timer waits. */
const checkOver = async ({ clock, hub, facts, caller, ends }: ReturnType<typeof newCall>) => {
  await clock.settle()
  assert.equal(hub.openOf('agent'), { listeners: 0, streams: 0, timers: 0 })
  assert.is(facts.at(-1)?.type, 'closed')
  assert.is(facts.filter(({ type }) => type === 'closed').length, 1)
  for (const { id, pushed, heard, discarded } of ends()) {
    assert.is(ends().filter(end => end.id === id).length, 1, `${id} has several ends`)
    assert.is(pushed, heard + discarded)
  }
  if (caller.here) caller.leave()
  await clock.advance(1)
  assert.is(clock.timers, 0)
}
const closed = (facts: RoomFact[]) => facts.find(fact => fact.type === 'closed')

// The mind

it('restarts a mind that throws once, and closes with the error of one that throws twice (ROOM-17)', async () => {
  const starts: number[] = []
  const begun: Played[] = []
  const mind: Mind = {
    start: async ({ say, clock }) => {
      starts.push(clock.now())
      void say({ audio: sound(2_000), text: timed(10) }).played.then(played => begun.push(played))
      await sleep(clock, 1_000)
      throw new Error(`mind ${starts.length}`)
    },
  }
  const call = await startCall({ options: { mind } })
  const { room, clock, facts, codes } = call
  await clock.advance(3_000)
  assert.equal(starts, [0, 1_100])
  assert.equal(
    facts.filter(({ type }) => type === 'failed'),
    [
      { type: 'failed', actor: 'agent', error: 'mind 1', restarted: true },
      { type: 'failed', actor: 'agent', error: 'mind 2', restarted: false },
    ],
  )
  assert.equal(
    begun.map(({ outcome, heard }) => [outcome, heard / perMs]),
    [
      ['abandoned', 1_010], // with the fade
      ['abandoned', 1_010],
    ],
  )
  const order = facts.map(fact => (fact.type === 'failed' ? `failed ${fact.restarted}` : fact.type))
  assert.ok(order.indexOf('failed true') < order.indexOf('utterance.ended'))
  assert.is(await room.closed, 'failed')
  assert.is(room.error instanceof Error && room.error.message, 'mind 2')
  assert.equal(closed(facts), { type: 'closed', reason: 'failed', at: 2_100, error: 'mind 2' })
  assert.equal(codes(), ['actor.failed', 'actor.failed'])
  await checkOver(call)
})

it('takes all that a mind asks for in the moment it starts', async () => {
  let played: Played | undefined
  const mind: Mind = {
    start: ({ say, show, heard, interrupt, state }) => {
      void show('Welcome.')
      heard('Good morning.', true)
      state('thinking')
      const first = say({ audio: sound(500) })
      played = first.interrupt()
      say({ audio: sound(300), text: pieces('Hello there.') })
      interrupt()
      say({ id: 'last', audio: sound(300), text: pieces('Hello there.') })
      return new Promise(() => {})
    },
  }
  const call = newCall({ options: { mind } })
  const captions = call.caller.collect('lk.transcription')
  const room = call.open()
  await call.clock.advance(2_000)
  assert.is(played?.outcome, 'interrupted')
  assert.equal(
    call.ends().map(({ outcome }) => outcome),
    ['interrupted', 'interrupted', 'finished'],
  )
  assert.equal(
    captions.map(({ text }) => text),
    ['Welcome.', 'Good morning.', 'Good morning.', 'Hello there.'], // what a caller says comes twice: once as the final
  )
  void room.close()
  await call.clock.advance(0)
  await checkOver(call)
})

it('lets a mind hear after one that failed and left its reader behind (ROOM-17)', async () => {
  const heard: number[] = []
  const mind: Mind = {
    start: async ({ hear, clock }) => {
      const n = heard.push(0) - 1
      const listen = async () => {
        for await (const { samplesPerChannel } of hear()) heard[n] = (heard[n] ?? 0) + samplesPerChannel
      }
      const fail = async () => {
        await sleep(clock, 500)
        throw new Error('lost its mind')
      }
      await Promise.all([listen(), n === 0 ? fail() : undefined])
    },
  }
  const call = await startCall({ options: { mind } })
  const { clock, caller, room, facts } = call
  void caller.publish().speak(samples(3_000))
  await clock.advance(2_500)
  assert.equal(
    facts.flatMap(fact => (fact.type === 'failed' ? [[fact.error, fact.restarted]] : [])),
    [['lost its mind', true]],
  )
  const [first = 0, second = 0] = heard
  assert.ok(first <= 500 * perMs && second >= 1_800 * perMs, `${heard.map(samples => samples / perMs)} ms`)
  await clock.runUntil(room.close())
  await checkOver(call)
})

it('closes when the mind is done, and stops one that is not', async () => {
  const done = await startCall({ options: { mind: { start: ({ clock }) => sleep(clock, 500) } } })
  await done.clock.advance(600)
  assert.is(await done.room.closed, 'mind.ended')
  await checkOver(done)

  let signal: AbortSignal | undefined
  const mind: Mind = {
    start: (_, over) => {
      signal = over
      return new Promise(() => {})
    },
  }
  const call = await startCall({ options: { mind } })
  void call.room.close()
  assert.ok(signal?.aborted)
  await checkOver(call)
})

it('shows who speaks after a mind that failed meanwhile', async () => {
  let conversation: Conversation | undefined
  const mind: Mind = {
    start: async given => {
      if (conversation) return new Promise(() => {})
      conversation = given
      throw new Error('not now')
    },
  }
  const { room, clock, caller } = await startCall({ options: { mind } })
  room.say({ audio: sound(1_000) })
  await clock.advance(200)
  assert.equal(caller.attributesOf('agent'), { 'lk.agent.state': 'speaking' })
  await clock.advance(1_000)
  assert.equal(caller.attributesOf('agent'), { 'lk.agent.state': 'listening' })
})

// The world

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

// The children

/** Tracks that fail when they are listened to, as long as `fails` says so. */
const failingTracks = (tracks: Tracks, fails: () => boolean): Tracks => ({
  listen: (key, how, signal) => (fails() ? torn(pieces<AudioFrame>(), 'the track broke') : tracks.listen(key, how, signal)),
})
it('goes on hearing after a microphone that failed three times, and closes after the fourth (ROOM-17)', async () => {
  for (const failures of [3, 4]) {
    let left = failures
    const call = newCall({ wrap: world => ({ ...world, tracks: failingTracks(world.tracks, () => left-- > 0) }) })
    const room = call.open()
    await call.clock.advance(1)
    const heard: number[] = []
    const read = async () => {
      for await (const { data } of room.audio) heard.push(...data.filter(sample => sample > 0))
    }
    const reading = outcomeOf(call.clock, read())
    const mic = call.caller.publish() // after it was linked: the microphone that comes again must know of it
    await call.clock.advance(1_000)
    void mic.speak(samples(300))
    await call.clock.advance(1_000)
    const told = call.facts.flatMap(fact => (fact.type === 'failed' ? [fact.restarted] : []))
    assert.equal(told, [true, true, true, false].slice(0, failures))
    if (failures === 3) assert.equal(heard, [...samples(300)])
    else assert.equal([closed(call.facts)?.type, 'value' in (await reading)], ['closed', true])
    void room.close()
    await checkOver(call)
  }
})

it('hears nothing of what waited once it is detached, also while the microphone is down (MIC-10, law 8)', async () => {
  let breaks = false
  const { room, clock, caller } = await startCall({
    wrap: world => ({ ...world, tracks: failingTracks(world.tracks, () => breaks) }),
  })
  const mic = caller.publish()
  void mic.speak(samples(400))
  await clock.advance(400)
  breaks = true
  mic.replace()
  await clock.advance(10)
  breaks = false
  assert.ok(room.counters.buffered > 0)
  room.setAttached(false)
  assert.is(room.counters.buffered, 0)
  room.setAttached(true)
  await clock.advance(1_000)
  void mic.speak(samples(300))
  await clock.advance(1_000)
  assert.ok(room.counters.buffered > 0, 'deaf for ever')
  await clock.runUntil(room.close())
})

it('closes with the error when the voice cannot be published (OUT-30)', async () => {
  const call = newCall()
  for (let n = 0; n < 4; n++) call.hub.failNext('publish', new Error('no permission to publish'))
  const room = call.open()
  await call.clock.advance(4_000)
  assert.is(await room.closed, 'failed')
  assert.is(room.error instanceof Error && room.error.message, 'no permission to publish')
  await checkOver(call)
})

it('rebuilds a voice whose device refuses three blocks in a row, once (OUT-17)', async () => {
  const call = await startCall()
  const { room, clock, hub, caller, facts } = call
  const published: string[] = []
  caller.watch(fact => fact.type === 'track.published' && published.push(fact.track.sid))
  const { played } = room.say({ audio: sound(2_000), text: timed(10) })
  await clock.advance(500)
  for (let n = 0; n < 3; n++) hub.failNext('writeSound', new Error('the device is gone'))
  await clock.advance(3_000)
  const { outcome, heard, discarded } = await played
  assert.equal([outcome, heard + discarded], ['finished', 2_000 * perMs])
  assert.ok(discarded > 0)
  assert.is(facts.filter(({ type }) => type === 'frame.failed').length, 3)
  assert.is(published.length, 1)
  for (let n = 0; n < 3; n++) hub.failNext('writeSound', new Error('the device is gone'))
  room.say({ audio: sound(2_000) })
  await clock.advance(3_000)
  assert.is(await room.closed, 'failed')
  await checkOver(call)
})

it('says once that captions are lost, and talks on', async () => {
  const call = await startCall()
  const { room, clock, facts, hub } = call
  for (let n = 0; n < 40; n++) hub.failNext('openText', new Error('no permission for data'))
  for (let n = 0; n < 2; n++) {
    const { played } = room.say({ audio: sound(400), text: timed(2) })
    await clock.advance(5_000)
    assert.is((await played).outcome, 'finished')
    assert.is((await played).spoken, 'word0 word1')
  }
  assert.is(facts.filter(({ type }) => type === 'captions.lost').length, 1)
  void room.close()
  await clock.advance(5_000)
  await checkOver(call)
})

it('goes on without the captions of a segment whose machine fails, and says so', async () => {
  const call = await startCall()
  const { room, clock, types } = call
  const { played } = room.say({ id: 'a', audio: sound(400), text: timed(2) })
  // A second machine for the same segment: it cannot have its place.
  room.actor.send({ type: 'caption', segment: { id: 'a', side: 'agent', identity: 'agent' } })
  await clock.advance(1_000)
  assert.equal(
    types().filter(type => type === 'failed' || type === 'captions.lost'),
    ['failed', 'captions.lost'],
  )
  assert.is((await played).outcome, 'finished')
  await clock.runUntil(room.close())
  await checkOver(call)
})

/** Speakers whose device throws where it should take back. */
const failingSink = (world: World, fails: () => boolean): World => ({
  ...world,
  speakers: {
    publish: async (about, signal) => {
      const { sink, sid, close } = await world.speakers.publish(about, signal)
      const clear = () => {
        if (fails()) throw new Error('the device is gone')
        return sink.clear()
      }
      const { sampleRate, channels } = sink
      return {
        sid,
        close,
        sink: {
          sampleRate,
          channels,
          clear,
          free: () => sink.free(),
          queued: () => sink.queued(),
          write: data => sink.write(data),
        },
      }
    },
  },
})
it('ends an utterance whose machine fails as abandoned, with its account, and plays the next (OUT-2, ROOM-17)', async () => {
  let failures = 1
  const call = await startCall({ wrap: world => failingSink(world, () => failures-- > 0) })
  const { room, clock, facts } = call
  const first = room.say({ audio: sound(2_000), text: timed(10) })
  const second = room.say({ audio: sound(500) })
  await clock.advance(500)
  room.pause()
  assert.equal(
    facts.filter(({ type }) => type === 'failed'),
    [],
    'told in a turn of its own',
  )
  await clock.settle()
  assert.equal(
    facts.filter(({ type }) => type === 'failed'),
    [{ type: 'failed', actor: `playout:${first.id}`, error: 'the device is gone', restarted: false }],
  )
  const { outcome, error, pushed, heard, discarded } = await first.played
  assert.equal([outcome, error, pushed, heard + discarded], ['abandoned', 'the device is gone', 48_000, 48_000])
  assert.ok(heard >= 500 * perMs && heard <= 510 * perMs)
  room.resume()
  await clock.advance(1_000)
  assert.is((await second.played).outcome, 'finished')
  void room.close()
  await checkOver(call)
})

it('collapses without a trace when its own machine fails', async () => {
  const call = await startCall()
  const { room, clock, codes } = call
  const { played } = room.say({ audio: sound(2_000), text: timed(10) })
  await clock.advance(500)
  room.actor.send({ type: 'caption' } as never) // what no type allows
  assert.is(await room.closed, 'failed')
  assert.ok(room.error instanceof Error)
  assert.equal([(await played).outcome, (await played).heard], ['abandoned', 510 * perMs])
  assert.equal(codes(), ['room.failed'])
  await checkOver(call)
})

// Callbacks

it('logs a listener that throws or rejects, and tells the others (ROOM-17)', async () => {
  const call = newCall()
  const room = call.open()
  room.on(() => {
    throw new Error('no')
  })
  room.on(async () => {
    throw new Error('nor this')
  })
  const others: string[] = []
  const off = room.on(({ type }) => others.push(type))
  await call.clock.advance(1)
  off()
  void room.close()
  await call.clock.settle()
  assert.equal(others, ['agent.changed', 'linked', 'agent.changed'])
  assert.equal(call.types(), [...others, 'closed'])
  assert.equal(call.codes('error'), Array(8).fill('listener.failed'))
})

it('tells a listener that is given with the options every fact, from the very first on', async () => {
  const { clock, world, codes } = newCall()
  const told: string[] = []
  const opening = openRoom(world, {
    listener: fact => {
      told.push(fact.type === 'agent.changed' ? fact.state : fact.type)
      if (fact.type === 'linked') throw new Error('no')
    },
  })
  await clock.settle()
  const room = await opening
  await clock.runUntil(room.close())
  assert.equal(told, ['initializing', 'linked', 'listening', 'closed'])
  assert.equal(codes(), ['listener.failed'])
})

it('tells it how a room ended that was never joined', async () => {
  const { clock, hub, world } = newCall()
  const told: RoomFact[] = []
  hub.failNext('join', new Error('wrong key'))
  const { error } = await outcomeOf(clock, openRoom(world, { listener: fact => told.push(fact) }))
  assert.is(error instanceof Error && error.message, 'wrong key')
  assert.equal(told.at(-1), { type: 'closed', reason: 'failed', at: 0, error: 'wrong key' })
})

it('does not mind a log or a journal that throws', async () => {
  const { clock, world } = newCall()
  const full = () => {
    throw new Error('disk full')
  }
  const opening = openRoom({ ...world, log: full }, { journal: full })
  await clock.settle()
  const room = await opening
  const { played } = room.say({ audio: torn(sound(100)) })
  await clock.advance(1_000)
  assert.is((await played).outcome, 'abandoned')
  await clock.runUntil(room.close())
})

it('can be closed within a listener, and by everybody at once (ROOM-11)', async () => {
  const call = await startCall()
  const { room, clock, facts } = call
  const closings: string[] = []
  room.on(({ type }) => {
    if (type !== 'utterance.started') return
    for (let n = 0; n < 3; n++) void room.close(`${n}`).then(() => closings.push(`${n}`))
  })
  const { played } = room.say({ audio: sound(500) })
  void played.then(() => room.close('late').then(() => closings.push('late')))
  await clock.advance(100)
  assert.equal(closings.sort(), ['0', '1', '2', 'late'])
  assert.is(await room.closed, '0')
  assert.is(closed(facts)?.type, 'closed')
  await room.close()
  await checkOver(call)
})

// Waits

it('settles every wait when it closes (ROOM-12)', async () => {
  const call = await startCall({ options: { audioOutput: { maxPendingMs: 1_000 } } })
  const { room, clock } = call
  const returned: string[] = []
  const held: string[] = []
  const played = [
    room.say({ audio: stalled(sound(300), returned), text: stalled(timed(2), returned) }).played,
    room.say({ audio: sound(5_000, { ended: held }) }).played, // waits for its turn, and for room
    room.say({ audio: stalled(pieces<AudioFrame>(), returned) }).played,
  ]
  const iterator = room.audio[Symbol.asyncIterator]()
  const reading = outcomeOf(clock, iterator.next())
  await clock.advance(500)
  assert.equal(returned, [])
  void room.close()
  await clock.settle()
  assert.equal((await reading).value, { done: true, value: undefined })
  assert.equal(
    (await Promise.all(played)).map(({ outcome }) => outcome),
    ['abandoned', 'abandoned', 'abandoned'],
  )
  assert.equal(returned, ['let go', 'let go', 'let go'])
  assert.equal(held, ['let go'])
  assert.equal(await room.audio[Symbol.asyncIterator]().next(), { done: true, value: undefined })
  await checkOver(call)
})

it('refuses to speak once it closes, and hears no other command', async () => {
  const call = await startCall()
  const { room, clock, facts } = call
  void room.close()
  for (const during of [true, false]) {
    assert.throws(() => room.say({ audio: sound(100) }), /not open/, `${during}`)
    room.show('too late')
    room.pause()
    room.resume()
    room.interrupt()
    room.setParticipant('ann')
    room.setAttached(false)
    await clock.settle()
  }
  assert.is(facts.at(-1)?.type, 'closed')
  await checkOver(call)
})

it('refuses to speak before it is joined', async () => {
  const call = newCall()
  const room = call.open()
  assert.throws(() => room.say({ audio: sound(100) }), /not open/)
  const opened = outcomeOf(call.clock, room.opened)
  void room.close()
  const { error } = await opened
  assert.is(error instanceof Error && 'code' in error && error.code, 'ERR_CLOSED')
  await checkOver(call)
})

const situations: Record<string, [CallOptions, (call: Call) => unknown]> = {
  'with nobody there': [{ caller: false }, () => {}],
  'with nobody who subscribes': [
    { caller: { subscribes: false } },
    ({ room }) => room.say({ audio: sound(1_000), text: timed(5) }),
  ],
  'while it is silent': [{}, () => {}],
  'while it speaks': [{}, ({ room }) => room.say({ audio: sound(3_000), text: timed(15) })],
  'while it is paused': [
    {},
    async ({ room, clock }) => {
      room.say({ audio: sound(3_000), text: timed(15) })
      await clock.advance(300)
      room.pause()
      room.say({ audio: sound(3_000), text: timed(15) })
    },
  ],
  'while text is late': [{}, ({ room }) => room.say({ audio: sound(900), text: stalled(timed(3)) })],
  'while it is away': [
    {},
    async ({ room, clock, hub }) => {
      room.say({ audio: sound(3_000), text: timed(15) })
      await clock.advance(500)
      hub.reconnect('full', 60_000)
    },
  ],
  'while the device hangs': [
    {},
    ({ room, hub }) => {
      room.say({ audio: sound(3_000), text: timed(15) })
      hub.stallSinks()
    },
  ],
  'after it was thrown out': [{}, ({ hub }) => hub.disconnect('agent')],
  'while a caller speaks who is not read': [{}, ({ caller }) => void caller.publish({ preconnect: true }).speak(samples(30_000))],
}
const stalls = ['setAttributes', 'publish', 'openText', 'write', 'closeText', 'unpublish', 'leave'] as const
for (const [situation, [options, act]] of Object.entries(situations))
  it(`closes within its budget ${situation}, whatever stalls (ROOM-10, ROOM-11, ROOM-13, law 16)`, async () => {
    for (const stall of [undefined, ...stalls]) {
      const call = newCall({ ...options, options: { closeBudgetMs: 2_000 } })
      if (stall) for (let n = 0; n < 50; n++) call.hub.stall(stall, 'agent')
      const room = call.open()
      await call.clock.advance(10)
      await act({ ...call, room })
      await call.clock.advance(1_000)
      const at = call.clock.now()
      await call.clock.runUntil(room.close(), 2_001)
      assert.ok(call.clock.now() - at <= 2_000, `${stall}: took ${call.clock.now() - at} ms`)
      if (stall === 'leave') continue // the world still holds what it does not let go
      await checkOver(call).catch(error => {
        throw new Error(`${stall}: ${error.message}`, { cause: error })
      })
    }
  })

it('closes before it is joined at any moment, within its budget (ROOM-10, ROOM-11)', async () => {
  for (const stall of [true, false])
    for (const after of [0, 1, 10_000]) {
      const call = newCall()
      if (stall) call.hub.stall('join')
      const room = call.open()
      if (after) await call.clock.advance(after)
      const at = call.clock.now()
      await call.clock.runUntil(room.close('enough'))
      assert.ok(call.clock.now() - at <= 5_000)
      assert.is(await room.closed, 'enough')
      await checkOver(call)
    }
})

// Utterances as they are told

it('tells start and end of each utterance in order, also without a gap between them (law 4, OUT-6)', async () => {
  const call = await startCall()
  const { room, clock, facts } = call
  for (const id of ['a', 'b', 'c']) room.say({ id, audio: sound(330), text: stalled(pieces(id)) })
  await clock.advance(3_000)
  const order = facts.flatMap(fact => {
    if (fact.type === 'utterance.started') return [`${fact.id} started`]
    return fact.type === 'utterance.ended' ? [`${fact.played.id} ${fact.played.outcome}`] : []
  })
  assert.equal(order, ['a started', 'a finished', 'b started', 'b finished', 'c started', 'c finished'])
  const runs = facts.flatMap(fact => (fact.type === 'utterance.progressed' ? [fact] : []))
  assert.is(
    runs.reduce((sum, { duration }) => sum + duration, 0),
    3 * 330 * perMs,
  )
})

it('tells cause before effect: an utterance before the state that it brings about', async () => {
  const { room, clock, types } = await startCall()
  const from = types().length
  room.say({ audio: sound(300), text: timed(1) })
  await clock.advance(500)
  assert.equal(
    types()
      .slice(from)
      .filter(type => /utterance|agent/.test(type)),
    ['utterance.started', 'agent.changed', 'utterance.progressed', 'agent.changed', 'utterance.ended'],
  )
})

it('tells a pause and its end once each', async () => {
  const { room, clock, types } = await startCall()
  const from = types().length
  room.resume()
  room.pause()
  room.pause()
  room.resume()
  room.resume()
  await clock.settle()
  assert.equal(types().slice(from), ['paused', 'resumed'])
})

it('says where it is, and who is listened to', async () => {
  const { room, clock, caller } = await startCall()
  assert.equal([room.name, room.identity, room.linkedParticipant], ['loopback', 'agent', 'ann'])
  caller.leave('connection_lost')
  await clock.advance(1)
  assert.is(room.linkedParticipant, undefined)
})

it('waits for all that was said so far, and gives everybody who waits the end of the last (OUT-27)', async () => {
  const { clock, room } = await startCall()
  assert.is(await room.waitForPlayout(), undefined)
  room.say({ id: 'one', audio: sound(100) })
  room.say({ id: 'two', audio: sound(200) })
  const waits = [room.waitForPlayout(), room.waitForPlayout(), room.waitForPlayout('one')]
  room.say({ id: 'three', audio: stalled(sound(100)) }) // said after: nobody waits for it
  const ends = await clock.runUntil(Promise.all(waits))
  assert.equal(
    ends.map(end => [end?.id, end?.outcome, end?.heard]),
    [
      ['two', 'finished', 200 * perMs],
      ['two', 'finished', 200 * perMs],
      ['one', 'finished', 100 * perMs],
    ],
  )
  const last = room.waitForPlayout()
  room.interrupt('two') // over, so without effect
  room.interrupt('nobody')
  assert.equal(await outcomeOf(clock, last), {})
  room.interrupt('three')
  assert.is((await outcomeOf(clock, last)).value?.outcome, 'interrupted')
  assert.is((await room.waitForPlayout('one'))?.outcome, 'finished')
  const unknown = await outcomeOf(clock, room.waitForPlayout('four'))
  assert.is(codeOf(unknown.error), 'ERR_UNKNOWN_SEGMENT')
  await clock.runUntil(room.close())
})

it('ends the waits when the room closes (ROOM-12)', async () => {
  const { clock, room } = await startCall({ caller: false })
  room.say({ id: 'one', audio: stalled(sound(100)) })
  const waits = [room.waitForPlayout(), room.ready(), room.subscribed]
  const outcomes = waits.map(wait => outcomeOf(clock, wait as Promise<unknown>))
  await clock.runUntil(room.close())
  const [played, ready, subscribed] = await Promise.all(outcomes)
  assert.match(JSON.stringify(played?.value), /"outcome":"abandoned"/)
  for (const wait of [ready, subscribed]) assert.is(codeOf(wait?.error), 'ERR_CLOSED')
})

it('is ready when somebody is linked who can receive, and hears us (ROOM-6, LINK-4)', async () => {
  const { clock, room, hub } = await startCall({ caller: false })
  const ready = outcomeOf(clock, room.ready())
  assert.equal(await ready, {})
  hub.participant({ identity: 'bob' }).join()
  await clock.advance(100)
  await clock.runUntil(room.ready())
  await room.subscribed
  await clock.runUntil(room.close())
})

it('hears, says and shows through async iterables, and gives each back when it stops (PORT-2)', async () => {
  const { clock, room, caller } = await startCall()
  const captions = caller.collect('lk.transcription')
  await clock.runUntil(room.ready())
  void caller.publish().speak(samples(500))
  const hear = async () => {
    for await (const frame of room.audio) return frame.samplesPerChannel // and so lets the stream go
  }
  assert.equal([await clock.runUntil(hear()), await clock.runUntil(hear())], [50 * perMs, 50 * perMs])
  const ended: string[] = []
  const utterance = room.say({ id: 'mine', audio: stalled(sound(200), ended), text: stalled(timed(2), ended) })
  await clock.advance(300)
  assert.equal([utterance.id, utterance.heard, utterance.spoken], ['mine', 200 * perMs, 'word0'])
  const end = utterance.interrupt()
  assert.equal(await clock.runUntil(utterance.played), end)
  assert.equal(ended, ['let go', 'let go'])
  room.show('Unheard.')
  await clock.advance(50)
  assert.ok(captions.some(({ text }) => text === 'Unheard.'))
  await clock.runUntil(room.close())
})

it.run()
