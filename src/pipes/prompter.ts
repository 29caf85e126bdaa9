/** Holds the text of an utterance, and gives out each word when its time has come. */
import type { Format } from '../audio/frame.ts'
import { Voicing } from '../audio/voicing.ts'
import type { Clock, Log, Word } from '../ports.ts'
import { Pace } from '../text/pace.ts'
import { splitter } from '../text/word.ts'

/** Where the sound of one utterance is. Asking after the utterance has ended is allowed. */
export interface Playhead {
  /** How much of it was heard, in ms. Never falls. */
  heardMs(): number
  /** Whether it sounds, so that the position moves on by itself. */
  running(): boolean
  /** Calls `listener` whenever `running` changes, and when the position changed otherwise; until the returned function is called. */
  changed(listener: () => void): () => void
  readonly clock: Clock
}

export type PrompterHands = {
  id: string
  playhead: Pick<Playhead, 'heardMs' | 'clock'>
  log: Log
  /** Gets each word in the moment it counts as spoken, with its times where they were given. */
  publish: (word: Word) => void
  /** What the audio is made of that `listen` is given. Without it the text goes at the usual rate. */
  format?: Format
  /** How fast the voice speaks where neither times nor audio tell, as a factor. */
  speed?: number
}

/** Text that was read and not shown, in UTF-16 units; beyond it the source is held. More than an hour of speech. */
const maxWaiting = 65_536

export class Prompter {
  readonly #hands: PrompterHands
  readonly #words = splitter()
  readonly #voicing: Voicing | undefined
  readonly #pace: Pace
  readonly #queue: { word: Word; middle: number }[] = []
  /** Open: all text is due. */
  #state: 'paced' | 'open' | 'over' = 'paced'
  #running = false
  #waiting = 0
  readonly #held = new Set<() => void>()
  #timer: unknown
  spoken = ''

  constructor(hands: PrompterHands) {
    this.#hands = hands
    this.#voicing = hands.format && new Voicing(hands.format)
    this.#pace = new Pace(hands.speed, this.#voicing)
  }

  /** Takes the next piece; waits while too much is waiting already. */
  async take(piece: string | Word): Promise<void> {
    const word = typeof piece === 'string' ? { text: piece } : piece
    if (this.#state === 'over' || word.text === '') return
    this.#waiting += word.text.length
    if (this.#state === 'open') this.#line([word])
    else this.#learn(() => this.#line(this.#words.push(word)))
    if (this.#state === 'open') this.#say(() => true)
    while (this.#waiting > maxWaiting) await new Promise<void>(resolve => this.#held.add(resolve))
  }
  /** No more text will come. */
  end(): void {
    this.#learn(() => {
      this.#line(this.#words.end())
      this.#pace.end()
    })
  }
  /** Follows the audio of the text as it is pushed: interleaved samples. */
  listen(data: Int16Array): void {
    this.#learn(() => this.#voicing?.push(data))
  }
  /** No more audio will come. */
  listened(): void {
    this.#learn(() => this.#voicing?.end())
  }

  /** The position moves on with the clock, from now on. */
  run(): void {
    this.#running = true
    this.#advance()
  }
  /** It stands still. */
  rest(): void {
    this.#running = false
    this.#advance()
  }
  /** All text is due from now on. */
  release(): void {
    if (this.#state !== 'paced') return
    this.#state = 'open'
    this.#line(this.#words.end())
    this.#say(() => true)
  }
  /** Shows what is due at this very moment, and nothing after it. */
  close(): void {
    this.rest()
    this.#state = 'over'
    this.#queue.length = 0
    this.#waiting = 0
    this.#letGo()
  }

  /** Whoever was held may go on, or look again. */
  #letGo(): void {
    for (const go of this.#held) go()
    this.#held.clear()
  }
  /** What was heard is fixed before the text or its audio goes on: so it does not matter how often anybody asks in between. */
  #learn(more: () => void): void {
    if (this.#state !== 'paced') return
    this.#pace.settle(this.#hands.playhead.heardMs())
    more()
    this.#advance()
  }
  #line(words: Word[]): void {
    const { ignored } = this.#pace
    for (const word of words) this.#queue.push({ word, middle: this.#pace.add(word) })
    if (ignored === 0 && this.#pace.ignored > 0) this.#hands.log('warn', 'show.times', { id: this.#hands.id })
  }
  /** Shows what is due, and comes back when the next is, while the position moves on; else whoever moves it does. */
  #advance(): void {
    const { playhead } = this.#hands
    playhead.clock.clearTimeout(this.#timer)
    if (this.#state !== 'paced') return
    const heard = playhead.heardMs()
    if (heard > 0) this.#say(middle => this.#pace.dueMs(middle, heard) <= heard)
    const next = this.#queue[0]
    if (!next || !this.#running) return
    // A position that lags behind the clock is asked for again 1 ms later.
    const wait = Math.max(1, this.#pace.dueMs(next.middle, heard) - heard)
    if (wait < Number.POSITIVE_INFINITY) this.#timer = playhead.clock.setTimeout(() => this.#advance(), wait)
  }
  /** Gives out words as long as they are due. Whoever gets one may end all this: then none is left. */
  #say(isDue: (middle: number) => boolean): void {
    for (let next = this.#queue[0]; next && isDue(next.middle); next = this.#queue[0]) {
      this.#queue.shift()
      this.spoken += next.word.text
      this.#waiting -= next.word.text.length
      if (this.#waiting <= maxWaiting) this.#letGo()
      this.#hands.publish(next.word)
    }
  }
}
