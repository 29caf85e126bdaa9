/** A signal that says at every moment where in it we are: a tone whose pitch rises steadily. It survives a codec and a jitter buffer. */

const LOWEST = 400 // Hz
const HIGHEST = 4_200
/** Hz per second: 2 Hz, which is as well as the pitch is told, are 5 ms. */
const SLOPE = 400
/** The longest sweep, in ms. */
export const longest = ((HIGHEST - LOWEST) / SLOPE) * 1000
const AMPLITUDE = 12_000
/** What is softer than this is silence: a twentieth of the level of the tone. */
const SILENT = (AMPLITUDE / Math.SQRT2) * 0.05

/** The first `ms` of the sweep. */
export const sweep = (ms: number, sampleRate: number): Int16Array =>
  Int16Array.from({ length: Math.round((ms * sampleRate) / 1000) }, (_, n) => {
    const t = n / sampleRate
    return Math.round(AMPLITUDE * Math.sin(2 * Math.PI * (LOWEST * t + (SLOPE * t * t) / 2)))
  })

export const levelOf = (data: Int16Array): number => Math.sqrt(data.reduce((sum, x) => sum + x * x, 0) / Math.max(1, data.length))
export const isSilent = (data: Int16Array): boolean => levelOf(data) < SILENT

/** The pitch of a piece of some 20 ms in Hz: where its spectrum, looked at in steps of 20 Hz, is highest. */
export const pitchOf = (data: Int16Array, sampleRate: number): number => {
  const shaped = Float32Array.from(data, (x, n) => x * (0.5 - 0.5 * Math.cos((2 * Math.PI * (n + 0.5)) / data.length)))
  const power = (hz: number): number => {
    // Goertzel's way of one bin of a Fourier transform.
    const turn = 2 * Math.cos((2 * Math.PI * hz) / sampleRate)
    let [last, before] = [0, 0]
    for (const x of shaped) [last, before] = [x + turn * last - before, last]
    return Math.log(last * last + before * before - turn * last * before + 1)
  }
  const step = 20
  let best = { hz: 0, power: -1 }
  for (let hz = LOWEST / 2; hz <= HIGHEST + 200; hz += step) {
    const here = power(hz)
    if (here > best.power) best = { hz, power: here }
  }
  const [left, middle, right] = [power(best.hz - step), best.power, power(best.hz + step)]
  return best.hz + (step * (left - right)) / (2 * (left - 2 * middle + right) || 1)
}

/** Whether this piece ends, for 50 ms, with a tone of this pitch. */
export const isTone = (data: Int16Array, hz: number, sampleRate = 24_000): boolean => {
  const end = data.slice(-sampleRate / 20)
  return end.length === sampleRate / 20 && !isSilent(end) && Math.abs(pitchOf(end, sampleRate) - hz) < 15
}

/** The place in the sweep at which this piece has its middle, in ms; undefined if it is silent, or no part of a sweep. */
export const placeOf = (data: Int16Array, sampleRate: number): number | undefined => {
  const place = isSilent(data) ? Number.NaN : ((pitchOf(data, sampleRate) - LOWEST) / SLOPE) * 1000
  return place > -50 ? place : undefined
}
