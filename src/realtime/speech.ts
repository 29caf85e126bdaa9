/** What the model says, on its way to the room: each content is an utterance of its own, and each is told for certain what became of it. */
import { pipe } from 'it-pipe'
import type { RealtimeEvent } from '../../machines/realtime.ts'
import { type AudioFrame, msOf } from '../audio/frame.ts'
import { conform } from '../audio/resample.ts'
import { codeOf, lineOf } from '../errors.ts'
import type { Conversation, Utterance } from '../mind.ts'
import { letGo } from '../pipes/until.ts'
import type { Log, Played } from '../ports.ts'
import type { TellAgent } from './news.ts'
import type { RealtimeSession, ResponseContent } from './port.ts'

export type SpeechHands = {
  conversation: Conversation
  /** The session, while there is one that takes commands. */
  session: () => RealtimeSession | undefined
  /** The model takes back what was not heard. */
  truncates: boolean
  /** Its words are shown. */
  shown: boolean
  log: Log
  tell: TellAgent
  /** Asks the model for something, and tells what refuses it. */
  order: (work: () => Promise<unknown>) => void
  send: (event: RealtimeEvent) => void
}
/** How much sound the model has given, in samples at its own rate. */
type Received = { samples: number; sampleRate: number }
type Part = {
  readonly content: ResponseContent
  readonly utterance: Utterance
  readonly received: Received
  started: boolean
  cut: boolean
}

/** Of so many items the texts of their contents are known, so that one does not take the other's place. */
const REMEMBERED = 32

export class Speech {
  readonly #hands: SpeechHands
  /** What sounds or waits, in order. */
  readonly #parts = new Set<Part>()
  /** The responses that the model is making, and those of them that were cut: nothing more of them is said. */
  readonly #making = new Set<string>()
  readonly #dropped = new Set<string>()
  /** What counts as said of each item, by the index of its contents. */
  readonly #said = new Map<string, string[]>()
  #settled: () => void = () => {}

  constructor(hands: SpeechHands) {
    this.#hands = hands
  }

  /** The model begins and ends a response. */
  begin(responseId: string): void {
    this.#making.add(responseId)
  }
  end(responseId: string): void {
    this.#making.delete(responseId)
    this.#dropped.delete(responseId)
    if (![...this.#parts].some(({ content, started }) => content.responseId === responseId && !started))
      this.#hands.send({ type: 'response.settled', id: responseId })
  }

  /** Says it after all that was said before. What belongs to a response that was cut is not said. */
  say(content: ResponseContent): void {
    const { conversation, shown, log } = this.#hands
    if (this.#dropped.has(content.responseId)) {
      release(content)
      return
    }
    const received = { samples: 0, sampleRate: conversation.format.output.sampleRate }
    try {
      const audio = pipe(content.audioStream, counted(received), conform(conversation.format.output))
      const utterance = conversation.say({ audio, text: content.textStream, ...(shown ? {} : { shown }) })
      this.#follow({ content, utterance, received, started: false, cut: false })
    } catch (error) {
      const closes = codeOf(error) === 'ERR_CLOSED' // the room: then nobody misses it
      log(closes ? 'debug' : 'warn', 'model.unsaid', { itemId: content.itemId, error: lineOf(error) })
      release(content)
    }
  }
  /** Cuts all of it. Unless `silently`, the model is told; first that it need not go on, then where it was cut. */
  interrupt(silently = false): void {
    const parts = [...this.#parts]
    const ends = new Map<Part, Played>()
    for (const part of parts.reverse()) ends.set(part, part.utterance.interrupt()) // the last first: none of them begins
    const cut = parts.reverse().filter(part => ends.get(part)?.outcome === 'interrupted')
    for (const { content } of cut) this.#drop(content.responseId, silently)
    for (const part of cut) this.#truncate(part, ends.get(part)?.heard ?? 0, silently)
  }
  /** The same, and the model is told nothing: what it was making will not come any more. */
  hush(): void {
    this.interrupt(true)
    this.#making.clear()
    this.#dropped.clear()
  }
  /** Resolves when what became of all of it was told. */
  async settled(): Promise<void> {
    if (this.#parts.size > 0)
      await new Promise<void>(resolve => {
        this.#settled = resolve
      })
  }

  #follow(part: Part): void {
    this.#parts.add(part)
    void part.utterance.started.then(started => started && this.#started(part))
    void part.utterance.played.then(played => this.#ended(part, played))
  }
  #started(part: Part): void {
    part.started = true
    this.#hands.tell('agent_started_speaking', undefined)
    this.#hands.send({ type: 'utterance.started' })
    this.#hands.send({ type: 'response.settled', id: part.content.responseId })
  }
  /** MM-23 to MM-26. */
  #ended(part: Part, { outcome, heard, spoken }: Played): void {
    const { tell, send } = this.#hands
    const { itemId: id, responseId, text: whole } = part.content
    this.#parts.delete(part)
    if (outcome === 'interrupted') {
      this.#drop(responseId, false) // by somebody else than us
      this.#truncate(part, heard, false)
    }
    const cut = outcome !== 'finished'
    const words = spoken ?? (cut ? '' : whole)
    if (part.started) {
      const text = cut ? `${words}...` : words
      tell('agent_stopped_speaking', undefined)
      this.#mirror(part, text, cut)
      tell(cut ? 'agent_speech_interrupted' : 'agent_speech_committed', { id, role: 'assistant', text })
      send({ type: 'utterance.ended' })
    } else if (cut) this.#mirror(part, '', true)
    if (!part.started && !this.#making.has(responseId)) send({ type: 'response.settled', id: responseId })
    if (this.#parts.size === 0) this.#settled()
  }
  /** Nothing more of this response is said; if it is still being made, that may end (MM-32). */
  #drop(responseId: string, silently: boolean): void {
    const { session, truncates, order } = this.#hands
    if (!this.#making.has(responseId) || this.#dropped.has(responseId)) return
    this.#dropped.add(responseId)
    if (truncates && !silently) order(async () => session()?.response.cancel(responseId))
  }
  /** Once for each content, with what the room has heard of it (MM-28 to MM-31). */
  #truncate(part: Part, heard: number, silently: boolean): void {
    if (part.cut) return
    part.cut = true
    const { session, truncates, conversation, order } = this.#hands
    if (!truncates || silently || (part.content.samples ?? part.received.samples) === 0) return // what has no sound cannot be cut
    const { itemId, contentIndex } = part.content
    const audioEndMs = Math.min(
      msOf(heard, conversation.format.output.sampleRate),
      msOf(part.received.samples, part.received.sampleRate),
    )
    order(async () => session()?.conversation.item.truncate({ itemId, contentIndex, audioEndMs }))
  }
  #mirror({ content: { itemId, contentIndex } }: Part, text: string, cut: boolean): void {
    const texts = this.#said.get(itemId) ?? []
    texts[contentIndex] = text
    this.#said.delete(itemId)
    this.#said.set(itemId, texts)
    for (const oldest of this.#said.keys()) if (this.#said.size > REMEMBERED) this.#said.delete(oldest)
    const open = [...this.#parts].filter(({ content }) => content.itemId === itemId)
    for (const { content } of open) texts[content.contentIndex] = content.text
    this.#hands.session()?.updateConversationItemContent(itemId, texts.filter(Boolean), cut)
  }
}

/** Nobody will read it. */
const release = ({ audioStream, textStream }: ResponseContent) => {
  for (const stream of [audioStream, textStream]) letGo(stream[Symbol.asyncIterator]())
}
const counted = (received: Received) =>
  async function* (frames: AsyncIterable<AudioFrame>): AsyncGenerator<AudioFrame> {
    for await (const frame of frames) {
      received.samples += frame.samplesPerChannel
      received.sampleRate = frame.sampleRate
      yield frame
    }
  }
