/**
 * Addresses of this process that lead to no socket: whoever connects to one of them, by `node:net`, holds the end of a stream. So a client
 * that makes its own connections runs in virtual time, where nothing may happen but by the clock.
 */
import { syncBuiltinESMExports } from 'node:module'
import net from 'node:net'
import type { Duplex } from 'node:stream'

const plugs = new Map<number, () => Duplex>()
const { connect } = net

const portIn = (given: unknown): number => {
  if (typeof given !== 'object' || given === null || !('port' in given) || !('host' in given)) return 0
  return given.host === '127.0.0.1' ? Number(given.port) : 0
}
/** Gives the first address away that is free: so each run has the same. Real ones are above. `pull` ends that. */
export const plugIn = (call: () => Duplex): { port: number; pull(): void } => {
  let port = 1
  while (plugs.has(port)) port++
  plugs.set(port, call)
  const plugged = (...given: unknown[]) => plugs.get(portIn(given[0]))?.() ?? Reflect.apply(connect, net, given)
  Object.assign(net, { connect: plugged, createConnection: plugged })
  syncBuiltinESMExports()
  const pull = () => {
    plugs.delete(port)
    if (plugs.size > 0) return
    Object.assign(net, { connect, createConnection: connect })
    syncBuiltinESMExports()
  }
  return { port, pull }
}
