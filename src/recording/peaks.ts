/** How loud something was, in steps of equal length; the steps grow where it is long, so that their number has a bound. */

/** A step of which nothing is known. */
const UNKNOWN = 255
/** So many steps there is room for at first. */
const FIRST = 64

/** Steps that follow each other: `from` in ms. */
export type Stretch = { from: number; stepMs: number; peaks: number[] }

export class Peaks {
  readonly #most: number
  #stepMs = 0
  #steps = new Uint8Array(FIRST).fill(UNKNOWN)
  #size = 0

  /** `most`: a power of two, from 64. */
  constructor(most: number) {
    this.#most = most
  }

  /** Peaks of 0 to 100, one for each `stepMs`, from `from` ms on. */
  add(from: number, stepMs: number, peaks: readonly number[]): void {
    if (this.#stepMs === 0) this.#stepMs = stepMs
    const end = from + peaks.length * stepMs
    while (end > this.#most * this.#stepMs) this.#widen()
    this.#grow(Math.ceil(end / this.#stepMs))
    peaks.forEach((peak, i) => {
      const first = Math.floor((from + i * stepMs) / this.#stepMs + 1e-6)
      const last = Math.max(first, Math.ceil((from + (i + 1) * stepMs) / this.#stepMs - 1e-6) - 1)
      for (let step = first; step <= last; step++) this.#note(step, Math.min(100, Math.round(peak)))
    })
  }
  /** What is known between two moments, in `most` steps at most. */
  between(from: number, to: number, most: number): Stretch[] {
    if (this.#stepMs === 0 || to <= from) return []
    const first = Math.max(0, Math.floor(from / this.#stepMs))
    const end = Math.min(this.#size, Math.ceil(to / this.#stepMs))
    const wide = Math.max(1, Math.ceil((end - first) / most))
    const stretches: Stretch[] = []
    let open: Stretch | undefined
    for (let step = first; step < end; step += wide) {
      const peak = this.#loudest(step, Math.min(end, step + wide))
      if (peak === undefined) {
        open = undefined
        continue
      }
      open ??= stretches[stretches.push({ from: step * this.#stepMs, stepMs: wide * this.#stepMs, peaks: [] }) - 1]
      open?.peaks.push(peak)
    }
    return stretches
  }

  #note(step: number, peak: number): void {
    const before = this.#steps[step]
    if (before === undefined) return
    if (before === UNKNOWN || before < peak) this.#steps[step] = peak
    this.#size = Math.max(this.#size, step + 1)
  }
  #loudest(first: number, end: number): number | undefined {
    let most: number | undefined
    for (let step = first; step < end; step++) {
      const peak = this.#steps[step] ?? UNKNOWN
      if (peak !== UNKNOWN && (most === undefined || peak > most)) most = peak
    }
    return most
  }
  #grow(size: number): void {
    if (size <= this.#steps.length) return
    const steps = new Uint8Array(Math.min(this.#most, 2 ** Math.ceil(Math.log2(size)))).fill(UNKNOWN)
    steps.set(this.#steps)
    this.#steps = steps
  }
  /** Two steps become one. */
  #widen(): void {
    const half = Math.ceil(this.#size / 2)
    for (let step = 0; step < half; step++) this.#steps[step] = this.#loudest(2 * step, 2 * step + 2) ?? UNKNOWN
    this.#steps.fill(UNKNOWN, half)
    this.#size = half
    this.#stepMs *= 2
  }
}
