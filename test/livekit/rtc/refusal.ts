/** What misuse throws. */
import { codeOf } from '../../../src/errors.ts'

export type Refusal = { kind: string; code: string | undefined; message: string }

const of = (error: unknown): Refusal =>
  error instanceof Error
    ? { kind: error.constructor.name, code: codeOf(error), message: error.message }
    : { kind: 'no error', code: undefined, message: String(error) }

export const refusal = (make: () => unknown): Refusal => {
  try {
    make()
    return { kind: 'none', code: undefined, message: '' }
  } catch (error) {
    return of(error)
  }
}
/** Of what was asked and rejects. */
export const rejection = (asked: Promise<unknown>): Promise<Refusal> =>
  asked.then(() => ({ kind: 'none', code: undefined, message: '' }), of)

/** The class and the code: `RangeError ERR_FRAME`. */
export const kindOf = (make: () => unknown): string => {
  const { kind, code } = refusal(make)
  return `${kind} ${code}`
}
