/** recall — what somebody said before we came: the bytes of a stream → decoder → format of the input. */
import { pipe } from 'it-pipe'
import { type AudioFrame, type Format, frameOf } from '../audio/frame.ts'
import { conform } from '../audio/resample.ts'
import type { Incoming, OpusDecoder, StreamInfo } from '../ports.ts'
import { until } from './until.ts'

type Decoder = (bytes: AsyncIterable<Uint8Array>) => AsyncIterable<AudioFrame>

/** Rates that microphones have, in Hz, and channels: anything else would be a mistake or an attack on our memory. */
const RATES = [8_000, 192_000] as const
const CHANNELS = [1, 8] as const

/**
 * The stream's audio in the format `to`, as it comes; on `signal` it ends with what has come. Throws an Error of one line at once if the
 * stream cannot be used: PCM without rate and channels (PRE-10), or Opus without a decoder (PRE-17).
 */
export const recall = (to: Format, opus: OpusDecoder | undefined) => (stream: Incoming<Uint8Array>, signal: AbortSignal) =>
  pipe(stream.chunks, until<Uint8Array>(signal), decoderFor(stream.info, opus, signal), conform(to))

/** PRE-2. */
const decoderFor = ({ mimeType, attributes }: StreamInfo, opus: OpusDecoder | undefined, signal: AbortSignal): Decoder => {
  if (!/^audio\/opus\b|codecs="?opus\b/i.test(mimeType))
    return pcm({
      sampleRate: numberIn(attributes, 'sampleRate', RATES),
      channels: numberIn(attributes, 'channels', CHANNELS),
    })
  if (!opus) throw new Error('it is Opus, and there is no decoder: give the world an `opus`')
  return bytes => opus.decode(bytes, signal)
}

const numberIn = (attributes: Record<string, string>, name: string, [least, most]: readonly [number, number]): number => {
  const value = Number(attributes[name])
  if (Number.isInteger(value) && value >= least && value <= most) return value
  throw new Error(`its attribute ${name} is ${attributes[name] ?? 'missing'}: PCM needs a whole number from ${least} to ${most}`)
}

/** 16-bit little-endian samples, split anywhere; what is left of a sample at the end is dropped (PRE-11). */
const pcm = (format: Format) =>
  async function* (chunks: AsyncIterable<Uint8Array>): AsyncGenerator<AudioFrame> {
    const width = 2 * format.channels
    let rest = new Uint8Array()
    for await (const chunk of chunks) {
      const bytes = new Uint8Array(rest.length + chunk.length)
      bytes.set(rest)
      bytes.set(chunk, rest.length)
      const whole = bytes.length - (bytes.length % width)
      if (whole > 0) yield frameOf(new Int16Array(bytes.buffer, 0, whole / 2), format)
      rest = bytes.slice(whole)
    }
  }
