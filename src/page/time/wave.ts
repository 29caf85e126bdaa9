/** How loud it was, by time: what an hour of sound comes down to, at every zoom. */

/** Loudness is kept for each of these, in ms: finer is seen at no zoom that is offered. */
const bucketMs = 20
/** So many buckets of one level make one of the next; each level is asked for what it is fine enough for. */
const fold = 8
/** 0 to 100 for each bucket from `zero` on. Level 0 first. */
export type Wave = { zero: number; levels: Uint8Array[] }
/** The longest call of which every sound is kept, in ms; what is later is left out of the picture. */
const mostMs = 24 * 3_600_000

export const emptyWave = (zero: number): Wave => ({ zero, levels: Array.from({ length: 4 }, () => new Uint8Array(64)) })

const grown = (level: Uint8Array, length: number): Uint8Array => {
  if (length <= level.length) return level
  const larger = new Uint8Array(Math.max(length, 2 * level.length))
  larger.set(level)
  return larger
}

const raise = (wave: Wave, bucket: number, peak: number): void => {
  let index = bucket
  for (let i = 0; i < wave.levels.length; i++) {
    const level = grown(wave.levels[i] ?? new Uint8Array(1), index + 1)
    if ((level[index] ?? 0) < peak) level[index] = peak
    wave.levels[i] = level
    index = Math.floor(index / fold)
  }
}

/** Adds peaks (0 to 100), one for each `stepMs` from `at` on; the louder of two for one moment stays. */
export const sound = (wave: Wave, at: number, stepMs: number, peaks: readonly number[]): void => {
  peaks.forEach((peak, i) => {
    const from = at - wave.zero + i * stepMs
    const first = Math.floor(from / bucketMs)
    // A peak that begins within a bucket and ends within the next counts for the one it fills more.
    const end = Math.max(first + 1, Math.round((from + stepMs) / bucketMs))
    if (peak === 0 || end * bucketMs > mostMs) return
    for (let bucket = Math.max(0, first); bucket < end; bucket++) raise(wave, bucket, peak)
  })
}

/** The loudest moment between two, 0 to 100. What lies whole between them is asked of the coarsest level, the ends of finer ones. */
export const loudest = ({ zero, levels }: Wave, fromMs: number, toMs: number): number => {
  let first = Math.max(0, Math.floor((fromMs - zero) / bucketMs))
  let end = Math.max(0, Math.ceil((toMs - zero) / bucketMs))
  let most = 0
  levels.forEach((level, i) => {
    const isLast = i === levels.length - 1
    end = Math.min(end, isLast ? level.length : Number.POSITIVE_INFINITY)
    while (first < end && (isLast || first % fold !== 0)) most = Math.max(most, level[first++] ?? 0)
    while (end > first && end % fold !== 0) most = Math.max(most, level[--end] ?? 0)
    first /= fold
    end /= fold
  })
  return most
}

/** Columns of a picture: the loudest of each, 0 to 1. */
export const columns = (wave: Wave, fromMs: number, toMs: number, count: number): number[] => {
  const width = (toMs - fromMs) / count
  return Array.from({ length: count }, (_, i) => loudest(wave, fromMs + i * width, fromMs + (i + 1) * width) / 100)
}

/** Hardly audible noise stays small: this is the least that is taken as loud, of 100. */
const leastLoud = 8
/** How much a voice is enlarged, so that it fills its lane; the loudest few moments are cut, or all else would be flat. */
export const gainOf = ({ levels }: Wave): number => {
  const heard = (levels.at(-1) ?? new Uint8Array()).filter(value => value > 0).sort()
  return 100 / Math.max(leastLoud, heard[Math.floor((heard.length - 1) * 0.9)] ?? 0)
}
