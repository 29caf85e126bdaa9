/** One text segment on its way to captions: sentence by sentence, each growing by a word as that is heard. */
import type { Format } from '../audio/frame.ts'
import { lineOf } from '../errors.ts'
import { type Playhead, Prompter } from '../pipes/prompter.ts'
import type { Clock, Log, Word } from '../ports.ts'
import { bare, sentences, type Tokenize } from '../text/sentence.ts'

export type RecitalHands = {
  id: string
  clock: Clock
  log: Log
  speed: number
  tokenize: Tokenize | undefined
  /** An id for the next sentence. */
  next: () => string
  show: (id: string, text: string, final: boolean) => void
  /** A sentence was shown whole. */
  paused: () => void
}

/** What the audio of a text is brought to, to hear its pauses. */
export const listening: Format = { sampleRate: 24_000, channels: 1 }

export class Recital {
  readonly #hands: RecitalHands
  readonly #sentences
  readonly #prompter: Prompter
  /** Ends of sentences that are known and not shown. */
  readonly #ends: number[] = []
  #playhead: Playhead | undefined
  #unfollow: () => void = () => {}
  /** Where the sentence in hand begins; its id, once something of it was shown, and what. */
  #from = 0
  #id: string | undefined
  #shown = ''
  #isOver = false

  constructor(hands: RecitalHands) {
    const { id, clock, log, speed, tokenize } = hands
    this.#hands = hands
    this.#sentences = sentences(tokenize, error => log('warn', 'forwarder.tokenizer', { id, error: lineOf(error) }))
    const playhead = { clock, heardMs: () => this.#playhead?.heardMs() ?? 0 }
    this.#prompter = new Prompter({ ...{ id, log, speed, format: listening, playhead }, publish: () => this.#show() })
  }

  /** What counts as spoken: a prefix of the text. */
  get spoken(): string {
    return this.#prompter.spoken
  }
  /** From now on the words follow this playhead; before it none is shown. */
  start(playhead: Playhead): void {
    this.#playhead = playhead
    const follow = () => (playhead.running() ? this.#prompter.run() : this.#prompter.rest())
    this.#unfollow = playhead.changed(follow)
    follow()
  }
  /** Follows the audio of the text as it is pushed: samples in the format `listening`. */
  listen(data: Int16Array): void {
    this.#prompter.listen(data)
  }
  /** No more audio will come. */
  listened(): void {
    this.#prompter.listened()
  }
  /** Takes the next piece; waits while too much is waiting already. */
  take(piece: string | Word): Promise<void> {
    this.#ends.push(...this.#sentences.push(typeof piece === 'string' ? piece : piece.text))
    const taken = this.#prompter.take(piece)
    this.#show()
    return taken
  }
  /** No more text will come. */
  end(): void {
    this.#ends.push(...this.#sentences.end())
    this.#prompter.end()
    this.#show()
  }
  /** The speech is over: the rest is shown at once, and what still comes as it comes. */
  open(): void {
    this.#unfollow()
    this.#prompter.release()
  }
  /** Nothing more is shown; the sentence in hand ends with the words that it has. */
  stop(): void {
    if (this.#isOver) return
    this.#unfollow()
    this.#prompter.close()
    this.#isOver = true
    const text = this.spoken.slice(this.#from).trim()
    if (this.#id !== undefined) this.#hands.show(this.#id, text, true)
  }

  #show(): void {
    if (this.#isOver) return
    const { show, next, paused } = this.#hands
    const { spoken } = this
    for (let end = this.#ends[0]; end !== undefined && end <= spoken.length; end = this.#ends[0]) {
      this.#ends.shift()
      const text = spoken.slice(this.#from, end).trim()
      this.#from = end
      if (text === '' && this.#id === undefined) continue
      show(this.#id ?? next(), text, true)
      this.#id = undefined
      this.#shown = ''
      paused()
    }
    const text = bare(spoken.slice(this.#from, Math.max(this.#from, this.#sentences.doubt)).trimStart())
    if (text === this.#shown || text === '') return
    this.#id ??= next()
    this.#shown = text
    show(this.#id, text, false)
  }
}
