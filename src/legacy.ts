/** The two flat option objects of old, in the words of today. */
import type { RoomOptions } from './options.ts'
import type { Log, ParticipantKind } from './ports.ts'

type TextInputCb = (session: unknown, event: { text: string }) => unknown
/** Deprecated. Times in seconds. */
export type RoomInputOptions = {
  textEnabled?: boolean
  textInputCb?: TextInputCb
  textInputCallback?: TextInputCb
  audioEnabled?: boolean
  audioSampleRate?: number
  audioNumChannels?: number
  audioFrameSizeMs?: number
  noiseCancellation?: unknown
  preConnectAudio?: boolean
  preConnectAudioTimeout?: number
  videoEnabled?: boolean
  participantKinds?: ParticipantKind[]
  participantIdentity?: string
  closeOnDisconnect?: boolean
  deleteRoomOnClose?: boolean
}
/** Deprecated. */
export type RoomOutputOptions = {
  transcriptionEnabled?: boolean
  syncTranscription?: boolean
  transcriptionSpeedFactor?: number
  jsonFormat?: boolean
  audioEnabled?: boolean
  audioSampleRate?: number
  audioNumChannels?: number
  queueSizeMs?: number
  audioPublishOptions?: object
  audioTrackName?: string
}
/** Whom to link, and the options of old: they count only where no others are given. */
export type Legacy = {
  participant?: string | { identity: string }
  inputOptions?: RoomInputOptions
  outputOptions?: RoomOutputOptions
}

const known = ['participant', 'inputOptions', 'outputOptions', 'clock', 'ids', 'log', 'opus']
/** Throws a TypeError for what a RoomIO cannot do anything with. */
export const checkHands = (hands: object): void => {
  if (!isObject(hands)) throw new TypeError(`the last argument of a RoomIO must be a plain object, with ${known.join(', ')}`)
  for (const key of Object.keys(hands))
    if (!known.includes(key)) throw new TypeError(`the last argument of a RoomIO has no "${key}": it knows ${known.join(', ')}`)
}

/** The options that hold, unchecked. `participant` comes before `options.participantIdentity` (OPT-4). One warning for what is old (OPT-5). */
export const optionsOf = (
  options: RoomOptions | undefined,
  { participant, inputOptions, outputOptions }: Legacy,
  log: Log,
): RoomOptions => {
  if (inputOptions !== undefined || outputOptions !== undefined)
    log('warn', 'options.deprecated', { use: 'RoomOptions', ignored: options !== undefined })
  const given = options !== undefined ? options : { ...inputOf(inputOptions), ...outputOf(outputOptions) }
  const isGiven = participant !== undefined && participant !== null
  const identity = typeof participant === 'object' && participant !== null ? participant.identity : participant
  return isGiven && isObject(given) ? { ...given, participantIdentity: identityOf(identity) } : given
}

const isObject = (value: unknown) =>
  typeof value === 'object' && value !== null && [Object.prototype, null].includes(Object.getPrototypeOf(value))
const identityOf = (identity: unknown): string => {
  if (typeof identity === 'string' && identity !== '') return identity
  throw new TypeError(
    `participant must be an identity, or have one that is a text and not empty, not ${JSON.stringify(identity)}`,
  )
}

/** Each key of old, and where its value goes: the group (none: the room's own), the name in it, and what is made of it. */
type Move = [group: keyof RoomOptions | '', name: string, turn?: (value: unknown) => unknown]
const inMs = (seconds: unknown) => (typeof seconds === 'number' ? seconds * 1000 : seconds)
const inputMoves: Record<string, Move> = {
  textInputCb: ['textInput', 'textInputCb'],
  textInputCallback: ['textInput', 'textInputCallback'],
  audioSampleRate: ['audioInput', 'sampleRate'],
  audioNumChannels: ['audioInput', 'numChannels'],
  audioFrameSizeMs: ['audioInput', 'frameSizeMs'],
  noiseCancellation: ['audioInput', 'noiseCancellation'],
  preConnectAudio: ['audioInput', 'preConnectAudio'],
  preConnectAudioTimeout: ['audioInput', 'preConnectAudioTimeoutMs', inMs],
  participantKinds: ['', 'participantKinds'],
  participantIdentity: ['', 'participantIdentity'],
  closeOnDisconnect: ['', 'closeOnDisconnect'],
  deleteRoomOnClose: ['', 'deleteRoomOnClose'],
  deleteRoom: ['', 'deleteRoom'],
}
const outputMoves: Record<string, Move> = {
  syncTranscription: ['textOutput', 'syncTranscription'],
  transcriptionSpeedFactor: ['textOutput', 'transcriptionSpeedFactor'],
  jsonFormat: ['textOutput', 'jsonFormat'],
  audioSampleRate: ['audioOutput', 'sampleRate'],
  audioNumChannels: ['audioOutput', 'numChannels'],
  queueSizeMs: ['audioOutput', 'queueSizeMs'],
  audioPublishOptions: ['audioOutput', 'trackPublishOptions'],
  audioTrackName: ['audioOutput', 'trackName'],
}
const inputOf = (given: unknown): RoomOptions =>
  moved('inputOptions', given, inputMoves, { textEnabled: 'textInput', audioEnabled: 'audioInput', videoEnabled: 'videoInput' })
const outputOf = (given: unknown): RoomOptions =>
  moved('outputOptions', given, outputMoves, { transcriptionEnabled: 'textOutput', audioEnabled: 'audioOutput' })

/** `switches`: the keys that turn a group on or off. What is off has no fields. */
const moved = (name: string, given: unknown, moves: Record<string, Move>, switches: Record<string, string>): RoomOptions => {
  if (given === undefined) return {}
  if (!isObject(given)) throw new TypeError(`${name} must be a plain object`)
  const options: Record<string, unknown> = {}
  const late: [group: string, on: unknown][] = []
  for (const [key, value] of Object.entries(given as object)) {
    const [group, field, turn = same] = moves[key] ?? []
    const whole = switches[key]
    if (whole === undefined && (group === undefined || field === undefined))
      throw new TypeError(`${name} has no "${key}": it knows ${[...Object.keys(switches), ...Object.keys(moves)].join(', ')}`)
    if (value === undefined) continue
    if (whole !== undefined) late.push([whole, value])
    else if (group === '') options[field ?? ''] = turn(value)
    else if (group !== undefined) options[group] = { ...Object(options[group]), [field ?? '']: turn(value) }
  }
  for (const [group, on] of late) if (on !== true || options[group] === undefined) options[group] = on
  return options
}
const same = (value: unknown) => value
