/** The event log of a recording: rows are counted, listed and found in all of it, and where they are is all that is kept of them. */
import type { FileHandle } from 'node:fs/promises'
import { type Filter, holds, isShown, needlesOf, neighbour } from '../inspector/find.ts'
import type { Message } from '../inspector/messages.ts'
import { addTo, emptyLog, emptyNames, forget, type Names, noteNames, type Row } from '../inspector/rows.ts'
import type { Found, FromPage, Listed } from '../inspector/scene.ts'
import { messageIn } from './check.ts'
import { linesIn } from './lines.ts'
import { Tape } from './tape.ts'

type List = Extract<FromPage, { type: 'list' }>
type Find = Extract<FromPage, { type: 'find' }>
/** From the line of its message to the end of the last of its steps, in bytes. */
type Placed = { row: Row; offset: number; end: number }
/** Of the rows that pass: their `seq`s, and where they are. `found`: places in these of what holds the words. */
type Survey = { seqs: number[]; offsets: number[]; ends: number[]; found: number[]; gaps: Map<number, Message>; names: Names }

/** A step follows its event within a few rows; this far it is joined to it. */
const OPEN = 500
/** Rows that are listed at once. */
const MOST_LISTED = 200
/** Rows that are found at all, the first of a tape: half a day of talk. A list of more would be higher than browsers scroll. */
const MOST = 750_000
/** Gaps that are told of in the log. */
const MOST_GAPS = 10_000
/** Rows so near to each other are read at once, with what is between them, in bytes. */
const NEAR = 32 * 1024

/** All rows of a tape in portions, each when nothing more is joined to it. */
async function* rowsIn(file: FileHandle, offset: number, names: Names): AsyncGenerator<Placed[], void> {
  const [tape, log] = [new Tape(), emptyLog()]
  const places = new Map<Row, Placed>()
  const settle = (open: number): Placed[] =>
    forget(log, open).flatMap(row => {
      const placed = places.get(row)
      places.delete(row)
      return placed ?? []
    })
  const note = (message: Message, offset: number, end: number) => {
    const row = addTo(log, message)
    noteNames(names, message, log)
    const placed = row && places.get(row)
    if (placed) placed.end = end
    else if (row) places.set(row, { row, offset, end })
  }
  let last = offset
  for await (const lines of linesIn(file, offset)) {
    for (const line of lines) for (const message of tape.take(line)) note(message, line.offset, line.end)
    last = lines.at(-1)?.end ?? last
    yield settle(OPEN)
  }
  for (const message of tape.end()) note(message, last, last)
  yield settle(0)
}

const surveyed = async (file: FileHandle, offset: number, filter: Filter, text: string, signal: AbortSignal) => {
  const survey: Survey = { seqs: [], offsets: [], ends: [], found: [], gaps: new Map(), names: emptyNames() }
  const { seqs, offsets, ends, found, gaps, names } = survey
  const needles = needlesOf(text)
  for await (const portion of rowsIn(file, offset, names)) {
    signal.throwIfAborted()
    for (const { row, offset, end } of portion) {
      if (seqs.length >= MOST || !isShown(row, filter)) continue
      if (row.mark === 'gap' && gaps.size < MOST_GAPS) gaps.set(row.seq, row.message)
      if (needles.length > 0 && holds(row, needles)) found.push(seqs.length)
      seqs.push(row.seq)
      offsets.push(offset)
      ends.push(end)
    }
  }
  return survey
}

/** What was asked for last, and its answer; another question gives it up. */
class Newest {
  #key = ''
  #gone = new AbortController()
  #answer: Promise<Survey> | undefined

  ask(key: string, answer: (signal: AbortSignal) => Promise<Survey>): Promise<Survey> {
    if (this.#answer && key === this.#key) return this.#answer
    this.end()
    this.#gone = new AbortController()
    this.#key = key
    const made = answer(this.#gone.signal)
    made.catch(() => {
      if (this.#answer === made) this.#answer = undefined // who asks again has it tried again
    })
    this.#answer = made
    return made
  }
  end(): void {
    this.#gone.abort()
    this.#answer = undefined
  }
}

export class Logbook {
  readonly #file: FileHandle
  readonly #offset: number
  readonly #rows = new Newest()
  readonly #found = new Newest()

  /** `offset`: of the first message in the file. */
  constructor(file: FileHandle, offset: number) {
    this.#file = file
    this.#offset = offset
  }

  /** Reads the tape for this filter, if it was not the last one asked for; what is asked for another is given up. */
  rows(filter: Filter): Promise<Survey> {
    const read = (signal: AbortSignal) => surveyed(this.#file, this.#offset, filter, '', signal)
    return this.#rows.ask(JSON.stringify(filter), read)
  }
  async list({ filter, from, seq, count }: List): Promise<Omit<Listed, 'type' | 'id'>> {
    const survey = await this.rows(filter)
    const { seqs, names } = survey
    const size = Math.min(MOST_LISTED, Math.max(1, Math.floor(count)))
    const place = placeOf(seqs, seq)
    const first = Math.max(0, Math.floor(from ?? Math.floor(place / size) * size))
    const rows = await this.#read(survey, first, first + size)
    const known = from === undefined ? { actors: [...names.actors], names: [...names.events] } : {}
    return { total: seqs.length, from: first, place, rows, ...known }
  }
  /** A newer question gives an older one up, which rejects. */
  async find({ filter, text, seq, way }: Find): Promise<Omit<Found, 'type' | 'id'>> {
    const read = (signal: AbortSignal) => surveyed(this.#file, this.#offset, filter, text, signal)
    const survey = await this.#found.ask(JSON.stringify([filter, text]), read)
    const { seqs, found } = survey
    const here = placeOf(seqs, seq)
    const place = neighbour(found, way === 'still' ? here - 1 : here, way !== 'before')
    const [row = []] = place < 0 ? [] : await this.#read(survey, place, place + 1)
    return { count: found.length, nth: found.indexOf(place) + 1, place, row }
  }
  /** Gives up what is asked for. */
  close(): void {
    this.#rows.end()
    this.#found.end()
  }

  /** The messages of each of these rows. */
  async #read({ seqs, offsets, ends, gaps }: Survey, from: number, to: number): Promise<Message[][]> {
    const wanted = seqs.slice(from, to)
    const rows = new Map<number, Message[]>(wanted.map(seq => [seq, []]))
    for (const [first, end] of stretchesOf(offsets.slice(from, to), ends.slice(from, to)))
      for await (const lines of linesIn(this.#file, first, end))
        for (const { text } of lines) {
          const message = text === undefined ? undefined : messageIn(text)
          const row = message && (rows.get(message.seq) ?? (message.type === 'step' ? rows.get(message.cause) : undefined))
          if (message) row?.push(message)
        }
    for (const [seq, row] of rows) {
      const gap = gaps.get(seq)
      if (gap) row.splice(0, row.length, gap)
    }
    return wanted.map(seq => rows.get(seq) ?? [])
  }
}

/** What is near to each other is one. */
const stretchesOf = (offsets: readonly number[], ends: readonly number[]): [from: number, to: number][] => {
  const all: [number, number][] = []
  offsets.forEach((offset, i) => {
    const last = all.at(-1)
    const end = ends[i] ?? offset
    if (last && offset >= last[0] && offset <= last[1] + NEAR) last[1] = Math.max(last[1], end)
    else all.push([offset, end])
  })
  return all
}
/** Of the last one that is not later; -1 if all are. */
const placeOf = (seqs: readonly number[], seq: number): number => {
  let [low, high] = [0, seqs.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((seqs[middle] ?? 0) <= seq) low = middle + 1
    else high = middle
  }
  return low - 1
}
