import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createMachine } from 'xstate'
import { machines } from '../../src/call/machines.ts'
import { configOf } from '../../src/charts/config.ts'
import { definitionOf } from '../../src/charts/definition.ts'

const it = suite('config')

for (const [name, machine] of Object.entries(machines))
  it(`of ${name} makes the same machine again`, () => {
    const definition = definitionOf(machine)
    // What the test is about is the machine, so whatever is in the JSON may be a config.
    const again = createMachine(JSON.parse(JSON.stringify(configOf(definition))))
    assert.equal(definitionOf(again), definition)
  })

it('keeps ids of its own, targets in parallel states and history', () => {
  const machine = createMachine({
    id: 'odd',
    type: 'parallel',
    states: {
      one: { id: 'first', initial: 'a', states: { a: {}, b: { initial: 'c', states: { c: {}, back: { type: 'history' } } } } },
      two: { initial: 'a', states: { a: { on: { go: '#first' } }, z: { type: 'final' } } },
    },
    on: { both: { target: ['.one.b.back', '.two.z'] } },
  })
  const definition = definitionOf(machine)
  assert.equal(definitionOf(createMachine(JSON.parse(JSON.stringify(configOf(definition))))), definition)
})

it('is refused for states that lie in themselves, which nothing that goes upwards would come out of', () => {
  const machine = createMachine({ id: 'room', type: 'parallel', states: { a: {}, b: {} } })
  const [room, first, second] = definitionOf(machine).nodes
  if (!room || !first || !second) return assert.unreachable()
  const nodes = [room, { ...first, parent: second.id }, { ...second, parent: first.id }]
  assert.throws(() => configOf({ key: 'room', nodes, edges: [] }), /^the definition of room has a state that lies in itself/)
  assert.throws(() => configOf({ key: 'room', nodes: [room, { ...first, parent: 'nobody' }], edges: [] }), /has no state nobody/)
})

it.run()
