/** The JSON form of frames: as LiveKit's Python SDK writes and reads it. */
import { misuse } from '../errors.ts'

export type Fields = { [name: string]: unknown }

export const toBase64 = ({ buffer, byteOffset, byteLength }: ArrayBufferView): string =>
  Buffer.from(buffer, byteOffset, byteLength).toString('base64')

/** The bytes, where `Buffer` would leave out whatever is no base64. Throws a TypeError. */
export const fromBase64 = (text: unknown): Uint8Array => {
  if (typeof text !== 'string' || text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text))
    throw misuse('ERR_JSON', 'the data of a frame in JSON must be base64')
  return new Uint8Array(Buffer.from(text, 'base64'))
}

/** The first item of a tuple, or the value itself. */
export const firstOf = (value: unknown): unknown => (Array.isArray(value) ? value[0] : value)

export const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null

/** A field that is a number. Throws a TypeError. */
export const numberIn = (fields: Fields, name: string): number => {
  const value = fields[name]
  if (typeof value === 'number') return value
  throw misuse('ERR_JSON', `a frame in JSON needs ${name} as a number`)
}
