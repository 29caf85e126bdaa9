/** The rows of the event log, what is shown of them, and what is found. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type Filter, holds, isShown, needlesOf, neighbour, rowAt } from '../../../src/inspector/find.ts'
import type { Message } from '../../../src/inspector/messages.ts'
import { addTo, emptyLog, eventName, type Log, type Row, type RowKind, shortPath } from '../../../src/inspector/rows.ts'
import { newsOf } from '../../../src/page/time/news.ts'
import { shownOf } from '../../../src/page/time/shown.ts'
import { makeTape } from './tape.ts'

const it = suite('log')
const logOf = (messages: readonly Message[], most?: number): Log => {
  const log = emptyLog(most)
  for (const message of messages) addTo(log, message)
  return log
}
const all: Filter = { actor: '', hidden: [], name: '', noise: true }
const rowsOf = (log: Log, filter: Partial<Filter> = {}): Row[] => log.rows.filter(row => isShown(row, { ...all, ...filter }))
const event = (seq: number, to: string, type: string, from: string | null = null): Message => ({
  ...{ type: 'event', seq, at: seq, from, to, event: { type } },
})
const step = (seq: number, path: string, cause: number, moves: [string, string][]): Message => ({
  ...{ type: 'step', seq, at: seq, path, cause, actions: [] },
  taken: moves.map(([source, target]) => ({ edge: '', source, targets: [target] })),
})

it('puts an event and what it led to into one row', () => {
  const { rows } = logOf([event(1, 'room/link', 'drop'), step(2, 'room/link', 1, [['link.linked', 'link.lost']])])
  assert.is(rows.length, 1)
  assert.is(rows[0]?.led, 'linked → lost')
})

it('marks what was ignored, what nobody took, what failed, and what is missing', () => {
  const { rows } = logOf([
    event(1, 'room', 'hello'),
    step(2, 'room', 1, []),
    { ...event(3, 'room/x', 'late'), dead: true } as Message,
    { type: 'ended', seq: 4, at: 4, path: 'room/y', status: 'error', error: 'broken' },
    { type: 'gap', seq: 5, at: 5, count: 120, why: 'the page was too slow' },
    { type: 'log', seq: 130, at: 9, level: 'warn', code: 'captions.late' },
  ])
  assert.equal(
    rows.map(({ name, mark, about }) => [name, mark, about]),
    [
      ['hello', 'ignored', ''],
      ['late', 'dead', ''],
      ['failed', 'failed', 'broken'],
      ['gap', 'gap', '120 messages were left out: the page was too slow'],
      ['captions.late', 'warned', ''],
    ],
  )
})

it('gives a step a row of its own where its event is not kept', () => {
  const { rows } = logOf([step(9, 'room', 4, [['room.open', 'room.closed']])])
  assert.equal([rows[0]?.name, rows[0]?.led], ['(an earlier event)', 'open → closed'])
})

it('names events as charts do, and actors by their last name', () => {
  assert.is(eventName('xstate.done.actor.drain'), 'done drain')
  assert.is(eventName('xstate.error.actor.playout:SG_0123456789'), 'error playout:SG_012345')
  assert.is(eventName('xstate.after.drainTimeout.playout.flushing'), 'after drainTimeout')
  assert.is(eventName('pause'), 'pause')
  assert.is(shortPath('room/playout:SG_abcdef0123'), 'playout:SG_abcdef')
})

it('shows an actor with all below it, also what it told others', () => {
  const log = logOf([
    event(1, 'room/a', 'x'),
    event(2, 'room/a/b', 'x'),
    event(3, 'room/ab', 'x'),
    event(4, 'room', 'x', 'room/a'),
  ])
  assert.equal(
    rowsOf(log, { actor: 'room/a' }).map(({ seq }) => seq),
    [1, 2, 4],
  )
})

it('shows kinds and types as they are asked for, and gaps always', () => {
  const log = logOf(makeTape(60_000))
  const hidden: RowKind[] = ['event', 'fact', 'actor', 'log']
  assert.ok(rowsOf(log, { hidden }).every(({ kind }) => kind === 'trouble'))
  const gaps = log.rows.filter(({ mark }) => mark === 'gap').length
  assert.ok(gaps > 0)
  for (const filter of [{ name: 'pause' }, { actor: 'room/link' }, { hidden: ['trouble'] satisfies RowKind[] }])
    assert.is(rowsOf(log, filter).filter(({ mark }) => mark === 'gap').length, gaps)
  const named = rowsOf(log, { name: 'utterance.*' }).filter(({ mark }) => mark !== 'gap')
  assert.ok(named.length > 10 && named.every(({ name }) => name.startsWith('utterance.')))
})

it('hides noise until it is asked for by name', () => {
  const log = logOf(makeTape(20_000))
  const isProgress = ({ name }: Row) => name === 'utterance.progressed'
  assert.not.ok(rowsOf(log, { noise: false }).some(isProgress))
  assert.ok(rowsOf(log, { noise: false, name: 'utterance.progressed' }).some(isProgress))
})

it('finds rows that hold all words, in any case', () => {
  const log = logOf(makeTape(60_000))
  const found = (text: string) => log.rows.filter(row => holds(row, needlesOf(text)))
  assert.ok(found('PLAYING pause').every(({ name }) => ['pause', 'resume'].includes(name)))
  assert.ok(found('PLAYING pause').length > 0)
  assert.is(found('playing nonsense').length, 0)
})

it('goes round from the last match to the first', () => {
  assert.is(neighbour([3, 8, 12], 8, true), 12)
  assert.is(neighbour([3, 8, 12], 12, true), 3)
  assert.is(neighbour([3, 8, 12], 3, false), 12)
  assert.is(neighbour([], 3, true), -1)
})

it('knows the row of a moment', () => {
  const { rows } = logOf([event(2, 'a', 'x'), event(5, 'a', 'x'), event(9, 'a', 'x')])
  assert.equal(
    [1, 2, 4, 5, 100].map(seq => rowAt(rows, seq)),
    [-1, 0, 0, 1, 2],
  )
})

it('shows the same whether rows come at once or bit by bit, also where steps come late', () => {
  const tape = makeTape(60_000, 5)
  const filter = { ...all, noise: false }
  const log = emptyLog()
  const look = shownOf()
  let shown = look({ log, filter, needle: 'play', mark: 0 })
  for (let i = 0; i < tape.length; i += 7) {
    for (const message of tape.slice(i, i + 7)) addTo(log, message)
    shown = look({ log, filter, needle: 'play', mark: 0 })
  }
  const whole = shownOf()({ log: logOf(tape), filter, needle: 'play', mark: 0 })
  assert.equal(
    shown.rows.map(({ seq }) => seq),
    whole.rows.map(({ seq }) => seq),
  )
  assert.equal(shown.found, whole.found)
  assert.ok(whole.found.length > 5)
})

it('slides: the oldest rows give way, and how many is known', () => {
  const log = logOf(makeTape(120_000), 500)
  assert.ok(log.rows.length <= 550)
  assert.is(log.forgotten + log.rows.length, logOf(makeTape(120_000)).rows.length)
})

it('tells what is new of messages that grow, and of those that lose their oldest', () => {
  const tape = makeTape(5000)
  const news = newsOf()
  const list = tape.slice(0, 10)
  assert.equal(news(list), { fresh: list, anew: true })
  list.push(...tape.slice(10, 14))
  assert.equal(news(list), { fresh: tape.slice(10, 14), anew: false })
  assert.equal(news(tape.slice(6, 20)), { fresh: tape.slice(14, 20), anew: false })
  const other = makeTape(5000, 2)
  assert.equal(news(other), { fresh: other, anew: true })
  assert.is(news(tape.slice(100, 120)).anew, true, 'something is missing between')
})

it.run()
