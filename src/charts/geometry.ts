/** What is wrong with a chart that somebody has to read: lines through words, words over words, boxes over boxes. */
import type { Box, Chart, Point } from '../inspector/messages.ts'
import { towards } from './strokes.ts'
import { sizes, textWidth } from './text.ts'

type Node = Chart['nodes'][number]
type Edge = Chart['edges'][number]
/** A stretch of a line: upright or level, a box without a breadth. */
type Stretch = Box & { level: boolean }
/** `place`: of its label, which it may share; the lines of one way lie below one another, and any line of it may pass behind them. */
type Drawn = { edge: Edge; stretches: Stretch[]; place: string }
type Text = Box & { text: string; node: Node }
type Sight = {
  drawn: Drawn[]
  nodes: Node[]
  texts: Text[]
  picture: Box
  /** Whether a state is inside of another. */
  isIn(id: string | undefined, outer: string): boolean
}

const slack = 0.5
/** Whether they have some of their inside in common; a border that is shared is nobody's. */
const overlap = (one: Box, other: Box): boolean =>
  one.x < other.x + other.width - slack &&
  other.x < one.x + one.width - slack &&
  one.y < other.y + other.height - slack &&
  other.y < one.y + one.height - slack
const contains = (outer: Box, inner: Box): boolean =>
  inner.x >= outer.x - slack &&
  inner.y >= outer.y - slack &&
  inner.x + inner.width <= outer.x + outer.width + slack &&
  inner.y + inner.height <= outer.y + outer.height + slack
const shrunk = ({ x, y, width, height }: Box): Box => ({ x: x + 1, y: y + 1, width: width - 2, height: height - 2 })
const crosses = ({ stretches }: Drawn, box: Box): boolean => {
  const inside = shrunk(box)
  return stretches.some(stretch => overlap(stretch, inside))
}

const stretchesOf = ({ points, forks = [] }: Edge): Stretch[] =>
  [points, ...forks].flatMap(way => way.slice(1).map((to, n) => stretchOf(way[n] ?? to, to)))
const stretchOf = (from: Point, to: Point): Stretch => ({
  x: Math.min(from.x, to.x) - slack,
  y: Math.min(from.y, to.y) - slack,
  width: Math.abs(to.x - from.x) + 2 * slack,
  height: Math.abs(to.y - from.y) + 2 * slack,
  level: Math.abs(from.y - to.y) < 0.1,
})
const drawnIn = ({ edges }: Chart): Drawn[] =>
  edges
    .filter(({ points }) => points.length > 0)
    .map(edge => ({ edge, stretches: stretchesOf(edge), place: `${edge.label?.x} ${edge.label?.width} ${edge.target}` }))

/** The words in a node, without those in its children. */
const textsIn = (node: Node): Text[] => {
  const { key, x, y, rows, kind } = node
  const name = { node, text: key, x: x + 12, y: y + 6, width: textWidth(key, sizes.name, true), height: 16 }
  const rest = rows.map(({ text, ...row }) => {
    const width = 16 + textWidth(text, sizes.row)
    return { node, text, x: x + row.x, y: y + row.y - 7, width, height: 14 }
  })
  return kind === 'history' ? rest : [name, ...rest]
}

const radius = 4.5
/** Where the line from a dot begins, around its middle. */
const dotAt = ([first = { x: 0, y: 0 }, second = first]: readonly Point[]): Box => {
  const { x, y } = towards(first, second, -radius)
  return { x: x - radius, y: y - radius, width: 2 * radius, height: 2 * radius }
}

/** Each fault as a line for whoever tunes the layout; none: it can be read. */
export const faultsOf = (chart: Chart): string[] => {
  const { nodes, initials, width, height } = chart
  const parents = new Map(nodes.map(({ id, parent }) => [id, parent]))
  const isIn = (id: string | undefined, outer: string): boolean => {
    for (let at = id === undefined ? null : parents.get(id); at; at = parents.get(at)) if (at === outer) return true
    return false
  }
  const sight = { drawn: drawnIn(chart), nodes, texts: nodes.flatMap(textsIn), picture: { x: 0, y: 0, width, height }, isIn }
  return [
    ...sight.drawn.flatMap(one => [...lineFaults(one, sight), ...labelFaults(one, sight)]),
    ...nodes.flatMap((node, n) => nodeFaults(node, nodes.slice(n + 1), sight)),
    ...initials.flatMap(({ target, points }) => dotFaults(target, dotAt(points), sight)),
    ...alongside(sight.drawn),
  ]
}

/** Whether an edge or its label has business inside of a node. */
const within = ({ source, target, others = [] }: Edge, { id }: Node, { isIn }: Sight) =>
  [source, target, ...others].some(end => isIn(end, id))

const lineFaults = (line: Drawn, sight: Sight): string[] => {
  const { edge, place } = line
  const labels = sight.drawn.flatMap(one => (one.edge.label && one.place !== place ? [one.edge.label] : []))
  return [
    ...labels.filter(label => crosses(line, label)).map(({ lines }) => `${edge.id} through ${lines}`),
    ...sight.nodes.filter(node => !within(edge, node, sight) && crosses(line, node)).map(({ id }) => `${edge.id} through ${id}`),
    ...sight.texts.filter(text => crosses(line, text)).map(({ text, node }) => `${edge.id} through "${text}" of ${node.id}`),
  ]
}
const labelFaults = ({ edge, place }: Drawn, sight: Sight): string[] => {
  const { label } = edge
  if (!label) return []
  const { lines } = label
  const others = sight.drawn.flatMap(one => (one.edge.label && one.place < place ? [one.edge.label] : []))
  const isOver = (node: Node) => overlap(label, node) && !(within(edge, node, sight) && contains(node, label))
  return [
    ...others.filter(other => overlap(label, other)).map(other => `${lines} over ${other.lines}`),
    ...sight.nodes.filter(isOver).map(({ id }) => `${lines} over ${id}`),
    ...sight.texts.filter(text => overlap(label, text)).map(({ text }) => `${lines} over "${text}"`),
    ...lines.filter(line => textWidth(line, sizes.label) > label.width).map(line => `${line} is wider than its label`),
    ...(contains(sight.picture, label) ? [] : [`${lines} outside of the picture`]),
  ]
}
/** `others`: those that it was not held against yet. */
const nodeFaults = (node: Node, others: Node[], { nodes, isIn, picture }: Sight): string[] => {
  const inner = nodes.filter(({ id }) => isIn(id, node.id))
  const isOver = (other: Node) => !isIn(other.id, node.id) && !isIn(node.id, other.id) && overlap(node, other)
  return [
    ...others.filter(isOver).map(({ id }) => `${node.id} over ${id}`),
    ...inner.filter(other => !contains(node, other)).map(({ id }) => `${id} sticks out of ${node.id}`),
    ...textsIn(node).flatMap(text => [
      ...(contains(node, text) ? [] : [`"${text.text}" is wider than ${node.id}`]),
      ...inner.filter(other => overlap(other, text)).map(({ id }) => `${id} over "${text.text}"`),
    ]),
    ...(contains(picture, node) ? [] : [`${node.id} outside of the picture`]),
  ]
}
const dotFaults = (target: string, dot: Box, { drawn, nodes, texts, isIn }: Sight): string[] => {
  const name = `the dot before ${target}`
  return [
    ...texts.filter(text => overlap(dot, text)).map(({ text }) => `${name} over "${text}"`),
    ...drawn.filter(({ edge }) => edge.label && overlap(dot, edge.label)).map(({ edge }) => `${name} over ${edge.label?.lines}`),
    ...drawn.filter(line => crosses(line, dot)).map(({ edge }) => `${edge.id} through ${name}`),
    ...nodes.filter(({ id, ...box }) => !isIn(target, id) && overlap(dot, box)).map(({ id }) => `${name} over ${id}`),
  ]
}

/** Two transitions on one line, that neither come from one place nor go to one. */
const alongside = (drawn: Drawn[]): string[] =>
  drawn.flatMap(({ edge, stretches }, n) =>
    drawn
      .slice(n + 1)
      .filter(other => edge.target !== other.edge.target && edge.source !== other.edge.source)
      .filter(other => stretches.some(one => other.stretches.some(two => runTogether(one, two))))
      .map(other => `${edge.id} along ${other.edge.id}`),
  )
const runTogether = (one: Stretch, other: Stretch): boolean => {
  const wide = Math.min(one.x + one.width, other.x + other.width) - Math.max(one.x, other.x)
  const high = Math.min(one.y + one.height, other.y + other.height) - Math.max(one.y, other.y)
  return Math.max(wide, high) > 4 && Math.min(wide, high) > 0
}

/** How often lines cross that do not go to one place: those that go together are one line. */
export const crossingsIn = (chart: Chart): number => {
  const found = new Set<string>()
  const drawn = drawnIn(chart)
  for (const [n, { edge, stretches }] of drawn.entries())
    for (const other of drawn.slice(n + 1))
      if (other.edge.target !== edge.target)
        for (const one of stretches) for (const two of other.stretches) if (meet(one, two)) found.add(placeAt(one, two))
  return found.size
}
const meet = (one: Stretch, other: Stretch): boolean => one.level !== other.level && overlap(one, other)
const placeAt = (one: Stretch, other: Stretch): string => {
  const [level, upright] = one.level ? [one, other] : [other, one]
  return `${Math.round(upright.x + slack)} ${Math.round(level.y + slack)}`
}
