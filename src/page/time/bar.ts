/** What stands above the event log: search, and what is shown. */

import type { Filter } from '../../inspector/find.ts'
import { type RowKind, rowKinds, shortPath } from '../../inspector/rows.ts'
import { attribute, button, h, text } from '../dom.ts'
import { isSearch, type Matches } from './book.ts'
import type { Store } from './store.ts'

export type Bar = {
  element: HTMLElement
  filter(): Filter
  needle(): string
  show(store: Store, found: Matches): void
  focus(): void
}
/** `searched`: another text; `filtered`: other rows; `step`: to the next match, or the one before. */
type Heard = { searched(): void; filtered(): void; step(forward: boolean): void }

const kindNames: Record<RowKind, string> = { event: 'events', fact: 'facts', log: 'log', actor: 'actors', trouble: 'trouble' }

const searchOf = ({ searched, step }: Heard) => {
  const field = h('input', {
    type: 'search',
    placeholder: 'Search',
    'aria-label': 'Search the event log',
    spellcheck: 'false',
    maxlength: 500,
  })
  const count = h('output', { class: 'log-count', 'aria-live': 'polite' })
  const arrows = [
    button('↑', () => step(false), { label: 'The match before' }),
    button('↓', () => step(true), { label: 'The next match' }),
  ]
  field.addEventListener('input', searched)
  field.addEventListener('keydown', event => {
    if (event.key === 'Enter') step(!event.shiftKey)
    else if (event.key === 'Escape' && field.value !== '') {
      field.value = ''
      searched()
    } else return
    event.preventDefault()
    event.stopPropagation()
  })
  return { field, count, arrows, element: h('div', { class: 'log-search' }, field, count, ...arrows) }
}

const matchText = ({ nth, count }: Matches): string => {
  if (count === undefined) return 'searching…'
  const all = count.toLocaleString('en')
  return nth > 0 ? `${nth.toLocaleString('en')} of ${all}` : count === 0 ? 'none' : `${all} found`
}

/** Options that grow: those that are there stay, so that nobody loses what they choose. */
const grow = (select: HTMLElement, values: Set<string>, label: (value: string) => string, kept: number): void => {
  const known = select.childElementCount - kept
  for (const value of [...values].slice(known)) select.append(h('option', { value }, label(value)))
}

export const barOf = (heard: Heard): Bar => {
  const hidden = new Set<RowKind>()
  let noise = false
  const search = searchOf(heard)
  const actor = h('select', { 'aria-label': 'Actor' }, h('option', { value: '' }, 'all actors'))
  const names = h('datalist', { id: 'log-names' })
  const name = h('input', {
    list: 'log-names',
    placeholder: 'all types',
    'aria-label': 'Event type, with a star at its end for all that begin so',
  })
  actor.addEventListener('change', heard.filtered)
  name.addEventListener('input', heard.filtered)
  const kinds = rowKinds.map(kind => {
    const chip = button(kindNames[kind], () => {
      if (!hidden.delete(kind)) hidden.add(kind)
      attribute(chip, 'aria-pressed', String(!hidden.has(kind)))
      heard.filtered()
    })
    attribute(chip, 'aria-pressed', 'true')
    return chip
  })
  const extra = button('noise', () => {
    noise = !noise
    attribute(extra, 'aria-pressed', String(noise))
    heard.filtered()
  })
  attribute(extra, 'aria-pressed', 'false')
  attribute(extra, 'title', 'Shows as well what nobody took notice of, and how far the voice has come')
  const element = h(
    'div',
    { class: 'log-bar' },
    search.element,
    h('div', { class: 'log-filter' }, actor, name, names),
    h('div', { class: 'log-kinds', role: 'group', 'aria-label': 'Kinds' }, ...kinds, extra),
  )
  return {
    element,
    filter: () => ({ actor: actor.value, hidden: [...hidden], name: name.value.trim(), noise }),
    needle: () => search.field.value,
    show: (store, matches) => {
      grow(actor, store.names.actors, shortPath, 1)
      grow(names, store.names.events, value => value, 0)
      text(search.count, isSearch(search.field.value) ? matchText(matches) : '')
      for (const arrow of search.arrows) arrow.disabled = matches.count === 0 || !isSearch(search.field.value)
    },
    focus: () => search.field.focus(),
  }
}
