/** Waits end with the work, with the signal or with the limit, and leave no timer and no listener behind. */
import { getEventListeners } from 'node:events'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { codeOf } from '../../src/errors.ts'
import { within } from '../../src/livekit/wait.ts'
import { virtualClock } from '../../src/virtual.ts'

const it = suite('livekit wait')

type Outcome = { value?: unknown; code?: string | undefined; message?: string }
const outcome = (work: Promise<unknown>): Promise<Outcome> =>
  work.then(
    value => ({ value }),
    (error: unknown) => ({ code: codeOf(error), message: error instanceof Error ? error.message : '' }),
  )
const limits = () => ({ clock: virtualClock(), ms: 1_500, what: 'joining the room', signal: new AbortController().signal })

it('gives the value, or the error, of the work', async () => {
  const limit = limits()
  assert.equal(await outcome(within(Promise.resolve(7), limit)), { value: 7 })
  assert.equal(await outcome(within(Promise.reject(new Error('no')), limit)), { code: undefined, message: 'no' })
  await limit.clock.settle()
  assert.is(limit.clock.timers, 0)
  assert.is(getEventListeners(limit.signal, 'abort').length, 0)
})

it('rejects at the limit, and says what took too long', async () => {
  const limit = limits()
  const ended = outcome(within(new Promise(() => {}), limit))
  await limit.clock.advance(1_500)
  const { code, message = '' } = await ended
  assert.is(code, 'ERR_TIMEOUT')
  assert.match(message, /^joining the room took longer than 1\.5 s/)
  assert.is(getEventListeners(limit.signal, 'abort').length, 0)
})

it('rejects with the reason when the signal aborts, before or during the wait', async () => {
  const clock = virtualClock()
  const enough = new AbortController()
  const during = outcome(within(new Promise(() => {}), { clock, ms: 1_000, what: 'it', signal: enough.signal }))
  enough.abort(new Error('enough'))
  assert.is((await during).message, 'enough')
  assert.is(clock.timers, 0)
  const before = outcome(within(new Promise(() => {}), { clock, ms: 1_000, what: 'it', signal: AbortSignal.abort('a word') }))
  assert.is((await before).code, 'ERR_ABORTED')
  assert.is(clock.timers, 0)
})

it.run()
