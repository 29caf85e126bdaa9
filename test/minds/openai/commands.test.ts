import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Commands } from '../../../src/minds/openai/commands.ts'
import type { Wire } from '../../../src/minds/openai/wire.ts'
import { virtualClock } from '../../../src/virtual.ts'
import { countingIds } from '../../fakes/ids.ts'
import { codeIn } from './stage.ts'

const it = suite('openai commands')
const scene = (open = true) => {
  const clock = virtualClock()
  const sent: Wire[] = []
  const commands = new Commands({ clock, ids: countingIds(), timeoutMs: 2_000, send: event => void sent.push(event) })
  if (open) commands.open()
  return { clock, sent, commands }
}

it('gives each command an id of its own (OAI-5)', () => {
  const { sent, commands } = scene()
  void commands.ask('one', { a: 1 }, 'k')
  void commands.ask('two', {}, 'k')
  assert.equal(sent, [
    { type: 'one', event_id: 'evt_000000000001', a: 1 },
    { type: 'two', event_id: 'evt_000000000002' },
  ])
})

it('settles the oldest that waits for an answer, or the one that it names (MM-8)', async () => {
  const { commands, clock } = scene()
  const [one, two, three] = ['1', '2', '3'].map(id => commands.ask('x', {}, 'k', id))
  assert.is(commands.answer('other'), false)
  assert.is(commands.answer('k', 'second', '2'), true)
  assert.is(commands.answer('k', 'nobody', '2'), false)
  assert.is(commands.answer('k', 'first'), true)
  assert.equal([await one, await two], ['first', 'second'])
  assert.is(commands.isWaiting('k'), true)
  commands.answerAll('k')
  assert.equal([await three, commands.isWaiting('k'), commands.size, clock.timers], ['', false, 0, 0])
})

it('rejects what is refused, by the id, and leaves the others alone (MM-8)', async () => {
  const { commands } = scene()
  const [one, two] = ['1', '2'].map(id => commands.ask('x', {}, 'k', id))
  assert.is(commands.refuse('2', new Error('no')), true)
  assert.is(commands.refuse('2', new Error('no')), false)
  assert.match(await codeIn(two ?? Promise.resolve()), /no/)
  commands.answer('k', 'yes')
  assert.is(await one, 'yes')
})

it('rejects with ERR_TIMEOUT what is not answered in time; a late answer is nobody’s (MM-8)', async () => {
  const { commands, clock } = scene()
  const asked = codeIn(commands.ask('x', {}, 'k'))
  await clock.advance(1_999)
  assert.is(commands.size, 1)
  await clock.advance(1)
  assert.is(await asked, 'ERR_TIMEOUT')
  assert.equal([commands.answer('k'), commands.size, clock.timers], [false, 0, 0])
})

it('rejects all that waits at the end, and all that is asked after it, which is not sent (MM-8)', async () => {
  const { commands, clock, sent } = scene()
  const waiting = [commands.ask('x', {}, 'k'), commands.wait('y', 'l')].map(codeIn)
  const over = Object.assign(new Error('over'), { code: 'ERR_CLOSED' })
  commands.end(over)
  commands.end(new Error('again'))
  const late = [commands.ask('z', {}, 'k'), commands.wait('z', 'k')].map(codeIn)
  assert.equal(await Promise.all([...waiting, ...late]), Array(4).fill('ERR_CLOSED'))
  commands.open()
  assert.equal([sent.length, clock.timers, commands.refusal], [1, 0, over])
})

it('refuses what is asked too early, and what cannot be sent; waits for what nobody was asked for (MM-8)', async () => {
  const { commands, clock, sent } = scene(false)
  const waiting = commands.wait('hello', 'h')
  assert.is(await codeIn(commands.ask('x', {}, 'k')), 'ERR_NOT_READY')
  commands.answer('h', 'hi')
  assert.equal([await waiting, sent.length], ['hi', 0])
  const send = () => JSON.stringify({ big: 1n })
  const dumb = new Commands({ clock, ids: countingIds(), timeoutMs: 2_000, send })
  dumb.open()
  assert.is(await codeIn(dumb.ask('x', {}, 'k')), 'ERR_NOT_SENT')
  assert.is(clock.timers, 0)
})

it.run()
