/** The events of the protocol, and its two dialects: today's names (ga) are spoken inside, those of before (beta) only on the wire. */
import type * as api from 'openai/resources/realtime/realtime'

export type Dialect = 'ga' | 'beta'
export type Json = Record<string, unknown>
/** Any event as it is on the wire. */
export type WireEvent = Json & { type: string; event_id?: string }
type WithoutId<T> = T extends unknown ? Omit<T, 'event_id'> : never
type SessionEvent = { type: 'session.created' | 'session.updated'; session: Json }
/** What the server says, before it gets its number. */
export type ServerEvent =
  | WithoutId<Exclude<api.RealtimeServerEvent, api.SessionCreatedEvent | api.SessionUpdatedEvent>>
  | SessionEvent
export type ClientEvent = Exclude<api.RealtimeClientEvent, api.OutputAudioBufferClearEvent>
export type Item = (
  | api.RealtimeConversationItemSystemMessage
  | api.RealtimeConversationItemUserMessage
  | api.RealtimeConversationItemAssistantMessage
  | api.RealtimeConversationItemFunctionCall
  | api.RealtimeConversationItemFunctionCallOutput
) & { id: string }
export type Usage = api.RealtimeResponseUsage
/** Why a command was not done. */
export type Refusal = { code: string; message: string; param?: string; type?: string }
/** The end of a connection at the server. 1006 as code of `close`: no farewell, the socket is gone. */
export type Line = { send(text: string): void; close(code: number, reason: string): void; pause(): void; resume(): void }

/** 16-bit mono in both directions. */
export const sampleRate = 24_000
export const isJson = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)

const formerNames: Record<string, string> = {
  'conversation.item.added': 'conversation.item.created',
  'response.output_audio.delta': 'response.audio.delta',
  'response.output_audio.done': 'response.audio.done',
  'response.output_audio_transcript.delta': 'response.audio_transcript.delta',
  'response.output_audio_transcript.done': 'response.audio_transcript.done',
  'response.output_text.delta': 'response.text.delta',
  'response.output_text.done': 'response.text.done',
}
const formerFields: Record<string, string> = { output_modalities: 'modalities' }
const formerContents: Record<string, string> = { output_text: 'text', output_audio: 'audio' }

const formerly = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(formerly)
  if (!isJson(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, field]) => {
      const former = key === 'type' && typeof field === 'string' ? (formerContents[field] ?? field) : formerly(field)
      return [formerFields[key] ?? key, former]
    }),
  )
}

/** A client's event in today's words: only what the assistant said is named otherwise. */
export const fromWire = (dialect: Dialect, event: Json): Json => {
  const item = event.item
  if (dialect === 'ga' || !isJson(item) || !Array.isArray(item.content)) return event
  const content = item.content.map(part => (isJson(part) && part.type === 'text' ? { ...part, type: 'output_text' } : part))
  return { ...event, item: { ...item, content } }
}

/** The name of an event of today on the wire; nothing if the dialect has no such event. */
export const nameIn = (dialect: Dialect, type: string): string | undefined => {
  if (dialect === 'ga') return type
  return type === 'conversation.item.done' ? undefined : (formerNames[type] ?? type)
}
/** An event as its dialect says it. */
export const toWire = (dialect: Dialect, event: ServerEvent): WireEvent | undefined => {
  const type = nameIn(dialect, event.type)
  if (type === undefined) return undefined
  const fields = dialect === 'ga' ? event : formerly(event)
  return isJson(fields) ? { ...fields, type } : undefined
}
