/** A living room, or the calls that pages hold, as pages see it: how it stands, and then whatever happens. */
import { Marks } from '../recording/marks.ts'
import type { CallHost, CallPage, CallSeat } from './host.ts'
import type { Definition, GapMessage, Message } from './messages.ts'
import { emptyScene, type FromPage, type Snapshot } from './scene.ts'
import type { Draw, Page, PageSeat, Show } from './show.ts'
import type { Watched } from './watched.ts'

export type RoomShowParts = {
  /** What is looked at; where there is a host, until somebody calls. */
  feed?: Watched
  host?: CallHost<Watched>
  /** Whether pages may send events to actors. */
  sends: boolean
  draw: Draw
}

/** The longest event that a page may send, in characters of JSON. */
const LONGEST_EVENT = 16_000
const nothing: Snapshot = { type: 'snapshot', scene: emptyScene(), recent: [], lost: 0 }

/** So many rooms are remembered: those of the last calls. */
const REMEMBERED = 8

/** The rooms that are looked at, and what their lanes show from the first message on, or from when somebody first looked. */
class Rooms {
  readonly #all = new Map<Watched, { marks: Marks; leave: () => void }>()

  marksOf(feed: Watched): Marks {
    const known = this.#all.get(feed)
    if (known) return known.marks
    const marks = new Marks(feed.header.sampleRate)
    for (const message of feed.snapshot().recent) marks.add(message)
    this.#all.set(feed, { marks, leave: feed.listen(message => marks.add(message)) })
    for (const [oldest, { leave }] of this.#all) {
      if (this.#all.size <= REMEMBERED) break
      this.#all.delete(oldest)
      leave()
    }
    return marks
  }
  /** Of a machine, by its key: as the newest room has it. */
  definitionOf(key: string): Definition | undefined {
    const feed = [...this.#all.keys()].findLast(({ definitions }) => definitions.has(key))
    return feed?.definitions.get(key)
  }
  close(): void {
    for (const { leave } of this.#all.values()) leave()
    this.#all.clear()
  }
}

export const roomShow = ({ feed, host, sends, draw }: RoomShowParts): Show => {
  const rooms = new Rooms()
  if (feed) rooms.marksOf(feed)
  return {
    attach: page => new RoomSeat({ page, sends, rooms, ...(host ? { host } : {}) }, feed),
    chart: async key => {
      const definition = rooms.definitionOf(key)
      return definition && draw(definition)
    },
    close: async () => {
      rooms.close()
      await host?.close()
    },
  }
}

type SeatParts = { page: Page; sends: boolean; rooms: Rooms; host?: CallHost<Watched> }

/** One page: it reads a feed at its own pace, and begins anew where it missed too much. */
class RoomSeat implements PageSeat {
  readonly #parts: SeatParts
  readonly #call: CallSeat | undefined
  #feed: Watched | undefined
  #sent = 0
  #due: NodeJS.Immediate | undefined
  #leave = () => {}

  constructor(parts: SeatParts, feed: Watched | undefined) {
    const { page, host } = parts
    this.#parts = parts
    if (feed) this.#watch(feed)
    const place: CallPage<Watched> = {
      watch: feed => this.#watch(feed),
      tell: news => page.tell(news),
      play: samples => page.play(samples),
    }
    this.#call = host?.attach(place)
    if (this.#feed) return
    this.#greet()
    page.tell(nothing)
  }

  ask(asked: FromPage): void {
    const { page, rooms } = this.#parts
    if (asked.type === 'seek' || asked.type === 'list' || asked.type === 'find')
      this.#refuse('this room is live: the page keeps what can be gone back to')
    else if (asked.type === 'span') {
      const { id, from, to } = asked
      page.tell({ type: 'span', id, from, to, messages: this.#feed ? rooms.marksOf(this.#feed).span(from, to) : [] })
    } else if (asked.type === 'send') this.#send(asked)
    else if (this.#call) this.#call.ask(asked)
    else this.#refuse('no call can be held here: npm start opens a page where one can')
  }
  hear(samples: Int16Array): void {
    this.#call?.hear(samples)
  }
  drained(): void {
    this.#plan()
  }
  leave(): void {
    this.#leave()
    clearImmediate(this.#due)
    this.#call?.leave()
  }

  #watch(feed: Watched): void {
    this.#leave()
    this.#feed = feed
    this.#parts.rooms.marksOf(feed)
    this.#greet()
    this.#begin(feed.snapshot())
    this.#leave = feed.listen(() => this.#plan())
  }
  #greet(): void {
    const { page, sends, host } = this.#parts
    page.tell({ type: 'hello', mode: 'live', header: this.#feed?.header ?? null, sends, minds: host?.minds ?? [] })
  }
  #begin(snapshot: Snapshot): void {
    this.#sent = snapshot.scene.seq
    this.#parts.page.tell(snapshot)
  }
  /** Not while the room is in the middle of a step: that would take its time. */
  #plan(): void {
    this.#due ??= setImmediate(() => {
      this.#due = undefined
      this.#pass()
    })
  }
  #pass(): void {
    const { page } = this.#parts
    if (!this.#feed || page.isFull) return
    const messages = this.#feed.since(this.#sent)
    if (!messages) this.#beginAnew(this.#feed.snapshot())
    for (const message of messages ?? []) {
      if (page.isFull) return
      page.tell(message)
      this.#sent = message.seq
    }
  }
  #beginAnew(snapshot: Snapshot): void {
    // Machines are told again, however long ago they were told first; what tells why is not, between what the page has and the newest.
    const isAfterHole = ({ seq }: Message, index: number) => seq > (snapshot.recent[index - 1]?.seq ?? 0) + 1
    const first = snapshot.recent[Math.max(0, snapshot.recent.findLastIndex(isAfterHole))]
    const { seq, at } = snapshot.scene
    const gap: GapMessage = {
      ...{ type: 'gap', seq: this.#sent + 1, at: first?.at ?? at, count: (first?.seq ?? seq + 1) - this.#sent - 1 },
      why: 'this page was too slow',
    }
    const after = (message: Message) => message.seq > this.#sent
    const newer = snapshot.recent.filter(
      message => after(message) && (message.type === 'machine' || message.seq >= gap.seq + gap.count),
    )
    const recent = [...snapshot.recent.filter(message => !after(message)), gap, ...newer]
    this.#begin({ ...snapshot, recent: gap.count > 0 ? recent : snapshot.recent })
  }
  #send({ to, event }: Extract<FromPage, { type: 'send' }>): void {
    if (!this.#parts.sends) this.#refuse('events may not be sent from here: whoever started this did not allow it (--send)')
    else if (event.type.startsWith('xstate.'))
      this.#refuse("an event of XState's own is not sent: it would stop an actor behind the back of its parent")
    else if (JSON.stringify(event).length > LONGEST_EVENT) this.#refuse('this event is too long to be sent')
    else if (!this.#feed?.send(to, event)) this.#refuse(`${to} is not there any more: the event was not sent`)
  }
  #refuse(text: string): void {
    this.#parts.page.tell({ type: 'refused', text })
  }
}
