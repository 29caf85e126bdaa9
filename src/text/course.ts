/**
 * The course of speech without times: how much of the text was said at each moment, from how far the speech has come in its audio. It
 * depends on the text, the audio that was pushed, and the positions at which either went on.
 */

/** How far speech has come in its audio: ms of voice, and changes of level. */
export type Extent = { voicedMs: number; change: number }
/** The audio of a text, as far as it was pushed; positions in ms. */
export type Speech = {
  /** Nothing more will be pushed. */
  readonly ended: boolean
  /** How far speech comes in all of it. */
  readonly total: Extent
  /** Up to where it is known how far speech has come. */
  readonly knownMs: number
  /** Silences with voice on both sides, the earliest first. */
  readonly silences: { atMs: number; endMs: number; extent: Extent }[]
  at(ms: number): Extent
  /** What lies long before `ms` will not be asked for any more. */
  forget(ms: number): void
}
/** A moment, and how much of the text was said there, in syllables. */
export type Mark = { weight: number; atMs: number; extent: Extent }

/** How much of the way between two marks is told by the changes of level; the rest by the time that is voiced. */
const changeShare = 0.3
/** With so many changes a second it may be speech: a tone has fewer, noise more. */
const plausible = { from: 3, to: 15 }
/** Syllables per ms of voice from the changes in it: right within a quarter from 114 to 360 words a minute. */
const countedIn = ({ voicedMs, change }: Extent): number => (0.2 * ((change * 1000) / voicedMs) ** 1.75) / 1000
/** What counts in the rate, in ms of voice: the usual rate, and that of the changes up to a limit. What was said counts by its length. */
const trust = { usual: 400, changes: 3_000 }
/** What speaks against a clause that has no punctuation before it, in syllables. */
const doubt = 1
/** A silence belongs to the end of a clause if that is expected so near: by the way to it, and in syllables. */
const near = { share: 0.35, syllables: 0.5 }
/** … and one that should have been said so many syllables ago is looked at no more. */
const slack = 20
/** Where no end is known a moment is looked for up to here: a day, in ms. */
const farMs = 86_400_000

export class Course {
  readonly #speech: Speech
  /** Syllables per ms. */
  readonly #usual: number
  /** Where a speaker may pause, beyond the base: how much is said there, and how much that speaks against it, in syllables. */
  readonly #rests: { weight: number; doubt: number }[] = []
  /** The last mark that was heard: it stays, whatever is learnt later. */
  #base: Mark = { weight: 0, atMs: 0, extent: { voicedMs: 0, change: 0 } }
  /** A mark that was given, and may lie beyond what was pushed. */
  #given: Omit<Mark, 'extent'> | undefined
  #weight = 0
  #ended = false

  constructor(usual: number, speech: Speech) {
    this.#usual = usual
    this.#speech = speech
  }

  /** The text comes to so much. */
  grow(weight: number): void {
    this.#weight = weight
  }
  /** A clause ends here, or may, if the `next` one begins with the word that comes. */
  pause(next: boolean): void {
    const weight = this.#weight
    if (weight > (this.#rests.at(-1)?.weight ?? 0)) this.#rests.push({ weight, doubt: next ? doubt : 0 })
  }
  /** The text ends. */
  end(): void {
    this.#ended = true
  }
  /** It is known of somewhere else when so much will have been said. */
  give(weight: number, atMs: number): void {
    this.#given = { weight, atMs }
  }

  /** Fixes what was heard: called before text or audio goes on, so that what comes later changes nothing before. */
  settle(heardMs: number): void {
    const heard = this.#marks().filter(({ atMs }) => atMs <= heardMs)
    const base = heard.at(-1) ?? this.#base
    this.#base = base
    if (this.#given && this.#given.atMs <= base.atMs) this.#given = undefined
    const over = Math.max(base.weight, this.#saidAt(heardMs) - slack)
    while (this.#rests[0] && this.#rests[0].weight <= over) this.#rests.shift()
    const { silences } = this.#speech
    while (silences[0] && silences[0].endMs <= Math.max(heardMs, base.atMs)) silences.shift()
    this.#speech.forget(Math.min(heardMs, this.#given?.atMs ?? heardMs))
  }

  /** When so much will have been said, in ms of the audio, from `heardMs` on. Infinity where that is not known yet. */
  whenMs(weight: number, heardMs: number): number {
    const marks = this.#marks()
    const next = marks.findIndex(mark => mark.weight >= weight)
    const from = marks[(next < 0 ? marks.length : Math.max(next, 1)) - 1] ?? this.#base
    const to = marks[Math.max(next, 1)]
    const said = next < 0 || !to ? this.#ahead(from) : this.#between(from, to)
    const { knownMs } = this.#speech
    let low = Math.floor(Math.max(heardMs, from.atMs)) - 1
    let high = Math.ceil(Math.min(to && next >= 0 ? to.atMs : farMs, knownMs))
    if (said(this.#speech.at(high)) < weight - 1e-9) return next < 0 ? Number.POSITIVE_INFINITY : high
    while (high - low > 1) {
      const ms = (low + high) >> 1
      if (said(this.#speech.at(ms)) < weight - 1e-9) low = ms
      else high = ms
    }
    return high
  }

  #saidAt(heardMs: number): number {
    const [base = this.#base, next] = this.#marks()
    return (next ? this.#between(base, next) : this.#ahead(base))(this.#speech.at(heardMs))
  }
  /** The base, what is given, and each silence that can be told to be the end of a clause. */
  #marks(): Mark[] {
    const marks = [this.#base]
    const given = this.#given
    if (given && given.weight >= this.#base.weight && given.atMs > this.#base.atMs)
      marks.push({ ...given, extent: this.#speech.at(given.atMs) })
    for (const { atMs, extent } of this.#speech.silences) {
      const from = marks.at(-1) ?? this.#base
      if (atMs <= from.atMs) continue
      const weight = this.#restNear(this.#ahead(from)(extent), from.weight)
      if (weight !== undefined) marks.push({ weight, atMs, extent })
    }
    return marks
  }
  /** The end of a clause that is meant by a silence where so much was expected to be said, if there is one. */
  #restNear(expected: number, from: number): number | undefined {
    let best: number | undefined
    let least = near.share * (expected - from) + near.syllables
    for (const { weight, doubt } of this.#rests) {
      if (weight <= from) continue
      if (weight - expected > least || (this.#ended && weight >= this.#weight)) break
      const off = Math.abs(weight - expected) + doubt
      if (off > least) continue
      least = off
      best = weight
    }
    return best
  }

  /** How much was said, between two marks. */
  #between(from: Mark, to: Mark): (extent: Extent) => number {
    const way = wayOf(from.extent, to.extent)
    return extent => from.weight + (to.weight - from.weight) * way(extent)
  }
  /** How much will have been said after the last mark: exactly, if text and audio have ended; else by the rate. */
  #ahead(from: Mark): (extent: Extent) => number {
    const { total, ended } = this.#speech
    if (this.#ended && ended) return this.#between(from, { weight: this.#weight, atMs: Infinity, extent: total })
    const rate = this.#rate(from)
    if (total.voicedMs === 0) return extent => from.weight + rate * (extent.voicedMs - from.extent.voicedMs) // the audio is not followed
    const way = wayOf(from.extent, total)
    return extent => from.weight + rate * (total.voicedMs - from.extent.voicedMs) * way(extent)
  }
  /** Syllables per ms of voice, from the usual rate, the changes of level, and what was said up to this mark. */
  #rate({ weight, extent }: Mark): number {
    const { total } = this.#speech
    const trusted = isSpeech(total) ? Math.min(total.voicedMs, trust.changes) : 0
    const counted = trusted > 0 ? countedIn(total) : 0
    return (this.#usual * trust.usual + counted * trusted + weight) / (trust.usual + trusted + extent.voicedMs)
  }
}

const isSpeech = ({ voicedMs, change }: Extent): boolean => {
  const perSecond = (change * 1000) / voicedMs
  return perSecond >= plausible.from && perSecond <= plausible.to
}
/** How much of the way from one extent to another is done, 0 to 1. */
const wayOf = (from: Extent, to: Extent): ((extent: Extent) => number) => {
  const voicedMs = to.voicedMs - from.voicedMs
  const change = to.change - from.change
  const share = isSpeech({ voicedMs, change }) ? changeShare : 0
  return extent => {
    const voiced = voicedMs > 0 ? (extent.voicedMs - from.voicedMs) / voicedMs : 1
    const changed = share > 0 ? (extent.change - from.change) / change : 0
    return (1 - share) * voiced + share * changed
  }
}
