/** What people read when a room cannot be joined: one line, what to do, and no secret. The texts are rtc-node's own. */
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { codeOf } from '../../src/errors.ts'
import { joinFailure, placeOf } from '../../src/livekit/failures.ts'
import { deleteRoom, livekit, tokenFor } from '../../src/livekit/index.ts'

const it = suite('livekit failures')

const url = 'wss://user:pw@example.com/?access_token=geheim'
const jwt = 'eyJhbGciOiJIUzI1NiJ9.eyJ2aWRlbyI6e319.ekvdTb2fUopdvndhGKVXzmq9XSgKCHYsSr__1y3ztrc'
const cases: [said: string, code: string, line: RegExp][] = [
  [
    `engine: signal failure: client error: 401 Unauthorized - invalid token: ${jwt}, error: token signature is invalid: signature is invalid`,
    'ERR_UNAUTHORIZED',
    /refuses the token \(token signature is invalid: signature is invalid\): check the API key/,
  ],
  [
    'engine: signal failure: client error: 401 Unauthorized - invalid authorization token',
    'ERR_UNAUTHORIZED',
    /refuses the token \(invalid authorization token\)/,
  ],
  [
    'engine: signal failure: transport connection error: IO error: Connection refused (os error 111)',
    'ERR_UNREACHABLE',
    /no LiveKit server answers at wss:\/\/example\.com \(Connection refused .*: is it running/,
  ],
  ['engine: signal failure: client error: 400 Bad Request - no room name', 'ERR_REFUSED', /400 Bad Request - no room name/],
  [
    `engine: something else with ${jwt} in it\nand a second line`,
    'ERR_JOIN',
    /^cannot join the room at wss:\/\/example\.com: engine/,
  ],
]

it('says in one line why it cannot join and what to do', () => {
  for (const [said, code, line] of cases) {
    const error = joinFailure(new Error(said), url)
    assert.is(codeOf(error), code)
    assert.match(error.message, line)
    assert.not.ok(error.message.includes('\n'))
  }
})

it('never repeats a token, a password or a query', () => {
  for (const [said] of cases) assert.not.match(joinFailure(new Error(said), url).message, /eyJ|pw|geheim/)
  assert.is(placeOf(url), 'wss://example.com')
})

it('leaves an error that has a code as it is', () => {
  const error = Object.assign(new Error('enough'), { code: 'ERR_ABORTED' })
  assert.is(joinFailure(error, url), error)
})

it('refuses an address that is none, and a missing token, at once', () => {
  for (const wrong of ['nonsense', '', 'localhost:7880', 'ftp://example.com'])
    assert.throws(
      () => livekit({ url: wrong, token: 'x', log: () => {} }),
      (error: unknown) => codeOf(error) === 'ERR_BAD_URL',
    )
  assert.throws(
    () => livekit({ url: 'ws://localhost:7880', token: '', log: () => {} }),
    (error: unknown) => codeOf(error) === 'ERR_BAD_TOKEN',
  )
})

it('makes a token with the rights of an agent, and none without keys, room or identity', async () => {
  const admission = { apiKey: 'devkey', apiSecret: 'secret', room: 'r', identity: 'a' }
  const [, body = ''] = (await tokenFor({ ...admission, attributes: { x: 'y' } })).split('.')
  const claims: unknown = JSON.parse(Buffer.from(body, 'base64url').toString())
  assert.match(JSON.stringify(claims), /"canUpdateOwnMetadata":true/)
  assert.match(JSON.stringify(claims), /"kind":"agent"/)
  assert.match(JSON.stringify(claims), /"room":"r"/)
  for (const field of Object.keys(admission)) {
    const error = await tokenFor({ ...admission, [field]: '' }).catch((thrown: unknown) => thrown)
    assert.ok(error instanceof TypeError && error.message.startsWith(field), field)
  }
})

it('says which of the keys is missing, for a token and to delete a room', async () => {
  const all = { apiKey: 'devkey', apiSecret: 'secret', room: 'demo', url: 'ws://127.0.0.1:1', identity: 'agent' }
  const missing = async (work: Promise<unknown>, field: string) =>
    work.then(
      () => assert.unreachable(),
      error => assert.is(error instanceof TypeError && error.message.split(' ')[0], field),
    )
  for (const field of ['apiKey', 'apiSecret', 'room', 'identity']) await missing(tokenFor({ ...all, [field]: '' }), field)
  for (const field of ['url', 'apiKey', 'apiSecret', 'room'])
    await missing(deleteRoom({ ...all, [field]: undefined as never }), field)
})

it.run()
