/** What a model, its session and what they are used with must have: what lacks something is refused by name. */
import { kindOf } from '../groups.ts'
import type { ModelCapabilities, RealtimeModel, RealtimeSession } from './port.ts'

const at = (value: unknown, path: string): unknown =>
  path
    .split('.')
    .reduce<unknown>((found, key) => (found === undefined || found === null ? undefined : Reflect.get(Object(found), key)), value)

const flags = { truncate: true, turnDetection: true, transcription: true }
const usual = { ...flags, inputSampleRate: 24_000, outputSampleRate: 24_000 } satisfies ModelCapabilities
/** What the model can do; where it does not say so, what is usual. Throws a TypeError or RangeError that names the member. */
export const capabilitiesOf = (model: RealtimeModel): ModelCapabilities => {
  if (typeof at(model, 'session') !== 'function') throw new TypeError('model has no session(start, hands): give a realtime model')
  const capabilities = { ...usual, ...Object(at(model, 'capabilities')) }
  for (const flag of ['truncate', 'turnDetection', 'transcription'] as const)
    if (typeof capabilities[flag] !== 'boolean') throw new TypeError(`model.capabilities.${flag} must be true or false`)
  for (const rate of ['inputSampleRate', 'outputSampleRate'] as const) {
    const hertz = capabilities[rate]
    if (!(hertz > 0) || !Number.isInteger(hertz / 100))
      throw new RangeError(`model.capabilities.${rate} is ${hertz}: use a multiple of 100`)
  }
  return capabilities
}

const methods = [
  ...['chatCtxCopy', 'setChatCtx', 'recoverFromTextResponse', 'updateConversationItemContent', 'on', 'off', 'close'],
  ...['append', 'commit', 'clear', 'drained'].map(name => `inputAudioBuffer.${name}`),
  ...['create', 'delete', 'truncate'].map(name => `conversation.item.${name}`),
  ...['create', 'cancel'].map(name => `response.${name}`),
]
/** Throws a TypeError that names the member. */
export const checkSession = (session: RealtimeSession): void => {
  const lacks = methods.find(path => typeof at(session, path) !== 'function')
  if (lacks) throw new TypeError(`the model's session has no ${lacks}: it must have all of a RealtimeSession`)
  if (!('ready' in session)) throw new TypeError("the model's session has no ready: it must have all of a RealtimeSession")
}

const outside = { clock: ['now', 'setTimeout', 'clearTimeout', 'hold'], ids: ['next'] } as const
/** Throws a TypeError that names the option. */
export const checkOutside = ({ log, ...given }: { clock?: unknown; ids?: unknown; log?: unknown }): void => {
  if (log !== undefined && typeof log !== 'function')
    throw new TypeError(`log must be a function of a level, a code and fields, not ${kindOf(log)}`)
  for (const name of ['clock', 'ids'] as const) {
    const lacks = outside[name].find(method => typeof at(given[name], method) !== 'function')
    if (given[name] !== undefined && lacks) throw new TypeError(`${name} has no ${lacks}: give all of it`)
  }
}
