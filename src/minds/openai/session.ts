/** A conversation with a model of OpenAI: one socket, from its opening to its end. */
import { coded, codeOf, lineOf } from '../../errors.ts'
import { Calls } from '../../realtime/functions.ts'
import { Listeners } from '../../realtime/listeners.ts'
import type { ChatContext, FunctionContext, RealtimeSession, SessionHands } from '../../realtime/port.ts'
import { answers, Commands } from './commands.ts'
import { Connection } from './connection.ts'
import { Conversation } from './conversation.ts'
import { refusal, serverError, statusOf } from './failures.ts'
import { inboundOn } from './inbound.ts'
import { Input } from './input.ts'
import { checkTools } from './items.ts'
import type { Connect } from './line.ts'
import { Requests } from './request.ts'
import { Responses, type Tell } from './responses.ts'
import { type OpenAIRealtimeOptions, sessionFor, toolsFor } from './settings.ts'
import { part, text, type Wire } from './wire.ts'

/** `hush` takes keys out of a line. */
export type Making = { connect: Connect; options: OpenAIRealtimeOptions; label: string; hush: (line: string) => string }
type Start = { chatCtx: ChatContext; fncCtx: FunctionContext }

export class OpenAIRealtimeSession implements RealtimeSession {
  readonly ready: Promise<void>
  readonly inputAudioBuffer: RealtimeSession['inputAudioBuffer']
  readonly conversation: RealtimeSession['conversation']
  readonly response: RealtimeSession['response']
  readonly on: RealtimeSession['on']
  readonly off: RealtimeSession['off']
  readonly #making: Making
  readonly #hands: SessionHands
  readonly #tell: Tell
  readonly #commands: Commands
  readonly #items: Conversation
  readonly #responses: Responses
  readonly #requests: Requests
  readonly #calls: Calls
  readonly #input: Input
  readonly #connection: Connection
  readonly #take: (wire: Wire) => boolean
  #fncCtx: FunctionContext
  /** What the service said last, if it was an error: why it hung up then. */
  #lastWord: string | undefined
  #reason: Error | undefined
  #ending: Promise<void> | undefined

  constructor(making: Making, { chatCtx, fncCtx }: Start, hands: SessionHands) {
    const { clock, ids, log, timeoutMs, epochMs } = hands
    const { options, label, hush } = making
    const listeners = new Listeners(log)
    const tell: Tell = (event, payload) => listeners.tell(event, payload)
    this.#making = making
    this.#hands = hands
    this.#fncCtx = fncCtx
    this.#tell = tell
    this.on = listeners.on
    this.off = listeners.off
    this.#commands = new Commands({ clock, ids, timeoutMs, send: event => this.#connection.send(event) })
    this.#items = new Conversation({ commands: this.#commands, dialect: options.dialect ?? 'ga', ids, log })
    this.#requests = new Requests(this.#commands, () => this.#calls.proceed())
    this.#calls = this.#makeCalls()
    const call: Calls['collect'] = raw => this.#calls.collect(raw)
    this.#responses = new Responses({ clock, log, epochMs, label, hush, tell, call })
    this.#connection = this.#makeConnection()
    this.#input = this.#makeInput()
    this.#take = this.#makeInbound()
    const [input, items] = [this.#input, this.#items]
    this.inputAudioBuffer = {
      append: frame => input.append(frame),
      commit: () => this.#ask('input_audio_buffer.commit', answers.committed),
      clear: () => this.#ask('input_audio_buffer.clear', answers.cleared),
      drained: signal => input.drained(signal),
    }
    this.conversation = {
      item: {
        create: (item, after) => items.create(item, after),
        delete: id => items.delete(id),
        truncate: cut => items.truncate(cut),
      },
    }
    this.response = { create: how => this.#requests.ask(how), cancel: id => this.#cancel(id) }
    this.ready = this.#begin(chatCtx)
    this.ready.catch(() => undefined) // `closed` tells it to whoever does not wait
  }

  get fncCtx(): FunctionContext {
    return this.#fncCtx
  }
  set fncCtx(fncCtx: FunctionContext) {
    checkTools(fncCtx)
    this.#fncCtx = [...fncCtx]
    if (this.#commands.refusal) return // not yet, or no more
    const session = toolsFor(this.#making.options, fncCtx)
    this.#commands.ask('session.update', { session }, answers.tools).catch(error => this.#report(error))
  }
  chatCtxCopy(): ChatContext {
    return this.#items.mirror.copy()
  }
  setChatCtx(chatCtx: ChatContext): Promise<void> {
    return this.#items.set(chatCtx)
  }
  updateConversationItemContent: RealtimeSession['updateConversationItemContent'] = (itemId, content, interrupted) =>
    this.#items.update(itemId, content, interrupted)
  async recoverFromTextResponse(itemId: string): Promise<void> {
    await this.#quiet()
    await this.#items.delete(itemId)
    await this.#items.beSilent()
    await this.#quiet()
    await this.#requests.ask()
  }
  close(): Promise<void> {
    return this.#end(undefined)
  }

  async #begin(chatCtx: ChatContext): Promise<void> {
    try {
      const opened = this.#commands.wait('connecting', answers.opened)
      this.#connection.open()
      await opened
      this.#commands.open()
      const session = sessionFor(this.#making.options, this.#fncCtx)
      await this.#commands.ask('session.update', { session }, answers.session)
      await this.#items.set(chatCtx)
    } catch (error) {
      void this.#end(error instanceof Error ? error : new Error(lineOf(error)))
      throw this.#reason ?? error
    }
    this.#input.open()
  }
  #makeConnection(): Connection {
    const { clock, log, closeMs = 2_500 } = this.#hands
    return new Connection({
      ...{ clock, farewellMs: Math.min(1_000, closeMs / 2.5) }, // it may have to be cut, which is told in its own time too
      connect: this.#making.connect,
      hush: this.#making.hush,
      heard: event => this.#heard(event),
      garbled: () => log('warn', 'openai.event.garbled'),
      moved: () => this.#input.moved(),
      lost: error => this.#lost(error),
    })
  }
  #makeCalls(): Calls {
    return new Calls({
      functions: () => this.#fncCtx,
      answer: ({ callId, itemId, output, isError }) => {
        const id = this.#hands.ids.next('item_')
        return this.#items.create({ id, type: 'output', callId, output, ...(isError && { isError }) }, itemId)
      },
      ask: () => void this.#requests.ask().catch(error => this.#report(error)),
      isIdle: () => this.#responses.size === 0 && !this.#requests.isOpen,
      collected: call => this.#tell('function_calls_collected', [call]),
      finished: result => this.#tell('function_calls_finished', [result]),
      clock: this.#hands.clock,
      log: this.#hands.log,
    })
  }
  #makeInput(): Input {
    const { clock, timeoutMs } = this.#hands
    return new Input({
      clock,
      timeoutMs,
      backlog: () => this.#connection.backlog,
      send: event => this.#connection.send({ event_id: this.#commands.nextId(), ...event }),
      stalled: () =>
        this.#connection.cut(coded('ERR_CONNECTION_LOST', `the connection took nothing for ${timeoutMs / 1000} s: it is lost`)),
    })
  }
  #makeInbound(): (wire: Wire) => boolean {
    return inboundOn({
      commands: this.#commands,
      conversation: this.#items,
      responses: this.#responses,
      tell: this.#tell,
      hush: this.#making.hush,
      ended: id => {
        for (const key of [answers.stopped(id), answers.stopped(undefined)]) this.#commands.answerAll(key)
        if (this.#responses.size === 0) this.#commands.answerAll(answers.idle)
        this.#calls.responseOver(id)
        this.#calls.proceed()
      },
      refused: wire => this.#refused(wire),
    })
  }

  #heard(event: Wire): void {
    if (this.#ending) return
    if (event.type !== 'error') this.#lastWord = undefined
    const { log } = this.#hands
    try {
      if (!this.#take(event)) log('debug', 'openai.event.unknown', { type: event.type })
    } catch (error) {
      log('error', 'openai.event.failed', { type: event.type, error: this.#making.hush(lineOf(error)) })
    }
  }
  /** The service would not: the command rejects, and the session goes on (MM-49). Before it is open, there is no session. */
  #refused(wire: Wire): void {
    const said = part(wire, 'error')
    const failure = serverError(said, this.#making.hush)
    const eventId = text(said, 'event_id')
    // What had ended by itself when we asked is no error (MM-32), nor if its end came first and nobody waits for this any more.
    if (failure.code === 'response_cancel_not_active') return void (eventId && this.#commands.answer('', '', eventId))
    const status = statusOf(text(said, 'code'))
    const { where } = this.#connection
    if (this.#commands.isWaiting(answers.opened) || (status && this.#commands.isWaiting(answers.session)))
      return void this.#end(status && where ? refusal(status, failure.code, where) : failure)
    this.#lastWord = failure.message
    this.#hands.log('warn', 'openai.error', { code: failure.code, error: failure.message })
    if (eventId !== undefined) this.#commands.refuse(eventId, failure)
    this.#tell('error', { error: failure, recoverable: true, ...(eventId !== undefined && { eventId }) })
  }
  #lost(error: Error): void {
    const why = this.#lastWord ? coded(codeOf(error) ?? '', `${error.message}: ${this.#lastWord}`) : error
    void this.#end(why)
  }
  /** Nobody waits for what failed: the service's own refusals are told already. */
  #report(error: unknown): void {
    if (codeOf(error) === 'ERR_TIMEOUT' && error instanceof Error) this.#tell('error', { error, recoverable: true })
  }

  async #ask(type: string, key: string): Promise<void> {
    await this.#commands.ask(type, {}, key)
  }
  async #cancel(id: string | undefined): Promise<void> {
    const isOver = id === undefined ? this.#responses.size === 0 && !this.#requests.isOpen : !this.#responses.has(id)
    if (isOver) return
    this.#responses.drop(id)
    await this.#commands.ask('response.cancel', { ...(id !== undefined && { response_id: id }) }, answers.stopped(id))
  }
  /** No response is being made. */
  async #quiet(): Promise<void> {
    if (this.#responses.size > 0) await this.#commands.wait('response.done', answers.idle)
  }

  #end(error: Error | undefined): Promise<void> {
    this.#ending ??= this.#shutDown(error)
    return this.#ending
  }
  async #shutDown(error: Error | undefined): Promise<void> {
    this.#reason = error
    // Nothing is sent from here on.
    this.#commands.end(coded('ERR_CLOSED', error ? `the session is over: ${error.message}` : 'the session was closed', error))
    this.#responses.end(error)
    this.#input.close()
    await undefined // what is told from here on may call us: `#ending` is set now
    this.#calls.close()
    await this.#connection.hangUp()
    this.#tell('closed', error ? { error } : {})
  }
}
