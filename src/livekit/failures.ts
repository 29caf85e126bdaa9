/** What rtc-node says when it cannot join, in one line that says what to do. */
import { coded, codeOf, lineOf } from '../errors.ts'

/** A token in a message is a secret in a log. */
const TOKEN = /eyJ[\w-]+\.[\w-]+\.[\w-]+/g

/** The address as people may see it: without what it may carry beside. */
export const placeOf = (url: string): string => {
  const { protocol, host, pathname } = new URL(url)
  return `${protocol}//${host}${pathname === '/' ? '' : pathname}`
}

/** Throws with code ERR_BAD_URL if this cannot be the address of a LiveKit server. */
export const checkUrl = (url: string): void => {
  if (!URL.canParse(url) || !/^(ws|http)s?:$/.test(new URL(url).protocol))
    throw coded('ERR_BAD_URL', `"${url}" is no address of a LiveKit server: use ws://host:port or wss://host`)
}

/** An Error with a code: ERR_UNAUTHORIZED, ERR_UNREACHABLE, ERR_REFUSED or ERR_JOIN; one that has a code stays as it is. */
export const joinFailure = (error: unknown, url: string): Error => {
  if (error instanceof Error && codeOf(error) !== undefined) return error
  const message = lineOf(error).replace(TOKEN, '…')
  const place = placeOf(url)
  const unauthorized = /\b401 Unauthorized - (?:.*error: )?(.*)/.exec(message)?.[1]
  if (unauthorized !== undefined)
    return coded(
      'ERR_UNAUTHORIZED',
      `the server at ${place} refuses the token (${unauthorized}): check the API key, the API secret and the lifetime of the token`,
    )
  const unreachable = /\btransport connection error: (?:IO error: )?(.*)/.exec(message)?.[1]
  if (unreachable !== undefined)
    return coded(
      'ERR_UNREACHABLE',
      `no LiveKit server answers at ${place} (${unreachable}): is it running, is the address right?`,
    )
  const refused = /\bclient error: (\d{3}.*)/.exec(message)?.[1]
  if (refused !== undefined)
    return coded(
      'ERR_REFUSED',
      `the server at ${place} does not let us in (${refused}): is it a LiveKit server, does the token name a room?`,
    )
  return coded('ERR_JOIN', `cannot join the room at ${place}: ${message}`, error)
}
