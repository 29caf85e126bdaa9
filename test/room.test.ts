/** The room's machine: its table, all that can happen to it, and who is told, stopped and started again. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createActor, createMachine, fromPromise, type InspectionEvent } from 'xstate'
import type { Crew } from '../machines/affairs.ts'
import { agentMachine } from '../machines/agent.ts'
import { cameraMachine } from '../machines/inbound/camera.ts'
import { chatMachine } from '../machines/inbound/chat.ts'
import { linkMachine } from '../machines/inbound/link.ts'
import { microphoneMachine } from '../machines/inbound/microphone.ts'
import { interruptionMachine } from '../machines/outbound/interruption.ts'
import { outputMachine } from '../machines/outbound/output.ts'
import { playoutMachine } from '../machines/outbound/playout.ts'
import { presenceMachine } from '../machines/outbound/presence.ts'
import { syncMachine } from '../machines/outbound/sync.ts'
import { transcriptMachine } from '../machines/outbound/transcript.ts'
import { type RoomEvent, type RoomInput, roomMachine } from '../machines/room.ts'
import { type Concern, failureTable, isGuest, type Policy } from '../machines/supervision.ts'
import type { Ending, Joined, Participant } from '../src/ports.ts'
import { stopSubtree } from '../src/supervise.ts'
import { type VirtualClock, virtualClock } from '../src/virtual.ts'
import { type Fate, inPlaceOf, newBook } from './fakes/crew.ts'
import { done, explore, failed, type InnerEvent, ignored, pending, table, walk } from './model.ts'

const it = suite('room')

const lasting = ['link', 'microphone', 'camera', 'chat', 'output', 'presence', 'agent']
const input: RoomInput = { link: {}, microphone: {}, synced: true, sampleRate: 24_000, closeBudgetMs: 5_000 }
const ann: Participant = { identity: 'ann', sid: 'PA_1', kind: 'standard', attributes: {}, active: true, tracks: [] }
const joined: Joined = { name: 'lounge', identity: 'agent', participants: [ann] }
const from = { identity: 'ann', participantSid: 'PA_1' }
const track = { sid: 'TR_1', key: 'TR_1#1', source: 'microphone', muted: false, subscribed: true, preconnect: false } as const
const segment = { id: 't', side: 'agent', identity: 'agent' } as const

it('has exactly these transitions', () => {
  assert.equal(table(roomMachine), {
    '': '→idle',
    idle: 'open→starting close→closed',
    starting:
      'pause[!isStill]→· pause[!isPaused]→· resume[isStill]→· link→· unlink→· attach→· detach→· agent.changed→· error:*→closing close→closing done:join→running error:join→closing after:joinTimeout→closing',
    running:
      'say→· pause[!isStill]→· pause[!isPaused]→· resume[isStill]→· link→· unlink→· attach→· detach→· agent.changed→· speech.started[isSpeaking]→· speech.ended→· voice.held[isStill]→· voice.held→· voice.released[isPaused]→· voice.released[isStill]→· interrupt→· spawn→· caption→· finish→· attend→· utterance.started→· sink.failed→· participant.linked→· participant.unlinked→· participant.closed[hasSession]→· participant.closed→closing room.reconnecting→· room.reconnected→· room.disconnected→closing participant.*→· track.*→· speaker.*→· mind.ended→closing done:*→· error:*[canRestart]→· error:*[canSpare]→· error:*→closing restart→· forget→· close→closing',
    closing: 'finish→· room.*→· done:*→· error:*→· after:settleTimeout→leaving always[isAlone]→leaving',
    leaving: 'done:leave→left error:leave→left after:leaveTimeout→left',
    left: 'always[canDelete]→deleting always→closed',
    deleting: 'done:deleteRoom→closed error:deleteRoom→closed after:deleteRoomTimeout→closed',
    closed: 'final',
  })
  const commands = 'say speech.started speech.ended voice.held voice.released interrupt spawn caption finish attend'
  const always = 'pause resume link unlink attach detach agent.changed'
  const facts =
    'utterance.started sink.failed participant.linked participant.unlinked participant.closed room.reconnecting room.reconnected room.disconnected mind.ended restart forget'
  assert.equal(ignored(roomMachine), {
    // Nobody has the room yet, no child is there, nothing is told.
    idle: `${always} ${commands} ${facts}`,
    // Nobody has the room yet; what the world tells meanwhile waits in src/engine.ts until the room is joined.
    starting: `open ${commands} ${facts}`,
    running: 'open', // it is
    // It closes already, and nothing begins any more; each child that is left is told farewell, and how the room fares.
    closing: `open close ${always} ${commands.replace(' finish', '')} ${facts.replace(/room\.\w+ /g, '')}`,
    leaving: `open close ${always} ${commands} ${facts}`,
    left: `open close ${always} ${commands} ${facts}`,
    deleting: `open close ${always} ${commands} ${facts}`,
  })
})

const over = (id: string, output: unknown = {}): InnerEvent & { actorId: string } => ({ ...done(id, output), actorId: id })
const broken = (id: string): InnerEvent & { actorId: string } => ({ ...failed(id), actorId: id })
type AnyEvent = RoomEvent | InnerEvent
const isHere = (crew: Crew, id: string) => id in crew || ['join', 'leave', 'deleteRoom'].includes(id)

it('tells each end and each failure once, before anything else, and always comes to its end (law 4, ROOM-11, ROOM-17)', () => {
  const events: AnyEvent[] = [
    { type: 'open' },
    ...[over('join', joined), broken('join')],
    { type: 'say', id: 'a' },
    ...[over('playout:a'), broken('playout:a')],
    ...[broken('agent'), broken('presence'), broken('output')],
    ...[{ type: 'restart', concern: 'agent' } as const, { type: 'restart', concern: 'presence' } as const],
    { type: 'close', reason: 'bye' },
    ...lasting.map(name => over(name)),
    ...[over('leave'), broken('leave')],
  ]
  const seen = explore(roomMachine, {
    input,
    depth: 6,
    events,
    // What is in the table as ignored is left out. Nobody restarts what is there; an id is used once; only who is here can end.
    can: ({ value, context: { crew } }, event) => {
      if (value === 'idle') return event.type === 'open' || event.type === 'close'
      if ('actorId' in event)
        return (
          isHere(crew, event.actorId) &&
          !(value === 'starting' && event.type.includes('.done.actor.') && event.actorId !== 'join')
        )
      if (event.type === 'restart') return value === 'running' && crew[event.concern] === undefined
      if (event.type === 'say') return value === 'running' && crew['playout:a'] === undefined
      return event.type === 'close' ? value !== 'closing' && value !== 'leaving' : event.type !== 'open'
    },
    invariant: ({ event, before, snapshot: { value, context, status }, effects, past }) => {
      assert.is.not(status, 'error')
      const all = [...past.flatMap(step => step.effects), ...effects]
      const count = (effect: string) => all.filter(one => one === effect).length
      if (value === 'idle') assert.equal([Object.keys(context.crew), effects], [[], []], 'does something before it is opened')
      assert.is(count('tellClosed'), value === 'closed' ? 1 : 0)
      assert.ok(count('tellOpen') <= 1)
      assert.is(count('tellClosing'), ['closing', 'leaving'].includes(`${value}`) || count('start leave') ? 1 : 0)
      const actor = 'actorId' in event && event.actorId in (before?.context.crew ?? {}) ? event.actorId : undefined
      if (actor) assert.not.ok(actor in context.crew, 'keeps who is gone')
      assert.is(effects.includes('tellEnded'), actor?.startsWith('playout:') ?? false)
      if (actor && event.type.startsWith('xstate.error')) {
        assert.is(effects.filter(one => !/^(cancel|stop) /.test(one))[0], 'tellFailed')
        assert.ok(effects.includes('stopOrphans'))
      }
      if (value === 'closing') assert.ok(context.reason, 'closes without a reason')
      if (value !== 'running') assert.not.ok(effects.includes('delay restart'))
      if (value === 'leaving' || value === 'closed') assert.equal(Object.keys(context.crew), [])
    },
  })
  assert.ok(seen.sequences > 5_000, `${seen.sequences}`)
})

it('starts a guest again as often as its own policy says, and forgets who is gone (law 4, ROOM-17)', () => {
  const policies: Policy[] = [0, 1].flatMap(restarts => [
    { restarts, otherwise: 'close' },
    { restarts, otherwise: 'without' },
  ])
  for (const policy of policies) {
    const seen = explore(roomMachine, {
      input,
      depth: 8,
      events: [
        { type: 'open' },
        over('join', joined),
        { type: 'spawn', id: 'a', ...policy },
        { type: 'spawn', id: 'b', restarts: 0, otherwise: 'without' },
        ...[over('guest:a'), broken('guest:a'), broken('guest:b')],
        ...[{ type: 'restart', concern: 'guest:a' } as const, { type: 'forget', concern: 'guest:a' } as const],
        { type: 'close' },
      ],
      can: ({ value, context: { crew, guests, failures } }, event) => {
        if (event.type.startsWith('xstate.after')) return false
        if (event.type === 'open' || event.type === 'close') return (event.type === 'open') === (value === 'idle')
        if (event.type === 'spawn') return value === 'running' && !(`guest:${event.id}` in guests)
        if (event.type === 'restart') return event.concern in guests && !(event.concern in crew)
        if (event.type === 'forget') return value === 'running' && (failures['guest:a'] ?? 0) > 0
        return !('actorId' in event) || isHere(crew, event.actorId)
      },
      invariant: ({ event, before, snapshot: { value, context, status }, effects, past }) => {
        assert.is.not(status, 'error')
        const all = [...past.map(step => step.event), event]
        const { crew, guests, failures } = context
        if (value !== 'running') return assert.equal([Object.keys(crew).filter(isGuest), guests], [[], {}], 'outlives the room')
        for (const name of Object.keys(crew).filter(isGuest)) assert.ok(name in guests, 'has no policy')
        const count = all.filter(({ type }) => type.endsWith('error.actor.guest:a')).length
        const forgotten = all.filter(({ type }) => type === 'forget').length
        const restarts = Math.min(count, (failures['guest:a'] ?? 0) + forgotten)
        if (!event.type.includes('guest:')) return
        const failed = event.type.startsWith('xstate.error')
        const again = failed && event.type.endsWith(':a') && (before?.context.failures['guest:a'] ?? 0) < policy.restarts
        assert.ok(restarts <= policy.restarts + forgotten)
        assert.is(effects.includes('tellFailed'), failed)
        assert.is(effects.includes('delay restart'), again)
        assert.is(event.type.slice(event.type.indexOf('guest:')) in guests, again)
      },
    })
    assert.ok(seen.sequences > 300, `${seen.sequences}`)
  }
})

/** The machine with fake children, and the world's part in the hands of the test. */
const rig = (clock: VirtualClock, stubborn: readonly string[] = []) => {
  const book = newBook(stubborn)
  const told: string[] = []
  const failures: { actor: string; error: string; restarted: boolean; at: number }[] = []
  const join = pending<Joined>()
  const leave = pending<void>()
  const deleteRoom = pending<void>()
  const machine = roomMachine.provide({
    actors: {
      join: fromPromise(() => join.promise),
      leave: fromPromise(() => leave.promise),
      deleteRoom: fromPromise(({ input: { name } }) => {
        told.push(`deletes ${name}`)
        return deleteRoom.promise
      }),
      link: inPlaceOf(linkMachine, book),
      microphone: inPlaceOf(microphoneMachine, book),
      camera: inPlaceOf(cameraMachine, book),
      chat: inPlaceOf(chatMachine, book),
      output: inPlaceOf(outputMachine, book),
      presence: inPlaceOf(presenceMachine, book),
      interruption: inPlaceOf(interruptionMachine, book),
      agent: inPlaceOf(agentMachine, book),
      guest: inPlaceOf(createMachine({ id: 'guest' }), book),
      playout: inPlaceOf(playoutMachine, book),
      sync: inPlaceOf(syncMachine, book),
      transcript: inPlaceOf(transcriptMachine, book),
    },
    actions: {
      tellFact: () => {},
      workGates: () => {},
      tellOpen: () => void told.push('open'),
      tellClosing: () => void told.push('closing'),
      tellClosed: ({ context: { reason } }) => void told.push(`closed: ${reason}`),
      tellEnded: (_, { id, output }) => void told.push(`ended ${id}${output === undefined ? ' without account' : ''}`),
      tellOverrun: (_, { step }) => void told.push(`overrun: ${step}`),
      tellFailed: (_, { actor, error, restarted }) => {
        told.push(`failed ${actor}`)
        failures.push({ actor, error: error instanceof Error ? error.message : `${error}`, restarted, at: clock.now() })
      },
      stopOrphans: (_, child) => stopSubtree(child),
    },
  })
  const fate = (name: string, what: Fate) => book.fates.get(name)?.(what)
  return { machine, ...book, told, failures, join, leave, deleteRoom, fate }
}

const here = ['playout:a', 'agent']
const news: AnyEvent[] = [
  { type: 'open' },
  ...[over('join', joined), broken('join'), over('leave'), broken('leave'), over('deleteRoom'), broken('deleteRoom')],
  ...here.flatMap(id => [over(id), broken(id)]),
  broken('link'),
  { type: 'close' },
  { type: 'say', id: 'a' },
  ...(['pause', 'resume', 'interrupt', 'unlink', 'attach', 'detach'] as const).map(type => ({ type })),
  ...(['speech.started', 'speech.ended', 'voice.held'] as const).map(type => ({ type })),
  { type: 'voice.released', rewind: true },
  { type: 'link', identity: 'ann' },
  { type: 'caption', segment },
  { type: 'finish', id: 't' },
  { type: 'spawn', id: 'g', restarts: 1, otherwise: 'without' },
  { type: 'attend', state: 'idle' },
  { type: 'agent.changed', state: 'idle' },
  { type: 'mind.ended' },
  { type: 'utterance.started', id: 'a' },
  { type: 'sink.failed', error: 'broken' },
  { type: 'participant.linked', participant: ann },
  { type: 'participant.unlinked', identity: 'ann' },
  { type: 'participant.closed', identity: 'ann', reason: 'client_initiated' },
  { type: 'participant.active', ...from },
  { type: 'track.subscribed', ...from, track },
  { type: 'speaker.subscribed', sid: 'TR_9' },
  { type: 'room.reconnecting' },
  { type: 'room.reconnected', participants: [ann] },
  { type: 'room.disconnected', reason: 'server_shutdown' },
]

it('does so with live children, on every transition', async () => {
  const walked = await walk(roomMachine, {
    input: { ...input, deletes: true },
    events: news,
    can: ({ value, context: { crew, paused, held } }, event) => {
      if (held && value === 'running') return /^(voice|pause|resume|close)/.test(event.type)
      if (event.type === 'voice.held') return value === 'running' && !('transcript:t' in crew)
      if (value === 'idle') return event.type === 'open' || event.type === 'close'
      if (value === 'starting')
        return (
          ['close', 'pause', 'resume', 'link', 'unlink', 'attach', 'detach'].includes(event.type) ||
          event.type.startsWith('xstate.after') ||
          event.type.endsWith('.join') ||
          event.type === 'xstate.error.actor.link'
        )
      if (event.type.startsWith('xstate.')) return !('actorId' in event) || isHere(crew, event.actorId)
      if (event.type === 'say') return !('playout:a' in crew)
      if (event.type === 'spawn') return !('guest:g' in crew) && Object.keys(crew).length === lasting.length && !paused
      if (event.type === 'caption') return !('transcript:t' in crew) && !paused
      return (value === 'running' && event.type !== 'open') || (value === 'closing' && event.type.startsWith('room.'))
    },
    // Where it is, who of these is here, and what else decides what it does.
    key: ({ value, context: { crew, paused, held, failures } }) =>
      JSON.stringify([
        value,
        [...here, 'transcript:t'].filter(name => name in crew),
        paused,
        held && value === 'running',
        failures,
      ]),
    except: {
      'running speech.started[isSpeaking]→·':
        'the fake agent does not speak; test/outbound/interruption.test.ts has one that does',
      'starting pause[!isPaused]→·': 'nothing is held that early',
      'starting agent.changed→·': 'the fake agent says nothing of itself',
      'running participant.closed[hasSession]→·': 'with a session; further down',
      'running restart→·': 'comes from us, after the back-off',
      'running forget→·': 'comes from us, after a minute',
      'closing always[isAlone]→leaving': 'the children of this walk stay until the time is over',
      'closing finish→·': 'comes when the captions of an utterance end in src/utterances.ts',
    },
    live: clock => {
      const { machine, running, told, join, leave, deleteRoom, fate } = rig(clock, [
        'link',
        'microphone',
        'camera',
        'chat',
        'output',
        'presence',
        'playout',
        'transcript',
      ])
      const acts = [...here, 'link'].map(id => [id, id.split(':')[0] ?? ''] as const)
      return {
        machine,
        act: {
          'done:join': () => join.resolve(joined),
          'error:join': () => join.reject(new Error('no such room')),
          'done:leave': () => leave.resolve(),
          'error:leave': () => leave.reject(new Error('no answer')),
          'done:deleteRoom': () => deleteRoom.resolve(),
          'error:deleteRoom': () => deleteRoom.reject(new Error('no such room')),
          ...Object.fromEntries(acts.map(([id, name]) => [`done:${id}`, () => fate(name, 'ends')])),
          ...Object.fromEntries(acts.map(([id, name]) => [`error:${id}`, () => fate(name, 'throws')])),
        },
        check: ({ snapshot: { context, status }, events }) => {
          for (const name of ['playout', 'agent', 'link']) {
            const lives = name === 'playout' ? 'playout:a' in context.crew : name in context.crew
            assert.is([...running].filter(path => path.startsWith(`${name}/`)).length, lives ? 4 : 0, `${name} runs on`)
          }
          assert.is(
            told.filter(one => one.startsWith('ended')).length,
            events.filter(({ type }) => type.includes('playout:a')).length,
          )
          assert.is(told.filter(one => one.startsWith('closed')).length, status === 'done' ? 1 : 0)
        },
        end: () => assert.equal([...running], [], 'leaves somebody running'),
      }
    },
  })
  assert.ok(walked.paths > 100, `${walked.paths}`)
})

type Starting = { stubborn?: string[]; open?: boolean; extras?: Partial<RoomInput>; inspect?: (event: InspectionEvent) => void }
const start = async ({ stubborn = [], open = true, extras = {}, inspect = () => {} }: Starting = {}) => {
  const clock = virtualClock()
  const { machine, ...rest } = rig(clock, stubborn)
  const actor = createActor(machine, { clock, id: 'room', input: { ...input, ...extras }, inspect })
  const errors: unknown[] = []
  actor.subscribe({ error: error => errors.push(error) })
  const send = (...events: RoomEvent[]) => {
    for (const event of events) actor.send(event)
  }
  actor.start()
  if (open) {
    send({ type: 'open' })
    rest.join.resolve(joined)
    await clock.settle()
  }
  const crew = () => Object.keys(actor.getSnapshot().context.crew)
  return { clock, actor, send, crew, errors, value: () => actor.getSnapshot().value, ...rest }
}

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

type Rig = Awaited<ReturnType<typeof start>>
const endings: Record<string, [act: (rig: Rig) => unknown, error: string | undefined]> = {
  bye: [({ send }) => send({ type: 'close', reason: 'bye' }), undefined],
  'a world that refuses': [({ join }) => join.reject(new Error('wrong key')), 'wrong key'],
  'a world that is silent': [({ clock }) => clock.advance(20_000), 'the room did not answer within 20 s: is its server there?'],
  'a child that fails': [({ fate }) => fate('microphone', 'throws'), 'microphone throws'],
}
for (const [why, [act, error]] of Object.entries(endings))
  it(`closes before it is joined, by ${why}`, async () => {
    const rig = await start({ open: false })
    rig.send({ type: 'open' })
    await act(rig)
    await rig.clock.settle()
    rig.leave.resolve()
    await rig.clock.settle()
    assert.is(rig.told.at(-1), `closed: ${error ? 'failed' : 'bye'}`)
    const { context } = rig.actor.getSnapshot()
    assert.is(context.error instanceof Error ? context.error.message : undefined, error)
    assert.equal([...rig.running], [])
    assert.is(rig.clock.timers, 0)
  })

it('keeps nobody who has ended', async () => {
  const { send, fate, actor } = await start()
  for (let n = 0; n < 100; n++) {
    send({ type: 'say', id: `${n}` })
    fate('playout', n % 2 ? 'ends' : 'throws')
  }
  assert.equal(Object.keys(actor.getSnapshot().children).sort(), [...lasting].sort())
})

it('launches nobody who is off, and works without (OPT-1, OPT-2)', async () => {
  const { crew, send, heard, value } = await start({ extras: { off: ['microphone', 'camera', 'chat', 'output', 'agent'] } })
  assert.equal(crew(), ['link', 'presence'])
  send({ type: 'participant.linked', participant: ann }, { type: 'detach' }, { type: 'attend', state: 'idle' })
  send({ type: 'speaker.subscribed', sid: 'TR_9' }, { type: 'participant.unlinked', identity: 'ann' })
  assert.is(value(), 'running')
  assert.equal([...new Set(heard.map(one => one.split(' ')[0]))], ['link', 'presence'])
  send({ type: 'close' })
  assert.is(value(), 'leaving')
})

it('leaves it to the session to close when the caller has hung up (LINK-10)', async () => {
  const { send, value } = await start({ extras: { off: ['agent'] } })
  send({ type: 'participant.closed', identity: 'ann', reason: 'client_initiated' })
  assert.is(value(), 'running')
})

it('passes on whom to link before the room is joined (LINK-14)', async () => {
  const { send, heard, clock, join } = await start({ open: false })
  send({ type: 'open' }, { type: 'link', identity: 'bob' }, { type: 'detach' }, { type: 'pause' })
  assert.equal(heard, ['link link', 'microphone detach', 'camera detach'])
  join.resolve(joined)
  await clock.settle()
  assert.ok(heard.indexOf('link link') < heard.indexOf('link room.joined'))
})

const minds: [ending: Ending, reason: string, error: unknown][] = [
  [{}, 'mind.ended', undefined],
  [{ reason: 'bye' }, 'bye', undefined],
  [{ error: 'socket lost' }, 'failed', 'socket lost'],
  [{ error: 'socket lost', reason: 'gone' }, 'gone', 'socket lost'],
]
for (const [ending, reason, error] of minds)
  it(`closes with the mind that ends with ${JSON.stringify(ending)}, and starts no other (MM-48)`, async () => {
    const { send, fate, actor, value, clock } = await start()
    send({ type: 'mind.ended', ...ending })
    fate('agent', 'ends')
    await clock.advance(1_000)
    const { context } = actor.getSnapshot()
    assert.equal([value(), context.reason, context.error], ['leaving', reason, error])
  })

it('has the agent begin as its mind says, each time (MM-6)', async () => {
  const inputs: unknown[] = []
  const { fate, clock } = await start({
    extras: { agent: { attending: 'initializing' } },
    inspect: event => {
      if (
        event.type === '@xstate.event' &&
        'id' in event.actorRef &&
        event.actorRef.id === 'agent' &&
        event.event.type === 'xstate.init'
      )
        inputs.push(Reflect.get(event.event, 'input'))
    },
  })
  fate('agent', 'throws')
  await clock.advance(100)
  assert.equal(inputs, [{ attending: 'initializing' }, { attending: 'initializing' }])
})

const conclusions: [what: string, extras: Partial<RoomInput>, event: RoomEvent, deletes: boolean][] = [
  ['its owner closes it', {}, { type: 'close' }, true],
  ['the caller hangs up', {}, { type: 'participant.closed', identity: 'ann', reason: 'client_initiated' }, true],
  ['the connection is lost', {}, { type: 'room.disconnected', reason: 'connection_lost' }, false],
  ['its session closes', { off: ['agent'] }, { type: 'close', reason: 'session.closed' }, true],
  ['only the room is closed, and not the session', { off: ['agent'] }, { type: 'close' }, false],
]
for (const [what, extras, event, deletes] of conclusions)
  it(`${deletes ? 'deletes' : 'does not delete'} the room when ${what} (ROOM-16)`, async () => {
    const { send, value, clock, leave, deleteRoom, told } = await start({ extras: { ...extras, deletes: true } })
    send(event, { type: 'close', reason: 'session.closed' })
    assert.not.ok(told.includes('deletes lounge'), 'deletes a room that we are in')
    leave.resolve()
    await clock.settle()
    assert.is(value(), deletes ? 'deleting' : 'closed')
    deleteRoom.resolve()
    await clock.settle()
    assert.is(value(), 'closed')
    assert.is(told.filter(one => one === 'deletes lounge').length, deletes ? 1 : 0)
  })

it('gives the deletion its time, and goes on without it (ROOM-10, ROOM-16)', async () => {
  const { send, value, clock, leave, told } = await start({ extras: { deletes: true, deleteRoomTimeoutMs: 700 } })
  send({ type: 'close' })
  leave.resolve()
  await clock.advance(699)
  assert.is(value(), 'deleting')
  await clock.advance(1)
  assert.is(value(), 'closed')
  assert.equal(told.slice(-2), ['overrun: deleteRoom', 'closed: closed'])
})

it.run()
