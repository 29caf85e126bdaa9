/** Calls between participants: what one asks and another answers, what can go wrong, and an end for every handler that runs. */
import { type LocalParticipant as SdkLocalParticipant, RpcError as SdkRpcError } from '@livekit/rtc-node'
import { LONGEST, sleep } from '../../../clock.ts'
import { lineOf } from '../../../errors.ts'
import type { Clock, Log } from '../../../ports.ts'
import { until } from '../../wait.ts'
import { checkText, disconnected, misuse, outside } from '../errors.ts'

const codes = {
  APPLICATION_ERROR: 1500,
  CONNECTION_TIMEOUT: 1501,
  RESPONSE_TIMEOUT: 1502,
  RECIPIENT_DISCONNECTED: 1503,
  RESPONSE_PAYLOAD_TOO_LARGE: 1504,
  SEND_FAILED: 1505,
  UNSUPPORTED_METHOD: 1400,
  RECIPIENT_NOT_FOUND: 1401,
  REQUEST_PAYLOAD_TOO_LARGE: 1402,
  UNSUPPORTED_SERVER: 1403,
  UNSUPPORTED_VERSION: 1404,
} as const
const messages: Record<keyof typeof codes, string> = {
  APPLICATION_ERROR: 'Application error in method handler',
  CONNECTION_TIMEOUT: 'Connection timeout',
  RESPONSE_TIMEOUT: 'Response timeout',
  RECIPIENT_DISCONNECTED: 'Recipient disconnected',
  RESPONSE_PAYLOAD_TOO_LARGE: 'Response payload too large',
  SEND_FAILED: 'Failed to send',
  UNSUPPORTED_METHOD: 'Method not supported at destination',
  RECIPIENT_NOT_FOUND: 'Recipient not found',
  REQUEST_PAYLOAD_TOO_LARGE: 'Request payload too large',
  UNSUPPORTED_SERVER: 'RPC not supported by server',
  UNSUPPORTED_VERSION: 'Unsupported RPC version',
}
/** The largest number that the protocol has room for: of a code, and of milliseconds. */
const UINT32 = 2 ** 32 - 1

/**
 * Thrown by a handler, it reaches the caller as it is: the message up to 256 bytes, the data up to 15 KiB. Codes 1001 to 1999 are those of
 * `RpcError.ErrorCode`; any other is the application's own. It is one of rtc-node's too.
 */
export class RpcError extends SdkRpcError {
  static override ErrorCode = codes
  static override ErrorMessage = messages
  declare code: number

  /** Throws a RangeError for a code that is not a whole number from 0 to 2^32 - 1: it could not be sent. */
  constructor(code: number, message: string, data?: string) {
    if (!Number.isInteger(code) || code < 0 || code > UINT32)
      throw outside('ERR_RANGE', `the code of an RpcError must be a whole number from 0 to ${UINT32}, and is ${code}`)
    super(code, `${message}`, data)
    this.name = 'RpcError'
  }

  /** The one with this code, and the text that belongs to it. */
  static override builtIn(key: keyof typeof codes, data?: string): RpcError {
    return new RpcError(codes[key], messages[key], data)
  }
}

/** What a handler is told. `signal` aborts when nobody waits for its result any more: the time is over, or the room is left. */
export type RpcInvocationData = {
  requestId: string
  callerIdentity: string
  payload: string
  /** How long the caller waits for the answer. */
  responseTimeoutMs: number
  method: string
  signal: AbortSignal
}
export type RpcHandler = (data: RpcInvocationData) => string | Promise<string>

/** A call. What `signal` ends is the wait: the other side may answer all the same. */
export type PerformRpcOptions = {
  destinationIdentity: string
  method: string
  payload: string
  /** A fraction is dropped. Where it is not given, the native layer waits 15 s. */
  responseTimeoutMs?: number
  signal?: AbortSignal
}

/** Whose calls these are. `gone` aborts when the room is left or lost. */
export type Caller = { sdk: SdkLocalParticipant; gone: AbortSignal; log: Log; clock: Clock }

/** So long an answer is given to leave before the connection is closed, in ms: nothing tells when it has, and within 1 ms 2 of 12 were lost. */
const LEAVING = 100

/** All the calls of one participant, in both directions. */
export class Rpc {
  readonly #of: Caller
  /** Ends each handler that is waited for. */
  readonly #running = new Set<(error: RpcError) => void>()
  #ended = false
  /** How many calls are being answered, and when the last one was, by the clock. */
  #answering = 0
  #answeredAt = Number.NEGATIVE_INFINITY

  constructor(of: Caller) {
    this.#of = of
    of.gone.addEventListener('abort', this.#stop, { once: true })
  }

  /** Resolves with the answer; rejects with a RpcError, or with the reason of the signal or of the room's end. */
  async perform({
    destinationIdentity,
    method,
    payload,
    responseTimeoutMs,
    signal,
    ...rest
  }: PerformRpcOptions): Promise<string> {
    if ('responseTimeout' in rest)
      throw misuse('ERR_ARGUMENT', 'a call has no responseTimeout: say responseTimeoutMs, in milliseconds')
    for (const [name, value] of Object.entries({ destinationIdentity, method, payload }))
      checkText(`the ${name} of a call`, value)
    const limit = wholeMs(responseTimeoutMs)
    const { sdk, gone } = this.#of
    signal?.throwIfAborted()
    if (gone.aborted) throw disconnected(gone)
    const asked = { destinationIdentity, method, payload, ...(limit === undefined ? {} : { responseTimeout: limit }) }
    try {
      return await until(sdk.performRpc(asked), signal)
    } catch (error) {
      if (gone.aborted) throw disconnected(gone)
      throw error instanceof SdkRpcError ? ours(error) : error
    }
  }

  /** In place of an earlier handler of this method. Gives the handler back. */
  register<H extends RpcHandler>(method: string, handler: H): H {
    checkText('the name of a method', method)
    if (typeof handler !== 'function')
      throw misuse('ERR_HANDLER', `the handler of ${method} must be a function, and is ${typeof handler}`)
    if (this.#of.gone.aborted) throw disconnected(this.#of.gone)
    this.#of.sdk.registerRpcMethod(method, ({ requestId, callerIdentity, payload, responseTimeout }) =>
      this.#answer(handler, { requestId, callerIdentity, payload, method, responseTimeoutMs: responseTimeout }),
    )
    return handler
  }

  /** What runs goes on. One that is not known is no matter. */
  unregister(method: string): void {
    if (!this.#of.gone.aborted) this.#of.sdk.unregisterRpcMethod(method)
  }

  /** Ends the handlers that run, and answers their callers with 1503. Resolves when that, and what was answered before, is on its way. */
  async end(): Promise<void> {
    const { clock, gone } = this.#of
    const since = this.#answering > 0 ? 0 : clock.now() - this.#answeredAt
    this.#stop()
    if (since < LEAVING) await sleep(clock, LEAVING - since, gone)
  }

  readonly #stop = (): void => {
    this.#ended = true
    for (const stop of [...this.#running]) stop(RpcError.builtIn('RECIPIENT_DISCONNECTED'))
  }

  /** What the caller gets; rejects with a RpcError, which rtc-node sends as it is. */
  async #answer(handler: RpcHandler, about: Omit<RpcInvocationData, 'signal'>): Promise<string> {
    if (this.#ended) throw RpcError.builtIn('RECIPIENT_DISCONNECTED')
    const stopping = new AbortController()
    this.#answering++
    try {
      const given = handler({ ...about, signal: stopping.signal })
      const answer = isPromise(given) ? await this.#inTime(given, stopping, about) : given
      if (typeof answer === 'string') return answer
      throw misuse('ERR_HANDLER', `the handler of ${about.method} must return text, and returned ${typeof answer}`)
    } catch (error) {
      throw this.#sendable(error, about)
    } finally {
      this.#answering--
      this.#answeredAt = this.#of.clock.now()
    }
  }

  /** Settles as the handler does, if that is before the caller's time is over and before the end of the room. */
  #inTime(
    given: Promise<string>,
    stopping: AbortController,
    { method, requestId, responseTimeoutMs }: Omit<RpcInvocationData, 'signal'>,
  ) {
    const { clock, log } = this.#of
    return new Promise<string>((resolve, reject) => {
      const settle = () => {
        clock.clearTimeout(timer)
        return this.#running.delete(stop)
      }
      const stop = (error: RpcError) => {
        settle()
        reject(error)
        stopping.abort(error)
      }
      const late = (fields: { error?: string }) => log('debug', 'rtc.rpc.late', { method, requestId, ...fields })
      this.#running.add(stop)
      const timer = clock.setTimeout(() => stop(RpcError.builtIn('RESPONSE_TIMEOUT')), Math.min(responseTimeoutMs, LONGEST))
      given.then(
        answer => (settle() ? resolve(answer) : late({})),
        error => (settle() ? reject(error) : late({ error: lineOf(error) })),
      )
    })
  }

  /** Of what is no RpcError the caller learns nothing (LP-9); interceptors find it as the cause. */
  #sendable(error: unknown, { method, requestId, callerIdentity }: Omit<RpcInvocationData, 'signal'>): RpcError {
    try {
      if (error instanceof SdkRpcError) return error instanceof RpcError ? error : ours(error)
    } catch {
      // a code that cannot be sent: as any other error
    }
    this.#of.log('warn', 'rtc.rpc.failed', { method, requestId, caller: callerIdentity, error: lineOf(error) })
    return Object.assign(RpcError.builtIn('APPLICATION_ERROR'), { cause: error })
  }
}

/** Empty data is none: the protocol does not tell them apart. */
const ours = ({ code, message, data }: SdkRpcError): RpcError => new RpcError(Number(code), message, data || undefined)

const isPromise = (value: string | Promise<string>): value is Promise<string> => typeof Object(value).then === 'function'

const wholeMs = (ms: number | undefined): number | undefined => {
  if (ms === undefined || (ms >= 0 && ms <= UINT32)) return ms && Math.trunc(ms)
  throw outside('ERR_RANGE', `responseTimeoutMs must be from 0 to ${UINT32}, and is ${ms}`)
}
