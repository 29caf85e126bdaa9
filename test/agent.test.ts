import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createActor } from 'xstate'
import { type AgentEvent, type AgentFact, agentMachine } from '../machines/agent.ts'
import { agentOn } from '../src/agent.ts'
import { type VirtualClock, virtualClock } from '../src/virtual.ts'
import { fakeConversation, fakeMind } from './fakes/mind.ts'
import { done, explore, failed, ignored, table, walk } from './model.ts'

const it = suite('agent')

it('has exactly these transitions', () => {
  assert.equal(table(agentMachine), {
    '': '→initializing',
    initializing: 'room.joined→conversing',
    conversing: '→conversing.attending attend[isNews]→conversing.attending utterance.started→conversing.speaking done:mind→over',
    'conversing.attending': 'always[isThinking]→conversing.thinking always[isIdle]→conversing.idle always→conversing.listening',
    'conversing.listening': '',
    'conversing.thinking': '',
    'conversing.idle': '',
    'conversing.speaking': 'attend→· utterance.started→· utterance.ended[isLast]→conversing.attending utterance.ended→·',
    over: 'final',
  })
  assert.equal(ignored(agentMachine), {
    // Nobody speaks or attends before there is a mind.
    initializing: 'attend utterance.started utterance.ended',
    'conversing.attending': 'room.joined utterance.ended', // passes within one step
    // It is joined already; an utterance that was cut before it was heard ends without a start.
    'conversing.listening': 'room.joined utterance.ended',
    'conversing.thinking': 'room.joined utterance.ended',
    'conversing.idle': 'room.joined utterance.ended',
    'conversing.speaking': 'room.joined',
  })
})

const events = [
  { type: 'room.joined' },
  { type: 'attend', state: 'thinking' },
  { type: 'attend', state: 'idle' },
  { type: 'attend', state: 'listening' },
  { type: 'utterance.started', id: 'a' },
  { type: 'utterance.started', id: 'b' },
  { type: 'utterance.ended', id: 'a' },
  { type: 'utterance.ended', id: 'b' },
  done('mind'),
  failed('mind'),
] satisfies (AgentEvent | { type: `xstate.${string}` })[]
/** An utterance starts once. */
const can = ({ context }: { context: { sounding: string[] } }, event: { type: string; id?: string }) =>
  event.type !== 'utterance.started' || !context.sounding.includes(event.id ?? '')

it('speaks while anything sounds, else does what the mind said last', () => {
  const seen = explore(agentMachine, {
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
      assert.is(context.attending, said.at(-1) ?? 'listening')
      if (snapshot.matches('initializing')) return
      const shown = context.sounding.length > 0 ? 'speaking' : context.attending
      assert.equal(snapshot.value, { conversing: shown })
      const changed = JSON.stringify(before?.value) !== JSON.stringify(snapshot.value)
      assert.is(effects.filter(effect => effect === 'tellState').length, changed ? 1 : 0)
    },
  })
  assert.ok(seen.sequences > 1_000)
})

const rig = (clock: VirtualClock) => {
  const mind = fakeMind()
  const facts: AgentFact[] = []
  const conversation = fakeConversation({ clock })
  const machine = agentOn({ mind, conversation, tell: fact => facts.push(fact) })
  const states = () => facts.flatMap(fact => (fact.type === 'agent.changed' ? fact.state : []))
  return { mind, facts, conversation, machine, states }
}

it('does so with its binding, on every transition', async () => {
  await walk(agentMachine, {
    events,
    can,
    live: clock => {
      const { machine, mind, facts, states } = rig(clock)
      return {
        machine,
        act: { 'done:mind': () => mind.end(), 'error:mind': () => mind.end(new Error('lost its mind')) },
        check: ({ snapshot }) => {
          const working = typeof snapshot.value === 'object' && snapshot.status === 'active'
          assert.is(mind.starts.length, snapshot.value === 'initializing' ? 0 : 1)
          if (working) assert.is(states().at(-1), Object.values(snapshot.value)[0])
          assert.is(facts.filter(({ type }) => type === 'mind.ended').length, snapshot.status === 'done' ? 1 : 0)
        },
      }
    },
  })
})

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

it.run()
