/** Numbers of many rounds in few. */

/** The value below which `share` (0 to 1) of the values lie, between two of them in proportion. NaN without values. */
export const quantile = (values: readonly number[], share: number): number => {
  const sorted = [...values].sort((a, b) => a - b)
  const at = share * (sorted.length - 1)
  const low = sorted[Math.floor(at)] ?? Number.NaN
  return low + ((sorted[Math.ceil(at)] ?? low) - low) * (at - Math.floor(at))
}
export const median = (values: readonly number[]): number => quantile(values, 0.5)

export type Figures = { n: number; median: number; p5: number; p95: number; worst: number }
/** `worst`: the one furthest from 0. */
export const figuresOf = (values: readonly number[]): Figures => ({
  n: values.length,
  median: median(values),
  p5: quantile(values, 0.05),
  p95: quantile(values, 0.95),
  worst: values.reduce((worst, value) => (Math.abs(value) > Math.abs(worst) ? value : worst), values[0] ?? Number.NaN),
})

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
export const dice = (seed: number): (() => number) => {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}
