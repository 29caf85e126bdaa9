/** Any moment of a tape, from the nearest scene before it that is kept. */
import type { FileHandle } from 'node:fs/promises'
import type { Message } from '../inspector/messages.ts'
import { apply, emptyScene, type Scene } from '../inspector/scene.ts'
import { linesIn } from './lines.ts'
import { type Moves, noteMove, reasonsBefore } from './moves.ts'
import { Tape } from './tape.ts'

/** How things stood before the line at `offset`. `earliest`: of the messages from there up to the next checkpoint. */
type Checkpoint = { offset: number; seq: number; at: number; scene: Scene; moves: Moves; earliest: number }

/** A checkpoint comes after so many messages or bytes, whichever is first: a moment is found in a few ms. */
const SPACING = { messages: 250, bytes: 256 * 1024 }
/** So many are kept; then every second goes, and they come half as often. */
const MOST = 4_000
/** Stretches between checkpoints whose messages are kept: who scrubs comes back to them. */
const KEPT = 24
/** Messages beside a scene, without a hole: those before it, and those that come next. */
const BESIDE = { before: 400, after: 200 }

export class Checkpoints {
  readonly #file: FileHandle
  readonly #all: Checkpoint[]
  readonly #stretches = new Map<Checkpoint, Message[]>()
  readonly #scene = emptyScene()
  readonly #moves: Moves = new Map()
  readonly #events = new Map<number, string>()
  #since = { messages: 0, offset: 0 }
  #spacing = 1
  #end: number

  /** `offset`: of the first message in the file. */
  constructor(file: FileHandle, offset: number) {
    this.#file = file
    this.#end = offset
    this.#since.offset = offset
    this.#all = [{ offset, seq: 0, at: 0, scene: emptyScene(), moves: new Map(), earliest: Number.POSITIVE_INFINITY }]
  }

  /** What a line told, which ends before the byte `end`; `tape` as it is after it. */
  add(messages: Message[], end: number, tape: Tape): void {
    const last = this.#all.at(-1)
    for (const message of messages) {
      if (last && message.at < last.earliest) last.earliest = message.at
      fold(this.#scene, message, this.#events)
      noteMove(this.#moves, message)
    }
    this.#end = end
    this.#since.messages += messages.length
    const { messages: count, offset } = this.#since
    const due = count >= SPACING.messages * this.#spacing || end - offset >= SPACING.bytes * this.#spacing
    if (due && tape.settled) this.#set(tape, end)
  }
  /** The tape ends here, with what it says of its end. */
  finish(messages: Message[]): void {
    const last = this.#all.at(-1)
    for (const { at } of messages) if (last && at < last.earliest) last.earliest = at
  }

  /**
   * Right after the last message at this moment, or after the one of this `seq`. `recent`: the messages around it, and before them those
   * that tell why actors are in their states, however long ago that was.
   */
  async moment(at: number, seq?: number): Promise<{ scene: Scene; recent: Message[] }> {
    const place = Math.max(
      0,
      this.#all.findLastIndex(one => (seq === undefined ? one.earliest <= at : one.seq < seq)),
    )
    const here = this.#all[place]
    if (!here) return { scene: emptyScene(), recent: [] }
    const messages = await this.#stretch(here)
    const last = messages.findLastIndex(message => (seq === undefined ? message.at <= at : message.seq <= seq))
    const before = await this.#around(place, -1, BESIDE.before - last - 1)
    const after = await this.#around(place, 1, BESIDE.after - messages.length + last + 1)
    const events = new Map<number, string>()
    for (const message of before) if (message.type === 'event') events.set(message.seq, message.event.type)
    const [scene, moves] = [copied(here.scene), new Map(here.moves)]
    for (const message of messages.slice(0, last + 1)) {
      fold(scene, message, events)
      noteMove(moves, message)
    }
    const recent = [...before, ...messages.slice(0, last + 1)].slice(-BESIDE.before)
    const reasons = await this.#reasons(moves, recent[0]?.seq ?? 0)
    return { scene, recent: [...reasons, ...recent, ...[...messages.slice(last + 1), ...after].slice(0, BESIDE.after)] }
  }

  /** The messages before `first` that tell why actors are in their states. */
  async #reasons(moves: Moves, first: number): Promise<Message[]> {
    const stretchOf = (seq: number) => this.#all.findLastIndex(one => one.seq < seq)
    const found: Message[] = []
    for (const [place, ranges] of reasonsBefore(moves, first, stretchOf)) {
      const checkpoint = this.#all[place]
      const messages = checkpoint ? await this.#stretch(checkpoint) : []
      const isReason = ({ seq }: Message) => seq < first && ranges.some(([from, to]) => seq >= from && seq <= to)
      found.push(...messages.filter(isReason))
    }
    return found.sort((one, other) => one.seq - other.seq)
  }
  #set({ seq, at }: Tape, offset: number): void {
    this.#all.push({
      offset,
      seq,
      at,
      scene: copied(this.#scene),
      moves: new Map(this.#moves),
      earliest: Number.POSITIVE_INFINITY,
    })
    this.#since = { messages: 0, offset }
    if (this.#all.length < MOST) return
    this.#spacing *= 2
    for (let i = this.#all.length - 1; i > 0; i--) if (i % 2 === 1) this.#drop(i)
  }
  #drop(i: number): void {
    const [gone] = this.#all.splice(i, 1)
    const before = this.#all[i - 1]
    if (gone && before) before.earliest = Math.min(before.earliest, gone.earliest)
  }
  /** At least so many messages beside a stretch, from the stretches next to it; the one next to it always. */
  async #around(place: number, way: -1 | 1, wanted: number): Promise<Message[]> {
    const found: Message[] = []
    for (let i = place + way; this.#all[i] && (i === place + way || found.length < wanted); i += way) {
      const checkpoint = this.#all[i]
      if (!checkpoint || Math.abs(i - place) > 3) break
      const messages = await this.#stretch(checkpoint)
      if (way === 1) found.push(...messages)
      else found.unshift(...messages)
    }
    return found
  }
  async #stretch(checkpoint: Checkpoint): Promise<Message[]> {
    const known = this.#stretches.get(checkpoint)
    this.#stretches.delete(checkpoint)
    const messages = known ?? (await this.#read(checkpoint))
    this.#stretches.set(checkpoint, messages)
    for (const oldest of this.#stretches.keys()) if (this.#stretches.size > KEPT) this.#stretches.delete(oldest)
    return messages
  }
  async #read(checkpoint: Checkpoint): Promise<Message[]> {
    const to = this.#all[this.#all.indexOf(checkpoint) + 1]?.offset ?? this.#end
    const tape = new Tape(checkpoint)
    const messages: Message[] = []
    for await (const lines of linesIn(this.#file, checkpoint.offset, to))
      for (const line of lines) messages.push(...tape.take(line))
    return to === this.#end ? [...messages, ...tape.end()] : messages
  }
}

/** So many events are remembered by their numbers: a step follows its event at once. */
const REMEMBERED = 256
const fold = (scene: Scene, message: Message, events: Map<number, string>): void => {
  if (message.type === 'event') {
    events.set(message.seq, message.event.type)
    for (const oldest of events.keys()) {
      if (events.size <= REMEMBERED) break
      events.delete(oldest)
    }
  }
  apply(scene, message, seq => events.get(seq))
}
/** Actors are changed in place, what they hold is not. */
const copied = (scene: Scene): Scene => ({
  ...scene,
  actors: Object.fromEntries(Object.entries(scene.actors).map(([path, actor]) => [path, { ...actor }])),
})
