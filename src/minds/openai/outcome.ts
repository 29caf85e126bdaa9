/** How a response ended, and what it took. */
import type { TokenCount } from '../../realtime/metrics.ts'
import type { ModelFailure, ResponseStatus } from '../../realtime/port.ts'
import { number, part, text, type Wire } from './wire.ts'

const statuses: readonly ResponseStatus[] = ['in_progress', 'completed', 'cancelled', 'failed', 'incomplete']
/** A status that we do not know counts as completed: the response is over, and nothing is said against it. */
export const statusIn = (response: Wire): ResponseStatus =>
  statuses.find(status => status === response.status && status !== 'in_progress') ?? 'completed'

/** Why it failed or is incomplete; nothing for any other end. */
export const failureIn = (response: Wire, hush: (line: string) => string): ModelFailure | undefined => {
  const status = statusIn(response)
  if (status !== 'failed' && status !== 'incomplete') return undefined
  const details = part(response, 'status_details')
  const error = part(details, 'error')
  const [reason, code, message] = [text(details, 'reason'), text(error, 'code'), text(error, 'message')]
  return {
    type: text(error, 'type') ?? text(details, 'type') ?? status,
    ...(reason !== undefined && { reason }),
    ...(code !== undefined && { code }),
    ...(message !== undefined && { message: hush(message) }),
  }
}
/** One line about it. */
export const lineAbout = (status: ResponseStatus, { type, reason, code, message }: ModelFailure): string => {
  const why = [...new Set([code ?? type, reason])].filter(Boolean).join(', ')
  return `a response of the model is ${status} (${why})${message ? `: ${message.split('\n', 1)[0]}` : ''}`
}

export const tokensIn = (response: Wire): TokenCount => {
  const usage = part(response, 'usage')
  const [input, output] = [part(usage, 'input_token_details'), part(usage, 'output_token_details')]
  return {
    input: number(usage, 'input_tokens'),
    output: number(usage, 'output_tokens'),
    total: number(usage, 'total_tokens'),
    cached: number(input, 'cached_tokens'),
    inputText: number(input, 'text_tokens'),
    inputAudio: number(input, 'audio_tokens'),
    outputText: number(output, 'text_tokens'),
    outputAudio: number(output, 'audio_tokens'),
  }
}
