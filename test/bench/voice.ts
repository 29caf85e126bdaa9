/** A voice that nobody recorded, and the way it takes: enough like speech and a codec to try the measuring on. */
import { dice } from '../../scripts/bench/figures.ts'
import { rate } from '../../scripts/bench/signal.ts'

/** Pulses of a wandering pitch through two wandering resonances: unique everywhere, and never silent. */
export const babble = (ms: number, seed: number): Int16Array => {
  const roll = dice(seed)
  const out = new Int16Array((ms * rate) / 1000)
  const formants = [0, 0].map(() => ({ hz: 500, to: 500, past: [0, 0] }))
  let [next, pitch] = [0, 180]
  for (let n = 0; n < out.length; n++) {
    if (n % 1200 === 0) {
      pitch = 110 + 160 * roll()
      for (const [index, formant] of formants.entries())
        formant.to = (index === 0 ? 300 : 900) + (index === 0 ? 500 : 1500) * roll()
    }
    const pulse = n >= next ? 1 : 0.12 * (roll() - 0.5)
    if (n >= next) next = n + rate / (pitch * (0.9 + 0.2 * roll()))
    let sum = 0
    for (const formant of formants) {
      formant.hz += (formant.to - formant.hz) / 300
      const [one = 0, two = 0] = formant.past
      const r = 0.985
      const value = pulse + 2 * r * Math.cos((2 * Math.PI * formant.hz) / rate) * one - r * r * two
      formant.past = [value, one]
      sum += value
    }
    out[n] = Math.max(-20_000, Math.min(20_000, 1_800 * sum))
  }
  return out
}

/** What a codec does: another level, a little less treble, noise that follows the level. */
export const coded = (said: Float32Array, seed: number): Float32Array => {
  const roll = dice(seed)
  let level = 0
  return said.map((sample, n) => {
    const soft = 0.15 * (said[n - 1] ?? 0) + 0.85 * sample
    level += (Math.abs(sample) - level) / 120
    return 0.9 * soft + 0.5 * level * (roll() - 0.5)
  })
}

/** A piece of speech: from sample `from` to `to`, with linear ramps of so many samples at its ends. */
export type Piece = { from: number; to: number; rise?: number; fall?: number }
/** The pieces, each with the silence before it, as they are heard at the listener's 48 kHz. */
export const heardAs = (speech: Int16Array, pieces: readonly (Piece | number)[], seed = 1): Int16Array => {
  const said: number[] = []
  for (const piece of pieces)
    if (typeof piece === 'number') said.push(...new Array<number>(piece).fill(0))
    else
      for (let n = piece.from; n < piece.to; n++) {
        const up = piece.rise ? Math.min(1, (n - piece.from) / piece.rise) : 1
        const down = piece.fall ? Math.min(1, (piece.to - n) / piece.fall) : 1
        said.push((speech[n] ?? 0) * up * down)
      }
  const heard = coded(Float32Array.from(said), seed)
  // Straight lines between the samples: what a resampler does, and not better.
  return Int16Array.from({ length: 2 * heard.length }, (_, n) =>
    n % 2 ? ((heard[(n - 1) / 2] ?? 0) + (heard[(n + 1) / 2] ?? 0)) / 2 : (heard[n / 2] ?? 0),
  )
}
