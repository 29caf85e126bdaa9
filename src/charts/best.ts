/** Which of several ways to draw a machine is the best to read. */
import type { Chart, Point } from '../inspector/messages.ts'
import { crossingsIn, faultsOf } from './geometry.ts'
import type { Way } from './graph.ts'

/** A page and a README are about so much wider than high. */
const shape = 4 / 3
const lengthOf = (points: Point[]): number =>
  points.slice(1).reduce((sum, { x, y }, n) => sum + Math.abs(x - (points[n]?.x ?? x)) + Math.abs(y - (points[n]?.y ?? y)), 0)

/** The less the better: the side of the page that it needs, in px, and what makes it hard to follow. */
export const costOf = (chart: Chart): number => {
  const { width, height, edges, initials } = chart
  const page = Math.max(width, height * shape)
  const ways = new Map(edges.map(({ points }) => [JSON.stringify(points), points]))
  const length = [...ways.values()].reduce((sum, points) => sum + lengthOf(points), 0)
  const corners = [...ways.values()].reduce((sum, points) => sum + Math.max(0, points.length - 2), 0)
  const late = initials.reduce((sum, { target, points }) => sum + lateness(chart, target) + lengthOf(points) / 200, 0)
  return page + length / 40 + 3 * corners + 25 * crossingsIn(chart) + 250 * late + 2000 * faultsOf(chart).length
}

/** How much of its parent lies before an initial state, where it should be first: 0 to 1. */
const lateness = ({ nodes }: Chart, target: string): number => {
  const node = nodes.find(({ id }) => id === target)
  const parent = nodes.find(({ id }) => id === node?.parent)
  if (!node || !parent) return 0
  return Math.min((node.y - parent.y) / parent.height, (node.x - parent.x) / parent.width)
}

const both = [true, false]
const shapes = [
  { direction: 'DOWN', tall: 6 },
  { direction: 'DOWN', tall: 12 },
  { direction: 'RIGHT', tall: 12 },
] as const
/** Every way there is: for the machines that are shipped. */
export const ways: Way[] = shapes.flatMap(shape =>
  (['WRITTEN', 'DEPTH_FIRST', 'BFS_NODE_ORDER'] as const).flatMap(cycles =>
    (['NETWORK_SIMPLEX', 'BRANDES_KOEPF'] as const).flatMap(nodes =>
      both.flatMap(joined => both.map(beside => ({ ...shape, cycles, nodes, joined, beside }))),
    ),
  ),
)

/** The most promising: for whoever waits. */
export const quick: Way[] = ways.filter(
  ({ direction, cycles, nodes, joined, tall }) =>
    nodes === 'BRANDES_KOEPF' &&
    tall === 12 &&
    joined &&
    (cycles === 'WRITTEN' || (cycles === 'BFS_NODE_ORDER' && direction === 'DOWN')),
)
