/** What the live machine asks for, done for one page. */
import { createActor, fromPromise } from 'xstate'
import { type LiveEvent, type LiveNews, type LiveRef, liveMachine, type Wish } from '../../machines/live.ts'
import { lineOf } from '../errors.ts'
import type { CallAsked, CallPage, CallSeat } from '../inspector/host.ts'
import type { CallNews } from '../inspector/scene.ts'
import type { Clock, Log } from '../ports.ts'
import type { LiveCall, LiveParts } from './live-call.ts'

/** The hands of the live machine. */
export type LiveHands = {
  /** Rejects, with nothing left behind, if no call can be held, or `signal` aborts. */
  dial(wish: Wish, signal: AbortSignal): Promise<void>
  /** Ends what was dialled, or is being dialled. */
  hangUp(): Promise<void>
  tell(news: LiveNews): void
  /** It takes too long to end the call: it is given up. */
  overrun(): void
}

export const liveOn = (hands: LiveHands) =>
  liveMachine.provide({
    actors: {
      dial: fromPromise(({ input, signal }) => hands.dial(input, signal)),
      hangUp: fromPromise(() => hands.hangUp()),
    },
    actions: { tellNews: (_, news) => hands.tell(news), tellOverrun: () => hands.overrun() },
  })

export type SeatParts<Feed> = {
  clock: Clock
  log: Log
  page: CallPage<Feed>
  minds: readonly string[]
  /** Opens a call for this page. */
  open(wish: Wish, play: LiveParts['play'], signal: AbortSignal): Promise<LiveCall>
  /** The page has gone, and its call has ended. */
  gone(): void
}
const voices: readonly string[] = ['microphone', 'sample', 'none'] satisfies Wish['voice'][]
/** What somebody writes at once, in characters. */
const mostWritten = 4_000

export class Seat<Feed> implements CallSeat {
  readonly #parts: SeatParts<Feed>
  readonly #actor: LiveRef
  #dialling: Promise<LiveCall> | undefined
  #call: LiveCall | undefined

  constructor(parts: SeatParts<Feed>) {
    this.#parts = parts
    const { clock, page, gone } = parts
    const machine = liveOn({
      dial: (wish, signal) => this.#dial(wish, signal),
      hangUp: () => this.#hangUp(),
      tell: news => page.tell(newsOf(news)),
      overrun: () => parts.log('warn', 'call.overrun', {}),
    })
    this.#actor = createActor(machine, { clock, id: 'live' })
    this.#actor.subscribe({ complete: gone, error: error => this.#fail(error) })
    page.tell({ type: 'call', state: 'idle' })
    this.#actor.start()
  }

  /** Whether it has a call of its own to look at. */
  get isBusy(): boolean {
    return this.#actor.getSnapshot().value !== 'idle'
  }
  get page(): CallPage<Feed> {
    return this.#parts.page
  }
  ask(asked: CallAsked): void {
    if (asked.type === 'call.start') this.#start(asked)
    else if (asked.type === 'call.end') this.#send({ type: 'end' })
    else if (asked.type === 'call.pause') this.#call?.pause()
    else if (asked.type === 'call.resume') this.#call?.resume()
    else if (asked.type === 'call.interrupt') this.#call?.interrupt()
    else if (typeof asked.text === 'string') this.#call?.write(asked.text.slice(0, mostWritten))
  }
  hear(samples: Int16Array): void {
    this.#call?.hear(samples)
  }
  leave(): void {
    this.#send({ type: 'leave' })
  }

  #send(event: LiveEvent): void {
    if (this.#actor.getSnapshot().status === 'active') this.#actor.send(event)
  }
  #start({ mind, voice }: Wish): void {
    const isKnown = this.#parts.minds.includes(mind) && voices.includes(voice)
    if (isKnown) this.#send({ type: 'start', wish: { mind, voice } })
    else if (!this.isBusy) {
      const text = `there is no such call here: the minds are ${this.#parts.minds.join(', ')}`
      this.page.tell({ type: 'call', state: 'failed', text })
    }
  }
  async #dial(wish: Wish, signal: AbortSignal): Promise<void> {
    this.#dialling = this.#parts.open(wish, samples => this.page.play(samples).sent, signal)
    const call = await this.#dialling
    this.#call = call
    void call.ended.then(end => {
      if (this.#call === call) this.#send({ type: 'call.ended', ...end })
    })
  }
  async #hangUp(): Promise<void> {
    const dialled = this.#dialling
    const call = await dialled?.catch(() => undefined) // whoever dialled was told
    await call?.close()
    if (call) this.#parts.log('info', 'call.account', call.counters)
    if (this.#dialling === dialled) this.#call = this.#dialling = undefined
  }
  #fail(error: unknown): void {
    this.#parts.log('error', 'call.failed', { error: lineOf(error) })
    void this.#hangUp().then(this.#parts.gone)
  }
}

const newsOf = ({ state, wish, error, text }: LiveNews): CallNews => {
  const line = error === undefined ? text : lineOf(error)
  return {
    ...{ type: 'call', state, mind: wish.mind, channels: wish.voice === 'sample' ? 2 : 1 },
    ...(line === undefined ? {} : { text: line }),
  }
}
