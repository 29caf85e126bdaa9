/** The actors of the room, as a tree: what each is in, how often it was begun anew, what became of it. */
import { attribute, h, text } from '../dom.ts'
import { icon } from '../icons.ts'
import type { Actions, Panel, PanelEntry, View } from '../panel.ts'
import { isPhone } from '../phone.ts'
import { conditionOf, nameOf, shortly } from '../words.ts'
import { type Row, rowsOf } from './rows.ts'
import './tree.css'

type Line = { element: HTMLElement; name: HTMLElement; state: HTMLElement; restarts: HTMLElement; mark: HTMLElement }

const lineOf = (key: string): Line => {
  const mark = h('span', { class: 'mark', 'aria-hidden': 'true' })
  const name = h('span', { class: 'name' })
  const restarts = h('span', { class: 'restarts' })
  const state = h('span', { class: 'state' })
  const twist = h('span', { class: 'twist' }, icon('open'))
  const element = h('li', { role: 'treeitem', 'data-actor': key }, twist, mark, name, ' ', restarts, ' ', state)
  return { element, name, state, restarts, mark }
}

class Tree {
  readonly list = h('ul', { role: 'tree', class: 'tree', 'aria-label': 'Actors' })
  readonly empty = h('p', { class: 'empty' }, 'No actor is there yet.')
  readonly #lines = new Map<string, Line>()
  readonly #turned = new Map<string, boolean>()
  readonly #actions: Actions
  #rows: Row[] = []
  #view: View | undefined
  /** The row that Tab comes to. */
  #current: string | undefined

  constructor(actions: Actions) {
    this.#actions = actions
    this.list.addEventListener('keydown', event => this.#press(event))
    this.list.addEventListener('click', ({ target }) => {
      if (!(target instanceof Element)) return
      const row = this.#rowOf(target.closest('[data-actor]'))
      if (!row) return
      this.#current = row.key
      if (row.kind === 'ended' || target.closest('.twist')) this.#turn(row)
      else this.#actions.selectActor(row.actor.path)
      if (row.kind === 'actor' && isPhone() && !target.closest('.twist')) this.#actions.open('chart')
    })
  }

  show(view: View): void {
    this.#view = view
    this.#rows = rowsOf(view.scene, (key, usual) => this.#turned.get(key) ?? usual)
    this.empty.hidden = this.#rows.length > 0
    this.list.hidden = this.#rows.length === 0
    const known = this.#rows.some(({ key }) => key === this.#current)
    if (!known) this.#current = this.#rows.find(({ key }) => key === view.actor)?.key ?? this.#rows[0]?.key
    const used = new Set(this.#rows.map(({ key }) => key))
    for (const [key, { element }] of this.#lines) {
      if (used.has(key)) continue
      element.remove()
      this.#lines.delete(key)
    }
    let before: Element | null = null
    for (const row of this.#rows) {
      const line = this.#lines.get(row.key) ?? lineOf(row.key)
      this.#lines.set(row.key, line)
      this.#draw(row, line, view)
      const next: Element | null = before ? before.nextElementSibling : this.list.firstElementChild
      if (next !== line.element) this.list.insertBefore(line.element, next)
      before = line.element
    }
  }

  #draw(row: Row, { element, name, state, restarts, mark }: Line, view: View): void {
    attribute(element, 'aria-level', row.level)
    element.style.setProperty('--level', String(row.level - 1))
    attribute(element, 'aria-expanded', row.open === undefined ? undefined : String(row.open))
    attribute(element, 'tabindex', row.key === this.#current ? 0 : -1)
    if (row.kind === 'ended') {
      attribute(element, 'class', 'branch ended')
      text(name, `${row.count} that ${row.count === 1 ? 'has' : 'have'} ended`)
      return
    }
    const { actor } = row
    const recent = actor.status === 'active' && actor.last !== undefined && view.at - actor.last.at < 700
    attribute(element, 'class', `branch ${actor.status}${actor.machine === null ? ' plain' : ''}${recent ? ' recent' : ''}`)
    attribute(element, 'aria-selected', String(view.actor === actor.path))
    attribute(element, 'title', `${actor.path}: ${actor.error ?? conditionOf(actor)}`)
    text(name, nameOf(actor.path))
    text(state, shortly(actor))
    text(restarts, actor.machine !== null && actor.restarts > 0 ? `↻ ${actor.restarts}` : '')
    attribute(restarts, 'title', `begun anew ${actor.restarts} ×`)
    text(mark, actor.status === 'error' ? '!' : '')
  }

  #rowOf(element: Element | null): Row | undefined {
    const key = element?.getAttribute('data-actor')
    return this.#rows.find(row => row.key === key)
  }

  #turn(row: Row, open = !row.open): void {
    if (row.open === undefined) return
    this.#turned.set(row.key, open)
    if (this.#view) this.show(this.#view)
  }

  #press(event: KeyboardEvent): void {
    const index = this.#rows.findIndex(({ key }) => key === this.#current)
    const row = this.#rows[index]
    if (!row || event.ctrlKey || event.metaKey || event.altKey) return
    const done = this.#move(event.key, row, index)
    if (done) event.preventDefault()
  }

  /** As trees do: up and down, right opens or goes in, left shuts or goes out. False: not a key of a tree. */
  #move(key: string, row: Row, index: number): boolean {
    if (key === 'ArrowDown') this.#go(index + 1)
    else if (key === 'ArrowUp') this.#go(index - 1)
    else if (key === 'Home') this.#go(0)
    else if (key === 'End') this.#go(this.#rows.length - 1)
    else if (key === 'ArrowRight' && row.open === false) this.#turn(row, true)
    else if (key === 'ArrowRight') this.#go(row.open ? index + 1 : index)
    else if (key === 'ArrowLeft' && row.open) this.#turn(row, false)
    else if (key === 'ArrowLeft') this.#go(this.#rows.findLastIndex((one, at) => at < index && one.level < row.level))
    else if ((key === 'Enter' || key === ' ') && row.kind === 'ended') this.#turn(row)
    else if (key === 'Enter' || (key === ' ' && row.key !== this.#view?.actor)) this.#choose(row)
    else return false
    return true
  }

  #go(index: number): void {
    const row = this.#rows[index]
    if (!row) return
    this.#current = row.key
    this.#choose(row)
    if (this.#view) this.show(this.#view)
    this.#lines.get(row.key)?.element.focus()
  }

  #choose(row: Row): void {
    if (row.kind === 'actor') this.#actions.selectActor(row.actor.path)
  }
}

const make = (actions: Actions): Panel => {
  const tree = new Tree(actions)
  const focus = () => {
    actions.open('tree')
    tree.list.querySelector<HTMLElement>('[tabindex="0"]')?.focus()
  }
  return {
    element: h('div', { class: 'scroll' }, tree.list, tree.empty),
    show: view => tree.show(view),
    keys: [{ key: 'a', does: 'to the actors', run: focus }],
  }
}

export const treePanel: PanelEntry = { name: 'tree', title: 'Actors', place: 'side', make }
