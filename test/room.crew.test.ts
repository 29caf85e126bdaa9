/** A room's crew: what a failure of each means, what newcomers must know, and how they part. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createActor } from 'xstate'
import { type Concern, failureTable } from '../machines/supervision.ts'
import { virtualClock } from '../src/virtual.ts'
import { ann, from, input, joined, lasting, rig, segment, start, track } from './fakes/rig.ts'

const it = suite('room.crew')

it('has the failure table of the specification (ROOM-17)', () => {
  assert.equal(failureTable, {
    link: { restarts: 0, otherwise: 'close' },
    microphone: { restarts: 3, otherwise: 'close' },
    camera: { restarts: 3, otherwise: 'without' },
    chat: { restarts: 3, otherwise: 'without' },
    output: { restarts: 0, otherwise: 'close' },
    playout: { restarts: 0, otherwise: 'without' },
    sync: { restarts: 0, otherwise: 'without' },
    transcript: { restarts: 0, otherwise: 'without' },
    presence: { restarts: 3, otherwise: 'without' },
    interruption: { restarts: 0, otherwise: 'without' },
    agent: { restarts: 1, otherwise: 'close' },
    guest: { restarts: 0, otherwise: 'without' },
  })
})

const members: [Concern, id: string][] = [
  ...lasting.map((name): [Concern, string] => [name as Concern, name]), // they are concerns
  ['playout', 'playout:a'],
  ['sync', 'sync:a'],
  ['transcript', 'transcript:t'],
]
for (const [concern, id] of members) {
  for (const what of ['throws', 'rejects'] as const) {
    it(`does with a ${concern} that ${what} what the table says, and tells it first (ROOM-17)`, async () => {
      const { clock, send, crew, fate, failures, told, running, value, actor, errors } = await start()
      send({ type: 'say', id: 'a', text: true }, { type: 'caption', segment })
      const of = (name: string) => [...running].filter(path => path.startsWith(`${name}/`)).length
      const { restarts, otherwise } = failureTable[concern]
      for (let n = 1; n <= restarts; n++) {
        assert.is(of(concern), 4)
        fate(concern, what)
        await clock.settle()
        assert.equal(failures.at(-1), { actor: id, error: `${concern} ${what}`, restarted: true, at: clock.now() })
        assert.is(of(concern), 0, 'something of it runs on')
        await clock.advance(100 * 2 ** (n - 1) - 1)
        assert.not.ok(crew().includes(id), 'started again too early')
        await clock.advance(1)
        assert.ok(crew().includes(id))
      }
      fate(concern, what)
      await clock.settle()
      assert.equal(failures.at(-1), { actor: id, error: `${concern} ${what}`, restarted: false, at: clock.now() })
      assert.is(failures.length, restarts + 1)
      assert.is(of(concern), 0, 'something of it runs on')
      send({ type: 'finish', id: 't' }) // captions end with their utterance
      if (concern !== 'sync') fate('sync', 'ends') // so do its words
      await clock.settle()
      const { context } = actor.getSnapshot()
      assert.equal([value(), context.reason], otherwise === 'close' ? ['leaving', 'failed'] : ['running', undefined])
      assert.is(context.error instanceof Error && context.error.message, otherwise === 'close' && `${concern} ${what}`)
      if (otherwise === 'without')
        assert.equal(
          crew(),
          [...lasting, 'playout:a'].filter(name => name !== id),
        )
      assert.is(told.filter(one => one === 'ended a without account').length, concern === 'playout' ? 1 : 0)
      assert.equal(errors, [])
    })
  }
}

it('holds the voice no more if what held it has failed (OUT-25a, law 4)', async () => {
  const { clock, send, crew, fate, heard, actor } = await start({
    extras: { falseInterruption: { timeoutMs: 100, rewind: 'none' } },
  })
  assert.ok(crew().includes('interruption'))
  send({ type: 'say', id: 'a' }, { type: 'voice.held' }, { type: 'say', id: 'b' })
  assert.equal(
    heard.filter(line => line.endsWith('pause')).length,
    2, // and the one that comes meanwhile
  )
  fate('interruption', 'throws')
  await clock.settle()
  assert.not.ok(crew().includes('interruption'))
  assert.equal([actor.getSnapshot().context.held, heard.filter(line => line.endsWith('resume')).length], [false, 2])
})

it('forgets a failure after a minute', async () => {
  const { clock, fate, failures, value } = await start()
  for (let n = 0; n < 5; n++) {
    fate('agent', 'throws')
    await clock.advance(60_000)
  }
  assert.equal(
    failures.map(({ restarted }) => restarted),
    Array(5).fill(true),
  )
  fate('agent', 'throws')
  await clock.advance(59_999)
  fate('agent', 'throws')
  assert.is(value(), 'leaving')
})

it('counts the failures of one concern only', async () => {
  const { clock, fate, value, crew } = await start()
  for (const name of ['agent', 'microphone', 'microphone', 'presence', 'microphone', 'presence', 'presence']) {
    fate(name, 'rejects')
    await clock.advance(500)
  }
  assert.is(value(), 'running')
  assert.equal(crew().sort(), [...lasting].sort())
})

it('ends the open utterances of a mind that failed as abandoned', async () => {
  const { send, fate, heard } = await start()
  send({ type: 'say', id: 'a' }, { type: 'say', id: 'b' })
  heard.length = 0
  fate('agent', 'throws')
  assert.equal(heard, ['playout abandon', 'playout abandon'])
})

it('tells newcomers what they must know', async () => {
  const { clock, send, fate, heard } = await start()
  assert.equal(heard, ['link room.joined', 'chat room.joined', 'presence present', 'presence room.joined', 'agent room.joined'])
  heard.length = 0
  send({ type: 'detach' }, { type: 'participant.linked', participant: ann }, { type: 'pause' }, { type: 'room.reconnecting' })
  send({ type: 'say', id: 'a' })
  assert.equal(heard, [
    'microphone detach',
    'camera detach',
    'microphone detach', // a briefing is the whole of it
    'microphone listen',
    'camera detach',
    'camera listen',
    'output publish',
    'link room.reconnecting',
    'microphone room.reconnecting',
    'camera room.reconnecting',
    'chat room.reconnecting',
    'presence room.reconnecting',
    'playout pause',
  ])
  heard.length = 0
  for (const name of ['microphone', 'presence', 'agent']) fate(name, 'throws')
  await clock.advance(100)
  assert.equal(heard, ['playout abandon', 'microphone detach', 'microphone listen', 'presence present', 'agent room.joined'])
  heard.length = 0
  send({ type: 'room.reconnected', participants: [ann] }, { type: 'participant.unlinked', identity: 'ann' })
  assert.equal(heard.filter(one => one.startsWith('microphone')).sort(), [
    'microphone detach',
    'microphone listen',
    'microphone room.reconnected',
    'microphone unlisten',
  ])
})

it('lets a microphone that comes again know the tracks as they are now', async () => {
  const clock = virtualClock()
  const { machine, join, fate } = rig(clock)
  const listens: unknown[] = []
  const actor = createActor(machine, {
    clock,
    id: 'room',
    input: { ...input, off: ['camera'] },
    inspect: ({ type, ...rest }) => {
      if (type === '@xstate.event' && 'event' in rest && rest.event.type === 'listen') listens.push(rest.event)
    },
  })
  actor.start().send({ type: 'open' })
  join.resolve(joined)
  await clock.settle()
  actor.send({ type: 'participant.linked', participant: ann })
  actor.send({ type: 'track.subscribed', ...from, track })
  fate('microphone', 'throws')
  await clock.advance(100)
  assert.equal(listens, [
    { type: 'listen', participant: ann },
    { type: 'listen', participant: { ...ann, tracks: [track] } },
  ])
})

it('says farewell in the order of ROOM-9, and stops the agent', async () => {
  const { send, heard, running, told, leave, clock, value } = await start()
  send({ type: 'say', id: 'a' }, { type: 'say', id: 'b' })
  heard.length = 0
  send({ type: 'close', reason: 'bye' })
  assert.equal(heard, [
    'chat close',
    'link close',
    'microphone close',
    'camera close',
    'playout abandon',
    'playout abandon',
    'presence close',
    'output close',
  ])
  assert.equal([...running], [])
  assert.equal(told, ['open', 'closing', 'ended a', 'ended b'])
  leave.resolve()
  await clock.settle()
  assert.is(told.at(-1), 'closed: bye')
  assert.is(value(), 'closed')
  assert.is(clock.timers, 0)
})

it('leaves behind who does not go within half of the budget, and a room that does not let go within the other (ROOM-10)', async () => {
  const { send, clock, told, running } = await start({ stubborn: ['output', 'transcript'] })
  send({ type: 'caption', segment }, { type: 'close' })
  await clock.advance(2_499)
  assert.equal(told, ['open', 'closing'])
  await clock.advance(1)
  assert.equal(told, ['open', 'closing', 'overrun: output transcript:t'])
  assert.equal([...running], [])
  await clock.advance(2_500)
  assert.equal(told.slice(3), ['overrun: leave', 'closed: closed'])
  assert.is(clock.timers, 0)
})

it('closes whatever goes wrong meanwhile', async () => {
  const { send, clock, told, fate, leave, errors } = await start({ stubborn: [...lasting, 'playout'] })
  send({ type: 'say', id: 'a' }, { type: 'close' })
  for (const name of ['link', 'microphone', 'camera', 'chat', 'output', 'presence', 'playout'])
    fate(name, name === 'link' ? 'throws' : 'rejects')
  await clock.settle()
  leave.reject(new Error('no answer'))
  await clock.settle()
  const failed = ['link', 'microphone', 'camera', 'chat', 'output', 'presence', 'playout:a'].map(name => `failed ${name}`)
  assert.equal(
    told.filter(one => one.startsWith('failed')),
    failed,
  )
  assert.equal(told.slice(-2), ['overrun: leave', 'closed: closed'])
  assert.is(clock.now(), 0)
  assert.equal(errors, [])
})

it.run()
