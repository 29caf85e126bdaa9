/** What was heard of a voice, block by block, with the moment at which it came. */
import { isSilent, placeOf } from './sweep.ts'
import { pass, type Watch } from './watch.ts'

/** The rate of all that is heard, in Hz. */
export const earRate = 24_000
const BLOCK = earRate / 100

/** 10 ms; `at` in ms of this process's monotonic clock. */
export type Piece = { at: number; data: Int16Array }
/** A moment, and the place in the sweep that was heard then, in ms; undefined in silence. */
export type Heard = { at: number; place: number | undefined }

export class Ear {
  readonly pieces: Piece[] = []
  readonly #watch: Watch
  #soundedAt = 0

  constructor(watch: Watch) {
    this.#watch = watch
  }

  /** Takes mono audio: whole blocks of 10 ms. */
  push(data: Int16Array): void {
    const at = performance.now()
    for (let from = 0; from < data.length; from += BLOCK) {
      const block = data.slice(from, from + BLOCK)
      this.pieces.push({ at, data: block })
      if (!isSilent(block)) this.#soundedAt = at
    }
    this.#watch.look()
  }
  /** Resolves when something sounds that came after `since`. */
  async sound(since = 0, limitMs?: number): Promise<void> {
    await this.#watch.until('something sounds', () => this.#soundedAt > since, limitMs)
  }
  /** Resolves when nothing has sounded for so many ms; gives back when the last sound came. */
  async silence(ms = 250): Promise<number> {
    for (;;) {
      const left = this.#soundedAt + ms - performance.now()
      if (left <= 0) return this.#soundedAt
      await pass(left)
    }
  }
  /** The samples of what came from `since` to `until`. */
  samples(since = 0, until = Number.POSITIVE_INFINITY): Int16Array {
    return Int16Array.from(this.#between(since, until).flatMap(({ data }) => [...data]))
  }
  /** How many ms of it sounded. */
  soundMs(since = 0, until = Number.POSITIVE_INFINITY): number {
    return 10 * this.#between(since, until).filter(({ data }) => !isSilent(data)).length
  }
  /** What was heard of a sweep: one entry a block. */
  places(since = 0, until = Number.POSITIVE_INFINITY): Heard[] {
    const pieces = this.#between(since, until)
    return pieces.map(({ at, data }, n) => {
      if (isSilent(data)) return { at, place: undefined }
      // With the block before it the pitch is told better; its middle is where this block begins.
      const both = new Int16Array([...(pieces[n - 1]?.data ?? data), ...data])
      return { at, place: placeOf(both, earRate) }
    })
  }

  #between(since: number, until: number): Piece[] {
    return this.pieces.filter(({ at }) => at > since && at <= until)
  }
}

/** An unbroken stretch of a sweep: from which place to which it was heard, and when it ended. */
export type Run = { from: number; to: number; endedAt: number }
/** Silence that is shorter than this does not break a stretch, in blocks. */
const PAUSE = 8
/** So many blocks at an end tell where that end is; the very last ones sound in part. */
const END = 30

/** The stretches between silences; nothing is told of those that are shorter than 100 ms. */
export const runsOf = (heard: Heard[]): Run[] => {
  const runs: { n: number; at: number; place: number }[][] = []
  for (const [n, { at, place }] of heard.entries()) {
    if (place === undefined) continue
    const last = runs.at(-1)
    if (last && n - (last.at(-1)?.n ?? 0) < PAUSE) last.push({ n, at, place })
    else runs.push([{ n, at, place }])
  }
  return runs
    .filter(run => run.length >= 10)
    .map(run => {
      const [first, last] = [run[0], run.at(-1)]
      // Within an end the sweep goes on as time does: the middle one of many tells where it began.
      const zero = (part: typeof run) => part.map(({ n, place }) => place - 10 * n).sort((a, b) => a - b)[part.length >> 1] ?? 0
      // The place of a block is that of its beginning.
      const from = zero(run.slice(0, END)) + 10 * (first?.n ?? 0)
      return { from, to: zero(run.slice(-END)) + 10 * (last?.n ?? 0) + 10, endedAt: last?.at ?? 0 }
    })
}

/** Blocks on either side that are looked at to tell where one is. */
const AROUND = 3

/**
 * How a sweep went by, in ms. In one go, at most: `lost`, the sweep is that much further; `skipped`, and more than time went by;
 * `stalled`, time went by, and the sweep did not; `repeated`. `first` and `last` are the places at its ends.
 */
export type Flow = { lost: number; skipped: number; stalled: number; repeated: number; first: number; last: number }

export const flowOf = (heard: Heard[]): Flow => {
  const flow = { lost: 0, skipped: 0, stalled: 0, repeated: 0, first: Number.NaN, last: Number.NaN }
  const sounding = heard.flatMap(({ place }, n) => (place === undefined ? [] : [{ place, n }]))
  // Some blocks say nothing: those that sound in part, and what a jitter buffer invents where it has nothing. The middle one of seven counts.
  const smooth = sounding.slice(AROUND, -AROUND).map(({ n }, i) => {
    const near = sounding.slice(i, i + 2 * AROUND + 1).map(({ place }) => place)
    return { n, place: near.sort((a, b) => a - b)[AROUND] ?? Number.NaN }
  })
  for (const [i, { place, n }] of smooth.entries()) {
    const before = smooth[i - 1]
    if (!before) continue
    flow.lost = Math.max(flow.lost, place - before.place - 10)
    const ahead = place - before.place - 10 * (n - before.n)
    flow.skipped = Math.max(flow.skipped, ahead)
    flow.stalled = Math.max(flow.stalled, -ahead)
    flow.repeated = Math.max(flow.repeated, before.place - place)
  }
  flow.first = smooth[0]?.place ?? Number.NaN
  flow.last = smooth.at(-1)?.place ?? Number.NaN
  return flow
}
