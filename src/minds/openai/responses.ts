/** The responses that are being made: their parts, their calls, and their end. */
import { coded, lineOf } from '../../errors.ts'
import type { Clock, Log } from '../../ports.ts'
import type { RawCall } from '../../realtime/functions.ts'
import { metricsOf } from '../../realtime/metrics.ts'
import type { FunctionCall, ModelResponse, ResponseOutput, SessionEvents } from '../../realtime/port.ts'
import { Content } from './content.ts'
import { failureIn, lineAbout, statusIn, tokensIn } from './outcome.ts'
import { decode } from './pcm.ts'
import { number, part, text, type Wire } from './wire.ts'

export type Tell = <E extends keyof SessionEvents>(event: E, payload: SessionEvents[E]) => void
export type ResponseHands = {
  clock: Clock
  log: Log
  epochMs: number | undefined
  label: string
  hush: (line: string) => string
  tell: Tell
  /** A call is complete. */
  call: (raw: RawCall) => FunctionCall
}
/** `dropped`: it was cancelled, and what still comes of it is for nobody (MM-32). */
type Response = {
  id: string
  createdAt: number
  firstAt: number | undefined
  outputs: Map<string, ResponseOutput>
  ended: Set<ResponseOutput>
  contents: Map<string, Content>
  calls: FunctionCall[]
  dropped: boolean
}

/** So many responses whose beginning was missed are remembered. */
const REMEMBERED = 32

export class Responses {
  readonly #hands: ResponseHands
  readonly #active = new Map<string, Response>()
  /** Those that ended before we knew of them: they do not begin any more. */
  readonly #missed = new Set<string>()

  constructor(hands: ResponseHands) {
    this.#hands = hands
  }

  get size(): number {
    return this.#active.size
  }
  has(id: string): boolean {
    return this.#active.has(id)
  }

  /** False: it was created before, or is over. */
  created(id: string): boolean {
    if (this.#active.has(id) || this.#missed.has(id)) {
      this.#skip('response.created', 'it was created before')
      return false
    }
    const parts = { outputs: new Map(), ended: new Set<ResponseOutput>(), contents: new Map(), calls: [] }
    this.#active.set(id, { id, createdAt: this.#hands.clock.now(), firstAt: undefined, ...parts, dropped: false })
    this.#hands.tell('response_created', { id, status: 'in_progress' })
    return true
  }
  outputAdded(wire: Wire): void {
    const response = this.#responseOf(wire)
    const item = part(wire, 'item')
    const [itemId, { type }] = [text(item, 'id'), item]
    if (!response) return
    if (itemId === undefined || (type !== 'message' && type !== 'function_call'))
      return void this.#skip(wire.type, 'an unknown item')
    if (response.outputs.has(itemId)) return void this.#skip(wire.type, 'it was added before')
    const output: ResponseOutput = { responseId: response.id, itemId, outputIndex: number(wire, 'output_index') ?? 0, type }
    response.outputs.set(itemId, output)
    this.#hands.tell('response_output_added', output)
  }
  contentAdded(wire: Wire): void {
    const response = this.#responseOf(wire)
    const [itemId = '', key] = [text(wire, 'item_id'), keyOf(wire)]
    if (!response || response.dropped) return
    if (!response.outputs.has(itemId) || response.contents.has(key))
      return void this.#skip(wire.type, 'an unknown item, or a part twice')
    const type = text(part(wire, 'part'), 'type')?.includes('audio') ? 'audio' : 'text'
    const [outputIndex, contentIndex] = [number(wire, 'output_index') ?? 0, number(wire, 'content_index') ?? 0]
    const place = { responseId: response.id, itemId, outputIndex, contentIndex }
    const content = new Content(place, type, response.calls, error => this.#hands.tell('error', { error, recoverable: true }))
    response.contents.set(key, content)
    response.firstAt ??= this.#hands.clock.now()
    this.#hands.tell('response_content_added', content)
  }
  audioDelta(wire: Wire): void {
    const content = this.#contentOf(wire)
    if (!content) return
    try {
      content.sound(decode(text(wire, 'delta') ?? ''))
    } catch (error) {
      const skipped = coded('ERR_AUDIO', `${lineOf(error)}: it is skipped`)
      this.#hands.log('warn', 'openai.audio.skipped', { item: content.itemId, error: lineOf(error) })
      this.#hands.tell('error', { error: skipped, recoverable: true })
    }
  }
  audioDone(wire: Wire): void {
    this.#contentOf(wire)?.audioStream.end()
  }
  textDelta(wire: Wire): void {
    this.#contentOf(wire)?.say(text(wire, 'delta') ?? '')
  }
  textDone(wire: Wire): void {
    this.#contentOf(wire)?.sayAll(text(wire, 'transcript') ?? text(wire, 'text'))
  }
  contentDone(wire: Wire): void {
    const content = this.#contentOf(wire)
    if (!content) return
    content.sayAll(text(part(wire, 'part'), 'transcript') ?? text(part(wire, 'part'), 'text'))
    content.end()
    if (content.done) return void this.#skip(wire.type, 'it was done before')
    content.done = true
    this.#hands.tell('response_content_done', content)
  }
  outputDone(wire: Wire): void {
    const response = this.#responseOf(wire)
    const item = part(wire, 'item')
    const output = response?.outputs.get(text(item, 'id') ?? '')
    if (!response) return
    if (!output || response.ended.has(output)) return void this.#skip(wire.type, 'an unknown item, or an item twice')
    response.ended.add(output) // a call must not run twice
    this.#hands.tell('response_output_done', output)
    if (output.type !== 'function_call') return
    const [callId, name] = [text(item, 'call_id'), text(item, 'name')]
    if (callId === undefined || name === undefined || item.status === 'incomplete')
      return void this.#skip(wire.type, 'a call that is not complete')
    const raw = { responseId: response.id, itemId: output.itemId, callId, name, rawArguments: text(item, 'arguments') ?? '' }
    response.calls.push(this.#hands.call(raw))
  }
  /** Gives back its id, if it was one of ours. */
  done(wire: Wire): string | undefined {
    const ended = part(wire, 'response')
    const id = text(ended, 'id') ?? ''
    const response = this.#active.get(id)
    if (response) this.#finish(response, ended)
    else this.#miss(wire, id)
    return response?.id
  }

  /** It was cancelled, or all were: the streams end at once. */
  drop(id?: string): void {
    for (const response of this.#active.values()) {
      if (id !== undefined && response.id !== id) continue
      response.dropped = true
      for (const content of response.contents.values()) content.drop()
    }
  }
  /** No more of any: what is open ends, or fails with `error`. */
  end(error: Error | undefined): void {
    for (const { contents } of this.#active.values()) for (const content of contents.values()) content.end(error)
    this.#active.clear()
  }

  #finish(response: Response, ended: Wire): void {
    const { clock, tell, hush, label, epochMs } = this.#hands
    const { id, createdAt, firstAt } = response
    const status = statusIn(ended)
    const error = failureIn(ended, hush)
    const failure = error && coded(error.code ?? `ERR_${status.toUpperCase()}`, lineAbout(status, error))
    for (const content of response.contents.values()) content.end(status === 'failed' ? failure : undefined)
    this.#active.delete(id)
    const told: ModelResponse = { id, status, ...(ended.usage != null && { usage: ended.usage }), ...(error && { error }) }
    tell('response_done', told)
    const course = { label, requestId: id, status, createdAt, firstAt, endedAt: clock.now(), epochMs, error }
    tell('metrics_collected', metricsOf({ ...course, tokens: tokensIn(ended) }))
  }
  #miss({ type }: Wire, id: string): void {
    this.#missed.add(id)
    for (const oldest of this.#missed) if (this.#missed.size > REMEMBERED) this.#missed.delete(oldest)
    this.#skip(type, 'an unknown response')
  }
  #responseOf(wire: Wire): Response | undefined {
    const response = this.#active.get(text(wire, 'response_id') ?? '')
    if (!response) this.#skip(wire.type, 'an unknown response')
    return response
  }
  #contentOf(wire: Wire): Content | undefined {
    const response = this.#responseOf(wire)
    const content = response?.contents.get(keyOf(wire))
    if (response && !content && !response.dropped) this.#skip(wire.type, 'an unknown part')
    return response?.dropped ? undefined : content
  }
  #skip(type: unknown, reason: string): void {
    this.#hands.log('warn', 'openai.event.skipped', { type, reason })
  }
}

const keyOf = (wire: Wire): string => `${text(wire, 'item_id')} ${number(wire, 'content_index')}`
