/** The socket to the service, through the official package: made here, and nothing of it is seen elsewhere. */
import { connect as dial } from 'node:net'
import type { OpenAI } from 'openai'
import type { OpenAIRealtimeWS } from 'openai/realtime/ws'
import { coded, codeOf, lineOf } from '../../errors.ts'
import type { SessionHands } from '../../realtime/port.ts'
import { lost, noAddress, noKey, noSdk, placeOf, refusal, statusOf, unreachable, type Where } from './failures.ts'
import { modelOf, type OpenAIRealtimeOptions } from './settings.ts'
import { isWire, part, text, type Wire } from './wire.ts'

/** An open or opening connection. */
export type Line = {
  readonly where: Where
  /** Bytes that the network has not taken yet. */
  readonly backlog: number
  /** `gone`: is told when the network has taken it, or never will. */
  send(event: Wire, gone: () => void): void
  /** Says farewell; `lost` follows. */
  close(): void
  /** Ends it at once, without a word. */
  cut(): void
}
/** What a line tells. `lost` is the last; `error` says why, in one line. */
export type Ears = { heard(event: Wire): void; garbled(): void; lost(error: Error): void }
export type Connect = (ears: Ears) => Promise<Line>

/** No message of the service comes near: the longest are pieces of audio, of some ten thousand bytes. */
const maxPayload = 16_777_216
/** How much of a refusal is read. */
const longestRefusal = 4_096

const load = async () => {
  try {
    const [{ AzureOpenAI, OpenAI }, { OpenAIRealtimeWS }] = await Promise.all([import('openai'), import('openai/realtime/ws')])
    return { AzureOpenAI, OpenAI, OpenAIRealtimeWS }
  } catch (error) {
    if (codeOf(error) === 'ERR_MODULE_NOT_FOUND') throw noSdk()
    throw coded('ERR_NO_SDK', `the openai package cannot be loaded: ${lineOf(error)}`)
  }
}
type Sdk = Awaited<ReturnType<typeof load>>

/** The realtime endpoint of Azure has no version; only the client wants one. */
const anyVersion = 'v1'
const clientFor = (sdk: Sdk, { client, azure, apiKey, baseURL }: OpenAIRealtimeOptions): OpenAI => {
  if (client) return client
  const variable = azure ? 'AZURE_OPENAI_API_KEY' : 'OPENAI_API_KEY'
  const token = azure?.azureADTokenProvider ?? (typeof apiKey === 'function' ? apiKey : undefined)
  const key = typeof apiKey === 'string' ? apiKey : token ? undefined : process.env[variable]
  if (!key && !token) throw noKey(variable)
  const address = baseURL !== undefined && { baseURL }
  if (!azure) return new sdk.OpenAI({ ...address, apiKey: token ?? key })
  const secret = token ? { azureADTokenProvider: token } : key && { apiKey: key }
  return new sdk.AzureOpenAI({ apiVersion: anyVersion, ...azure, ...address, ...secret })
}

/** The SDK's sockets are always encrypted. Where the address says otherwise, the plain one is dialled, as it says. */
const plainly = (baseURL: string) => {
  const { protocol, hostname, port } = new URL(baseURL)
  if (protocol !== 'http:' && protocol !== 'ws:') return undefined
  const host = hostname.replace(/^\[|\]$/g, '')
  return { createConnection: () => dial({ host, port: Number(port) || 80 }) }
}
const isHere = (baseURL: string): boolean => /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(new URL(baseURL).hostname)

const open = async (sdk: Sdk, client: OpenAI, options: OpenAIRealtimeOptions): Promise<OpenAIRealtimeWS> => {
  const headers = { ...(options.dialect === 'beta' && { 'OpenAI-Beta': 'realtime=v1' }), ...options.socket?.headers }
  const socket = { maxPayload, ...plainly(client.baseURL), ...options.socket, headers }
  const { OpenAIRealtimeWS, AzureOpenAI } = sdk
  if (!(client instanceof AzureOpenAI)) return OpenAIRealtimeWS.create(client, { model: modelOf(options), options: socket })
  const deploymentName = options.model ?? client.deploymentName ?? modelOf(options)
  return OpenAIRealtimeWS.azure(client, { deploymentName, options: socket })
}

type Socket = OpenAIRealtimeWS['socket']
/** What a refused handshake says of itself: its own word, if it is one. */
const wordIn = (body: string): string | undefined => {
  try {
    const said: unknown = JSON.parse(body)
    const error = isWire(said) ? part(said, 'error') : {}
    const word = text(error, 'code') ?? text(error, 'type')
    return word !== undefined && /^[\w.-]{1,60}$/.test(word) ? word : undefined
  } catch {
    return undefined
  }
}
/** Reads the refusal, tells it, and lets the socket go. */
const hearRefusal = (socket: Socket, refused: (status: number, word: string | undefined) => void) =>
  socket.on('unexpected-response', (_request, response) => {
    let body = ''
    let told = false
    const tell = () => {
      if (told) return
      told = true
      refused(response.statusCode ?? 0, wordIn(body))
      socket.terminate()
    }
    response.setEncoding('utf8')
    response.on('data', (piece: string) => {
      body += piece
      if (body.length > longestRefusal) tell()
    })
    response.on('end', tell)
    response.on('error', tell)
  })

const lineOn = (realtime: OpenAIRealtimeWS, ears: Ears, where: Where): Line => {
  const { socket } = realtime
  let opened = false
  let failure: Error | undefined
  hearRefusal(socket, (status, word) => {
    failure = refusal(status, word, where)
  })
  realtime.on('event', event => ears.heard({ ...event }))
  realtime.on('error', ({ error, message }) => {
    if (error) return // the service's own: `event` has told it
    if (message === 'could not parse websocket event') ears.garbled()
    else failure ??= opened ? undefined : unreachable(message, where)
  })
  socket.on('open', () => {
    opened = true
  })
  socket.on('close', (code, bytes) => {
    const reason = bytes.toString()
    const word = reason.split('.').at(-1) // "invalid_request_error.invalid_api_key"
    const status = statusOf(word)
    ears.lost(failure ?? (status ? refusal(status, word, where) : lost(code, reason, where)))
  })
  return {
    where,
    get backlog() {
      return socket.bufferedAmount
    },
    // Not the SDK's `send`: it does not say when the network has taken it.
    send: (event, gone) => socket.send(JSON.stringify(event), gone),
    close: () => realtime.close(),
    cut: () => socket.terminate(),
  }
}

/** Opens lines to the service. `secret` is told of each key that is used, so that none gets into a message. */
export const connectTo =
  (options: OpenAIRealtimeOptions, { clock, log }: Pick<SessionHands, 'clock' | 'log'>, secret: (key: string) => void): Connect =>
  async ears => {
    const sdk = await clock.hold(load())
    const client = clientFor(sdk, options)
    if (!URL.canParse(client.baseURL)) throw noAddress(client.baseURL)
    const place = placeOf(client.baseURL)
    if (plainly(client.baseURL) && !isHere(client.baseURL)) log('warn', 'openai.plain', { place })
    if (typeof client.apiKey === 'string') secret(client.apiKey)
    const realtime = await open(sdk, client, options)
    if (typeof client.apiKey === 'string') secret(client.apiKey) // a function has given it now
    return lineOn(realtime, ears, { place, model: modelOf(options) })
  }
