/** A machine as a state diagram of Mermaid's, for what shows Markdown. */
import type { ChartEdge, ChartNode, Definition } from '../inspector/messages.ts'
import { type Tree, treeOf } from './tree.ts'

/** Words of Mermaid that cannot be the name of a state. */
const reserved = ['state', 'end', 'note', 'direction', 'class', 'default', 'style', 'as', 'click']

/** `pause`, `resume [isEnded]`, `always [hasTrack]`. */
export const labelOf = ({ event, guard }: ChartEdge): string => `${event || 'always'}${guard ? ` [${guard}]` : ''}`

/** Without a line end. Transitions that stay are in none of it: Mermaid has no place for them. */
export const mermaidOf = (definition: Definition): string => {
  const tree = treeOf(definition)
  return ['stateDiagram-v2', ...insideOf(tree.root, tree, definition.edges)].join('\n')
}

const nameOf = (id: string, tree: Tree): string => {
  const name = tree.pathOf(id).join('_').replace(/\W/g, '_')
  return reserved.includes(name) ? `${name}_` : name
}

/** What stands inside a state, or in the machine: initial state, states in order, arrows, what ends. */
const insideOf = (node: ChartNode, tree: Tree, edges: ChartEdge[]): string[] => {
  const children = tree.childrenOf(node.id)
  const between = node.kind === 'parallel' ? ['--'] : []
  const states = children.flatMap((child, index) => [...(index > 0 ? between : []), ...stateOf(child, tree, edges)])
  const starts = node.initial === undefined ? [] : [`[*] --> ${nameOf(node.initial, tree)}`]
  const ends = children.filter(({ kind }) => kind === 'final').map(({ id }) => `${nameOf(id, tree)} --> [*]`)
  return [...starts, ...states, ...arrowsIn(node, tree, edges), ...ends].map(line => `  ${line}`)
}
const stateOf = (node: ChartNode, tree: Tree, edges: ChartEdge[]): string[] => {
  const name = nameOf(node.id, tree)
  const named = name === node.key ? [] : [`state "${node.key}" as ${name}`]
  if (tree.childrenOf(node.id).length > 0) return [...named, `state ${name} {`, ...insideOf(node, tree, edges), '}']
  return named.length > 0 ? named : [name]
}

/** The arrows of which both ends lie in `node`, those of one pair joined: only there it keeps Mermaid from moving one of them. */
const arrowsIn = (node: ChartNode, tree: Tree, edges: ChartEdge[]): string[] => {
  const arrows = new Map<string, string[]>()
  for (const edge of within(node, tree, edges)) {
    for (const target of edge.target === undefined ? [] : [edge.target, ...(edge.others ?? [])]) {
      if (homeOf(edge.source, target, tree) !== node.id) continue
      const pair = `${nameOf(edge.source, tree)} --> ${nameOf(target, tree)}`
      arrows.set(pair, [...(arrows.get(pair) ?? []), labelOf(edge)])
    }
  }
  return [...arrows].map(([pair, labels]) => `${pair}: ${labels.join(', ')}`)
}
const within = ({ id }: ChartNode, tree: Tree, edges: ChartEdge[]) =>
  edges.filter(({ source }) => tree.lineOf(source).includes(id))

/** The innermost state around the source that is around the target too, or is it. */
const homeOf = (source: string, target: string, tree: Tree): string => {
  const line = tree.lineOf(target)
  const around = tree.lineOf(source).slice(1)
  return around.find(id => id === tree.root.id || (id !== target && line.includes(id))) ?? ''
}
