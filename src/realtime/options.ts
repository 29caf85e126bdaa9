/** What an agent with a model can be told, its defaults, and the checks. */
import { groupOf, kindOf, whole } from '../groups.ts'
import { capabilitiesOf } from './checks.ts'
import { checkContext } from './context.ts'
import type { DialogueOptions } from './dialogue.ts'
import { checkFunctions } from './functions.ts'
import type { ChatContext, FunctionContext, RealtimeModel } from './port.ts'

/** Durations in ms. What is not given, or undefined, has its default. */
export type RealtimeOptions = {
  model: RealtimeModel
  /** What was said before. */
  chatCtx?: ChatContext
  /** What the model may call. */
  fncCtx?: FunctionContext
  /** Which words are shown, and how fast the voice speaks until its sound says so. Defaults: true, true, 1. */
  transcription?: { userTranscription?: boolean; agentTranscription?: boolean; agentTranscriptionSpeed?: number }
  /** How often in a row a text is asked for anew as speech. Default 5. */
  maxTextResponseRetries?: number
  /** The pieces in which the model gets what is heard. Default 100. */
  inputChunkMs?: number
  /** How long the model may take to be ready, and over any answer. Default 10 000. */
  initTimeoutMs?: number
  closeBudgetMs?: number
  /** Whether the agent says that it thinks, from the beginning of a response to its first sound. Default false. */
  reportThinking?: boolean
  /**
   * A connection that drops is made anew with the conversation so far: this often in a row, the first time after this long, then after twice
   * as long; one that holds for `initTimeoutMs` begins the count anew. Default false: the agent closes. With true 5 and 500.
   */
  reconnect?: boolean | { attempts?: number; backoffMs?: number }
}

const transcriptionDefaults = { userTranscription: true, agentTranscription: true, agentTranscriptionSpeed: 1 }
const dialogueDefaults = { inputChunkMs: 100, initTimeoutMs: 10_000, closeBudgetMs: 5_000, reportThinking: false }
const reconnectDefaults = { attempts: 5, backoffMs: 500 }
const others = ['model', 'chatCtx', 'fncCtx', 'transcription', 'maxTextResponseRetries', 'reconnect']
export const realtimeKeys: string[] = [...Object.keys(dialogueDefaults), ...others]

/** Throws a TypeError or RangeError that names the option. `beside`: options that are looked at elsewhere. */
export const realtimeOf = (options: RealtimeOptions, beside: string[] = []) => {
  const given = groupOf('options', dialogueDefaults, options, [...others, ...beside])
  const { model }: RealtimeOptions = Object(options)
  const capabilities = capabilitiesOf(model)
  const { chatCtx = { items: [] }, fncCtx = [], maxTextResponseRetries = 5, reconnect = false } = options
  checkContext(chatCtx)
  checkFunctions(fncCtx)
  if (typeof maxTextResponseRetries !== 'number' || !Number.isInteger(maxTextResponseRetries) || maxTextResponseRetries < 0)
    throw new RangeError(`maxTextResponseRetries is ${String(maxTextResponseRetries)}: use a whole number from 0`)
  whole('inputChunkMs', given.inputChunkMs, (capabilities.inputSampleRate * given.inputChunkMs) / 1000)
  return Object.freeze({
    ...{ ...given, model, capabilities, chatCtx, fncCtx, maxTextResponseRetries },
    transcription: groupOf('transcription', transcriptionDefaults, options.transcription),
    reconnect: reconnectOf(reconnect),
  })
}
export type RealtimeSettings = ReturnType<typeof realtimeOf>

const reconnectOf = (given: NonNullable<RealtimeOptions['reconnect']>) => {
  if (given === false) return null
  if (given !== true && typeof given !== 'object')
    throw new TypeError(`reconnect must be true, false or a plain object, not ${kindOf(given)}`)
  const group = groupOf('reconnect', reconnectDefaults, given === true ? undefined : given)
  const { attempts } = group
  if (!Number.isInteger(attempts)) throw new RangeError(`reconnect.attempts is ${attempts}: use a whole number above 0`)
  return group
}

/** The same as a dialogue takes it; what it closes has half of the budget, the room the other. */
export const dialogueOf = (settings: RealtimeSettings): Omit<DialogueOptions, 'tell'> => {
  const { model, capabilities, chatCtx, fncCtx, inputChunkMs, transcription, reconnect } = settings
  const { maxTextResponseRetries, initTimeoutMs, closeBudgetMs, reportThinking } = settings
  return {
    ...{ model, capabilities, chatCtx, fncCtx, inputChunkMs },
    transcription: { user: transcription.userTranscription, agent: transcription.agentTranscription },
    machine: { maxTextResponseRetries, initTimeoutMs, closeTimeoutMs: closeBudgetMs / 2, reportThinking, reconnect },
  }
}
