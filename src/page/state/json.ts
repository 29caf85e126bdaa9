/** Values as a person reads them: short ones in a line, others to be opened. */
import type { Json } from '../../inspector/messages.ts'
import { h } from '../dom.ts'

/** So many items of a list or keys of an object are shown; the rest is counted. */
const MOST = 50
/** As long as a line of the column is. */
const LINE = 36

const kindOf = (value: Json): string => (value === null ? 'null' : Array.isArray(value) ? 'list' : typeof value)

/** In one line, cut where it is longer than `most` characters. */
const briefly = (value: Json, most = LINE): string => {
  const text = typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value)
  return text.length > most ? `${text.slice(0, most - 1)}…` : text
}

const scalar = (value: Json) =>
  h('span', { class: `value ${kindOf(value)}` }, typeof value === 'string' ? value || '""' : String(value))

/** `key` opens what belongs to it again after it was drawn anew. */
export const valueView = (value: Json, opened: Set<string>, key: string): HTMLElement => {
  if (typeof value !== 'object' || value === null) return scalar(value)
  const entries = Object.entries(value)
  if (entries.length === 0) return h('span', { class: 'value none' }, Array.isArray(value) ? '[]' : '{}')
  const details = h('details', { class: 'value', open: opened.has(key) }, h('summary', {}, briefly(value)))
  const fill = () => {
    const rest = entries.length - MOST
    const rows = entries.slice(0, MOST).map(([name, inner]) => rowView(name, inner, opened, `${key}/${name}`))
    details.append(h('dl', { class: 'values' }, ...rows.flat(), ...(rest > 0 ? [h('dt', {}, `… ${rest} more`)] : [])))
  }
  if (details.open) fill()
  details.addEventListener('toggle', () => {
    if (details.open) opened.add(key)
    else opened.delete(key)
    if (details.open && details.children.length === 1) fill()
  })
  return details
}

/** A name and its value, for a list of definitions. */
export const rowView = (name: string, value: Json, opened: Set<string>, key: string, changed = false): HTMLElement[] => {
  const mark = changed ? { class: 'changed' } : {}
  return [
    h('dt', mark, name),
    h('dd', mark, valueView(value, opened, key), changed && h('span', { class: 'hidden' }, ' (changed)')),
  ]
}
