/** What this surface throws: misuse at once, with a code; and what the server or the native layer refused, by what was asked. */
import { coded, codeOf } from '../../errors.ts'

/** Something of the wrong shape. Codes: ERR_FRAME, ERR_FORMAT, ERR_TRACK, ERR_HANDLER, ERR_JSON, ERR_SOURCE, ERR_STREAM, ERR_ARGUMENT. */
export const misuse = (code: string, message: string): TypeError & { code: string } =>
  Object.assign(new TypeError(message), { code })
/** Throws for anything but text, which the native layer could not be told. */
export const checkText = (what: string, value: unknown): void => {
  if (typeof value !== 'string') throw misuse('ERR_ARGUMENT', `${what} must be text, and is ${typeof value}`)
}
/** Throws for anything but a list of identities: of one that is a text alone the native layer says nothing. */
export const checkIdentities = (value: unknown): void => {
  if (!Array.isArray(value) || value.some(one => typeof one !== 'string'))
    throw misuse('ERR_ARGUMENT', "destinationIdentities must be an array of identities: ['ann'] for one")
}
/** A number that cannot work. Codes as above, and ERR_RANGE. */
export const outside = (code: string, message: string): RangeError & { code: string } =>
  Object.assign(new RangeError(message), { code })

/** Throws a RangeError with code ERR_RANGE for what is no whole number from `least` on. */
export const checkWhole = (name: string, value: number, least: number): void => {
  if (!Number.isSafeInteger(value) || value < least)
    throw outside('ERR_RANGE', `${name} is ${value}: use a whole number of ${least} or more`)
}

/** Why a wait ended with its room: as the signal says, or else with code ERR_DISCONNECTED. */
export const disconnected = ({ reason }: AbortSignal): Error =>
  reason instanceof Error && codeOf(reason) ? reason : coded('ERR_DISCONNECTED', 'the room was left before that was done', reason)

/** What was asked of the server and refused; the message is that of the native layer. */
abstract class Refused extends Error {
  abstract readonly code: string
  constructor(message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
  }
}
export class ConnectError extends Refused {
  override readonly name: string = 'ConnectError'
  readonly code: string = 'ERR_CONNECT'
}
export class PublishDataError extends Refused {
  override readonly name: string = 'PublishDataError'
  readonly code: string = 'ERR_PUBLISH_DATA'
}
export class PublishDTMFError extends Refused {
  override readonly name: string = 'PublishDTMFError'
  readonly code: string = 'ERR_PUBLISH_DTMF'
}
export class PublishTranscriptionError extends Refused {
  override readonly name: string = 'PublishTranscriptionError'
  readonly code: string = 'ERR_PUBLISH_TRANSCRIPTION'
}
export class PublishTrackError extends Refused {
  override readonly name: string = 'PublishTrackError'
  readonly code: string = 'ERR_PUBLISH_TRACK'
}
export class UnpublishTrackError extends Refused {
  override readonly name: string = 'UnpublishTrackError'
  readonly code: string = 'ERR_UNPUBLISH_TRACK'
}
/** Of what we say of ourselves. */
export class ChangeError extends Refused {
  override readonly name: string = 'ChangeError'
  readonly code: string = 'ERR_REFUSED'
}
