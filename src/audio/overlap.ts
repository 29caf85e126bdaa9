/** Where two recordings of the same moment meet: what the second repeats of the first. */

/** The search runs at about this rate: enough of a voice to find the place, and little work. Hz. */
const COARSE_RATE = 3000
/** A shorter match says little: a voice repeats itself for so long. ms */
const SHORTEST_MS = 50
/** A clear match: normalised correlation at the full rate. */
const CLEAR = 0.8
/** Worth a closer look: at the coarse rate the two may lie up to half a coarse sample apart, which costs correlation. */
const LIKELY = 0.5
/** Another place is a second peak from this share of the best correlation on; the next period of a voice stays below it. */
const RIVAL = 0.95
/** A place this near belongs to the same peak. ms */
const LOBE_MS = 2.5
/** Root mean square below this is not audible: about −50 dB of full scale. */
const AUDIBLE = 100

/**
 * How many samples at the start of `head` repeat the end of `tail` (both mono, in Hz `sampleRate`): the one place where they match
 * clearly, on audible signal. 0 when in doubt. Where the repetition is longer than `head`, the result is longer than `head` too.
 */
export const overlap = (tail: Int16Array, head: Int16Array, sampleRate: number): number => {
  const step = Math.max(1, Math.floor(sampleRate / COARSE_RATE))
  const shortest = Math.max(1, Math.floor((SHORTEST_MS * sampleRate) / 1000 / step))
  // Blocks are counted from the end of the tail and from the start of the head, so that a lag is a whole number of them.
  const match = matcher(coarse(tail.subarray(tail.length % step), step), coarse(head, step))
  const places = match.lags(shortest)
  const best = places.reduce((one, other) => (other.weight > one.weight ? other : one), { lag: 0, correlation: 0, weight: 0 })
  if (best.correlation < LIKELY) return 0

  const lobe = Math.ceil((LOBE_MS * sampleRate) / 1000 / step)
  const evidence = Math.min(best.lag, match.head) / 2
  const isRival = (place: Place) =>
    Math.abs(place.lag - best.lag) > lobe && place.lag >= evidence && place.correlation >= RIVAL * best.correlation
  if (places.some(isRival)) return 0

  const fine = matcher(Float32Array.from(tail), Float32Array.from(head))
  const near = Array.from({ length: 2 * step + 1 }, (_, index) => fine.at(best.lag * step + index - step))
  const exact = near.reduce((one, other) => (other.correlation > one.correlation ? other : one))
  return exact.correlation >= CLEAR && fine.isAudible(exact.lag) ? exact.lag : 0
}

/** How alike the last `lag` samples of the tail and the first of the head are; `weight` grows with the number of samples compared. */
type Place = { lag: number; correlation: number; weight: number }

const matcher = (tail: Float32Array, head: Float32Array) => {
  const [tailEnergy, headEnergy] = [energyOf(tail), energyOf(head)]
  const energies = (lag: number): [number, number, number] => {
    const count = Math.min(lag, head.length)
    const start = tail.length - lag
    return [count, (tailEnergy[start + count] ?? 0) - (tailEnergy[start] ?? 0), headEnergy[count] ?? 0]
  }
  const at = (lag: number): Place => {
    if (lag < 1 || lag > tail.length) return { lag, correlation: 0, weight: 0 }
    const [count, one, other] = energies(lag)
    const start = tail.length - lag
    let product = 0
    for (let index = 0; index < count; index++) product += (tail[start + index] ?? 0) * (head[index] ?? 0)
    const correlation = one > 0 && other > 0 ? Math.max(0, product / Math.sqrt(one * other)) : 0
    return { lag, correlation, weight: -count * Math.log1p(-Math.min(correlation ** 2, 1 - 1e-9)) }
  }
  return {
    at,
    head: head.length,
    lags: (shortest: number): Place[] =>
      Array.from({ length: Math.max(0, tail.length - shortest + 1) }, (_, index) => at(shortest + index)),
    isAudible: (lag: number) => {
      const [count, one, other] = energies(lag)
      return Math.min(one, other) >= count * AUDIBLE ** 2
    },
  }
}

/** `energyOf(data)[n]` is the energy of the first n samples. */
const energyOf = (data: Float32Array): Float64Array => {
  const sums = new Float64Array(data.length + 1)
  for (let index = 0; index < data.length; index++) sums[index + 1] = (sums[index] ?? 0) + (data[index] ?? 0) ** 2
  return sums
}

/** The means of each `step` samples. */
const coarse = (data: Int16Array, step: number): Float32Array =>
  Float32Array.from({ length: Math.floor(data.length / step) }, (_, block) => {
    let sum = 0
    for (let index = block * step; index < (block + 1) * step; index++) sum += data[index] ?? 0
    return sum / step
  })
