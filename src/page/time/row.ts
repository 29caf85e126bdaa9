/** A line of the event log, and what is seen when it is opened. */
import type { Message } from '../../inspector/messages.ts'
import { attribute, h } from '../dom.ts'
import { clockText, spanText } from '../times.ts'
import './row.css'
import { type Row, shortPath } from '../../inspector/rows.ts'

const marks: Record<NonNullable<Row['mark']>, string> = {
  dead: 'dead letter',
  ignored: 'ignored',
  failed: 'failed',
  warned: 'warning',
  gap: 'gap',
}

export type Seen = {
  isActive: boolean
  isSelected: boolean
  isLater: boolean
  isNow: boolean
  isFound: boolean
  isOpen: boolean
  index: number
}

/** Only what changes with time makes a row another: what it led to comes after it. */
const signOf = ({ led, mark }: Row): string => `${mark ?? ''}|${led}`

const cell = (name: string, text: string, title = text) =>
  h('span', { class: `log-cell-${name}`, role: 'gridcell', title: title === '' ? undefined : title }, text)

const fill = (element: HTMLElement, row: Row, open: () => void): void => {
  const { at, kind, name, actor, from, about, led, mark } = row
  const toggle = h('button', { type: 'button', class: 'log-row-open', tabindex: -1, 'aria-label': 'Details' })
  toggle.addEventListener('click', event => {
    event.stopPropagation()
    open()
  })
  const sender = kind !== 'event' || from === actor ? '' : from === null ? 'outside → ' : `${shortPath(from)} → `
  const who = h('span', {
    class: 'log-cell-actor',
    role: 'gridcell',
    title: actor === '' ? undefined : `${from ?? 'outside'} → ${actor}`,
  })
  who.append(h('span', { class: 'log-cell-from' }, sender), kind === 'fact' && actor === '' ? 'room' : shortPath(actor))
  element.className = `log-row log-row-${kind}${mark ? ` log-row-${mark}` : ''}`
  element.replaceChildren(
    h('span', { role: 'gridcell', class: 'log-cell-toggle' }, toggle),
    cell('time', clockText(at), ''),
    cell('name', name),
    who,
    cell(led.includes('→') ? 'led' : 'led log-cell-did', mark === 'ignored' || led === '' ? (mark ? marks[mark] : '') : led),
    cell('about', about),
  )
  element.dataset.sign = signOf(row)
}

/** The element of a row; `known` is changed where it shows this row already. */
export const rowElement = (row: Row, known: HTMLElement | undefined, seen: Seen, open: () => void): HTMLElement => {
  const element = known ?? h('div', { role: 'row', id: `log-row-${row.seq}` })
  if (element.dataset.sign !== signOf(row)) fill(element, row, open)
  attribute(element, 'aria-rowindex', seen.index + 1)
  attribute(element, 'aria-selected', String(seen.isSelected))
  const toggle = element.querySelector('.log-row-open')
  if (toggle) attribute(toggle, 'aria-expanded', String(seen.isOpen))
  attribute(element, 'data-active', seen.isActive)
  attribute(element, 'data-later', seen.isLater)
  attribute(element, 'data-now', seen.isNow)
  attribute(element, 'data-found', seen.isFound)
  return element
}

/** Where a row will be that is on its way. */
export const waitingRow = (index: number): HTMLElement =>
  h(
    'div',
    { class: 'log-row log-row-waiting', role: 'row', 'aria-busy': 'true', 'aria-rowindex': index + 1 },
    h('span', { class: 'log-cell-name', role: 'gridcell' }, '…'),
  )

const json = (value: unknown): string => JSON.stringify(value, null, 2)

/** All that is known of a row: the message as it came, the steps that it caused, and how long after. */
export const detailsOf = ({ message, steps, at }: Row): HTMLElement => {
  const part = (title: string, body: unknown) => [h('h4', {}, title), h('pre', { tabindex: 0 }, json(body))]
  const { seq, at: _, type, ...rest } = message as Message & Record<string, unknown>
  const own = type === 'step' ? [] : part(`${type} ${seq}`, rest)
  return h(
    'div',
    { class: 'log-details', role: 'row' },
    h(
      'div',
      { role: 'gridcell' },
      ...own,
      ...steps.flatMap(step => {
        const { path, taken, actions, value, context } = step
        return part(`${path}, ${spanText(step.at - at)} later`, { taken, actions, value, context })
      }),
    ),
  )
}
