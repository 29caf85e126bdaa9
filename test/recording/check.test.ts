import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { machines } from '../../src/call/machines.ts'
import { definitionOf } from '../../src/charts/definition.ts'
import { messageIn } from '../../src/recording/check.ts'

const it = suite('check')

const known = (message: object): boolean => messageIn(JSON.stringify({ seq: 1, at: 0, ...message })) !== undefined
const fact = (told: object): boolean => known({ type: 'fact', fact: told })
const words = { type: 'words.shown', id: 'SG_1', speaker: 'agent', identity: 'agent', text: 'Hello', final: false, at: 1 }
const played = { id: 'SG_1', outcome: 'finished', pushed: 2, heard: 1, discarded: 1 }

it('knows the facts that rooms tell, and lets those of later ones pass', () => {
  for (const told of [words, { ...words, startMs: 3.5, endMs: 8 }, { type: 'captions.lost' }, { type: 'later', at: {}, id: 'x' }])
    assert.ok(fact(told), JSON.stringify(told))
  assert.ok(fact({ type: 'utterance.ended', played, at: 1 }))
  assert.ok(fact({ type: 'closed', reason: 'hung.up', at: 1 }))
})

it('knows nothing in which whoever shows it would stumble', () => {
  for (const part of ['id', 'speaker', 'text', 'at', 'startMs']) assert.not.ok(fact({ ...words, [part]: {} }), part)
  assert.not.ok(fact({ type: 'agent.changed', state: 'dozing', at: 1 }))
  assert.not.ok(fact({ type: 'utterance.ended', played: { ...played, heard: 'much' }, at: 1 }))
  assert.not.ok(fact({ type: 'later', id: 7 }))
  assert.not.ok(known({ type: 'log', level: 'info', code: 'x', fields: [null] }))
  assert.not.ok(known({ type: 'ended', path: 'room', status: 'gone' }))
  const step = { type: 'step', path: 'room', cause: 0, taken: [], actions: [] }
  assert.ok(known({ ...step, value: { a: { b: 'c', d: {} } } }))
  for (const value of [7, null, ['a'], { a: null }, { a: [] }]) assert.not.ok(known({ ...step, value }), JSON.stringify(value))
  const inside = `${'{"deep":'.repeat(20_000)}"bottom"${'}'.repeat(20_000)}`
  assert.is(
    messageIn(`{"seq":1,"at":0,"type":"step","path":"room","cause":0,"taken":[],"actions":[],"value":${inside}}`),
    undefined,
  )
})

it('knows all machines of ours, and none that cannot be drawn', () => {
  for (const machine of Object.values(machines)) assert.ok(known({ type: 'machine', definition: definitionOf(machine) }))
  const node = { id: 'm', key: 'm', parent: null, kind: 'atomic', tags: [], entry: [], exit: [], invoke: [] }
  const edge = { id: 'e', source: 'm', descriptor: 'go', event: 'go', actions: [] }
  const machine = (nodes: unknown[], edges: unknown[]) => known({ type: 'machine', definition: { key: 'm', nodes, edges } })
  assert.ok(machine([node], [edge]))
  for (const part of Object.keys(node)) assert.not.ok(machine([{ ...node, [part]: 7 }], []), part)
  for (const part of Object.keys(edge)) assert.not.ok(machine([node], [{ ...edge, [part]: 7 }]), part)
  for (const none of [null, 7, []]) assert.not.ok(machine([none], []))
})

it.run()
