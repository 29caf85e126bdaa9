/** One generation of a model of `@livekit/agents` as a response: its messages are contents, and its calls are collected. */
import type { ReadableStream } from 'node:stream/web'
import type { llm } from '@livekit/agents'
import { hold, type Queue } from '../../audio/buffer.ts'
import type { AudioFrame } from '../../audio/frame.ts'
import { conform } from '../../audio/resample.ts'
import { lineOf } from '../../errors.ts'
import { until } from '../../pipes/until.ts'
import type { ModelFailure, ResponseContent, ResponseStatus, SessionEvents } from '../../realtime/port.ts'

export type GenerationHands = {
  id: string
  /** What a message is that does not say it. */
  usually: 'text' | 'audio'
  /** In Hz, of what is handed on. */
  sampleRate: number
  /** Aborts when the session is over. */
  over: AbortSignal
  tell: <E extends keyof SessionEvents>(event: E, payload: SessionEvents[E]) => void
  called: (call: { itemId: string; callId: string; name: string; rawArguments: string }) => void
  /** Whether the model says that it did not come to its end. */
  wasCut: () => boolean
}

/** So much of a content is read ahead of its reader, so that the end of a response is known when the model is done with it. */
const AHEAD_S = 60
const AHEAD_CHARACTERS = 100_000

type Streams = { text: Queue<string>; audio: Queue<AudioFrame> }

export class Generation {
  readonly id: string
  readonly #hands: GenerationHands
  readonly #open = new Set<Streams>()
  readonly #stopped: Promise<void>
  #stop: () => void = () => {}
  #status: ResponseStatus = 'in_progress'
  #failure: ModelFailure | undefined
  #outputs = 0
  /** Resolves when all of it was told. */
  readonly done: Promise<void>

  constructor(event: llm.GenerationCreatedEvent, hands: GenerationHands) {
    this.id = hands.id
    this.#hands = hands
    this.#stopped = new Promise(resolve => {
      this.#stop = resolve
    })
    this.done = this.#run(event)
  }

  /** It was cancelled: what still comes of it is dropped. */
  cut(): void {
    this.#end('cancelled')
  }
  /** The model is lost, and with it the rest. */
  fail(error: Error): void {
    this.#end('failed', error)
  }

  #end(status: ResponseStatus, error?: unknown): void {
    if (this.#status !== 'in_progress') return
    this.#status = status
    if (error !== undefined) this.#failure = { message: lineOf(error) }
    for (const { text, audio } of this.#open)
      for (const queue of [text, audio]) {
        queue.end(error)
        if (error === undefined) queue.clear()
      }
    this.#stop()
  }

  async #run({ messageStream, functionStream }: llm.GenerationCreatedEvent): Promise<void> {
    const { id, tell, wasCut } = this.#hands
    await undefined // so that whoever is told of it can cancel it
    tell('response_created', { id, status: 'in_progress' })
    const all = Promise.all([this.#messages(messageStream), this.#calls(functionStream)])
    await Promise.race([all, this.#stopped]).catch(error => this.#end('failed', error))
    this.#end(wasCut() ? 'cancelled' : 'completed')
    tell('response_done', { id, status: this.#status, ...(this.#failure ? { error: this.#failure } : {}) })
  }

  async #messages(messages: ReadableStream<llm.MessageGeneration>): Promise<void> {
    const contents: Promise<void>[] = []
    for await (const message of this.#each(messages)) {
      const content = await this.#content(message)
      content?.ended.catch(error => this.#end('failed', error)) // also while others are still to come
      if (content) contents.push(content.ended)
    }
    await Promise.all(contents)
  }
  async #calls(calls: ReadableStream<llm.FunctionCall>): Promise<void> {
    const { id: responseId, tell, called } = this.#hands
    for await (const { id: itemId, callId, name, args } of this.#each(calls)) {
      const output = { responseId, itemId, outputIndex: this.#outputs++, type: 'function_call' as const }
      tell('response_output_added', output)
      called({ itemId, callId, name, rawArguments: args })
      tell('response_output_done', output)
    }
  }

  /** Tells of it when it is known what it is. The next message does not wait for all of it to come: that is `ended`. */
  async #content(message: llm.MessageGeneration): Promise<{ ended: Promise<void> } | undefined> {
    const { id: responseId, tell, usually, sampleRate } = this.#hands
    const output = { responseId, itemId: message.messageId, outputIndex: this.#outputs++, type: 'message' as const }
    tell('response_output_added', output)
    const kinds = await Promise.race([message.modalities, this.#stopped])
    const contentType = kinds ? (kinds.includes('audio') ? 'audio' : 'text') : usually
    if (this.#status !== 'in_progress') return undefined
    const text = hold<string>(AHEAD_CHARACTERS, piece => piece.length)
    const audio = hold<AudioFrame>(AHEAD_S * sampleRate, frame => frame.samplesPerChannel)
    const streams = { text, audio }
    this.#open.add(streams)
    let whole = ''
    const content: ResponseContent = {
      ...output,
      ...{ contentIndex: 0, contentType, textStream: text, audioStream: audio, toolCalls: [] },
      get text() {
        return whole
      },
    }
    tell('response_content_added', content)
    const write = async () => {
      for await (const piece of this.#each(message.textStream)) {
        const words = typeof piece === 'string' ? piece : piece.text
        whole += words
        await text.push(words)
      }
    }
    const sound = async () => {
      const mono = conform({ sampleRate, channels: 1 })
      for await (const frame of mono(this.#each(message.audioStream))) await audio.push(frame)
    }
    const ended = async () => {
      await this.#fill(streams, [write(), contentType === 'audio' ? sound() : Promise.resolve()])
      if (this.#status !== 'in_progress') return
      tell('response_content_done', content)
      tell('response_output_done', output)
    }
    return { ended: ended() }
  }
  /** Either stream ends as soon as its own source does; what fails breaks off both. */
  async #fill(streams: Streams, [writing, sounding]: [Promise<void>, Promise<void>]): Promise<void> {
    try {
      await Promise.all([writing.then(() => streams.text.end()), sounding.then(() => streams.audio.end())])
    } catch (error) {
      streams.text.end(error)
      streams.audio.end(error)
      throw error
    } finally {
      this.#open.delete(streams)
    }
  }

  /** Their stream, until the session is over. It is not cancelled then: whoever writes to it would be told of an error. */
  #each<T>(stream: ReadableStream<T>): AsyncIterable<T> {
    return until<T>(this.#hands.over)(stream.values({ preventCancel: true }))
  }
}
