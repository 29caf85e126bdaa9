/** The event log: everything that happened, a line each, newest at the end. */

import { holds, needlesOf } from '../../inspector/find.ts'
import { attribute, button, h, text } from '../dom.ts'
import type { Actions, Panel, PanelEntry, View } from '../panel.ts'
import { type Bar, barOf } from './bar.ts'
import { type Book, liveBook } from './book.ts'
import { type List, listOf } from './list.ts'
import './controls.css'
import './log.css'
import type { Row } from '../../inspector/rows.ts'
import { detailsOf, rowElement, waitingRow } from './row.ts'
import { type Store, storeOf } from './store.ts'
import { TapeBook } from './tape-book.ts'

/** Where there is less room than this, a row has two lines, in px. */
const wide = 620
const heights = { wide: 26, narrow: 42 }

class LogPanel implements Panel {
  readonly element: HTMLElement
  readonly keys = [{ key: '/', does: 'search the event log', run: () => this.#search() }]
  readonly #actions: Actions
  readonly #store: Store
  readonly #bar: Bar
  readonly #list: List
  readonly #live: Book
  readonly #tape: Book
  readonly #newest = button('', () => this.#toEnd(), { class: 'log-newest' })
  readonly #lost = h('p', { class: 'log-lost', role: 'status' })
  #book: Book
  #needles: string[] = []
  #view: View | undefined
  #filtered = 0
  /** Where the keyboard is, and what is opened: `seq`s of rows. */
  #active = -1
  /** After this message things are shown as the active row left them. */
  #target = -1
  #open: { seq: number; element: HTMLElement; sign: string } | undefined
  /** By hand somebody looks at something else than the moment that is shown. */
  #away = false
  #moment = { seq: -1, follows: false, count: 0, index: -1 }
  /** The moment was not shown yet, since where it is was not known. */
  #isDue = false

  constructor(actions: Actions) {
    this.#actions = actions
    this.#store = storeOf(actions)
    this.#live = liveBook(this.#store)
    this.#tape = new TapeBook(actions, this.#store.names, () => this.#draw(false))
    this.#book = this.#live
    this.#bar = barOf({
      searched: () => {
        this.#draw(true)
        this.#nearest()
      },
      filtered: () => {
        this.#filtered++
        this.#draw(true)
      },
      step: forward => this.#step(forward),
    })
    this.#list = listOf({
      rowHeight: heights.narrow,
      render: (index, known) => this.#row(index, known),
      keyOf: index => this.#book.row(index)?.seq ?? -1 - index,
      scrolled: () => this.#scrolled(),
      attributes: { role: 'treegrid', 'aria-label': 'Event log', 'aria-colcount': 6 },
    })
    this.#list.element.addEventListener('keydown', event => this.#key(event))
    this.element = h('div', { class: 'log' }, this.#bar.element, this.#lost, this.#list.element, this.#newest)
    new ResizeObserver(() => this.#fit()).observe(this.element)
  }

  show(view: View): void {
    this.#view = view
    this.#store.take(view)
    this.#book = view.hello?.mode === 'recording' ? this.#tape : this.#live
    this.#draw(false)
  }

  #draw(isOther: boolean): void {
    const view = this.#view
    if (!view) return
    const { scene, life, lost, hello } = view
    const needle = this.#bar.needle()
    this.#book.look({ tape: hello, seq: scene.seq, filter: this.#bar.filter(), text: needle, mark: this.#filtered })
    this.#needles = needlesOf(needle)
    const count = this.#book.count()
    this.#bar.show(this.#store, this.#book.matches(this.#active))
    const follows = life === 'following' && hello?.mode !== 'recording'
    const hasMoved = scene.seq !== this.#moment.seq || follows !== this.#moment.follows
    // Who travels is taken there; who reads by hand is left alone while a call goes on.
    if (isOther || (hasMoved && life !== 'following')) this.#away = false
    if (hasMoved && !follows && scene.seq !== this.#target) this.#active = -1
    const index = this.#book.placeOf(scene.seq)
    const gone = hello?.mode === 'recording' ? 0 : lost + this.#store.log.forgotten
    const isRead = index !== undefined || count > 0
    text(
      this.#lost,
      gone > 0 ? `${gone.toLocaleString('en')} earlier messages are not kept here` : isRead ? '' : 'reading the events…',
    )
    this.#isDue ||= hasMoved || isOther || count !== this.#moment.count
    this.#moment = { seq: scene.seq, follows, count, index: index ?? -1 }
    this.#lay()
    if (this.#isDue && index !== undefined) {
      this.#isDue = false
      if (!this.#away) this.#list.reveal(follows ? count - 1 : index, follows ? 'end' : 'middle')
    }
    this.#newest.hidden = !this.#away
    text(this.#newest, follows ? '↓ newest' : '↓ this moment')
  }

  /** Tells the list what there is; what is opened is drawn again where it has changed. */
  #lay(): void {
    const count = this.#book.count()
    const index = this.#open ? this.#book.indexOf(this.#open.seq) : -1
    const row = index < 0 ? undefined : this.#book.row(index)
    if (this.#open && row && this.#open.sign !== String(row.steps.length))
      this.#open = { seq: row.seq, element: detailsOf(row), sign: String(row.steps.length) }
    attribute(this.#list.element, 'aria-rowcount', count)
    const active = this.#book.indexOf(this.#active)
    attribute(this.#list.element, 'aria-activedescendant', active < 0 ? undefined : `log-row-${this.#active}`)
    this.#list.show(count, this.#open && row ? { index, element: this.#open.element } : undefined)
  }

  #row(index: number, known: HTMLElement | undefined): HTMLElement {
    const row = this.#book.row(index)
    const view = this.#view
    if (!row || !view) return known ?? waitingRow(index)
    const element = rowElement(
      row,
      known,
      {
        index,
        isActive: row.seq === this.#active,
        isSelected: row.seq === view.message,
        isLater: row.seq > view.scene.seq,
        isNow: index === this.#moment.index && index < this.#book.count() - 1,
        isFound: this.#needles.length > 0 && holds(row, this.#needles),
        isOpen: row.seq === this.#open?.seq,
      },
      () => this.#toggle(row),
    )
    if (!known) element.addEventListener('click', () => this.#travel(row))
    return element
  }

  /** Shows the moment after what a row led to. */
  #travel(row: Row): void {
    this.#active = row.seq
    // Its message may not be here yet, which would tell.
    if (row.kind === 'event' || row.kind === 'actor') this.#actions.selectActor(row.actor)
    this.#actions.selectMessage(row.seq)
    this.#target = row.steps.at(-1)?.seq ?? row.seq
    this.#actions.seek(row.at, this.#target)
    this.#lay()
  }

  #toggle(row: Row): void {
    this.#active = row.seq
    this.#open =
      this.#open?.seq === row.seq ? undefined : { seq: row.seq, element: detailsOf(row), sign: String(row.steps.length) }
    this.#lay()
    this.#list.reveal(this.#book.indexOf(row.seq), 'nearest')
  }

  #key(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    const count = this.#book.count()
    const known = this.#book.indexOf(this.#active)
    const index = known >= 0 ? known : Math.max(0, this.#moment.index)
    const page = this.#list.page()
    const steps: Record<string, number> = {
      ArrowDown: 1,
      ArrowUp: -1,
      PageDown: page,
      PageUp: -page,
      Home: -index,
      End: count,
    }
    const row = this.#book.row(index)
    const isOpen = row !== undefined && this.#open?.seq === row.seq
    const step = steps[event.key]
    if (step !== undefined) this.#goto(Math.max(0, Math.min(count - 1, index + step)))
    else if (row && event.key === 'Enter') this.#travel(row)
    else if (row && (event.key === ' ' || event.key === (isOpen ? 'ArrowLeft' : 'ArrowRight'))) this.#toggle(row)
    else return
    event.preventDefault()
    event.stopPropagation()
  }

  #goto(index: number): void {
    this.#list.reveal(index, 'nearest')
    this.#book.fetch(index, row => {
      this.#travel(row)
      this.#list.reveal(index, 'nearest')
    })
  }

  #step(forward: boolean): void {
    const from = this.#active < 0 ? (this.#view?.scene.seq ?? 0) : this.#active
    this.#book.find(from, forward ? 'next' : 'before', place => this.#goto(place))
  }

  /** Shows where the next match is, while one is still writing. */
  #nearest(): void {
    this.#book.find(this.#view?.scene.seq ?? 0, 'still', place => this.#list.reveal(place, 'middle'))
  }

  #scrolled(): void {
    this.#away = !(this.#moment.follows && this.#list.isAtEnd())
    this.#newest.hidden = !this.#away
  }

  #toEnd(): void {
    this.#away = false
    this.#draw(true)
  }

  #fit(): void {
    const isWide = this.element.clientWidth >= wide
    attribute(this.element, 'data-wide', isWide)
    this.#list.resize(isWide ? heights.wide : heights.narrow)
    this.#lay()
  }

  #search(): void {
    this.#actions.open('log')
    this.#bar.focus()
  }
}

export const logPanel: PanelEntry = { name: 'log', title: 'Events', place: 'detail', make: actions => new LogPanel(actions) }
