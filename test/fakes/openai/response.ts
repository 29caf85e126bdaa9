/** One response of the model, as the service tells it: each step says its events in their order (FAKE-6). */
import type { RealtimeResponse, RealtimeResponseStatus } from 'openai/resources/realtime/realtime'
import type { Conversation } from './conversation.ts'
import { base64Of } from './sound.ts'
import type { Item, ServerEvent, Usage } from './wire.ts'

type Details = RealtimeResponseStatus
/** What the client has attached to its wish: it comes back with the response. */
export type Metadata = NonNullable<RealtimeResponse['metadata']>
/** How a response ends. `reason`: why it is cancelled or incomplete; `error`: why it failed. */
export type Ending = {
  status: NonNullable<Details['type']>
  reason?: NonNullable<Details['reason']>
  error?: NonNullable<Details['error']>
  usage?: Usage
}
/** What a response needs of its session. */
export type Desk = {
  tell(event: ServerEvent): void
  nextId(prefix: string): string
  conversation: Conversation
  modality: 'audio' | 'text'
  metadata?: Metadata | null | undefined
}

type Part = { type: 'audio' | 'text'; index: number; said: string }

export class Response {
  readonly id: string
  readonly items: Item[] = []
  readonly #desk: Desk
  #item: Item | undefined
  #part: Part | undefined
  #ended = false

  constructor(desk: Desk) {
    this.#desk = desk
    this.id = desk.nextId('resp_')
    desk.tell({ type: 'response.created', response: this.#describe('in_progress') })
  }

  get ended(): boolean {
    return this.#ended
  }

  /** A message whose parts follow, or a call whose arguments do. */
  openItem(call?: { name: string; callId: string; id?: string }): void {
    this.closeItem('completed')
    const id = call?.id ?? this.#desk.nextId('item_')
    const item: Item = call
      ? {
          id,
          object: 'realtime.item',
          type: 'function_call',
          status: 'in_progress',
          name: call.name,
          call_id: call.callId,
          arguments: '',
        }
      : { id, object: 'realtime.item', type: 'message', status: 'in_progress', role: 'assistant', content: [] }
    this.#item = item
    this.items.push(item)
    const previous = this.#desk.conversation.last
    this.#desk.conversation.insert(item)
    this.#desk.tell({ type: 'response.output_item.added', ...this.#at(), item: { ...item } })
    this.#desk.tell({ type: 'conversation.item.added', previous_item_id: previous, item: { ...item } })
  }

  openPart(type: Part['type']): void {
    this.closePart()
    const item = this.#message()
    this.#part = { type, index: item.content.length, said: '' }
    item.content.push(type === 'audio' ? { type: 'output_audio', transcript: '' } : { type: 'output_text', text: '' })
    const part = type === 'audio' ? ({ type, transcript: '' } as const) : ({ type, text: '' } as const)
    this.#desk.tell({ type: 'response.content_part.added', ...this.#inPart(), part })
  }

  audio(data: Int16Array): void {
    const at = this.#inPart()
    this.#desk.conversation.sent(at.item_id, at.content_index, data.length)
    this.#desk.tell({ type: 'response.output_audio.delta', ...at, delta: base64Of(data) })
  }
  words(delta: string): void {
    const part = this.#part
    if (part) part.said += delta
    const type = part?.type === 'text' ? 'response.output_text.delta' : 'response.output_audio_transcript.delta'
    this.#desk.tell({ type, ...this.#inPart(), delta })
  }
  argument(delta: string): void {
    if (this.#item?.type !== 'function_call') return
    this.#item.arguments += delta
    const at = { ...this.#at(), item_id: this.#item.id, call_id: this.#item.call_id ?? '' }
    this.#desk.tell({ type: 'response.function_call_arguments.delta', ...at, delta })
  }

  closePart(): void {
    const part = this.#part
    const content = part && this.#message().content[part.index]
    if (!part || !content) return
    const at = this.#inPart()
    const { type, said } = part
    if (type === 'audio') {
      content.transcript = said
      this.#desk.tell({ type: 'response.output_audio.done', ...at })
      this.#desk.tell({ type: 'response.output_audio_transcript.done', ...at, transcript: said })
      this.#desk.tell({ type: 'response.content_part.done', ...at, part: { type, transcript: said } })
    } else {
      content.text = said
      this.#desk.tell({ type: 'response.output_text.done', ...at, text: said })
      this.#desk.tell({ type: 'response.content_part.done', ...at, part: { type, text: said } })
    }
    this.#part = undefined
  }

  closeItem(status: 'completed' | 'incomplete'): void {
    const item = this.#item
    if (!item) return
    this.closePart()
    if (item.type === 'function_call' && status === 'completed') {
      const at = { ...this.#at(), item_id: item.id, call_id: item.call_id ?? '' }
      this.#desk.tell({ type: 'response.function_call_arguments.done', ...at, name: item.name, arguments: item.arguments })
    }
    item.status = status
    const at = this.#at()
    this.#item = undefined
    this.#desk.tell({ type: 'conversation.item.done', previous_item_id: this.#before(item), item: structuredClone(item) })
    this.#desk.tell({ type: 'response.output_item.done', ...at, item: structuredClone(item) })
  }

  /** The last word; what is open is closed first. */
  end(ending: Ending): void {
    if (this.#ended) return
    this.closeItem(ending.status === 'completed' ? 'completed' : 'incomplete')
    this.#ended = true
    this.#desk.tell({ type: 'response.done', response: this.#describe(ending.status, ending) })
  }

  /** Deltas for a part that is over already, as a service in disorder would send them (FAKE-8). */
  straggle(data: Int16Array): void {
    const item = this.items.findLast(({ type }) => type === 'message')
    if (!item) return
    const at = { response_id: this.id, output_index: this.items.indexOf(item), item_id: item.id, content_index: 0 }
    this.#desk.tell({ type: 'response.output_audio.delta', ...at, delta: base64Of(data) })
  }

  #message() {
    if (this.#item?.type !== 'message' || this.#item.role !== 'assistant') this.openItem()
    if (this.#item?.type !== 'message' || this.#item.role !== 'assistant') throw new Error('a part needs a message')
    return this.#item
  }
  #before(item: Item): string | null {
    const { items } = this.#desk.conversation
    return items[items.findIndex(({ id }) => id === item.id) - 1]?.id ?? null
  }
  #at() {
    return { response_id: this.id, output_index: Math.max(0, this.items.length - 1) }
  }
  #inPart() {
    return { ...this.#at(), item_id: this.#item?.id ?? '', content_index: this.#part?.index ?? 0 }
  }
  #describe(status: Ending['status'] | 'in_progress', { reason, error, usage }: Partial<Ending> = {}): RealtimeResponse {
    const { modality, metadata } = this.#desk
    const details =
      status === 'in_progress' || status === 'completed'
        ? undefined
        : { type: status, ...(reason && { reason }), ...(error && { error }) }
    return {
      object: 'realtime.response',
      id: this.id,
      status,
      ...(details && { status_details: details }),
      output: structuredClone(this.items),
      output_modalities: [modality],
      ...(metadata && { metadata }),
      ...(usage && { usage }),
    }
  }
}
