/** The conversation as it was told: some models of `@livekit/agents` keep what was said, in its order; others only what they were given. */
import { Mirror } from '../../realtime/context.ts'
import type { ChatAudio, ChatContext, ChatItem, SessionEvents } from '../../realtime/port.ts'

/** No item has this id, so what follows it is put at the end. */
const LAST = ''

export class History {
  #mirror = new Mirror()
  /** The first message of the response that is being made: a transcript that is late belongs before it. */
  #current: string | undefined

  constructor(start: ChatContext) {
    this.begin(start)
  }

  /** It is this one now. */
  begin({ items }: ChatContext): void {
    this.#mirror = new Mirror()
    for (const item of items) this.#mirror.insert(item, LAST)
  }
  put(item: ChatItem, previousId = LAST): void {
    this.#mirror.insert(item, previousId)
  }
  delete(id: string): void {
    this.#mirror.delete(id)
  }
  /** What its owner knows of a message. */
  update(id: string, content: readonly (string | ChatAudio)[], interrupted?: boolean): void {
    this.#mirror.update(id, content, interrupted)
  }

  /** Takes note of what is told. */
  hear<E extends keyof SessionEvents>(event: E, payload: SessionEvents[E]): void {
    const told = { event, payload } as {
      [E in keyof SessionEvents]: { event: E; payload: SessionEvents[E] }
    }[keyof SessionEvents]
    if (told.event === 'response_content_added') {
      this.#current ??= told.payload.itemId
      this.put(message(told.payload.itemId, 'assistant'))
    }
    if (told.event === 'response_content_done') this.put(message(told.payload.itemId, 'assistant', told.payload.text))
    if (told.event === 'response_done') this.#current = undefined
    if (told.event === 'input_speech_transcription_completed')
      this.#mirror.insert(message(told.payload.itemId, 'user', told.payload.transcript), this.#before(this.#current))
    if (told.event === 'function_calls_collected')
      for (const { toolCallId: callId, name, rawArguments } of told.payload)
        this.put({ id: `call_${callId}`, type: 'call', callId, name, arguments: rawArguments })
  }

  /** All of it, in the order in which the model has it, as far as that is known. */
  over(known: readonly ChatItem[]): ChatContext {
    const items = [...known]
    const noted = this.#mirror.copy().items
    for (const [n, item] of noted.entries()) {
      const at = items.findIndex(one => isSame(one, item))
      const previous = noted[n - 1]
      const after = previous ? items.findIndex(one => isSame(one, previous)) : -1
      if (at >= 0) items[at] = item.type === 'message' ? item : (items[at] ?? item)
      else items.splice(previous && after < 0 ? items.length : after + 1, 0, item)
    }
    return { items }
  }

  /** Whom that follows which stands before this one. */
  #before(id: string | undefined): string | undefined {
    const { items } = this.#mirror.copy()
    const at = items.findIndex(item => item.id === id)
    return at < 0 ? LAST : items[at - 1]?.id
  }
}

const message = (id: string, role: 'user' | 'assistant', text?: string): ChatItem => ({
  ...{ id, type: 'message', role },
  content: text === undefined ? [] : [text],
})
/** A call has another id with the model than with whoever heard of it. */
const isSame = (one: ChatItem, other: ChatItem): boolean =>
  one.id === other.id || (one.type === 'call' && other.type === 'call' && one.callId === other.callId)
