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
import { checkWatchers, deletionOf, noiseOf, textInputOf, textOutputOf } from './owned.ts'
import type { ParticipantKind, TextSink } from './ports.ts'
import type { Recorder } from './recording/recorder.ts'

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
  /** Writes down all that happens: `recorderIn(folder)`. The room can be replayed from it. */
  recorder?: Recorder
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
  'recorder',
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
  const { participantIdentity: identity, participantKinds, mind, journal, recorder, listener } = options
  checkIdentity(identity)
  checkKinds(participantKinds)
  oneOf('relink', room.relink, ['any', 'same', 'none'])
  oneOf('prefer', room.prefer, ['first', 'publishing'])
  checkMind(mind)
  checkWatchers(options)
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
    ...{ falseInterruption: interruptionOf(options.falseInterruption), mind, journal, recorder, listener },
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

/** Throws a TypeError for an identity that cannot be one. */
export const checkIdentity = (identity: unknown): void => {
  if (identity !== undefined && (typeof identity !== 'string' || identity === ''))
    throw new TypeError(`a participant's identity is a text that is not empty, not ${JSON.stringify(identity)}`)
}

const checkKinds = (given: unknown) => {
  if (given === undefined) return
  if (!Array.isArray(given)) throw new TypeError(`participantKinds must be an array, not ${kindOf(given)}`)
  for (const kind of given)
    if (!kinds.includes(kind)) throw new TypeError(`participantKinds has no "${kind}": use ${kinds.join(', ')}`)
}
