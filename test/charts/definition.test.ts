import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { assign, createActor, createMachine, not, raise } from 'xstate'
import { agentMachine } from '../../machines/agent.ts'
import { playoutMachine } from '../../machines/outbound/playout.ts'
import { definitionOf, edgeOf } from '../../src/charts/definition.ts'
import type { ChartEdge } from '../../src/inspector/messages.ts'

const it = suite('definition')

const edgesFrom = (source: string, edges: ChartEdge[]) => edges.filter(edge => edge.source === source)

it('tells of every state what stands in it', () => {
  const { key, nodes } = definitionOf(playoutMachine)
  assert.is(key, 'playout')
  assert.equal(nodes[0], {
    ...{ id: 'playout', key: 'playout', parent: null, kind: 'compound', initial: 'playout.queued' },
    ...{ tags: [], entry: [], exit: [], invoke: [{ id: 'source', src: 'source' }] },
  })
  assert.equal(nodes[3], {
    ...{ id: 'playout.paused', key: 'paused', parent: 'playout', kind: 'atomic', tags: [], entry: ['shutGate'], exit: [] },
    ...{ description: 'What the device had not played was taken back; nothing sounds, nothing is lost.', invoke: [] },
  })
  assert.is(nodes.length, 10)
})

it('tells of every transition where it goes, and why', () => {
  const { edges } = definitionOf(playoutMachine)
  assert.equal(edgesFrom('playout.queued', edges)[0], {
    ...{ id: 'playout.queued|playhead.entered|0', source: 'playout.queued', target: 'playout.flushing' },
    ...{ descriptor: 'playhead.entered', event: 'playhead.entered', guard: 'isEnded', actions: ['noteStarted'] },
  })
  assert.equal(edgesFrom('playout.flushing', edges).at(-1), {
    ...{ id: 'playout.flushing|xstate.after.drainTimeout.playout.flushing|0', source: 'playout.flushing' },
    ...{ descriptor: 'xstate.after.drainTimeout.playout.flushing', event: 'after drainTimeout', actions: ['review'] },
  })
  assert.is(edges.find(({ reenter }) => reenter)?.id, 'playout.flushing|queue.reviewed|1')
  const [first] = edgesFrom('agent.conversing.attending', definitionOf(agentMachine).edges)
  assert.equal([first?.descriptor, first?.event, first?.guard], ['', '', 'isPreparing'])
})

it('fits in JSON, and names what is written in its place', () => {
  const machine = createMachine({
    id: 'odd',
    type: 'parallel',
    states: {
      one: {
        initial: 'a',
        states: { a: { on: { go: { guard: not('isLate'), actions: [assign({}), raise({ type: 'x' }), () => {}] } } }, b: {} },
      },
      two: { initial: 'a', states: { a: {}, b: {} } },
    },
    on: { both: ['.one.b', '.two.b'].map(target => ({ target })), '*': { target: ['.one.b', '.two.b'] } },
  })
  const definition = definitionOf(machine)
  assert.equal(JSON.parse(JSON.stringify(definition)), definition)
  const [, second, any, go] = definition.edges
  assert.is(second?.id, 'odd|both|1')
  assert.equal([any?.target, any?.others, any?.event], ['odd.one.b', ['odd.two.b'], '*'])
  assert.equal([go?.guard, go?.actions], ['!isLate', ['assign', 'raise', '?']])
})

it('names each transition that an actor takes, of a machine that was bound too', () => {
  const bound = agentMachine.provide({ actions: { tellState: () => {} } })
  const ids = new Set(definitionOf(agentMachine).edges.map(({ id }) => id))
  assert.equal(definitionOf(bound), definitionOf(agentMachine))
  const taken: (string | undefined)[] = []
  const actor = createActor(bound, {
    inspect: event => {
      if (event.type === '@xstate.microstep') taken.push(...event._transitions.map(edgeOf))
    },
  })
  actor.subscribe({ error: () => {} })
  actor.start()
  actor.send({ type: 'room.joined' })
  assert.equal(taken, ['agent.initializing|room.joined|0', 'agent.conversing.beginning||1', 'agent.conversing.attending||3'])
  assert.ok(taken.every(id => id !== undefined && ids.has(id)))
})

it.run()
