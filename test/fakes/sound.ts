/** Sounds and streams for tests: the same every time. */
import { type AudioFrame, type Format, frameOf } from '../../src/audio/frame.ts'

/** Everything that comes, in order. */
export const all = async <T>(source: AsyncIterable<T>): Promise<T[]> => {
  const items: T[] = []
  for await (const item of source) items.push(item)
  return items
}

/** The items, one at a time; `returned` says whether the reader let go of it, or came to the end. */
export const sourceOf = <T>(items: Iterable<T>) => {
  const source = { returned: false, pulled: 0 }
  const stream = (async function* () {
    try {
      for (const item of items) {
        source.pulled++
        yield item
      }
    } finally {
      source.returned = true
    }
  })()
  return Object.assign(source, { stream })
}

/** The samples of all frames, one after the other. */
export const joined = (frames: readonly AudioFrame[]): Int16Array => Int16Array.from(frames.flatMap(({ data }) => [...data]))

/** 0, 1, 2 …: every sample says which one it is. */
export const ramp = (count: number, first = 0): Int16Array => Int16Array.from({ length: count }, (_, index) => first + index)

/** `data` in frames of `samples` per channel; the last one may be shorter. */
export const framesOf = (data: Int16Array, samples: number, format: Format): AudioFrame[] =>
  Array.from({ length: Math.ceil(data.length / (samples * format.channels)) }, (_, index) => {
    const width = samples * format.channels
    return frameOf(data.slice(index * width, (index + 1) * width), format)
  })

/** Noise between ±amplitude; another seed is another noise. */
export const noise = (count: number, seed = 1, amplitude = 8000): Int16Array => {
  let state = seed >>> 0
  return Int16Array.from({ length: count }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.round((state / 2 ** 31 - 1) * amplitude)
  })
}

/** A sine of `hz`. */
export const tone = (count: number, hz: number, sampleRate: number, amplitude = 10_000): Int16Array =>
  Int16Array.from({ length: count }, (_, index) => Math.round(amplitude * Math.sin((2 * Math.PI * hz * index) / sampleRate)))

/** Something like a voice: pulses of a pitch that glides, in syllables that swell, through a throat. Not periodic for long. */
export const voice = (count: number, sampleRate: number, seed = 1): Int16Array => {
  const breath = noise(count, seed, 1)
  let [phase, low, band] = [0, 0, 0]
  return Int16Array.from(breath, (air, index) => {
    const t = index / sampleRate
    const pitch = 120 + 30 * Math.sin(2.1 * t + seed) + 12 * Math.sin(7.3 * t)
    phase += pitch / sampleRate
    const pulse = phase >= 1 ? 1 : 0
    phase %= 1
    const throat = 2 * Math.sin((Math.PI * (700 + 300 * Math.sin(5 * t + seed))) / sampleRate)
    low += throat * band
    band += throat * (pulse * 3 + air * 0.05 - low - 0.12 * band)
    const syllable = Math.max(0, Math.sin(2 * Math.PI * 3.7 * t + seed)) ** 0.7
    return Math.max(-32_768, Math.min(32_767, Math.round(9_000 * band * syllable)))
  })
}

/** Root mean square. */
export const level = (data: ArrayLike<number>): number =>
  Math.sqrt(Array.from(data).reduce((sum, value) => sum + value * value, 0) / Math.max(1, data.length))
