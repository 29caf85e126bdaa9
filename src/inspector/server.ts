/** Serves the page, and what it looks at, to whoever has the token; on this machine alone, unless that is asked for in so many words. */
import type { Server } from 'node:http'
import { coded, codeOf, lineOf } from '../errors.ts'
import { Doors } from './doors.ts'
import { guardOf, inUrl, isLoopback, newToken } from './guard.ts'
import { pageFiles } from './page-files.ts'
import type { Show } from './show.ts'

export type ServerOptions = {
  /** Default: one that is free. */
  port?: number
  /** Where it listens; another than this machine takes `allowRemote` too. Default 127.0.0.1, and ::1 where there is one. */
  host?: string
  allowRemote?: boolean
  /** The folder of the bundled page. Default: the one that comes with the package. */
  page?: URL
}
/** `url`: whoever opens it may look. `close` never rejects, and leaves nothing; a second call is the same end. */
export type Served = {
  readonly url: string
  /** Pages that look now. */
  readonly viewers: number
  /** Resolves when the first page looks; never rejects. */
  readonly seen: Promise<void>
  close(): Promise<void>
}

const checked = ({ port = 0, host = '127.0.0.1', allowRemote = false }: ServerOptions) => {
  if (!(Number.isInteger(port) && port >= 0 && port <= 65_535))
    throw new RangeError(`the port must be a whole number from 0 to 65535, not ${port}`)
  if (!isLoopback(host) && !allowRemote)
    throw coded(
      'ERR_REMOTE',
      `${host} can be reached by other machines, and whoever comes could listen in: say so with allowRemote (--allow-remote) if that is meant`,
    )
  return { port, host }
}
const unlistened: Record<string, string> = {
  EADDRINUSE: 'it is in use: choose another port, or none',
  EACCES: 'it may not be used: choose a port above 1023',
  EADDRNOTAVAIL: 'this machine has no such address',
}
const listening = (server: Server, port: number, host: string): Promise<number> =>
  new Promise((resolve, reject) => {
    const failed = (error: Error) => {
      const why = unlistened[codeOf(error) ?? ''] ?? lineOf(error)
      reject(coded('ERR_LISTEN', `cannot listen on ${inUrl(host)}:${port}: ${why}`, error))
    }
    server.once('error', failed)
    server.listen(port, host, () => {
      server.off('error', failed)
      const address = server.address()
      resolve(typeof address === 'object' && address ? address.port : port)
    })
  })

/** Starts to serve. Throws for misuse, and rejects with one line where it cannot listen (ERR_LISTEN) or there is no page (ERR_PAGE). */
export const serve = async (show: Show, options: ServerOptions = {}): Promise<Served> => {
  const { port, host } = checked(options)
  const files = await pageFiles(options.page ?? new URL('./page/', import.meta.url))
  const token = newToken()
  const doors = new Doors(show, files, guardOf(host, token))
  const bound = await listening(doors.open(), port, host)
  // `localhost` may mean either address; where the other one is taken or not there, the first is enough.
  if (host === '127.0.0.1') await listening(doors.open(), bound, '::1').catch(() => doors.shutLast())
  const shown = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host
  return {
    url: `http://${inUrl(shown)}:${bound}/${token}/`,
    get viewers() {
      return doors.viewers
    },
    seen: doors.seen,
    close: () => doors.close(),
  }
}
