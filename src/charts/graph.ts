/** A machine as the graph that elk lays out. */
import type { ElkExtendedEdge, ElkNode } from 'elkjs'
import type { ChartNode, Definition } from '../inspector/messages.ts'
import { contentOf } from './boxes.ts'
import { type Bundle, bundlesOf } from './bundles.ts'
import { type Tree, treeOf } from './tree.ts'

export type Direction = 'DOWN' | 'RIGHT'
/**
 * One way to draw it. `cycles`: which transitions count as the way back; WRITTEN: those to a state that is written before. `joined`: those of several states that mean the same meet.
 * `beside`: what a state with states in it does is among these, not above them.
 */
export type Way = {
  direction: Direction
  cycles: 'WRITTEN' | 'DEPTH_FIRST' | 'BFS_NODE_ORDER'
  nodes: 'NETWORK_SIMPLEX' | 'BRANDES_KOEPF'
  joined: boolean
  beside: boolean
  /** So many rows of a state stand in one column. */
  tall: number
}
export type Graph = { elk: ElkNode; bundles: Bundle[]; tree: Tree }

/** Ids of what elk draws and the machine does not have. */
export const dotOf = (target: string) => `dot ${target}`
const headingOf = (id: string) => `heading ${id}`
export const joinOf = (bundle: Bundle) => `join ${bundle.id}`
export const wayIn = (bundle: Bundle, source: string) => `in ${source} ${bundle.id}`
export const wayOut = (bundle: Bundle) => `out ${bundle.id}`
export const forkOf = (bundle: Bundle, source: string, target: string) => `fork ${source} ${target} ${bundle.id}`

const dot = 9
const prefix = 'org.eclipse.elk.'
const named = (options: Record<string, string | number>) =>
  Object.fromEntries(Object.entries(options).map(([key, value]) => [prefix + key, String(value)]))

const whole = named({
  algorithm: 'layered',
  hierarchyHandling: 'INCLUDE_CHILDREN',
  'json.shapeCoords': 'ROOT',
  'json.edgeCoords': 'ROOT',
})
/** Each state with states in it has its own. */
const optionsOf = ({ direction, cycles, nodes }: Way) =>
  named({
    direction,
    edgeRouting: 'ORTHOGONAL',
    'layered.nodePlacement.strategy': nodes,
    'layered.cycleBreaking.strategy': cycles === 'WRITTEN' ? 'GREEDY' : cycles,
    'layered.edgeLabels.centerLabelPlacementStrategy': 'TAIL_LAYER',
    'layered.thoroughness': 30,
    separateConnectedComponents: 'false',
    ...spacing,
  })
const spacing = {
  'spacing.nodeNode': 22,
  'spacing.edgeNode': 14,
  'spacing.edgeEdge': 12,
  'spacing.edgeLabel': 0,
  'spacing.labelLabel': 6,
  'layered.spacing.nodeNodeBetweenLayers': 20,
  'layered.spacing.edgeNodeBetweenLayers': 12,
  'layered.spacing.edgeEdgeBetweenLayers': 12,
}

const first = named({ 'layered.layering.layerConstraint': 'FIRST', alignment: 'TOP' })

export const graphOf = (definition: Definition, way: Way): Graph => {
  const tree = treeOf(definition)
  const bundles = bundlesOf(definition)
  const joins = way.joined ? bundles.filter(isJoined) : []
  const boxOf = (node: ChartNode): ElkNode => {
    const { width, height } = contentOf(node, definition, way.tall)
    const children = tree.childrenOf(node.id)
    const heading = { id: headingOf(node.id), width: width - 12, height: height - 12, layoutOptions: first }
    const inside = [
      ...(way.beside ? [heading] : []),
      ...(node.initial === undefined ? [] : [{ id: dotOf(node.initial), width: dot, height: dot }]),
      ...children.map(boxOf),
      ...joins.filter(bundle => homeOf(tree, bundle) === node.id).map(bundle => joinBox(bundle, way)),
    ]
    if (children.length === 0) return { id: node.id, width, height }
    const layoutOptions = {
      ...optionsOf(way),
      ...named({
        padding: `[top=${way.beside ? 14 : height + 10},left=14,bottom=14,right=14]`,
        'nodeSize.constraints': 'MINIMUM_SIZE',
        'nodeSize.minimum': `(${width},${height})`,
      }),
    }
    return { id: node.id, layoutOptions, children: inside }
  }
  const edges = [...bundles.flatMap(bundle => waysOf(bundle, way)), ...dotsOf(definition)]
  if (way.cycles === 'WRITTEN') for (const bundle of bundles) prefer(edges, bundle, definition)
  return { elk: { id: '', layoutOptions: { ...whole, ...optionsOf(way) }, children: [boxOf(tree.root)], edges }, bundles, tree }
}

/** Says of each edge how bad it is if it leads backwards. */
const prefer = (edges: ElkExtendedEdge[], bundle: Bundle, { nodes }: Definition): void => {
  const placeOf = (id: string) => nodes.findIndex(node => node.id === id)
  const onward = bundle.sources.filter(source => placeOf(source) < placeOf(bundle.target)).length * 2 >= bundle.sources.length
  const ids = [...bundle.sources.map(source => wayIn(bundle, source)), wayOut(bundle)]
  for (const one of edges) if (onward && ids.includes(one.id)) one.layoutOptions = named({ 'layered.priority.direction': 10 })
}

export const isJoined = ({ sources }: Bundle): boolean => sources.length > 1
const homeOf = (tree: Tree, { sources, target }: Bundle) => tree.homeOf([target, ...sources])

const joinBox = (bundle: Bundle, { direction }: Way): ElkNode => {
  const [before, after] = direction === 'DOWN' ? ['NORTH', 'SOUTH'] : ['WEST', 'EAST']
  const port = (name: string, side: string) => ({ id: `${name} ${joinOf(bundle)}`, layoutOptions: named({ 'port.side': side }) })
  return {
    id: joinOf(bundle),
    width: bundle.width,
    height: bundle.height,
    ports: [port('before', before ?? ''), port('after', after ?? '')],
    layoutOptions: named({ portConstraints: 'FIXED_SIDE' }),
  }
}

const waysOf = (bundle: Bundle, { joined }: Way): ElkExtendedEdge[] => {
  const forks = bundle.sources.flatMap(source =>
    (bundle.told[0]?.edges[0]?.others ?? []).map(target => edge(forkOf(bundle, source, target), source, target)),
  )
  if (joined && isJoined(bundle))
    return [
      ...bundle.sources.map(source => edge(wayIn(bundle, source), source, `before ${joinOf(bundle)}`)),
      edge(wayOut(bundle), `after ${joinOf(bundle)}`, bundle.target),
      ...forks,
    ]
  const label = () => ({
    text: ' ',
    width: bundle.width,
    height: bundle.height,
    layoutOptions: named({ 'edgeLabels.placement': 'CENTER', 'edgeLabels.inline': 'true' }),
  })
  return [
    ...bundle.sources.map(source => ({ ...edge(wayIn(bundle, source), source, bundle.target), labels: [label()] })),
    ...forks,
  ]
}
const edge = (id: string, source: string, target: string): ElkExtendedEdge => ({ id, sources: [source], targets: [target] })
const dotsOf = ({ nodes }: Definition): ElkExtendedEdge[] =>
  nodes.flatMap(({ initial }) => (initial === undefined ? [] : [edge(`to ${dotOf(initial)}`, dotOf(initial), initial)]))
