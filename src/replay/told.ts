/** What the machines of a room did, as its tape tells it, held against what they do in a replay. */
import { coded } from '../errors.ts'
import { type Message, tapeVersion } from '../inspector/messages.ts'
import { isObject } from '../lines.ts'
import { messageIn, versionIn } from '../recording/check.ts'

/** What is compared: all that the machines did, and the facts. Logs are also the world's, sounds are what frames were. */
export type Told = Extract<Message, { type: 'started' | 'ended' | 'event' | 'step' | 'fact' }>
const compared = ['started', 'ended', 'event', 'step', 'fact']

/** A mind's own actor, a guest, and whoever is below them: a replay does without their code. */
const foreign = /^room\/(agent\/mind|guest:[^/]+)(\/|$)/
const isTold = (message: Message): message is Told => compared.includes(message.type)
const isForeign = (message: Told): boolean => {
  if (message.type === 'event') return foreign.test(message.to)
  return message.type !== 'fact' && foreign.test(message.path)
}
const isOurs = (message: Message): message is Told => isTold(message) && !isForeign(message)

/**
 * Both tapes number their messages for themselves: a cause is named by its place among the events. `inputs`: the numbers of those that are
 * the engine's, in their order; one of a mind's own is none.
 */
const normal = (inputs: number[]) => {
  const events = new Map<number, number>()
  let place = 0
  return (message: Told): Told => {
    if (message.type === 'event') events.set(message.seq, events.size + 1)
    const { n = 0 } = message
    while ((inputs[place] ?? Number.POSITIVE_INFINITY) <= n) place++
    const same = { ...message, seq: 0, n: inputs[place - 1] ?? 0 }
    return same.type === 'step' ? { ...same, cause: events.get(same.cause) ?? 0 } : same
  }
}

/**
 * The tape of a recording, or what is left of it. `gapAt`: the number of the input after which messages are missing, as it says itself;
 * `missing`: so many that it does not say.
 */
export type Tape = { messages: Told[]; inputs: number[]; missing: number; gapAt?: number }
/** `beside` gets what a replay does without. */
export const tapeOf = (text: string, inputs: number[], beside: (message: Told) => void): Tape => {
  const messages: Told[] = []
  const same = normal(inputs)
  const [head = '', ...rows] = text.split('\n')
  const { version = tapeVersion } = versionIn(head) ?? {}
  if (version > tapeVersion)
    throw coded(
      'ERR_NOT_REPLAYABLE',
      `the tape has version ${version}, this Chartroom knows ${tapeVersion}: replay it with a newer Chartroom`,
    )
  let [seq, last, missing] = [0, 0, 0]
  for (const row of rows.slice(0, rows.at(-1) === '' ? -1 : undefined)) {
    const message = messageIn(row)
    if (!message || message.type === 'gap') return { messages, inputs, missing, gapAt: message?.n ?? last }
    if (message.seq !== seq + 1) missing++
    seq = message.seq
    last = message.n ?? last
    if (!isTold(message)) continue
    if (isForeign(message)) beside(message)
    else messages.push(same(message))
  }
  return { messages, inputs, missing }
}

/** Where the replay did something else; one of the two did nothing. `before`: what both did last. */
export type Difference = { recorded: Told | undefined; replayed: Told | undefined; before: Told[] }

/** Takes what a replay tells, until it tells something else. */
export class Comparison {
  readonly #tape: Tape
  readonly #same: (message: Told) => Told
  readonly #differs: () => void
  #next = 0
  difference: Difference | undefined
  /** More was done than the tape has: the number of the last input that it has. */
  endsAt: number | undefined

  constructor(tape: Tape, differs: () => void) {
    this.#tape = tape
    this.#same = normal(tape.inputs)
    this.#differs = differs
  }

  /** So many were the same. */
  get count(): number {
    return this.#next
  }
  see(message: Message): void {
    if (this.difference || !isOurs(message)) return
    const replayed = this.#same(message)
    const recorded = this.#tape.messages[this.#next]
    if (!recorded) this.endsAt ??= this.#tape.messages.at(-1)?.n ?? 0
    else if (sameAs(recorded, replayed)) this.#next++
    else this.#differ(recorded, (recorded.n ?? 0) < (replayed.n ?? 0) ? undefined : replayed)
  }
  /** The replay tells nothing more. `upTo`: the last input that it had. */
  end(upTo: number): void {
    const recorded = this.#tape.messages[this.#next]
    if (recorded && (recorded.n ?? 0) <= upTo) this.#differ(recorded, undefined)
  }

  #differ(recorded: Told, replayed: Told | undefined): void {
    this.difference ??= { recorded, replayed, before: this.#tape.messages.slice(Math.max(0, this.#next - 3), this.#next) }
    this.#differs()
  }
}

/** As JSON has them, in whatever order their members are. */
export const sameAs = (one: unknown, other: unknown): boolean => {
  if (!isObject(one) || !isObject(other)) return one === other
  const keys = Object.keys(one)
  if (keys.length !== Object.keys(other).length || Array.isArray(one) !== Array.isArray(other)) return false
  return keys.every(key => key in other && sameAs(Reflect.get(one, key), Reflect.get(other, key)))
}
