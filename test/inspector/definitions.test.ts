import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createMachine } from 'xstate'
import { Definitions } from '../../src/inspector/definitions.ts'

const it = suite('definitions')

it('are told once each, and a thousand at most', () => {
  const told: string[] = []
  const definitions = new Definitions(message => told.push(message.type === 'machine' ? message.definition.key : ''))
  const machine = (n: number) =>
    createMachine({ id: `m${n % 10}`, description: `the ${n}th`, initial: `s${n}`, states: { [`s${n}`]: {} } })
  const keys = Array.from({ length: 1_200 }, (_, n) => definitions.keyOf(machine(n)))
  assert.is(new Set(told).size, 1_000)
  assert.equal(keys.slice(0, 1_000), told)
  assert.equal([keys[0], keys[10], keys[999], keys[1_000]], ['m0', 'm0~2', 'm9~100', null])
  assert.is(definitions.keyOf(machine(7)), 'm7')
  assert.is(told.length, 1_000)
})

it.run()
