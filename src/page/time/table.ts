/** The lanes as a table. */
import { h } from '../dom.ts'
import { clockText } from '../times.ts'
import type { Line } from './lines.ts'

/** A table of more rows than this is read by nobody. */
const mostLines = 300

/** The rows of the table, newest last; what is too much is said. */
export const tableOf = (lines: Line[]): HTMLElement => {
  const shown = lines.slice(-mostLines)
  const left = lines.length - shown.length
  const rows = shown.map(({ at, who, what }) =>
    h('tr', {}, h('td', {}, clockText(at)), h('th', { scope: 'row' }, who), h('td', {}, what)),
  )
  const title = left > 0 ? `What the lanes show; ${left} earlier lines are left out` : 'What the lanes show'
  const head = ['Time', 'Who', 'What'].map(name => h('th', { scope: 'col' }, name))
  return h('table', {}, h('caption', {}, title), h('thead', {}, h('tr', {}, ...head)), h('tbody', {}, ...rows))
}
