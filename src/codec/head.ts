/** What an Opus stream says of itself before it begins. */

/** Samples to skip at the start are at 48 000 Hz. */
export type OpusHead = { channels: number; preSkip: number }
/** What a demuxer finds: the head, once and first, then the packets. */
export type OpusPart = { head: OpusHead } | { packet: Uint8Array }

/** The identification header (RFC 7845, 5.1), or undefined if `bytes` is none. Throws for more than two channels. */
export const headOf = (bytes: Uint8Array): OpusHead | undefined => {
  if (bytes.length < 19 || Buffer.from(bytes.subarray(0, 8)).toString('latin1') !== 'OpusHead') return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const channels = view.getUint8(9)
  if (channels < 1 || channels > 2)
    throw new Error(`the Opus stream has ${channels} channels: only mono and stereo are understood`)
  return { channels, preSkip: view.getUint16(10, true) }
}
