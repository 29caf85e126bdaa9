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
class Refused extends Error {
  readonly code: string
  constructor(code: string, name: string, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
    this.name = name
  }
}
export class ConnectError extends Refused {
  constructor(message: string, cause?: unknown) {
    super('ERR_CONNECT', 'ConnectError', message, cause)
  }
}
export class PublishDataError extends Refused {
  constructor(message: string, cause?: unknown) {
    super('ERR_PUBLISH_DATA', 'PublishDataError', message, cause)
  }
}
export class PublishDTMFError extends Refused {
  constructor(message: string, cause?: unknown) {
    super('ERR_PUBLISH_DTMF', 'PublishDTMFError', message, cause)
  }
}
export class PublishTranscriptionError extends Refused {
  constructor(message: string, cause?: unknown) {
    super('ERR_PUBLISH_TRANSCRIPTION', 'PublishTranscriptionError', message, cause)
  }
}
export class PublishTrackError extends Refused {
  constructor(message: string, cause?: unknown) {
    super('ERR_PUBLISH_TRACK', 'PublishTrackError', message, cause)
  }
}
export class UnpublishTrackError extends Refused {
  constructor(message: string, cause?: unknown) {
    super('ERR_UNPUBLISH_TRACK', 'UnpublishTrackError', message, cause)
  }
}
/** Of what we say of ourselves. */
export class ChangeError extends Refused {
  constructor(message: string, cause?: unknown) {
    super('ERR_REFUSED', 'ChangeError', message, cause)
  }
}
