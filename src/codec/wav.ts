/** WAV files: any usual PCM in, 16-bit PCM out. */

import type { Format } from '../audio/frame.ts'
import { coded } from '../errors.ts'

/** A whole recording: interleaved 16-bit PCM. */
export type Recording = Format & { data: Int16Array }

type Reader = { bytes: number; read: (view: DataView, at: number) => number }
type Header = { tag: number; channels: number; sampleRate: number; blockBytes: number; bits: number }

const clamp = (value: number) => Math.max(-32_768, Math.min(32_767, Math.round(value))) || 0 // NaN is silence

/** How one sample is read, by `tag/bits`: tag 1 is integer PCM, 3 is IEEE float. */
const readers: Record<string, Reader> = {
  '1/16': { bytes: 2, read: (view, at) => view.getInt16(at, true) },
  '1/24': { bytes: 3, read: (view, at) => clamp(view.getInt16(at + 1, true) + view.getUint8(at) / 256) },
  '1/32': { bytes: 4, read: (view, at) => clamp(view.getInt32(at, true) / 65_536) },
  '3/32': { bytes: 4, read: (view, at) => clamp(view.getFloat32(at, true) * 32_768) },
  '3/64': { bytes: 8, read: (view, at) => clamp(view.getFloat64(at, true) * 32_768) },
}

const convert = 'convert it first, for example with: ffmpeg -i INPUT -c:a pcm_s16le OUTPUT.wav'
const refuse = (what: string, remedy = convert): never => {
  throw coded('ERR_WAV', `${what}: ${remedy}`)
}
const nothing = 'record or export it again'

/** Rates that recordings have, with room on both sides, in Hz: far beyond them a few bytes would be hours, or a filter of gigabytes. */
const [lowestRate, highestRate] = [1_000, 768_000]

const signatures: [RegExp, string][] = [
  [/^ID3/, 'an MP3'],
  [/^\xff[\xe2-\xff]/, 'an MP3'],
  [/^OggS/, 'an Ogg (Opus or Vorbis)'],
  [/^fLaC/, 'a FLAC'],
  [/^....ftyp/s, 'an MP4'],
  [/^FORM/, 'an AIFF'],
  [/^.E\xdf\xa3/s, 'a WebM'],
  [/^RIFX|^RF64|^BW64/, 'a big-endian or 64-bit WAV'],
]
const kindOf = (head: string) => {
  const kind = signatures.find(([pattern]) => pattern.test(head))?.[1]
  return kind ? `${kind} file` : 'something else'
}

/** The chunks of a RIFF file in the order they stand; a size that reaches past the end means "to the end". */
function* chunksOf(view: DataView): Generator<{ name: string; start: number; end: number }> {
  const streamed = [0, 0xffff_ffff].includes(view.getUint32(4, true)) // the writer could not go back and fill the sizes in
  for (let at = 12; at + 8 <= view.byteLength; ) {
    const name = textAt(view, at, 4)
    const size = view.getUint32(at + 4, true)
    const start = at + 8
    const open = name === 'data' && (size === 0xffff_ffff || (size === 0 && streamed))
    const end = open ? view.byteLength : Math.min(view.byteLength, start + size)
    yield { name, start, end }
    at = end + (size % 2) // chunks are padded to an even length
  }
}

const textAt = (view: DataView, at: number, length: number) =>
  String.fromCharCode(...new Uint8Array(view.buffer, view.byteOffset + at, Math.min(length, view.byteLength - at)))

/** WAVE_FORMAT_EXTENSIBLE: the real tag is in the first two bytes of the sub-format, 24 bytes into the chunk. */
const extensible = 0xfffe

const headerAt = (view: DataView, start: number, end: number): Header => {
  if (end - start < 16) refuse('the WAV file is broken: its format chunk is cut off')
  const tag = view.getUint16(start, true)
  const real = tag === extensible && end - start >= 26 ? view.getUint16(start + 24, true) : tag
  return {
    tag: real,
    channels: view.getUint16(start + 2, true),
    sampleRate: view.getUint32(start + 4, true),
    blockBytes: view.getUint16(start + 12, true),
    bits: view.getUint16(start + 14, true),
  }
}

const readerFor = ({ tag, bits, channels, sampleRate, blockBytes }: Header): Reader => {
  if (channels === 0 || sampleRate === 0) refuse(`the WAV file is broken: it declares ${channels} channels at ${sampleRate} Hz`)
  if (sampleRate < lowestRate || sampleRate > highestRate)
    refuse(`the WAV file declares ${sampleRate} Hz; rates from ${lowestRate} to ${highestRate} Hz can be read`)
  const reader = readers[`${tag}/${bits}`]
  if (reader && blockBytes !== reader.bytes * channels)
    return refuse(`the WAV file is broken: it declares ${blockBytes} bytes for ${channels} × ${bits} bits`)
  if (!reader) {
    const kind = tag === 1 ? `${bits}-bit integer` : tag === 3 ? `${bits}-bit float` : `format ${tag}`
    return refuse(`the WAV file holds ${kind} samples; 16, 24 and 32-bit integer and 32-bit float can be read`)
  }
  return reader
}

/**
 * Reads a WAV file of 16, 24 or 32-bit integer or of float samples, any rate, any channel count, chunks in any order, sizes
 * filled in or not. Throws one clear line (code ERR_WAV) for anything else.
 */
export const parseWav = (bytes: Uint8Array): Recording => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const head = textAt(view, 0, 12)
  if (bytes.length === 0) refuse('the file is empty', nothing)
  if (!/^RIFF....WAVE/s.test(head)) refuse(`the file is ${kindOf(head)}, not a WAV`)
  const chunks = [...chunksOf(view)]
  const format = chunks.find(chunk => chunk.name === 'fmt ')
  const samples = chunks.find(chunk => chunk.name === 'data')
  if (!format || !samples) return refuse(`the WAV file is broken: it has no ${format ? 'audio' : 'format'} in it`)
  const header = headerAt(view, format.start, format.end)
  const { bytes: width, read } = readerFor(header)
  const count = Math.floor((samples.end - samples.start) / header.blockBytes) * header.channels
  if (count === 0) refuse('the WAV file has no audio in it', nothing)
  const data = new Int16Array(count)
  for (let i = 0; i < count; i++) data[i] = read(view, samples.start + i * width)
  return { sampleRate: header.sampleRate, channels: header.channels, data }
}

/** The 44 bytes before 16-bit PCM: `samples` per channel. */
export const wavHeader = ({ sampleRate, channels }: Format, samples: number): Uint8Array => {
  const header = new Uint8Array(44)
  const view = new DataView(header.buffer)
  const put = (at: number, text: string) => header.set(new TextEncoder().encode(text), at)
  const bytes = samples * channels * 2
  put(0, 'RIFF')
  view.setUint32(4, 36 + bytes, true)
  put(8, 'WAVEfmt ')
  view.setUint32(16, 16, true)
  view.setUint16(20, 1, true)
  view.setUint16(22, channels, true)
  view.setUint32(24, sampleRate, true)
  view.setUint32(28, sampleRate * channels * 2, true)
  view.setUint16(32, channels * 2, true)
  view.setUint16(34, 16, true)
  put(36, 'data')
  view.setUint32(40, bytes, true)
  return header
}

/** A whole 16-bit WAV file. */
export const encodeWav = ({ sampleRate, channels, data }: Recording): Uint8Array => {
  const file = new Uint8Array(44 + data.length * 2)
  const view = new DataView(file.buffer)
  file.set(wavHeader({ sampleRate, channels }, data.length / channels))
  data.forEach((sample, i) => {
    view.setInt16(44 + i * 2, sample, true)
  })
  return file
}
