/** Conversations, functions and figures: ours in the classes of `@livekit/agents`, and theirs in ours. */
import { llm, type metrics } from '@livekit/agents'
import { AudioFrame } from '@livekit/rtc-node'
import type { AudioFrame as Frame } from '../../audio/frame.ts'
import type { ChatAudio, ChatContext, ChatItem, FunctionContext, ModelMetrics } from '../../realtime/port.ts'

/** The native layer takes its own class only; and some plugins take all of the memory that the samples lie in, so there is nothing else. */
export const nativeOf = ({ data, sampleRate, channels, samplesPerChannel }: Frame): AudioFrame => {
  const alone = data.byteLength === data.buffer.byteLength ? data : data.slice()
  return new AudioFrame(alone, sampleRate, channels, samplesPerChannel)
}

/** What `known` has already stays the same item: a model that is told of it again would make another of it. */
export const theirsOf = ({ items }: ChatContext, known: llm.ChatContext): llm.ChatContext =>
  new llm.ChatContext(items.map(item => known.getById(item.id) ?? theirItem(item, nameOf(items, item))))

/** One item in their class. `name`: of the function, if it is an output; some models ask for it. */
export const theirItem = (item: ChatItem, name = ''): llm.ChatItem => {
  const { id } = item
  if (item.type === 'call') return llm.FunctionCall.create({ id, callId: item.callId, name: item.name, args: item.arguments })
  if (item.type === 'output')
    return llm.FunctionCallOutput.create({ id, callId: item.callId, name, output: item.output, isError: item.isError ?? false })
  const content = item.content.map(part => (typeof part === 'string' ? part : theirAudio(part)))
  return llm.ChatMessage.create({ id, role: item.role, content, interrupted: item.interrupted ?? false })
}
const theirAudio = ({ frames, transcript }: ChatAudio) =>
  llm.createAudioContent({ frame: frames.map(nativeOf), ...(transcript !== undefined ? { transcript } : {}) })
/** The function whose output this is. */
const nameOf = (items: readonly ChatItem[], { type, ...item }: ChatItem): string | undefined => {
  if (type !== 'output' || !('callId' in item)) return undefined
  const call = items.find(other => other.type === 'call' && other.callId === item.callId)
  return call?.type === 'call' ? call.name : undefined
}

/** What is not said by anybody (handoffs, settings) and what cannot be heard (pictures) is left out. */
export const oursOf = ({ items }: llm.ChatContext): ChatItem[] => items.flatMap(item => ourItem(item) ?? [])
const ourItem = (item: llm.ChatItem): ChatItem | undefined => {
  if (item.type === 'function_call') {
    const { id, callId, name, args } = item
    return { id, type: 'call', callId, name, arguments: args }
  }
  if (item.type === 'function_call_output') {
    const { id, callId, output, isError } = item
    return { id, type: 'output', callId, output, ...(isError ? { isError } : {}) }
  }
  if (item.type !== 'message') return undefined
  const { id, role, interrupted } = item
  const content = item.content.flatMap(part => ourPart(part) ?? [])
  return { id, type: 'message', role: role === 'developer' ? 'system' : role, content, ...(interrupted ? { interrupted } : {}) }
}
const ourPart = (part: llm.ChatContent): string | ChatAudio | undefined => {
  if (typeof part === 'string') return part
  if (part.type === 'instructions') return part.value
  if (part.type !== 'audio_content') return undefined
  return { type: 'audio', frames: part.frame, ...(part.transcript !== undefined ? { transcript: part.transcript } : {}) }
}

/** Behind this item; at the end if none is given, or it is not there. */
export const inserted = (known: llm.ChatContext, item: llm.ChatItem, previousItemId?: string): llm.ChatContext => {
  const at = known.items.findIndex(({ id }) => id === previousItemId)
  known.items.splice(at < 0 ? known.items.length : at + 1, 0, item)
  return known
}
export const without = (known: llm.ChatContext, itemId: string): llm.ChatContext => {
  known.items = known.items.filter(({ id }) => id !== itemId)
  return known
}

/** What their sessions tell the model of the functions; they are run here, so theirs are never called. */
export const toolsOf = (functions: FunctionContext): llm.ToolContext =>
  new llm.ToolContext(
    functions.map(({ name, description = '', parameters = { type: 'object', properties: {} } }) =>
      llm.tool({ name, description, parameters, execute: async () => undefined }),
    ),
  )

/** Numbers that are not known are 0. */
export const metricsOf = (told: metrics.RealtimeModelMetrics): ModelMetrics => {
  const {
    timestamp,
    requestId,
    ttftMs,
    durationMs,
    cancelled,
    label,
    inputTokenDetails: input,
    outputTokenDetails: output,
  } = told
  return {
    ...{ timestamp, requestId, ttftMs, durationMs, cancelled, label },
    ...{ completionTokens: told.outputTokens, promptTokens: told.inputTokens, totalTokens: told.totalTokens },
    tokensPerSecond: Number.isFinite(told.tokensPerSecond) ? told.tokensPerSecond : 0,
    inputTokenDetails: { cached: input?.cachedTokens ?? 0, text: input?.textTokens ?? 0, audio: input?.audioTokens ?? 0 },
    outputTokenDetails: { text: output?.textTokens ?? 0, audio: output?.audioTokens ?? 0 },
  }
}
