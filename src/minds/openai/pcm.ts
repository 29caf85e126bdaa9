/** Sound as the service sends and takes it: 16-bit little-endian samples, mono, 24 kHz, in base64. */
import { type AudioFrame, checkFrame, type Format, frameOf } from '../../audio/frame.ts'

export const format: Format = { sampleRate: 24_000, channels: 1 }

/** Throws a TypeError for a frame of another format. */
export const encode = (frame: AudioFrame): string => {
  const { buffer, byteOffset, byteLength } = checkFrame(frame, format).data
  return Buffer.from(buffer, byteOffset, byteLength).toString('base64')
}

const base64 = /^[A-Za-z\d+/]*={0,2}$/
/** Throws one line if this is no base64, or half a sample too long. */
export const decode = (text: string): AudioFrame => {
  if (!base64.test(text) || text.length % 4 !== 0) throw new Error('a piece of audio is not base64')
  const bytes = Buffer.from(text, 'base64')
  if (bytes.length % 2 !== 0) throw new Error(`a piece of audio has ${bytes.length} bytes: half a sample is missing`)
  // A copy: Node's buffers share one pool, in which samples may begin at an odd place.
  const data = new Int16Array(bytes.length / 2)
  Buffer.from(data.buffer).set(bytes)
  return frameOf(data, format)
}

/** A second in which nothing is said: it keeps the model in the mode of speech (OAI-3, MM-36). */
export const silence = (): string => Buffer.alloc(format.sampleRate * 2).toString('base64')
