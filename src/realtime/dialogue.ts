/** A dialogue with a model in a room: the hands of the realtime machine, and what the owner may ask of them. */
import type { RealtimeEvent, RealtimeInput } from '../../machines/realtime.ts'
import { sleep } from '../clock.ts'
import { coded, lineOf } from '../errors.ts'
import type { Conversation, LogLevel } from '../ports.ts'
import { checkSession } from './checks.ts'
import { Intake } from './intake.ts'
import { type Listening, listenTo } from './listening.ts'
import { eachErrorOnce, type TellAgent } from './news.ts'
import type { ChatContext, FunctionContext, ModelCapabilities, RealtimeModel, RealtimeSession } from './port.ts'
import { type RealtimeHands, realtimeOn } from './realtime.ts'
import { Speech } from './speech.ts'

export type DialogueOptions = {
  model: RealtimeModel
  capabilities: ModelCapabilities
  chatCtx: ChatContext
  fncCtx: FunctionContext
  /** Which words are shown. */
  transcription: { user: boolean; agent: boolean }
  /** The pieces in which the model gets what is heard, in ms. */
  inputChunkMs: number
  machine: RealtimeInput
  tell: TellAgent
}

export class Dialogue implements RealtimeHands {
  readonly #options: DialogueOptions
  #chatCtx: ChatContext
  #fncCtx: FunctionContext
  #room: { conversation: Conversation; speech: Speech; intake: Intake } | undefined
  #session: RealtimeSession | undefined
  /** It has been ready: what it has of the conversation counts. */
  #isKnown = false
  #ears: Listening | undefined
  #send: ((event: RealtimeEvent) => void) | undefined
  /** The model hears and answers. */
  #isLive = false
  #live: () => void = () => {}
  #left: Promise<void> | undefined
  #over: Promise<void> = Promise.resolve()
  /** Resolves when it is live for the first time. */
  readonly begun: Promise<void>

  constructor(options: DialogueOptions) {
    this.#options = { ...options, tell: eachErrorOnce(options.tell) }
    this.#chatCtx = options.chatCtx
    this.#fncCtx = options.fncCtx
    this.begun = new Promise(resolve => {
      this.#live = resolve
    })
  }

  /** The machine of this dialogue in a room. */
  in(conversation: Conversation) {
    const { capabilities, transcription, machine, tell, inputChunkMs: chunkMs } = this.#options
    const refused = (error: unknown) => this.#fail(error, true)
    const speech = new Speech({
      ...{ conversation, tell, log: conversation.outside.log, shown: transcription.agent },
      refused,
      truncates: capabilities.truncate,
      session: () => this.#session,
      send: event => this.#send?.(event),
    })
    const { inputSampleRate: sampleRate } = capabilities
    this.#room = { conversation, speech, intake: new Intake({ conversation, sampleRate, chunkMs, refused }) }
    return realtimeOn(this, machine)
  }

  get fncCtx(): FunctionContext {
    return this.#session?.fncCtx ?? this.#fncCtx
  }
  set fncCtx(functions: FunctionContext) {
    this.#fncCtx = functions
    if (this.#session) this.#session.fncCtx = functions
  }
  chatCtxCopy(): ChatContext {
    return this.#session && this.#isKnown ? this.#session.chatCtxCopy() : { items: [...this.#chatCtx.items] }
  }
  async setChatCtx(chatCtx: ChatContext): Promise<void> {
    this.#chatCtx = chatCtx
    await this.#session?.setChatCtx(chatCtx)
  }
  /** MM-34. */
  async generateReply(how?: { instructions?: string }): Promise<void> {
    const session = this.#session
    if (!this.#isLive || !session)
      throw coded('ERR_NOT_LIVE', 'the agent does not listen or speak now: wait for start, or for the model to come back')
    if (!this.#options.capabilities.turnDetection) await session.inputAudioBuffer.commit()
    await session.response.create(how)
  }
  /** Resolves when it is over, if it has begun, and all of it was told. */
  over(): Promise<void> {
    return this.#over
  }
  /** A command of the owner; without effect where there is nobody to take it. */
  ask(event: RealtimeEvent): void {
    this.#send?.(event)
  }

  enter(tell: (event: RealtimeEvent) => void): () => void {
    let over: () => void = () => {}
    this.#send = tell
    this.#left = undefined
    this.#over = new Promise(resolve => {
      over = resolve
    })
    return () => {
      const left = this.#left
      this.#send = undefined
      this.hush()
      if (left) over()
      else void this.#within(this.leave()).then(over) // stopped from outside
    }
  }
  async connect(signal: AbortSignal): Promise<void> {
    await undefined // no code of the caller's runs within a transition
    if (signal.aborted || !this.#room) return
    const { conversation, speech } = this.#room
    const { outside } = conversation
    const { model, machine, transcription, tell } = this.#options
    const [chatCtx, fncCtx] = [this.chatCtxCopy(), this.fncCtx]
    this.#chatCtx = chatCtx
    this.#isKnown = false
    void this.#part()
    const hands = { clock: outside.clock, ids: outside.ids, log: outside.log, epochMs: outside.epochMs }
    const session = outside.port('model', model).session({ chatCtx, fncCtx }, { ...hands, timeoutMs: machine.initTimeoutMs })
    checkSession(session)
    this.#session = session
    this.#ears = listenTo(session, {
      ...{ conversation, speech, tell, shown: transcription.user, log: outside.log },
      send: event => this.#send?.(event),
    })
    await session.ready
    if (session === this.#session) this.#isKnown = true // else it came too late
  }
  async join(): Promise<void> {
    await this.#room?.conversation.ready()
  }
  async feed(signal: AbortSignal): Promise<void> {
    if (this.#session) await this.#room?.intake.feed(this.#session, signal)
  }
  async read(signal: AbortSignal): Promise<void> {
    if (this.#session) await this.#room?.intake.read(this.#session, signal)
  }
  leave(): Promise<void> {
    this.#left ??= this.#leave()
    return this.#left
  }
  speak(id: string): void {
    const content = this.#ears?.take(id)
    if (content) this.#room?.speech.say(content)
  }
  interrupt(): void {
    this.#room?.speech.interrupt()
  }
  hush(): void {
    this.#isLive = false
    this.#ears?.close()
    this.#room?.speech.hush()
  }
  recover(itemId: string, text: string, retries: number): void {
    this.#log('warn', 'model.text', { itemId, text, retries })
    this.#session?.recoverFromTextResponse(itemId).catch(error => this.#fail(error, true))
  }
  attend(state: 'initializing' | 'listening' | 'thinking'): void {
    this.#room?.conversation.state(state)
  }
  live(): void {
    this.#isLive = true
    this.#live()
  }
  lost(error: unknown): void {
    this.#fail(error, true)
  }
  failed(error: unknown): void {
    this.#fail(error, false)
  }
  overrun(): void {
    this.#log('warn', 'close.overrun', { step: 'model' })
  }

  async #leave(): Promise<void> {
    await this.#room?.speech.settled()
    await this.#part()
  }
  async #within(work: Promise<void>): Promise<void> {
    const over = new AbortController()
    const { machine } = this.#options
    const limit = this.#room && sleep(this.#room.conversation.clock, machine.closeTimeoutMs, over.signal)
    await Promise.race([work, limit])
    over.abort()
  }
  /** Lets go of the session; what it knows of the conversation is kept. */
  async #part(): Promise<void> {
    const session = this.#session
    if (!session) return
    this.#ears?.close()
    await session.close()
  }
  #fail(given: unknown, recoverable: boolean): void {
    const error = errorOf(given)
    this.#log(recoverable ? 'warn' : 'error', 'model.failed', { error: lineOf(error) })
    this.#options.tell('error', { source: 'model', error, recoverable })
  }
  #log(level: LogLevel, code: string, fields: Record<string, unknown>): void {
    this.#room?.conversation.outside.log(level, code, fields)
  }
}

const errorOf = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)))
