import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Connection } from '../../../src/minds/openai/connection.ts'
import type { Ears, Line } from '../../../src/minds/openai/line.ts'
import { virtualClock } from '../../../src/virtual.ts'
import { pending } from '../../model.ts'

const it = suite('openai connection')

/** A line that is there when the test says so, and ends as politely as it is told. */
const scene = ({ polite = true, deaf = false, farewellMs = 1_000 } = {}) => {
  const clock = virtualClock()
  const acts: string[] = []
  const dialled = pending<void>()
  const heard: string[] = []
  const open = async (ears: Ears): Promise<Line> => {
    await dialled.promise
    const end = () => void (deaf || queueMicrotask(() => ears.lost(new Error('gone'))))
    return {
      where: { place: 'wss://here', model: 'm' },
      backlog: 3,
      send: (event, gone) => {
        acts.push(`send ${event.type}`)
        gone()
      },
      close: () => {
        acts.push('close')
        if (polite) end()
      },
      cut: () => {
        acts.push('cut')
        end()
      },
    }
  }
  const connection = new Connection({
    clock,
    farewellMs,
    connect: open,
    hush: line => line.replace('secret', '…'),
    heard: () => {},
    garbled: () => {},
    moved: () => void acts.push('moved'),
    lost: error => void heard.push(error.message),
  })
  return { clock, acts, dialled, heard, connection }
}

it('sends, tells when it is on its way, and says farewell', async () => {
  const { connection, dialled, acts, heard, clock } = scene()
  connection.open()
  assert.equal([connection.backlog, connection.where], [0, undefined])
  dialled.resolve()
  await clock.settle()
  assert.equal([connection.backlog, connection.where?.model], [3, 'm'])
  connection.send({ type: 'a' })
  await connection.hangUp()
  connection.send({ type: 'b' })
  assert.equal([acts, heard, clock.timers], [['send a', 'moved', 'close'], ['gone'], 0])
})

it('lets a line go that comes when nobody wants it any more', async () => {
  const { connection, dialled, acts, clock } = scene()
  connection.open()
  await connection.hangUp()
  dialled.resolve()
  await clock.settle()
  assert.equal(acts, ['cut'])
})

it('cuts a line that does not answer the farewell, and waits for no answer to that for ever', async () => {
  for (const [deaf, farewellMs] of [
    [false, 1_000],
    [true, 1_000],
    [true, 100],
  ] as const) {
    const { connection, dialled, acts, clock } = scene({ polite: false, deaf, farewellMs })
    connection.open()
    dialled.resolve()
    await clock.settle()
    let over = false
    connection.hangUp().then(() => {
      over = true
    })
    await clock.advance(farewellMs)
    assert.equal([acts, over], [['close', 'cut'], !deaf])
    await clock.advance(farewellMs)
    assert.equal([over, clock.timers], [true, 0])
  }
})

it('tells why no line came, without a secret', async () => {
  const { connection, dialled, heard, clock } = scene()
  connection.open()
  dialled.reject(new Error('no secret here\nnor there'))
  await clock.settle()
  await connection.hangUp()
  assert.equal([heard, clock.timers], [['no … here'], 0])
})

it.run()
