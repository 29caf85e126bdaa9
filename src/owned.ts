/** What of the options is the owner's own code, and whether it is what it must be. */
import { kindOf, partOf } from './groups.ts'
import type { NoiseCancellation } from './inbound/noise.ts'
import type { RoomOptions, TextInputOptions } from './options.ts'

/** What deletes the room when it closes, if anything shall (ROOM-16). */
export const deletionOf = (wanted: boolean, deleteRoom: RoomOptions['deleteRoom']) => {
  if (deleteRoom !== undefined && typeof deleteRoom !== 'function')
    throw new TypeError(`deleteRoom must be a function of a room's name, not ${kindOf(deleteRoom)}`)
  if (wanted && !deleteRoom) throw new TypeError('deleteRoomOnClose needs deleteRoom(name, signal): say how a room is deleted')
  return wanted ? deleteRoom : undefined
}

export const noiseOf = ({ audioInput }: RoomOptions): NoiseCancellation | undefined => {
  const given: unknown = typeof audioInput === 'object' ? audioInput.noiseCancellation : undefined
  if (given === undefined || typeof given === 'function' || (typeof given === 'object' && given !== null)) return given
  throw new TypeError(
    `audioInput.noiseCancellation must be options, a processor or a function that chooses, not ${kindOf(given)}`,
  )
}
/** `asked`: by name, not by default (CHAT-1). Undefined where it is off. */
export const textInputOf = (given: RoomOptions['textInput']) => {
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
export const textOutputOf = (given: RoomOptions['textOutput']) => {
  const { jsonFormat = false, legacyPacket = 'auto', nextInChain } = typeof given === 'object' ? given : {}
  if (typeof jsonFormat !== 'boolean') throw new TypeError(`textOutput.jsonFormat must be a boolean, not ${kindOf(jsonFormat)}`)
  if (typeof legacyPacket !== 'boolean' && legacyPacket !== 'auto')
    throw new TypeError(`textOutput.legacyPacket is ${JSON.stringify(legacyPacket)}: use true, false, "auto"`)
  for (const method of ['captureText', 'flush'])
    if (nextInChain !== undefined && typeof Reflect.get(Object(nextInChain), method) !== 'function')
      throw new TypeError(`textOutput.nextInChain has no ${method}(): it must take text as an output does`)
  return given === false ? undefined : Object.freeze({ jsonFormat, legacyPacket, nextInChain })
}

/** Who is told of all that happens. */
export const checkWatchers = ({ journal, recorder, listener }: RoomOptions): void => {
  if (journal !== undefined && typeof journal !== 'function') throw new TypeError('journal must be a function of a line')
  if (listener !== undefined && typeof listener !== 'function') throw new TypeError('listener must be a function of a fact')
  for (const method of ['input', 'media', 'attach', 'close'])
    if (recorder !== undefined && typeof Reflect.get(Object(recorder), method) !== 'function')
      throw new TypeError(`recorder has no ${method}(): take it from recorderIn(folder)`)
}
