/** What a response took, in words that are the same for every model (MM-40). */
import type { ModelFailure, ModelMetrics, ResponseStatus } from './port.ts'

/** Tokens, as far as the model tells; what it does not tell counts as 0. */
export type TokenCount = {
  input?: number | undefined
  output?: number | undefined
  total?: number | undefined
  cached?: number | undefined
  inputText?: number | undefined
  inputAudio?: number | undefined
  outputText?: number | undefined
  outputAudio?: number | undefined
}
/** Moments by the clock, in ms; `firstAt` of its first content, if any came. `epochMs`: epoch time of the clock's zero. */
export type ResponseCourse = {
  label: string
  requestId: string
  status: ResponseStatus
  createdAt: number
  firstAt?: number | undefined
  endedAt: number
  epochMs?: number | undefined
  tokens?: TokenCount
  error?: ModelFailure | undefined
}

/** `timestamp` is when the response began. A response that took no time has the rate 0. */
export const metricsOf = (course: ResponseCourse): ModelMetrics => {
  const { label, requestId, status, createdAt, firstAt, endedAt, epochMs = 0, tokens = {}, error } = course
  const durationMs = endedAt - createdAt
  const completionTokens = tokens.output ?? 0
  const promptTokens = tokens.input ?? 0
  const failed = status === 'failed' || status === 'incomplete'
  return {
    timestamp: epochMs + createdAt,
    requestId,
    ttftMs: firstAt === undefined ? -1 : firstAt - createdAt,
    durationMs,
    cancelled: status === 'cancelled',
    label,
    completionTokens,
    promptTokens,
    totalTokens: tokens.total ?? 0,
    tokensPerSecond: durationMs > 0 ? (completionTokens * 1000) / durationMs : 0,
    inputTokenDetails: { cached: tokens.cached ?? 0, text: tokens.inputText ?? 0, audio: tokens.inputAudio ?? 0 },
    outputTokenDetails: { text: tokens.outputText ?? 0, audio: tokens.outputAudio ?? 0 },
    ...(failed && error && { error }),
  }
}
