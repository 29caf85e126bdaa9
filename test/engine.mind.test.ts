/** A mind in a room: when it starts, fails and is done, and what it may ask for. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { sleep } from '../src/clock.ts'
import type { Conversation, Mind } from '../src/mind.ts'
import type { Played } from '../src/ports.ts'
import { newCall, perMs, pieces, samples, sound, startCall, timed } from './fakes/call.ts'
import { checkOver, closed } from './fakes/over.ts'

const it = suite('engine.mind')

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

it.run()
