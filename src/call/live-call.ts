/** One call of a page: a room in this process with the agent in it, and the caller, whose voice and ears are the page's. */
import type { End, Wish } from '../../machines/live.ts'
import type { MindLogic } from '../agent.ts'
import { coded, lineOf } from '../errors.ts'
import { createLoopback, type Ear, type LiveInput, type Loopback, type RemoteParticipant } from '../loopback/index.ts'
import type { Mind } from '../mind.ts'
import type { RoomOptions } from '../options.ts'
import type { Clock, Ids, Log } from '../ports.ts'
import { type ChartRoom, openRoom } from '../room.ts'
import { failureOf } from './news.ts'
import { phone } from './run.ts'

export type LiveParts = {
  clock: Clock
  ids: Ids
  log: Log
  mind: Mind | MindLogic
  voice: Wish['voice']
  /** What the caller says where the voice is the sample: mono, 24 000 Hz. */
  sample?: Int16Array
  /** What else the room is opened with: what watches it, and writes it down. */
  options?: RoomOptions
  /** The room is open: whoever looks on may look now. */
  opened?(room: ChartRoom): void
  /** What the page hears: pieces of 20 ms; of the sample call the agent's and the caller's samples in turns. Gives back whether it was sent. */
  play(samples: Int16Array): boolean
}
const names = { agent: 'agent', caller: 'caller', page: 'page' }
const frameMs = 20

/** How a call that ends well does so, for people: anything else is the caller's own doing. */
const endings: Record<string, string> = { 'mind.ended': 'the agent has hung up' }

/** Opens the room, and lets the caller in. Rejects if it cannot be; then, and after an abort, nothing is left. */
export const openCall = async (parts: LiveParts, signal: AbortSignal): Promise<LiveCall> => {
  const { clock, ids, log, mind, options } = parts
  const hub = createLoopback({ clock, ids, log })
  const room = await openRoom(hub.world({ identity: names.agent }), { ...options, mind })
  const call = new LiveCall(parts, hub, room)
  try {
    signal.throwIfAborted()
    parts.opened?.(room)
    return call
  } catch (error) {
    await call.close()
    throw error
  }
}

/** A call that goes on, until it is closed or the agent ends it. */
export class LiveCall {
  /** Resolves when the agent's side has ended it. Never rejects. */
  readonly ended: Promise<End>
  readonly #parts: LiveParts
  readonly #hub: Loopback
  readonly #room: ChartRoom
  readonly #caller: RemoteParticipant
  readonly #input: LiveInput | undefined
  readonly #over = new AbortController()
  #sent = { played: 0, unplayed: 0 }

  constructor(parts: LiveParts, hub: Loopback, room: ChartRoom) {
    this.#parts = parts
    this.#hub = hub
    this.#room = room
    const failure = failureIn(room)
    this.ended = room.closed.then(reason => (reason === 'failed' ? { error: failure() } : endOf(reason)))
    const listener = hub.participant({ identity: names.page, kind: 'egress' })
    listener.join()
    this.#caller = hub.participant({ identity: names.caller })
    const { voice, sample = new Int16Array(), clock } = parts
    const ears = (voice === 'sample' ? [names.agent, names.caller] : [names.agent]).map(name => listener.hears(name))
    void this.#listen(ears)
    if (voice === 'sample') void phone(this.#caller, room, sample, clock, this.#over.signal)
    else this.#caller.join()
    if (voice === 'microphone') this.#input = this.#caller.publish().live()
  }

  /** The account: samples of the microphone, and pieces for the page. */
  get counters() {
    return { ...this.#input?.counters, ...this.#sent, lost: this.#hub.lost }
  }
  /** Of all that is open in the room: all zero after `close`. */
  get open() {
    return this.#hub.open
  }
  hear(samples: Int16Array): void {
    this.#input?.push(samples)
  }
  write(text: string): void {
    if (this.#caller.here && text.trim() !== '') this.#caller.sendText('lk.chat', [text.trim()])
  }
  pause(): void {
    this.#room.pause()
  }
  resume(): void {
    this.#room.resume()
  }
  interrupt(): void {
    this.#room.interrupt()
  }
  /** Ends it, within the room's budget. Never rejects; a second call is the same end. */
  async close(): Promise<void> {
    this.#over.abort()
    await this.#room.close('hung.up')
    this.#hub.close()
  }

  async #listen(ears: Ear[]): Promise<void> {
    const readers = ears.map(ear => ear.frames(frameMs, this.#over.signal)[Symbol.asyncIterator]())
    for (;;) {
      const steps = await Promise.all(readers.map(reader => reader.next()))
      if (steps.some(({ done }) => done)) return
      const isSent = this.#parts.play(interleaved(steps.map(({ value }) => value.data)))
      this.#sent[isSent ? 'played' : 'unplayed']++
      for (const ear of ears) ear.forget()
    }
  }
}

/** Sample by sample in turns; a loop, since this is done fifty times a second. */
const interleaved = ([first = new Int16Array(), second]: Int16Array[]): Int16Array => {
  if (!second) return first
  const both = new Int16Array(2 * first.length)
  for (let i = 0; i < first.length; i++) {
    both[2 * i] = first[i] ?? 0
    both[2 * i + 1] = second[i] ?? 0
  }
  return both
}
const endOf = (reason: string): End => {
  const text = endings[reason]
  return text === undefined ? {} : { text }
}
/** What broke the call, once it has closed for that. */
const failureIn = (room: ChartRoom): (() => Error) => {
  let failure: string | undefined
  room.on(fact => {
    if (fact.type === 'failed' && !fact.restarted) failure = failureOf(fact)
  })
  return () => coded('ERR_CALL', `the call broke off: ${failure ?? lineOf(room.error)}`)
}
