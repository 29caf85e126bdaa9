/** The event log as it passes the filter: what the page keeps of a room; of a recording all, by `tape-book.ts`. */
import { type Filter, needlesOf, neighbour, rowAt } from '../../inspector/find.ts'
import type { Log, Row } from '../../inspector/rows.ts'
import type { FromPage } from '../../inspector/scene.ts'
import { type Shown, shownOf } from './shown.ts'

export type Way = Extract<FromPage, { type: 'find' }>['way']
/** `mark`, and of a recording `tape`: another value than before means other rows. `seq`: of the moment that is shown. */
export type Wants = { tape: unknown; seq: number; filter: Filter; text: string; mark: unknown }
/** `nth` from 1; 0: none of them is selected. `count` undefined: they are being looked for. */
export type Matches = { nth: number; count: number | undefined }

/** Rows have places from 0 on. What is not there yet is asked for, and told of when it is. */
export type Book = {
  look(wants: Wants): void
  count(): number
  row(place: number): Row | undefined
  /** The place of a row by its `seq`; -1 where it does not pass, or is not there. */
  indexOf(seq: number): number
  /** Of the last row that is not later than a message, -1 if all are; undefined: not known yet. */
  placeOf(seq: number): number | undefined
  /** Calls back with the row when it is there, if nothing else was asked for before. */
  fetch(place: number, then: (row: Row) => void): void
  /** Calls back with the next match after the message `seq`, or the one before, if there is one; the same for who asks again. */
  find(seq: number, way: Way, then: (place: number) => void): void
  /** `active`: the `seq` of a row. */
  matches(active: number): Matches
}

/** `store`: where the rows are that are kept. */
export const liveBook = (store: { log: Log }): Book => {
  const look = shownOf()
  let shown: Shown = { rows: [], found: [] }
  const indexOf = (seq: number) => {
    const place = rowAt(shown.rows, seq)
    return shown.rows[place]?.seq === seq ? place : -1
  }
  return {
    look: ({ filter, text: needle, mark }) => {
      shown = look({ log: store.log, filter, needle, mark })
    },
    count: () => shown.rows.length,
    row: place => shown.rows[place],
    indexOf,
    placeOf: seq => rowAt(shown.rows, seq),
    fetch: (place, then) => {
      const row = shown.rows[place]
      if (row) then(row)
    },
    find: (seq, way, then) => {
      const here = rowAt(shown.rows, seq)
      const place = neighbour(shown.found, way === 'still' ? here - 1 : here, way !== 'before')
      if (place >= 0) then(place)
    },
    matches: active => ({ nth: shown.found.indexOf(indexOf(active)) + 1, count: shown.found.length }),
  }
}

/** Whether there is anything to look for. */
export const isSearch = (text: string): boolean => needlesOf(text).length > 0
