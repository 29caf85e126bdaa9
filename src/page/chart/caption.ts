/** The line below a chart: what the state or the transition under the hand means. */
import type { Chart } from '../../inspector/messages.ts'
import { h } from '../dom.ts'
import type { Drawing } from './drawing.ts'

type Told = { name: string; words: string }

const tail = (id: string) => id.slice(id.lastIndexOf('.') + 1)
const list = (what: string, names: string[]) => (names.length > 0 ? `${what} ${names.join(', ')}` : '')

const ofNode = ({ key, kind, description, tags, entry, exit, invoke }: Chart['nodes'][number]): Told => ({
  name: key,
  words: [
    description,
    kind === 'atomic' || kind === 'compound' ? '' : kind,
    list('tagged', tags),
    list(
      'runs',
      invoke.map(({ src }) => src),
    ),
    list('on entry:', entry),
    list('on exit:', exit),
  ]
    .filter(Boolean)
    .join(' · '),
})

const ofEdge = ({ source, target, event, guard, actions }: Chart['edges'][number]): Told => ({
  name: event || 'always',
  words: [
    `${tail(source)} → ${target === undefined ? 'stays' : tail(target)}`,
    guard === undefined ? '' : `if ${guard}`,
    list('does', actions),
  ]
    .filter(Boolean)
    .join(' · '),
})

/** Follows the pointer and the focus; `usual` is told where neither is on anything. */
export const captionOf = (frame: HTMLElement, drawn: () => Drawing | undefined) => {
  const name = h('b', {})
  const words = h('span', {})
  const element = h('p', { class: 'caption' }, name, words)
  let under: Element | null = null
  const told = (): Told => {
    const drawing = drawn()
    const found = under?.closest('[data-edge], [data-node]')
    const edge = drawing?.chart.edges.find(({ id }) => id === found?.getAttribute('data-edge'))
    if (edge) return ofEdge(edge)
    const id = found?.getAttribute('data-node')
    const node = drawing?.chart.nodes.find(one => one.id === id) ?? drawing?.active[0]
    return node ? ofNode(node) : { name: '', words: '' }
  }
  const draw = () => {
    const now = told()
    if (name.textContent !== now.name) name.textContent = now.name
    if (words.textContent !== now.words) words.textContent = now.words
  }
  const look = ({ target }: Event) => {
    under = target instanceof Element ? target : null
    draw()
  }
  frame.addEventListener('pointerover', look)
  frame.addEventListener('focusin', look)
  for (const type of ['pointerleave', 'focusout'])
    frame.addEventListener(type, () => {
      under = null
      draw()
    })
  return { element, draw }
}
