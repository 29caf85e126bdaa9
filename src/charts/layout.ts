/** A machine as it is drawn: every box, line and word with its place, computed by elk. */
import type { ElkExtendedEdge, ElkNode } from 'elkjs'
import type { Box, Chart, ChartEdge, Definition, Point } from '../inspector/messages.ts'
import { costOf, ways } from './best.ts'
import { contentOf, isInside } from './boxes.ts'
import { type Bundle, sliceOf } from './bundles.ts'
import { type Elk, openElk } from './elk.ts'
import { dotOf, forkOf, type Graph, graphOf, isJoined, joinOf, type Way, wayIn, wayOut } from './graph.ts'

/** In one way. */
const drawnIn = async (definition: Definition, way: Way, elk: Elk): Promise<Chart> => {
  const graph = graphOf(definition, way)
  return chartOf(definition, graph, await elk.layout(graph.elk), way)
}

/** All that elk has placed, by id. */
const placesIn = (root: ElkNode) => {
  const boxes = new Map<string, Box>()
  const edges = new Map<string, ElkExtendedEdge>()
  const visit = ({ id, x = 0, y = 0, width = 0, height = 0, children = [], edges: own = [] }: ElkNode) => {
    boxes.set(id, { x: tenth(x), y: tenth(y), width: tenth(width), height: tenth(height) })
    for (const edge of own) edges.set(edge.id, edge)
    for (const child of children) visit(child)
  }
  visit(root)
  const boxOf = (id: string): Box => boxes.get(id) ?? { x: 0, y: 0, width: 0, height: 0 }
  const pointsOf = (id: string): Point[] =>
    (edges.get(id)?.sections ?? []).flatMap(({ startPoint, bendPoints = [], endPoint }) =>
      [startPoint, ...bendPoints, endPoint].map(({ x, y }) => ({ x: tenth(x), y: tenth(y) })),
    )
  const labelOf = (id: string): Point => {
    const { x = 0, y = 0 } = edges.get(id)?.labels?.[0] ?? {}
    return { x: tenth(x), y: tenth(y) }
  }
  return { boxOf, pointsOf, labelOf }
}
type Places = ReturnType<typeof placesIn>
const tenth = (value: number): number => Math.round(value * 10) / 10

const chartOf = (definition: Definition, { bundles }: Graph, laid: ElkNode, way: Way): Chart => {
  const places = placesIn(laid)
  const drawn = new Map<string, Chart['edges'][number]>()
  for (const bundle of bundles) for (const edge of edgesOf(bundle, places, way)) drawn.set(edge.id, edge)
  const whole = places.boxOf('')
  return {
    key: definition.key,
    width: whole.width,
    height: whole.height,
    nodes: definition.nodes.map(node => ({
      ...node,
      ...places.boxOf(node.id),
      rows: contentOf(node, definition, way.tall).rows,
    })),
    edges: definition.edges.map(edge =>
      isInside(edge) ? { ...edge, points: [] } : (drawn.get(edge.id) ?? { ...edge, points: [] }),
    ),
    initials: definition.nodes.flatMap(({ initial }) =>
      initial === undefined ? [] : [{ target: initial, points: places.pointsOf(`to ${dotOf(initial)}`) }],
    ),
  }
}

const edgesOf = (bundle: Bundle, places: Places, { joined }: Way): Chart['edges'] =>
  bundle.told.flatMap(({ lines, edges }, n) =>
    edges.map((edge: ChartEdge) => {
      const id = wayIn(bundle, edge.source)
      const meet = joined && isJoined(bundle)
      const corner = meet ? places.boxOf(joinOf(bundle)) : places.labelOf(id)
      const slice = sliceOf(bundle, n)
      const forks = (edge.others ?? []).map(other => places.pointsOf(forkOf(bundle, edge.source, other)))
      return {
        ...edge,
        points: [...places.pointsOf(id), ...(meet ? places.pointsOf(wayOut(bundle)) : [])],
        ...(forks.length > 0 ? { forks } : {}),
        label: { ...slice, x: tenth(corner.x + slice.x), y: tenth(corner.y + slice.y), lines },
      }
    }),
  )

/** The best of `among`, and which it is; the first of those that are as good. Rejects if elk can do none of them. */
export const layoutOf = async (definition: Definition, among: readonly Way[] = ways): Promise<{ way: Way; chart: Chart }> => {
  const elk = openElk()
  try {
    return await bestOf(definition, among, elk)
  } finally {
    await elk.close()
  }
}
/** The same for whoever has many to draw, and so keeps elk open. */
export const bestOf = async (definition: Definition, among: readonly Way[], elk: Elk): Promise<{ way: Way; chart: Chart }> => {
  let best: { way: Way; chart: Chart; cost: number } | undefined
  let fault: unknown
  for (const way of among) {
    const chart = await drawnIn(definition, way, elk).catch(error => {
      fault = error // some ways fail in elk itself; what another one gives is as good
    })
    if (chart && among.length === 1) return { way, chart }
    const cost = chart ? costOf(chart) : Number.POSITIVE_INFINITY
    if (chart && (!best || cost < best.cost)) best = { way, chart, cost }
  }
  if (!best) throw fault
  return { way: best.way, chart: best.chart }
}
