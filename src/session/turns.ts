/** The turns of a session in a room: what it captures goes to the utterance that it belongs to, and what becomes of each is told. */
import { hold, type Queue } from '../audio/buffer.ts'
import type { AudioFrame } from '../audio/frame.ts'
import { deferred } from '../deferred.ts'
import { codeOf, lineOf } from '../errors.ts'
import type { Clock, Log, Outcome, Word } from '../ports.ts'
import type { ChartRoom } from '../room.ts'
import { Pairing, type Place, type Turn } from './pairing.ts'
import type { Cut } from './session.ts'

/** What became of a turn with audio. `heard` in samples per channel; `spoken` if it had text. */
export type Ended = { id: string; outcome: Outcome; heard: number; spoken?: string }
export type TurnsHands = {
  room: ChartRoom
  clock: Clock
  log: Log
  /** Which sides a turn can have here. */
  on: { audio: boolean; text: boolean }
  /** Whether the words of a turn that begins now are shown as they are heard; else as they come (SYNC-13). */
  paced: () => boolean
  ended: (turn: Ended) => void
}

type Entry = {
  readonly id: string
  readonly audio: Queue<AudioFrame>
  readonly text: Queue<Word>
  /** So far in line for either queue; each piece goes after the one before. */
  pushing: { audio: Promise<void>; text: Promise<void> }
  voiced: boolean
  /** It counts as a segment: it has had a frame. */
  captured: boolean
  /** How much text has come, in UTF-16 units. */
  written: number
  /** The room knows it. */
  said: boolean
  over: boolean
  readonly done: Promise<void>
  finish: () => void
}

/** A reader that is late finds at most one frame, and so many UTF-16 units of text: then whoever captures is held. */
const FRAMES = 1
const CHARACTERS = 4_096

export class Turns {
  readonly #hands: TurnsHands
  readonly #pairing: Pairing
  readonly #entries = new Map<string, Entry>()
  readonly #unfollow: () => void
  #closed = false
  /** How many turns have had a frame, and how many of them are over (SESS-1). */
  captured = 0
  finished = 0
  /** The last turn that did not come to its end, until the next one ends. */
  cut: Cut | undefined
  /** Whether the session uses the side now: what is opened meanwhile does without. */
  readonly attached = { audio: true, text: true }
  #warned = false

  constructor(hands: TurnsHands) {
    this.#hands = hands
    this.#pairing = new Pairing(() => hands.room.nextId())
    this.#unfollow = hands.room.on(fact => {
      if (fact.type === 'utterance.ended') this.#ended(fact.played)
      if (fact.type === 'closed') this.close()
    })
  }

  has(id: string): boolean {
    return this.#entries.has(id)
  }

  /** Resolves when its turn has counted the frame and has taken it; without effect if that turn is over. */
  async frame(frame: AudioFrame): Promise<void> {
    if (this.#closed) return
    const entry = this.#at(this.#pairing.frame(this.#hands.clock.now(), this.#has('text')))
    if (!entry) return
    if (!entry.captured) this.captured++
    entry.captured = true
    await this.#push(entry, 'audio', () => entry.audio.push(frame))
  }
  async text(word: Word): Promise<void> {
    if (this.#closed || word.text === '') return
    const entry = this.#at(this.#pairing.text(this.#hands.clock.now(), this.#has('audio')))
    if (!entry) return
    entry.written += word.text.length
    await this.#push(entry, 'text', () => entry.text.push(word))
  }
  endAudio(): void {
    const turn = this.#pairing.endAudio(this.#hands.clock.now())
    const entry = turn && this.#entries.get(turn.id)
    if (!entry) return
    void this.#push(entry, 'audio', () => entry.audio.end())
    if (entry.written === 0) entry.text.end()
  }
  endText(): void {
    const turn = this.#pairing.endText(this.#hands.clock.now())
    const entry = turn && this.#entries.get(turn.id)
    if (entry) void this.#push(entry, 'text', () => entry.text.end())
  }

  /** Ends every turn that has text or audio (SESS-4). */
  clear(): void {
    for (const { id } of this.#pairing.clear(this.#hands.clock.now())) this.#cut(id)
  }
  /** Ends the turn whose audio is open, if there is one. */
  abandon(): void {
    const open = this.#pairing.abandon(this.#hands.clock.now())
    if (open) this.#cut(open.id)
  }
  /** Resolves when all turns with audio that were opened so far are over. */
  async settled(): Promise<void> {
    const open = [...this.#entries.values()].filter(({ captured }) => captured)
    await Promise.all(open.map(({ done }) => done))
  }
  /** Whatever waits, waits no longer. */
  close(): void {
    this.#closed = true
    this.#unfollow()
    for (const { id } of [...this.#entries.values()]) this.#ended({ id, outcome: 'abandoned', heard: 0 })
  }

  #has(side: 'audio' | 'text'): boolean {
    return this.#hands.on[side] && this.attached[side]
  }
  #at(place: Place | undefined): Entry | undefined {
    if (!place?.opens) return place && this.#entries.get(place.turn.id)
    return this.#open(place.turn)
  }
  #open({ id, text, audio }: Turn): Entry {
    const { promise: done, resolve: finish } = deferred<void>()
    const entry: Entry = {
      ...{ id, audio: hold<AudioFrame>(FRAMES), text: hold<Word>(CHARACTERS, word => word.text.length) },
      ...{ pushing: { audio: Promise.resolve(), text: Promise.resolve() }, voiced: audio !== 'ended' },
      ...{ captured: false, written: 0, said: false, over: false, done, finish },
    }
    if (text === 'ended') entry.text.end()
    this.#entries.set(id, entry)
    const { on, log } = this.#hands
    if (!this.#warned && on.audio && on.text && this.attached.audio !== this.attached.text) {
      this.#warned = true
      log('warn', 'session.unsynchronized', { attached: this.attached.audio ? 'audio' : 'text' })
    }
    void this.#begin(entry, text !== 'ended')
    return entry
  }
  /** Before the room is joined there is no place for it: it waits, and may be over by then. */
  async #begin(entry: Entry, captioned: boolean): Promise<void> {
    const { room, log, paced } = this.#hands
    const { id, audio, text, voiced } = entry
    try {
      if (!room.isOpen) await room.opened
      if (entry.over) return
      const together = voiced && captioned && paced()
      if (voiced) room.say({ id, audio, ...(together ? { text } : {}) })
      entry.said = voiced
      if (captioned && !together) await this.#tell(entry)
    } catch (error) {
      if (codeOf(error) !== 'ERR_CLOSED') log('warn', 'session.turn.failed', { id, error: lineOf(error) })
      this.#ended({ id, outcome: 'abandoned', heard: 0 })
    }
  }
  /** Its text is shown as it comes; without a voice that is all of it. */
  async #tell({ id, text, voiced }: Entry): Promise<void> {
    const telling = this.#hands.room.tell(id)
    for await (const word of text) telling.put(word.text)
    telling.end()
    if (!voiced) this.#ended({ id, outcome: 'finished', heard: 0 })
  }

  async #push(entry: Entry, side: 'audio' | 'text', push: () => Promise<void> | void): Promise<void> {
    const pushed = entry.pushing[side].then(push)
    entry.pushing[side] = pushed
    await pushed
  }
  /** It is over by the session's own wish. One that no utterance was made of has nobody else to end it. */
  #cut(id: string): void {
    if (this.#entries.get(id)?.said) this.#hands.room.interrupt(id)
    else this.#ended({ id, outcome: 'interrupted', heard: 0 })
  }
  #ended({ id, outcome, heard, spoken }: Ended): void {
    const entry = this.#entries.get(id)
    if (!entry) return
    const { clock, ended } = this.#hands
    this.#pairing.ended(id, clock.now())
    this.#entries.delete(id)
    entry.over = true
    for (const queue of [entry.audio, entry.text]) {
      queue.end()
      queue.clear()
    }
    this.cut = outcome !== 'finished' && spoken !== undefined ? { written: entry.written, spoken } : undefined
    if (entry.captured) {
      this.finished++
      ended({ id, outcome, heard, ...(entry.written > 0 && spoken !== undefined ? { spoken } : {}) })
    }
    entry.finish()
  }
}
