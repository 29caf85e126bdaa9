/** A talk in lines, given to somebody who may interrupt: what is said next, and from which word. */
import type { AudioFrame } from '../audio/frame.ts'
import { sleep } from '../clock.ts'
import type { Conversation, Utterance } from '../mind.ts'
import type { Attending } from './attend.ts'
import { endOf, Floor } from './floor.ts'
import type { SpeechFact } from './speech.ts'
import { type Line, lengthOf, sayingFrom, startOf, type Voice, wordAt } from './voice.ts'

/** All in milliseconds. */
export type Pace = {
  /** How long it waits for the caller to speak first. Default 3 000. */
  greetMs?: number
  /** Between the end of the caller's turn and the answer. Default 150. */
  replyMs?: number
  /** Between two lines. Default 400. */
  pauseMs?: number
  /** How long it waits for a last word of the caller before it says goodbye. Default 4 000. */
  partingMs?: number
}

const leisurely: Required<Pace> = { greetMs: 3000, replyMs: 150, pauseMs: 400, partingMs: 4000 }

/** One talk in one conversation. It attends to the caller while `give` runs; `signal` ends every wait of it. */
export class Talk implements Attending {
  readonly #conversation: Conversation
  readonly #lines: Line[]
  readonly #pace: Required<Pace>
  readonly #signal: AbortSignal
  readonly #floor: Floor
  #joined = 0
  #open: Utterance | undefined
  #isThinking = false

  constructor(conversation: Conversation, voice: Voice, pace: Pace, signal: AbortSignal) {
    this.#conversation = conversation
    this.#lines = [...voice.values()]
    this.#pace = { ...leisurely, ...pace }
    this.#signal = signal
    this.#floor = new Floor(conversation.clock, signal)
  }

  fact(fact: SpeechFact): void {
    this.#floor.note(fact)
    if (fact.type !== 'speech.confirmed') return
    if (this.#open) this.#conversation.interrupt()
    this.#show('listening')
  }
  /** Each frame of the caller's is a moment to look whether the answer has begun: what comes after it is listening. */
  frame(_: AudioFrame): void {
    if (this.#isThinking && this.#open && this.#open.heard > 0) this.#show('listening')
  }

  /** Something was written to it, which is a turn too. */
  written(): void {
    this.#floor.pass()
  }

  /** Greets, tells everything, and says goodbye. */
  async give(): Promise<void> {
    const { greetMs, partingMs } = this.#pace
    this.#show('listening')
    if (await this.#floor.turnWithin(greetMs)) await this.#think()
    for (const line of [...this.#named('hello'), ...this.#named('tour-')]) {
      await this.#tell(line)
      await this.#breathe()
    }
    for (const line of this.#named('end')) await this.#tell(line)
    if (await this.#floor.turnWithin(partingMs)) await this.#think()
    for (const line of this.#named('bye')) await this.#say(line, 0)
  }

  /** Tells a line to its end, however often it is interrupted. */
  async #tell(line: Line): Promise<void> {
    let word = await this.#say(line, 0)
    while (word !== undefined && !this.#signal.aborted) {
      await this.#join()
      await this.#breathe()
      word = await this.#say(line, word)
    }
  }
  /** After a turn of the caller's: a line that joins, and another if that is interrupted too. */
  async #join(): Promise<void> {
    const joints = this.#named('again-')
    let rest: number | undefined = 0
    while (rest !== undefined && !this.#signal.aborted) {
      await this.#floor.free()
      await this.#think()
      const joint = joints[this.#joined++ % joints.length]
      rest = joint && (await this.#say(joint, 0))
    }
  }
  /** A pause; what the caller says in it is answered, and then there is another. */
  async #breathe(): Promise<void> {
    for (let turns = this.#floor.turns; ; turns = this.#floor.turns) {
      await sleep(this.#conversation.clock, this.#pace.pauseMs, this.#signal)
      if (turns === this.#floor.turns || this.#signal.aborted) return
      await this.#join()
    }
  }
  /** Says a line from a word on; gives back the word heard last, if that was not the end of it. */
  async #say(line: Line, from: number): Promise<number | undefined> {
    const { output } = this.#conversation.format
    await this.#floor.free()
    if (this.#signal.aborted) return undefined
    this.#open = this.#conversation.say(sayingFrom(line, from, output))
    const played = await endOf(this.#open, this.#signal)
    this.#open = undefined
    if (played?.outcome !== 'interrupted') return undefined
    const heardMs = startOf(line, from) + (played.heard * 1000) / output.sampleRate
    return heardMs < lengthOf(line) ? wordAt(line, heardMs) : undefined
  }
  async #think(): Promise<void> {
    this.#show('thinking')
    await sleep(this.#conversation.clock, this.#pace.replyMs, this.#signal)
  }
  #show(state: 'thinking' | 'listening'): void {
    this.#isThinking = state === 'thinking'
    this.#conversation.state(state)
  }
  #named(prefix: string): Line[] {
    return this.#lines.filter(({ id }) => id.startsWith(prefix))
  }
}
