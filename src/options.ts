/** What a room can be told, its defaults, and the checks: a wrong value is refused before anything native is touched. */
import { linkDefaults } from '../machines/inbound/choice.ts'
import type { LinkInput } from '../machines/inbound/link.ts'
import type { FalseInterruption } from '../machines/outbound/interruption.ts'
import { checkMind, type MindLogic } from './agent.ts'
import type { RoomFact } from './facts.ts'
import { groupOf, kindOf, oneOf, partOf, whole } from './groups.ts'
import type { NoiseCancellation } from './inbound/noise.ts'
import type { Journal } from './journal.ts'
import type { ChatMessage, Mind } from './mind.ts'
import type { ParticipantKind, TextSink } from './ports.ts'

/**
 * What deals with a message, in place of the default; the next one waits until it has settled. As methods, so that a callback may say
 * whose it is: the room's, or the session's that a RoomIO has.
 */
export type TextInputOptions = {
  /** Default: the agent is interrupted, and the mind gets the message. */
  textInputCb?(owner: unknown, message: ChatMessage): unknown
  /** The same, as LiveKit's own agents call it. */
  textInputCallback?(owner: unknown, message: ChatMessage): unknown
}

export type TextOutputOptions = {
  /** Whether words wait for their sound (else nothing is known to be spoken), and how fast the voice is till it tells. Defaults: true, 1. */
  syncTranscription?: boolean
  transcriptionSpeedFactor?: number
  /** One JSON object and a newline for each piece of text, with its times in seconds. Default false. */
  jsonFormat?: boolean
  /** Packets beside the streams, for clients that know no others: always, never, or while one is here. Default `auto`. */
  legacyPacket?: boolean | 'auto'
  /** Gets the agent's text too, after the room. */
  nextInChain?: TextSink
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
  /**
   * The caller's sound holds the voice; `timeoutMs` after it, if nobody took the turn, the voice goes on: with the very next sample, or
   * with the word that was cut. Default false; with an object 2 000 and `none`.
   */
  falseInterruption?: false | { timeoutMs?: number; rewind?: 'none' | 'word' }
  /** When the conversation is over the room is deleted, by `deleteRoom`, which has so long. Default false, 10 000. */
  deleteRoomOnClose?: boolean
  deleteRoom?: (name: string, signal: AbortSignal) => unknown
  deleteRoomTimeoutMs?: number
  /** Each group: false is off, true or not given its defaults. Here: 24 000, 1, 50, true, 3 000, 10 000. */
  audioInput?:
    | boolean
    | {
        sampleRate?: number
        numChannels?: number
        frameSizeMs?: number
        preConnectAudio?: boolean
        preConnectAudioTimeoutMs?: number
        maxBufferMs?: number
        /** Default none: options for the world, a processor of frames, or a function that chooses one for each track. */
        noiseCancellation?: NoiseCancellation
      }
  /** Defaults: 24 000, 1, `roomio_audio`, 200 (`queueSizeMs` is its other name), 30 000, 10; and what the SDK takes for a publication. */
  audioOutput?:
    | boolean
    | {
        sampleRate?: number
        numChannels?: number
        trackName?: string
        trackPublishOptions?: object
        queueMs?: number
        queueSizeMs?: number
        maxPendingMs?: number
        fadeMs?: number
      }
  /** What people write (topic `lk.chat`). Default true. */
  textInput?: boolean | TextInputOptions
  /** What the linked participant shows, camera or screen. Default false; an object switches it on. */
  videoInput?: boolean | Record<string, never>
  /** What goes to the room as text (topic `lk.transcription`). Default true. */
  textOutput?: boolean | TextOutputOptions
  /** Who answers: an object, or a function that gives the logic of an actor. Without a mind the owner of the room is the mind. */
  mind?: Mind | MindLogic
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
const interruptionDefaults: FalseInterruption = { timeoutMs: 2_000, rewind: 'none' }
const textDefaults = { syncTranscription: true, transcriptionSpeedFactor: 1 }
const { closeOnDisconnect, relink, relinkGraceMs, prefer, preferTimeoutMs } = linkDefaults
const deletionDefaults = { deleteRoomOnClose: false, deleteRoomTimeoutMs: 10_000 }
const roomDefaults = {
  ...{ closeOnDisconnect, relink, relinkGraceMs, prefer, preferTimeoutMs, closeBudgetMs: 5_000 },
  ...deletionDefaults,
}
const groups = ['audioInput', 'audioOutput', 'textInput', 'videoInput', 'textOutput']
const others = [
  'participantIdentity',
  'participantKinds',
  'deleteRoom',
  ...groups,
  'falseInterruption',
  'mind',
  'journal',
  'listener',
]
const kinds: readonly string[] = ['standard', 'ingress', 'egress', 'sip', 'agent', 'connector'] satisfies ParticipantKind[]
/** The options with their defaults, frozen. Throws a TypeError or RangeError that names the option, what came and what is expected. */
export const settingsOf = (options: RoomOptions = {}) => {
  const room = groupOf('options', roomDefaults, options, others)
  const input = partOf('audioInput', inputDefaults, options.audioInput, ['noiseCancellation'])
  const output = publishing(partOf('audioOutput', outputDefaults, options.audioOutput, ['trackPublishOptions']), options)
  const text = partOf('textOutput', textDefaults, options.textOutput, ['jsonFormat', 'legacyPacket', 'nextInChain'])
  const textOutput = textOutputOf(options.textOutput)
  const textInput = textInputOf(options.textInput)
  partOf('videoInput', {}, options.videoInput)
  const { participantIdentity: identity, participantKinds, mind, journal, listener } = options
  checkIdentity(identity)
  checkKinds(participantKinds)
  oneOf('relink', room.relink, ['any', 'same', 'none'])
  oneOf('prefer', room.prefer, ['first', 'publishing'])
  checkMind(mind)
  if (journal !== undefined && typeof journal !== 'function') throw new TypeError('journal must be a function of a line')
  if (listener !== undefined && typeof listener !== 'function') throw new TypeError('listener must be a function of a fact')
  whole('audioInput.frameSizeMs', input.frameSizeMs, (input.sampleRate * input.frameSizeMs) / 1000)
  checkVoice(output)
  const { closeBudgetMs, deleteRoomOnClose, deleteRoomTimeoutMs, ...choice } = room
  const on = Object.freeze({
    audioInput: options.audioInput !== false,
    audioOutput: options.audioOutput !== false,
    textInput: options.textInput !== false,
    videoInput: options.videoInput !== undefined && options.videoInput !== false, // OPT-2
    textOutput: options.textOutput !== false,
  })
  const link: LinkInput = {
    ...choice,
    kinds: participantKinds?.length ? [...participantKinds] : linkDefaults.kinds, // OPT-3
    ...(on.audioInput ? {} : { sources: ['camera', 'screen'] as const }), // LINK-4: what else could they publish for us
    ...(identity === undefined ? {} : { identity }),
  }
  return Object.freeze({
    ...{ link: Object.freeze(link), on, input, noiseCancellation: noiseOf(options), textInput, output, text, textOutput },
    ...{ deleteRoom: deletionOf(deleteRoomOnClose, options.deleteRoom), deleteRoomTimeoutMs, closeBudgetMs },
    ...{ falseInterruption: interruptionOf(options.falseInterruption), mind, journal, listener },
  })
}

/** Any other queue makes the native layer abort the process. */
const checkVoice = ({ sampleRate, queueMs, fadeMs }: typeof outputDefaults) => {
  whole('audioOutput.sampleRate', sampleRate, sampleRate / 100)
  whole('audioOutput.queueMs', queueMs, queueMs / 10)
  if (queueMs < 50) throw new RangeError(`audioOutput.queueMs is ${queueMs}: use 50 or more`)
  if (fadeMs > 20) throw new RangeError(`audioOutput.fadeMs is ${fadeMs}: use 0 to 20`)
}
const interruptionOf = (given: RoomOptions['falseInterruption']) => {
  if (given === undefined || given === false) return undefined
  const group = groupOf('falseInterruption', interruptionDefaults, given)
  oneOf('falseInterruption.rewind', group.rewind, ['none', 'word'])
  return group
}

/** The same with what our track is published with, for the SDK to understand. */
const publishing = <T extends object>(output: T, { audioOutput }: RoomOptions) => {
  const given = typeof audioOutput === 'object' ? audioOutput.trackPublishOptions : undefined
  if (given === undefined) return Object.freeze({ ...output, trackPublishOptions: undefined })
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw new TypeError(`audioOutput.trackPublishOptions must be an object, not ${kindOf(given)}`)
  return Object.freeze({ ...output, trackPublishOptions: Object.freeze({ ...given }) })
}

/** What deletes the room when it closes, if anything shall (ROOM-16). */
const deletionOf = (wanted: boolean, deleteRoom: RoomOptions['deleteRoom']) => {
  if (deleteRoom !== undefined && typeof deleteRoom !== 'function')
    throw new TypeError(`deleteRoom must be a function of a room's name, not ${kindOf(deleteRoom)}`)
  if (wanted && !deleteRoom) throw new TypeError('deleteRoomOnClose needs deleteRoom(name, signal): say how a room is deleted')
  return wanted ? deleteRoom : undefined
}

/** Throws a TypeError for an identity that cannot be one. */
export const checkIdentity = (identity: unknown): void => {
  if (identity !== undefined && (typeof identity !== 'string' || identity === ''))
    throw new TypeError(`a participant's identity is a text that is not empty, not ${JSON.stringify(identity)}`)
}

const noiseOf = ({ audioInput }: RoomOptions): NoiseCancellation | undefined => {
  const given: unknown = typeof audioInput === 'object' ? audioInput.noiseCancellation : undefined
  if (given === undefined || typeof given === 'function' || (typeof given === 'object' && given !== null)) return given
  throw new TypeError(
    `audioInput.noiseCancellation must be options, a processor or a function that chooses, not ${kindOf(given)}`,
  )
}
/** `asked`: by name, not by default (CHAT-1). Undefined where it is off. */
const textInputOf = (given: RoomOptions['textInput']) => {
  const { textInputCb, textInputCallback } = {
    ...partOf('textInput', {}, given, ['textInputCb']),
    ...(typeof given === 'object' ? given : {}),
  } as TextInputOptions
  const callback = textInputCb ?? textInputCallback // OPT-14
  if (callback !== undefined && typeof callback !== 'function')
    throw new TypeError(`textInput.textInputCb must be a function of a room and a message, not ${kindOf(callback)}`)
  return given === false ? undefined : Object.freeze({ asked: given !== undefined, callback })
}
/** Undefined where it is off. */
const textOutputOf = (given: RoomOptions['textOutput']) => {
  const { jsonFormat = false, legacyPacket = 'auto', nextInChain } = typeof given === 'object' ? given : {}
  if (typeof jsonFormat !== 'boolean') throw new TypeError(`textOutput.jsonFormat must be a boolean, not ${kindOf(jsonFormat)}`)
  if (typeof legacyPacket !== 'boolean' && legacyPacket !== 'auto')
    throw new TypeError(`textOutput.legacyPacket is ${JSON.stringify(legacyPacket)}: use true, false, "auto"`)
  for (const method of ['captureText', 'flush'])
    if (nextInChain !== undefined && typeof Reflect.get(Object(nextInChain), method) !== 'function')
      throw new TypeError(`textOutput.nextInChain has no ${method}(): it must take text as an output does`)
  return given === false ? undefined : Object.freeze({ jsonFormat, legacyPacket, nextInChain })
}

const checkKinds = (given: unknown) => {
  if (given === undefined) return
  if (!Array.isArray(given)) throw new TypeError(`participantKinds must be an array, not ${kindOf(given)}`)
  for (const kind of given)
    if (!kinds.includes(kind)) throw new TypeError(`participantKinds has no "${kind}": use ${kinds.join(', ')}`)
}
