/** Events as they are on the wire: two dialects, of which today's names are used inside (OAI-1), and fields that may be missing. */

/** `ga`: the names of today; `beta`: the flat ones before them. */
export type Dialect = 'ga' | 'beta'
export type Wire = Readonly<Record<string, unknown>>

/** Names of before, and what they are called today. */
const today: Readonly<Record<string, string>> = {
  'conversation.item.created': 'conversation.item.added',
  'response.audio.delta': 'response.output_audio.delta',
  'response.audio.done': 'response.output_audio.done',
  'response.audio_transcript.delta': 'response.output_audio_transcript.delta',
  'response.audio_transcript.done': 'response.output_audio_transcript.done',
  'response.text.delta': 'response.output_text.delta',
  'response.text.done': 'response.output_text.done',
}
export const nameOf = (type: string): string => today[type] ?? type

export const isWire = (value: unknown): value is Wire => typeof value === 'object' && value !== null && !Array.isArray(value)
export const text = (from: Wire, field: string): string | undefined => {
  const value = from[field]
  return typeof value === 'string' ? value : undefined
}
export const number = (from: Wire, field: string): number | undefined => {
  const value = from[field]
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined
}
/** The object in a field; an empty one where there is none. */
export const part = (from: Wire, field: string): Wire => {
  const value = from[field]
  return isWire(value) ? value : {}
}
export const list = (from: Wire, field: string): Wire[] => {
  const value = from[field]
  return Array.isArray(value) ? value.filter(isWire) : []
}
