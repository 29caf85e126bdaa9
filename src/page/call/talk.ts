/** Both transcripts of a room as one conversation, as they are heard; and whether the voice is paused. */
import type { Message } from '../../inspector/messages.ts'

/** `open`: more of it may come. `cut`: the caller broke in. `at` in ms of the room's clock. */
export type Line = {
  key: string
  speaker: 'caller' | 'agent'
  text: string
  at: number
  state: 'open' | 'whole' | 'cut'
  written: boolean
}
type Fact = Extract<Message, { type: 'fact' }>['fact']

/** So many lines are kept, an hour of talk; they slide. */
const MOST = 500

/** Folds the messages of a room up to any of them. */
export class Talk {
  readonly lines: Line[] = []
  isPaused = false
  #messages: readonly Message[] = []
  #next = 0
  #seq = 0
  #last: Message | undefined

  /** Takes what is new up to the message `seq`; begins anew for other messages, and for an earlier moment. What gives way of them stays. */
  read(messages: readonly Message[], seq: number): void {
    if (messages !== this.#messages) this.#go(messages)
    if (seq < this.#seq) this.#begin(messages)
    for (let message = messages[this.#next]; message && message.seq <= seq; message = messages[++this.#next])
      if (message.type === 'fact') this.#take(message.fact, message)
    this.#seq = Math.min(seq, messages.at(-1)?.seq ?? 0)
    this.#last = messages[this.#next - 1]
  }

  #go(messages: readonly Message[]): void {
    const next = this.#last ? messages.indexOf(this.#last) + 1 : 0
    if (next === 0) this.#begin(messages)
    else [this.#messages, this.#next] = [messages, next]
  }
  #begin(messages: readonly Message[]): void {
    this.lines.length = 0
    ;[this.isPaused, this.#messages, this.#next, this.#seq] = [false, messages, 0, 0]
  }
  #take(fact: Fact, { seq, at }: Message): void {
    if (fact.type === 'paused' || fact.type === 'resumed') this.isPaused = fact.type === 'paused'
    else if (fact.type === 'chat.received')
      this.#add({ key: `written ${seq}`, speaker: 'caller', text: fact.text, at, state: 'whole', written: true })
    else if (fact.type === 'words.shown') this.#show(fact, at)
    else if (fact.type === 'utterance.ended') {
      const line = this.#lineOf('agent', fact.played.id)
      if (line) line.state = fact.played.outcome === 'finished' ? 'whole' : 'cut'
    }
  }
  #show({ speaker, id, text, final }: Extract<Fact, { type: 'words.shown' }>, at: number): void {
    const known = this.#lineOf(speaker, id)
    if (!known && text.trim() === '') return
    const line: Line = known ?? { key: `${speaker} ${id}`, speaker, text: '', at, state: 'open', written: false }
    if (!known) this.#add(line)
    line.text = speaker === 'agent' ? line.text + text : text
    if (final && line.state === 'open') line.state = 'whole'
  }
  #add(line: Line): void {
    this.lines.push(line)
    if (this.lines.length > MOST) this.lines.shift()
  }
  #lineOf(speaker: Line['speaker'], id: string): Line | undefined {
    return this.lines.findLast(({ key }) => key === `${speaker} ${id}`)
  }
}
