/** What a model and its session must have: what lacks something is refused by name. */
import type { RealtimeModel, RealtimeSession } from './port.ts'

const at = (value: unknown, path: string): unknown =>
  path
    .split('.')
    .reduce<unknown>((found, key) => (found === undefined || found === null ? undefined : Reflect.get(Object(found), key)), value)

const flags = ['truncate', 'turnDetection'] as const
const rates = ['inputSampleRate', 'outputSampleRate'] as const
/** Throws a TypeError or RangeError that names the member. */
export const checkModel = (model: RealtimeModel): RealtimeModel => {
  if (typeof at(model, 'session') !== 'function') throw new TypeError('model has no session(start, hands): give a realtime model')
  for (const flag of flags)
    if (typeof at(model, `capabilities.${flag}`) !== 'boolean')
      throw new TypeError(`model has no capabilities.${flag}: true or false`)
  for (const rate of rates) {
    const hertz = at(model, `capabilities.${rate}`)
    if (typeof hertz !== 'number') throw new TypeError(`model has no capabilities.${rate}, in Hz`)
    if (!(hertz > 0) || !Number.isInteger(hertz / 100))
      throw new RangeError(`model.capabilities.${rate} is ${hertz}: use a multiple of 100`)
  }
  return model
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
