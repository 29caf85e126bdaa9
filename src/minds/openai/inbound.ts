/** What each event of the service becomes (the second table of the adapter). */
import { answers, type Commands } from './commands.ts'
import type { Conversation } from './conversation.ts'
import type { Responses, Tell } from './responses.ts'
import { nameOf, number, part, text, type Wire } from './wire.ts'

export type InboundHands = {
  commands: Commands
  conversation: Conversation
  responses: Responses
  tell: Tell
  hush: (line: string) => string
  /** A response has ended. */
  ended: (responseId: string) => void
  refused: (wire: Wire) => void
}
type Handlers = Readonly<Record<string, (wire: Wire) => void>>

/** What is of no use to us: it says what another event says better, or what we do not ask. */
const idle = () => {}
const ignored: Handlers = {
  'rate_limits.updated': idle,
  'conversation.created': idle,
  'conversation.item.input_audio_transcription.delta': idle,
  'conversation.item.input_audio_transcription.segment': idle,
  'response.function_call_arguments.delta': idle,
  'response.function_call_arguments.done': idle,
}
const itemIn = (wire: Wire): string => text(wire, 'item_id') ?? ''

const conversationHandlers = ({ commands, conversation, tell, hush }: InboundHands): Handlers => ({
  'conversation.item.added': wire => conversation.added(wire),
  'conversation.item.done': wire => conversation.added(wire),
  'conversation.item.deleted': wire => conversation.deleted(itemIn(wire)),
  'conversation.item.truncated': wire => commands.answer(answers.truncated(itemIn(wire), number(wire, 'content_index') ?? 0)),
  'conversation.item.input_audio_transcription.completed': wire => {
    const [itemId, transcript] = [itemIn(wire), text(wire, 'transcript') ?? '']
    conversation.update(itemId, [transcript])
    tell('input_speech_transcription_completed', { itemId, transcript })
  },
  'conversation.item.input_audio_transcription.failed': wire => {
    const message = hush(text(part(wire, 'error'), 'message') ?? 'the service gives no reason')
    tell('input_speech_transcription_failed', { itemId: itemIn(wire), message })
  },
})
/** Where in the input: only what the service says. */
const placeIn = (wire: Wire, field: string) => {
  const [itemId, atMs] = [text(wire, 'item_id'), number(wire, field)]
  return { ...(itemId !== undefined && { itemId }), ...(atMs !== undefined && { atMs }) }
}
const inputHandlers = ({ commands, tell }: InboundHands): Handlers => ({
  'input_audio_buffer.speech_started': wire => tell('input_speech_started', placeIn(wire, 'audio_start_ms')),
  'input_audio_buffer.speech_stopped': wire => tell('input_speech_stopped', placeIn(wire, 'audio_end_ms')),
  'input_audio_buffer.committed': wire => {
    commands.answer(answers.committed)
    tell('input_speech_committed', { itemId: itemIn(wire) })
  },
  'input_audio_buffer.cleared': () => commands.answer(answers.cleared),
})
const responseHandlers = ({ commands, conversation, responses, ended }: InboundHands): Handlers => {
  let repeats = false
  return {
    'response.created': wire => {
      const response = part(wire, 'response')
      const id = text(response, 'id')
      if (id === undefined || !responses.created(id)) return
      // Ours says so itself; a service that does not repeat what it was told answers in order.
      const eventId = text(part(response, 'metadata'), 'event_id')
      repeats ||= eventId !== undefined
      if (!repeats || eventId !== undefined) commands.answer(answers.created, id, eventId)
    },
    'response.done': wire => {
      const id = responses.done(wire)
      if (id !== undefined) ended(id)
    },
    'response.output_item.added': wire => responses.outputAdded(wire),
    'response.output_item.done': wire => {
      conversation.completed(part(wire, 'item'))
      responses.outputDone(wire)
    },
    'response.content_part.added': wire => responses.contentAdded(wire),
    'response.content_part.done': wire => responses.contentDone(wire),
    'response.output_audio.delta': wire => responses.audioDelta(wire),
    'response.output_audio.done': wire => responses.audioDone(wire),
    'response.output_audio_transcript.delta': wire => responses.textDelta(wire),
    'response.output_audio_transcript.done': wire => responses.textDone(wire),
    'response.output_text.delta': wire => responses.textDelta(wire),
    'response.output_text.done': wire => responses.textDone(wire),
  }
}

/** Takes one event. False: we do not know it. */
export const inboundOn = (hands: InboundHands): ((wire: Wire) => boolean) => {
  const { commands, refused } = hands
  const handlers: Handlers = {
    ...ignored,
    'session.created': () => commands.answer(answers.opened),
    'session.updated': () => void (commands.answer(answers.session) || commands.answer(answers.tools)),
    error: refused,
    ...conversationHandlers(hands),
    ...inputHandlers(hands),
    ...responseHandlers(hands),
  }
  return wire => {
    const name = nameOf(text(wire, 'type') ?? '')
    if (!Object.hasOwn(handlers, name)) return false
    handlers[name]?.(wire)
    return true
  }
}
