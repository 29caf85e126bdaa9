/**
 * Finds speech that is known in a recording of it that went through a codec and a jitter buffer: where a piece of it lies, where it
 * starts and stops, whether there is a hole in it, and how loud the click is. Pure; positions in samples of one rate for both.
 */

/** The rate at which positions are looked for, in Hz: that of the speech. */
export const rate = 24_000
const ms = rate / 1000
/** A coarse look at every so many samples (6 kHz: the band in which speech has its power), then a fine one around the best. */
const coarse = 4
/** Below this likeness a place is a guess. Decoded Opus speech has 0.9 and more, another place of the same voice 0.3 to 0.6. */
const leastLikeness = 0.7
/** Lengths of ramp that are tried at an edge, in ms; 0 is a hard cut. */
const rampsMs = [0, 2.5, 5, 7.5, 10, 15, 20]

/** What a stretch of the recording is: sample n of it is `gain` × sample n + `shift` of the speech. `likeness`: 0 to 1. */
export type Place = { shift: number; gain: number; likeness: number }
/** From `from` up to, not including, `to`. */
export type Span = { from: number; to: number }

/** Neighbouring samples in one, so that 48 kHz becomes 24 kHz; of what lies above 12 kHz speech has nothing. */
export const halved = (data: Int16Array): Float32Array => averaged(data, 2)

const averaged = (data: Int16Array | Float32Array, n: number): Float32Array => {
  const out = new Float32Array(Math.floor(data.length / n))
  for (let i = 0; i < out.length; i++) {
    let sum = 0
    for (let k = 0; k < n; k++) sum += data[i * n + k] ?? 0
    out[i] = sum / n
  }
  return out
}

/** Root of the mean square over a span. */
export const levelOf = (data: Float32Array | Int16Array, { from, to }: Span): number => {
  let sum = 0
  for (let i = Math.max(0, from); i < Math.min(to, data.length); i++) sum += (data[i] ?? 0) ** 2
  return Math.sqrt(sum / Math.max(1, to - from))
}

/** Where in `speech` the stretch `at` of `heard` comes from, if it is there within `among` (all of it where not given). */
export const placeOf = (heard: Float32Array, at: Span, speech: Float32Array, among?: Span): Place | undefined => {
  const within = among ?? { from: 0, to: speech.length }
  const rough = best(
    averaged(heard.subarray(at.from, at.to), coarse),
    averaged(speech, coarse),
    Math.floor(within.from / coarse),
    Math.ceil((within.to - (at.to - at.from)) / coarse),
  )
  if (!rough) return undefined
  const near = rough.start * coarse
  const fine = best(heard.subarray(at.from, at.to), speech, near - 2 * coarse, near + 2 * coarse)
  if (!fine || fine.likeness < leastLikeness) return undefined
  return { shift: fine.start - at.from, gain: fine.gain, likeness: fine.likeness }
}

/** The start in `speech`, from `lo` to `hi`, at which `part` is most alike (normalised cross-correlation). */
const best = (part: Float32Array, speech: Float32Array, lo: number, hi: number) => {
  const length = part.length
  const own = Math.sqrt(part.reduce((sum, x) => sum + x * x, 0))
  let found: { start: number; likeness: number; gain: number } | undefined
  for (let start = Math.max(0, lo); start <= Math.min(hi, speech.length - length); start++) {
    let cross = 0
    let power = 0
    for (let i = 0; i < length; i++) {
      const s = speech[start + i] ?? 0
      cross += s * (part[i] ?? 0)
      power += s * s
    }
    const likeness = cross / (own * Math.sqrt(power) || 1)
    if (!found || likeness > found.likeness) found = { start, likeness, gain: cross / (power || 1) }
  }
  return found
}

/**
 * Where the speech stops in `heard`, near `near`: the end of the ramp or the cut that explains best what was heard before and after,
 * which works in soft speech too, where no threshold does. `place` is that of what comes just before.
 */
export const endOf = (heard: Float32Array, speech: Float32Array, place: Place, near: number): number => {
  const [from, to] = [Math.max(0, near - 70 * ms), Math.min(heard.length, near + 50 * ms)]
  const last = Math.min(to - 10 * ms, speech.length - place.shift)
  const expected = new Float32Array(to - from)
  for (let i = 0; i < expected.length; i++) expected[i] = place.gain * (speech[from + i + place.shift] ?? 0)
  const cost = (end: number, ramp: number) => {
    let sum = 0
    for (let n = from; n < to; n++) {
      const weight = n >= end ? 0 : ramp === 0 ? 1 : Math.min(1, (end - n) / ramp)
      sum += ((heard[n] ?? 0) - weight * (expected[n - from] ?? 0)) ** 2
    }
    return sum
  }
  let found = { end: near, ramp: 0, cost: Infinity }
  const look = (end: number, ramp: number) => {
    const now = cost(end, ramp)
    if (now < found.cost) found = { end, ramp, cost: now }
  }
  for (const ramp of rampsMs) for (let end = from + 20 * ms; end <= last; end += ms) look(end, ramp * ms)
  const { end, ramp } = found
  for (let fine = end - ms; fine <= Math.min(end + ms, last); fine += 2) look(fine, ramp)
  return found.end
}

/** Where the speech starts in `heard`, near `near`; `place` is that of what comes just after. */
export const startOf = (heard: Float32Array, speech: Float32Array, place: Place, near: number): number => {
  // Backwards it is an end. Only what is near is turned round: place.shift holds between the two stretches.
  const from = Math.max(0, near - 50 * ms)
  const back = heard.slice(from, near + 70 * ms).reverse()
  const start = from + place.shift
  const before = Math.max(0, -start)
  const known = new Float32Array(back.length)
  known.set(speech.slice(Math.max(0, start), Math.max(0, start + back.length)).subarray(0, back.length - before), before)
  const end = endOf(back, known.reverse(), { ...place, shift: 0 }, from + back.length - near)
  return Math.max(from + back.length - end, -place.shift)
}

const block = 5 * ms
/** The first sample of the first (last: one beyond the last) block of 5 ms in `at` louder than `level`. */
export const firstLoud = (heard: Float32Array, { from, to }: Span, level: number): number | undefined => {
  for (let at = from; at + block <= to; at += block) if (levelOf(heard, { from: at, to: at + block }) > level) return at
  return undefined
}
export const lastLoud = (heard: Float32Array, { from, to }: Span, level: number): number | undefined => {
  for (let at = to; at - block >= from; at -= block) if (levelOf(heard, { from: at - block, to: at }) > level) return at
  return undefined
}

/** The largest second difference. */
const roughness = (data: Int16Array, { from, to }: Span): number => {
  let most = 0
  for (let i = Math.max(1, from); i < Math.min(to, data.length - 1); i++)
    most = Math.max(most, Math.abs((data[i + 1] ?? 0) - 2 * (data[i] ?? 0) + (data[i - 1] ?? 0)))
  return most
}
/** How much rougher the 20 ms around a cut are than the 200 ms of speech before: 1 and less is no click. `hz`: the rate of `data`. */
export const clickAt = (data: Int16Array, cut: number, hz: number): number => {
  const around = { from: cut - hz / 100, to: cut + hz / 100 }
  return roughness(data, around) / Math.max(1, roughness(data, { from: around.from - hz / 5, to: around.from }))
}

const piece = 40 * ms
const hop = 20 * ms
/** A hole is looked for up to so far. */
const furthest = 120 * ms
/** Where the speech goes on within this, it has no hole: a jitter buffer stretches and shortens it a little all the time. */
const steady = 2 * ms
/** A place elsewhere is believed only if it fits so much better. */
const better = 0.15

/**
 * The longest hole in `heard` between `at.from` and `at.to`, in ms: by how much the speech comes later than just before. `place` is
 * that of the beginning. Pieces in which nothing can be found are passed over.
 */
export const holeIn = (heard: Float32Array, at: Span, speech: Float32Array, place: Place): number => {
  let { shift } = place
  let hole = 0
  for (let from = at.from; from + piece <= at.to; from += hop) {
    const look = (reach: number) =>
      placeOf(heard, { from, to: from + piece }, speech, { from: from + shift - reach, to: from + shift + piece + reach })
    const [here, elsewhere] = [look(steady), look(furthest)]
    const found = elsewhere && elsewhere.likeness > (here?.likeness ?? 0) + better ? elsewhere : here
    if (!found) continue
    hole = Math.max(hole, (shift - found.shift) / ms)
    ;({ shift } = found)
  }
  return hole
}
