/** How the service is reached: OpenAI's way, Azure's, by a client that exists already, with a key that a function gives. */
import { AzureOpenAI, OpenAI } from 'openai'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { OpenAIRealtimeModel, type OpenAIRealtimeOptions } from '../../../src/minds/openai/index.ts'
import { virtualClock } from '../../../src/virtual.ts'
import { countingIds } from '../../fakes/ids.ts'
import { scriptedServer } from '../../fakes/openai/index.ts'
import { codeIn, key } from './stage.ts'

const it = suite('openai line')

/** Opens a session as these options say, and closes it. */
const reach = async (optionsFor: (baseURL: string) => OpenAIRealtimeOptions, models = ['gpt-realtime-1.5']) => {
  const server = scriptedServer({ key, models })
  const codes: string[] = []
  const hands = {
    clock: virtualClock(),
    ids: countingIds(),
    log: (_: string, code: string) => void codes.push(code),
    timeoutMs: 5_000,
  }
  const session = new OpenAIRealtimeModel(optionsFor(await server.listen())).session(
    { chatCtx: { items: [] }, fncCtx: [] },
    hands,
  )
  const code = await codeIn(session.ready)
  await session.close()
  await server.close()
  return { code, codes, models: server.sessions.map(({ model }) => model) }
}
const fine = { code: 'none', codes: [], models: ['gpt-realtime-1.5'] }

it('reaches an address, plainly if that says so (OAI-1)', async () => {
  assert.equal(await reach(baseURL => ({ apiKey: key, baseURL })), fine)
  assert.equal(await reach(baseURL => ({ apiKey: key, baseURL: baseURL.replace('http:', 'ws:') })), fine)
})

it('takes the key of the environment, or of a function, each time anew (OAI-1)', async () => {
  const before = process.env.OPENAI_API_KEY
  process.env.OPENAI_API_KEY = key
  try {
    assert.equal(await reach(baseURL => ({ baseURL })), fine)
  } finally {
    if (before === undefined) delete process.env.OPENAI_API_KEY
    else process.env.OPENAI_API_KEY = before
  }
  assert.equal(await reach(baseURL => ({ baseURL, apiKey: async () => key })), fine)
})

it('uses a client that exists already', async () => {
  assert.equal(await reach(baseURL => ({ client: new OpenAI({ apiKey: key, baseURL }) })), fine)
  const azure = (endpoint: string) => new AzureOpenAI({ apiKey: key, endpoint, apiVersion: 'v1', deployment: 'mine' })
  assert.equal(await reach(baseURL => ({ client: azure(new URL(baseURL).origin) }), ['mine']), { ...fine, models: ['mine'] })
})

it('reaches a deployment of Azure, by key or by token', async () => {
  const azure = (baseURL: string) => ({ endpoint: new URL(baseURL).origin, deployment: 'mine' })
  const mine = { ...fine, models: ['mine'] }
  assert.equal(await reach(baseURL => ({ apiKey: key, azure: azure(baseURL) }), ['mine']), mine)
  assert.equal(await reach(baseURL => ({ azure: { ...azure(baseURL), azureADTokenProvider: async () => key } }), ['mine']), mine)
  assert.equal(await reach(baseURL => ({ apiKey: async () => key, azure: azure(baseURL) }), ['mine']), mine)
  const keyless = await reach(baseURL => ({ azure: azure(baseURL) }), ['mine'])
  assert.is(keyless.code, 'ERR_NO_KEY')
})

it('hands options of the socket on', async () => {
  const headers: unknown[] = []
  const socket = {
    headers: { 'X-Mine': 'yes' },
    finishRequest: (request: { getHeaders(): object; end(): void }) => {
      headers.push(Object(request.getHeaders())['x-mine'])
      request.end()
    },
  }
  assert.equal(await reach(baseURL => ({ apiKey: key, baseURL, socket })), fine)
  assert.equal(headers, ['yes'])
})

it('warns where a key goes over the network in the open', async () => {
  const { codes, code } = await reach(() => ({ apiKey: key, baseURL: 'http://host.invalid:1/v1' }))
  assert.equal([codes, code], [['openai.plain'], 'ERR_UNREACHABLE'])
})

it.run()
