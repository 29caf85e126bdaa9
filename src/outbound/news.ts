/** Who is told what of the utterances, and in which order. */
import { coded } from '../errors.ts'
import type { Tally } from '../ports.ts'
import type { PlayheadHands, Run } from './playhead.ts'
import type { Segment } from './segment.ts'

/** What happens to utterances as they are heard. Times in clock ms, offsets and durations in samples per channel. */
export type Heard =
  | { type: 'utterance.started'; id: string; at: number }
  | { type: 'utterance.progressed'; id: string; startedAt: number; offset: number; duration: number }
  | { type: 'frame.failed'; id: string; error: string }
  | { type: 'sink.failed'; error: string }
/** What the machine of one utterance is told. */
export type SourceFact =
  | { type: 'playhead.entered' }
  | ({ type: 'source.ended'; error?: string } & Tally)
  | { type: 'source.failed'; error: string }
  | ({ type: 'queue.drained' } & Tally)

/** `aside`: nobody waits for what becomes of it. */
export type Entry = { segment: Segment; tell: (fact: SourceFact) => void; watchers: Set<() => void>; aside?: boolean }
/** `next`: told once the utterance of this id is the first in line, so that what became of those before it is known (OUT-6). */
type Fact = { tell: () => void; next?: string }

/** Facts wait until the account is up to date: whoever is told may call back at once. */
export class News implements PlayheadHands {
  readonly #tell: (fact: Heard) => void
  /** In order of their coming, which is that of the line. */
  readonly #entries = new Map<string, Entry>()
  readonly #facts: Fact[] = []

  constructor(tell: (fact: Heard) => void) {
    this.#tell = tell
  }

  add(segment: Segment, tell: Entry['tell']): void {
    this.#entries.set(segment.id, { segment, tell, watchers: new Set() })
  }
  remove(id: string): void {
    this.#entries.delete(id)
  }
  find(id: string): Entry | undefined {
    return this.#entries.get(id)
  }
  get(id: string): Entry {
    const entry = this.find(id)
    if (!entry) throw coded('ERR_UNKNOWN_SEGMENT', `there is no open utterance with the id ${id}`)
    return entry
  }

  started({ segment: { id }, startedAt, offset }: Run): void {
    if (offset === 0) {
      this.#facts.push({ next: id, tell: () => this.#tell({ type: 'utterance.started', id, at: startedAt }) })
      this.inform(id, { type: 'playhead.entered' })
    }
    this.#changed(id)
  }
  ended({ segment: { id }, startedAt, offset }: Run, duration: number): void {
    if (duration > 0) this.tell({ type: 'utterance.progressed', id, startedAt, offset, duration }) // else it was heard before
    this.#changed(id)
  }
  drained({ id, tally }: Segment): void {
    this.inform(id, { type: 'queue.drained', ...tally })
  }
  /** For the machine of one utterance. */
  inform(id: string, fact: SourceFact): void {
    this.#facts.push({ tell: () => this.find(id)?.tell(fact) })
  }
  /** For everybody. */
  tell(fact: Heard): void {
    this.#facts.push({ tell: () => this.#tell(fact) })
  }

  /** Tells what is to be told. The account of `last` becomes final: its start does not wait for those before it. */
  flush(last?: string): void {
    for (let fact = this.#facts[0]; fact && this.#isDue(fact, last); fact = this.#facts[0]) {
      this.#facts.shift()
      fact.tell()
    }
  }

  get #first(): string | undefined {
    for (const [id, { aside }] of this.#entries) if (!aside) return id
    return undefined
  }
  #isDue({ next }: Fact, last?: string): boolean {
    return next === undefined || next === last || !this.#entries.has(next) || next === this.#first
  }
  #changed(id: string): void {
    for (const watcher of this.find(id)?.watchers ?? []) this.#facts.push({ tell: watcher })
  }
}
