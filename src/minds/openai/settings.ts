/** What a model of OpenAI can be told, checked, and the session that it asks for (OAI-2). */
import type { Agent } from 'node:http'
import type { SecureContextOptions } from 'node:tls'
import type { OpenAI } from 'openai'
import { groupOf, kindOf, oneOf } from '../../groups.ts'
import type { FunctionContext } from '../../realtime/port.ts'
import { wireTools } from './items.ts'
import type { Dialect, Wire } from './wire.ts'

type Answers = { createResponse?: boolean; interruptResponse?: boolean }
/**
 * How the service knows that the caller has spoken; null: it does not, and the owner commits. `threshold` from 0 to 1 (default 0.5),
 * `prefixPaddingMs` 300, `silenceDurationMs` 500.
 */
export type TurnDetection =
  | ({ type?: 'server_vad'; threshold?: number; prefixPaddingMs?: number; silenceDurationMs?: number } & Answers)
  | ({ type: 'semantic_vad'; eagerness?: 'low' | 'medium' | 'high' | 'auto' } & Answers)
/** Who writes down what the caller says; null: nobody. */
export type InputTranscription = { model?: string; language?: string; prompt?: string }
/** A resource of Azure: `endpoint` is its address, `deployment` where the model is. */
export type AzureOptions = {
  endpoint?: string
  deployment?: string
  apiVersion?: string
  azureADTokenProvider?: () => Promise<string>
}
/** What the package `ws` takes: an agent for a proxy, certificates. Written out, for its types are a package that few have. */
export type SocketOptions = SecureContextOptions & {
  agent?: Agent | undefined
  headers?: Record<string, string> | undefined
  rejectUnauthorized?: boolean | undefined
  handshakeTimeout?: number | undefined
  localAddress?: string | undefined
  family?: number | undefined
}

export type OpenAIRealtimeOptions = {
  /** Default: the environment's OPENAI_API_KEY (AZURE_OPENAI_API_KEY with `azure`). */
  apiKey?: string | (() => Promise<string>)
  /** Default: the SDK's. `http:` and `ws:` are taken at their word: nothing is encrypted. */
  baseURL?: string
  /** Default `gpt-realtime-1.5`, in the dialect of before `gpt-4o-realtime-preview`. */
  model?: string
  /** Default `alloy`. */
  voice?: string
  instructions?: string
  turnDetection?: TurnDetection | null
  /** Default `whisper-1`. */
  inputAudioTranscription?: InputTranscription | null
  /** Default `auto`. `name`: this function and no other. */
  toolChoice?: 'auto' | 'none' | 'required' | { name: string }
  /** Default: as many as the model can. */
  maxOutputTokens?: number | 'inf'
  /** Default `ga`, today's. */
  dialect?: Dialect
  /** Of the dialect of before only; default 0.8. */
  temperature?: number
  azure?: AzureOptions
  /** A client of the SDK that exists already: its address and key are used. */
  client?: OpenAI
  socket?: SocketOptions
}

const known: Record<keyof OpenAIRealtimeOptions, true> = {
  apiKey: true,
  baseURL: true,
  model: true,
  voice: true,
  instructions: true,
  turnDetection: true,
  inputAudioTranscription: true,
  toolChoice: true,
  maxOutputTokens: true,
  dialect: true,
  temperature: true,
  azure: true,
  client: true,
  socket: true,
}
const texts = ['baseURL', 'model', 'voice', 'instructions'] as const

const answers = { createResponse: true, interruptResponse: true }

const checkNumber = (name: string, value: unknown, fits: (value: number) => boolean, wanted: string): void => {
  if (typeof value !== 'number') throw new TypeError(`${name} must be a number, not ${kindOf(value)}`)
  if (!fits(value)) throw new RangeError(`${name} is ${value}: ${wanted}`)
}
const checkTurns = (turns: TurnDetection): void => {
  const { type = 'server_vad' } = turns
  if (type !== 'server_vad' && type !== 'semantic_vad')
    throw new TypeError(`turnDetection.type is "${type}": server_vad or semantic_vad`)
  const own = type === 'semantic_vad' ? ['eagerness'] : ['threshold', 'prefixPaddingMs', 'silenceDurationMs']
  groupOf('turnDetection', answers, turns, ['type', ...own])
  if (turns.type === 'semantic_vad') {
    oneOf('turnDetection.eagerness', turns.eagerness ?? 'auto', ['low', 'medium', 'high', 'auto'])
    return
  }
  const { threshold = 0, prefixPaddingMs = 0, silenceDurationMs = 0 } = turns
  checkNumber('turnDetection.threshold', threshold, value => value >= 0 && value <= 1, 'from 0 to 1')
  for (const [name, ms] of Object.entries({ prefixPaddingMs, silenceDurationMs }))
    checkNumber(`turnDetection.${name}`, ms, value => value >= 0, 'a number of ms, 0 or more')
}
const checkChoice = (choice: unknown): void => {
  if (typeof choice === 'string') oneOf('toolChoice', choice, ['auto', 'none', 'required'])
  else if (typeof Object(choice).name !== 'string') throw new TypeError('toolChoice must be auto, none, required or { name }')
}
/** Whom to reach, and how. */
const checkAccess = ({ apiKey, azure, client, socket }: OpenAIRealtimeOptions): void => {
  if (apiKey !== undefined && typeof apiKey !== 'string' && typeof apiKey !== 'function')
    throw new TypeError('apiKey must be text or a function that gives it')
  groupOf('azure', { endpoint: '', deployment: '', apiVersion: '' }, azure, ['azureADTokenProvider'])
  if (client !== undefined && typeof Object(client).baseURL !== 'string')
    throw new TypeError("client must be one of the SDK's: new OpenAI(…)")
  if (socket !== undefined && (typeof socket !== 'object' || socket === null)) throw new TypeError('socket must be an object')
}
/** Throws a TypeError or RangeError that names the option. */
export const checkOptions = (options: OpenAIRealtimeOptions): void => {
  if (typeof options !== 'object' || options === null || Array.isArray(options))
    throw new TypeError(`options must be a plain object, not ${kindOf(options)}`)
  for (const name of Object.keys(options)) if (!Object.hasOwn(known, name)) throw new TypeError(`there is no option "${name}"`)
  for (const name of texts)
    if (options[name] !== undefined && typeof options[name] !== 'string') throw new TypeError(`${name} must be text`)
  checkAccess(options)
  const { dialect = 'ga', temperature, maxOutputTokens = 'inf', turnDetection = {}, inputAudioTranscription, baseURL } = options
  if (dialect !== 'ga' && dialect !== 'beta') throw new TypeError(`dialect is "${dialect}": ga or beta`)
  if (options.azure && dialect === 'beta') throw new TypeError('Azure speaks the dialect ga only')
  if (temperature !== undefined && dialect === 'ga') throw new TypeError('temperature is an option of the dialect beta only')
  if (temperature !== undefined && !Number.isFinite(temperature)) throw new RangeError(`temperature is ${temperature}`)
  if (maxOutputTokens !== 'inf' && !(Number.isInteger(maxOutputTokens) && maxOutputTokens > 0))
    throw new RangeError(`maxOutputTokens is ${maxOutputTokens}: a whole number above 0, or 'inf'`)
  if (baseURL !== undefined && !/^(https?|wss?):$/.test(URL.canParse(baseURL) ? new URL(baseURL).protocol : ''))
    throw new TypeError('baseURL must be an address that begins with https: or wss:')
  if (turnDetection !== null) checkTurns(turnDetection)
  if (inputAudioTranscription !== null)
    groupOf('inputAudioTranscription', { model: '', language: '', prompt: '' }, inputAudioTranscription)
  if (options.toolChoice !== undefined) checkChoice(options.toolChoice)
}

/** Fields that nobody set are not sent. */
const given = (fields: Wire): Wire => Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))

const wireTurns = (turns: TurnDetection | null = {}): Wire | null => {
  if (turns === null) return null
  const whether = { create_response: turns.createResponse, interrupt_response: turns.interruptResponse }
  if (turns.type === 'semantic_vad') return given({ type: turns.type, eagerness: turns.eagerness, ...whether })
  const { threshold = 0.5, prefixPaddingMs = 300, silenceDurationMs = 500 } = turns
  return given({
    type: 'server_vad',
    threshold,
    prefix_padding_ms: prefixPaddingMs,
    silence_duration_ms: silenceDurationMs,
    ...whether,
  })
}
const wireTranscription = (who: InputTranscription | null = {}): Wire | null =>
  who && given({ model: who.model ?? 'whisper-1', language: who.language, prompt: who.prompt })

/** The functions, and which of them the model may choose. */
const toolsIn = ({ toolChoice = 'auto' }: OpenAIRealtimeOptions, fncCtx: FunctionContext): Wire => ({
  tools: wireTools(fncCtx),
  tool_choice: typeof toolChoice === 'string' ? toolChoice : { type: 'function', name: toolChoice.name },
})

/** The session that a conversation begins with. */
export const sessionFor = (options: OpenAIRealtimeOptions, fncCtx: FunctionContext): Wire => {
  const { dialect = 'ga', voice = 'alloy', instructions = '', maxOutputTokens = 'inf', temperature = 0.8 } = options
  const turns = wireTurns(options.turnDetection)
  const transcription = wireTranscription(options.inputAudioTranscription)
  const tools = toolsIn(options, fncCtx)
  if (dialect === 'beta')
    return {
      modalities: ['text', 'audio'],
      instructions,
      voice,
      input_audio_format: 'pcm16',
      output_audio_format: 'pcm16',
      input_audio_transcription: transcription,
      turn_detection: turns,
      ...tools,
      temperature,
      max_response_output_tokens: maxOutputTokens,
    }
  const format = { type: 'audio/pcm', rate: 24_000 }
  return {
    type: 'realtime',
    instructions,
    output_modalities: ['audio'],
    audio: { input: { format, transcription, turn_detection: turns }, output: { format, voice } },
    ...tools,
    max_output_tokens: maxOutputTokens,
  }
}
/** What changes of it when the functions do. */
export const toolsFor = (options: OpenAIRealtimeOptions, fncCtx: FunctionContext): Wire =>
  options.dialect === 'beta' ? toolsIn(options, fncCtx) : { type: 'realtime', ...toolsIn(options, fncCtx) }

export const modelOf = ({ model, azure, dialect = 'ga' }: OpenAIRealtimeOptions): string =>
  model ?? azure?.deployment ?? (dialect === 'ga' ? 'gpt-realtime-1.5' : 'gpt-4o-realtime-preview')
