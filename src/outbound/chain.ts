/** Passes the agent's text on to the next in the chain: one call at a time, each in a turn of its own. */
import { lineOf } from '../errors.ts'
import type { Log, TextSink, Word } from '../ports.ts'
import { timedString } from '../text/timed.ts'

/** What may wait for it, in UTF-16 units, as for the room; beyond that the newest text is dropped. */
const maxWaiting = 65_536

export class Chain {
  readonly #sink: TextSink
  readonly #log: Log
  /** Words, and `undefined` where a segment ends. */
  readonly #queue: (Word | undefined)[] = []
  #waiting = 0
  #full = false
  #busy = false

  constructor(sink: TextSink, log: Log) {
    this.#sink = sink
    this.#log = log
  }

  capture(words: Word[]): void {
    for (const word of words) this.#add(word)
    void this.#work()
  }
  /** The segment is over. */
  flush(): void {
    this.#full = false
    // Where all of a segment was dropped there is no other end.
    if (this.#queue.length === 0 || this.#queue.at(-1)) this.#queue.push(undefined)
    void this.#work()
  }

  #add(word: Word): void {
    if (this.#full || this.#waiting + word.text.length > maxWaiting) {
      if (!this.#full) this.#log('warn', 'chain.dropped', { characters: word.text.length })
      this.#full = true // what follows would leave a hole
      return
    }
    this.#waiting += word.text.length
    this.#queue.push(word)
  }
  async #work(): Promise<void> {
    if (this.#busy) return
    this.#busy = true
    await undefined // no code of the caller's runs within a transition
    while (this.#queue.length > 0) {
      const word = this.#queue.shift()
      try {
        await (word ? this.#sink.captureText(timedString(word)) : this.#sink.flush())
      } catch (error) {
        this.#log('error', 'chain.failed', { error: lineOf(error) })
      }
      this.#waiting -= word?.text.length ?? 0
    }
    this.#busy = false
  }
}
