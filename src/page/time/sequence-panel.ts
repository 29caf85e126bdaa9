/** The sequence view: which actor told which other what, up to the moment that is shown. */

import { rowAt } from '../../inspector/find.ts'
import type { Row } from '../../inspector/rows.ts'
import { attribute, button, h, text } from '../dom.ts'
import type { Actions, Panel, PanelEntry, View } from '../panel.ts'
import { metrics, type Sequence, sequenceOf } from './sequence.ts'
import './controls.css'
import './sequence.css'
import { keepInside, namesOf, pictureOf } from './sequence-view.ts'
import { delayed } from './soon.ts'
import { type Store, storeOf } from './store.ts'

/** How much time is looked at, in ms. */
const spans: [ms: number, name: string][] = [
  [1000, '1 s'],
  [5000, '5 s'],
  [20_000, '20 s'],
  [60_000, '1 min'],
  [600_000, '10 min'],
]
const firstSpan = 5000
/** A picture of hundreds of lines is drawn no more often while a call goes on, and a third of it while somebody drags, in ms. */
const everyMs = 200

const toggle = (face: string, title: string, change: (on: boolean) => void) => {
  let on = false
  const chip = button(
    face,
    () => {
      on = !on
      attribute(chip, 'aria-pressed', String(on))
      change(on)
    },
    { title, 'aria-pressed': 'false' },
  )
  return chip
}

/** The keys that go from one mark to the next. */
const step = (scroller: HTMLElement, event: KeyboardEvent, travel: (seq: number) => void): void => {
  const stops = [...scroller.querySelectorAll<SVGElement>('[data-seq][tabindex]')]
  const here = stops.findIndex(stop => stop.matches(':focus'))
  if (here < 0) return
  const way = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0
  const next = stops[here + way]
  if (way === 0 && event.key !== 'Enter') return
  event.preventDefault()
  event.stopPropagation()
  if (way === 0) travel(Number(stops[here]?.dataset.seq))
  if (way === 0 || !next) return
  attribute(stops[here] ?? next, 'tabindex', -1)
  attribute(next, 'tabindex', 0)
  next.focus()
}

type Wants = { ms: number; noise: boolean; own: boolean }

class SequencePanel implements Panel {
  readonly element: HTMLElement
  readonly #actions: Actions
  readonly #store: Store
  readonly #later = delayed(() => this.#draw())
  readonly #left = h('span', { class: 'seq-left', role: 'status' })
  readonly #scroller = h('div', { class: 'seq-scroller', tabindex: 0, role: 'region', 'aria-label': 'Sequence' })
  #view: View | undefined
  readonly #wants: Wants = { ms: firstSpan, noise: false, own: false }
  #drawn = { key: '', seq: -1, at: Number.NEGATIVE_INFINITY }

  constructor(actions: Actions) {
    this.#actions = actions
    this.#store = storeOf(actions)
    const options = spans.map(([value, name]) => h('option', { value, selected: value === firstSpan }, `last ${name}`))
    const choice = h('select', { 'aria-label': 'How much time is shown' }, ...options)
    choice.addEventListener('change', () => this.#want({ ms: Number(choice.value) }))
    this.#scroller.addEventListener('keydown', event =>
      step(this.#scroller, event, seq => {
        const row = this.#store.log.rows[rowAt(this.#store.log.rows, seq)]
        if (row) this.#travel(row)
      }),
    )
    this.#scroller.addEventListener('scroll', () => keepInside(this.#scroller, this.#scroller.scrollLeft))
    new ResizeObserver(() => this.#draw()).observe(this.#scroller)
    const own = 'Shows only what the selected actor told, or was told'
    const noise = 'Shows as well what nobody took notice of, and how far the voice has come'
    const bar = h(
      'div',
      { class: 'seq-bar' },
      choice,
      toggle('selected actor only', own, on => this.#want({ own: on })),
      toggle('noise', noise, on => this.#want({ noise: on })),
      this.#left,
    )
    this.element = h('div', { class: 'seq' }, bar, this.#scroller)
  }

  show(view: View): void {
    this.#view = view
    this.#store.take(view)
    this.#draw()
  }

  #want(change: Partial<Wants>): void {
    Object.assign(this.#wants, change)
    this.#draw()
  }
  /** Shows the moment after what a row led to. */
  #travel(row: Row): void {
    this.#actions.selectMessage(row.seq)
    this.#actions.seek(row.at, row.steps.at(-1)?.seq ?? row.seq)
  }

  #draw(): void {
    const { clientWidth } = this.#scroller
    if (!this.#view || clientWidth === 0) return
    const { scene, actor, message, life } = this.#view
    const key = [scene.seq, actor, message, ...Object.values(this.#wants), clientWidth, this.#store.generation].join('|')
    if (key === this.#drawn.key) return
    const wait = (life === 'following' ? everyMs : everyMs / 3) - (performance.now() - this.#drawn.at)
    if (wait > 0) {
      this.#later(wait)
      return
    }
    const isAtEnd = this.#scroller.scrollTop + this.#scroller.clientHeight >= this.#scroller.scrollHeight - 24
    const hasMoved = scene.seq !== this.#drawn.seq
    this.#drawn = { key, seq: scene.seq, at: performance.now() }
    const sequence = this.#redraw(this.#view)
    if (isAtEnd || hasMoved) this.#reveal(sequence)
    keepInside(this.#scroller, this.#scroller.scrollLeft)
  }

  /** The last line, and whom it is about. */
  #reveal({ marks, lane }: Sequence): void {
    const last = marks.at(-1)
    this.#scroller.scrollTop = this.#scroller.scrollHeight
    if (!last || last.kind === 'break') return
    const { scrollLeft, clientWidth } = this.#scroller
    const x = last.kind === 'box' ? last.on : last.to
    if (x - lane / 2 < scrollLeft) this.#scroller.scrollLeft = x - lane / 2 - metrics.edge
    else if (x + lane / 2 > scrollLeft + clientWidth) this.#scroller.scrollLeft = x + lane / 2 - clientWidth
  }

  #redraw(view: View): Sequence {
    const { actor, message, scene } = view
    const { noise, own } = this.#wants
    const sequence = sequenceOf(this.#rows(view), {
      ...{ noise, minors: this.#store.log.minors, width: this.#scroller.clientWidth - 2 },
      ...(own && actor !== null && { actors: new Set([actor]) }),
    })
    const does = {
      travel: (row: Row) => this.#travel(row),
      actor: (path: string) => this.#actions.selectActor(path === actor ? null : path),
    }
    const isFocused = this.#scroller.querySelector('svg :focus') !== null
    const picture = pictureOf(sequence, { actor, message, seq: scene.seq }, does)
    this.#scroller.replaceChildren(namesOf(sequence, actor, does), picture)
    if (isFocused) picture.querySelector<SVGElement>('[tabindex="0"]')?.focus()
    const { marks, left } = sequence
    text(this.#left, marks.length === 0 ? 'nothing happened here' : left > 0 ? `${left} earlier ones are left out` : '')
    return sequence
  }

  /** Up to the moment that is shown, as much time as is wanted. */
  #rows({ scene, at }: View): Row[] {
    const { rows } = this.#store.log
    const last = rowAt(rows, scene.seq)
    let first = last
    while (first > 0 && (rows[first - 1]?.at ?? 0) >= at - this.#wants.ms) first--
    return rows.slice(Math.max(0, first), last + 1)
  }
}

export const sequencePanel: PanelEntry = {
  ...{ name: 'sequence', title: 'Sequence', place: 'main' },
  make: actions => new SequencePanel(actions),
}
