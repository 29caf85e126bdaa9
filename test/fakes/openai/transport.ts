/** Ways to the server: a real port of this machine, and a wire that exists in this process only (FAKE-1). Both are real WebSockets. */
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import { connect, type Socket } from 'node:net'
import { type Duplex, duplexPair } from 'node:stream'
import { type ClientOptions, WebSocketServer } from 'ws'
import { plugIn } from './plug.ts'
import type { Line } from './wire.ts'

/** How a connection is asked for. */
export type Knock = { key: string; model: string; beta: boolean }
/** Why it is not opened: a status of HTTP, and what the service says of it. */
export type Refused = { status: number; type: string; code: string; message: string }
/** What hears the client. */
export type Ear = { take(text: string): void; over(): void }
export type Transport = {
  /** Means something to others after `listen` only, which opens the port and gives it back. */
  readonly baseURL: string
  listen(): Promise<string>
  /** The same for a client of this process that finds its way by itself: there is no socket. Gives back `baseURL`. */
  plug(): string
  /** How a client of this process gets here: options for `ws`, and so for the `openai` client. Nothing is encrypted, whatever the URL says. */
  readonly dial: ClientOptions
  close(): Promise<void>
}

const reasons: Record<number, string> = { 400: 'Bad Request', 401: 'Unauthorized', 404: 'Not Found', 429: 'Too Many Requests' }
const refuse = (socket: Duplex, { status, ...error }: Refused) => {
  const body = JSON.stringify({ error })
  const head = [
    `HTTP/1.1 ${status} ${reasons[status] ?? 'Refused'}`,
    'Content-Type: application/json',
    `Content-Length: ${body.length}`,
    'Connection: close',
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`)
}
const knockOf = ({ headers, url = '/' }: IncomingMessage): Knock => {
  const azureKey = headers['api-key']
  const key = headers.authorization?.replace(/^Bearer /, '') ?? (typeof azureKey === 'string' ? azureKey : '')
  return { key, model: new URL(url, 'ws://here').searchParams.get('model') ?? '', beta: headers['openai-beta'] === 'realtime=v1' }
}

/** `admit` says why not, if it does not; `join` takes a connection that was admitted. */
export const transportFor = (
  admit: (knock: Knock) => Refused | undefined,
  join: (knock: Knock, line: Line) => Ear,
): Transport => {
  const http = createServer((_, response) => response.writeHead(404).end())
  const sockets = new WebSocketServer({ noServer: true })
  let port: number | undefined
  let pull = () => {}
  http.on('upgrade', (request, socket, head) => {
    socket.on('error', () => {}) // a client that is gone needs no answer
    const knock = knockOf(request)
    const refused = admit(knock)
    if (refused) return refuse(socket, refused)
    sockets.handleUpgrade(request, socket, head, client => {
      const line: Line = {
        send: text => client.send(text),
        close: (code, reason) => (code === 1006 ? client.terminate() : client.close(code, reason)),
        pause: () => client.pause(),
        resume: () => client.resume(),
      }
      const ear = join(knock, line)
      client.on('message', data => ear.take(String(data)))
      client.on('close', () => ear.over())
      client.on('error', () => {}) // its close follows
    })
  })
  /** Two ends of one wire. */
  const wire = (): Duplex => {
    const [near, far] = duplexPair()
    near.once('close', () => far.destroy())
    far.once('close', () => near.destroy())
    http.emit('connection', far)
    return near
  }
  return {
    // `ws` asks for a socket, and needs no more than a stream.
    get baseURL() {
      return `http://127.0.0.1:${port ?? 0}/v1`
    },
    dial: { createConnection: () => (http.listening ? connect(port ?? 0, '127.0.0.1') : (wire() as Socket)) },
    async listen() {
      http.listen(0, '127.0.0.1')
      await once(http, 'listening')
      const address = http.address()
      if (typeof address === 'object' && address) port = address.port
      return this.baseURL
    },
    plug() {
      const plug = plugIn(wire)
      port = plug.port
      pull = plug.pull
      return this.baseURL
    },
    close: () =>
      new Promise(resolve => {
        pull()
        for (const client of sockets.clients) client.terminate()
        sockets.close()
        http.closeAllConnections()
        if (http.listening) http.close(() => resolve())
        else resolve()
      }),
  }
}
