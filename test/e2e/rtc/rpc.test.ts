// deadline: 240 s
// beside: another
/**
 * Calls between two rooms on a real server, in both directions, with every code that can be provoked. Three cannot be: 1401, which the
 * native layer never gives (a call to nobody is 1501); 1403, which takes a server older than 1.8; 1404, which takes another protocol on
 * the other side. 1505 would take a data channel that refuses a packet.
 */
import * as assert from 'uvu/assert'
import { RpcError, type RpcHandler, type RpcInvocationData } from '../../../src/livekit/rtc/index.ts'
import { within } from '../watch.ts'
import { type Guest, suiteOnServer } from './stage.ts'

const it = await suiteOnServer('rtc rpc')

const call = (from: Guest, method: string, payload = '', more: { to?: string; responseTimeoutMs?: number } = {}) => {
  const { to = 'bob', ...rest } = more
  return from.local.performRpc({ destinationIdentity: to, method, payload, ...rest })
}
const refusal = async (calling: Promise<string>, limitMs?: number) => {
  const [outcome] = await within('the call is over', Promise.allSettled([calling]), limitMs)
  if (outcome.status === 'fulfilled') throw new Error(`it was answered: ${outcome.value}`)
  assert.ok(outcome.reason instanceof RpcError, String(outcome.reason))
  const { code, message, data } = outcome.reason
  return [code, message, data]
}
/** Hears of each call of `method`; answers none before its signal aborts. */
const neverAnswer = ({ local, watch }: Guest, method: string) => {
  const calls: RpcInvocationData[] = []
  local.registerRpcMethod(method, data => {
    calls.push(data)
    watch.look()
    return new Promise((_, reject) => data.signal.addEventListener('abort', () => reject(data.signal.reason)))
  })
  return calls
}

it('asks and answers in both directions, at once or later, more than 15 KiB too (RPC-3)', async stage => {
  const [ann, bob] = await stage.pair()
  const seen: RpcInvocationData[] = []
  const echo: RpcHandler = data => {
    seen.push(data)
    return `${data.payload} of ${data.callerIdentity}`
  }
  assert.is(bob.local.registerRpcMethod('echo', echo), echo)
  ann.local.registerRpcMethod('later', async ({ payload }) => payload.toUpperCase())
  assert.is(await call(ann, 'echo', 'héllo'), 'héllo of ann')
  assert.is(await call(bob, 'later', 'so', { to: 'ann' }), 'SO')
  const much = 'x'.repeat(100_000)
  assert.is(await call(ann, 'echo', much), `${much} of ann`)
  assert.is(await call(ann, 'echo', '', { responseTimeoutMs: 9_000.9 }), ' of ann')
  const times = seen.map(({ responseTimeoutMs }) => responseTimeoutMs)
  assert.equal(times, [8_000, 8_000, 2_000], 'the caller keeps 7 s of 15 s, or of its own time, for the way')
})

it('answers many calls at once, each with its own', async stage => {
  const [ann, bob] = await stage.pair()
  bob.local.registerRpcMethod('square', async ({ payload }) => String(Number(payload) ** 2))
  const numbers = Array.from({ length: 50 }, (_, n) => n)
  const squares = await within('all calls are answered', Promise.all(numbers.map(n => call(ann, 'square', String(n)))))
  assert.equal(
    squares.map(Number),
    numbers.map(n => n ** 2),
  )
})

it('tells the caller nothing of an error but 1500, and all of a RpcError (LP-9, RPC-1)', async stage => {
  const [ann, bob] = await stage.pair()
  bob.local.registerRpcMethod('plain', () => {
    throw new Error('a secret')
  })
  bob.local.registerRpcMethod('own', async () => {
    throw new RpcError(4001, 'm', 'd')
  })
  bob.local.registerRpcMethod('bare', () => {
    throw new RpcError(99_999, 'héé')
  })
  assert.equal(await refusal(call(ann, 'plain')), [1500, 'Application error in method handler', undefined])
  assert.equal(await refusal(call(ann, 'own')), [4001, 'm', 'd'])
  assert.equal(await refusal(call(ann, 'bare')), [99_999, 'héé', undefined])
})

it('answers 1400 for a method that nobody registered, or no longer (RPC-1)', async stage => {
  const [ann, bob] = await stage.pair()
  bob.local.registerRpcMethod('brief', () => 'yes')
  assert.is(await call(ann, 'brief'), 'yes')
  bob.local.unregisterRpcMethod('brief')
  for (const method of ['brief', 'never'])
    assert.equal(await refusal(call(ann, method)), [1400, 'Method not supported at destination', undefined])
})

it('answers 1502 when the time of the caller is over, and stops the handler (LP-7, RPC-1)', async stage => {
  const [ann, bob] = await stage.pair()
  const calls = neverAnswer(bob, 'slow')
  const asked = performance.now()
  assert.equal(await refusal(call(ann, 'slow', '', { responseTimeoutMs: 8_500 })), [1502, 'Response timeout', undefined])
  const took = performance.now() - asked
  assert.ok(took > 1_400 && took < 8_000, `after ${took} ms: the handler had 1.5 s, and the caller did not wait for longer`)
  assert.is(calls[0]?.signal.reason.code, 1502)
  assert.equal(await refusal(call(ann, 'slow', '', { responseTimeoutMs: 300 })), [1502, 'Response timeout', undefined])
})

it('answers 1503 to whoever waits when we leave, before we have left (LP-8, RPC-1)', async stage => {
  const [ann, bob] = await stage.pair()
  const calls = neverAnswer(bob, 'slow')
  const waiting = Array.from({ length: 8 }, () => refusal(call(ann, 'slow', '', { responseTimeoutMs: 15_000 })))
  await bob.until('all calls arrive', () => calls.length === 8)
  await bob.room.disconnect()
  for (const outcome of await Promise.all(waiting)) assert.equal(outcome, [1503, 'Recipient disconnected', undefined])
  assert.ok(calls.every(({ signal }) => signal.reason.code === 1503))
})

it('stops the handlers when the server ends the room, too (LP-8)', async stage => {
  const [ann, bob] = await stage.pair()
  const calls = neverAnswer(bob, 'slow')
  const waiting = call(ann, 'slow').catch((error: unknown) => error)
  await bob.until('the call arrives', () => calls.length === 1)
  await stage.api.deleteRoom(stage.name)
  await bob.sees('disconnected')
  assert.is(calls[0]?.signal.reason.code, 1503)
  assert.is(Reflect.get(Object(await within('the call of ann is over', waiting)), 'code'), 'ERR_DISCONNECTED')
})

it('gives up with 1501 where nobody acknowledges, and refuses 1402 what is too large for who is not known (RPC-1)', async stage => {
  const [ann] = await stage.pair()
  const nobody = refusal(call(ann, 'any', '', { to: 'nobody' }))
  assert.equal(await refusal(call(ann, 'any', 'x'.repeat(16_000), { to: 'nobody' })), [
    1402,
    'Request payload too large',
    undefined,
  ])
  assert.equal(await nobody, [1501, 'Connection timeout', undefined])
})

it('reaches who is hidden, and answers 1504 what is too large for the older protocol, which that takes (RPC-1)', async stage => {
  const ann = await stage.join('ann')
  const hidden = await stage.join('hidden', { grants: { hidden: true } })
  hidden.local.registerRpcMethod('some', ({ callerIdentity }) => `to ${callerIdentity}`)
  hidden.local.registerRpcMethod('much', () => 'x'.repeat(16_000))
  assert.is(await call(ann, 'some', '', { to: 'hidden' }), 'to ann')
  assert.equal(await refusal(call(ann, 'much', '', { to: 'hidden' })), [1504, 'Response payload too large', undefined])
})

it('ends the waits of a caller who leaves, or who has heard enough', async stage => {
  const [ann, bob] = await stage.pair()
  const calls = neverAnswer(bob, 'slow')
  const enough = new AbortController()
  const options = { destinationIdentity: 'bob', method: 'slow', payload: '' }
  const ends = [ann.local.performRpc({ ...options, signal: enough.signal }), ann.local.performRpc(options)]
  const outcomes = ends.map(one => one.catch((error: unknown) => error))
  await bob.until('both calls arrive', () => calls.length === 2)
  enough.abort(new Error('enough'))
  assert.match(String(await outcomes[0]), 'enough')
  await ann.room.disconnect()
  assert.is(Reflect.get(Object(await outcomes[1]), 'code'), 'ERR_DISCONNECTED')
})

it.run()
