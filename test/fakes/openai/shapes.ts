/** Small checks that are put together to the shape of an event, and say what is wrong as the service does (FAKE-2). */
import { isJson, type Refusal } from './wire.ts'

/** Nothing, if the value at that place is right. */
export type Check = (value: unknown, at: string) => Refusal | undefined

const kindOf = (value: unknown): string => {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'an array'
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}
const mistyped = (expected: string, value: unknown, at: string): Refusal => ({
  code: 'invalid_type',
  message: `Invalid type for '${at}': expected ${expected}, but got ${kindOf(value)} instead.`,
  param: at,
})
const wrong = (message: string, at: string): Refusal => ({
  code: 'invalid_value',
  message: `Invalid value for '${at}': ${message}`,
  param: at,
})

export const text: Check = (value, at) => (typeof value === 'string' ? undefined : mistyped('a string', value, at))
export const number: Check = (value, at) => (typeof value === 'number' ? undefined : mistyped('a number', value, at))
export const flag: Check = (value, at) => (typeof value === 'boolean' ? undefined : mistyped('a boolean', value, at))
export const anything: Check = () => undefined
/** Not negative. */
export const whole: Check = (value, at) => {
  if (!Number.isInteger(value)) return mistyped('an integer', value, at)
  return Number(value) >= 0 ? undefined : wrong('it is negative.', at)
}
export const id: Check = (value, at) => {
  if (typeof value !== 'string') return mistyped('a string', value, at)
  if (value.length > 32)
    return {
      code: 'string_above_max_length',
      message: `Invalid '${at}': string too long. Expected at most 32 characters.`,
      param: at,
    }
  return /^[\w-]+$/.test(value) ? undefined : wrong("expected a string that matches '^[a-zA-Z0-9_-]+$'.", at)
}
/** PCM of 16 bit in base64, padded. */
export const pcm: Check = (value, at) => {
  if (typeof value !== 'string') return mistyped('a string', value, at)
  if (value.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(value)) return wrong('it is no base64.', at)
  return Buffer.byteLength(value, 'base64') % 2 === 0 ? undefined : wrong('half a sample.', at)
}
export const oneOf =
  (...choices: unknown[]): Check =>
  (value, at) =>
    choices.includes(value) ? undefined : wrong(`supported values are ${choices.map(choice => `'${choice}'`).join(', ')}.`, at)
export const maybe =
  (check: Check): Check =>
  (value, at) =>
    value === null ? undefined : check(value, at)
/** The first check that agrees. */
export const either =
  (...checks: [Check, ...Check[]]): Check =>
  (value, at) => {
    const found = checks.map(check => check(value, at))
    return found.includes(undefined) ? undefined : found[0]
  }
export const list =
  (check: Check): Check =>
  (value, at) => {
    if (!Array.isArray(value)) return mistyped('an array', value, at)
    return value.map((item, index) => check(item, `${at}[${index}]`)).find(Boolean)
  }

type Fields = Record<string, Check>
const inside = (at: string, key: string) => (at ? `${at}.${key}` : key)
/** An object with these fields and no others. */
export const shape =
  (required: Fields, optional: Fields = {}): Check =>
  (value, at) => {
    if (!isJson(value)) return mistyped('an object', value, at)
    for (const key of Object.keys(required)) {
      const place = inside(at, key)
      if (value[key] === undefined)
        return { code: 'missing_required_parameter', message: `Missing required parameter: '${place}'.`, param: place }
    }
    for (const [key, field] of Object.entries(value)) {
      const place = inside(at, key)
      const check = required[key] ?? optional[key]
      if (!check) return { code: 'unknown_parameter', message: `Unknown parameter: '${place}'.`, param: place }
      const refusal = field === undefined ? undefined : check(field, place)
      if (refusal) return refusal
    }
    return undefined
  }
/** An object that one of its fields tells apart. */
export const by =
  (key: string, kinds: Record<string, Check>): Check =>
  (value, at) => {
    if (!isJson(value)) return mistyped('an object', value, at)
    const place = inside(at, key)
    const kind = value[key]
    if (kind === undefined)
      return { code: 'missing_required_parameter', message: `Missing required parameter: '${place}'.`, param: place }
    const check = typeof kind === 'string' ? kinds[kind] : undefined
    return check ? check(value, at) : oneOf(...Object.keys(kinds))(kind, place)
  }
