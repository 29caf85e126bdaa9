/** The lines of a recording, as they come about again: what the room calls, what comes in, and what is asked, each in its place. */
import type { JournalLine } from '../lines.ts'
import { HOPS, soon } from '../turnstile.ts'

/** Where the room does something else: from there on nothing is played any more. */
export type Departure = { at: number; n: number; expected: JournalLine | undefined; does: string }
export type ScriptHands = {
  /** Asks what was asked. */
  ask: (line: JournalLine) => void
  /** How this line goes in, if anybody waits for it. */
  entering: (line: JournalLine) => (() => void) | undefined
}

/** Where code of the owner's runs in the middle of what the engine does. */
const reaching = /^(mind|guest:.*)\.(given|made|begun|stop)$/

export class Script {
  readonly #lines: JournalLine[]
  readonly #hands: ScriptHands
  #next = 0
  #depth = 0
  #hops = 0
  #counts = 0
  /** The number of the input that came last, and its time. */
  n = 0
  at: number
  departure: Departure | undefined

  constructor(lines: JournalLine[], at: number, hands: ScriptHands) {
    this.#lines = lines
    this.at = at
    this.#hands = hands
  }

  /** What comes next; undefined after the end of the recording. */
  get line(): JournalLine | undefined {
    return this.#lines[this.#next]
  }
  /** The room does something else than in the recording. */
  depart(does: string): void {
    this.departure ??= { at: this.at, n: this.n, expected: this.line, does }
  }
  /** The next line has come about. */
  pass(): JournalLine {
    const line = this.#take()
    const next = this.line
    const reached = line.kind === 'called' && reaching.test(line.name)
    if (reached) this.#count()
    if (next?.kind !== 'asked') return line
    if (this.#isHere(next) || (reached && next.hops === 0)) this.#ask()
    else if (this.#depth === 0) queueMicrotask(() => this.#follow())
    return line
  }
  /** The next line, now that the room is at rest. False if there is none, or nobody waits for it. */
  deliver(): boolean {
    const { line } = this
    if (!line) return false
    this.#hops = 0
    this.#counts++
    if (line.kind === 'asked') this.#ask()
    else return this.#enter(line)
    return true
  }
  /** Somebody asks, and may ask for more in the same turn: as the turnstile counts. */
  asking(work: () => void): void {
    this.#depth++
    try {
      work()
    } finally {
      this.#depth--
      this.#count()
    }
    if (this.line?.kind === 'asked' && this.#isHere(this.line)) this.#ask() // by the same one, who goes on
    this.#follow()
  }
  /** In the middle of this, and not of something that was asked there. */
  #isHere({ within }: JournalLine): boolean {
    return this.#depth > 0 && within === this.#depth
  }

  #take(): JournalLine {
    const line = this.#lines[this.#next++] as JournalLine // somebody has looked
    this.at = line.at
    this.n = line.n
    return line
  }
  #enter(line: JournalLine): boolean {
    const outward = line.kind === 'called' || line.kind === 'read' || line.kind === 'id'
    const enter = outward ? undefined : this.#hands.entering(line)
    if (!enter) {
      this.depart(outward ? 'does nothing more' : missing(line))
      return false
    }
    this.#take()
    this.#depth++
    try {
      enter()
    } finally {
      this.#depth--
    }
    this.#follow()
    return true
  }
  #ask(): void {
    const line = this.#take()
    this.asking(() => this.#hands.ask(line))
  }
  /** What came in the same go, and what somebody asked right after, as soon as so many microtasks have run. */
  #follow(): void {
    for (let { line } = this; line && this.#depth === 0 && !this.departure; { line } = this) {
      const isNow = line.kind === 'asked' ? !line.within && line.hops !== undefined && line.hops <= this.#hops : line.more
      if (!isNow) return
      if (line.kind === 'asked') this.#ask()
      else this.#enter(line)
    }
  }
  #count(): void {
    this.#hops = 0
    const count = ++this.#counts
    const hop = () => {
      if (count !== this.#counts) return
      this.#hops++
      this.#follow()
      if (count === this.#counts && this.#hops < HOPS) soon(hop)
    }
    soon(hop)
  }
}

const missing = ({ kind, name }: JournalLine): string => {
  if (kind === 'timer') return `has no timer ${name}`
  if (kind === 'told') return `does not listen to ${name}`
  return kind === 'item' || kind === 'end' ? `does not read ${name}` : `does not wait for ${name}`
}
