/** What comes in at the addresses of a server: what is given out, and sockets. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import { deferred } from '../deferred.ts'
import { lineOf } from '../errors.ts'
import type { Guard } from './guard.ts'
import { headersFor, type PageFile } from './page-files.ts'
import type { Show } from './show.ts'
import { sendSound } from './sound-file.ts'
import { LARGEST, Viewer } from './viewer.ts'

/** So many pages look at once, and so many connections there are in all. */
const [MOST_VIEWERS, MOST_CONNECTIONS] = [32, 256]
/** A page that does not say farewell is left after so long, in ms. */
const FAREWELL_MS = 500

/** At one address or two. */
export class Doors {
  readonly #show: Show
  readonly #files: Map<string, PageFile>
  readonly #guard: Guard
  readonly #servers: Server[] = []
  readonly #sockets = new WebSocketServer({ noServer: true, maxPayload: LARGEST, perMessageDeflate: false })
  readonly #viewers = new Set<Viewer>()
  /** All that is connected, also who was refused and does not go: a server waits for each. */
  readonly #connections = new Set<Socket>()
  readonly #seen = deferred<void>()
  #closing: Promise<void> | undefined

  constructor(show: Show, files: Map<string, PageFile>, guard: Guard) {
    this.#show = show
    this.#files = files
    this.#guard = guard
  }

  get viewers(): number {
    return this.#viewers.size
  }
  get seen(): Promise<void> {
    return this.#seen.promise
  }
  open(): Server {
    const server = createServer({ requestTimeout: 10_000, headersTimeout: 10_000 }, (request, response) => {
      this.#give(request, response).catch(error => fail(response, error))
    })
    server.maxConnections = MOST_CONNECTIONS
    server.on('connection', (socket: Socket) => {
      this.#connections.add(socket)
      socket.on('close', () => this.#connections.delete(socket))
    })
    server.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head))
    this.#servers.push(server)
    return server
  }
  shutLast(): void {
    this.#servers.pop()
  }
  close(): Promise<void> {
    this.#closing ??= this.#end()
    return this.#closing
  }

  async #end(): Promise<void> {
    const closed = this.#servers.map(server => new Promise<void>(done => server.close(() => done())))
    for (const viewer of this.#viewers) viewer.end(1001, 'the inspector was closed')
    const patience = setTimeout(() => {
      for (const socket of this.#connections) socket.destroy()
    }, FAREWELL_MS)
    for (const server of this.#servers) server.closeIdleConnections()
    await Promise.all([...closed, ...[...this.#viewers].map(({ gone }) => gone)])
    clearTimeout(patience)
    await this.#show.close()
  }
  async #give(request: IncomingMessage, response: ServerResponse): Promise<void> {
    for (const [name, value] of Object.entries(headersFor(request.headers.host ?? ''))) response.setHeader(name, value)
    const verdict = this.#guard(request, false)
    if ('text' in verdict) return say(response, verdict.status, verdict.text)
    const { path } = verdict
    if (path === '/') return void response.writeHead(308, { Location: `${request.url?.replace(/[?#].*$/, '')}/` }).end()
    const side = /^sound\/(caller|agent)\.wav$/.exec(path)?.[1]
    const key = /^charts\/([^/]+)\.json$/.exec(path)?.[1]
    const file = this.#files.get(path === '' ? 'index.html' : path)
    if (file) return give(response, file.type, file.body)
    if (path === 'socket') return say(response, 426, 'this is where the socket is: the page opens it')
    if (this.#show.sound && (side === 'caller' || side === 'agent')) return sendSound(this.#show.sound, side, request, response)
    const chart = key === undefined ? undefined : await this.#show.chart(decoded(key))
    if (chart) return give(response, 'application/json; charset=utf-8', JSON.stringify(chart))
    say(response, 404, 'there is nothing here by that name')
  }
  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => socket.destroy())
    const verdict = this.#guard(request, true)
    const refusal =
      'text' in verdict
        ? verdict
        : verdict.path === 'socket'
          ? undefined
          : { status: 404, text: 'there is no socket here by that name' }
    if (refusal || this.#closing) {
      const { status, text } = refusal ?? { status: 503, text: 'the inspector is being closed' }
      const line = `HTTP/1.1 ${status} Refused\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Length: ${text.length + 1}`
      return void socket.end(`${line}\r\n\r\n${text}\n`, () => socket.destroy())
    }
    this.#sockets.handleUpgrade(request, socket, head, client => {
      if (this.#viewers.size >= MOST_VIEWERS)
        return this.#turnAway(client, `${MOST_VIEWERS} pages look already: close one of them`)
      this.#welcome(client)
    })
  }
  #welcome(client: WebSocket): void {
    try {
      const viewer = new Viewer(client, this.#show)
      this.#viewers.add(viewer)
      void viewer.gone.then(() => this.#viewers.delete(viewer))
      this.#seen.resolve()
    } catch (error) {
      this.#turnAway(client, `there is nothing to see: ${lineOf(error)}`)
    }
  }
  #turnAway(client: WebSocket, text: string): void {
    client.on('error', () => client.terminate())
    client.send(JSON.stringify({ type: 'refused', text }))
    client.close(1013) // a reason may have 123 bytes, and this text is told already
  }
}

const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text)
  } catch {
    return text // no name of ours looks so
  }
}
const give = (response: ServerResponse, type: string, body: string | Buffer): void => {
  response.writeHead(200, { 'Content-Type': type, 'Content-Length': Buffer.byteLength(body) })
  response.end(body)
}
const say = (response: ServerResponse, status: number, text: string): void => {
  const allow = status === 405 ? { Allow: 'GET, HEAD' } : {}
  response.writeHead(status, { ...allow, 'Content-Type': 'text/plain; charset=utf-8', Connection: 'close' }).end(`${text}\n`)
}
const fail = (response: ServerResponse, error: unknown): void => {
  if (response.headersSent) response.destroy()
  else say(response, 500, `this cannot be given out: ${lineOf(error)}`)
}
