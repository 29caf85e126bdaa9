/** What a page asks, read and checked. */
import type { FromPage } from './scene.ts'

type Members = Record<string, unknown>
const isObject = (value: unknown): value is Members => typeof value === 'object' && value !== null && !Array.isArray(value)
const isTime = (value: unknown): boolean => typeof value === 'number' && Number.isFinite(value)
const isTexts = (value: unknown): boolean => Array.isArray(value) && value.every(isText)
const isText = (value: unknown): boolean => typeof value === 'string'

const isFilter = (value: unknown): boolean =>
  isObject(value) && isText(value.actor) && isText(value.name) && isTexts(value.hidden) && typeof value.noise === 'boolean'
/** In characters: each word of it is looked for in each row. */
const LONGEST_SEARCH = 500
const ways: readonly unknown[] = ['next', 'before', 'still']

const checks = new Map<string, (asked: Members) => boolean>([
  ['seek', ({ id, at, seq }) => isTime(id) && isTime(at) && (seq === undefined || isTime(seq))],
  ['span', ({ id, from, to }) => isTime(id) && isTime(from) && isTime(to)],
  [
    'list',
    ({ id, filter, from, seq, count }) =>
      [id, seq, count].every(isTime) && isFilter(filter) && (from === undefined || isTime(from)),
  ],
  [
    'find',
    ({ id, filter, text, seq, way }) =>
      [id, seq].every(isTime) && isFilter(filter) && isText(text) && String(text).length <= LONGEST_SEARCH && ways.includes(way),
  ],
  ['send', ({ to, event }) => isText(to) && isObject(event) && isText(event.type)],
  ['call.start', ({ mind, voice }) => isText(mind) && isText(voice)],
  ['call.end', () => true],
  ['call.pause', () => true],
  ['call.resume', () => true],
  ['call.interrupt', () => true],
  ['call.write', ({ text }) => isText(text)],
])
const isAsked = (value: unknown): value is FromPage =>
  isObject(value) && typeof value.type === 'string' && checks.get(value.type)?.(value) === true

/** Undefined for what is no question of ours. */
export const askedIn = (text: string): FromPage | undefined => {
  try {
    const value: unknown = JSON.parse(text)
    return isAsked(value) ? value : undefined
  } catch {
    return undefined // whoever sent it is told
  }
}
