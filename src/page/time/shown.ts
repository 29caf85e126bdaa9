/** The rows that are shown and those that are found among them, brought up to date with little work when rows are added. */
import { type Filter, holds, isShown, needlesOf } from '../../inspector/find.ts'
import type { Log, Row } from '../../inspector/rows.ts'

/** What the last rows led to may still come: so many are looked at again. */
const unsettled = 60

export type Shown = { rows: Row[] /** Places in `rows`. */; found: number[] }
/** `mark`: another value than before means that other rows may pass. */
export type Look = { log: Log; filter: Filter; needle: string; mark: unknown }

export const shownOf = (): ((look: Look) => Shown) => {
  let shown: Shown = { rows: [], found: [] }
  let before: { log: Log; mark: unknown; needle: string; forgotten: number; until: number } | undefined
  return ({ log, filter, needle, mark }) => {
    const goesOn = before?.log === log && before.mark === mark && before.needle === needle && before.forgotten === log.forgotten
    const from = goesOn && before ? Math.max(0, before.until - unsettled) : 0
    if (!goesOn) shown = { rows: [], found: [] }
    const since = log.rows[from]?.seq ?? Number.POSITIVE_INFINITY
    while ((shown.rows.at(-1)?.seq ?? -1) >= since) shown.rows.pop()
    while ((shown.found.at(-1) ?? -1) >= shown.rows.length) shown.found.pop()
    const needles = needlesOf(needle)
    for (let i = from; i < log.rows.length; i++) {
      const row = log.rows[i]
      if (!row || !isShown(row, filter)) continue
      if (needles.length > 0 && holds(row, needles)) shown.found.push(shown.rows.length)
      shown.rows.push(row)
    }
    before = { log, mark, needle, forgotten: log.forgotten, until: log.rows.length }
    return shown
  }
}
