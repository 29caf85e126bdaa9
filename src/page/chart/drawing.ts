/** One chart on the page: what is active in it, what runs, which transition was taken last. */
import { chartSvg } from '../../charts/svg.ts'
import type { Chart } from '../../inspector/messages.ts'
import type { ActorScene, Scene } from '../../inspector/scene.ts'
import { attribute } from '../dom.ts'
import { activeIds } from '../words.ts'

type ChartNode = Chart['nodes'][number]
export type Drawing = {
  svg: SVGSVGElement
  chart: Chart
  /** The innermost states that are active. */
  active: ChartNode[]
  show(actor: ActorScene, scene: Scene): void
  /** Makes a state the one that Tab comes to. */
  reach(id: string, focus: boolean): void
}

/** What a screen reader says of a state. */
const spoken = ({ key, kind, description }: ChartNode, isActive: boolean) =>
  [`${key}${isActive ? ', active' : ''}`, kind === 'atomic' ? '' : kind, description].filter(Boolean).join('. ')

/** Rows of invoked actors are in the order in which the state invokes them. */
const invokeRows = ({ rows, invoke }: ChartNode, group: Element): { id: string; row: Element }[] => {
  const elements = [...group.querySelectorAll(':scope > .row')]
  const marked = rows.flatMap((row, index) => (row.kind === 'invoke' && !row.further ? [elements[index]] : []))
  return invoke.flatMap(({ id }, index) => {
    const row = marked[index]
    return row ? [{ id, row }] : []
  })
}

export const drawingOf = (chart: Chart): Drawing => {
  const svg = new DOMParser().parseFromString(chartSvg(chart, { style: false }), 'image/svg+xml').documentElement
  if (!(svg instanceof SVGSVGElement)) throw new Error(`the chart of ${chart.key} is no picture`)
  attribute(svg, 'role', 'group')
  const groups = new Map([...svg.querySelectorAll<SVGGElement>('[data-node]')].map(group => [group.dataset.node ?? '', group]))
  const edges = [...svg.querySelectorAll<SVGGElement>('[data-edge]')]
  const machine = chart.nodes.find(({ parent }) => parent === null)?.id ?? chart.key
  const invokes = chart.nodes.flatMap(node => {
    const group = groups.get(node.id)
    return group ? invokeRows(node, group).map(one => ({ ...one, node: node.id })) : []
  })
  for (const group of groups.values()) {
    attribute(group, 'role', 'img')
    attribute(group, 'tabindex', -1)
  }
  let taken: ActorScene['last']
  const flash = (last: ActorScene['last']) => {
    if (last?.seq === taken?.seq) return
    taken = last
    const names = new Set(last?.taken.map(({ edge }) => edge))
    for (const edge of edges) {
      edge.classList.remove('taken')
      if (!names.has(edge.dataset.edge ?? '')) continue
      void edge.getBoundingClientRect() // begins the animation again where the same edge was taken before
      edge.classList.add('taken')
      if (!edge.classList.contains('row')) edge.parentElement?.append(edge)
    }
  }
  const drawing: Drawing = {
    svg,
    chart,
    active: [],
    show: (actor, { actors }) => {
      const ids = new Set(activeIds(machine, actor.value))
      for (const node of chart.nodes) {
        const group = groups.get(node.id)
        if (!group) continue
        group.classList.toggle('active', ids.has(node.id))
        attribute(group, 'aria-label', spoken(node, ids.has(node.id)))
      }
      attribute(svg, 'data-status', actor.status)
      for (const { id, row, node } of invokes)
        row.classList.toggle('running', ids.has(node) && actors[`${actor.path}/${id}`]?.status === 'active')
      drawing.active = chart.nodes.filter(
        ({ id }) => ids.has(id) && !chart.nodes.some(node => node.parent === id && ids.has(node.id)),
      )
      flash(actor.last)
    },
    reach: (id, focus) => {
      for (const [one, group] of groups) attribute(group, 'tabindex', one === id ? 0 : -1)
      if (focus) groups.get(id)?.focus({ preventScroll: true })
    },
  }
  return drawing
}
