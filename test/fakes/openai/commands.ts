/** What the service does when a client asks, one command after the other (FAKE-3, FAKE-4). Gives back why it does not. */
import type { Reply } from './replies.ts'
import type { Session } from './session.ts'
import { lengthIn } from './sound.ts'
import { type ClientEvent, type Item, isJson, type Refusal } from './wire.ts'

type Of<T extends ClientEvent['type']> = Extract<ClientEvent, { type: T }>

/** The service takes no less. */
const leastCommitMs = 100

const itemFrom = (session: Session, { item }: Of<'conversation.item.create'>): Item | undefined => {
  const id = item.id ?? session.nextId('item_')
  const kept = { object: 'realtime.item', status: 'completed' } as const
  if (item.type === 'function_call' || item.type === 'function_call_output') return { ...item, ...kept, id }
  if (item.type !== 'message') return undefined
  if (item.role === 'user') return { ...item, ...kept, id }
  return item.role === 'system' ? { ...item, ...kept, id } : { ...item, ...kept, id }
}
/** Audio is kept, and not told again. */
const withoutAudio = (item: Item): Item => {
  const told = structuredClone(item)
  if (told.type === 'message' && told.role !== 'system') for (const part of told.content) delete part.audio
  return told
}

const create = (session: Session, event: Of<'conversation.item.create'>): Refusal | undefined => {
  const { conversation } = session
  const item = itemFrom(session, event)
  if (!item) return { code: 'invalid_value', message: 'Items of this kind are not taken.', param: 'item.type' }
  const previous = conversation.insert(item, event.previous_item_id ?? undefined)
  if (typeof previous === 'object' && previous !== null) return previous
  if (item.type === 'message' && item.role !== 'system')
    for (const [index, part] of item.content.entries()) if (part.audio) conversation.sent(item.id, index, lengthIn(part.audio))
  const told = { previous_item_id: previous, item: withoutAudio(item) }
  session.tell({ type: 'conversation.item.added', ...told })
  session.tell({ type: 'conversation.item.done', ...told })
  return undefined
}

const commit = (session: Session): Refusal | undefined => {
  const { inputMs } = session.conversation
  const message = `Error committing input audio buffer: expected at least ${leastCommitMs}ms of audio, but it only has ${inputMs}ms.`
  if (inputMs < leastCommitMs) return { code: 'input_audio_buffer_commit_empty', message }
  session.commit()
  return undefined
}

const respond = (
  session: Session,
  { response }: Of<'response.create'>,
  nextReply: () => Reply | undefined,
): Refusal | undefined => {
  if (session.active) {
    const message = `Conversation already has an active response in progress: ${session.active.id}. Wait until the response is finished before creating a new one.`
    return { code: 'conversation_already_has_active_response', message }
  }
  session.reply(nextReply() ?? {}, response?.metadata)
  return undefined
}
const cancel = (session: Session, { response_id: id }: Of<'response.cancel'>): Refusal | undefined => {
  const isActive = session.active && (!id || id === session.active.id)
  if (isActive && session.interrupt('client_cancelled')) return undefined
  return { code: 'response_cancel_not_active', message: 'Cancellation failed: no active response found' }
}

const retrieve = (session: Session, id: string): Refusal | undefined => {
  const item = session.conversation.find(id)?.item
  if (!item)
    return { code: 'item_retrieve_invalid_item_id', message: `The item with id '${id}' does not exist.`, param: 'item_id' }
  session.tell({ type: 'conversation.item.retrieved', item: structuredClone(item) })
  return undefined
}

const edit = (session: Session, event: Of<'conversation.item.delete' | 'conversation.item.truncate'>): Refusal | undefined => {
  const { item_id } = event
  const refusal =
    event.type === 'conversation.item.delete' ? session.conversation.remove(item_id) : session.conversation.truncate(event)
  if (refusal) return refusal
  if (event.type === 'conversation.item.delete') session.tell({ type: 'conversation.item.deleted', item_id })
  else {
    const { content_index, audio_end_ms } = event
    session.tell({ type: 'conversation.item.truncated', item_id, content_index, audio_end_ms })
  }
  return undefined
}

export const obey = (session: Session, event: ClientEvent, nextReply: () => Reply | undefined): Refusal | undefined => {
  switch (event.type) {
    case 'session.update':
      return void (isJson(event.session) && session.configure(event.session))
    case 'input_audio_buffer.append':
      return session.hear(lengthIn(event.audio)) ?? undefined
    case 'input_audio_buffer.commit':
      return commit(session)
    case 'input_audio_buffer.clear':
      session.conversation.waiting = 0
      return void session.tell({ type: 'input_audio_buffer.cleared' })
    case 'conversation.item.create':
      return create(session, event)
    case 'conversation.item.retrieve':
      return retrieve(session, event.item_id)
    case 'conversation.item.delete':
    case 'conversation.item.truncate':
      return edit(session, event)
    case 'response.create':
      return respond(session, event, nextReply)
    case 'response.cancel':
      return cancel(session, event)
  }
}
