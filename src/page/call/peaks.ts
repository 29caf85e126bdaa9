/** How loud a voice was, bar by bar. */

/** A bar is so much sound, in ms. */
export const barMs = 40
/** So many are kept: as many as the widest place shows. */
export const kept = 512

/** Loudest sample of each bar, 0 to 1, by the number of the bar in the page's time. */
export class Peaks {
  readonly #peaks = new Float32Array(kept)
  #newest = Number.NEGATIVE_INFINITY

  /** The loudest of `samples`, at `at` ms. */
  note(samples: Int16Array, at: number): number {
    const bar = Math.floor(at / barMs)
    for (let n = Math.max(this.#newest + 1, bar - kept + 1); n <= bar; n++) this.#peaks[n % kept] = 0
    this.#newest = Math.max(this.#newest, bar)
    const peak = samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0) / 32_768
    this.#peaks[bar % kept] = Math.max(this.#peaks[bar % kept] ?? 0, peak)
    return peak
  }
  at(bar: number): number {
    return bar <= this.#newest && bar > this.#newest - kept ? (this.#peaks[bar % kept] ?? 0) : 0
  }
}
