/** What a room can be told, its defaults, and the checks: a wrong value is refused before anything native is touched. */
import { linkDefaults } from '../machines/inbound/choice.ts'
import type { LinkInput } from '../machines/inbound/link.ts'
import type { RoomFact } from './facts.ts'
import type { NoiseCancellation } from './inbound/noise.ts'
import type { Journal } from './journal.ts'
import type { ChatMessage, Mind, ParticipantKind } from './ports.ts'
import type { ChartRoom } from './room.ts'

/** Deals with a message in its own way; the next one waits until it has settled. */
export type TextInputCallback = (room: ChartRoom, message: ChatMessage) => unknown
export type TextInputOptions = {
  /** Default: the agent is interrupted, and the mind gets the message. */
  textInputCb?: TextInputCallback
  /** The same, as LiveKit's own agents call it. */
  textInputCallback?: TextInputCallback
}

/** Durations in ms, rates in Hz. What is not given, or undefined, has its default. */
export type RoomOptions = {
  /** Link only this participant; else the first of an accepted kind. */
  participantIdentity?: string
  /** Default: connector, sip, standard. */
  participantKinds?: ParticipantKind[]
  /** The room closes when the linked participant leaves for good. Default true. */
  closeOnDisconnect?: boolean
  /** Who may be linked after somebody left: anyone after the grace, only the same, or nobody. Default `any`, 15 000. */
  relink?: 'any' | 'same' | 'none'
  relinkGraceMs?: number
  /** `publishing`: somebody who publishes is taken before a silent observer. Default `first`, 3 000. */
  prefer?: 'first' | 'publishing'
  preferTimeoutMs?: number
  /** How long `close()` may take. Default 5 000. */
  closeBudgetMs?: number
  /** Defaults: 24 000, 1, 50, true, 3 000, 10 000. */
  audioInput?: {
    sampleRate?: number
    numChannels?: number
    frameSizeMs?: number
    preConnectAudio?: boolean
    preConnectAudioTimeoutMs?: number
    maxBufferMs?: number
    /** Default none: options for the world, a processor of frames, or a function that chooses one for each track. */
    noiseCancellation?: NoiseCancellation
  }
  /** What people write (topic `lk.chat`). Default true. */
  textInput?: boolean | TextInputOptions
  /** Defaults: 24 000, 1, `roomio_audio`, 200, 30 000, 10. */
  audioOutput?: {
    sampleRate?: number
    numChannels?: number
    trackName?: string
    queueMs?: number
    maxPendingMs?: number
    fadeMs?: number
  }
  /** Who answers. Without a mind the owner of the room is the mind. */
  mind?: Mind
  /** Gets every input of the engine, numbered. */
  journal?: Journal
  /** Gets every fact from the very first on, as `room.on` does from then on. */
  listener?: (fact: RoomFact) => unknown
}
export type Settings = ReturnType<typeof settingsOf>

const inputDefaults = {
  sampleRate: 24_000,
  numChannels: 1,
  frameSizeMs: 50,
  preConnectAudio: true,
  preConnectAudioTimeoutMs: 3_000,
  maxBufferMs: 10_000,
}
const outputDefaults = {
  sampleRate: 24_000,
  numChannels: 1,
  trackName: 'roomio_audio',
  queueMs: 200,
  maxPendingMs: 30_000,
  fadeMs: 10,
}
const { closeOnDisconnect, relink, relinkGraceMs, prefer, preferTimeoutMs } = linkDefaults
const roomDefaults = { closeOnDisconnect, relink, relinkGraceMs, prefer, preferTimeoutMs, closeBudgetMs: 5_000 }
const others = [
  'participantIdentity',
  'participantKinds',
  'audioInput',
  'textInput',
  'audioOutput',
  'mind',
  'journal',
  'listener',
]
const kinds: readonly string[] = ['standard', 'ingress', 'egress', 'sip', 'agent', 'connector'] satisfies ParticipantKind[]
/** A wait that may be none at all, and a fade. */
const mayBeZero = ['relinkGraceMs', 'preferTimeoutMs', 'closeBudgetMs', 'preConnectAudioTimeoutMs', 'fadeMs']
/** Timers take no more ms: a longer one would fire at once. */
const longest = 2_147_483_647

/** The options with their defaults, frozen. Throws a TypeError or RangeError that names the option, what came and what is expected. */
export const settingsOf = (options: RoomOptions = {}) => {
  const room = groupOf('options', roomDefaults, options, others)
  const input = groupOf('audioInput', inputDefaults, options.audioInput, ['noiseCancellation'])
  const output = groupOf('audioOutput', outputDefaults, options.audioOutput)
  const noiseCancellation = noiseOf(options.audioInput?.noiseCancellation)
  const textInput = textInputOf(options.textInput)
  const { participantIdentity: identity, participantKinds, mind, journal, listener } = options
  checkIdentity(identity)
  checkKinds(participantKinds)
  oneOf('relink', room.relink, ['any', 'same', 'none'])
  oneOf('prefer', room.prefer, ['first', 'publishing'])
  if (mind !== undefined && typeof mind?.start !== 'function') throw new TypeError('mind has no start(conversation, signal)')
  if (journal !== undefined && typeof journal !== 'function') throw new TypeError('journal must be a function of a line')
  if (listener !== undefined && typeof listener !== 'function') throw new TypeError('listener must be a function of a fact')
  whole('audioInput.frameSizeMs', input.frameSizeMs, (input.sampleRate * input.frameSizeMs) / 1000)
  whole('audioOutput.sampleRate', output.sampleRate, output.sampleRate / 100)
  whole('audioOutput.queueMs', output.queueMs, output.queueMs / 10)
  if (output.queueMs < 50) throw new RangeError(`audioOutput.queueMs is ${output.queueMs}: use 50 or more`)
  if (output.fadeMs > 20) throw new RangeError(`audioOutput.fadeMs is ${output.fadeMs}: use 0 to 20`)
  const { closeBudgetMs, ...choice } = room
  const link: LinkInput = {
    ...choice,
    kinds: participantKinds?.length ? [...participantKinds] : linkDefaults.kinds, // OPT-3
    ...(identity === undefined ? {} : { identity }),
  }
  return Object.freeze({
    link: Object.freeze(link),
    input,
    noiseCancellation,
    textInput,
    output,
    closeBudgetMs,
    mind,
    journal,
    listener,
  })
}

/** Throws a TypeError for an identity that cannot be one. */
export const checkIdentity = (identity: unknown): void => {
  if (identity !== undefined && (typeof identity !== 'string' || identity === ''))
    throw new TypeError(`a participant's identity is a text that is not empty, not ${JSON.stringify(identity)}`)
}

/** OPT-1, OPT-2: a group that can be switched by a boolean, with its options where it is on. */
const switched = (name: string, given: unknown, usually: boolean, keys: string[]): object | undefined => {
  if (given === false || (given === undefined && !usually)) return undefined
  const options: unknown = given === true || given === undefined ? {} : given
  if (!isPlain(options)) throw new TypeError(`${name} must be a boolean or a plain object, not ${kindOf(options)}`)
  groupOf(name, {}, options, keys)
  return options
}
const noiseOf = (given: unknown): NoiseCancellation | undefined => {
  if (given === undefined || typeof given === 'function' || (typeof given === 'object' && given !== null)) return given
  throw new TypeError(
    `audioInput.noiseCancellation must be options, a processor or a function that chooses, not ${kindOf(given)}`,
  )
}
/** `asked`: by name, not by default (CHAT-1). */
const textInputOf = (given: RoomOptions['textInput']) => {
  if (!switched('textInput', given, true, ['textInputCb', 'textInputCallback'])) return undefined
  const { textInputCb, textInputCallback } = typeof given === 'object' ? given : {}
  const callback = textInputCb ?? textInputCallback // OPT-14
  if (callback !== undefined && typeof callback !== 'function')
    throw new TypeError(`textInput.textInputCb must be a function of a room and a message, not ${kindOf(callback)}`)
  return Object.freeze({ asked: given !== undefined, callback })
}

/** The defaults with what is given laid over them, checked and frozen. `others`: keys that are looked at elsewhere. */
const groupOf = <T extends object>(name: string, defaults: T, given: unknown, others: string[] = []): Readonly<T> => {
  if (given === undefined) return Object.freeze({ ...defaults })
  if (!isPlain(given)) throw new TypeError(`${name} must be a plain object, not ${kindOf(given)}`)
  const known = [...Object.keys(defaults), ...others]
  const group = { ...defaults }
  for (const [key, value] of Object.entries(given)) {
    if (!known.includes(key)) throw new TypeError(`${name} has no "${key}": it knows ${known.join(', ')}`)
    if (value === undefined || others.includes(key)) continue
    const wanted = typeof Reflect.get(defaults, key)
    const path = name === 'options' ? key : `${name}.${key}`
    if (typeof value !== wanted) throw new TypeError(`${path} must be a ${wanted}, not ${kindOf(value)}`)
    if (typeof value === 'number') checkNumber(path, value, mayBeZero.includes(key))
    Reflect.set(group, key, value)
  }
  return Object.freeze(group)
}
const isPlain = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && [Object.prototype, null].includes(Object.getPrototypeOf(value))
const kindOf = (value: unknown): string => {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'an array'
  return typeof value === 'object' ? `a ${value.constructor?.name ?? 'object'}` : `the ${typeof value} ${String(value)}`
}
const checkNumber = (path: string, value: number, mayBeZero: boolean) => {
  if (!(value > 0 || (mayBeZero && value === 0)) || value > longest)
    throw new RangeError(`${path} is ${value}: use a number ${mayBeZero ? 'from 0' : 'above 0'}, at most ${longest}`)
  if (path.endsWith('numChannels')) whole(path, value, value)
}
const whole = (path: string, value: number, blocks: number) => {
  if (!Number.isInteger(blocks)) throw new RangeError(`${path} is ${value}: that gives no whole blocks of samples`)
}
const oneOf = (name: string, value: string, values: string[]) => {
  if (!values.includes(value)) throw new TypeError(`${name} is "${value}": use ${values.join(', ')}`)
}
const checkKinds = (given: unknown) => {
  if (given === undefined) return
  if (!Array.isArray(given)) throw new TypeError(`participantKinds must be an array, not ${kindOf(given)}`)
  for (const kind of given)
    if (!kinds.includes(kind)) throw new TypeError(`participantKinds has no "${kind}": use ${kinds.join(', ')}`)
}
