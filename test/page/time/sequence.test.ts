/** Who told whom: lifelines, arrows, boxes. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Message } from '../../../src/inspector/messages.ts'
import { addTo, emptyLog } from '../../../src/inspector/rows.ts'
import { metrics, sequenceOf, type Wanted } from '../../../src/page/time/sequence.ts'
import { makeTape } from './tape.ts'

const it = suite('sequence')
const drawn = (messages: Message[], wanted: Partial<Wanted> = {}) => {
  const log = emptyLog()
  for (const message of messages) addTo(log, message)
  return sequenceOf(log.rows, { noise: false, width: 900, minors: log.minors, ...wanted })
}
let seq = 0
const event = (from: string | null, to: string, type: string, at = ++seq): Message => ({
  ...{ type: 'event', seq: ++seq, at, from, to, event: { type } },
})
const led = (path: string): Message => ({
  ...{ type: 'step', seq: seq + 1, at: seq, path, cause: seq++, actions: [] },
  taken: [{ edge: '', source: 'x.idle', targets: ['x.busy'] }],
})

it('draws an arrow from the edge for what comes from outside, and the state that it led to below', () => {
  const { marks, lifelines } = drawn([event(null, 'room', 'say'), led('room')])
  const [arrow, box] = marks
  if (arrow?.kind !== 'arrow' || box?.kind !== 'box') throw new Error('no arrow with a box')
  assert.equal([arrow.from, arrow.to, arrow.name], [null, lifelines[0]?.x, 'say'])
  assert.equal([box.on, box.text, box.led], [lifelines[0]?.x, 'idle → busy', true])
  assert.ok(box.y > arrow.y)
})

it('draws what an actor tells itself as a box, and what a promise of its own tells it too', () => {
  const started: Message = {
    ...{
      type: 'started',
      seq: ++seq,
      at: seq,
      path: 'room/link/join',
      parent: 'room/link',
      machine: null,
      src: 'join',
      restarts: 0,
    },
  }
  const tape = [
    started,
    event('room/link', 'room/link', 'retry'),
    led('room/link'),
    event('room/link/join', 'room/link', 'xstate.done.actor.join'),
    led('room/link'),
  ]
  const { marks, lifelines } = drawn(tape)
  assert.equal(
    lifelines.map(({ path }) => path),
    ['room/link'],
  )
  assert.equal(
    marks.map(mark => mark.kind === 'box' && mark.text),
    ['2 own steps', 'idle → busy'],
  )
  const { marks: all } = drawn(tape, { noise: true })
  assert.is(all.filter(({ kind }) => kind === 'arrow').length, 1, 'the promise has a lifeline of its own')
  assert.ok(all.some(mark => mark.kind === 'box' && mark.text === 'retry'))
})

it('makes one line of many that are the same', () => {
  const same = Array.from({ length: 6 }, () => event('room', 'room/link', 'tick', 5))
  const { marks } = drawn([...same, event('room', 'room/link', 'tock', 5)])
  assert.equal(
    marks.map(mark => mark.kind === 'arrow' && mark.name),
    ['tick ×6', 'tock'],
  )
})

it('tells of silence and of gaps over the whole width', () => {
  const { marks } = drawn([
    event('a', 'b', 'x', 0),
    { type: 'gap', seq: ++seq, at: 10, count: 3, why: 'the page was too slow' },
    event('a', 'b', 'x', 4010),
  ])
  assert.equal(
    marks.flatMap(mark => (mark.kind === 'break' ? [mark.text] : [])),
    ['3 messages were left out: the page was too slow', '4.0 s later'],
  )
})

it('puts parents left of their children, whoever comes first', () => {
  const { lifelines } = drawn([event('room/a/b', 'room/a', 'x'), event('room/c', 'room', 'x')])
  assert.equal(
    lifelines.map(({ path }) => path),
    ['room', 'room/a', 'room/a/b', 'room/c'],
  )
})

it('leaves lines to no two marks, and names the rest when there are too many', () => {
  const sequence = drawn(makeTape(600_000), { width: 300 })
  const heights = sequence.marks.map(({ y }) => y)
  assert.ok(heights.every((y, i) => i === 0 || y - (heights[i - 1] ?? 0) >= 16))
  assert.ok(heights.every(y => y < sequence.height))
  assert.ok(sequence.left > 0)
  assert.ok(sequence.marks.flatMap(({ rows }) => rows).length > 0)
  assert.ok(sequence.lifelines.every(({ x }) => x >= metrics.edge && x <= sequence.width))
})

it('shows of one actor only what it told or was told', () => {
  const { marks } = drawn(makeTape(60_000), { actors: new Set(['room/microphone']) })
  const rows = marks.flatMap(({ rows }) => rows).filter(({ mark }) => mark !== 'gap')
  assert.ok(rows.length > 0)
  assert.ok(rows.every(({ actor, from }) => actor === 'room/microphone' || from === 'room/microphone'))
})

it.run()
