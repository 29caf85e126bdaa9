/** The outline of a stretch of audio, as a path. */

/** Mono audio from the start of the call. */
export type Voice = { sampleRate: number; samples: Int16Array }
/** Per column: the largest and the quadratic mean value, 0 to 1. */
export type Envelope = { peak: number[]; mean: number[] }

const fullScale = 32_768

const column = (samples: Int16Array, from: number, to: number): [peak: number, mean: number] => {
  let peak = 0
  let power = 0
  for (let i = from; i < to; i++) {
    const value = Math.abs(samples[i] ?? 0) / fullScale
    if (value > peak) peak = value
    power += value * value
  }
  return [peak, to > from ? Math.sqrt(power / (to - from)) : 0]
}

/** What sounds between two moments, in so many columns. */
export const envelope = ({ samples, sampleRate }: Voice, startMs: number, endMs: number, columns: number): Envelope => {
  const at = (index: number) => {
    const ms = startMs + ((endMs - startMs) * index) / columns
    return Math.min(samples.length, Math.max(0, Math.round((ms * sampleRate) / 1000)))
  }
  const pairs = Array.from({ length: columns }, (_, i) => column(samples, at(i), at(i + 1)))
  return { peak: pairs.map(([peak]) => peak), mean: pairs.map(([, mean]) => mean) }
}

/** Stretches of this length are compared to find how loud a voice is, in ms. */
const stretchMs = 20
/** So much of what sounds is drawn in its height; the few loudest peaks are cut, or all else would be flat. */
const shown = 0.985
/** Hardly audible noise stays small: this is the least that is taken as loud. */
const leastLoud = 0.05

/** How much a voice is enlarged, so that it fills its lane. */
export const gainOf = (voice: Voice): number => {
  const ms = (voice.samples.length * 1000) / voice.sampleRate
  const peaks = envelope(voice, 0, ms, Math.ceil(ms / stretchMs)).peak.filter(peak => peak > 0)
  const loud = peaks.sort((a, b) => a - b)[Math.floor((peaks.length - 1) * shown)] ?? 0
  return 1 / Math.max(loud, leastLoud)
}

/** The stretches of columns that are not silent: [first, end). */
const sounding = (heights: number[]): [first: number, end: number][] => {
  const runs: [number, number][] = []
  heights.forEach((height, i) => {
    if (height === 0) return
    const last = runs.at(-1)
    if (last?.[1] === i) last[1] = i + 1
    else runs.push([i, i + 1])
  })
  return runs
}

const step = (dx: number, dy: number): string => `${dx}${dy < 0 ? dy : ` ${dy}`} `

/**
 * The mirrored outline as a path of whole numbers: x in columns, y from `-reach` to `reach`, 0 in the middle.
 * Relative steps keep it short; silence is left out. Empty if nothing sounds.
 */
export const outline = (values: number[], gain: number, reach: number): string => {
  const heights = values.map(value => Math.min(reach, Math.round(value * gain * reach)))
  return sounding(heights)
    .map(([first, end]) => {
      const run = heights.slice(first, end)
      const there = run.map((height, i) => step(i === 0 ? 0 : 1, (run[i - 1] ?? 0) - height)).join('')
      const turn = step(1, 0) + step(0, 2 * (run.at(-1) ?? 0)) + step(-1, 0)
      const back = run.map((height, i) => (i === 0 ? '' : step(-1, (run[i - 1] ?? 0) - height))).reverse()
      return `M${first} 0l${there}${turn}${back.join('')}`.trimEnd().concat('z')
    })
    .join('')
}
