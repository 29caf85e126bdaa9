/** A definition as the config that XState makes a machine of: for what knows machines by that. */
import type { ChartEdge, ChartNode, Definition, Json, JsonObject } from '../inspector/messages.ts'
import { treeOf } from './tree.ts'

/** JSON. A machine that is made of it has the same definition. Throws a RangeError as `treeOf` does. */
export const configOf = (definition: Definition): JsonObject => {
  const tree = treeOf(definition)
  const inside = (node: ChartNode): JsonObject => {
    const children = tree.childrenOf(node.id)
    const kinds = ['parallel', 'final', 'history']
    return {
      ...(isNamed(node) ? { id: node.id } : {}),
      ...(kinds.includes(node.kind) ? { type: node.kind } : {}),
      ...(node.initial === undefined ? {} : { initial: tree.of(node.initial).key }),
      ...(node.description === undefined ? {} : { description: node.description }),
      ...filled('tags', node.tags),
      ...filled('entry', node.entry),
      ...filled('exit', node.exit),
      ...filled('invoke', node.invoke),
      ...transitionsOf(definition.edges.filter(({ source }) => source === node.id)),
      ...(children.length > 0 ? { states: Object.fromEntries(children.map(child => [child.key, inside(child)])) } : {}),
    }
  }
  return inside(tree.root)
}

/** Its id is no other than XState would give it. */
const isNamed = ({ id, parent, key }: ChartNode): boolean => parent === null || id !== `${parent}.${key}`
const filled = (name: string, list: Json[]): JsonObject => (list.length > 0 ? { [name]: list } : {})

/** XState makes the events of delays itself, from the delay and the state. */
const delay = /^xstate\.after\.([^.]+)\./

const transitionsOf = (edges: ChartEdge[]): JsonObject => {
  const [on, after]: Record<string, Json[]>[] = [{}, {}]
  const always: Json[] = []
  for (const edge of edges) {
    const [, ms] = delay.exec(edge.descriptor) ?? []
    if (edge.descriptor === '') always.push(transitionOf(edge))
    else if (ms !== undefined) add(after ?? {}, ms, edge)
    else add(on ?? {}, edge.descriptor, edge)
  }
  return { ...(isFilled(on) ? { on } : {}), ...(isFilled(after) ? { after } : {}), ...filled('always', always) }
}
const add = (lists: Record<string, Json[]>, name: string, edge: ChartEdge): void => {
  lists[name] = [...(lists[name] ?? []), transitionOf(edge)]
}
const isFilled = <T>(lists: Record<string, T> | undefined): lists is Record<string, T> => Object.keys(lists ?? {}).length > 0

const transitionOf = ({ target, others = [], guard, actions, reenter }: ChartEdge): JsonObject => ({
  ...(target === undefined ? {} : { target: others.length > 0 ? [target, ...others].map(idOf) : idOf(target) }),
  ...(guard === undefined ? {} : { guard }),
  ...filled('actions', actions),
  ...(reenter === undefined ? {} : { reenter }),
})
const idOf = (id: string): string => `#${id}`
