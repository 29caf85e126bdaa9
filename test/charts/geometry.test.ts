import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { machines } from '../../src/call/machines.ts'
import { quick } from '../../src/charts/best.ts'
import { hashOf } from '../../src/charts/chart.ts'
import { definitionOf } from '../../src/charts/definition.ts'
import { crossingsIn, faultsOf } from '../../src/charts/geometry.ts'
import { layoutOf } from '../../src/charts/layout.ts'
import { shipped } from '../../src/charts/shipped.ts'
import type { Chart, ChartEdge, ChartNode, Definition } from '../../src/inspector/messages.ts'

const it = suite('geometry')

for (const [name, machine] of Object.entries(machines))
  it(`of ${name}: no line through words, nothing over anything`, async () => {
    const chart = (await shipped())[hashOf(definitionOf(machine))]?.chart
    if (!chart) throw new Error(`${name} is not in assets/charts.json: run "npm run draw"`)
    assert.equal(faultsOf(chart), [])
    assert.ok(crossingsIn(chart) < 12, `${crossingsIn(chart)} crossings`)
    assert.ok(chart.width < 1_600 && chart.height < 1_900, `${chart.width} × ${chart.height}`)
  })

const bare = { tags: [], entry: [], exit: [], invoke: [] }
const node = (id: string, x: number, y: number, width = 60, height = 30): Chart['nodes'][number] => ({
  ...{ id: `m.${id}`, key: id, parent: 'm', kind: 'atomic', ...bare, x, y, width, height, rows: [] },
})
const edge = (source: string, target: string, points: [number, number][], x: number, y: number): Chart['edges'][number] => ({
  ...{ id: `${source}|go|0`, source: `m.${source}`, target: `m.${target}`, descriptor: 'go', event: 'go', actions: [] },
  points: points.map(([x, y]) => ({ x, y })),
  label: { x, y, width: 30, height: 15, lines: ['go'] },
})
/** Two states above one another, and a line from one to the other. */
const sound: Chart = {
  ...{ key: 'm', width: 300, height: 300, initials: [] },
  nodes: [
    { id: 'm', key: 'm', parent: null, kind: 'compound', ...bare, x: 5, y: 5, width: 290, height: 290, rows: [] },
    ...[node('a', 100, 40), node('b', 100, 200)],
  ],
  edges: [edge('a', 'b', [[130, 70], [130, 200]], 115, 120)], // biome-ignore format: the corners of a line
}
const [machine, one, two] = sound.nodes
const [line] = sound.edges
const faultyWith = (change: Partial<Chart>) => faultsOf({ ...sound, ...change })

it('sees each fault that a chart may have', () => {
  if (!machine || !one || !two || !line) throw new Error('the chart is not what it was')
  assert.equal(faultsOf(sound), [])
  const nodes = (...others: Chart['nodes']) => ({ nodes: [machine, ...others] })
  assert.match(faultyWith(nodes(one, two, node('c', 140, 210))).join(), 'm.b over m.c')
  assert.match(faultyWith(nodes(one, two, node('c', 110, 100, 60, 80))).join(), 'a|go|0 through m.c')
  assert.match(faultyWith(nodes(one, two, node('c', 135, 100, 60, 80))).join(), 'go over m.c')
  assert.match(faultyWith(nodes(one, two, node('c', 10, 8))).join(), 'm.c over "m"')
  assert.match(faultyWith(nodes(one, two, node('c', 260, 260))).join(), 'm.c sticks out of m')
  assert.match(
    faultyWith(nodes(one, two, node('verylongname', 10, 150, 40))).join(),
    '"verylongname" is wider than m.verylongname',
  )
  const across = edge('b', 'a', [[100, 215], [50, 215], [50, 128], [200, 128], [200, 50], [160, 50]], 35, 160) // biome-ignore format: the corners of a line
  assert.match(faultyWith({ edges: [line, across] }).join(), 'b|go|0 through go')
  assert.is(crossingsIn({ ...sound, edges: [line, across] }), 1)
  assert.match(faultyWith({ edges: [line, edge('b', 'a', [[100, 215], [50, 215], [50, 50], [100, 50]], 110, 125)] }).join(), 'go over go') // biome-ignore format: the corners of a line
  assert.match(faultyWith({ edges: [edge('a', 'b', [[130, 70], [130, 200]], 290, 120)] }).join(), 'go outside of the picture') // biome-ignore format: the corners of a line
  assert.match(faultyWith({ initials: [{ target: 'm.a', points: [{ x: 30, y: 14 }, { x: 130, y: 40 }] }] }).join(), 'over "m"') // biome-ignore format: the corners of a line
})

/** Numbers that are the same for the same seed. */
const dice = (seed: number) => {
  let state = seed
  return (sides: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * sides)
  }
}
const events = ['start', 'room.joined', 'after retryInterval', 'done write', 'a.very.long.event.name.that.goes.on.and.on']
/** A machine that nobody would write. */
const anyMachine = (throwDice: (sides: number) => number): Definition => {
  const nodes: ChartNode[] = [{ id: 'm', key: 'm', parent: null, kind: 'compound', ...bare }]
  for (let n = 3 + throwDice(9); n > 0; n--) {
    const parent = nodes[throwDice(nodes.length)]
    if (!parent) continue
    if (parent.kind === 'atomic') parent.kind = throwDice(4) === 0 ? 'parallel' : 'compound'
    const id = `${parent.id}.s${nodes.length}`
    nodes.push({
      id,
      key: `s${nodes.length}`,
      parent: parent.id,
      kind: 'atomic',
      ...bare,
      entry: throwDice(3) ? [] : ['noteThis'],
    })
    if (parent.kind === 'compound') parent.initial ??= id
  }
  const edges = Array.from({ length: throwDice(18) }, (_, n): ChartEdge => {
    const [source = 'm', target = 'm'] = [nodes[throwDice(nodes.length)]?.id, nodes[1 + throwDice(nodes.length - 1)]?.id]
    const event = events[throwDice(events.length)] ?? ''
    const guard = throwDice(3) === 0 ? { guard: 'isReady' } : {}
    return { id: `${source}|${event}|${n}`, source, target, descriptor: event, event, ...guard, actions: [] }
  })
  return { key: 'm', nodes, edges }
}

it('is sound for machines that nobody drew by hand', async () => {
  const seed = Date.now() % 1_000_000
  console.log(`seed ${seed}`)
  const throwDice = dice(seed)
  for (let n = 0; n < 6; n++) {
    const { chart } = await layoutOf(anyMachine(throwDice), quick)
    assert.equal(faultsOf(chart), [], `machine ${n} of seed ${seed}`)
  }
})

it.run()
