/** What the service says when it will not, in one line that says what to do. No line holds a key. */
import { coded, lineOf } from '../../errors.ts'
import { text, type Wire } from './wire.ts'

/** What keys look like, also where the service shows half of one. */
const keyLike = /\b(?:sk|ek|sess)-[\w*.-]{4,}/g
/** Takes the keys out of a line. */
export const hushed = (line: string, secrets: Iterable<string>): string => {
  let quiet = line
  for (const secret of secrets) if (secret !== '') quiet = quiet.replaceAll(secret, '…')
  return quiet.replace(keyLike, '…')
}

/** The address as people may see it: without what it may carry beside. */
export const placeOf = (url: string | URL): string => {
  const { protocol, host, pathname } = new URL(url)
  return `${protocol}//${host}${pathname === '/' ? '' : pathname}`
}

export const noSdk = (): Error => coded('ERR_NO_SDK', 'the package that talks to OpenAI is not installed: npm install openai')
export const noKey = (variable: string): Error =>
  coded('ERR_NO_KEY', `there is no API key: set ${variable} in the environment, or give apiKey`)
export const noAddress = (given: string): Error =>
  coded(
    'ERR_BAD_URL',
    `"${given}" is no address of a service: correct OPENAI_BASE_URL, or baseURL, to one that begins with https: or wss:`,
  )

/** Whom it is about. */
export type Where = { place: string; model: string }
const byCode: Record<string, number> = {
  invalid_api_key: 401,
  invalid_organization: 401,
  model_not_found: 404,
  invalid_model: 404,
  insufficient_quota: 429,
  rate_limit_exceeded: 429,
}
/** The status that the service would have answered with, had it said the same before the socket was open. */
export const statusOf = (code: string | undefined): number | undefined => (code === undefined ? undefined : byCode[code])

/** The service let us not in: ERR_UNAUTHORIZED, ERR_NO_MODEL, ERR_QUOTA or ERR_REFUSED. `said`: its own word for it. */
export const refusal = (status: number, said: string | undefined, { place, model }: Where): Error => {
  const why = said === undefined ? `${status}` : `${status} ${said}`
  if (status === 401 || status === 403)
    return coded('ERR_UNAUTHORIZED', `${place} refuses the API key (${why}): is it right, and may it use realtime models?`)
  const doubt = said === undefined ? ': is the address right?' : '' // anybody says 404, the service says which
  if (status === 404) return coded('ERR_NO_MODEL', `${place} has no realtime model "${model}" for this key (${why})${doubt}`)
  if (status === 429) return coded('ERR_QUOTA', `${place} refuses for now (${why}): check the plan, its limits and the billing`)
  return coded('ERR_REFUSED', `${place} does not let us in (${why})`)
}
/** Nobody answers there: ERR_UNREACHABLE. */
export const unreachable = (error: unknown, { place }: Where): Error =>
  coded('ERR_UNREACHABLE', `no service answers at ${place} (${lineOf(error)}): is the address right, is the network there?`)
/** The socket is gone: ERR_CONNECTION_LOST. */
export const lost = (code: number, reason: string, { place }: Where): Error =>
  coded('ERR_CONNECTION_LOST', `the connection to ${place} was lost (${reason ? `${code} ${reason}` : code})`)

/** The service's error, as it says it; `code` is its own. */
export const serverError = (error: Wire, hush: (line: string) => string): Error & { code: string } => {
  const code = hush(text(error, 'code') ?? text(error, 'type') ?? 'error')
  const param = text(error, 'param')
  const message = (text(error, 'message') ?? 'the service gives no reason').split('\n', 1)[0]
  return coded(code, hush(`the model's service: ${message} (${param ? `${code}, ${param}` : code})`))
}
