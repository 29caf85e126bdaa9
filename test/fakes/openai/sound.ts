/** What a scripted reply sounds like: each sample says where it is, or all of it has one pitch (FAKE-7). */
import { samplesOf } from '../../../src/audio/frame.ts'
import { sampleRate } from './wire.ts'

/** `ramp`: 1, 2, 3 … 30 000, 1 …; a pitch in Hz; or samples of the test's own, which are repeated if they are too few. */
export type Sound = 'ramp' | { hz: number } | Int16Array

const period = 30_000
/** Where in its part a sample of a ramp is, up to whole turns of 30 000; silence is nowhere. */
export const placeOf = (sample: number): number | undefined => (sample > 0 ? sample - 1 : undefined)

const sampleAt = (sound: Sound, index: number): number => {
  if (sound === 'ramp') return (index % period) + 1
  if (sound instanceof Int16Array) return sound[index % sound.length] ?? 0
  return Math.round(10_000 * Math.sin((2 * Math.PI * sound.hz * index) / sampleRate))
}
/** The samples from `fromMs` to `toMs`. */
export const samplesBetween = (sound: Sound, fromMs: number, toMs: number): Int16Array => {
  const from = samplesOf(fromMs, sampleRate)
  return Int16Array.from({ length: samplesOf(toMs, sampleRate) - from }, (_, index) => sampleAt(sound, from + index))
}

export const base64Of = (data: Int16Array): string =>
  Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64')
/** The samples of an event's audio. */
export const samplesIn = (base64: string): Int16Array => {
  const bytes = Buffer.from(base64, 'base64')
  return new Int16Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + (bytes.byteLength & ~1)))
}
/** How many samples an event's audio has, without decoding it. */
export const lengthIn = (base64: string): number => Math.floor(Buffer.byteLength(base64, 'base64') / 2)
