/** What the caller says, in words: each segment with its own speaker, one at a time or several with ids. */
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
/** `id`: of the segment. */
type Open = { id: string; identity: string; text: string }

/** So many segments with ids of their own wait for their words; then the oldest ends as it is. */
const MOST = 64

export class Transcripts {
  readonly #hands: TranscriptsHands
  #identity: string | undefined
  #open: Open | undefined
  /** By the ids of whoever tells; undefined where nobody was linked when the id came first: its words are nobody's. */
  readonly #keyed = new Map<string, Open | undefined>()

  constructor(hands: TranscriptsHands) {
    this.#hands = hands
  }

  /** From now on the words are this participant's. An open segment ends as its own speaker's (TXT-9), but for those with ids (MM-39). */
  follow(identity: string | undefined): void {
    if (identity === this.#identity) return
    if (this.#open) this.#finish(this.#open)
    this.#open = undefined
    this.#identity = identity
  }
  /** Ends all that is open, as it is. */
  close(): void {
    this.follow(undefined)
    for (const segment of this.#keyed.values()) if (segment) this.#finish(segment)
    this.#keyed.clear()
  }
  /** The whole text of the segment so far; `final` ends it. Text of nobody is ignored (TXT-6). With an `id` empty text begins one. */
  heard(text: string, final: boolean, id?: string): void {
    if (typeof text !== 'string') throw new TypeError(`what the caller said is a text, not a ${typeof text}`)
    const segment = id === undefined ? this.#single(text) : this.#of(id)
    if (segment) this.#say(segment, text, final)
    if (!final) return
    if (id === undefined) this.#open = undefined
    else this.#keyed.delete(id)
  }

  #single(text: string): Open | undefined {
    if (text !== '' && this.#identity !== undefined) this.#open ??= this.#begin(this.#identity)
    return this.#open
  }
  #of(key: string): Open | undefined {
    if (this.#keyed.has(key)) return this.#keyed.get(key)
    const segment = this.#identity === undefined ? undefined : this.#begin(this.#identity)
    this.#keyed.set(key, segment)
    for (const [oldest, open] of this.#keyed) {
      if (this.#keyed.size <= MOST) break
      if (open) this.#finish(open)
      this.#keyed.delete(oldest)
    }
    return segment
  }
  #begin(identity: string): Open {
    const { ids, send } = this.#hands
    const segment = { id: ids.next('SG_'), identity, text: '' }
    send({ type: 'caption', segment: { id: segment.id, side: 'caller', identity } })
    return segment
  }
  #say(segment: Open, text: string, final: boolean): void {
    if (text !== '') segment.text = text
    this.#hands.captions.put(segment.id, segment.text)
    if (final) this.#finish(segment)
    else this.#tell(segment, false)
  }
  #finish(segment: Open): void {
    this.#hands.send({ type: 'finish', id: segment.id })
    this.#tell(segment, true)
  }
  #tell({ id, identity, text }: Open, final: boolean): void {
    const { emit, clock } = this.#hands
    emit({ type: 'words.shown', id, speaker: 'caller', identity, text, final, at: clock.now() })
  }
}
