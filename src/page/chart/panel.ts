/** The chart of the selected actor's machine, alive. */
import type { ActorScene } from '../../inspector/scene.ts'
import { attribute, button, h, text } from '../dom.ts'
import { icon } from '../icons.ts'
import type { Actions, Panel, PanelEntry, View } from '../panel.ts'
import { conditionOf, nameOf } from '../words.ts'
import { captionOf } from './caption.ts'
import { type Charts, chartsFrom } from './charts.ts'
import { type Drawing, drawingOf } from './drawing.ts'
import { between, isSame, nextTowards, panned, readable, type Sight, whole, zoomed } from './sight.ts'
import { gripOn } from './zoom.ts'
import './chart.css'

const arrows: Record<string, { x: number; y: number }> = {
  ArrowLeft: { x: -1, y: 0 },
  ArrowRight: { x: 1, y: 0 },
  ArrowUp: { x: 0, y: -1 },
  ArrowDown: { x: 0, y: 1 },
}
/** Of one press of a key, in px. */
const PAN = 60
const ZOOM = 1.25
/** Of a glide, in ms. */
const GLIDE = 260

const still = matchMedia('(prefers-reduced-motion: reduce)')

class ChartView {
  readonly element: HTMLElement
  readonly #frame = h('div', { class: 'frame' })
  readonly #title = h('h2', {})
  readonly #state = h('p', { class: 'now' })
  readonly #note = h('p', { class: 'empty' })
  readonly #again: HTMLButtonElement
  /** What is there only with a drawing. */
  readonly #around: HTMLElement[]
  readonly #charts: Charts
  readonly #drawings = new Map<string, Drawing>()
  readonly #caption: ReturnType<typeof captionOf>
  #view: View | undefined
  #drawing: Drawing | undefined
  #sight: Sight = { x: 0, y: 0, scale: 1 }
  /** Where it glides to, or is. */
  #goal: Sight | undefined
  #gliding = 0
  /** By itself it shows what matters; a hand keeps what it has chosen. */
  #auto = true
  #reached: string | undefined

  constructor(actions: Actions) {
    this.#charts = chartsFrom(actions.get, () => this.#view && this.show(this.#view))
    this.#caption = captionOf(this.#frame, () => this.#drawing)
    this.#again = button('Try again', () => this.#machine && this.#charts.again(this.#machine), { class: 'button' })
    const tools = h(
      'div',
      { class: 'tools' },
      h(
        'button',
        { type: 'button', 'aria-label': 'Smaller', title: 'Smaller (−)', on: { click: () => this.#zoom(1 / ZOOM) } },
        icon('minus'),
      ),
      h(
        'button',
        { type: 'button', 'aria-label': 'Larger', title: 'Larger (+)', on: { click: () => this.#zoom(ZOOM) } },
        icon('plus'),
      ),
      h(
        'button',
        { type: 'button', 'aria-label': 'All of it', title: 'All of it (0)', on: { click: () => this.#fit() } },
        icon('fit'),
      ),
    )
    this.#around = [h('header', { class: 'chart-head' }, this.#title, this.#state, tools), this.#caption.element]
    const [head = '', ...rest] = this.#around
    this.element = h('div', { class: 'chart-view' }, head, this.#frame, ...rest, this.#note, this.#again)
    this.#frame.addEventListener('keydown', event => this.#press(event))
    gripOn(this.#frame, { sight: () => this.#sight, move: sight => this.#move(sight) })
    new ResizeObserver(() => this.#settle()).observe(this.#frame)
  }

  get #machine(): string | null {
    const { actor, scene } = this.#view ?? {}
    return (actor ? scene?.actors[actor]?.machine : null) ?? null
  }

  show(view: View): void {
    this.#view = view
    const actor = view.actor === null ? undefined : view.scene.actors[view.actor]
    text(this.#title, view.actor === null ? '' : nameOf(view.actor))
    text(this.#state, actor ? conditionOf(actor) : '')
    attribute(this.#state, 'class', `now ${actor?.status ?? ''}`)
    const fetched = this.#machine === null ? undefined : this.#charts.of(this.#machine)
    const drawing = typeof fetched === 'object' && 'chart' in fetched ? this.#drawn(view, fetched.chart) : undefined
    this.#again.hidden = !(typeof fetched === 'object' && 'problem' in fetched)
    text(this.#note, drawing ? '' : typeof fetched === 'object' && 'problem' in fetched ? fetched.problem : reason(view, actor))
    for (const one of this.#around) one.hidden = !drawing
    if (this.#drawing !== drawing) this.#hang(drawing)
    if (!drawing || !actor) return
    attribute(drawing.svg, 'data-life', view.life)
    drawing.show(actor, view.scene)
    const [active] = drawing.active
    if (!this.#frame.contains(document.activeElement) && active && active.id !== this.#reached) this.#reach(active.id, false)
    this.#caption.draw()
    this.#settle()
  }

  /** One drawing for each actor: its last transition is its own. */
  #drawn({ actor }: View, chart: Parameters<typeof drawingOf>[0]): Drawing {
    const known = this.#drawings.get(actor ?? '')
    if (known?.chart === chart) return known
    const drawing = drawingOf(chart)
    if (this.#drawings.size >= 20) this.#drawings.clear()
    this.#drawings.set(actor ?? '', drawing)
    return drawing
  }

  #hang(drawing: Drawing | undefined): void {
    this.#drawing = drawing
    this.#frame.replaceChildren(...(drawing ? [drawing.svg] : []))
    this.#auto = true
    this.#goal = undefined
    this.#reached = undefined
  }

  #reach(id: string, focus: boolean): void {
    this.#reached = id
    this.#drawing?.reach(id, focus)
  }

  #size() {
    return { width: Math.max(1, this.#frame.clientWidth), height: Math.max(1, this.#frame.clientHeight) }
  }
  #settle(): void {
    const { chart, active } = this.#drawing ?? {}
    if (chart && this.#auto) this.#glide(readable(chart, this.#size(), active?.[0]))
  }
  /** Glides there, so that the eye can follow; what was not seen before is there at once. */
  #glide(to: Sight): void {
    const from = this.#goal
    if (from && isSame(from, to)) return
    this.#goal = to
    cancelAnimationFrame(this.#gliding)
    const [start, begin, time] = [this.#sight, performance.now(), from && !still.matches ? GLIDE : 0]
    const step = (now: number) => {
      const part = time === 0 ? 1 : Math.min(1, Math.max(0, (now - begin) / time))
      this.#look(between(start, to, part * part * (3 - 2 * part)))
      if (part < 1) this.#gliding = requestAnimationFrame(step)
    }
    step(begin)
  }
  #look(sight: Sight): void {
    const { width, height } = this.#size()
    this.#sight = sight
    if (this.#drawing)
      attribute(this.#drawing.svg, 'viewBox', `${sight.x} ${sight.y} ${width / sight.scale} ${height / sight.scale}`)
  }
  #move(sight: Sight): void {
    this.#auto = false
    cancelAnimationFrame(this.#gliding)
    this.#look(sight)
  }
  #zoom(factor: number): void {
    const { width, height } = this.#size()
    this.#move(zoomed(this.#sight, factor, { x: width / 2, y: height / 2 }))
  }
  #fit(): void {
    if (this.#drawing) this.#move(whole(this.#drawing.chart, this.#size()))
  }

  #press(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    const direction = arrows[event.key]
    if (direction && event.shiftKey) this.#move(panned(this.#sight, { x: -direction.x * PAN, y: -direction.y * PAN }))
    else if (direction) this.#step(direction)
    else if (event.key === 'PageUp') this.#step('out')
    else if (event.key === '+' || event.key === '=') this.#zoom(ZOOM)
    else if (event.key === '-') this.#zoom(1 / ZOOM)
    else if (event.key === '0') this.#fit()
    else return
    event.preventDefault()
  }

  /** To the next state in a direction, of those that have none in them; or to the one around. What is not seen then is brought into sight. */
  #step(direction: { x: number; y: number } | 'out'): void {
    const nodes = this.#drawing?.chart.nodes ?? []
    const here = nodes.find(({ id }) => id === this.#reached)
    const inner = nodes.filter(({ id }) => !nodes.some(({ parent }) => parent === id))
    const next = !here
      ? inner[0]
      : direction === 'out'
        ? nodes.find(({ id }) => id === here.parent)
        : nextTowards(here, direction, inner)
    if (!next) return
    this.#reach(next.id, true)
    const { x, y, scale } = this.#sight
    const { width, height } = this.#size()
    const seen =
      next.x >= x && next.y >= y && next.x + next.width <= x + width / scale && next.y + next.height <= y + height / scale
    if (!seen)
      this.#move({ x: next.x + next.width / 2 - width / scale / 2, y: next.y + next.height / 2 - height / scale / 2, scale })
  }
}

const reason = ({ actor: path, hello, life }: View, actor: ActorScene | undefined): string => {
  if (actor?.machine === null) return `${nameOf(actor.path)} is no machine: it runs ${actor.src}, and has no chart.`
  if (actor) return 'The chart is on its way …'
  if (path !== null) return `${nameOf(path)} is not there at this moment.`
  if (life === 'connecting') return 'Looking for the server …'
  return hello?.header ? 'No actor is there yet.' : 'No call yet. When one begins, its charts are drawn here.'
}

const make = (actions: Actions): Panel => {
  const chart = new ChartView(actions)
  return { element: chart.element, show: view => chart.show(view) }
}

export const chartPanel: PanelEntry = { name: 'chart', title: 'Chart', place: 'main', make }
