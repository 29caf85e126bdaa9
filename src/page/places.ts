/** The places of the page, the tabs of each, and on a phone one row of tabs for all. */
import { attribute, h } from './dom.ts'
import type { Actions, Key, Panel, PanelEntry, View } from './panel.ts'
import { isPhone, onPhone } from './phone.ts'

type Place = PanelEntry['place']
type Mounted = PanelEntry & { panel: Panel; sheet: HTMLElement; tabs: HTMLButtonElement[] }
const labels: Record<Place, string> = { side: 'Actors', main: 'Chart', detail: 'Details', foot: 'Time' }

export class Places {
  readonly element = h('main', { class: 'places' })
  readonly dock = h('nav', { class: 'dock', 'aria-label': 'Panels' })
  readonly #mounted: Mounted[]
  readonly #front = new Map<Place, string>()
  readonly #dockTabs = h('div', { role: 'tablist', class: 'tabs', 'aria-label': 'Panels' })
  /** Until somebody chooses: the call where one can be held, else the chart. */
  #phoneFront: string | undefined
  #view: View | undefined

  constructor(entries: readonly PanelEntry[], actions: Actions) {
    this.#mounted = entries.map(entry => this.#mount(entry, entry.make(actions)))
    const places = [...new Set(entries.map(({ place }) => place))]
    for (const place of places) this.element.append(this.#placeOf(place))
    this.#dockTabs.append(...this.#mounted.map(one => this.#tab(one, 'dock')))
    this.dock.append(this.#dockTabs)
    onPhone(() => this.#arrange())
    this.#arrange()
  }

  /** Of the panels that are there now; of two that want the same key the first has it. */
  keys(): Key[] {
    const keys = this.#mounted.filter(one => this.#isWanted(one)).flatMap(({ panel }) => panel.keys ?? [])
    return keys.filter((key, index) => keys.findIndex(other => other.key === key.key) === index)
  }

  /** Brings a panel to the front; unknown names are nobody's. */
  open(name: string): void {
    const found = this.#mounted.find(one => one.name === name)
    if (!found) return
    this.#front.set(found.place, name)
    this.#phoneFront = name
    this.#arrange()
    for (const tab of found.tabs) tab.scrollIntoView({ block: 'nearest', inline: 'nearest' })
  }

  /** By the number of its tab, from 1. */
  openAt(number: number): void {
    const name = this.#mounted.filter(one => this.#isWanted(one))[number - 1]?.name
    if (name) this.open(name)
  }

  show(view: View): void {
    this.#view = view
    this.#arrange()
  }

  #isWanted({ panel }: Mounted): boolean {
    return !this.#view || (panel.wanted?.(this.#view) ?? true)
  }

  #mount(entry: PanelEntry, panel: Panel): Mounted {
    const sheet = h(
      'div',
      { class: 'sheet', id: `panel-${entry.name}`, role: 'tabpanel', 'data-panel': entry.name },
      panel.element,
    )
    return { ...entry, panel, sheet, tabs: [] }
  }

  #placeOf(place: Place): HTMLElement {
    const own = this.#mounted.filter(one => one.place === place)
    const tabs = h(
      'div',
      { role: 'tablist', class: 'tabs', 'aria-label': labels[place] },
      ...own.map(one => this.#tab(one, 'tab')),
    )
    return h(
      'section',
      { class: 'place', 'data-place': place, 'aria-label': labels[place] },
      tabs,
      ...own.map(({ sheet }) => sheet),
    )
  }

  #tab(one: Mounted, kind: 'tab' | 'dock'): HTMLButtonElement {
    const { name, title, tabs } = one
    const tab = h(
      'button',
      { type: 'button', role: 'tab', id: `${kind}-${name}`, 'aria-controls': `panel-${name}`, 'data-tab': name },
      title,
    )
    tab.addEventListener('click', () => this.open(name))
    tab.addEventListener('keydown', event => this.#step(event, tab))
    tabs.push(tab)
    return tab
  }

  /** Arrows go round among the tabs of a list. */
  #step(event: KeyboardEvent, tab: HTMLButtonElement): void {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key]
    if (by === undefined) return
    event.preventDefault()
    const all = [...(tab.parentElement?.querySelectorAll<HTMLButtonElement>('[role="tab"]:not([hidden])') ?? [])]
    const next = all[(all.indexOf(tab) + by + all.length) % all.length]
    next?.focus()
    next?.click()
  }

  #arrange(): void {
    const wanted = this.#mounted.filter(one => this.#isWanted(one))
    const phone = isPhone()
    const named = (name: string | undefined) => wanted.find(one => one.name === name)
    const phoneFront = named(this.#phoneFront) ?? named('call') ?? named('chart') ?? wanted[0]
    for (const one of this.#mounted) {
      const ofPlace = wanted.filter(({ place }) => place === one.place)
      const front = ofPlace.find(({ name }) => name === this.#front.get(one.place)) ?? ofPlace[0]
      const isFront = one === (phone ? phoneFront : front)
      attribute(one.sheet, 'hidden', !isFront)
      attribute(one.sheet, 'aria-labelledby', `${phone ? 'dock' : 'tab'}-${one.name}`)
      for (const tab of one.tabs) {
        attribute(tab, 'hidden', !wanted.includes(one))
        attribute(tab, 'aria-selected', String(isFront))
        attribute(tab, 'tabindex', isFront ? 0 : -1)
      }
      if (this.#view) one.panel.follow?.(this.#view)
      if (isFront && this.#view) one.panel.show(this.#view)
    }
    for (const place of this.element.children)
      attribute(place, 'data-front', place.querySelector('.sheet:not([hidden])') !== null)
  }
}
