/** What is shown, and where it comes from: the hands of the viewer machine in a browser. */
import type { Message } from '../inspector/messages.ts'
import {
  type CallNews,
  emptyScene,
  type FromPage,
  type FromServer,
  type Hello,
  type Scene,
  type Snapshot,
} from '../inspector/scene.ts'
import { type Far, farWith } from './far.ts'
import { indexAt, Kept, stretchOf } from './kept.ts'
import { type Answer, isAnswer, Questions } from './questions.ts'
import type { Held, Screen, Tell } from './viewer.ts'
import type { Connection, Told } from './wire.ts'

/** So often the moment that is shown moves on while nothing comes, in ms. */
const TICK = 100
/** A recording is fetched further when it is kept for no longer than this, in ms. */
const AHEAD = 2_000
/** A span that has not come after this is given up, in ms. */
const SPAN_TIMEOUT = 10_000

/** What a span of a live room holds, as a recording's does. */
const inLanes = new Set<Message['type']>(['fact', 'sound', 'stall', 'gap'])

export class PageScreen implements Screen {
  readonly kept = new Kept()
  far: Far = new Map()
  hello: Hello | null = null
  call: CallNews | null = null
  /** What the server did not do for us, in its words. */
  notice = ''
  scene: Scene = emptyScene()
  at = 0
  readonly listeners = new Set<(samples: ArrayBuffer) => void>()
  readonly #open: (told: Told) => Connection
  readonly #changed: () => void
  readonly #questions = new Questions()
  #connection: Connection | undefined
  /** Up to this moment of a recording, in ms, nothing is missing after the first that can be shown. */
  #reach = Number.NEGATIVE_INFINITY
  readonly #recalled = new Set<number>()
  #following = false
  #greeted = false
  /** The tape is another one than before. */
  #isOther = false
  /** The room's clock minus the page's, in ms, as far as messages told. */
  #ahead = Number.NEGATIVE_INFINITY

  constructor(open: (told: Told) => Connection, changed: () => void) {
    this.#open = open
    this.#changed = changed
  }

  get recorded(): boolean {
    return this.hello?.mode === 'recording'
  }
  get from(): number {
    return this.recorded ? (this.hello?.from ?? 0) : this.kept.from
  }
  get to(): number {
    return this.recorded ? (this.hello?.to ?? this.kept.to) : Math.max(this.kept.to, this.#now())
  }

  connect(tell: Tell): () => void {
    this.#greeted = false
    const connection = this.#open({
      message: message => this.#take(message, tell),
      sound: samples => {
        for (const listener of this.listeners) listener(samples)
      },
      ended: (why = '') => {
        this.#leave()
        if (this.#greeted) this.notice = why
        tell(why !== '' && !this.#greeted ? { type: 'server.refused', text: why } : { type: 'server.lost', at: this.at })
      },
    })
    this.#connection = connection
    return () => {
      connection.close()
      this.#leave()
    }
  }

  readonly send = (message: FromPage): boolean => this.#connection?.send(message) ?? false
  talk(samples: ArrayBuffer): boolean {
    return this.#connection?.talk(samples) ?? false
  }

  async fetchMoment(held: Held, signal: AbortSignal): Promise<void> {
    if (!this.#covers(held.at, held.seq)) await this.#fetch(held, signal)
  }

  async #fetch(held: Held, signal: AbortSignal): Promise<void> {
    const moment = await this.ask(id => ({ type: 'seek', id, ...held }), signal)
    if (moment.type !== 'moment') return
    const { at, seq } = held
    const { scene, recent } = moment
    const messages = stretchOf(recent)
    if (recent.length > messages.length) this.far = farWith(this.far, scene.seq, recent)
    if (this.kept.isBefore(at, seq) || !this.kept.extend(messages))
      this.kept.begin({ scene, messages, lost: (messages[0]?.seq ?? 1) - 1 })
    // Of the messages of the last ms some may not be there yet; where none comes after the moment, none will.
    const last = recent.at(-1)?.at ?? at
    this.#reach = last > at ? last - 1 : Number.POSITIVE_INFINITY
  }

  /** Once for each message that is remembered: what does not come then will not come. */
  async recall(seq: number): Promise<void> {
    if (!this.recorded || this.far.has(seq) || this.#recalled.has(seq)) return
    this.#recalled.add(seq)
    const asked = this.ask(id => ({ type: 'seek', id, at: this.at, seq }), new AbortController().signal)
    const answer = await asked.catch(() => undefined)
    this.#recalled.delete(seq)
    if (answer?.type !== 'moment') return // it is asked for again when it is needed again
    this.far = farWith(this.far, seq, answer.recent)
    this.#changed()
  }

  async span(from: number, to: number, signal: AbortSignal): Promise<readonly Message[]> {
    const first = this.kept.messages[0]
    if (!this.recorded && first && from >= first.at) {
      const [before, last] = [indexAt(this.kept.messages, from - 1), indexAt(this.kept.messages, to)]
      return this.kept.messages.slice(before + 1, last + 1).filter(({ type }) => inLanes.has(type))
    }
    const span = await this.ask(id => ({ type: 'span', id, from, to }), signal)
    return span.type === 'span' ? span.messages : []
  }
  /** Rejects where no answer comes within `ms`, too. */
  ask(question: (id: number) => FromPage, signal: AbortSignal, ms = SPAN_TIMEOUT): Promise<Answer> {
    return this.#questions.ask(this.send, question, AbortSignal.any([signal, AbortSignal.timeout(ms)]))
  }

  showHeld(held: Held | null): void {
    this.scene = held ? this.kept.sceneAt(held.at, held.seq) : this.kept.newest
    this.at = held ? Math.min(Math.max(held.at, this.from), this.to) : this.to
    this.#changed()
  }

  showNewest(): void {
    this.showHeld(null)
  }

  play(tell: Tell): () => void {
    return this.recorded ? this.#playTape(tell) : this.#followRoom()
  }

  #followRoom() {
    this.#following = true
    this.showNewest()
    const timer = setInterval(() => this.#isRunning() && this.showNewest(), TICK)
    return () => {
      this.#following = false
      clearInterval(timer)
    }
  }

  /** In the time of the page's clock; it waits while what comes next is fetched. */
  #playTape(tell: Tell) {
    const given = new AbortController()
    let [last, fetching] = [performance.now(), false]
    if (this.at >= this.to) this.at = this.from
    const fetchOn = async (at: number) => {
      fetching = true
      // What does not come is asked for again with the next step.
      await this.#fetch({ at }, AbortSignal.any([given.signal, AbortSignal.timeout(SPAN_TIMEOUT)])).catch(() => {})
      fetching = false
    }
    const timer = setInterval(() => {
      const now = performance.now()
      const next = Math.min(this.to, this.at + now - last)
      last = now
      if (this.#covers(next)) this.showHeld({ at: next })
      if (this.at >= this.to) tell({ type: 'tape.ended', at: this.to })
      else if (!fetching && !this.#covers(Math.min(next + AHEAD, this.to))) void fetchOn(next)
    }, TICK / 2)
    return () => {
      given.abort()
      clearInterval(timer)
    }
  }

  #covers(at: number, seq?: number): boolean {
    return !this.kept.isBefore(at, seq) && at <= this.#reach
  }

  /** The clock of a room that has ended stands still. */
  #isRunning(): boolean {
    return Object.values(this.kept.newest.actors).some(({ parent, status }) => parent === null && status === 'active')
  }
  #now(): number {
    return this.#isRunning() && this.#connection ? performance.now() + this.#ahead : 0
  }

  #leave(): void {
    this.#connection = undefined
    this.#questions.end()
    this.#changed()
  }

  #take(message: FromServer, tell: Tell): void {
    if (message.type === 'hello') this.#greet(message, tell)
    else if (message.type === 'snapshot') this.#start(message, tell)
    else if (isAnswer(message)) this.#questions.answer(message)
    else if (message.type === 'call') this.call = message
    else if (message.type !== 'refused') this.#add(message)
    else if (this.#greeted) this.notice = message.text
    else tell({ type: 'server.refused', text: message.text })
    this.#changed()
  }

  #greet(hello: Hello, tell: Tell): void {
    this.#greeted = true
    this.#isOther = this.hello !== null && JSON.stringify(hello.header) !== JSON.stringify(this.hello.header)
    this.hello = hello
    this.notice = ''
    if (hello.mode === 'recording') tell({ type: 'server.greeted', from: hello.from ?? 0 })
  }

  /** What was kept before the socket was lost is still good, if nothing is missing between. */
  #start({ scene, recent, lost, base }: Snapshot, tell: Tell): void {
    const messages = stretchOf(recent)
    const known = this.kept.newest.seq > 0 && !this.#isOther
    if (this.#isOther) this.far = new Map()
    if (recent.length > messages.length) this.far = farWith(this.far, scene.seq, recent)
    const goesOn = known && this.kept.extend(messages) && this.kept.newest.seq === scene.seq
    if (!goesOn) this.kept.begin({ scene, messages, lost: lost + recent.length - messages.length, ...(base ? { base } : {}) })
    this.#ahead = scene.at - performance.now()
    if (this.#isOther) tell({ type: 'follow' })
    tell({ type: 'server.greeted' })
    if (this.#following) this.showNewest()
  }

  #add(message: Message): void {
    if (message.seq <= this.kept.newest.seq) return
    this.kept.add(message)
    const ahead = message.at - performance.now()
    // The message that was quickest here tells best; a room that runs slower than we do is believed again after a second.
    this.#ahead = Math.abs(ahead - this.#ahead) > 1000 ? ahead : Math.max(this.#ahead, ahead)
    if (this.#following) this.showNewest()
  }
}
