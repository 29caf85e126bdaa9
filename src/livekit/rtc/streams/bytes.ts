/** Byte streams of ours. */
import type { LocalParticipant } from '@livekit/rtc-node'
import { misuse } from '../errors.ts'
import type { ByteStreamOptions } from './info.ts'
import { CHUNK, infoOf, wireOf } from './wire.ts'
import { type ByteStreamWriter, openWriter } from './writer.ts'

/** Opens one; resolves when its header is sent. `gone` aborts when the room is left: then all that waits rejects with ERR_DISCONNECTED. */
export const streamBytes = async (
  local: LocalParticipant,
  options: ByteStreamOptions,
  gone: AbortSignal,
): Promise<ByteStreamWriter> => {
  const { name = 'unknown', mimeType = 'application/octet-stream' } = options
  const info = { ...infoOf(options, mimeType), name }
  const wire = wireOf(local, { info, content: { case: 'byteHeader', value: { name } }, options }, chunksOf)
  return openWriter(wire, info, { gone, sizeOf })
}

const sizeOf = (piece: Uint8Array): number => {
  if (!(piece instanceof Uint8Array)) throw misuse('ERR_FORMAT', `a byte stream takes a Uint8Array, not ${typeof piece}`)
  return piece.byteLength
}
function* chunksOf(piece: Uint8Array): Iterable<Uint8Array> {
  for (let at = 0; at < piece.byteLength; at += CHUNK) yield piece.subarray(at, at + CHUNK)
}
