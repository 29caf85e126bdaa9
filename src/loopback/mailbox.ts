/** What is on its way to one member of the room: facts and data in one order, delivered in a turn of their own. */
import type { Clock, RoomEvent } from '../ports.ts'

type Letter = { event: RoomEvent; last?: boolean } | { deliver: () => void }

/** A letter is never delivered within the call that posted it. */
export class Mailbox {
  readonly #clock: Clock
  readonly #tell: (event: RoomEvent) => void
  #letters: Letter[] = []
  #held: Letter[] | undefined
  #timer: unknown
  #closed = false

  /** `tell` gets the facts, one at a time. */
  constructor(clock: Clock, tell: (event: RoomEvent) => void) {
    this.#clock = clock
    this.#tell = tell
  }

  /** Tells a fact. */
  tell(event: RoomEvent): void {
    this.#post([{ event }])
  }
  /** Delivers data. */
  bring(deliver: () => void): void {
    this.#post([{ deliver }])
  }
  /** Holds back what is posted from now on. */
  hold(): void {
    this.#held ??= []
  }
  /** Lets go what was held, `first` before it, but not the facts that `keep` refuses. */
  release(first: RoomEvent[], keep: (event: RoomEvent) => boolean): void {
    const kept = (this.#held ?? []).filter(letter => 'deliver' in letter || keep(letter.event))
    this.#held = undefined
    this.#post([...first.map(event => ({ event })), ...kept])
  }
  /** Tells a last fact and then closes. What is held is lost. */
  finish(event: RoomEvent): void {
    this.#held = undefined
    this.#post([{ event, last: true }])
  }
  /** Delivers nothing any more, not even what is on its way. */
  close(): void {
    this.#closed = true
    this.#letters = []
    this.#held = undefined
    if (this.#timer !== undefined) this.#clock.clearTimeout(this.#timer)
    this.#timer = undefined
  }

  #post(letters: Letter[]): void {
    if (this.#closed || letters.length === 0) return
    const box = this.#held ?? this.#letters
    box.push(...letters)
    if (!this.#held) this.#timer ??= this.#clock.setTimeout(() => this.#deliver(), 0)
  }
  #deliver(): void {
    this.#timer = undefined
    const batch = this.#letters
    this.#letters = []
    for (const letter of batch) {
      if (this.#closed) return
      if ('deliver' in letter) letter.deliver()
      else {
        if (letter.last) this.close()
        this.#tell(letter.event)
      }
    }
  }
}
