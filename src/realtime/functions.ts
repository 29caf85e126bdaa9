/** A model's function calls: looked up, checked, run side by side, and each answered exactly once (MM-41 to MM-44). */
import { coded, lineOf } from '../errors.ts'
import { kindOf } from '../groups.ts'
import type { Clock, Log } from '../ports.ts'
import type { FunctionCall, FunctionContext, FunctionResult, FunctionTool } from './port.ts'

/** Throws a TypeError for a tool without a name or a handler, a description or parameters that are none, and two of one name. */
export const checkFunctions = (fncCtx: FunctionContext): void => {
  if (!Array.isArray(fncCtx)) throw new TypeError('fncCtx must be a list of functions')
  const names = new Set<string>()
  for (const tool of fncCtx) {
    const { name, execute, description, parameters } = Object(tool)
    if (typeof name !== 'string' || name === '') throw new TypeError('a function needs a name')
    if (typeof execute !== 'function') throw new TypeError(`the function "${name}" needs execute: what it does`)
    if (description !== undefined && typeof description !== 'string')
      throw new TypeError(`the description of the function "${name}" must be text, not ${kindOf(description)}`)
    if (parameters !== undefined && Object(parameters).type !== 'object')
      throw new TypeError(`parameters of the function "${name}" must be a JSON schema of type object`)
    if (names.has(name)) throw new TypeError(`two functions have the name "${name}"`)
    names.add(name)
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Empty text is no arguments. Throws one line that tells the model what it did wrong. */
const parse = (raw: string): Record<string, unknown> => {
  if (raw.trim() === '') return {}
  let value: unknown
  try {
    value = JSON.parse(raw)
  } catch (error) {
    throw new Error(`the arguments are not JSON: ${lineOf(error)}`)
  }
  if (!isRecord(value)) throw new Error('the arguments are not an object')
  return value
}

/** Holds arguments against the schema of the function. The validator loads with the first call. */
const validate = async ({ name, parameters }: FunctionTool, args: Record<string, unknown>, clock: Clock): Promise<void> => {
  if (!parameters) return
  const { Validator } = await clock.hold(import('@cfworker/json-schema'))
  const dialect = '$schema' in parameters && String(parameters.$schema).includes('draft-07') ? '7' : '2020-12'
  const { valid, errors } = new Validator(parameters, dialect, false).validate(args)
  if (valid) return
  // The first of them says that a property does not fit, the last one why.
  const { instanceLocation, error } = errors.at(-1) ?? { instanceLocation: '#', error: '' }
  const place = instanceLocation.replace(/^#\/?/, '')
  throw new Error(`bad arguments for ${name}${place ? `, at ${place}` : ''}: ${error}`)
}

/** Text as it is, nothing as empty text, anything else as JSON. Throws for what JSON cannot hold. */
const textOf = (name: string, result: unknown): string => {
  if (result === undefined) return ''
  if (typeof result === 'string') return result
  const text = JSON.stringify(result)
  if (text === undefined) throw new TypeError(`${name} gave back a ${typeof result}, which JSON cannot hold`)
  return text
}

/** A call as the model made it. `itemId`: behind which item its output belongs. */
export type RawCall = { responseId: string; itemId: string; callId: string; name: string; rawArguments: string }
export type CallHands = {
  clock: Clock
  /** Those of this moment. */
  functions: () => FunctionContext
  /** Resolves when the model has taken the output; rejects if it refuses. */
  answer: (output: { callId: string; itemId: string; output: string; isError: boolean }) => Promise<void>
  /** Asks for a response. Never rejects. */
  ask: () => void
  /** Whether no response is being made, and none is asked for. */
  isIdle: () => boolean
  collected: (call: FunctionCall) => void
  finished: (result: FunctionResult) => void
  log: Log
}
/** The calls of one response. `wants`: one of them brought something that the model shall speak about. */
type Group = { running: number; over: boolean; wants: boolean }

export class Calls {
  readonly #hands: CallHands
  readonly #groups = new Map<string, Group>()
  readonly #running = new Map<FunctionCall, (error: Error) => void>()
  readonly #closing = new AbortController()
  /** All outputs of some response are with the model, and it shall speak. */
  #due = false

  constructor(hands: CallHands) {
    this.#hands = hands
  }

  /** How many functions run. */
  get running(): number {
    return this.#running.size
  }

  /** Runs a finished call. Never throws, never rejects. */
  collect(raw: RawCall): FunctionCall {
    const call: FunctionCall = { toolCallId: raw.callId, name: raw.name, rawArguments: raw.rawArguments, arguments: {} }
    const group = this.#groups.get(raw.responseId) ?? { running: 0, over: false, wants: false }
    this.#groups.set(raw.responseId, group)
    group.running++
    let failure: { error: unknown } | undefined
    try {
      call.arguments = parse(raw.rawArguments)
    } catch (error) {
      failure = { error }
    }
    this.#hands.collected(call)
    void this.#serve(raw, call, group, failure)
    return call
  }
  /** A response is over: it makes no more calls. */
  responseOver(responseId: string): void {
    const group = this.#groups.get(responseId)
    if (group) group.over = true
    this.#settle(responseId)
  }
  /** Something has come to rest: asks for the response that is due, if it is time. */
  proceed(): void {
    if (!this.#due || this.#closing.signal.aborted || !this.#hands.isIdle()) return
    this.#due = false
    this.#hands.ask()
  }
  /** Aborts what runs; each ends as a failure with ERR_CLOSED. */
  close(): void {
    if (this.#closing.signal.aborted) return
    const error = coded('ERR_CLOSED', 'the session was closed while the function ran')
    this.#closing.abort(error)
    for (const end of [...this.#running.values()]) end(error)
    this.#groups.clear()
  }

  async #serve(raw: RawCall, call: FunctionCall, group: Group, failure: { error: unknown } | undefined): Promise<void> {
    const ended = await this.#run(call, failure)
    if (this.#closing.signal.aborted) return
    const isError = 'error' in ended
    const output = isError ? `Error: ${lineOf(ended.error)}` : ended.output
    const { callId, itemId } = raw
    const failed = (code: string, error: unknown) =>
      this.#hands.log('warn', code, { call: callId, name: raw.name, error: lineOf(error) })
    if (isError) failed('realtime.function.failed', ended.error)
    let refused: unknown
    try {
      await this.#hands.answer({ callId, itemId, output, isError })
      group.wants ||= isError || ended.result !== undefined
    } catch (error) {
      refused = error
      failed('realtime.output.refused', error)
    }
    if (!this.#running.delete(call)) return // the close has told of it
    group.running--
    this.#settle(raw.responseId)
    const error = isError ? ended.error : refused
    this.#hands.finished(error === undefined ? { call, ...(!isError && { result: ended.result }) } : { call, error })
  }

  /** Settles with the function, or at close, whichever is first: a function that never returns holds nobody. */
  #run(
    call: FunctionCall,
    failure: { error: unknown } | undefined,
  ): Promise<{ output: string; result: unknown } | { error: unknown }> {
    return new Promise(resolve => {
      this.#running.set(call, error => {
        this.#running.delete(call)
        this.#hands.finished({ call, error })
        resolve({ error })
      })
      const work = failure ? Promise.reject(failure.error) : this.#execute(call)
      work.then(
        result => {
          try {
            resolve({ output: textOf(call.name, result), result })
          } catch (error) {
            resolve({ error })
          }
        },
        error => resolve({ error: error ?? new Error(`${call.name} failed and does not say why`) }),
      )
    })
  }
  async #execute(call: FunctionCall): Promise<unknown> {
    const { signal } = this.#closing
    const tool = this.#hands.functions().find(({ name }) => name === call.name)
    if (!tool) throw new Error(`there is no function "${call.name}"`)
    await validate(tool, call.arguments, this.#hands.clock)
    return signal.aborted ? undefined : tool.execute(call.arguments, { callId: call.toolCallId, signal })
  }

  #settle(responseId: string): void {
    const group = this.#groups.get(responseId)
    if (!group?.over || group.running > 0) return
    this.#groups.delete(responseId)
    this.#due ||= group.wants
    this.proceed()
  }
}
