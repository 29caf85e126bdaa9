/** A speech-to-speech model in the hands of a test: it says what it is told to say, and notes what it is asked. */
import { hold, type Queue } from '../../src/audio/buffer.ts'
import { type AudioFrame, frameOf } from '../../src/audio/frame.ts'
import { coded } from '../../src/errors.ts'
import type {
  ChatAudio,
  ChatContext,
  ChatItem,
  FunctionContext,
  ModelCapabilities,
  ModelFailure,
  RealtimeModel,
  RealtimeSession,
  ResponseContent,
  ResponseStatus,
  SessionEvents,
  SessionHands,
} from '../../src/realtime/port.ts'
import { samples } from './call.ts'

/** What the model was asked, in order. */
export type Order = { name: string; args: unknown[]; at: number }
export type FakeContent = ResponseContent & {
  /** The next `ms` of its sound: samples 1, 2, 3 … */
  push(ms: number): FakeContent
  say(...words: string[]): FakeContent
  /** Both streams end, and so does the content. */
  end(): FakeContent
  fail(error: Error): FakeContent
  /** Samples given so far. */
  readonly given: number
  /** The streams that were let go. */
  readonly released: string[]
}
type Contents = { itemId?: string; contentIndex?: number; contentType?: 'audio' | 'text'; text?: string }

const plenty = 10_000_000

export class FakeModel implements RealtimeModel {
  readonly label = 'fake'
  readonly capabilities: ModelCapabilities
  readonly sessions: FakeSession[] = []
  /** Whether sessions are ready by themselves. */
  readonly #eager: boolean

  constructor({ eager = true, ...capabilities }: Partial<ModelCapabilities> & { eager?: boolean } = {}) {
    this.#eager = eager
    const usual = { truncate: true, turnDetection: true, inputSampleRate: 24_000, outputSampleRate: 24_000 }
    this.capabilities = { ...usual, ...capabilities }
  }

  /** The newest session. */
  get now(): FakeSession {
    const session = this.sessions.at(-1)
    if (!session) throw new Error('nobody has asked for a session')
    return session
  }
  session(start: { chatCtx: ChatContext; fncCtx: FunctionContext }, hands: SessionHands): FakeSession {
    const session = new FakeSession(this, start, hands)
    this.sessions.push(session)
    if (this.#eager) session.open()
    return session
  }
}

export class FakeSession implements RealtimeSession {
  readonly ready: Promise<void>
  readonly orders: Order[] = []
  readonly given: AudioFrame[] = []
  readonly items: ChatItem[]
  readonly model: FakeModel
  readonly hands: SessionHands
  fncCtx: FunctionContext
  /** The way is full. */
  full = false
  closed = false
  isOpen = false
  #listeners = new Map<string, Set<(payload: never) => void>>()
  #refusals: { name: string; error: Error }[] = []
  #drained: () => void = () => {}
  #ids = 0
  /** Items whose content the owner has told: what the server says of them comes too late. */
  readonly #told = new Set<string>()
  open: () => void = () => {}
  refuse: (error: Error) => void = () => {}

  constructor(model: FakeModel, { chatCtx, fncCtx }: { chatCtx: ChatContext; fncCtx: FunctionContext }, hands: SessionHands) {
    this.model = model
    this.items = [...chatCtx.items]
    this.fncCtx = fncCtx
    this.hands = hands
    this.ready = new Promise((resolve, reject) => {
      this.open = () => {
        this.isOpen = true
        resolve()
      }
      this.refuse = reject
    })
    this.ready.catch(() => {})
  }

  get listeners(): number {
    return [...this.#listeners.values()].reduce((sum, { size }) => sum + size, 0)
  }
  /** The next order of this name is refused. */
  refuses(name: string, error: Error): void {
    this.#refusals.push({ name, error })
  }
  named(name: string): unknown[] {
    return this.orders.filter(order => order.name === name).map(({ args }) => (args.length === 1 ? args[0] : args))
  }
  emit<E extends keyof SessionEvents>(event: E, payload: SessionEvents[E]): void {
    for (const listener of [...(this.#listeners.get(event) ?? [])]) (listener as (payload: SessionEvents[E]) => void)(payload)
  }
  /** A response begins. */
  begins(id = `resp_${++this.#ids}`) {
    this.emit('response_created', { id, status: 'in_progress' })
    return {
      id,
      content: (about: Contents = {}) => this.#content(id, about),
      done: (status: ResponseStatus = 'completed', error?: ModelFailure) =>
        this.emit('response_done', { id, status, ...(error ? { error } : {}) }),
    }
  }
  /** A whole reply at once: its content has ended, its response is done. */
  reply(ms: number, words: string[] = [], about: Contents = {}): FakeContent {
    const response = this.begins()
    const content = response
      .content(about)
      .say(...words)
      .push(ms)
      .end()
    response.done()
    return content
  }
  textOf(itemId: string): string | undefined {
    const item = this.items.find(({ id }) => id === itemId)
    return item?.type === 'message' ? item.content.filter(part => typeof part === 'string').join('') : undefined
  }
  drain(): void {
    this.full = false
    this.#drained()
  }
  drop(error = new Error('the socket closed')): void {
    this.closed = true
    this.#drained()
    this.emit('closed', { error })
  }

  chatCtxCopy(): ChatContext {
    return { items: this.isOpen ? [...this.items] : [] } // nobody knows it before the server does
  }
  async setChatCtx(chatCtx: ChatContext): Promise<void> {
    await this.#order('setChatCtx', chatCtx)
    this.items.splice(0, this.items.length, ...chatCtx.items)
  }
  readonly inputAudioBuffer = {
    append: (frame: AudioFrame) => {
      if (this.closed) throw coded('ERR_CLOSED', 'this session is closed')
      if (!this.full) this.given.push(frame)
      return !this.full
    },
    commit: () => this.#order('commit'),
    clear: () => this.#order('clear'),
    drained: (signal: AbortSignal) =>
      new Promise<void>(resolve => {
        this.#drained = resolve
        signal.addEventListener('abort', () => resolve(), { once: true })
      }),
  }
  readonly conversation = {
    item: {
      create: (item: ChatItem) => this.#order('create', item),
      delete: (itemId: string) => this.#order('delete', itemId),
      truncate: (cut: { itemId: string; contentIndex: number; audioEndMs: number }) => this.#order('truncate', cut),
    },
  }
  readonly response = {
    create: async (how?: { instructions?: string }) => {
      await this.#order('response', how)
      return 'resp'
    },
    cancel: (responseId?: string) => this.#order('cancel', responseId),
  }
  recoverFromTextResponse(itemId: string): Promise<void> {
    return this.#order('recover', itemId)
  }
  updateConversationItemContent(id: string, content: readonly (string | ChatAudio)[], interrupted = false): void {
    this.#told.add(id)
    this.#mirror(id, content, interrupted)
  }
  #mirror(id: string, content: readonly (string | ChatAudio)[], interrupted = false): void {
    const at = this.items.findIndex(item => item.id === id)
    const known = this.items[at]
    const role = known?.type === 'message' ? known.role : 'assistant'
    const item: ChatItem = { id, type: 'message', role, content, ...(interrupted ? { interrupted } : {}) }
    if (at < 0) this.items.push(item)
    else this.items[at] = item
  }
  on<E extends keyof SessionEvents>(event: E, listener: (payload: SessionEvents[E]) => void): void {
    this.#listeners.set(event, (this.#listeners.get(event) ?? new Set()).add(listener))
  }
  off<E extends keyof SessionEvents>(event: E, listener: (payload: SessionEvents[E]) => void): void {
    this.#listeners.get(event)?.delete(listener)
  }
  async #order(name: string, ...args: unknown[]): Promise<void> {
    if (this.closed) throw coded('ERR_CLOSED', 'this session is closed')
    this.orders.push({ name, args, at: this.hands.clock.now() })
    const at = this.#refusals.findIndex(refusal => refusal.name === name)
    const [refusal] = at < 0 ? [] : this.#refusals.splice(at, 1)
    if (refusal) throw refusal.error
  }
  #content(responseId: string, about: Contents): FakeContent {
    const { itemId = `item_${++this.#ids}`, contentIndex = 0, contentType = 'audio' } = about
    const audio = hold<AudioFrame>(plenty)
    const text = hold<string>(plenty)
    const released: string[] = []
    let given = 0
    let whole = about.text ?? ''
    const content: FakeContent = {
      ...{ responseId, itemId, contentIndex, contentType, outputIndex: 0, toolCalls: [], released },
      audioStream: watched(audio, () => released.push('audio')),
      textStream: watched(text, () => released.push('text')),
      get text() {
        return whole
      },
      get given() {
        return given
      },
      get samples() {
        return given
      },
      push: ms => {
        for (let left = ms; left > 0; left -= 100) {
          const data = samples(Math.min(100, left), given + 1)
          given += data.length
          void audio.push(frameOf(data, { sampleRate: this.model.capabilities.outputSampleRate, channels: 1 }))
        }
        return content
      },
      say: (...words) => {
        for (const word of words) {
          whole += word
          void text.push(word)
        }
        return content
      },
      end: () => {
        audio.end()
        text.end()
        if (contentType === 'audio' && !this.#told.has(itemId)) this.#mirror(itemId, [whole])
        this.emit('response_content_done', content)
        return content
      },
      fail: error => {
        audio.end(error)
        text.end()
        return content
      },
    }
    if (!this.items.some(({ id }) => id === itemId))
      this.items.push({ id: itemId, type: 'message', role: 'assistant', content: [] })
    this.emit('response_content_added', content)
    return content
  }
  async close(): Promise<void> {
    if (this.closed) return
    this.closed = true
    this.#drained()
    this.orders.push({ name: 'close', args: [], at: this.hands.clock.now() })
    this.emit('closed', {})
  }
}

const watched = <T>(queue: Queue<T>, released: () => void): AsyncIterable<T> => ({
  [Symbol.asyncIterator]: () => {
    const iterator = queue[Symbol.asyncIterator]()
    return {
      next: () => iterator.next(),
      return: async () => {
        released()
        return (await iterator.return?.()) ?? { done: true, value: undefined }
      },
    }
  },
})
