/** What is written to go with an event, read. */
import type { JsonObject } from '../../inspector/messages.ts'

export type Payload = { payload: JsonObject } | { problem: string }

const isObject = (value: unknown): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value)

/** Engines tell a position, some of them line and column as well. */
const placeOf = (written: string, message: string): string => {
  const [, position] = /position (\d+)/.exec(message) ?? []
  if (position === undefined) return ''
  const before = written.slice(0, Number(position)).split('\n')
  return ` in line ${before.length}, column ${(before.at(-1) ?? '').length + 1}`
}

/** Nothing at all is an event without a payload. */
export const payloadOf = (written: string): Payload => {
  if (written.trim() === '') return { payload: {} }
  try {
    const value: unknown = JSON.parse(written)
    if (!isObject(value)) return { problem: 'This has to be an object, such as { "reason": "test" }.' }
    if ('type' in value) return { problem: 'The type of the event is above: leave it out here.' }
    return { payload: value }
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    const what = message.replace(/ in JSON.*$| at position.*$|^JSON\.parse: /g, '').replace(/, ".*$/, '')
    return { problem: `This is not JSON${placeOf(written, message)}: ${what}.` }
  }
}

/** Why nothing can be sent just now; empty where it can. */
export const whyNot = ({ life, sends, recorded }: { life: string; sends: boolean; recorded: boolean }): string => {
  if (recorded) return 'This is a recording: nothing can be sent to it.'
  if (!sends) return 'Sending is switched off for this room.'
  if (life === 'travelling') return 'This moment is past: follow the room to send.'
  return life === 'following' ? '' : 'The server is away.'
}
