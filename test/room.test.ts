/** The room's machine: its table, all that can happen to it, and who is told, stopped and started again. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Crew } from '../machines/affairs.ts'
import { type RoomEvent, type RoomInput, roomMachine } from '../machines/room.ts'
import { isGuest, type Policy } from '../machines/supervision.ts'
import type { Ending } from '../src/mind.ts'
import { ann, from, input, joined, lasting, rig, segment, start, track } from './fakes/rig.ts'
import { done, explore, failed, type InnerEvent, ignored, table, walk } from './model.ts'

const it = suite('room')

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
