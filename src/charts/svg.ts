/** A chart as SVG: text, the same for a file and for a page, which has only to say which states are active and which transition was taken. */
import type { Chart, ChartRow, Point } from '../inspector/messages.ts'
import { markWidth } from './boxes.ts'
import { cornered, headOf, towards } from './strokes.ts'
import { chartStyle } from './style.ts'
import { sizes, textWidth } from './text.ts'

export { chartStyle } from './style.ts'

/** `style`: with its colours, for a file that stands alone; default true. */
export type SvgOptions = { style?: boolean }
type ChartEdge = Chart['edges'][number]
type ChartNode = Chart['nodes'][number]

/** What XML 1.0 cannot hold at all: control characters but tab and line ends, lone surrogates, two non-characters. */
const forbidden = /(?![\t\n\r])[\p{Cc}\p{Cs}\ufffe\uffff]/gu
const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }
const escaped = (text: string) => text.replace(forbidden, '').replace(/[&<>"]/g, sign => entities[sign] ?? sign)

type Attributes = Record<string, string | number | undefined>
const tag = (name: string, attributes: Attributes, ...children: string[]): string => {
  const listed = Object.entries(attributes)
    .filter(([, value]) => value !== undefined && value !== '')
    .map(([key, value]) => ` ${key}="${typeof value === 'number' ? Math.round(value * 10) / 10 : escaped(String(value))}"`)
    .join('')
  return children.length === 0 ? `<${name}${listed}/>` : `<${name}${listed}>${children.join('')}</${name}>`
}

/**
 * Groups `.node` with `data-node`, which become `active`, and `.edge` with `data-edge`, which become `taken`: of one transition its line
 * and its label, or a row of its state. Whoever adds `taken` puts a line last among its siblings, so that no other lies over it.
 */
export const chartSvg = (chart: Chart, { style = true }: SvgOptions = {}): string => {
  const { key, width, height, nodes, edges, initials } = chart
  const ways = edges.filter(({ points }) => points.length > 0)
  const told = new Set<string>()
  return tag(
    'svg',
    {
      xmlns: 'http://www.w3.org/2000/svg',
      ...{ class: 'chart', viewBox: `0 0 ${width} ${height}`, width, height },
      ...{ role: 'img', 'aria-labelledby': `chart-${key}-title chart-${key}-desc` },
    },
    tag('title', { id: `chart-${key}-title` }, escaped(`State chart of ${key}`)),
    tag('desc', { id: `chart-${key}-desc` }, escaped(inWords(chart))),
    ...(style ? [tag('style', {}, chartStyle)] : []),
    ...(style ? [tag('rect', { class: 'paper', width, height })] : []),
    tag('g', { class: 'nodes' }, ...nodes.map(node => nodeMarkup(node, edges))),
    tag('g', { class: 'initials' }, ...initials.map(({ points }) => initialMarkup(points))),
    tag('g', { class: 'lines' }, ...ways.map(edge => lineMarkup(edge, told))),
    tag('g', { class: 'labels' }, ...ways.map(edge => labelMarkup(edge, told))),
  )
}

/** What somebody hears who does not see it. */
const inWords = ({ nodes, edges }: Chart): string => {
  const inner = nodes.filter(({ parent }) => parent !== null)
  return `${inner.length} states: ${inner.map(({ key }) => key).join(', ')}. ${edges.length} transitions.`
}

const fitted = (text: string, x: number, y: number, size: number, attributes: Attributes = {}): string => {
  const length = textWidth(text, size, attributes['font-weight'] !== undefined)
  const fit = { x, y, textLength: length, lengthAdjust: 'spacingAndGlyphs' }
  return tag('text', { ...fit, ...attributes }, withGuards(text))
}
/** Conditions are lighter than events. */
const withGuards = (text: string): string =>
  text
    .split(/(\[[^\]]*\]?)/)
    .map(part => (part.startsWith('[') ? tag('tspan', { class: 'guard' }, escaped(part)) : escaped(part)))
    .join('')

const radius = 7
const nodeMarkup = (node: ChartNode, edges: readonly ChartEdge[]): string => {
  const { id, key, kind, parent, x, y, width, height, rows, description } = node
  const box = { x, y, width, height, rx: radius }
  const isMachine = parent === null
  const nameX = x + 12
  const nameY = y + (rows.length > 0 || kind === 'compound' || kind === 'parallel' ? 17.5 : height / 2 + 4.5)
  const name = fitted(key, nameX, nameY, sizes.name, { class: 'name', 'font-weight': 600 })
  const inner = { x: x + 3, y: y + 3, width: width - 6, height: height - 6, rx: radius - 3 }
  return tag(
    'g',
    { class: `node ${kind}${isMachine ? ' machine' : ''}`, 'data-node': id },
    ...(description === undefined ? [] : [tag('title', {}, escaped(description))]),
    tag('rect', { class: 'box', ...box }),
    ...(kind === 'final' ? [tag('rect', { class: 'inner', ...inner })] : []),
    name,
    ...rows.map(row => rowMarkup(node, row, edges)),
  )
}
const marks: Record<ChartRow['kind'], string> = {
  tag: '',
  invoke: 'M0-4v8l6-4z', // something runs
  entry: 'M0 0h6M3.5-3l3 3-3 3M9-4.5v9',
  exit: 'M0-4.5v9M2.5 0h6M6-3l3 3-3 3',
  stay: 'M0-3v3.5a2 2 0 0 0 2 2h5M4.500 0.500l2.500 2-2.500 2',
  ignore: 'M0 0h7',
  again: 'M7-1.500a3.500 3.500 0 1 0 0.300 2.500M7.500-4.500v3h-3',
}
const rowMarkup = (node: ChartNode, { kind, text, edge: id, further, x, y }: ChartRow, edges: readonly ChartEdge[]): string => {
  const [left, middle] = [node.x + x, node.y + y]
  const edge = edges.find(one => one.id === id)
  return tag(
    'g',
    { class: `row ${kind}${edge ? ' edge' : ''}`, 'data-edge': edge?.id },
    ...(edge ? [tag('title', {}, escaped(hintOf(edge)))] : []),
    ...(further || marks[kind] === ''
      ? []
      : [tag('path', { class: 'mark', d: marks[kind], transform: `translate(${left} ${middle})` })]),
    fitted(text, left + (kind === 'tag' ? 0 : markWidth), middle + 4, sizes.row),
  )
}
const hintOf = ({ source, target, event, guard, actions }: ChartEdge): string =>
  [
    `${source.split('.').at(-1)}: ${event || 'always'}${guard ? ` [${guard}]` : ''}`,
    ...(target === undefined ? [] : [`→ ${target.split('.').at(-1)}`]),
    ...(actions.length > 0 ? [`/ ${actions.join(', ')}`] : []),
  ].join(' ')

const initialMarkup = (points: Point[]): string =>
  tag(
    'g',
    { class: 'initial' },
    tag('circle', { class: 'dot', ...centreOf(points), r: 4.5 }),
    tag('path', { class: 'line', d: cornered(points) }),
    tag('path', { class: 'head', d: headOf(points) }),
  )
const centreOf = ([first = { x: 0, y: 0 }, second = first]: Point[]) => {
  const { x, y } = towards(first, second, -4.5)
  return { cx: x, cy: y }
}

/** ` shared` for what is drawn already: it shows only where it is taken. */
const sharing = (told: Set<string>, what: string): string => {
  const known = told.has(what)
  told.add(what)
  return known ? ' shared' : ''
}
const lineMarkup = (edge: ChartEdge, told: Set<string>): string => {
  const ways = [edge.points, ...(edge.forks ?? [])]
  const line = ways.map(cornered).join('')
  return tag(
    'g',
    { class: `edge${sharing(told, line)}`, 'data-edge': edge.id },
    tag('title', {}, escaped(hintOf(edge))),
    tag('path', { class: 'line', d: line }),
    tag('path', { class: 'head', d: ways.map(headOf).join('') }),
  )
}
const labelMarkup = (edge: ChartEdge, told: Set<string>): string => {
  const { label } = edge
  if (!label) return ''
  const { x, y, width, height, lines } = label
  return tag(
    'g',
    { class: `edge label${sharing(told, `${x} ${y} ${lines.join()}`)}`, 'data-edge': edge.id },
    tag('title', {}, escaped(hintOf(edge))),
    tag('rect', { x, y, width, height, rx: 4 }),
    ...lines.map((line, n) => {
      const length = textWidth(line, sizes.label)
      return fitted(line, x + (width - length) / 2, y + n * sizes.line + sizes.line / 2 + 4, sizes.label)
    }),
  )
}
