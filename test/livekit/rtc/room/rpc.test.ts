/** Calls between participants, with rtc-node's own participant on a native client that only notes what it is asked. */
import { type RpcInterceptor, RpcError as SdkRpcError } from '@livekit/rtc-node'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { deferred } from '../../../../src/deferred.ts'
import { RpcError, type RpcInvocationData } from '../../../../src/livekit/rtc/room/rpc.ts'
import { failure, on, type Scene, untyped } from '../local.ts'

const it = suite('rtc rpc')

/** Somebody calls `method`, and waits for `responseTimeoutMs`; what they get is in `answers`. */
const invoke = ({ sdk }: Scene, method = 'm', responseTimeoutMs = 5_000, id = 1n) =>
  sdk.handleRpcMethodInvocation(id, method, `request ${id}`, 'bob', 'hello', responseTimeoutMs)
const answers = (scene: Scene) => scene.of('rpcMethodInvocationResponse').map(({ payload, error }) => payload ?? plain(error))
const plain = (error: unknown) => JSON.parse(JSON.stringify(error))
const called = { destinationIdentity: 'bob', method: 'm', payload: 'p' }

it('has a code and a text for each of the eleven, and keeps a number that it does not know (RPC-1)', () => {
  assert.is(Object.keys(RpcError.ErrorCode).length, 11)
  assert.equal(Object.keys(RpcError.ErrorMessage), Object.keys(RpcError.ErrorCode))
  assert.is(RpcError.ErrorCode.UNSUPPORTED_VERSION, 1404)
  for (const [name, code] of Object.entries(SdkRpcError.ErrorCode)) assert.is(Reflect.get(RpcError.ErrorCode, name), code)
  assert.is(RpcError.builtIn('UNSUPPORTED_VERSION').message, 'Unsupported RPC version')
  assert.is(new RpcError(7_001, 'ours').code, 7_001)
})

it('makes errors that are known by their name, and are those of rtc-node too (RPC-2)', () => {
  const error = new RpcError(4001, 'no', 'why')
  assert.ok(error instanceof SdkRpcError)
  assert.equal([error.name, error.code, error.message, error.data], ['RpcError', 4001, 'no', 'why'])
})

for (const code of [1.5, -1, 2 ** 32, Number.NaN])
  it(`refuses the code ${code}, which could not be sent`, async () => {
    assert.is((await failure(() => new RpcError(code, 'm'))).code, 'ERR_RANGE')
  })

it(
  'passes the call on in whole milliseconds, and without a time-out leaves it to the native layer (LP-6)',
  on(async ({ us, of, gone, clock }) => {
    const calls = [2_500.9, undefined, 0].map(ms =>
      us.performRpc({ ...called, ...(ms === undefined ? {} : { responseTimeoutMs: ms }) }),
    )
    await clock.settle()
    assert.equal(
      of('performRpc').map(({ responseTimeoutMs }) => responseTimeoutMs),
      [2_500, undefined, 0],
    )
    gone.abort()
    for (const call of calls) assert.is((await failure(() => call)).code, 'ERR_DISCONNECTED')
  }),
)

it(
  'refuses what no call can have, and says so for a time-out without a unit (LP-6)',
  on(async ({ us, of }) => {
    for (const responseTimeoutMs of [-1, Number.NaN, Number.POSITIVE_INFINITY])
      assert.is((await failure(() => us.performRpc({ ...called, responseTimeoutMs }))).code, 'ERR_RANGE')
    const theirs = { ...called, responseTimeout: 2.5 }
    assert.match((await failure(() => us.performRpc(theirs))).message, 'responseTimeoutMs')
    const wrong = { ...called, payload: untyped<string>({ a: 1 }) }
    assert.match((await failure(() => us.performRpc(wrong))).message, 'the payload of a call must be text, and is object')
    assert.equal(of('performRpc'), [])
  }),
)

it(
  'rejects with an error of ours, whose data is undefined where the other side gave none',
  on(
    async ({ us }) => {
      const { error } = await failure(() => us.performRpc(called))
      assert.ok(error instanceof RpcError)
      assert.equal([error.code, error.message, error.data], [1400, 'Method not supported at destination', undefined])
    },
    { performRpc: { error: { code: 1400, message: 'Method not supported at destination', data: '' } } },
  ),
)

it(
  'ends the wait for an answer with the signal of whoever asked',
  on(async ({ us, clock, client, gone }) => {
    const stop = new AbortController()
    const call = us.performRpc({ ...called, signal: stop.signal })
    await clock.settle()
    stop.abort(new Error('enough'))
    assert.is((await failure(() => call)).message, 'enough')
    assert.is((await failure(() => us.performRpc({ ...called, signal: stop.signal }))).message, 'enough')
    assert.is(client.asked.length, 1, 'the second was never asked')
    gone.abort() // rtc-node waits on for the answer, until then at most
  }),
)

it(
  'gives the handler back, and hands it the call with its time in ms and a signal (RPC-3)',
  on(async scene => {
    const seen: RpcInvocationData[] = []
    const handler = (data: RpcInvocationData) => {
      seen.push(data)
      return `${data.payload} back`
    }
    assert.is(scene.us.registerRpcMethod('m', handler), handler)
    await invoke(scene, 'm', 2_500)
    assert.is(seen.length, 1)
    assert.equal(JSON.parse(JSON.stringify(seen[0])), {
      requestId: 'request 1',
      callerIdentity: 'bob',
      payload: 'hello',
      method: 'm',
      responseTimeoutMs: 2_500,
      signal: {},
    })
    assert.is(seen[0]?.signal.aborted, false)
    assert.equal(answers(scene), ['hello back'])
  }),
)

it(
  'replaces an earlier handler, and answers 1400 once it is taken away',
  on(async scene => {
    scene.us.registerRpcMethod('m', () => 'one')
    scene.us.registerRpcMethod('m', async () => 'two')
    await invoke(scene)
    scene.us.unregisterRpcMethod('m')
    scene.us.unregisterRpcMethod('never there')
    await invoke(scene)
    const [answer, error] = answers(scene)
    assert.is(answer, 'two')
    assert.is(Reflect.get(Object(error), 'code'), 1400)
  }),
)

it(
  'answers 1502 when the time of the caller is over, aborts the signal, and drops what comes late (LP-7)',
  on(async scene => {
    const slow = deferred<string>()
    let aborted: unknown
    scene.us.registerRpcMethod('m', ({ signal }) => {
      signal.addEventListener('abort', () => {
        aborted = signal.reason
      })
      return slow.promise
    })
    const invoked = invoke(scene, 'm', 2_000)
    await scene.clock.advance(1_999)
    assert.equal(answers(scene), [])
    await scene.clock.advance(1)
    await invoked
    assert.equal(answers(scene), [{ code: 1502, message: 'Response timeout' }])
    assert.is(Reflect.get(Object(aborted), 'code'), 1502)
    slow.resolve('late')
    await scene.clock.settle()
    assert.is(answers(scene).length, 1)
    assert.equal(scene.logged, ['debug rtc.rpc.late'])
  }),
)

it(
  'gives a handler all the time that a caller can have, longer than a timer can be set for (LP-7)',
  on(async scene => {
    const slow = deferred<string>()
    scene.us.registerRpcMethod('m', () => slow.promise)
    const invoked = invoke(scene, 'm', 2 ** 32 - 1)
    await scene.clock.advance(60_000)
    slow.resolve('in time')
    await invoked
    assert.equal([answers(scene), scene.clock.timers], [['in time'], 0])
  }),
)

it(
  'drops a failure that comes late, too (LP-7)',
  on(async scene => {
    const slow = deferred<string>()
    scene.us.registerRpcMethod('m', () => slow.promise)
    const invoked = invoke(scene, 'm', 10)
    await scene.clock.advance(10)
    await invoked
    slow.reject(new Error('late'))
    await scene.clock.settle()
    assert.equal(scene.logged, ['debug rtc.rpc.late'])
  }),
)

it(
  'takes an answer in the last millisecond, and then waits no more (LP-7)',
  on(async scene => {
    const slow = deferred<string>()
    scene.us.registerRpcMethod('m', () => slow.promise)
    const invoked = invoke(scene, 'm', 2_000)
    await scene.clock.advance(1_999)
    slow.resolve('just')
    await invoked
    assert.equal(answers(scene), ['just'])
    assert.is(scene.clock.timers, 0)
  }),
)

it(
  'sets no time for a synchronous handler, which nothing could stop (LP-7, SD-12)',
  on(async scene => {
    let timers = -1
    scene.us.registerRpcMethod('m', () => {
      timers = scene.clock.timers
      return 'now'
    })
    await invoke(scene, 'm', 0)
    assert.equal([answers(scene), timers], [['now'], 0])
  }),
)

it(
  'answers running handlers with 1503 before the end, and new calls as well (LP-8)',
  on(async scene => {
    const signals: AbortSignal[] = []
    scene.us.registerRpcMethod('m', ({ signal }) => {
      signals.push(signal)
      return new Promise(() => {})
    })
    const running = [invoke(scene, 'm', 5_000, 1n), invoke(scene, 'm', 5_000, 2n)]
    await scene.clock.settle()
    const ending = scene.us.end()
    await Promise.all(running)
    const error = { code: 1503, message: 'Recipient disconnected' }
    assert.equal(answers(scene), [error, error])
    assert.equal(
      signals.map(({ aborted }) => aborted),
      [true, true],
    )
    await invoke(scene, 'm', 5_000, 3n)
    assert.equal(answers(scene), [error, error, error])
    assert.is(signals.length, 2, 'the third was not begun')
    await scene.clock.runUntil(ending)
    assert.ok(scene.clock.now() <= 100, 'the answers have a moment to leave')
  }),
)

it(
  'ends at once where no handler runs, and a second time as well (LP-8)',
  on(async ({ us, clock }) => {
    us.registerRpcMethod('m', () => 'x')
    await us.end()
    await us.end()
    assert.is(clock.now(), 0)
  }),
)

it(
  'lets an answer leave that is just being given, also that of a handler that ends the room itself (LP-8)',
  on(async scene => {
    const ends: Promise<void>[] = []
    scene.us.registerRpcMethod('m', () => {
      ends.push(scene.us.end())
      return 'bye'
    })
    await invoke(scene)
    assert.equal(answers(scene), ['bye'])
    await scene.clock.settle()
    assert.is(scene.clock.timers, 1, 'the end waits')
    await scene.clock.runUntil(Promise.all(ends))
    assert.is(scene.clock.now(), 100)
  }),
)

it(
  'gives an answer that was given a while ago the rest of its time only (LP-8)',
  on(async scene => {
    scene.us.registerRpcMethod('m', () => 'x')
    await invoke(scene)
    await scene.clock.advance(70)
    await scene.clock.runUntil(scene.us.end())
    assert.is(scene.clock.now(), 100)
  }),
)

it(
  'waits for no answer any more when the room is gone meanwhile (LP-8, law 4)',
  on(async scene => {
    scene.us.registerRpcMethod('m', () => new Promise(() => {}))
    void invoke(scene)
    await scene.clock.settle()
    const ending = scene.us.end()
    await scene.clock.settle()
    scene.gone.abort()
    await ending
    assert.equal([scene.clock.now(), scene.clock.timers], [0, 0])
  }),
)

it(
  'stops what runs when the room ends by itself (LP-8)',
  on(async scene => {
    let reason: unknown
    scene.us.registerRpcMethod('m', async ({ signal }) => {
      await new Promise<void>(resolve => signal.addEventListener('abort', () => resolve()))
      reason = signal.reason
      return 'too late'
    })
    const invoked = invoke(scene)
    await scene.clock.settle()
    scene.gone.abort()
    await invoked
    await scene.clock.settle()
    assert.is(Reflect.get(Object(reason), 'code'), 1503)
    assert.is((await failure(() => scene.us.registerRpcMethod('m', () => ''))).code, 'ERR_DISCONNECTED')
    scene.us.unregisterRpcMethod('m')
  }),
)

it(
  'tells the caller nothing of an error but 1500, and all of a RpcError (LP-9)',
  on(async scene => {
    const { us, logged } = scene
    us.registerRpcMethod('plain', () => {
      throw new Error('x')
    })
    us.registerRpcMethod('later', () => Promise.reject('x'))
    us.registerRpcMethod('ours', async () => {
      throw new RpcError(4001, 'm', 'd')
    })
    us.registerRpcMethod('theirs', () => {
      throw new SdkRpcError(4002, 'm')
    })
    for (const method of ['plain', 'later', 'ours', 'theirs']) await invoke(scene, method)
    const unknown = { code: 1500, message: 'Application error in method handler' }
    const own = [
      { code: 4001, message: 'm', data: 'd' },
      { code: 4002, message: 'm' },
    ]
    assert.equal(answers(scene), [unknown, unknown, ...own])
    assert.equal(logged, ['warn rtc.rpc.failed', 'warn rtc.rpc.failed'])
  }),
)

it(
  'answers 1500 where the answer could not be sent: no text, or a code without a number (LP-9)',
  on(async scene => {
    scene.us.registerRpcMethod('number', async () => untyped(5))
    scene.us.registerRpcMethod('code', () => {
      throw new SdkRpcError(1.5, 'm')
    })
    for (const method of ['number', 'code']) await invoke(scene, method)
    for (const error of answers(scene)) assert.is(Reflect.get(Object(error), 'code'), 1500)
    assert.equal(scene.logged, ['warn rtc.rpc.failed', 'warn rtc.rpc.failed'])
    assert.is((await failure(() => scene.us.registerRpcMethod('m', untyped('no function')))).code, 'ERR_HANDLER')
  }),
)

it(
  'leaves interceptors what rtc-node has for them, the cause of a 1500 included',
  on(async scene => {
    const seen: unknown[] = []
    const interceptor: RpcInterceptor = {
      interceptIncoming: (data, next) =>
        next(data).catch((error: unknown) => {
          seen.push(Reflect.get(Object(error), 'cause'))
          throw error
        }),
    }
    if (!scene.us.sdk.addRpcInterceptor) {
      // rtc-node 0.13
      const { code } = await failure(() => scene.us.addRpcInterceptor(interceptor))
      return assert.is(code, 'ERR_SDK_VERSION')
    }
    scene.us.addRpcInterceptor(interceptor)
    const thrown = new Error('x')
    scene.us.registerRpcMethod('m', () => {
      throw thrown
    })
    await invoke(scene)
    scene.us.removeRpcInterceptor(interceptor)
    await invoke(scene)
    assert.equal(seen, [thrown])
  }),
)

it.run()
