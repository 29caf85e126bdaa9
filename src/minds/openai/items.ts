/** Entries of a conversation, in our words and in those of the service (OAI-4). */
import { checkFunctions } from '../../realtime/functions.ts'
import type { ChatAudio, ChatItem, FunctionContext } from '../../realtime/port.ts'
import { encode, silence } from './pcm.ts'
import { type Dialect, list, text, type Wire } from './wire.ts'

type Content = string | ChatAudio
type Message = Extract<ChatItem, { type: 'message' }>

const sound = ({ frames, transcript }: ChatAudio): Wire => ({
  type: 'input_audio',
  audio: Buffer.concat(frames.map(frame => Buffer.from(encode(frame), 'base64'))).toString('base64'),
  ...(transcript !== undefined && { transcript }),
})
/** Nothing for what the service does not take: sound of the system or of the assistant, or none at all. */
const partOf = (content: Content, role: Message['role'], dialect: Dialect): Wire | undefined => {
  const isSound = typeof content !== 'string'
  if (isSound && role !== 'user') return undefined
  if (isSound && content.frames.length > 0) return sound(content)
  if (isSound) return content.transcript === undefined ? undefined : { type: 'input_text', text: content.transcript }
  if (role !== 'assistant') return { type: 'input_text', text: content }
  return { type: dialect === 'ga' ? 'output_text' : 'text', text: content }
}

/** An item for the service; nothing if nothing of it can be sent. `skipped` is told of what is left out. */
export const wireItem = (item: ChatItem, dialect: Dialect, skipped: () => void): Wire | undefined => {
  const { id } = item
  if (item.type === 'call') return { id, type: 'function_call', call_id: item.callId, name: item.name, arguments: item.arguments }
  if (item.type === 'output') return { id, type: 'function_call_output', call_id: item.callId, output: item.output }
  const { role } = item
  const known = item.content.filter(one => typeof one === 'string' || one.frames.length > 0 || one.transcript !== undefined)
  const content = known.flatMap(one => partOf(one, role, dialect) ?? [])
  if (content.length < known.length) skipped()
  return content.length > 0 ? { id, type: 'message', role, content } : undefined
}
export const silentItem = (id: string): Wire => ({
  id,
  type: 'message',
  role: 'user',
  content: [{ type: 'input_audio', audio: silence() }],
})

/** What was said in a part: as sound if the caller said it, as text if the model did. */
const contentOf = (wire: Wire): Content => {
  const transcript = text(wire, 'transcript')
  if (wire.type === 'input_audio') return { type: 'audio', frames: [], ...(transcript !== undefined && { transcript }) }
  return text(wire, 'text') ?? transcript ?? ''
}
/** An item of the service in our words; nothing if it is of a kind that we do not know. */
export const chatItem = (wire: Wire): ChatItem | undefined => {
  const id = text(wire, 'id')
  const callId = text(wire, 'call_id') ?? ''
  if (id === undefined) return undefined
  if (wire.type === 'function_call')
    return { id, type: 'call', callId, name: text(wire, 'name') ?? '', arguments: text(wire, 'arguments') ?? '' }
  if (wire.type === 'function_call_output') return { id, type: 'output', callId, output: text(wire, 'output') ?? '' }
  const { role } = wire
  if (wire.type !== 'message' || (role !== 'system' && role !== 'user' && role !== 'assistant')) return undefined
  return { id, type: 'message', role, content: list(wire, 'content').map(contentOf) }
}

/** Throws a TypeError for functions that no model takes, or that the service does not. */
export const checkTools = (fncCtx: FunctionContext): void => {
  checkFunctions(fncCtx)
  for (const { name } of fncCtx)
    if (!/^[\w-]{1,64}$/.test(name))
      throw new TypeError(`OpenAI takes no function "${name}": a name has letters, digits, _ and -, at most 64 of them`)
}
const noParameters = { type: 'object', properties: {} }
export const wireTools = (fncCtx: FunctionContext): Wire[] =>
  fncCtx.map(({ name, description, parameters = noParameters }) => ({
    type: 'function',
    name,
    ...(description !== undefined && { description }),
    parameters,
  }))
