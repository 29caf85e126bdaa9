import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createMachine } from 'xstate'
import { playoutMachine } from '../../machines/outbound/playout.ts'
import { chartFor, hashOf } from '../../src/charts/chart.ts'
import { definitionOf } from '../../src/charts/definition.ts'
import { faultsOf } from '../../src/charts/geometry.ts'
import { shipped } from '../../src/charts/shipped.ts'
import { chartSvg } from '../../src/charts/svg.ts'
import type { ChartNode, Definition } from '../../src/inspector/messages.ts'

const it = suite('charts')

/** All that a chart may have, in one machine that is not ours. */
const guest = createMachine({
  id: 'guest',
  type: 'parallel',
  states: {
    one: {
      initial: 'a',
      states: {
        a: { on: { go: { target: 'b', guard: 'isReady' }, stay: { actions: 'note' } }, after: { 500: 'b' } },
        b: { initial: 'c', states: { c: { on: { '<&"]]>': '#guest.one.a' } }, back: { type: 'history' } }, always: '.back' },
      },
    },
    two: { initial: 'x', states: { x: { on: { end: 'y', again: { target: 'x', reenter: true } } }, y: { type: 'final' } } },
  },
  on: { reset: { target: ['.one.a', '.two.x'] } },
})

it('come with the package for our own machines', async () => {
  const definition = definitionOf(playoutMachine)
  const known = await shipped()
  assert.equal(await chartFor(definition), known[hashOf(definition)]?.chart)
})

it('are laid out for any other, once and always the same', async () => {
  const definition = definitionOf(guest)
  const chart = await chartFor(definition)
  assert.is(await chartFor(JSON.parse(JSON.stringify(definition))), chart)
  assert.equal(faultsOf(chart), [])
  assert.equal(
    chart.nodes.map(({ id }) => id),
    definition.nodes.map(({ id }) => id),
  )
  const reset = chart.edges.find(({ event }) => event === 'reset')
  assert.is(reset?.forks?.length, 1)
  assert.equal(chart.nodes.find(({ id }) => id === 'guest.two.x')?.rows[0]?.kind, 'again')
})

it('are refused for what is no machine, or too big to be one', async () => {
  const refusal = async (definition: Definition) =>
    chartFor(definition).then(
      () => 'drawn',
      (error: Error) => error.message,
    )
  assert.match(await refusal({ key: 'none', nodes: [], edges: [] }), /the definition of none has no machine in it/)
  const { nodes, edges } = definitionOf(guest)
  const lost = edges.map(edge => ({ ...edge, target: 'nowhere' }))
  assert.match(await refusal({ key: 'lost', nodes, edges: lost }), /the definition of lost has no state nowhere/)
  const many = Array.from({ length: 501 }, (_, n) => ({ ...nodes[0], id: `n${n}` })) as ChartNode[] // all of a shape that is known
  assert.is(
    await refusal({ key: 'many', nodes: many, edges }),
    `many is too big to be drawn: 501 states, ${edges.length} transitions`,
  )
})

it('have each state and each transition by its id in their SVG, which is XML', async () => {
  const chart = await chartFor(definitionOf(guest))
  const svg = chartSvg(chart)
  const idsIn = (name: string) => new Set([...svg.matchAll(new RegExp(`${name}="([^"]*)"`, 'g'))].map(([, id]) => id))
  assert.is(idsIn('data-node').size, chart.nodes.length)
  assert.is(idsIn('data-edge').size, chart.edges.length)
  assert.ok(svg.includes('&lt;&amp;&quot;]]&gt;'))
  assert.not.ok(/(NaN|undefined|Infinity)/.test(svg))
  assert.not.ok(chartSvg(chart, { style: false }).includes('<style'))
})

it.run()
