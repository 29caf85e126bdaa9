/** The agent's text on its way to the next in the chain. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Chain } from '../../src/outbound/chain.ts'
import { pending } from '../model.ts'

const it = suite('chain')

const turn = () => new Promise<void>(resolve => setImmediate(resolve))

/** A sink whose next call waits, or throws, if the test says so. */
const scene = () => {
  const calls: unknown[] = []
  const logged: string[] = []
  const next: { wait: Promise<void> | undefined; error: Error | undefined } = { wait: undefined, error: undefined }
  const call = async (what: unknown) => {
    calls.push(what)
    const { error } = next
    next.error = undefined
    if (error) throw error
    await next.wait
  }
  const sink = { captureText: (text: unknown) => call(text), flush: () => call('flush') }
  return { calls, logged, next, chain: new Chain(sink, (_, code) => logged.push(code)) }
}

it('passes words on one by one, timed where they are, and flushes after them (TXT-15)', async () => {
  const { chain, calls, next } = scene()
  const gate = pending<void>()
  next.wait = gate.promise
  chain.capture([{ text: 'one' }, { text: ' two', startMs: 500 }])
  chain.flush()
  assert.equal(calls, [], 'in a turn of its own')
  await turn()
  assert.equal(calls, ['one'], 'the second waits for the first')
  next.wait = undefined
  gate.resolve()
  await turn()
  assert.equal(calls, ['one', { text: ' two', startTime: 0.5 }, 'flush'])
})

it('goes on after a call that throws, and says so', async () => {
  const { chain, calls, next, logged } = scene()
  next.error = new Error('not today')
  chain.capture([{ text: 'one' }, { text: ' two' }])
  chain.flush()
  await turn()
  assert.equal([calls, logged], [['one', ' two', 'flush'], ['chain.failed']])
})

it('is bounded before a sink that does not answer, and takes up the next segment whole (law 17)', async () => {
  const { chain, calls, next, logged } = scene()
  const gate = pending<void>()
  next.wait = gate.promise
  chain.capture([{ text: 'a' }])
  await turn()
  for (let n = 0; n < 100; n++) chain.capture([{ text: 'b'.repeat(1_000) }])
  chain.flush()
  for (let n = 0; n < 1_000; n++) {
    chain.capture([{ text: 'c'.repeat(1_000) }])
    chain.flush()
  }
  next.wait = undefined
  gate.resolve()
  await turn()
  assert.is(calls.length, 1 + 65 + 1, 'the oldest 65 and one end')
  assert.ok(logged.every(code => code === 'chain.dropped'))
  chain.capture([{ text: 'd' }])
  chain.flush()
  await turn()
  assert.equal(calls.slice(-2), ['d', 'flush'])
})

it.run()
