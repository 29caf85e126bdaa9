/** The event log of a recording: the same rows as a page would make of all of its messages, and what is found in them. */
import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type Filter, holds, isShown, needlesOf } from '../../src/inspector/find.ts'
import type { Message } from '../../src/inspector/messages.ts'
import { addTo, emptyLog, type Row } from '../../src/inspector/rows.ts'
import type { Logbook } from '../../src/recording/logbook.ts'
import { openRecording, type Recording } from '../../src/recording/read.ts'
import { header, linesOf, recordingOf } from './tapes.ts'

const it = suite('recording: log')
let base = ''
const opened: Recording[] = []
it.before.each(async () => {
  base = await mkdtemp(join(tmpdir(), 'chartroom-log-'))
})
it.after.each(async () => {
  for (const recording of opened.splice(0)) await recording.close()
  await rm(base, { recursive: true, force: true })
})
const logOf = async (): Promise<Logbook> => {
  const recording = await openRecording(base)
  opened.push(recording)
  return recording.log()
}
const all: Filter = { actor: '', hidden: [], name: '', noise: true }
const filters: Filter[] = [
  all,
  { ...all, noise: false },
  { ...all, hidden: ['event', 'log'] },
  { ...all, actor: 'room/sync' },
  { ...all, name: 'utterance.*' },
]
const list = (log: Logbook, filter: Filter, seq: number, from?: number, count = 100) =>
  log.list({ type: 'list', id: 1, filter, seq, count, ...(from === undefined ? {} : { from }) })
const find = (log: Logbook, filter: Filter, text: string, seq: number, way: 'next' | 'before' | 'still') =>
  log.find({ type: 'find', id: 1, filter, text, seq, way })

/** The plain way: all of it in memory. */
const rowsOf = (messages: Message[], filter: Filter): Row[] => {
  const log = emptyLog()
  for (const message of messages) addTo(log, message)
  return log.rows.filter(row => isShown(row, filter))
}
const messagesOf = (ms: number): Message[] => [...linesOf(ms)].slice(1).map(line => JSON.parse(line))
const expected = (rows: Row[]) => rows.map(({ message, steps }) => [message, ...steps.filter(step => step !== message)])

it('lists any rows with what they led to, by their places and around a message', async () => {
  await recordingOf(base, 240_000)
  const log = await logOf()
  const messages = messagesOf(240_000)
  for (const filter of filters) {
    const rows = rowsOf(messages, filter)
    for (const from of [0, 7, Math.floor(rows.length / 2), rows.length - 3, rows.length + 10]) {
      const listed = await list(log, filter, 1, from, 50)
      assert.is(listed.total, rows.length)
      assert.equal(listed.rows, expected(rows.slice(from, from + 50)))
    }
    for (const seq of [0, 1, 900, 4_321, messages.length + 5]) {
      const { place, from, rows: shown } = await list(log, filter, seq)
      assert.is(
        place,
        rows.findLastIndex(row => row.seq <= seq),
      )
      assert.equal(shown, expected(rows.slice(from, from + 100)))
      assert.ok(place < 0 || (from <= place && place < from + 100))
    }
  }
})

it('finds the next match and the one before, round the ends, and counts them all', async () => {
  await recordingOf(base, 240_000)
  const log = await logOf()
  const rows = rowsOf(messagesOf(240_000), filters[1] ?? all)
  const found = rows.filter(row => holds(row, needlesOf('Speaking AGENT.changed')))
  assert.is(found.length, 30)
  const ask = async (seq: number, way: 'next' | 'before' | 'still') => {
    const { count, nth, place, row } = await find(log, filters[1] ?? all, 'Speaking AGENT.changed', seq, way)
    assert.is(count, 30)
    assert.is(rows[place], found[nth - 1])
    assert.equal(row[0], rows[place]?.message)
    return nth
  }
  const seqOf = (nth: number) => found[nth - 1]?.seq ?? 0
  assert.equal([await ask(0, 'next'), await ask(seqOf(1), 'next'), await ask(seqOf(30), 'next')], [1, 2, 1])
  assert.equal([await ask(seqOf(9), 'before'), await ask(seqOf(1), 'before')], [8, 30])
  assert.equal([await ask(seqOf(9), 'still'), await ask(seqOf(9) + 1, 'still')], [9, 10])
  const none = await find(log, all, 'nothing of the kind', 1, 'next')
  assert.equal(none, { count: 0, nth: 0, place: -1, row: [] })
})

it('tells in the log, too, what of a tape cannot be read', async () => {
  const lines = [...linesOf(16_000)]
  const gone = new Set([50, 51, 200])
  await writeFile(join(base, 'tape.jsonl'), lines.map((line, i) => (gone.has(i) ? '{"type":"ev\n' : line)).join(''))
  await appendFile(join(base, 'tape.jsonl'), 'broken\n')
  const log = await logOf()
  const { rows } = await list(log, { ...all, hidden: ['event', 'fact', 'actor', 'log'] }, 0)
  assert.equal(
    rows.map(([message]) => message?.type === 'gap' && [message.seq, message.count]),
    [
      [50, 2],
      [200, 1],
      [lines.length, 1],
    ],
  )
})

it('knows whom events were for in all of it, but not whom they were for by the way', async () => {
  await recordingOf(base, 60_000)
  const { actors, names } = await list(await logOf(), all, 1)
  for (const actor of ['room', 'room/sync', 'room/link', 'room/playout:SG_6']) assert.ok(actors?.includes(actor), actor)
  for (const name of ['word.due', 'speech.started', 'agent.changed']) assert.ok(names?.includes(name), name)
})

it('gives up what nobody waits for any more, and reads on for who does', async () => {
  await recordingOf(base, 240_000)
  const log = await logOf()
  const outcomes = await Promise.allSettled(['a', 'b', 'speaking'].map(text => find(log, all, text, 1, 'next')))
  assert.equal(
    outcomes.map(one => (one.status === 'rejected' ? one.reason.name : one.value.count)),
    ['AbortError', 'AbortError', 30],
  )
  const listing = list(log, all, 1)
  log.close()
  assert.is(await listing.catch(error => error.name), 'AbortError')
  assert.is((await list(log, all, 1)).rows.length, 100, 'it can be asked again')
})

it('asks for no more rows than are given, whatever a page says', async () => {
  await recordingOf(base, 60_000)
  const log = await logOf()
  assert.is((await list(log, all, 1, 0, 1e9)).rows.length, 200)
  assert.is((await list(log, all, 1, -5, 0)).rows.length, 1)
  assert.equal((await list(log, all, 1, 1e12)).rows, [])
})

it('lists nothing of a recording in which nothing happened', async () => {
  await writeFile(join(base, 'tape.jsonl'), `${JSON.stringify(header)}\n`)
  assert.ok((await readFile(join(base, 'tape.jsonl'), 'utf8')).endsWith('\n'))
  const log = await logOf()
  assert.equal(await list(log, all, 5), { total: 0, from: 0, place: -1, rows: [], actors: [], names: [] })
  assert.is((await find(log, all, 'x', 5, 'next')).place, -1)
})

it.run()
