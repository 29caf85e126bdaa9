import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { assign, createActor, fromCallback, fromPromise, setup } from 'xstate'
import { type AgentEvent, type AgentFact, agentMachine } from '../machines/agent.ts'
import { agentOn, type MindLogic } from '../src/agent.ts'
import { sleep } from '../src/clock.ts'
import type { Attending, Conversation } from '../src/mind.ts'
import { openRoom } from '../src/room.ts'
import { type VirtualClock, virtualClock } from '../src/virtual.ts'
import { newCall, outcomeOf, samples, sound, startCall } from './fakes/call.ts'
import { fakeConversation, fakeMind } from './fakes/mind.ts'
import { done, explore, failed, ignored, table, walk } from './model.ts'

const it = suite('agent')

it('has exactly these transitions', () => {
  assert.equal(table(agentMachine), {
    '': '→initializing',
    initializing: 'room.joined→conversing',
    conversing: '→conversing.beginning attend[isNews]→conversing.attending utterance.started→conversing.speaking done:mind→over',
    'conversing.beginning': 'always[isPreparing]→conversing.preparing always→conversing.attending',
    'conversing.attending':
      'always[isPreparing]→conversing.preparing always[isThinking]→conversing.thinking always[isIdle]→conversing.idle always→conversing.listening',
    'conversing.preparing': '',
    'conversing.listening': '',
    'conversing.thinking': '',
    'conversing.idle': '',
    'conversing.speaking': '→conversing.speaking.sounding attend→· utterance.started→·',
    'conversing.speaking.sounding':
      'utterance.ended[!isLast]→· utterance.ended[hasMore]→conversing.speaking.breathing utterance.ended→conversing.attending',
    'conversing.speaking.breathing':
      'utterance.started→conversing.speaking.sounding utterance.ended[!hasMore]→conversing.attending after:breath→conversing.attending',
    over: 'final',
  })
  assert.equal(ignored(agentMachine), {
    // Nobody speaks or attends before there is a mind.
    initializing: 'attend utterance.started utterance.ended',
    'conversing.beginning': 'room.joined utterance.ended', // passes within one step
    'conversing.attending': 'room.joined utterance.ended', // as well
    // It is joined already; an utterance that was cut before it was heard ends without a start.
    'conversing.preparing': 'room.joined utterance.ended',
    'conversing.listening': 'room.joined utterance.ended',
    'conversing.thinking': 'room.joined utterance.ended',
    'conversing.idle': 'room.joined utterance.ended',
    'conversing.speaking.sounding': 'room.joined',
    'conversing.speaking.breathing': 'room.joined',
  })
})

const events = [
  { type: 'room.joined' },
  { type: 'attend', state: 'thinking' },
  { type: 'attend', state: 'idle' },
  { type: 'attend', state: 'listening' },
  { type: 'attend', state: 'initializing' },
  { type: 'utterance.started', id: 'a' },
  { type: 'utterance.started', id: 'b' },
  { type: 'utterance.ended', id: 'a' },
  { type: 'utterance.ended', id: 'b' },
  { type: 'utterance.ended', id: 'a', more: true },
  done('mind'),
  failed('mind'),
] satisfies (AgentEvent | { type: `xstate.${string}` })[]
/** An utterance starts once. */
const can = ({ context }: { context: { sounding: string[] } }, event: { type: string; id?: string }) =>
  event.type !== 'utterance.started' || !context.sounding.includes(event.id ?? '')

/** What the room is told in this state. */
const shownIn = (value: unknown) => {
  const name = typeof value === 'object' && value !== null ? Object.values(value)[0] : value
  if (typeof name === 'object') return 'speaking'
  return name === 'preparing' ? 'initializing' : name
}
/** What the agent does until its mind says so, and the way into the conversation that it then does not take. */
const beginnings: [Attending, otherWay: string][] = [
  ['listening', 'conversing.beginning always[isPreparing]→conversing.preparing'],
  ['initializing', 'conversing.beginning always→conversing.attending'],
]

for (const [attending, otherWay] of beginnings) {
  it(`speaks while anything sounds, else does what the mind said last, ${attending} at first (MM-6)`, () => {
    const seen = explore(agentMachine, {
      input: { attending },
      events,
      can,
      invariant: ({ event, before, snapshot, effects, past }) => {
        const { context, status } = snapshot
        if (event.type.startsWith('xstate.error')) assert.is(status, 'error', 'hides the failure of a mind')
        if (status !== 'active') return
        const all = [...past.map(step => step.event), event]
        const joined = all.findIndex(({ type }) => type === 'room.joined')
        const since = joined < 0 ? [] : all.slice(joined)
        const said = since.flatMap(each => (each.type === 'attend' && 'state' in each ? each.state : []))
        assert.is(context.attending, said.at(-1) ?? attending)
        if (snapshot.matches('initializing')) return
        const breathing = snapshot.matches({ conversing: { speaking: 'breathing' } })
        if (breathing) assert.equal(context.sounding, [])
        const shown = breathing || context.sounding.length > 0 ? 'speaking' : context.attending
        assert.is(shownIn(snapshot.value), shown)
        const changed = shownIn(before?.value) !== shownIn(snapshot.value)
        assert.is(effects.filter(effect => effect === 'tellState').length, changed ? 1 : 0)
      },
    })
    assert.ok(seen.sequences > 1_000)
  })

  it(`does so with its binding, on every transition, ${attending} at first`, async () => {
    await walk(agentMachine, {
      input: { attending },
      events,
      can,
      except: { [otherWay]: 'a conversation begins in one way' },
      live: clock => {
        const { machine, mind, facts, states } = rig(clock)
        return {
          machine,
          act: { 'done:mind': () => mind.end(), 'error:mind': () => mind.end(new Error('lost its mind')) },
          check: ({ snapshot }) => {
            const working = typeof snapshot.value === 'object' && snapshot.status === 'active'
            assert.is(mind.starts.length, snapshot.value === 'initializing' ? 0 : 1)
            if (working) assert.is(states().at(-1), shownIn(snapshot.value))
            assert.is(facts.filter(({ type }) => type === 'mind.ended').length, snapshot.status === 'done' ? 1 : 0)
          },
        }
      },
    })
  })
}

const rig = (clock: VirtualClock) => {
  const mind = fakeMind()
  const facts: AgentFact[] = []
  const conversation = fakeConversation({ clock })
  const machine = agentOn({ mind, conversation, tell: fact => facts.push(fact) })
  const states = () => facts.flatMap(fact => (fact.type === 'agent.changed' ? fact.state : []))
  return { mind, facts, conversation, machine, states }
}

const start = () => {
  const clock = virtualClock()
  const { machine, ...rest } = rig(clock)
  const actor = createActor(machine, { clock, id: 'agent' })
  const errors: unknown[] = []
  actor.subscribe({ error: error => errors.push(error) })
  actor.start()
  return { actor, clock, errors, ...rest }
}

it('starts the mind when the room was joined, in its conversation', async () => {
  const { actor, mind, conversation, states, clock } = start()
  assert.equal(states(), ['initializing'])
  assert.is(mind.starts.length, 0)
  actor.send({ type: 'room.joined' })
  await clock.settle()
  assert.is(mind.starts[0]?.conversation, conversation)
  assert.equal(states(), ['initializing', 'listening'])
})

it('tells each change once, and returns from speaking to what the mind said meanwhile', () => {
  const { actor, states } = start()
  actor.send({ type: 'room.joined' })
  actor.send({ type: 'attend', state: 'listening' })
  actor.send({ type: 'attend', state: 'thinking' })
  actor.send({ type: 'utterance.started', id: 'a' })
  actor.send({ type: 'attend', state: 'idle' })
  actor.send({ type: 'attend', state: 'listening' })
  actor.send({ type: 'utterance.ended', id: 'b' }) // cut before it was heard
  actor.send({ type: 'utterance.ended', id: 'a' })
  assert.equal(states(), ['initializing', 'listening', 'thinking', 'speaking', 'listening'])
})

it('goes on speaking when the next utterance follows within 20 ms, and not when none comes (MM-23)', async () => {
  const { actor, states, clock } = start()
  actor.send({ type: 'room.joined' })
  actor.send({ type: 'utterance.started', id: 'a' })
  actor.send({ type: 'utterance.ended', id: 'a', more: true })
  await clock.advance(19)
  actor.send({ type: 'utterance.started', id: 'b' })
  actor.send({ type: 'utterance.ended', id: 'b', more: true })
  await clock.advance(19)
  assert.equal(states(), ['initializing', 'listening', 'speaking'])
  await clock.advance(1)
  assert.equal(states(), ['initializing', 'listening', 'speaking', 'listening'])
  actor.send({ type: 'utterance.started', id: 'c' })
  actor.send({ type: 'utterance.ended', id: 'c', more: true })
  actor.send({ type: 'utterance.ended', id: 'd' }) // it was cut before it began
  assert.is(states().at(-1), 'listening')
})

it('is over when the mind is done', async () => {
  const { actor, mind, facts, clock } = start()
  actor.send({ type: 'room.joined' })
  mind.end()
  await clock.settle()
  assert.is(actor.getSnapshot().status, 'done')
  assert.equal(facts.at(-1), { type: 'mind.ended' })
})

it('fails with its mind, at once or later', async () => {
  const { actor, mind, errors, clock } = start()
  actor.send({ type: 'room.joined' })
  const fault = new Error('lost its mind')
  mind.end(fault)
  await clock.settle()
  assert.is(errors[0], fault)

  const { conversation } = rig(clock)
  const broken = agentOn({
    mind: {
      start: () => {
        throw fault
      },
    },
    conversation,
  })
  const second = createActor(broken, { clock, id: 'agent' })
  second.subscribe({ error: error => errors.push(error) })
  second.start().send({ type: 'room.joined' })
  await clock.settle()
  assert.equal(errors, [fault, fault])
})

it('aborts the signal of a mind that has failed: what it left running ends with it (ROOM-17)', async () => {
  const { actor, mind, clock } = start()
  actor.send({ type: 'room.joined' })
  mind.end(new Error('lost its mind'))
  await clock.settle()
  assert.ok(mind.starts[0]?.signal.aborted)
})

it('stops the mind when it is stopped', async () => {
  const { actor, mind, clock } = start()
  actor.send({ type: 'room.joined' })
  actor.stop()
  await clock.settle()
  assert.ok(mind.starts[0]?.signal.aborted)
})

// A mind that is an actor

/** It hears for a second, thinks for half a second, and says that it has. */
const machineMind = (conversation: Conversation, heard: number[] = []) =>
  setup({
    types: { context: {} as { turns: number } },
    actors: {
      hear: fromPromise(async ({ signal }) => {
        for await (const { samplesPerChannel } of conversation.hear()) {
          heard.push(samplesPerChannel)
          if (signal.aborted) return
        }
      }),
      say: fromPromise(() => conversation.say({ audio: sound(300) }).played),
    },
    actions: {
      attend: (_, state: Attending) => conversation.state(state),
      noteTurn: assign({ turns: ({ context }) => context.turns + 1 }),
    },
  }).createMachine({
    id: 'mind',
    context: { turns: 0 },
    initial: 'hearing',
    states: {
      hearing: {
        entry: { type: 'attend', params: 'listening' },
        invoke: { src: 'hear' },
        after: { 1000: 'thinking' },
      },
      thinking: { entry: { type: 'attend', params: 'thinking' }, after: { 500: 'answering' } },
      answering: { invoke: { src: 'say', onDone: { target: 'hearing', actions: 'noteTurn' } } },
    },
  })

it('takes a machine for a mind: its states are in the room, and it hears in each as if alone', async () => {
  const heard: number[] = []
  const { room, clock, caller, facts } = await startCall({ options: { mind: given => machineMind(given, heard) } })
  void caller.publish().speak(samples(5_000))
  await clock.advance(4_000)
  const states = facts.flatMap(fact => (fact.type === 'agent.changed' ? fact.state : []))
  const turn = ['listening', 'thinking', 'speaking', 'thinking']
  assert.equal(states.slice(0, 10), ['initializing', ...turn, ...turn, 'listening'])
  assert.ok(heard.length > 30, `${heard.length} frames`)
  const mind = room.actor.getSnapshot().context.crew.agent?.getSnapshot().children.mind
  assert.equal([mind?.getSnapshot().value, mind?.getSnapshot().context], ['hearing', { turns: 2 }])
  await clock.runUntil(room.close())
})

const ways: [what: string, mind: MindLogic, reason: string, error: string | undefined, starts: number][] = [
  ['is done', ({ clock }) => fromPromise(() => sleep(clock, 100)), 'mind.ended', undefined, 1],
  ['says why it is', ({ clock }) => fromPromise(() => sleep(clock, 100).then(() => ({ reason: 'bye' }))), 'bye', undefined, 1],
  ['ends with an error', () => fromPromise(async () => ({ error: new Error('socket lost') })), 'failed', 'socket lost', 1],
  ['ends with both', () => fromPromise(async () => ({ error: 'socket lost', reason: 'gone' })), 'gone', 'socket lost', 1],
  ['rejects', () => fromPromise(() => Promise.reject(new Error('rejects'))), 'failed', 'rejects', 2],
  [
    'throws as it begins',
    () =>
      fromCallback(() => {
        throw new Error('throws')
      }),
    'failed',
    'throws',
    2,
  ],
  [
    'throws in an action',
    () =>
      setup({
        actions: {
          fail: () => {
            throw new Error('throws')
          },
        },
      }).createMachine({ entry: 'fail' }),
    'failed',
    'throws',
    2,
  ],
]
for (const [what, mind, reason, error, starts] of ways)
  it(`ends the room by an actor that ${what} as by any mind (MM-48)`, async () => {
    const { room, clock, facts } = await startCall({ options: { mind } })
    await clock.advance(1_000)
    assert.is(await room.closed, reason)
    const end = facts.find(fact => fact.type === 'closed')
    assert.is(end?.error, error)
    const failed = facts.flatMap(fact => (fact.type === 'failed' ? [[fact.actor, fact.error, fact.restarted]] : []))
    assert.equal(
      failed,
      error === undefined
        ? []
        : [
            ['agent', error, true],
            ['agent', error, false],
          ].slice(-starts),
    )
    assert.is(clock.timers, 0)
  })

it('is initializing to the room until such a mind is ready, and never listening before (MM-6)', async () => {
  const prepared = async ({ clock, state }: Conversation) => {
    await sleep(clock, 700)
    state('listening')
    await sleep(clock, 700)
    state('initializing') // again: its model has gone, say
    await new Promise(() => {})
  }
  const logic: MindLogic = Object.assign((given: Conversation) => fromPromise(() => prepared(given)), {
    attending: 'initializing' as const,
  })
  for (const mind of [logic, { start: prepared, attending: 'initializing' as const }]) {
    const { clock, caller, facts, open } = newCall({ options: { mind } })
    const shown: unknown[] = []
    caller.watch(fact => {
      if (fact.type === 'participant.changed') shown.push([fact.attributes['lk.agent.state'], clock.now()])
    })
    const room = open()
    await clock.advance(2_000)
    assert.equal(shown, [
      ['initializing', 0],
      ['listening', 700],
      ['initializing', 1_400],
    ])
    const states = facts.flatMap(fact => (fact.type === 'agent.changed' ? fact.state : []))
    assert.equal(states, ['initializing', 'listening', 'initializing'])
    await clock.runUntil(room.close())
  }
})

it('lets the newest reader of such a mind hear: what another left behind ends (law 5)', async () => {
  const heard = new Set<string>()
  const ends: string[] = []
  const read = async ({ hear }: Conversation, name: string) => {
    for await (const _ of hear()) heard.add(name)
    ends.push(name)
  }
  const mind: MindLogic = given =>
    fromPromise(async () => {
      void read(given, 'first')
      await sleep(given.clock, 500)
      await read(given, 'second')
    })
  const { room, clock, caller } = await startCall({ options: { mind } })
  void caller.publish().speak(samples(2_000))
  await clock.advance(1_500)
  assert.equal([[...heard], ends], [['first', 'second'], ['first']])
  await clock.runUntil(room.close())
  await clock.settle()
  assert.equal(ends, ['first', 'second'])
})

it('leaves a world alone whose room has a mind that cannot be made (law 10)', async () => {
  const { clock, world } = newCall()
  const mind: MindLogic = () => {
    throw new Error('not today')
  }
  const { error } = await outcomeOf(clock, openRoom(world, { mind }))
  assert.match(String(error), /not today/)
  const room = await openRoom(world)
  assert.ok(room.isOpen)
  await clock.runUntil(room.close())
})

it('refuses a function that gives no actor', async () => {
  const { clock, open } = newCall({ options: { mind: (() => ({})) as unknown as MindLogic } })
  const { error } = await outcomeOf(clock, (async () => open())())
  assert.instance(error, TypeError)
  assert.match(String(error), /gives the logic of an actor/)
})

it.run()
