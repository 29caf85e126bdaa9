/** Draws a sequence: names that stay on top, lifelines, arrows and boxes. */

import type { Row } from '../../inspector/rows.ts'
import { attribute, h, s } from '../dom.ts'
import { clockText } from '../times.ts'
import { type Arrow, type Box, type Break, type Lifeline, type Mark, metrics, type Sequence } from './sequence.ts'

type Does = { travel(row: Row): void; actor(path: string): void }
export type Chosen = { actor: string | null; message: number | null; seq: number }

/** The same moment is told again after so many px: who scrolls wants to know. */
const timeEvery = 260
/** About so wide is a letter of the small text, in px. */
const letter = 6.4
const fit = (text: string, width: number): string => {
  const most = Math.floor(width / letter)
  return text.length <= most ? text : most < 3 ? '' : `${text.slice(0, most - 1)}…`
}

const sayOf = (mark: Mark, names: Map<number, string>): string => {
  if (mark.kind === 'break') return mark.text
  const at = clockText(mark.rows[0]?.at ?? 0)
  const own = mark.rows.length > 1 ? ` (${[...new Set(mark.rows.map(({ name }) => name))].join(', ')})` : ''
  if (mark.kind === 'box') return `${at}: ${names.get(mark.on) ?? ''}: ${mark.text}${own}`
  const from = mark.from === null ? 'outside' : (names.get(mark.from) ?? '')
  return `${at}: ${mark.name}, from ${from} to ${names.get(mark.to) ?? ''}${mark.dead ? ', who was not there' : ''}`
}

const arrow = ({ from, to, y, name, dead }: Arrow, lane: number): SVGElement[] => {
  const start = from ?? metrics.edge - 14
  const way = to >= start ? 1 : -1
  const room = Math.abs(to - start) - 16
  const line = s('path', { class: 'seq-line', d: `M${start} ${y}H${to - way * 7}` })
  const head = s('path', { class: 'seq-head', d: dead ? `M${to - 4} ${y - 4}l8 8m0 -8l-8 8` : `M${to} ${y}l${-8 * way} -4v8z` })
  const shown = fit(name, Math.max(room, lane - 20))
  const half = (shown.length * letter) / 2
  const x = Math.max(half + 4, (start + to) / 2)
  const most = from === null ? to - lane / 2 + half : Math.max(start, to) - half - 10
  const place = { x, y: y - 5, 'data-from': x, 'data-to': most, 'data-half': half }
  const label = s('text', { class: 'seq-name', 'text-anchor': 'middle', ...place }, shown)
  return from === null ? [s('circle', { class: 'seq-dot', cx: start, cy: y, r: 3 }), line, head, label] : [line, head, label]
}

const box = ({ on, y, text, failed, led }: Box, lane: number): SVGElement[] => {
  const shown = fit(text, lane - 18)
  const width = shown.length * letter + 14
  const height = led ? 17 : 20
  return [
    s('rect', {
      class: failed ? 'seq-box seq-failed' : led ? 'seq-box seq-led' : 'seq-box',
      x: on - width / 2,
      y: y - height / 2,
      width,
      height,
      rx: 4,
    }),
    s('text', { class: led ? 'seq-state' : 'seq-own', x: on, y: y + 4, 'text-anchor': 'middle' }, shown),
  ]
}

const rest = ({ y, text, rows }: Break, width: number): SVGElement[] => {
  const gap = rows.length > 0
  return [
    s('path', { class: gap ? 'seq-rest seq-gap' : 'seq-rest', d: `M${metrics.edge} ${y}H${width}` }),
    s('text', { class: 'seq-time', x: metrics.edge + 8, y: y - 4 }, text),
  ]
}

const lifeline = ({ x, from, to, ended }: Lifeline): SVGElement[] => [
  s('path', { class: 'seq-life', d: `M${x} ${from}V${to}` }),
  ...(ended ? [s('path', { class: 'seq-end', d: `M${x - 5} ${to + 12}h10` })] : []),
]

const drawn = (mark: Mark, { width, lane }: Sequence): SVGElement[] =>
  mark.kind === 'arrow' ? arrow(mark, lane) : mark.kind === 'box' ? box(mark, lane) : rest(mark, width)

/** Names of arrows stay where the picture is seen, as long as there is a bit of the arrow below them. */
export const keepInside = (picture: Element, left: number): void => {
  for (const label of picture.querySelectorAll<SVGElement>('[data-from]')) {
    const [from = 0, to = 0, half = 0] = [label.dataset.from, label.dataset.to, label.dataset.half].map(Number)
    attribute(label, 'x', Math.max(from, Math.min(left + 4 + half, to)))
  }
}

/** The names on top, each a button that selects its actor. Places are set one by one: the page may have no styles in its markup. */
export const namesOf = ({ lifelines, width, lane }: Sequence, actor: string | null, does: Does): HTMLElement => {
  const names = lifelines.map(({ path, name, x }) => {
    const [kind = name, id = ''] = name.split(/:(.*)/)
    const of = id !== '' && h('small', {}, id)
    const face = h('button', { type: 'button', title: path, 'aria-pressed': String(path === actor) }, h('span', {}, kind), of)
    face.addEventListener('click', () => does.actor(path))
    Object.assign(face.style, { left: `${x - lane / 2 + 3}px`, width: `${lane - 6}px` })
    return face
  })
  const heads = h('div', { class: 'seq-heads' }, ...names)
  heads.style.width = `${width}px`
  return heads
}

/** The picture; of its marks one can be reached with the tab key, and the others from there with the arrows. */
export const pictureOf = (sequence: Sequence, chosen: Chosen, does: Does): SVGSVGElement => {
  const { width, height, lifelines, marks, lane } = sequence
  const names = new Map(lifelines.map(({ x, name }) => [x, name]))
  const column = lifelines.find(({ path }) => path === chosen.actor)
  const svg = s('svg', {
    width,
    height,
    viewBox: `0 0 ${width} ${height}`,
    role: 'list',
    'aria-label': 'Who told whom, oldest first',
  })
  if (column) svg.append(s('rect', { class: 'seq-column', x: column.x - lane / 2, y: 0, width: lane, height }))
  svg.append(...lifelines.flatMap(lifeline))
  let last = { time: '', y: Number.NEGATIVE_INFINITY }
  for (const mark of marks) {
    const row = mark.rows.at(-1)
    const isLed = mark.kind === 'box' && mark.led
    const isOurs = chosen.actor === null || mark.rows.some(({ actor, from }) => actor === chosen.actor || from === chosen.actor)
    const group = s('g', {
      role: 'listitem',
      class: `seq-mark${isOurs ? '' : ' seq-other'}${row?.seq === chosen.message ? ' seq-chosen' : ''}`,
      'aria-label': sayOf(mark, names),
      'data-seq': row?.seq,
      tabindex: row && !isLed ? -1 : undefined,
    })
    const time = row && !isLed && mark.kind !== 'break' ? clockText(row.at) : ''
    const half = mark.kind === 'box' && mark.led ? 10 : 15
    group.append(s('title', {}, sayOf(mark, names)))
    group.append(s('rect', { class: 'seq-band', x: 0, y: mark.y - half, width, height: 2 * half }))
    if (time !== '' && (time !== last.time || mark.y - last.y > timeEvery)) {
      group.append(s('text', { class: 'seq-time', x: 6, y: mark.y + 4 }, time))
      last = { time, y: mark.y }
    }
    group.append(...drawn(mark, sequence))
    if (row) group.addEventListener('click', () => does.travel(row))
    svg.append(group)
  }
  const stops = [...svg.querySelectorAll('[tabindex]')]
  const stop = stops.find(one => one.getAttribute('data-seq') === String(chosen.message)) ?? stops.at(-1)
  if (stop) attribute(stop, 'tabindex', 0)
  return svg
}
