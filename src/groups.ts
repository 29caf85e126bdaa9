/** Groups of options: by their names of today and of old, with their defaults, each value checked and refused by name. */

/** Names that agents-js has for the same (OPT-14). */
const aliases: Record<string, string> = { queueSizeMs: 'queueMs', textInputCallback: 'textInputCb' }
/** What the flat options of old were called, and where it is now (OPT-8). */
const renamed: Record<string, string> = {
  audioEnabled: 'audioInput or audioOutput',
  audioSampleRate: 'audioInput.sampleRate or audioOutput.sampleRate',
  audioNumChannels: 'audioInput.numChannels or audioOutput.numChannels',
  audioFrameSizeMs: 'audioInput.frameSizeMs',
  noiseCancellation: 'audioInput.noiseCancellation',
  preConnectAudio: 'audioInput.preConnectAudio',
  preConnectAudioTimeout: 'audioInput.preConnectAudioTimeoutMs',
  audioPublishOptions: 'audioOutput.trackPublishOptions',
  audioTrackName: 'audioOutput.trackName',
  textEnabled: 'textInput',
  textInputCb: 'textInput.textInputCb',
  videoEnabled: 'videoInput',
  transcriptionEnabled: 'textOutput',
  syncTranscription: 'textOutput.syncTranscription',
  transcriptionSpeedFactor: 'textOutput.transcriptionSpeedFactor',
}
/** A wait that may be none at all, and a fade. */
const mayBeZero = [
  ...['relinkGraceMs', 'preferTimeoutMs', 'closeBudgetMs', 'deleteRoomTimeoutMs'],
  ...['preConnectAudioTimeoutMs', 'fadeMs'],
]
/** Timers take no more ms: a longer one would fire at once. */
const longest = 2_147_483_647

/** A group that may be switched on or off by a boolean: then it has its defaults (OPT-1). */
export const partOf = <T extends object>(name: string, defaults: T, given: unknown, others: string[] = []) =>
  groupOf(name, defaults, typeof given === 'boolean' ? undefined : given, others, 'true, false or a plain object')
/** The defaults with what is given laid over them, checked and frozen. `others`: keys that are looked at elsewhere. */
export const groupOf = <T extends object>(
  name: string,
  defaults: T,
  given: unknown,
  others: string[] = [],
  shape = 'a plain object',
): Readonly<T> => {
  if (given === undefined) return Object.freeze({ ...defaults })
  if (!isPlain(given)) throw new TypeError(`${name} must be ${shape}, not ${kindOf(given)}`)
  const known = [...Object.keys(defaults), ...others]
  const group = { ...defaults }
  for (const [key, value] of Object.entries(canonical(name, given, known))) {
    if (value === undefined || others.includes(key)) continue
    const wanted = typeof Reflect.get(defaults, key)
    const path = name === 'options' ? key : `${name}.${key}`
    if (typeof value !== wanted) throw new TypeError(`${path} must be a ${wanted}, not ${kindOf(value)}`)
    if (typeof value === 'number') checkNumber(path, value, mayBeZero.includes(key))
    Reflect.set(group, key, value)
  }
  return Object.freeze(group)
}
/** The same by the names that are known. */
const canonical = (name: string, given: object, known: string[]): Record<string, unknown> => {
  const named: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(given)) {
    const alias = aliases[key]
    if (alias !== undefined && known.includes(alias)) named[alias] ??= value
    else if (known.includes(key)) named[key] = value === undefined ? named[key] : value
    else
      throw new TypeError(
        `${name} has no "${key}": ${renamed[key] ? `use ${renamed[key]}` : `it knows ${known.join(', ') || 'none'}`}`,
      )
  }
  return named
}
const isPlain = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && [Object.prototype, null].includes(Object.getPrototypeOf(value))
export const kindOf = (value: unknown): string => {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'an array'
  return typeof value === 'object' ? `a ${value.constructor?.name ?? 'object'}` : `the ${typeof value} ${String(value)}`
}
const checkNumber = (path: string, value: number, mayBeZero: boolean) => {
  if (!(value > 0 || (mayBeZero && value === 0)) || value > longest)
    throw new RangeError(`${path} is ${value}: use a number ${mayBeZero ? 'from 0' : 'above 0'}, at most ${longest}`)
  if (path.endsWith('numChannels')) whole(path, value, value)
}
export const whole = (path: string, value: number, blocks: number) => {
  if (!Number.isInteger(blocks)) throw new RangeError(`${path} is ${value}: that gives no whole blocks of samples`)
}
export const oneOf = (name: string, value: string, values: string[]) => {
  if (!values.includes(value)) throw new TypeError(`${name} is "${value}": use ${values.join(', ')}`)
}
