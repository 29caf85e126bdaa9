/** A whole room on the loopback: what it tells, to whom, in which order, and what its owner can ask. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { codeOf } from '../src/errors.ts'
import type { RoomFact } from '../src/facts.ts'
import { openRoom } from '../src/room.ts'
import { newCall, outcomeOf, perMs, pieces, samples, sound, stalled, startCall, timed, torn } from './fakes/call.ts'
import { checkOver, closed } from './fakes/over.ts'

const it = suite('engine')

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
