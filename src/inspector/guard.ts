/** Who may look: whoever has the token, at an address of this machine, from a page of ours. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'

/** `path`: what is asked for, after the token. */
export type Verdict = { path: string } | { status: number; text: string }
export type Guard = (request: IncomingMessage, isSocket: boolean) => Verdict

/** 128 bits, as they fit into an address. */
export const newToken = (): string => randomBytes(16).toString('base64url')

export const isLoopback = (host: string): boolean => /^(?:localhost|127(?:\.\d{1,3}){3}|::1)$/.test(host)
/** An address as it stands in a URL. */
export const inUrl = (host: string): string => (isIP(host) === 6 ? `[${host}]` : host)

const refusals = {
  token: 'this address is not whole: open the one that chartroom printed, with its token',
  host: 'this server does not go by that name: open the address that chartroom printed',
  origin: 'a page from elsewhere may not look at this: open the address that chartroom printed',
  method: 'this server only gives things out: GET and HEAD are what it knows',
}
const refused = (status: number, about: keyof typeof refusals): Verdict => ({ status, text: refusals[about] })

/** How long it takes says nothing of how much of it is right. */
const isSame = (one: string, other: string): boolean => {
  const [a, b] = [one, other].map(text => createHash('sha256').update(text).digest())
  return a !== undefined && b !== undefined && timingSafeEqual(a, b)
}
const nameIn = (host: string): string =>
  host
    .replace(/:\d+$/, '')
    .replace(/^\[(.*)\]$/, '$1')
    .toLowerCase()

/**
 * Looks at every request before anything else does. `host`: where the server listens. A name that an attacker lets point here is none of
 * ours (DNS rebinding), and numbers cannot be made to point elsewhere; the port may be another where a tunnel leads here.
 */
export const guardOf = (host: string, token: string): Guard => {
  const isOurs = (name: string) => isLoopback(name) || (!isLoopback(host) && (name === host.toLowerCase() || isIP(name) > 0))
  return ({ headers, method = '', url = '' }, isSocket) => {
    const { host: named = '', origin } = headers
    if (!isOurs(nameIn(named))) return refused(403, 'host')
    const [, given = '', path] = /^\/([\w-]+)(\/[^?#]*)?(?:[?#]|$)/.exec(url) ?? []
    if (!isSame(given, token)) return refused(403, 'token')
    // A browser always says from where a socket is opened.
    const isOwn = origin === undefined ? !isSocket : [`http://${named}`, `https://${named}`].includes(origin)
    if (!isOwn) return refused(403, 'origin')
    if (method !== 'GET' && (method !== 'HEAD' || isSocket)) return refused(405, 'method')
    return path === undefined ? { path: '/' } : { path: path.slice(1) }
  }
}
