/** What a session tells: facts for the machine, news for the owner, captions for the caller's words. */
import type { RealtimeEvent } from '../../machines/realtime.ts'
import type { Conversation } from '../mind.ts'
import type { Log } from '../ports.ts'
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
  /** Listens no more, but to how running calls end: their end is told also when it is the session's. */
  close(): void
  end(): void
}
type Listeners = { [E in keyof SessionEvents]?: (payload: SessionEvents[E]) => void }

type Failure = { status: string; error: Error }
/** Responses that failed: each is told, unless the session tells it by itself in the very turn in which it tells its end (MM-50). */
class Failures {
  readonly #hands: ListeningHands
  readonly #untold: Failure[] = []

  constructor(hands: ListeningHands) {
    this.#hands = hands
  }

  push(failure: Failure): void {
    this.#untold.push(failure)
    queueMicrotask(() => this.#tell())
  }
  /** The session tells the newest. */
  pop(): void {
    this.#untold.pop()
  }
  #tell(): void {
    const { log, tell } = this.#hands
    for (const { status, error } of this.#untold.splice(0)) {
      log(status === 'failed' ? 'error' : 'warn', `model.response.${status}`, { error: error.message })
      tell('error', { source: 'model', error, recoverable: true })
    }
  }
}

/** So many items whose words have come are remembered: each is told once. */
const REMEMBERED = 256

export const listenTo = (session: RealtimeSession, hands: ListeningHands): Listening => {
  const added = new Map<string, ResponseContent>()
  const said = new Set<string>()
  const failures = new Failures(hands)
  let isOpen = true
  const own = { ...words(session, said, hands), ...calls(() => isOpen, hands) }
  const listeners = { ...voices(added, failures, hands), ...own, ...rest(failures, hands) }
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
      isOpen = false
      each((event, listener) => event !== 'function_calls_finished' && session.off(event, listener))
      added.clear()
      for (const itemId of said) if (hands.shown) hands.conversation.heard('', true, itemId) // its words will not come any more
      said.clear()
    },
    end: () => each((event, listener) => session.off(event, listener)),
  }
}

/** What the model says. */
const voices = (added: Map<string, ResponseContent>, failures: Failures, { speech, send }: ListeningHands): Listeners => ({
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
    if (error) failures.push({ status: response.status, error })
  },
})
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
      if (known.has(itemId)) return // its words have come already
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

/** Each call that was told is told to have ended, also when it is the session's end; no other (law 11). */
const calls = (isOpen: () => boolean, { tell }: ListeningHands): Listeners => {
  const running = new Set<string>()
  return {
    function_calls_collected: collected => {
      for (const { toolCallId } of collected) running.add(toolCallId)
      tell('function_calls_collected', collected)
    },
    function_calls_finished: results => {
      const told = results.filter(({ call }) => running.delete(call.toolCallId) || isOpen())
      if (told.length > 0) tell('function_calls_finished', told)
    },
  }
}

const rest = (failures: Failures, { tell, send, log }: ListeningHands): Listeners => ({
  metrics_collected: metrics => tell('metrics_collected', metrics),
  error: ({ error, recoverable }) => {
    if (!recoverable) return send({ type: 'session.lost', error })
    failures.pop()
    log('warn', 'model.error', { error: error.message })
    tell('error', { source: 'model', error, recoverable })
  },
  closed: ({ error = new Error('the model has ended the session') }) => send({ type: 'session.lost', error }),
})
