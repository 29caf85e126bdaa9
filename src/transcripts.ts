/** What the caller says, in words: one segment at a time, each with its own speaker. */
import type { RoomEvent } from '../machines/room.ts'
import type { RoomFact } from './facts.ts'
import type { Captions } from './outbound/transcript.ts'
import type { Clock, Ids } from './ports.ts'

export type TranscriptsHands = {
  captions: Captions
  clock: Clock
  ids: Ids
  send: (event: RoomEvent) => void
  emit: (fact: RoomFact) => void
}

export class Transcripts {
  readonly #hands: TranscriptsHands
  #identity: string | undefined
  #open: { id: string; text: string } | undefined

  constructor(hands: TranscriptsHands) {
    this.#hands = hands
  }

  /** From now on the words are this participant's. An open segment ends as its own speaker's (TXT-9). */
  follow(identity: string | undefined): void {
    if (identity === this.#identity) return
    if (this.#open) this.#finish(this.#open)
    this.#identity = identity
  }
  /** The whole text of the segment so far; `final` ends it. Text of nobody is ignored (TXT-6). */
  heard(text: string, final: boolean): void {
    const { captions, ids, send } = this.#hands
    if (typeof text !== 'string') throw new TypeError(`what the caller said is a text, not a ${typeof text}`)
    if (this.#identity === undefined || (text === '' && !this.#open)) return
    if (!this.#open) {
      this.#open = { id: ids.next('SG_'), text }
      send({ type: 'caption', segment: { id: this.#open.id, side: 'caller', identity: this.#identity } })
    }
    if (text !== '') this.#open.text = text
    captions.put(this.#open.id, this.#open.text)
    if (final) this.#finish(this.#open)
    else this.#tell(this.#open, false)
  }

  #finish(segment: { id: string; text: string }): void {
    this.#hands.send({ type: 'finish', id: segment.id })
    this.#tell(segment, true)
    this.#open = undefined
  }
  #tell({ id, text }: { id: string; text: string }, final: boolean): void {
    const { emit, clock } = this.#hands
    const identity = this.#identity ?? ''
    emit({ type: 'words.shown', id, speaker: 'caller', identity, text, final, at: clock.now() })
  }
}
