/** What this surface throws: misuse at once, with a code; and what the server or the native layer refused, by what was asked. */

/** Something of the wrong shape. Codes: ERR_FRAME, ERR_FORMAT, ERR_TRACK, ERR_HANDLER, ERR_JSON. */
export const misuse = (code: string, message: string): TypeError & { code: string } =>
  Object.assign(new TypeError(message), { code })
/** A number that cannot work. Codes as above, and ERR_RANGE. */
export const outside = (code: string, message: string): RangeError & { code: string } =>
  Object.assign(new RangeError(message), { code })

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
