/** The one line of a session: opened once, and let go for certain. */
import { sleep } from '../../clock.ts'
import { coded, codeOf, lineOf } from '../../errors.ts'
import type { Clock } from '../../ports.ts'
import type { Where } from './failures.ts'
import type { Connect, Line } from './line.ts'
import type { Wire } from './wire.ts'

export type ConnectionHands = {
  clock: Clock
  /** How long the service may take to say farewell. */
  farewellMs: number
  connect: Connect
  hush: (line: string) => string
  heard: (event: Wire) => void
  garbled: () => void
  /** The network has taken something. */
  moved: () => void
  /** It ended, or never came to be. May be told more than once. */
  lost: (error: Error) => void
}

export class Connection {
  readonly #hands: ConnectionHands
  /** Aborts when there is nothing to let go of any more. */
  readonly #gone = new AbortController()
  #line: Line | undefined
  #unwanted = false

  constructor(hands: ConnectionHands) {
    this.#hands = hands
  }

  /** Bytes that wait for the network. */
  get backlog(): number {
    return this.#line?.backlog ?? 0
  }
  get where(): Where | undefined {
    return this.#line?.where
  }
  open(): void {
    const { connect, heard, garbled } = this.#hands
    connect({ heard, garbled, lost: error => this.#lost(error) }).then(
      line => {
        this.#line = line
        if (this.#unwanted) line.cut() // it comes too late
      },
      error => this.#lost(error),
    )
  }
  send(event: Wire): void {
    if (!this.#unwanted) this.#line?.send(event, this.#hands.moved)
  }
  /** Ends at once what does not end by itself. */
  cut(why: Error): void {
    this.#line?.cut()
    this.#lost(why)
  }
  /** Nothing is sent any more. Says farewell, and does not wait for ever for the answer. */
  async hangUp(): Promise<void> {
    const { signal } = this.#gone
    const { clock, farewellMs } = this.#hands
    this.#unwanted = true
    if (!this.#line || signal.aborted) return
    this.#line.close()
    await sleep(clock, farewellMs, signal)
    if (signal.aborted) return
    this.#line.cut()
    await sleep(clock, farewellMs, signal) // the end of a socket is told in a turn of its own
  }

  #lost(error: unknown): void {
    this.#gone.abort()
    this.#hands.lost(coded(codeOf(error) ?? 'ERR_CONNECT', this.#hands.hush(lineOf(error))))
  }
}
