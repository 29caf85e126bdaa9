/** One connection: what the client may ask of it, and what the script has it do. */
import { msOf } from '../../../src/audio/frame.ts'
import { checks, isClientEvent } from './checks.ts'
import { obey } from './commands.ts'
import { Config } from './config.ts'
import { Conversation } from './conversation.ts'
import type { Faults } from './faults.ts'
import { type Outbox, outboxOn } from './outbox.ts'
import type { Recording } from './record.ts'
import { inText, play, type Reply, stepsOf } from './replies.ts'
import { type Ending, type Metadata, Response } from './response.ts'
import { samplesBetween } from './sound.ts'
import { deferred, type Timers, timersOn } from './timers.ts'
import {
  type Dialect,
  fromWire,
  type Item,
  isJson,
  type Json,
  type Line,
  type Refusal,
  type ServerEvent,
  sampleRate,
} from './wire.ts'

/** What all connections of a server share. */
export type Shared = {
  dialect: Dialect
  timers: Timers
  recording: Recording
  faults: Faults
  nextId(prefix: string): string
  /** What the model answers next, if the script said so. */
  nextReply(): Reply | undefined
  /** Is told of each event of the client. */
  heard(event: Json & { type: string }): void
}
export type Replying = { readonly id: string; readonly response: Response; readonly done: Promise<void> }

const usage = {
  total_tokens: 30,
  input_tokens: 10,
  output_tokens: 20,
  input_token_details: { cached_tokens: 0, text_tokens: 4, audio_tokens: 6 },
  output_token_details: { text_tokens: 5, audio_tokens: 15 },
}
const limits = [{ name: 'requests' as const, limit: 1000, remaining: 999, reset_seconds: 60 }]

export class Session {
  readonly conversation = new Conversation()
  readonly model: string
  readonly #shared: Shared
  readonly #line: Line
  readonly #number: number
  readonly #config: Config
  readonly #timers: Timers
  readonly #outbox: Outbox
  readonly #closed = deferred<void>()
  readonly #arrivals: { samples: number; work: () => void }[] = []
  #active: { response: Response; stop(): void; done(): void } | undefined
  #open = true

  constructor(shared: Shared, line: Line, number: number, model: string) {
    this.#shared = shared
    this.#line = line
    this.#number = number
    this.model = model
    this.#config = new Config(shared.dialect, { id: shared.nextId('sess_'), object: 'realtime.session', model })
    this.#timers = timersOn(shared.timers.clock)
    const cut = (code: number, reason: string) => this.close(code, reason)
    this.#outbox = outboxOn({ ...shared, line, session: number, timers: this.#timers, cut })
  }

  get open(): boolean {
    return this.#open
  }
  /** Resolves when it is over. */
  get closed(): Promise<void> {
    return this.#closed.promise
  }
  /** The response that is being made. */
  get active(): Response | undefined {
    return this.#active?.response
  }
  /** What the client wants a turn to do. */
  get turns(): Config['turns'] {
    return this.#config.turns
  }
  /** How much audio came in all, in ms. */
  get receivedMs(): number {
    return msOf(this.conversation.received, sampleRate)
  }

  greet(): void {
    this.tell({ type: 'session.created', session: this.#config.value })
    if (this.#shared.dialect === 'beta')
      this.tell({ type: 'conversation.created', conversation: { id: this.nextId('conv_'), object: 'realtime.conversation' } })
  }
  tell(event: ServerEvent): void {
    this.#outbox.tell(event)
  }
  refuse({ type = 'invalid_request_error', code, message, param }: Refusal, eventId?: string): void {
    this.tell({ type: 'error', error: { type, code, message, param: param ?? null, event_id: eventId ?? null } })
  }
  nextId(prefix: string): string {
    return this.#shared.nextId(prefix)
  }
  after(ms: number, work: () => void): void {
    this.#timers.after(ms, work)
  }
  /** Does `work` when so many ms of audio came in all. */
  whenReceived(ms: number, work: () => void): void {
    const samples = (ms * sampleRate) / 1000
    if (this.conversation.received >= samples) work()
    else this.#arrivals.push({ samples, work })
  }

  /** What the client sent. */
  take(text: string): void {
    if (!this.#open) return
    const event = parsed(text)
    const type = typeof event?.type === 'string' ? event.type : '(none)'
    this.#shared.recording.add({ session: this.#number, from: 'client', type, ...(event ? { event } : { text }) })
    if (event) this.#handle(event, type)
    else this.refuse({ code: 'invalid_json', message: 'The message is no JSON object.' })
  }
  hear(samples: number): void {
    this.conversation.hear(samples)
    for (const arrival of [...this.#arrivals]) {
      if (this.conversation.received < arrival.samples) continue
      this.#arrivals.splice(this.#arrivals.indexOf(arrival), 1)
      arrival.work()
    }
  }
  configure(more: Json): void {
    this.#config.merge(more)
    this.tell({ type: 'session.updated', session: this.#config.value })
  }
  /** Makes an item of what waits in the input. */
  commit(itemId = this.nextId('item_')): void {
    const samples = this.conversation.waiting
    const previous = this.conversation.last
    const kept = { id: itemId, object: 'realtime.item', status: 'completed' } as const
    const item: Item = { ...kept, type: 'message', role: 'user', content: [{ type: 'input_audio' }] }
    this.conversation.waiting = 0
    this.conversation.insert(item)
    this.conversation.sent(itemId, 0, samples)
    const told = { previous_item_id: previous, item: structuredClone(item) }
    this.tell({ type: 'input_audio_buffer.committed', item_id: itemId, previous_item_id: previous })
    this.tell({ type: 'conversation.item.added', ...told })
    this.tell({ type: 'conversation.item.done', ...told })
  }

  /** Begins a response. A service makes one at a time. `metadata`: of whoever asked for it. */
  reply(reply: Reply, metadata?: Metadata | null): Replying {
    if (!this.#open) throw new Error('the session is over: nobody hears a reply')
    if (this.#active) throw new Error(`${this.#active.response.id} is still being made: the service makes one response at a time`)
    const { faults } = this.#shared
    const nextId = (prefix: string) => this.nextId(prefix)
    const desk = { tell: (event: ServerEvent) => this.tell(event), nextId, conversation: this.conversation }
    const response = new Response({ ...desk, modality: this.#config.modality, metadata })
    const parts = reply.parts?.map(part => (part.kind === 'audio' && faults.take('inText') ? inText(part) : part)) ?? []
    const { steps, endMs } = stepsOf({ ...reply, parts }, nextId)
    const done = deferred<void>()
    const end = { atMs: endMs, tell: () => void (faults.take('endless') ?? this.#end(reply)) }
    this.#active = { response, stop: () => {}, done: done.resolve }
    const playing = play(this.#timers, response, [...steps, end], () => this.#open && this.#active?.response === response)
    if (this.#active?.response === response) this.#active.stop = playing.stop
    if (!this.#open) this.#leave()
    return { id: response.id, response, done: done.promise }
  }
  /** The next reply of the script, since a turn is over. */
  answerTurn(): void {
    const reply = this.#open && !this.#active ? this.#shared.nextReply() : undefined
    if (reply) this.reply(reply)
  }
  /** Gives back whether there was anything to interrupt. */
  interrupt(reason: NonNullable<Ending['reason']>): boolean {
    if (!this.#active) return false
    this.#end({ status: 'cancelled', reason })
    return true
  }

  pauseReading(ms: number): void {
    this.#line.pause()
    this.after(ms, () => this.#line.resume())
  }
  /** What is said from now on comes after `ms`. */
  stall(ms: number): void {
    this.#outbox.stall(ms)
  }
  /** Ends the connection: 1006, and the socket is gone without a word. */
  close(code = 1000, reason = ''): void {
    if (!this.#open) return
    this.over()
    this.#line.close(code, reason)
  }
  /** The connection ended. */
  over(): void {
    if (!this.#open) return
    this.#open = false
    this.#outbox.close()
    this.#timers.clear()
    this.#leave()
    this.#closed.resolve()
  }

  /** Nobody hears the rest. */
  #leave(): void {
    this.#active?.stop()
    this.#active?.done()
    this.#active = undefined
  }
  #handle(event: Json, type: string): void {
    const { faults, heard } = this.#shared
    heard({ ...event, type })
    const cut = faults.take('cut', type)
    if (cut) return void this.close(cut.code ?? 1006, cut.reason ?? '')
    const eventId = typeof event.event_id === 'string' ? event.event_id : undefined
    const fault = faults.take('refuse', type)
    const refusal = fault ? { code: 'server_error', message: 'The service is out of order.', ...fault } : this.#obey(event)
    if (refusal) this.refuse(refusal, eventId)
  }
  #obey(event: Json): Refusal | undefined {
    const { dialect, nextReply } = this.#shared
    const refusal = checks[dialect](event, '')
    const today = fromWire(dialect, event)
    return refusal ?? (isClientEvent(today) ? obey(this, today, nextReply) : undefined)
  }
  #end({ status = 'completed', ...ending }: Reply): void {
    const active = this.#active
    if (!active) return
    this.#active = undefined
    active.stop()
    active.response.end({ status, usage, ...ending })
    this.tell({ type: 'rate_limits.updated', rate_limits: limits })
    const stray = this.#shared.faults.take('straggle')
    for (let n = 0; n < (stray?.straggle ?? 0); n++) active.response.straggle(samplesBetween('ramp', n * 100, (n + 1) * 100))
    active.done()
  }
}

const parsed = (text: string): Json | undefined => {
  try {
    const value: unknown = JSON.parse(text)
    return isJson(value) ? value : undefined
  } catch {
    return undefined
  }
}
