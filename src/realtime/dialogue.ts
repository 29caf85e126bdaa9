/** A dialogue with a model in a room: the hands of the realtime machine, and what the owner may ask of them. */
import type { RealtimeEvent, RealtimeInput } from '../../machines/realtime.ts'
import { coded, codeOf, lineOf } from '../errors.ts'
import type { Conversation } from '../mind.ts'
import type { LogLevel } from '../ports.ts'
import { checkSession } from './checks.ts'
import { answered } from './context.ts'
import { absence, inTime, within } from './in-time.ts'
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
  /** Nothing goes to the session any more but its end. */
  #isHushed = false
  /** As the session's own, but that it does not outlive our patience. */
  #ready: Promise<void> = Promise.resolve()
  /** It has been ready: what it has of the conversation counts. */
  #isKnown = false
  /** From the loss of a session until another is ready. */
  #away: ReturnType<typeof absence> | undefined
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
    const send = (event: RealtimeEvent) => this.#send?.(event)
    const order = (work: () => Promise<unknown>) => this.#order(work)
    const speech = new Speech({
      ...{ conversation, tell, send, order, log: conversation.outside.log, shown: transcription.agent },
      truncates: capabilities.truncate,
      session: () => this.#session,
    })
    const { inputSampleRate: sampleRate } = capabilities
    const failed = (error: unknown) => send({ type: 'session.lost', error })
    this.#room = { conversation, speech, intake: new Intake({ conversation, sampleRate, chunkMs, order, failed }) }
    return realtimeOn(this, machine)
  }

  get fncCtx(): FunctionContext {
    return this.#open?.fncCtx ?? this.#fncCtx
  }
  set fncCtx(functions: FunctionContext) {
    if (this.#open) this.#open.fncCtx = functions // which may refuse them
    this.#fncCtx = functions
  }
  chatCtxCopy(): ChatContext {
    return this.#session && this.#isKnown ? this.#session.chatCtxCopy() : { items: [...this.#chatCtx.items] }
  }
  /** While the model is away it waits for the next session. */
  async setChatCtx(chatCtx: ChatContext): Promise<void> {
    if (!this.#session) {
      this.#chatCtx = chatCtx
      return
    }
    await (this.#away?.promise ?? this.#ready)
    const session = this.#open
    if (!session) throw coded('ERR_CLOSED', 'the session with the model is over')
    await session.setChatCtx(chatCtx)
  }
  /** MM-34. */
  async generateReply(how?: { instructions?: string }): Promise<void> {
    const session = this.#session
    if (!this.#isLive || !session)
      throw coded('ERR_NOT_LIVE', 'the agent does not listen or speak now: wait for start, or for the model to come back')
    if (!this.#options.capabilities.turnDetection) await this.#room?.intake.commit(session)
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
    this.#away = undefined
    this.#over = new Promise(resolve => {
      over = resolve
    })
    const { machine } = this.#options
    return () => {
      const left = this.#left
      this.#send = undefined
      this.hush()
      const end = () => {
        this.#ears?.end()
        over()
      }
      if (left) end()
      else void within(this.#room?.conversation.clock, machine.closeTimeoutMs, this.leave()).then(end) // stopped from outside
    }
  }
  async connect(signal: AbortSignal): Promise<void> {
    await undefined // no code of the caller's runs within a transition
    if (signal.aborted || !this.#room) return
    const { conversation, speech } = this.#room
    const { outside } = conversation
    const { model, capabilities, machine, transcription, tell } = this.#options
    const [before, fncCtx] = [this.chatCtxCopy(), this.fncCtx]
    const chatCtx = this.#isKnown ? answered(before, () => outside.ids.next('item_')) : before
    this.#chatCtx = chatCtx
    this.#isKnown = false
    this.#ears?.end()
    void this.#part()
    const { clock, ids, log, epochMs } = outside
    const hands = { clock, ids, log, epochMs, timeoutMs: machine.initTimeoutMs, closeMs: machine.closeTimeoutMs }
    const session = outside.port('model', model).session({ chatCtx, fncCtx }, hands)
    checkSession(session)
    this.#session = session
    this.#isHushed = false
    this.#ears = listenTo(session, {
      ...{ conversation, speech, tell, shown: transcription.user && capabilities.transcription !== false, log: outside.log },
      send: event => this.#send?.(event),
    })
    this.#ready = inTime(session.ready, signal)
    await this.#ready
    this.#isKnown = true
    this.#away?.resolve()
    this.#away = undefined
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
    this.#away?.reject(coded('ERR_CLOSED', 'the agent is closed, and no model came back to take it'))
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
    this.#isHushed = true
    this.#away ??= absence()
    this.#ears?.close()
    this.#room?.speech.hush()
  }
  recover(itemId: string, text: string, retries: number): void {
    this.#log('warn', 'model.text', { itemId, text, retries })
    void this.#order(async () => this.#session?.recoverFromTextResponse(itemId))
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

  get #open(): RealtimeSession | undefined {
    return this.#isHushed ? undefined : this.#session
  }
  async #leave(): Promise<void> {
    await this.#room?.speech.settled()
    await this.#part()
  }
  /** Lets go of the session; what it knows of the conversation is kept. Never rejects: one that cannot be closed keeps nobody. */
  async #part(): Promise<void> {
    const session = this.#session
    this.#ears?.close()
    try {
      await session?.close()
    } catch (error) {
      this.#log('warn', 'model.unclosed', { error: lineOf(error) })
    }
  }
  /** Asks the model for something, and tells what refuses it, but for its own end. */
  async #order(work: () => Promise<unknown>): Promise<void> {
    try {
      await work()
    } catch (error) {
      if (codeOf(error) !== 'ERR_CLOSED') this.#fail(error, true)
    }
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
