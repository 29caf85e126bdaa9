/** Errors that a caller can tell apart by code. */

/** An Error whose `code` is stable; the message says what is wrong and what to do. */
export const coded = (code: string, message: string, cause?: unknown): Error & { code: string } =>
  Object.assign(new Error(message, cause === undefined ? undefined : { cause }), { code })

/** The code of an error, if it has one. */
export const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined

/** One line about anything that was thrown. */
export const lineOf = (error: unknown): string => textOf(error instanceof Error ? error.message : error).split('\n', 1)[0] ?? ''
const textOf = (thrown: unknown): string => {
  try {
    return String(thrown)
  } catch {
    return 'something that cannot be put into words' // an object without a prototype, say
  }
}
