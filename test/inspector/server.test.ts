import { once } from 'node:events'
import { connect } from 'node:net'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { codeOf } from '../../src/errors.ts'
import { roomShow } from '../../src/inspector/room-show.ts'
import type { Snapshot } from '../../src/inspector/scene.ts'
import { serve } from '../../src/inspector/server.ts'
import { ask, chart, feedOf, Looker, liveOf, type Place, refusedWith } from './place.ts'

const it = suite<{ place: Place }>('server')
let place: Place
it.before.each(async () => {
  place = await liveOf({ feed: feedOf().feed })
})
it.after.each(() => place.end())

it('gives the page to whoever has the token, and nothing that runs from elsewhere', async () => {
  const { status, headers, body } = await ask(place, place.url.pathname)
  assert.is(status, 200)
  assert.match(String(body), /<!doctype html>/)
  assert.match(String(headers['content-security-policy']), /^default-src 'self'; connect-src 'self' ws:\/\/127\.0\.0\.1:\d+/)
  assert.not.match(String(headers['content-security-policy']), /unsafe/)
  assert.is(headers['x-content-type-options'], 'nosniff')
  assert.is(headers['referrer-policy'], 'no-referrer')
  assert.is(headers['cache-control'], 'no-store')
  assert.match((await ask(place, `${place.url.pathname}main.js`)).headers['content-type'] ?? '', /^text\/javascript/)
  assert.match((await ask(place, `${place.url.pathname}main.css`)).headers['content-type'] ?? '', /^text\/css/)
  assert.is((await ask(place, place.url.pathname.slice(0, -1))).headers.location, place.url.pathname)
})

it('makes an address that nobody guesses', async () => {
  const other = await liveOf()
  assert.match(place.url.pathname, /^\/[\w-]{22}\/$/)
  assert.is.not(place.url.pathname, other.url.pathname)
  await other.end()
})

const token = () => place.url.pathname.slice(1, -1)
const changed = () => `${token().slice(0, -1)}${token().endsWith('A') ? 'B' : 'A'}`
const refusals: [name: string, path: () => string, headers: () => Record<string, string>, status: number, method?: string][] = [
  ['no token', () => '/', () => ({}), 403],
  ['a wrong token', () => `/${changed()}/`, () => ({}), 403],
  ['the beginning of the token', () => `/${token().slice(0, 10)}/`, () => ({}), 403],
  ['a file without the token', () => '/main.js', () => ({}), 403],
  ['the token somewhere else', () => `/x/?token=${token()}`, () => ({}), 403],
  ['a name that somebody lets point here', () => `/${token()}/`, () => ({ host: 'evil.example' }), 403],
  ['a name that looks like ours', () => `/${token()}/`, () => ({ host: '127.0.0.1.evil.example' }), 403],
  ['another address', () => `/${token()}/`, () => ({ host: '10.0.0.7' }), 403],
  ['a page from elsewhere', () => `/${token()}/`, () => ({ origin: 'https://evil.example' }), 403],
  ['a page of another port', () => `/${token()}/`, () => ({ origin: 'http://127.0.0.1:1' }), 403],
  ['a page from a file', () => `/${token()}/`, () => ({ origin: 'null' }), 403],
  ['a file beside the page', () => `/${token()}/../package.json`, () => ({}), 404],
  ['a file far from the page', () => `/${token()}/..%2f..%2fetc/passwd`, () => ({}), 404],
  ['a file by its whole path', () => `/${token()}//etc/passwd`, () => ({}), 404],
  ['no path at all', () => '*', () => ({}), 403],
  ['a chart that is none', () => `/${token()}/charts/%E0%A4%A.json`, () => ({}), 404],
  ['the sound of what is no recording', () => `/${token()}/sound/caller.wav`, () => ({}), 404],
  ['the socket as a file', () => `/${token()}/socket`, () => ({}), 426],
  ['another method', () => `/${token()}/`, () => ({}), 405, 'POST'],
  ['a method that changes things', () => `/${token()}/`, () => ({}), 405, 'DELETE'],
]
for (const [name, path, headers, status, method] of refusals)
  it(`refuses ${name}, in one line`, async () => {
    const answer = await ask(place, path(), headers(), method)
    assert.is(answer.status, status)
    assert.match(String(answer.body), /^[^\n<]+\n$/)
    assert.not.match(String(answer.body), new RegExp(token()))
  })

it('goes by the names that this machine has for itself', async () => {
  for (const name of ['localhost', 'LOCALHOST', '127.0.0.1', '[::1]']) {
    const host = `${name}:${place.url.port}`
    assert.is((await ask(place, place.url.pathname, { host })).status, 200, name)
    assert.is((await ask(place, place.url.pathname, { host, origin: `http://${host}` })).status, 200, name)
  }
})

const sockets: [name: string, headers: () => Record<string, string>, path: () => string, status: number][] = [
  ['without the token', () => ({}), () => '/socket', 403],
  ['with a wrong token', () => ({}), () => `/${changed()}/socket`, 403],
  ['of a page from elsewhere', () => ({ origin: 'https://evil.example' }), () => `/${token()}/socket`, 403],
  ['of nobody knows where', () => ({ origin: '' }), () => `/${token()}/socket`, 403],
  ['by another name', () => ({ host: 'evil.example', origin: 'http://evil.example' }), () => `/${token()}/socket`, 403],
  ['of another path', () => ({}), () => `/${token()}/other`, 404],
]
for (const [name, headers, path, status] of sockets)
  it(`refuses a socket ${name}`, async () => {
    assert.is(await refusedWith(new Looker(place, headers(), path())), status)
    assert.is(place.served.viewers, 0)
  })

it('draws the machines that were told, and no others', async () => {
  const { body, headers } = await ask(place, `${place.url.pathname}charts/room.json`)
  assert.equal(JSON.parse(String(body)), chart)
  assert.match(headers['content-type'] ?? '', /^application\/json/)
  assert.is((await ask(place, `${place.url.pathname}charts/other.json`)).status, 404)
})

it('refuses an address that others reach, unless that is meant', async () => {
  const show = roomShow({ sends: false, draw: async () => chart })
  for (const host of ['0.0.0.0', '192.168.0.10', '::'])
    try {
      await serve(show, { host })
      assert.unreachable(host)
    } catch (error) {
      assert.is(codeOf(error), 'ERR_REMOTE')
    }
  const open = await serve(show, { host: '0.0.0.0', allowRemote: true })
  const { port, pathname } = new URL(open.url)
  const there = { served: open, url: new URL(open.url), end: () => open.close() }
  assert.is((await ask(there, pathname, { host: `10.1.2.3:${port}` })).status, 200)
  assert.is((await ask(there, pathname, { host: 'evil.example' })).status, 403)
  await open.close()
})

it('says in one line why it cannot listen', async () => {
  const show = roomShow({ sends: false, draw: async () => chart })
  const failure = (options: object): Promise<Error> =>
    serve(show, options).then(
      () => assert.unreachable(),
      error => error,
    )
  const used = await failure({ port: Number(place.url.port) })
  assert.is(codeOf(used), 'ERR_LISTEN')
  assert.match(used.message, /^cannot listen on 127\.0\.0\.1:\d+: it is in use: choose another port, or none$/)
  for (const port of [-1, 1.5, 70_000, Number.NaN]) assert.instance(await failure({ port }), RangeError)
  assert.is(codeOf(await failure({ page: new URL('file:///nowhere/') })), 'ERR_PAGE')
})

it('closes within a bound whatever pages do, and a second close is the same', async () => {
  const looker = new Looker(place)
  await looker.until((message): message is Snapshot => message.type === 'snapshot')
  looker.socket.pause() // it never answers the farewell
  const closing = [place.end(), place.end()]
  await Promise.all(closing)
  assert.is(place.served.viewers, 0)
  looker.socket.resume()
  await looker.closed
  await fetch(place.url).then(
    () => assert.unreachable(),
    error => assert.ok(error),
  )
})

/** Raw, so that its side of the connection stays open whatever the other one does. */
const half = async (path: string, lines: string[]) => {
  const { hostname: host, port } = place.url
  const socket = connect({ host, port: Number(port), allowHalfOpen: true })
  socket.on('error', () => {})
  socket.write(`GET ${path} HTTP/1.1\r\nHost: ${host}:${port}\r\n${lines.join('\r\n')}\r\n\r\n`)
  const [answer] = await once(socket, 'data')
  return { socket, status: Number(String(answer).split(' ')[1]) }
}

it('waits for nobody who was refused and stays', async () => {
  const key = [
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
    'Sec-WebSocket-Version: 13',
  ]
  const refused = await half('/x/socket', [...key, `Origin: ${place.url.origin}`])
  assert.is(refused.status, 403)
  const full = Array.from({ length: 32 }, () => new Looker(place))
  await Promise.all(full.map(looker => looker.until(({ type }) => type === 'snapshot')))
  const late = await half(`${place.url.pathname}socket`, [...key, `Origin: ${place.url.origin}`])
  assert.is(late.status, 101)
  await place.end()
  for (const { socket } of [refused, late]) socket.destroy()
})

it.run()
