/** The messages that people write to the agent: read as they come, kept until their turn. */

import type { Sender } from '../../machines/crew.ts'
import type { Message } from '../../machines/inbound/chat.ts'
import { drop, type Queue } from '../audio/buffer.ts'
import { codeOf, lineOf } from '../errors.ts'
import type { ChatMessage } from '../mind.ts'
import { letGo, until } from '../pipes/until.ts'
import type { Clock, Incoming, Log, StreamInfo, TextIn } from '../ports.ts'
import type { ChatHands } from './chat.ts'

/** CHAT-1: where LiveKit's clients send it. */
const TOPIC = 'lk.chat'
/** CHAT-5: the longest message, in bytes, and for how long it may be on its way, in ms. */
const LONGEST = 1_048_576
const OPEN_MS = 30_000
/** As many wait for their turn: 32 MiB at most. */
const WAITING = 32

export type InboxOptions = {
  textIn: TextIn
  clock: Clock
  log: Log
  /** Somebody asked for it: that the topic is taken is worth a warning. */
  asked?: boolean
  /** Who has this identity; undefined while the room is not joined. */
  sender: (identity: string) => Sender | undefined
  /** Deals with a message; the next one waits until it is done. */
  answer?: (message: ChatMessage) => unknown
}
type Letter = {
  info: StreamInfo
  identity: string
  /** As it was when the letter was begun, if that was known then. */
  sender: Sender | undefined
  /** Undefined if it was dropped. */
  text: Promise<string | undefined>
  over: AbortController
}

/** Why a letter is let go that nothing is wrong with. */
const unwanted = new Error('nobody wants it')

export class Inbox implements ChatHands {
  readonly log: Log
  readonly #options: InboxOptions
  readonly #waiting: Queue<Letter> = drop(WAITING)
  #letGo: (() => void) | undefined
  #inHand: Letter | undefined
  #last: Promise<unknown> = Promise.resolve()

  constructor(options: InboxOptions) {
    this.log = options.log
    this.#options = options
  }

  /** Takes the topic over. */
  start(): void {
    const { textIn, asked = true } = this.#options
    try {
      this.#letGo = textIn.listen(TOPIC, stream => this.#came(stream))
    } catch (error) {
      if (codeOf(error) !== 'ERR_TOPIC_TAKEN') throw error
      if (asked) this.log('warn', 'chat.taken', { topic: TOPIC }) // without it, and their handler stays
    }
  }

  async take(signal: AbortSignal): Promise<Message> {
    const lost = this.#inHand
    if (lost) this.log('warn', 'chat.lost', { id: lost.info.id, identity: lost.identity }) // whoever dealt with it has failed
    this.#inHand = undefined
    for await (const letter of until<Letter>(signal)(this.#waiting)) {
      if (!this.#participantOf(letter)) continue
      this.#inHand = letter
      return { id: letter.info.id, identity: letter.identity }
    }
    return new Promise(() => {}) // nobody asks any more
  }

  async answer(signal: AbortSignal): Promise<void> {
    const letter = this.#inHand
    const participant = letter && this.#participantOf(letter)
    if (!letter || !participant) return
    const cancel = () => letter.over.abort(unwanted)
    signal.addEventListener('abort', cancel, { once: true })
    const before = this.#last
    const work = this.#deal(letter, { info: letter.info, participant, participantIdentity: letter.identity }, before, signal)
    this.#last = work.catch(() => {}) // the machine is told; the next one is dealt with all the same
    try {
      await work
    } finally {
      signal.removeEventListener('abort', cancel)
      if (!signal.aborted) this.#inHand = undefined
    }
  }

  close(): void {
    this.#letGo?.()
    this.#letGo = undefined
    for (const { over } of this.#waiting.waiting) over.abort(unwanted)
    this.#inHand?.over.abort(unwanted)
    this.#inHand = undefined
    this.#waiting.clear()
    this.#waiting.end()
  }

  /** One at a time, also after a failure: a callback that runs cannot be called back. */
  async #deal(letter: Letter, about: Omit<ChatMessage, 'text'>, before: Promise<unknown>, signal: AbortSignal) {
    const { answer } = this.#options
    const text = await letter.text
    await before
    if (text === undefined || signal.aborted) return
    if (answer) await answer({ text, ...about })
    else this.log('error', 'chat.unanswered', { identity: letter.identity })
  }

  #came(stream: Incoming<string>): void {
    const { identity, info } = stream
    const sender = this.#options.sender(identity)
    if (!this.#hasPlaceFor(sender, identity)) {
      letGo(stream.chunks[Symbol.asyncIterator]()) // unread, it would pile up until the room ends
      return
    }
    const over = new AbortController()
    void this.#waiting.push({ info, identity, sender, over, text: this.#read(stream, over) })
  }

  #hasPlaceFor(sender: Sender | undefined, identity: string): boolean {
    if (sender && !this.#isWelcome(sender, identity)) return false
    if (this.#waiting.size < this.#waiting.limit) return true
    this.log('warn', 'chat.dropped', { identity, error: `${WAITING} messages wait already` })
    return false
  }

  /** Who wrote it, if we take it from them. */
  #participantOf(letter: Letter) {
    const sender = letter.sender ?? this.#options.sender(letter.identity)
    letter.sender = sender
    if (sender && this.#isWelcome(sender, letter.identity)) return sender.participant
    letter.over.abort(unwanted)
    return undefined
  }

  #isWelcome({ participant, welcome }: Sender, identity: string): boolean {
    if (!participant) this.log('warn', 'chat.unknown', { identity })
    else if (!welcome) this.log('debug', 'chat.refused', { identity })
    return participant !== undefined && welcome
  }

  async #read({ chunks, identity }: Incoming<string>, over: AbortController): Promise<string | undefined> {
    const { clock } = this.#options
    const late = () => over.abort(new Error(`it was open for longer than ${OPEN_MS / 1000} s`))
    const timer = clock.setTimeout(late, OPEN_MS)
    let [text, bytes] = ['', 0]
    try {
      for await (const chunk of until<string>(over.signal)(chunks)) {
        bytes += Buffer.byteLength(chunk)
        if (bytes > LONGEST) throw new Error(`it is longer than ${LONGEST} bytes`)
        text += chunk
      }
      over.signal.throwIfAborted()
      return text
    } catch (error) {
      if (error !== unwanted) this.log('warn', 'chat.dropped', { identity, error: lineOf(error) })
      return undefined
    } finally {
      clock.clearTimeout(timer)
    }
  }
}
