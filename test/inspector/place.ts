/** A server with pages that look: real sockets on this machine, and a feed that says what the test wants. */
import { once } from 'node:events'
import { type IncomingHttpHeaders, request } from 'node:http'
import { type ClientOptions, WebSocket } from 'ws'
import type { Message } from '../../src/inspector/messages.ts'
import { type RoomShowParts, roomShow } from '../../src/inspector/room-show.ts'
import { apply, emptyScene, type FromPage, type FromServer } from '../../src/inspector/scene.ts'
import { type Served, type ServerOptions, serve } from '../../src/inspector/server.ts'
import type { Show } from '../../src/inspector/show.ts'
import type { Watched } from '../../src/inspector/watched.ts'
import { header } from '../recording/tapes.ts'

export const chart = { key: 'room', width: 1, height: 1, nodes: [], edges: [], initials: [] }

/** `kept`: so many messages are there for who is slow. */
export const feedOf = (kept = 1_000) => {
  const scene = emptyScene()
  const all: Message[] = []
  const listeners = new Set<(message: Message) => void>()
  const sent: [string, object][] = []
  const feed: Watched = {
    header,
    definitions: new Map([['room', { key: 'room', nodes: [], edges: [] }]]),
    snapshot: () => ({
      type: 'snapshot',
      scene: structuredClone(scene),
      recent: all.slice(-20),
      lost: Math.max(0, scene.seq - 20),
    }),
    since: seq => (seq < scene.seq - all.length ? undefined : all.slice(all.length - (scene.seq - seq))),
    listen: listener => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    send: (to, event) => {
      sent.push([to, event])
      return to === 'room'
    },
  }
  /** One more step of an actor, whose context has `size` letters. */
  const tell = (size = 1): void => {
    const seq = scene.seq + 1
    const message: Message =
      seq === 1
        ? {
            ...{ type: 'started', seq, at: 0, path: 'room', parent: null, machine: 'room' },
            ...{ src: 'room', restarts: 0, value: 'open' },
          }
        : {
            ...{ type: 'step', seq, at: seq, path: 'room', cause: 0, taken: [], actions: [] },
            ...{ value: `state ${seq}`, context: { set: { text: 'x'.repeat(size) } } },
          }
    apply(scene, message)
    all.push(message)
    if (all.length > kept) all.shift()
    for (const listener of listeners) listener(message)
  }
  tell()
  return { feed, tell, scene, sent, listeners }
}

export type Place = { served: Served; url: URL; end(): Promise<void> }
export const placeOf = async (show: Show, options: ServerOptions = {}): Promise<Place> => {
  const served = await serve(show, options)
  return { served, url: new URL(served.url), end: () => served.close() }
}
export const liveOf = (parts: Partial<RoomShowParts> = {}, options: ServerOptions = {}): Promise<Place> =>
  placeOf(roomShow({ sends: false, draw: async () => chart, ...parts }), options)

export type Answer = { status: number; headers: IncomingHttpHeaders; body: Buffer }
/** Exactly this path, which `fetch` would tidy up. */
export const ask = async (
  { url }: Place,
  path: string,
  headers: Record<string, string> = {},
  method = 'GET',
): Promise<Answer> => {
  const asked = request({ host: url.hostname, port: url.port, path, method, headers: { host: url.host, ...headers } })
  asked.end()
  const [response] = await once(asked, 'response')
  const parts: Buffer[] = []
  for await (const part of response) parts.push(part)
  return { status: response.statusCode, headers: response.headers, body: Buffer.concat(parts) }
}

/** A page at the socket. */
export class Looker {
  readonly told: FromServer[] = []
  readonly sounds: Buffer[] = []
  readonly socket: WebSocket
  readonly closed: Promise<{ code: number; reason: string }>
  readonly #wakers = new Set<() => void>()

  constructor(
    { url }: Place,
    { origin = url.origin, ...headers }: Record<string, string> = {},
    path = `${url.pathname}socket`,
    more: ClientOptions = {},
  ) {
    this.socket = new WebSocket(`ws://${url.host}${path}`, { ...more, ...(origin === '' ? {} : { origin }), headers })
    this.socket.on('message', (data: Buffer, isBinary) => {
      if (isBinary) this.sounds.push(data)
      else this.told.push(JSON.parse(data.toString()))
      for (const wake of [...this.#wakers]) wake()
    })
    this.closed = new Promise(done => this.socket.on('close', (code, reason) => done({ code, reason: reason.toString() })))
  }

  /** Resolves with the first message, of all there were and come, that is so. */
  async until<M extends FromServer>(is: (message: FromServer) => message is M): Promise<M>
  async until(is: (message: FromServer) => boolean): Promise<FromServer>
  async until(is: (message: FromServer) => boolean): Promise<FromServer> {
    for (;;) {
      const found = this.told.find(is)
      if (found) return found
      await this.changed()
    }
  }
  changed(): Promise<void> {
    return new Promise(done => {
      const wake = () => {
        this.#wakers.delete(wake)
        done()
      }
      this.#wakers.add(wake)
    })
  }
  ask(message: FromPage): void {
    this.socket.send(JSON.stringify(message))
  }
  async leave(): Promise<void> {
    this.socket.close()
    await this.closed
  }
}
/** Resolves with the status with which a socket was refused. */
export const refusedWith = (looker: Looker): Promise<number> =>
  new Promise((done, failed) => {
    looker.socket.on('error', () => {})
    looker.socket.on('unexpected-response', (_, response) => {
      looker.socket.terminate()
      done(response.statusCode ?? 0)
    })
    looker.socket.on('open', () => failed(new Error('it was let in')))
  })
