/** What a session tells: facts for the machine, news for the owner, captions for the caller's words. */
import type { RealtimeEvent } from '../../machines/realtime.ts'
import type { Conversation, Log } from '../ports.ts'
import type { TellAgent } from './news.ts'
import type { ModelResponse, RealtimeSession, ResponseContent, SessionEvents } from './port.ts'
import type { Speech } from './speech.ts'

export type ListeningHands = {
  conversation: Conversation
  speech: Speech
  /** The caller's words are shown. */
  shown: boolean
  log: Log
  tell: TellAgent
  send: (event: RealtimeEvent) => void
}
export type Listening = {
  /** The content that was added under this id, once. */
  take(id: string): ResponseContent | undefined
  /** Listens no more. */
  close(): void
}
type Listeners = { [E in keyof SessionEvents]?: (payload: SessionEvents[E]) => void }

/** So many items whose words have come are remembered: each is told once. */
const REMEMBERED = 256

export const listenTo = (session: RealtimeSession, hands: ListeningHands): Listening => {
  const added = new Map<string, ResponseContent>()
  const said = new Set<string>()
  const listeners = { ...voices(added, hands), ...words(session, said, hands), ...rest(hands) }
  const each = (does: <E extends keyof SessionEvents>(event: E, listener: (payload: SessionEvents[E]) => void) => void) => {
    for (const [event, listener] of Object.entries(listeners)) does(event as keyof SessionEvents, listener as () => void)
  }
  each((event, listener) => session.on(event, listener))
  return {
    take: id => {
      const content = added.get(id)
      added.delete(id)
      return content
    },
    close: () => {
      each((event, listener) => session.off(event, listener))
      added.clear()
      for (const itemId of said) if (hands.shown) hands.conversation.heard('', true, itemId) // its words will not come any more
      said.clear()
    },
  }
}

/** What the model says. */
const voices = (added: Map<string, ResponseContent>, { speech, send, tell, log }: ListeningHands): Listeners => ({
  response_created: ({ id }) => {
    speech.begin(id)
    send({ type: 'response.created', id })
  },
  response_content_added: content => {
    if (content.contentType !== 'audio') return
    const id = `${content.itemId}:${content.contentIndex}`
    added.set(id, content)
    send({ type: 'content.added', id })
  },
  response_content_done: ({ contentType, itemId, text }) =>
    send(contentType === 'audio' ? { type: 'content.voiced' } : { type: 'content.written', itemId, text }),
  response_done: response => {
    speech.end(response.id)
    const error = failureOf(response)
    if (!error) return
    log(response.status === 'failed' ? 'error' : 'warn', `model.response.${response.status}`, { error: error.message })
    tell('error', { source: 'model', error, recoverable: true })
  },
})
/** MM-50. */
const failureOf = ({ id, status, error }: ModelResponse): Error | undefined => {
  if (status !== 'failed' && status !== 'incomplete') return undefined
  const { message, ...about } = error ?? {}
  const why = message ?? about.reason ?? about.code ?? 'the model does not say why'
  return Object.assign(new Error(`the response ${id} is ${status}: ${why}`), about)
}

/** What the caller says (MM-38, MM-39). `said`: the items whose words are awaited. */
const words = (
  session: RealtimeSession,
  said: Set<string>,
  { conversation, shown, tell, send, log }: ListeningHands,
): Listeners => {
  const caption = (text: string, final: boolean, id: string) => shown && conversation.heard(text, final, id)
  const known = new Set<string>()
  const isNews = (itemId: string) => {
    said.delete(itemId)
    if (known.has(itemId)) return false
    known.add(itemId)
    for (const oldest of known) if (known.size > REMEMBERED) known.delete(oldest)
    return true
  }
  return {
    input_speech_started: () => {
      tell('user_started_speaking', undefined)
      send({ type: 'speech.started' })
    },
    input_speech_stopped: () => tell('user_stopped_speaking', undefined),
    input_speech_committed: ({ itemId }) => {
      said.add(itemId)
      for (const oldest of said) if (said.size > REMEMBERED) said.delete(oldest)
      caption('', false, itemId)
    },
    input_speech_transcription_completed: ({ itemId: id, transcript: text }) => {
      if (!isNews(id)) return
      caption(text, true, id)
      session.updateConversationItemContent(id, [text])
      tell('user_speech_committed', { id, role: 'user', text })
    },
    input_speech_transcription_failed: ({ itemId, message }) => {
      if (!isNews(itemId)) return
      caption('', true, itemId)
      log('warn', 'model.transcription.failed', { itemId, error: message })
      tell('error', { source: 'transcription', error: new Error(message), recoverable: true })
    },
  }
}

const rest = ({ tell, send, log }: ListeningHands): Listeners => ({
  function_calls_collected: calls => tell('function_calls_collected', calls),
  function_calls_finished: results => tell('function_calls_finished', results),
  metrics_collected: metrics => tell('metrics_collected', metrics),
  error: ({ error, recoverable }) => {
    if (!recoverable) return send({ type: 'session.lost', error })
    log('warn', 'model.error', { error: error.message })
    tell('error', { source: 'model', error, recoverable })
  },
  closed: ({ error = new Error('the model has ended the session') }) => send({ type: 'session.lost', error }),
})
