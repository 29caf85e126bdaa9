/** `--mind openai`: a realtime model as the mind, as flags and a file say. */
import { dirname, resolve } from 'node:path'
import type { MindLogic } from '../agent.ts'
import { coded, lineOf } from '../errors.ts'
import { noKey } from '../minds/openai/failures.ts'
import type { OpenAIRealtimeOptions } from '../minds/openai/settings.ts'
import { type RealtimeOptions, realtimeKeys } from '../realtime/options.ts'
import type { FunctionContext } from '../realtime/port.ts'
import { ownPart } from './own.ts'

/** As given; a flag goes before the file. */
export type ModelFlags = { model?: string; voice?: string; instructions?: string; config?: string }
/** What the file may hold: all that the model and the conversation with it can be told, and `tools`, or the path of a module that has them. */
export type ModelConfig = OpenAIRealtimeOptions & Omit<RealtimeOptions, 'model' | 'fncCtx'> & { tools?: FunctionContext | string }

const configIn = async (file: string): Promise<ModelConfig> => {
  const config = await ownPart(file)
  if (typeof config !== 'object' || config === null || Array.isArray(config))
    throw coded('ERR_FILE', `${file}: it must hold an object, such as { "voice": "marin" }`)
  return config
}
const toolsIn = async (tools: ModelConfig['tools'] = [], config = ''): Promise<FunctionContext> =>
  typeof tools === 'string' ? ((await ownPart(resolve(dirname(config), tools))) as FunctionContext) : tools // checked by the mind

/** Those of the model, and those of the conversation, which nobody else knows. */
const apart = (config: ModelConfig) => {
  const isTheirs = ([name]: [string, unknown]) => name !== 'model' && realtimeKeys.includes(name)
  const all = Object.entries(config)
  return [Object.fromEntries(all.filter(one => !isTheirs(one))), Object.fromEntries(all.filter(isTheirs))] as const
}
const checkKey = ({ apiKey, azure, client }: OpenAIRealtimeOptions, env: NodeJS.ProcessEnv) => {
  const variable = azure ? 'AZURE_OPENAI_API_KEY' : 'OPENAI_API_KEY'
  if (!apiKey && !client && !azure?.azureADTokenProvider && !env[variable]) throw noKey(variable)
}

/** Loads what it needs. Rejects with one line for what cannot be; whether the key is right, the service says. */
export const modelMind = async ({ config: file, ...flags }: ModelFlags, env = process.env): Promise<MindLogic> => {
  const { tools, ...config } = file === undefined ? {} : await configIn(file)
  const fncCtx = await toolsIn(tools, file)
  const [forModel, forMind] = apart({ ...config, ...flags })
  checkKey(forModel, env)
  const [{ OpenAIRealtimeModel }, { realtimeMind }] = await Promise.all([
    import('../minds/openai/model.ts'),
    import('../realtime/mind.ts'),
  ])
  try {
    return realtimeMind({ ...forMind, model: new OpenAIRealtimeModel(forModel), fncCtx })
  } catch (error) {
    throw file === undefined ? error : coded('ERR_FILE', `${file}: ${lineOf(error)}`, error)
  }
}
