/** What there is to see of one room, for any number of viewers: how it stands now, what came last, and then whatever comes. */
import { type Moves, noteMove, reasonsBefore } from '../recording/moves.ts'
import { headerOf, type Named, startOf } from './header.ts'
import type { Definition, GapMessage, Header, JsonObject, MachineMessage, Message, Path } from './messages.ts'
import { actorAt } from './plain.ts'
import { type Inspected, probe } from './probe.ts'
import { apply, emptyScene, type Scene, type Snapshot } from './scene.ts'

/** So many messages are kept at least for viewers that are slow, twice as many at most; and so many of them are in a snapshot. */
const KEPT = 4_000
const RECENT = 1_000

export type FeedOptions = { kept?: number; recent?: number }
export type Viewer = {
  /** A snapshot first, then messages in order. If it throws, it gets no more. */
  take(news: Snapshot | Message): void
  /** Whether it can take something now; where it does not say, it always can. */
  ready?(): boolean
}
export type Subscription = {
  /** The viewer can take something again: what came meanwhile comes now. */
  resume(): void
  end(): void
}
export type Seen = Inspected & Named

/** Looks at the room until `close`; what was seen stays. A room is looked at from its end on no more. */
export const feedOf = (room: Seen, options: FeedOptions = {}): Feed => new Feed(room, options)

export class Feed {
  readonly #room: Seen
  readonly #startedAt: Date
  readonly #kept: number
  readonly #recent: number
  readonly #scene: Scene = emptyScene()
  /** How things stood before the first of the messages that are kept. */
  readonly #base: Scene = emptyScene()
  /** A queue that slides: the oldest give way. */
  #messages: Message[] = []
  readonly #moves: Moves = new Map()
  readonly #machines: MachineMessage[] = []
  readonly #definitions = new Map<string, Definition>()
  readonly #listeners = new Set<(message: Message) => void>()
  readonly #stop: () => void

  constructor(room: Seen, { kept = KEPT, recent = RECENT }: FeedOptions) {
    this.#room = room
    this.#startedAt = startOf(room)
    this.#kept = kept
    this.#recent = Math.min(recent, kept)
    this.#stop = probe(room, { sink: message => this.#put(message) })
  }

  get header(): Header {
    return headerOf(this.#room, false, this.#startedAt)
  }
  /** Of all machines that were told until now, by their keys. */
  get definitions(): ReadonlyMap<string, Definition> {
    return this.#definitions
  }
  /** The number of the last message. */
  get seq(): number {
    return this.#scene.seq
  }

  /** How things stand now, with the newest messages, what older ones tell why, and what machines there are. It is the caller's own. */
  snapshot(): Snapshot {
    const recent = this.#messages.slice(-this.#recent)
    const first = recent[0]?.seq ?? this.seq + 1
    const reasons = [...reasonsBefore(this.#moves, first, () => 0).values()].flat()
    const tells = ({ seq }: Message) => seq < first && reasons.some(([from, to]) => seq >= from && seq <= to)
    const older = new Set([...this.#machines.filter(({ seq }) => seq < first), ...this.#messages.filter(tells)])
    const before = [...older].sort((one, other) => one.seq - other.seq)
    const lost = first - 1 - before.length
    const base = structuredClone(this.#base)
    for (const message of this.#messages) if (message.seq < first) this.#fold(base, message)
    return { type: 'snapshot', scene: structuredClone(this.#scene), recent: [...before, ...recent], lost, base }
  }
  /** The messages after this `seq`, oldest first; undefined where not all of them are kept any more. */
  since(seq: number): readonly Message[] | undefined {
    const first = this.seq - this.#messages.length + 1
    return seq < first - 1 ? undefined : this.#messages.slice(seq - first + 1)
  }
  /** Tells each message as it comes, until the returned function is called. A listener that throws is told no more. */
  listen(listener: (message: Message) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }
  /**
   * A snapshot, and then every message, as fast as the viewer takes them. Nothing is kept for it alone: when what it has not taken gives
   * way it is told of the gap, and gets a snapshot again.
   */
  subscribe(viewer: Viewer): Subscription {
    const snapshot = this.snapshot()
    let seen = snapshot.scene.seq
    const resume = () => {
      while (seen < this.seq && (viewer.ready?.() ?? true)) {
        const next = this.#at(seen + 1)
        if (next) viewer.take(next)
        else {
          viewer.take(this.#gapAfter(seen))
          viewer.take(this.snapshot())
        }
        seen = next ? seen + 1 : this.seq
      }
    }
    const end = this.listen(resume)
    viewer.take(snapshot)
    return { resume, end }
  }
  /** Sends an event from outside of the actor system. False: nobody is there to take it. */
  send(to: Path, event: JsonObject & { type: string }): boolean {
    const actor = actorAt(this.#room.actor, to)
    if (actor?.getSnapshot()?.status !== 'active') return false
    actor.send(event)
    return true
  }
  /** Looks no more. */
  close(): void {
    this.#stop()
  }

  #at(seq: number): Message | undefined {
    return this.#messages[this.#messages.length - 1 - this.seq + seq]
  }
  #gapAfter(seen: number): GapMessage {
    const count = this.seq - this.#messages.length - seen
    return { type: 'gap', seq: seen + 1, at: this.#scene.at, count, why: 'this viewer was too slow for them' }
  }
  #put(message: Message): void {
    this.#messages.push(message)
    this.#fold(this.#scene, message)
    noteMove(this.#moves, message)
    if (message.type === 'machine') {
      this.#machines.push(message)
      this.#definitions.set(message.definition.key, message.definition)
    }
    if (this.#messages.length >= 2 * this.#kept) this.#slide()
    for (const listener of [...this.#listeners]) this.#pass(message, listener)
  }
  #slide(): void {
    for (const message of this.#messages.slice(0, -this.#kept)) this.#fold(this.#base, message)
    this.#messages = this.#messages.slice(-this.#kept)
  }
  #fold(scene: Scene, message: Message): void {
    apply(scene, message, seq => this.#typeOf(seq))
  }
  #pass(message: Message, listener: (message: Message) => void): void {
    try {
      listener(message)
    } catch {
      this.#listeners.delete(listener) // whoever looks on has to look after itself
    }
  }
  #typeOf(seq: number): string | undefined {
    const message = this.#at(seq)
    return message?.type === 'event' ? message.event.type : undefined
  }
}
