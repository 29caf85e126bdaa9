/** The event log of a recording in the page: what is looked at comes, what is not goes, and matches are found wherever they are. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Filter } from '../../../src/inspector/find.ts'
import { emptyNames, type Row } from '../../../src/inspector/rows.ts'
import type { Reading } from '../../../src/page/questions.ts'
import { TapeBook } from '../../../src/page/time/tape-book.ts'
import { openRecording, type Recording } from '../../../src/recording/read.ts'
import { recordingOf } from '../../recording/tapes.ts'

const it = suite('log of a recording')
let folder = ''
let recording: Recording
it.before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chartroom-book-'))
  recording = await openRecording(await recordingOf(folder, 1_200_000))
})
it.after(async () => {
  await recording.close()
  await rm(folder, { recursive: true, force: true })
})

const all: Filter = { actor: '', hidden: [], name: '', noise: true }
/** A book whose server is a log; `away`: it answers nothing. */
const rig = () => {
  const log = recording.log()
  const asked: string[] = []
  const wakers = new Set<() => void>()
  let away = false
  const given = async <T>(signal: AbortSignal, answer: () => Promise<T>): Promise<T> => {
    if (away) throw new Error('the server is away')
    const made = await answer()
    signal.throwIfAborted()
    return made
  }
  const server: Reading = {
    list: (question, signal) => {
      asked.push(`list ${question.from ?? `around ${question.seq}`}`)
      return given(signal, async () => ({ type: 'listed', id: 1, ...(await log.list({ type: 'list', id: 1, ...question })) }))
    },
    find: (question, signal) => {
      asked.push(`find ${question.text}`)
      return given(signal, async () => ({ type: 'found', id: 1, ...(await log.find({ type: 'find', id: 1, ...question })) }))
    },
  }
  const names = emptyNames()
  const book = new TapeBook(server, names, () => {
    for (const wake of [...wakers]) wake()
  })
  /** Looks again with each news, until it is so. */
  const until = async (is: () => boolean): Promise<void> => {
    while (!is())
      await new Promise<void>(done => {
        wakers.add(done)
      })
  }
  const look = (filter = all, text = '', mark: unknown = 0) => book.look({ tape: recording, seq: 1, filter, text, mark })
  const shut = (isAway: boolean) => {
    away = isAway
  }
  return { book, asked, names, until, look, shut, log }
}

it('knows how many rows there are, where the moment is, and fetches what is looked at', async () => {
  const { book, asked, names, until, look } = rig()
  look()
  assert.is(book.placeOf(30_000), undefined)
  await until(() => book.placeOf(30_000) !== undefined)
  const place = book.placeOf(30_000) ?? -1
  assert.ok(book.count() > 10_000 && place > 0)
  const row = book.row(place)
  assert.ok(row && row.seq <= 30_000 && book.indexOf(row.seq) === place)
  assert.equal(asked, ['list around 30000'])
  assert.ok(names.actors.has('room/playout:SG_3') && names.events.has('word.due'))
  assert.is(book.row(7), undefined)
  await until(() => book.row(7) !== undefined)
  assert.is(book.row(7)?.seq, 12, 'a machine is no row, nor is a sound')
  assert.is(asked.length, 2)
  assert.ok([1, 8, 12].every(seq => (book.placeOf(seq) ?? 99) <= 7))
})

it('fetches no more of what is passed than the last, and keeps no more than was looked at last', async () => {
  const { book, asked, until, look } = rig()
  look()
  book.placeOf(1)
  await until(() => book.count() > 0)
  const last = Math.floor((book.count() - 1) / 100)
  for (let portion = 1; portion <= last; portion++) book.row(portion * 100)
  await until(() => book.row(last * 100) !== undefined)
  assert.ok(asked.length <= 4, asked.join())
  for (let portion = 1; portion <= 35; portion++) {
    book.row(portion * 100)
    await until(() => book.row(portion * 100) !== undefined)
  }
  const kept = Array.from({ length: 36 }, (_, portion) => book.row(portion * 100)).filter(row => row !== undefined)
  assert.is(kept.length, 30)
})

it('gives the row that is waited for, and only the last of them', async () => {
  const { book, until, look } = rig()
  look()
  book.placeOf(1)
  await until(() => book.count() > 0)
  const given: Row[] = []
  book.fetch(5_000, row => given.push(row))
  book.fetch(book.count() - 1, row => given.push(row))
  await until(() => given.length > 0 && book.row(5_000) !== undefined)
  assert.equal(
    given.map(row => book.indexOf(row.seq)),
    [book.count() - 1],
  )
})

it('finds what is far away, counts it, and says which one it is', async () => {
  const { book, asked, until, look } = rig()
  look(all, 'agent.changed speaking')
  const places: number[] = []
  const find = async (seq: number, way: 'next' | 'before' | 'still') => {
    const before = places.length
    book.find(seq, way, place => places.push(place))
    await until(() => places.length > before)
    book.fetch(places.at(-1) ?? 0, () => {})
    await until(() => book.row(places.at(-1) ?? 0) !== undefined)
    return book.row(places.at(-1) ?? 0)?.seq ?? -1
  }
  assert.equal(book.matches(-1), { nth: 0, count: undefined })
  const first = await find(0, 'still')
  assert.equal(book.matches(first), { nth: 1, count: 150 })
  assert.equal(book.matches(-1), { nth: 0, count: 150 })
  const last = await find(first, 'before')
  assert.equal(book.matches(last), { nth: 150, count: 150 })
  assert.is(await find(last, 'next'), first)
  for (const text of ['a', 'ag', 'age']) {
    look(all, text)
    book.find(0, 'still', place => places.push(place))
  }
  await until(() => book.matches(-1).count !== undefined)
  assert.equal(
    asked.filter(one => one.startsWith('find a') && one.length < 9),
    ['find age'],
    'who types is waited for',
  )
})

it('begins anew with another filter, and asks a server that was away when it greets again', async () => {
  const { book, asked, until, look, shut } = rig()
  look()
  book.placeOf(1)
  await until(() => book.count() > 0)
  const before = book.count()
  look({ ...all, name: 'agent.changed' }, '', 1)
  assert.is(book.row(0), undefined)
  book.placeOf(1)
  await until(() => book.count() < before)
  assert.is(book.row(0)?.name, 'agent.changed')
  shut(true)
  look(all, '', 2)
  const count = asked.length
  book.placeOf(1)
  for (let i = 0; i < 20; i++) await Promise.resolve()
  assert.is(asked.length, count + 1, 'it does not ask again and again')
  shut(false)
  book.placeOf(1)
  await until(() => book.count() === before)
})

it.run()
