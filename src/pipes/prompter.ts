/** Holds the text of an utterance, and gives out each word when its time has come. */
import type { Clock, Log, Word } from '../ports.ts'
import { paceOf } from '../text/pace.ts'
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
  playhead: Playhead
  log: Log
  /** Gets each word in the moment it counts as spoken, with its times where they were given. */
  publish: (word: Word) => void
  /** How fast the voice speaks where no times are given, as a factor. */
  speed?: number
}

/** Text that was read and not shown, in UTF-16 units; beyond it the source is held. More than an hour of speech. */
const maxWaiting = 65_536

export class Prompter {
  readonly #hands: PrompterHands
  readonly #words = splitter()
  readonly #pace
  readonly #queue: { word: Word; middle: number }[] = []
  readonly #unfollow: () => void
  /** Open: the audio was heard to its end, so all text is due. */
  #state: 'paced' | 'open' | 'over' = 'paced'
  #waiting = 0
  #roomy: () => void = () => {}
  #timer: unknown
  spoken = ''

  constructor(hands: PrompterHands) {
    this.#hands = hands
    this.#pace = paceOf(hands.speed)
    this.#unfollow = hands.playhead.changed(() => this.#advance())
  }

  /** Takes the next piece; waits while too much is waiting already. */
  async take(piece: string | Word): Promise<void> {
    const word = typeof piece === 'string' ? { text: piece } : piece
    if (this.#state === 'over' || word.text === '') return
    this.#waiting += word.text.length
    this.#line(this.#state === 'open' ? [word] : this.#words.push(word))
    if (this.#state === 'open') this.#say(() => true)
    else this.#advance()
    while (this.#waiting > maxWaiting)
      await new Promise<void>(resolve => {
        this.#roomy = resolve
      })
  }
  /** No more text will come. */
  end(): void {
    if (this.#state !== 'paced') return
    this.#line(this.#words.end())
    this.#advance()
  }
  /** All text is due from now on. */
  open(): void {
    if (this.#state !== 'paced') return
    this.#state = 'open'
    this.#rest()
    this.#line(this.#words.end())
    this.#say(() => true)
  }
  /** Shows what is due at this very moment, and nothing after it. */
  stop(): void {
    this.#advance()
    this.#state = 'over'
    this.#rest()
    this.#queue.length = 0
    this.#waiting = 0
    this.#roomy()
  }

  #line(words: Word[]): void {
    const { ignored } = this.#pace
    for (const word of words) this.#queue.push({ word, middle: this.#pace.add(word) })
    if (ignored === 0 && this.#pace.ignored > 0) this.#hands.log('warn', 'show.times', { id: this.#hands.id })
  }
  /** Shows what is due, and comes back when the next is: by the clock while it sounds, else when the playhead says so. */
  #advance(): void {
    if (this.#state !== 'paced') return
    const { playhead } = this.#hands
    const heard = playhead.heardMs()
    if (heard > 0) this.#say(middle => this.#pace.dueMs(middle) <= heard)
    playhead.clock.clearTimeout(this.#timer)
    const next = this.#queue[0]
    if (!next || !playhead.running()) return
    // A position that lags behind the clock is asked for again 1 ms later.
    const wait = Math.max(1, this.#pace.dueMs(next.middle) - heard)
    this.#timer = playhead.clock.setTimeout(() => this.#advance(), wait)
  }
  /** Gives out words as long as they are due. Whoever gets one may end all this: then none is left. */
  #say(isDue: (middle: number) => boolean): void {
    for (let next = this.#queue[0]; next && isDue(next.middle); next = this.#queue[0]) {
      this.#queue.shift()
      this.spoken += next.word.text
      this.#waiting -= next.word.text.length
      if (this.#waiting <= maxWaiting) this.#roomy()
      this.#hands.publish(next.word)
    }
  }
  #rest(): void {
    this.#unfollow()
    this.#hands.playhead.clock.clearTimeout(this.#timer)
  }
}
