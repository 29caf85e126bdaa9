/** The event log of a recording: all of it can be scrolled and searched, what is looked at is here. */
import { type Filter, rowAt } from '../../inspector/find.ts'
import { addTo, emptyLog, type Names, type Row } from '../../inspector/rows.ts'
import type { Listed } from '../../inspector/scene.ts'
import type { Reading } from '../questions.ts'
import { type Book, isSearch, type Matches, type Wants, type Way } from './book.ts'
import { delayed } from './soon.ts'

/** Rows that come at once, and so many times as many are kept: those that were looked at last. */
const [portionSize, mostPortions] = [100, 30]
/** Who scrolls far passes much: of what was passed in so many ms, the last few portions are fetched. */
const [passingMs, mostPassed] = [60, 3]
/** A search begins when nobody has typed for so long, in ms. */
const typingMs = 200

const everything: Filter = { actor: '', hidden: [], name: '', noise: true }
const rowOf = (messages: Listed['rows'][number]): Row | undefined => {
  const log = emptyLog()
  for (const message of messages) addTo(log, message)
  return log.rows[0]
}

export class TapeBook implements Book {
  readonly #server: Reading
  readonly #names: Names
  readonly #changed: () => void
  readonly #soon = delayed(() => this.#fetchWanted())
  readonly #portions = new Map<number, (Row | undefined)[]>()
  readonly #asked = new Set<number>()
  #wanted: number[] = []
  #total = 0
  #filter = everything
  #text = ''
  #seen: unknown
  #mark: unknown
  /** What is asked of another tape or for another filter is given up with it. */
  #gone = new AbortController()
  #finding = new AbortController()
  #place: { seq: number; place: number } | undefined
  #asking: number | undefined
  #found: { seq: number; nth: number; count: number } | undefined
  #awaited: { place: number; then: (row: Row) => void } | undefined

  /** `names`: to which those of the whole recording are added. `changed`: something is there that was asked for. */
  constructor(server: Reading, names: Names, changed: () => void) {
    this.#server = server
    this.#names = names
    this.#changed = changed
  }

  look({ tape, seq, filter, text, mark }: Wants): void {
    const isOther = tape !== this.#seen || mark !== this.#mark
    if (isOther || text !== this.#text) {
      this.#finding.abort()
      this.#found = undefined
    }
    this.#seen = tape
    this.#mark = mark
    this.#filter = filter
    this.#text = text
    if (!isOther) return
    this.#gone.abort()
    this.#gone = new AbortController()
    this.#portions.clear()
    this.#asked.clear()
    this.#wanted = []
    this.#place = undefined
    this.#asking = undefined
    this.#awaited = undefined
    if (isSearch(text)) this.find(seq, 'still', () => {})
  }
  count(): number {
    return this.#total
  }
  row(place: number): Row | undefined {
    const number = Math.floor(place / portionSize)
    const portion = this.#portions.get(number)
    if (!portion) {
      this.#want(number)
      return undefined
    }
    this.#portions.delete(number)
    this.#portions.set(number, portion)
    return portion[place % portionSize]
  }
  indexOf(seq: number): number {
    const place = this.#placeIn(seq) ?? -1
    return this.#portions.get(Math.floor(place / portionSize))?.[place % portionSize]?.seq === seq ? place : -1
  }
  placeOf(seq: number): number | undefined {
    if (this.#place?.seq === seq) return this.#place.place
    const place = this.#placeIn(seq)
    if (place === undefined) void this.#askPlace(seq)
    return place
  }
  fetch(place: number, then: (row: Row) => void): void {
    this.#awaited = undefined
    const row = this.row(place)
    if (row) then(row)
    else this.#awaited = { place, then }
  }
  find(seq: number, way: Way, then: (place: number) => void): void {
    this.#finding.abort()
    this.#finding = new AbortController()
    const { signal } = this.#finding
    if (!isSearch(this.#text) || this.#found?.count === 0) return
    setTimeout(() => void this.#find(seq, way, then, signal), way === 'still' ? typingMs : 0)
  }
  matches(active: number): Matches {
    const { seq, nth, count } = this.#found ?? {}
    return { nth: seq === active ? (nth ?? 0) : 0, count }
  }

  async #find(seq: number, way: Way, then: (place: number) => void, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return
    const found = await this.#server.find({ filter: this.#filter, text: this.#text, seq, way }, signal).catch(() => undefined)
    if (signal.aborted || !found) return
    const { nth, count, place, row } = found
    this.#found = { seq: row[0]?.seq ?? -1, nth, count }
    if (place >= 0) then(place)
    this.#changed()
  }
  #want(portion: number): void {
    if (this.#asked.has(portion)) return
    this.#wanted = [...this.#wanted.filter(one => one !== portion), portion].slice(-mostPassed)
    this.#soon(passingMs)
  }
  #fetchWanted(): void {
    for (const portion of this.#wanted.splice(0)) void this.#fetchPortion(portion)
  }
  async #fetchPortion(portion: number): Promise<void> {
    this.#asked.add(portion)
    await this.#list({ from: portion * portionSize, seq: 0 })
    this.#asked.delete(portion)
  }
  /** One question at a time; who plays asks for many moments, and needs the last. */
  async #askPlace(seq: number): Promise<void> {
    const isAsking = this.#asking !== undefined
    this.#asking = seq
    if (isAsking) return
    const { signal } = this.#gone
    const listed = await this.#list({ seq })
    if (signal.aborted) return
    if (listed) this.#place = { seq, place: listed.place }
    const next = this.#asking
    this.#asking = undefined
    if (!listed) return
    this.#changed()
    if (next !== undefined && next !== seq && this.#placeIn(next) === undefined) void this.#askPlace(next)
  }
  async #list(asked: { from?: number; seq: number }): Promise<Listed | undefined> {
    const { signal } = this.#gone
    const question = { ...asked, filter: this.#filter, count: portionSize }
    const listed = await this.#server.list(question, signal).catch(() => undefined) // asked for again when it is looked at again
    if (signal.aborted || !listed) return undefined
    const { total, from, rows, actors = [], names = [] } = listed
    this.#total = total
    this.#portions.set(from / portionSize, rows.map(rowOf))
    for (const oldest of this.#portions.keys()) if (this.#portions.size > mostPortions) this.#portions.delete(oldest)
    for (const actor of actors) this.#names.actors.add(actor)
    for (const name of names) this.#names.events.add(name)
    const awaited = this.#awaited
    const row = awaited && this.row(awaited.place)
    if (awaited && row) {
      this.#awaited = undefined
      awaited.then(row)
    }
    this.#changed()
    return listed
  }
  /** Where it is, as far as can be told from what is here. */
  #placeIn(seq: number): number | undefined {
    for (const [number, portion] of this.#portions) {
      const rows = portion.filter(row => row !== undefined)
      const [first, last] = [rows[0], rows.at(-1)]
      const isLast = (number + 1) * portionSize >= this.#total
      if (!first) {
        if (this.#total === 0) return -1
      } else if (first.seq > seq ? number === 0 : last && (last.seq >= seq || isLast))
        return number * portionSize + rowAt(rows, seq)
    }
    return undefined
  }
}
