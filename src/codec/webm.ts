/** Opus packets out of a WebM stream, as its bytes come; also where segment and clusters do not say how long they are. */
import { type ByteReader, LONGEST } from './bytes.ts'
import { headOf, type OpusPart } from './head.ts'

/** The bytes by which a file begins: the EBML element. */
export const WEBM = 0x1a45dfa3
const ID = {
  segment: 0x18538067,
  cluster: 0x1f43b675,
  blockGroup: 0xa0,
  tracks: 0x1654ae6b,
  track: 0xae,
  trackNumber: 0xd7,
  codecId: 0x86,
  codecPrivate: 0x63a2,
  simpleBlock: 0xa3,
  block: 0xa1,
} as const
/** What has parts that we want: we step in, so its length does not matter. */
const containers: readonly number[] = [ID.segment, ID.cluster, ID.blockGroup, ID.tracks, ID.track]
type Track = { number: number; codec: string; head: Uint8Array }

/** The head of the first Opus track, then its packets. Other tracks are passed over. */
export async function* webmPackets(reader: ByteReader): AsyncGenerator<OpusPart> {
  const tracks: Track[] = []
  let opus: Track | undefined
  for (let id = await numberOf(reader, 'id'); id !== undefined; id = await numberOf(reader, 'id')) {
    const size = await numberOf(reader, 'size')
    if (id === ID.track) tracks.push({ number: 0, codec: '', head: new Uint8Array() })
    if (id === ID.cluster && !opus) {
      opus = tracks.find(({ codec }) => codec === 'A_OPUS')
      if (!opus) throw new Error('the WebM stream has no Opus in it')
      yield { head: headOf(opus.head) ?? { channels: 1, preSkip: 0 } }
    }
    if (containers.includes(id)) continue
    if (size === undefined || size > LONGEST) throw new Error('the WebM stream is damaged: an element has no sensible length')
    const bytes = await reader.need(size)
    const track = tracks.at(-1)
    if (track) describe(track, id, bytes)
    if (opus && (id === ID.simpleBlock || id === ID.block)) yield* packetOf(bytes, opus.number)
  }
}

const describe = (track: Track, id: number, bytes: Uint8Array) => {
  if (id === ID.trackNumber) track.number = bytes.reduce((sum, byte) => sum * 256 + byte, 0)
  if (id === ID.codecId) track.codec = Buffer.from(bytes).toString('latin1').replace(/\0+$/, '')
  if (id === ID.codecPrivate) track.head = bytes
}

/** A block: the track's number, two bytes of time, the flags, the packet. */
const packetOf = (block: Uint8Array, wanted: number): OpusPart[] => {
  const [first = 0, second = 0] = block
  const width = first & 0x80 ? 1 : 2
  const number = width === 1 ? first & 0x7f : ((first & 0x3f) << 8) | second
  if (number !== wanted) return []
  if ((block[width + 2] ?? 0) & 0x06)
    throw new Error('the WebM stream has several packets in a block: recorders of speech do not do that')
  return [{ packet: block.subarray(width + 3) }]
}

/**
 * A number of variable length: the leading zeros of its first byte say how many bytes follow. An id keeps the marker, a size does not.
 * undefined: an id where the stream ends, a size that is not known.
 */
const numberOf = async (reader: ByteReader, kind: 'id' | 'size'): Promise<number | undefined> => {
  const [first] = (kind === 'id' ? await reader.take(1) : await reader.need(1)) ?? []
  if (first === undefined) return undefined
  const more = Math.clz32(first) - 24
  if (more > 7) throw new Error('the WebM stream is damaged: an element has no sensible length')
  const rest = await reader.need(more)
  const value = rest.reduce((sum, byte) => sum * 256 + byte, kind === 'id' ? first : first & (0x7f >> more))
  return kind === 'size' && value === 2 ** (7 * (more + 1)) - 1 ? undefined : value
}
