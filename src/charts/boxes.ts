/** What stands inside a state when it is drawn: its name, what it does on its way in and out, what runs in it, what it hears and stays. */
import type { ChartEdge, ChartNode, ChartRow, Definition } from '../inspector/messages.ts'
import { sizes, textWidth, wrapped } from './text.ts'

/** `width` and `height` are the least that the state needs; its rows from its own top left corner. */
export type Content = { width: number; height: number; rows: ChartRow[] }

const side = 12
const head = 26
const widest = 250
const between = 18
const mostColumns = 4

/** It is drawn inside of its state: it stays there, or leaves it only to come back. */
export const isInside = ({ source, target, others }: ChartEdge): boolean => !others && (target === undefined || target === source)

/** `pause`, `resume [isEnded]`, `[hasTrack]` for always, `[else]` for what is left of these. */
const edgeText = ({ event, guard }: ChartEdge, isFirst = false): string => {
  const condition = guard ? `[${guard}]` : ''
  if (event === '') return condition || (isFirst ? 'always' : '[else]')
  return `${event}${condition && ` ${condition}`}`
}
/** The same by its place: whether it is the first of its source's is in its id. */
export const textOf = (edge: ChartEdge): string => edgeText(edge, edge.id.endsWith('|0'))

/** Of a state: its rows, `tall` of them in one column and more of them in several, and how much space it wants. */
export const contentOf = (node: ChartNode, { edges }: Definition, tall: number): Content => {
  const rows = [...ownRows(node), ...edges.filter(edge => edge.source === node.id && isInside(edge)).map(stayRow)]
  const name = textWidth(nameOf(node), sizes.name, true) + (node.kind === 'final' ? 12 : 0)
  if (node.kind === 'history') return { width: 26, height: 26, rows: [] }
  return placed(rows, name, tall)
}
export const nameOf = ({ key, kind }: ChartNode): string => (kind === 'history' ? 'H' : key)

type Row = Omit<ChartRow, 'x' | 'y'>
const ownRows = ({ entry, exit, invoke, tags }: ChartNode): Row[] => [
  ...tags.map((tag): Row => ({ kind: 'tag', text: `#${tag}` })),
  ...invoke.map(({ id, src }): Row => ({ kind: 'invoke', text: id === src || src === '?' ? id : `${id}: ${src}` })),
  ...(entry.length > 0 ? [{ kind: 'entry', text: entry.join(', ') } as const] : []),
  ...(exit.length > 0 ? [{ kind: 'exit', text: exit.join(', ') } as const] : []),
]
const stayRow = (edge: ChartEdge): Row => ({
  kind: edge.target !== undefined ? 'again' : edge.actions.length > 0 ? 'stay' : 'ignore',
  text: textOf(edge),
  edge: edge.id,
})

/** What is drawn before a row takes so much of it. */
export const markWidth = 16

/** Rows in lines and columns. */
const placed = (rows: Row[], name: number, tall: number): Content => {
  const lines = rows.flatMap(row => wrapped(row.text, widest, sizes.row).map((text, n) => ({ ...row, text, further: n > 0 })))
  const columns = Math.max(1, Math.min(mostColumns, Math.ceil(lines.length / tall)))
  const each = Math.ceil(lines.length / columns)
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(0, ...lines.slice(column * each, (column + 1) * each).map(({ text }) => markWidth + textWidth(text, sizes.row))),
  )
  const leftOf = (column: number) => side + widths.slice(0, column).reduce((sum, one) => sum + one + between, 0)
  const width = side + Math.max(side + name, leftOf(columns) - between)
  return {
    width,
    height: head + Math.min(lines.length, each) * sizes.line + (lines.length > 0 ? 8 : 4),
    rows: lines.map(({ further, ...row }, n) => ({
      ...row,
      ...(further ? { further } : {}),
      x: leftOf(Math.floor(n / each)),
      y: head + 4 + (n % each) * sizes.line + sizes.line / 2,
    })),
  }
}
