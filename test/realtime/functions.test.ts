import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { realClock } from '../../src/clock.ts'
import { type CallHands, Calls, checkFunctions, type RawCall } from '../../src/realtime/functions.ts'
import type { FunctionCall, FunctionContext, FunctionResult, FunctionTool } from '../../src/realtime/port.ts'
import { pending } from '../model.ts'

const it = suite('functions')
/** All that is ready has happened; the validator of schemas has loaded too. */
const settle = async () => {
  await import('@cfworker/json-schema')
  for (let turn = 0; turn < 5; turn++) await new Promise<void>(resolve => setImmediate(resolve))
}
const tool = (name: string, execute: FunctionTool['execute'], parameters?: object): FunctionTool => ({
  name,
  execute,
  ...(parameters && { parameters }),
})

type Scene = { calls: Calls; log: string[]; collected: FunctionCall[]; finished: FunctionResult[]; hands: CallHands }
/** `log`: what the model was sent and what was told, in its order. */
const scene = (functions: FunctionContext, more: Partial<CallHands> = {}): Scene => {
  const log: string[] = []
  const collected: FunctionCall[] = []
  const finished: FunctionResult[] = []
  const hands: CallHands = {
    clock: realClock(),
    functions: () => functions,
    answer: async ({ callId, itemId, output }) => void log.push(`${callId} after ${itemId}: ${output}`),
    ask: () => void log.push('ask'),
    isIdle: () => true,
    collected: call => {
      collected.push(call)
      log.push(`collected ${call.toolCallId}`)
    },
    finished: result => {
      finished.push(result)
      log.push(`finished ${result.call.toolCallId}`)
    },
    log: (_level, code) => void log.push(code),
    ...more,
  }
  return { calls: new Calls(hands), log, collected, finished, hands }
}
const raw = (callId: string, name: string, rawArguments = '', responseId = 'resp_1'): RawCall => ({
  responseId,
  itemId: `item_${callId}`,
  callId,
  name,
  rawArguments,
})
/** One call of a response that is over, and what was sent for it. */
const outputOf = async (functions: FunctionContext, name: string, rawArguments = '') => {
  const { calls, log, finished } = scene(functions)
  calls.collect(raw('1', name, rawArguments))
  calls.responseOver('resp_1')
  await settle()
  const [output = ''] = log.filter(line => line.startsWith('1 after'))
  return { output: output.replace('1 after item_1: ', ''), asked: log.filter(line => line === 'ask').length, finished }
}

it('collects a call, runs it, sends its output behind its item, asks for a response and tells that it is done (MM-41)', async () => {
  const told: unknown[] = []
  const weather = tool('weather', (args, { callId }) => {
    told.push(args, callId)
    return 'sunny'
  })
  const { calls, log, collected, finished } = scene([weather])
  const call = calls.collect(raw('1', 'weather', '{"city":"Oslo"}'))
  calls.responseOver('resp_1')
  await settle()
  assert.equal(log, ['collected 1', '1 after item_1: sunny', 'ask', 'finished 1'])
  assert.equal(told, [{ city: 'Oslo' }, '1'])
  assert.equal(call, { toolCallId: '1', name: 'weather', rawArguments: '{"city":"Oslo"}', arguments: { city: 'Oslo' } })
  assert.equal([collected, finished], [[call], [{ call, result: 'sunny' }]])
  assert.is(calls.running, 0)
})

const booking = {
  type: 'object',
  properties: {
    seats: { type: 'integer', minimum: 1 },
    class: { enum: ['first', 'second'] },
    names: { type: 'array', items: { type: 'string' } },
  },
  required: ['seats'],
  additionalProperties: false,
}

it('holds the arguments against the schema: required, types, lists, choices (MM-41, MM-42)', async () => {
  const functions = [tool('book', () => 'booked', booking)]
  const answer = async (args: string) => (await outputOf(functions, 'book', args)).output
  assert.is(await answer('{"seats":2,"class":"first","names":["Ann","Bob"]}'), 'booked')
  assert.match(await answer('{"class":"first"}'), /^Error: bad arguments for book: .*seats/)
  assert.match(await answer(''), /^Error: bad arguments for book: .*seats/)
  assert.match(await answer('{"seats":"two"}'), /^Error: bad arguments for book, at seats: .*string/)
  assert.match(await answer('{"seats":2,"class":"third"}'), /^Error: bad arguments for book, at class: /)
  assert.match(await answer('{"seats":2,"names":["Ann",3]}'), /^Error: bad arguments for book, at names\/1: /)
  assert.match(await answer('{"seats":2,"pets":1}'), /^Error: bad arguments for book, at pets: /)
})

it('takes empty text for no arguments, and a function without a schema takes any (MM-41)', async () => {
  const functions = [tool('echo', args => args)]
  assert.is((await outputOf(functions, 'echo')).output, '{}')
  assert.is((await outputOf(functions, 'echo', ' {"a":[1]}')).output, '{"a":[1]}')
})

it('says in the log which function failed, and how (MM-42)', async () => {
  const told: unknown[] = []
  const fails = tool('fails', () => Promise.reject(new Error('no line')))
  const { calls } = scene([fails], { log: (level, code, fields) => void told.push([level, code, fields]) })
  calls.collect(raw('1', 'fails'))
  calls.responseOver('resp_1')
  await settle()
  assert.equal(told, [['warn', 'realtime.function.failed', { call: '1', name: 'fails', error: 'no line' }]])
})

it('answers what is no JSON, no object, no function of ours, or throws, with an error (MM-42)', async () => {
  const functions = [
    tool('ok', () => 'ok'),
    tool('throws', () => {
      throw new Error('no line\nat all')
    }),
    tool('rejects', () => Promise.reject(new Error('no answer'))),
    tool('silent', () => Promise.reject()),
    tool('broken', () => 'ok', { $ref: '#/nowhere' }),
  ]
  for (const [name, args, expected] of [
    ['ok', '{"a":', /^Error: the arguments are not JSON/],
    ['ok', '[1]', /^Error: the arguments are not an object$/],
    ['absent', '', /^Error: there is no function "absent"$/],
    ['throws', '', /^Error: no line$/],
    ['rejects', '', /^Error: no answer$/],
    ['silent', '', /^Error: silent failed and does not say why$/],
    ['broken', '', /^Error: /],
  ] as const) {
    const { output, asked, finished } = await outputOf(functions, name, args)
    assert.match(output, expected)
    assert.is(asked, 1, name)
    assert.ok(finished.length === 1 && finished[0]?.error instanceof Error && !('result' in finished[0]), name)
  }
  const { output } = await outputOf([], 'ok')
  assert.is(output, 'Error: there is no function "ok"')
})

it('sends nothing as empty text and asks for no response, text as it is, and the rest as JSON (MM-43)', async () => {
  const answer = (result: unknown) => outputOf([tool('f', () => result)], 'f')
  const nothing = await answer(undefined)
  assert.equal([nothing.output, nothing.asked], ['', 0])
  assert.equal(nothing.finished.length, 1)
  for (const [result, output] of [
    ['', ''],
    ['text', 'text'],
    [null, 'null'],
    [0, '0'],
    [{ a: [1, 'b'] }, '{"a":[1,"b"]}'],
  ]) {
    const said = await answer(result)
    assert.equal([said.output, said.asked], [output, 1])
  }
})

it('answers what JSON cannot hold with an error, and says so', async () => {
  const loop: Record<string, unknown> = {}
  loop.self = loop
  for (const result of [() => 1, Symbol('s'), 10n, loop]) {
    const { output, finished } = await outputOf([tool('f', () => result)], 'f')
    assert.match(output, /^Error: /)
    assert.ok(finished[0]?.error instanceof Error)
  }
})

it('runs the calls of a response side by side, and asks once, when all outputs are taken and the response is over (MM-44)', async () => {
  const [slow, fast] = [pending<string>(), pending<string>()]
  const { calls, log } = scene([tool('slow', () => slow.promise), tool('fast', () => fast.promise)])
  calls.collect(raw('1', 'slow'))
  calls.collect(raw('2', 'fast'))
  await settle()
  fast.resolve('B')
  await settle()
  assert.equal(log, ['collected 1', 'collected 2', '2 after item_2: B', 'finished 2'])
  slow.resolve('A')
  await settle()
  assert.equal(log.slice(4), ['1 after item_1: A', 'finished 1'])
  calls.responseOver('resp_1')
  calls.responseOver('resp_1')
  assert.equal(log.slice(6), ['ask'])
})

it('waits with the response until the output was accepted, and until no other response is made (MM-44)', async () => {
  const taken = pending<void>()
  let idle = false
  const { calls, log } = scene([tool('f', () => 'x')], { answer: () => taken.promise, isIdle: () => idle })
  calls.collect(raw('1', 'f'))
  calls.responseOver('resp_1')
  await settle()
  assert.equal(log, ['collected 1'])
  taken.resolve()
  await settle()
  assert.equal(log, ['collected 1', 'finished 1'])
  calls.proceed()
  idle = true
  calls.proceed()
  calls.proceed()
  assert.equal(log, ['collected 1', 'finished 1', 'ask'])
})

it('tells a refused output as an error, and does not ask for a response on its account', async () => {
  const { calls, log, finished } = scene([tool('f', () => 'x')], { answer: () => Promise.reject(new Error('no such item')) })
  calls.collect(raw('1', 'f'))
  calls.responseOver('resp_1')
  await settle()
  assert.equal(log, ['collected 1', 'realtime.output.refused', 'finished 1'])
  assert.match(String(finished[0]?.error), /no such item/)
})

it('lets a function that never returns hold nobody else, and aborts it at close: finished once (MM-44)', async () => {
  let signal: AbortSignal | undefined
  const stuck = tool('stuck', (_, context) => {
    signal = context.signal
    return new Promise(() => {})
  })
  const { calls, log, finished } = scene([stuck, tool('f', () => 'x')])
  calls.collect(raw('1', 'stuck'))
  calls.collect(raw('2', 'f'))
  calls.responseOver('resp_1')
  calls.collect(raw('3', 'f', '', 'resp_2'))
  calls.responseOver('resp_2')
  await settle()
  assert.equal(log.slice(3).sort(), ['2 after item_2: x', '3 after item_3: x', 'ask', 'finished 2', 'finished 3'])
  assert.equal([calls.running, signal?.aborted], [1, false])
  calls.close()
  calls.close()
  await settle()
  assert.equal(log.slice(8), ['finished 1'])
  assert.equal([calls.running, signal?.aborted], [0, true])
  assert.match(String(finished[2]?.error), /closed while the function ran/)
})

it('sends nothing after its close, whatever a function does then', async () => {
  const late = pending<string>()
  const { calls, log } = scene([tool('late', () => late.promise), tool('f', () => 'x')])
  calls.collect(raw('1', 'late'))
  await settle()
  calls.collect(raw('2', 'f')) // its schema is not looked at yet
  calls.close()
  late.resolve('too late')
  calls.responseOver('resp_1')
  calls.proceed()
  await settle()
  assert.equal(log, ['collected 1', 'collected 2', 'finished 1', 'finished 2'])
})

it('refuses a function without a name or a handler, and two of one name', () => {
  const execute = () => 'x'
  assert.throws(
    () => checkFunctions([{ name: '', execute }]),
    (error: unknown) => error instanceof TypeError && /needs a name/.test(error.message),
  )
  assert.throws(
    () => checkFunctions([Object({ name: 'f' })]),
    (error: unknown) => error instanceof TypeError && /"f" needs execute/.test(error.message),
  )
  const twice = [tool('f', execute), tool('f', execute)]
  assert.throws(
    () => checkFunctions(twice),
    (error: unknown) => error instanceof TypeError && /two functions have the name "f"/.test(error.message),
  )
  assert.throws(() => checkFunctions(Object('f')), TypeError)
  assert.throws(() => checkFunctions([Object({ name: 'f', execute, parameters: 'x' })]), /must be a JSON schema/)
  checkFunctions([])
  checkFunctions([tool('f', execute, booking)])
})

it.run()
