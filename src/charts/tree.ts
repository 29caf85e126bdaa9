/** The states of a definition as the tree that they are. */
import type { ChartNode, Definition } from '../inspector/messages.ts'

export type Tree = {
  root: ChartNode
  of(id: string): ChartNode
  childrenOf(id: string): ChartNode[]
  /** From itself up to the machine. */
  lineOf(id: string): string[]
  /** The keys from below the machine down to it. */
  pathOf(id: string): string[]
  /** The innermost state in which all of these lie, none of them itself. */
  homeOf(ids: string[]): string
}

/** Throws a RangeError if a definition names a state that it does not have, has no machine, or has states that are not in it. */
export const treeOf = ({ key, nodes, edges }: Definition): Tree => {
  const known = new Map(nodes.map(node => [node.id, node]))
  const children = new Map<string | null, ChartNode[]>()
  for (const node of nodes) children.set(node.parent, [...(children.get(node.parent) ?? []), node])
  const [root] = children.get(null) ?? []
  if (!root) throw new RangeError(`the definition of ${key} has no machine in it: no state without a parent`)
  const of = (id: string): ChartNode => {
    const node = known.get(id)
    if (!node) throw new RangeError(`the definition of ${key} has no state ${id}`)
    return node
  }
  const named = [...nodes.map(({ initial }) => initial), ...edges.flatMap(one => [one.source, one.target, ...(one.others ?? [])])]
  for (const id of named) if (id !== undefined) of(id)
  for (const node of nodes) {
    const line = new Set<string>()
    for (let at = node; at.parent !== null; at = of(at.parent)) {
      if (line.has(at.id)) throw new RangeError(`the definition of ${key} has a state that lies in itself: ${at.id}`)
      line.add(at.id)
    }
  }
  const lineOf = (id: string): string[] => {
    const { parent } = of(id)
    return parent === null ? [id] : [id, ...lineOf(parent)]
  }
  const homeOf = ([first = root.id, ...others]: string[]): string => {
    const lines = others.map(other => lineOf(other).slice(1))
    return (
      lineOf(first)
        .slice(1)
        .find(id => lines.every(line => line.includes(id))) ?? root.id
    )
  }
  const keysOf = (id: string) => lineOf(id).map(one => of(one).key)
  return { root, of, childrenOf: id => children.get(id) ?? [], lineOf, pathOf: id => keysOf(id).reverse().slice(1), homeOf }
}
