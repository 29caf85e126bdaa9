/** Transitions that are drawn as one: those of one pair of states, and those of several states that mean the same. */
import type { ChartEdge, Definition } from '../inspector/messages.ts'
import { isInside, textOf } from './boxes.ts'
import { sizes, textWidth, wrapped } from './text.ts'

/** What is told in one place: its lines, and the transitions that it is told of, one for each source. */
export type Told = { lines: string[]; edges: ChartEdge[] }
/** From every source to the target. Of more than one: their ways meet at the label. */
export type Bundle = { id: string; sources: string[]; target: string; told: Told[]; width: number; height: number }

const widest = 190
const around = { x: 6, y: 3 }

/** Where in the label the lines of the `index`th begin, and how much they take: they lie below one another. */
export const sliceOf = ({ told, width }: Bundle, index: number) => {
  const before = told.slice(0, index).reduce((sum, { lines }) => sum + lines.length, 0)
  return { x: 0, y: around.y + before * sizes.line, width, height: (told[index]?.lines.length ?? 0) * sizes.line }
}

/** In the order in which the definition has their first transitions. */
export const bundlesOf = ({ edges }: Definition): Bundle[] => {
  const pairs = new Map<string, ChartEdge[]>()
  for (const edge of edges) {
    if (isInside(edge) || edge.target === undefined) continue
    const pair = JSON.stringify([edge.source, edge.target, edge.others ?? []])
    pairs.set(pair, [...(pairs.get(pair) ?? []), edge])
  }
  const alike = new Map<string, ChartEdge[][]>()
  for (const pair of pairs.values()) {
    const meaning = JSON.stringify([pair[0]?.target, pair[0]?.others ?? [], pair.map(textOf)])
    alike.set(meaning, [...(alike.get(meaning) ?? []), pair])
  }
  return [...alike.values()].map(bundleOf)
}

const bundleOf = (pairs: ChartEdge[][]): Bundle => {
  const [first = []] = pairs
  const told = first.map(
    (edge, n): Told => ({
      lines: wrapped(textOf(edge), widest, sizes.label),
      edges: pairs.flatMap(pair => pair[n] ?? []),
    }),
  )
  const lines = told.flatMap(one => one.lines)
  return {
    id: first[0]?.id ?? '',
    sources: pairs.flatMap(pair => pair[0]?.source ?? []),
    target: first[0]?.target ?? '',
    told,
    width: 2 * around.x + Math.max(...lines.map(line => textWidth(line, sizes.label))),
    height: 2 * around.y + lines.length * sizes.line,
  }
}
