/** A realtime model made of the base classes of LiveKit's agents: it notes what it is asked, and does what the test says. */
import { ReadableStream } from 'node:stream/web'
import { llm } from '@livekit/agents'
import type { AudioFrame } from '@livekit/rtc-node'
import './scripted.ts' // their logger, which every session wants

const abilities: llm.RealtimeCapabilities = {
  ...{ messageTruncation: true, turnDetection: true, userTranscription: true, autoToolReplyGeneration: false },
  ...{ audioOutput: true, manualFunctionCalls: true },
}

export class ScriptedModel extends llm.RealtimeModel {
  readonly sessions: ScriptedSession[] = []
  constructor(can: Partial<llm.RealtimeCapabilities> = {}) {
    super({ ...abilities, ...can })
  }
  get model(): string {
    return 'scripted'
  }
  override label(): string {
    return 'scripted.RealtimeModel'
  }
  session(): ScriptedSession {
    const session = new ScriptedSession(this)
    this.sessions.push(session)
    return session
  }
  async close(): Promise<void> {}
}

/** A stream that is written to as it is read. */
const channel = <T>() => {
  let inside: ReadableStreamDefaultController<T> | undefined
  const stream = new ReadableStream<T>({
    start: controller => {
      inside = controller
    },
  })
  return {
    stream,
    put: (...items: T[]) => {
      for (const item of items) inside?.enqueue(item)
    },
    end: () => inside?.close(),
    fail: (error: Error) => inside?.error(error),
  }
}
export type Message = ReturnType<typeof channel<AudioFrame>> & { words: ReturnType<typeof channel<string>> }

/** One generation, piece by piece. */
export class Script {
  readonly #messages = channel<llm.MessageGeneration>()
  readonly #calls = channel<llm.FunctionCall>()
  readonly event: llm.GenerationCreatedEvent
  constructor(responseId: string | undefined, userInitiated: boolean) {
    const streams = { messageStream: this.#messages.stream, functionStream: this.#calls.stream }
    this.event = { ...streams, userInitiated, ...(responseId !== undefined ? { responseId } : {}) }
  }
  message(messageId: string, modalities?: ('text' | 'audio')[]): Message {
    const audio = channel<AudioFrame>()
    const words = channel<string>()
    const kind = modalities ? { modalities: Promise.resolve(modalities) } : {}
    this.#messages.put({ messageId, audioStream: audio.stream, textStream: words.stream, ...kind })
    return { ...audio, words }
  }
  call(callId: string, name: string, args: string): void {
    this.#calls.put(llm.FunctionCall.create({ id: `item_${callId}`, callId, name, args }))
  }
  end(): void {
    this.#messages.end()
    this.#calls.end()
  }
}

/** `asked` is each call, in order. What is in `refuses` rejects; what is in `stalls` is never answered. */
export class ScriptedSession extends llm.RealtimeSession {
  readonly asked: unknown[][] = []
  readonly heard: AudioFrame[] = []
  readonly refuses = new Set<string>()
  readonly stalls = new Set<string>()
  #context = llm.ChatContext.empty()
  #tools = llm.ToolContext.empty()
  #waiting: ((event: llm.GenerationCreatedEvent) => void)[] = []
  #generations = 0
  isClosed = false

  get chatCtx(): llm.ChatContext {
    return this.#context
  }
  get tools(): llm.ToolContext {
    return this.#tools
  }
  updateInstructions(instructions: string): Promise<void> {
    return this.#note('updateInstructions', instructions)
  }
  async updateChatCtx(context: llm.ChatContext): Promise<void> {
    await this.#note('updateChatCtx', ...context.items.map(({ id, type }) => `${type} ${id}`))
    this.#context = context
  }
  async updateTools(tools: llm.ToolContext): Promise<void> {
    await this.#note('updateTools', ...Object.keys(tools.functionTools))
    this.#tools = tools
  }
  updateOptions(): void {}
  pushAudio(frame: AudioFrame): void {
    this.heard.push(frame)
  }
  async generateReply(instructions?: string): Promise<llm.GenerationCreatedEvent> {
    await this.#note('generateReply', ...(instructions === undefined ? [] : [instructions]))
    return new Promise(resolve => this.#waiting.push(resolve))
  }
  commitAudio(): Promise<void> {
    return this.#note('commitAudio')
  }
  clearAudio(): Promise<void> {
    return this.#note('clearAudio')
  }
  interrupt(): Promise<void> {
    return this.#note('interrupt')
  }
  truncate({ messageId, audioEndMs }: { messageId: string; audioEndMs: number }): Promise<void> {
    return this.#note('truncate', messageId, audioEndMs)
  }
  override async close(): Promise<void> {
    this.isClosed = true
    await this.#note('close')
    await super.close()
  }

  /** Begins a response: the one that was asked for, if one was. As most of them do, it tells of it in both ways. */
  generate(responseId: string | undefined = `resp_${++this.#generations}`): Script {
    const asked = this.#waiting.shift()
    const script = new Script(responseId, asked !== undefined)
    this.emit('generation_created', script.event)
    asked?.(script.event)
    return script
  }
  /** The names of what it was asked. */
  get names(): unknown[] {
    return this.asked.map(([name]) => name)
  }

  #note(name: string, ...about: unknown[]): Promise<void> {
    this.asked.push([name, ...about])
    if (this.refuses.has(name)) return Promise.reject(new llm.RealtimeError(`${name} is refused`))
    return this.stalls.has(name) ? new Promise(() => {}) : Promise.resolve()
  }
}
