/** A session of a model of `@livekit/agents`, as the port of models has it. */
import type { llm } from '@livekit/agents'
import { frameOf } from '../../audio/frame.ts'
import { coded, lineOf } from '../../errors.ts'
import { checkContext } from '../../realtime/context.ts'
import { Calls, checkFunctions, type RawCall } from '../../realtime/functions.ts'
import { Listeners } from '../../realtime/listeners.ts'
import type {
  ChatAudio,
  ChatContext,
  ChatItem,
  FunctionContext,
  RealtimeSession,
  SessionEvents,
  SessionHands,
} from '../../realtime/port.ts'
import { Asking } from './asking.ts'
import { inserted, oursOf, theirItem, theirsOf, toolsOf, without } from './context.ts'
import { Generation } from './generation.ts'
import { hear } from './hearing.ts'
import { History } from './history.ts'
import { inputTo } from './input.ts'

/** What the model is told first; rates in Hz. */
export type SessionStart = {
  chatCtx: ChatContext
  fncCtx: FunctionContext
  instructions: string | undefined
  inputSampleRate: number
  outputSampleRate: number
}
type Content = readonly (string | ChatAudio)[]

/** So much silence takes a model back to speech that has begun to write (MM-36), in s. */
const SILENCE_S = 1

export class AgentsSession implements RealtimeSession {
  readonly #model: llm.RealtimeModel
  readonly #theirs: llm.RealtimeSession
  readonly #start: SessionStart
  readonly #hands: SessionHands
  readonly #told: Listeners
  readonly #calls: Calls
  readonly #asking: Asking
  readonly #deafen: () => void
  readonly #generations = new Map<string, Generation>()
  readonly #ids = new WeakMap<llm.GenerationCreatedEvent, string>()
  /** Responses that the model says it did not bring to their end. */
  readonly #cut = new Set<string>()
  /** Names of the functions whose outputs are still to come: some models ask for them. */
  readonly #names = new Map<string, string>()
  readonly #history: History
  readonly #over = new AbortController()
  #functions: FunctionContext
  #asked = 0
  #closed: Promise<void> | undefined
  readonly ready: Promise<void>
  readonly inputAudioBuffer: RealtimeSession['inputAudioBuffer']
  readonly on: RealtimeSession['on'] = (event, listener) => this.#told.on(event, listener)
  readonly off: RealtimeSession['off'] = (event, listener) => this.#told.off(event, listener)

  constructor(model: llm.RealtimeModel, start: SessionStart, hands: SessionHands) {
    checkContext(start.chatCtx)
    checkFunctions(start.fncCtx)
    this.#model = model
    this.#start = start
    this.#hands = hands
    this.#functions = start.fncCtx
    this.#history = new History(start.chatCtx)
    this.#asking = new Asking(hands.clock, hands.timeoutMs)
    this.#told = new Listeners(hands.log)
    this.#calls = new Calls({
      functions: () => this.#functions,
      answer: output => this.#answer(output),
      ask: () => this.#goOn(),
      isIdle: () => this.#generations.size === 0 && this.#asked === 0,
      collected: call => this.#tell('function_calls_collected', [call]),
      finished: result => this.#tell('function_calls_finished', [result]),
      ...{ clock: hands.clock, log: hands.log },
    })
    this.#theirs = model.session()
    this.#deafen = hear(this.#theirs, {
      tell: this.#tell,
      generated: event => void this.#take(event),
      cancelled: id => void (this.#generations.has(id) && this.#cut.add(id)),
      trouble: error => this.#trouble(error),
      lost: error => void this.#end(error),
      reconnected: () => hands.log('info', 'realtime.reconnected', { model: model.label() }),
    })
    this.inputAudioBuffer = inputTo({
      ...{ session: this.#theirs, asking: this.#asking, sampleRate: start.inputSampleRate, over: this.#over.signal },
      ready: () => this.ready,
    })
    this.ready = this.#prepare()
    this.ready.catch(error => this.#end(error)) // whoever waits for it is told
  }

  get fncCtx(): FunctionContext {
    return this.#functions
  }
  set fncCtx(functions: FunctionContext) {
    checkFunctions(functions)
    this.#functions = functions
    const told = this.#asking.ask('take the functions', () => this.#theirs.updateTools(toolsOf(functions)))
    told.catch(error => this.#trouble(error))
  }
  chatCtxCopy(): ChatContext {
    return this.#history.over(oursOf(this.#theirs.chatCtx))
  }
  async setChatCtx(chatCtx: ChatContext): Promise<void> {
    checkContext(chatCtx)
    await this.#change('take the conversation', known => theirsOf(chatCtx, known))
    this.#history.begin(chatCtx)
  }

  readonly conversation: RealtimeSession['conversation'] = {
    item: {
      create: async (item, previousItemId) => {
        await this.#change('take an item', known => inserted(known, theirItem(item), previousItemId))
        this.#history.put(item, previousItemId)
      },
      delete: async itemId => {
        await this.#change('delete an item', known => without(known, itemId))
        this.#history.delete(itemId)
      },
      truncate: ({ itemId: messageId, audioEndMs }) =>
        this.#asking.ask('truncate', () => this.#theirs.truncate({ messageId, audioEndMs, modalities: ['text', 'audio'] })),
    },
  }
  readonly response: RealtimeSession['response'] = {
    create: async ({ instructions } = {}) => this.#generate(instructions),
    cancel: async responseId => {
      const running = [...this.#generations.values()].filter(({ id }) => responseId === undefined || id === responseId)
      if (running.length === 0) return
      await this.#asking.ask('stop', () => this.#theirs.interrupt())
      for (const generation of running) generation.cut()
      await Promise.all(running.map(({ done }) => done))
    },
  }
  async recoverFromTextResponse(itemId: string): Promise<void> {
    const { inputSampleRate: sampleRate } = this.#start
    const silence = frameOf(new Int16Array(SILENCE_S * sampleRate), { sampleRate, channels: 1 })
    const { create, delete: remove } = this.conversation.item
    await remove(itemId)
    const id = this.#hands.ids.next('item_')
    await create({ id, type: 'message', role: 'user', content: [{ type: 'audio', frames: [silence] }] })
    await this.response.create()
  }
  updateConversationItemContent(itemId: string, content: Content, interrupted?: boolean): void {
    this.#history.update(itemId, content, interrupted)
  }
  close(): Promise<void> {
    return this.#end()
  }

  /** The functions first: what the model is told of the conversation may speak of them. */
  async #prepare(): Promise<void> {
    const { instructions, fncCtx, chatCtx } = this.#start
    const ask = this.#asking.ask.bind(this.#asking)
    if (instructions !== undefined) await ask('take its instructions', () => this.#theirs.updateInstructions(instructions))
    if (fncCtx.length > 0) await ask('take the functions', () => this.#theirs.updateTools(toolsOf(fncCtx)))
    if (chatCtx.items.length > 0) await this.#change('take the conversation', known => theirsOf(chatCtx, known))
    this.#over.signal.throwIfAborted()
  }

  /** One that was asked for is told of twice by some models, and by its answer alone by others. */
  #take(event: llm.GenerationCreatedEvent): string {
    const known = this.#ids.get(event)
    if (known !== undefined) return known
    const id = event.responseId ?? this.#hands.ids.next('resp_')
    this.#ids.set(event, id)
    const generation = new Generation(event, {
      ...{ id, sampleRate: this.#start.outputSampleRate, over: this.#over.signal },
      usually: this.#model.capabilities.audioOutput ? 'audio' : 'text',
      tell: this.#tell,
      called: call => this.#called({ responseId: id, ...call }),
      wasCut: () => this.#cut.delete(id),
    })
    this.#generations.set(id, generation)
    generation.done.then(() => {
      this.#generations.delete(id)
      this.#calls.responseOver(id)
      this.#calls.proceed()
    })
    return id
  }
  async #generate(instructions?: string): Promise<string> {
    const gone = new AbortController()
    this.#asked++
    try {
      const reply = () => this.#theirs.generateReply(instructions, { signal: gone.signal })
      return this.#take(await this.#asking.ask('begin a response', reply))
    } catch (error) {
      gone.abort()
      throw error
    } finally {
      this.#asked--
    }
  }
  #called(call: RawCall): void {
    this.#names.set(call.callId, call.name)
    this.#calls.collect(call)
  }
  async #answer({ callId, output, isError }: { callId: string; output: string; isError: boolean }): Promise<void> {
    const item: ChatItem = { id: this.#hands.ids.next('item_'), type: 'output', callId, output, ...(isError ? { isError } : {}) }
    const name = this.#names.get(callId)
    this.#names.delete(callId)
    await this.#change('take an output', known => {
      const call = known.items.find(one => one.type === 'function_call' && one.callId === callId)
      return inserted(known, theirItem(item, name), call?.id)
    })
    this.#history.put(item)
  }
  /** Some models go on by themselves when they have the outputs. */
  #goOn(): void {
    if (this.#model.capabilities.autoToolReplyGeneration) return
    this.#generate().catch(error => this.#trouble(error))
  }

  readonly #tell = <E extends keyof SessionEvents>(event: E, payload: SessionEvents[E]): void => {
    this.#history.hear(event, payload)
    this.#told.tell(event, payload)
  }
  /** Each change begins with what the one before made of the conversation. */
  #change(what: string, make: (known: llm.ChatContext) => llm.ChatContext): Promise<void> {
    return this.#asking.inTurn(what, () => this.#theirs.updateChatCtx(make(this.#theirs.chatCtx.copy())))
  }
  #trouble(error: unknown): void {
    if (this.#over.signal.aborted) return
    this.#told.tell('error', { error: error instanceof Error ? error : new Error(lineOf(error)), recoverable: true })
  }

  /** With a cause if nobody asked for it. */
  #end(cause?: unknown): Promise<void> {
    this.#closed ??= this.#finish(cause)
    return this.#closed
  }
  async #finish(cause: unknown): Promise<void> {
    const error = cause === undefined || cause instanceof Error ? cause : new Error(lineOf(cause))
    const lost = error ?? coded('ERR_CLOSED', 'the session was closed')
    this.#deafen()
    this.#calls.close()
    for (const generation of this.#generations.values()) generation.fail(lost)
    const closing = this.#asking.close(lost, 'close', () => this.#theirs.close())
    this.#over.abort(lost)
    await closing.catch(failure => this.#hands.log('warn', 'realtime.close.failed', { error: lineOf(failure) }))
    await Promise.all([...this.#generations.values()].map(({ done }) => done))
    this.#told.tell('closed', error ? { error } : {})
  }
}
