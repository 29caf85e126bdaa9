/**
 * Opus in its container, decoded as the bytes come. The containers are read here, not by a library: mediabunny 1.61 gives the packets of
 * a WebM cluster, and of the last Ogg pages, only once all of it is there, and none of it where it is truncated.
 */
import { pipe } from 'it-pipe'
import { type AudioFrame, frameOf } from '../audio/frame.ts'
import { letGo, until } from '../pipes/until.ts'
import type { Clock, OpusDecoder } from '../ports.ts'
import { ByteReader } from './bytes.ts'
import type { OpusHead, OpusPart } from './head.ts'
import { OGG, oggPackets } from './ogg.ts'
import { WEBM, webmPackets } from './webm.ts'

/** Opus counts in this rate, in Hz. */
const RATE = 48_000

/** `sampleRate`: what comes out, in Hz; Opus decodes to any of these, which costs less than to resample afterwards. Default 48 000. */
export type OpusOptions = { clock: Clock; sampleRate?: 8000 | 12_000 | 16_000 | 24_000 | 48_000 }

/**
 * A decoder for Ogg and WebM, mono and stereo: frames of `sampleRate`, one for each packet, as soon as its bytes are there. Damaged or
 * truncated input throws an Error of one line, after all that could be decoded. The decoder itself is loaded at the first stream.
 */
export const createOpus = ({ clock, sampleRate = RATE }: OpusOptions): OpusDecoder => ({
  decode: (bytes, signal) => pipe(bytes, until<Uint8Array>(signal), demux, decode({ clock, sampleRate }, signal)),
})

/** Its first bytes say which container it is. */
async function* demux(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<OpusPart> {
  const source = bytes[Symbol.asyncIterator]()
  const reader = new ByteReader(source)
  try {
    const start = new DataView((await reader.peek(4)).buffer).getUint32(0)
    if (start === OGG) yield* oggPackets(reader)
    else if (start === WEBM) yield* webmPackets(reader)
    else throw new Error('the audio stream is neither Ogg nor WebM')
  } finally {
    letGo(source) // what comes behind the damage is not read
  }
}

const decode = (options: Required<OpusOptions>, signal: AbortSignal) =>
  async function* (parts: AsyncIterable<OpusPart>): AsyncGenerator<AudioFrame> {
    let decoder: Decoder | undefined
    try {
      for await (const part of parts) {
        if ('head' in part) decoder = await open(options, part.head)
        else if (decoder) yield* decoder.frames(part.packet)
      }
    } catch (error) {
      if (!signal.aborted) throw error // cut in the middle of a packet: that is what was asked for
    } finally {
      decoder?.close()
    }
  }

type Decoder = { frames(packet: Uint8Array): AudioFrame[]; close(): void }

const open = async ({ clock, sampleRate }: Required<OpusOptions>, { channels, preSkip }: OpusHead): Promise<Decoder> => {
  const { OpusDecoder } = await clock.hold(import('opus-decoder'))
  const decoder = new OpusDecoder({ channels, sampleRate, preSkip: Math.round((preSkip * sampleRate) / RATE) })
  await clock.hold(decoder.ready)
  return {
    frames: packet => {
      const { channelData, samplesDecoded, errors } = decoder.decodeFrame(packet)
      if (errors[0]) throw new Error(`an Opus packet is damaged: ${errors[0].message}`)
      return samplesDecoded === 0 ? [] : [frameOf(interleaved(channelData, samplesDecoded), { sampleRate, channels })]
    },
    close: () => decoder.free(),
  }
}

const interleaved = (channels: Float32Array[], samples: number): Int16Array => {
  const data = new Int16Array(samples * channels.length)
  for (const [channel, values] of channels.entries())
    for (let at = 0; at < samples; at++)
      data[at * channels.length + channel] = Math.max(-32768, Math.min(32767, Math.round((values[at] ?? 0) * 32768)))
  return data
}
