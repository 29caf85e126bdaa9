/**
 * A data stream as its packets: one header, chunks, one trailer, each asked of the native layer and waited for. It keeps nothing between
 * them, so there is nothing to give back; and it carries all that a stream may say (BSW-5), which its own writers do not.
 */
import type { LocalParticipant } from '@livekit/rtc-node'
import { coded } from '../../../errors.ts'
import { checkIdentities, outside } from '../errors.ts'
import { type Asked, answered, type Told } from '../native.ts'
import type { Closing, StreamInfo, StreamOptions } from './info.ts'

/** Bytes of content in one packet, as in LiveKit's other clients (BSW-3): a data channel carries 16 KiB at most everywhere. */
export const CHUNK = 15_000

/** The way of one stream to its readers. What is given is not touched before it resolves. */
export interface Wire<T> {
  open(signal: AbortSignal): Promise<void>
  send(piece: T, signal: AbortSignal): Promise<void>
  finish(how: Required<Closing>, signal: AbortSignal): Promise<void>
}

type Header = NonNullable<Extract<Asked, { case: 'sendStreamHeader' }>['value']['header']>
type Content = NonNullable<Header['contentHeader']>
type Split<T> = (piece: T) => Iterable<Uint8Array>

/** What any stream says of itself before it is open. Throws with code ERR_RANGE for a size that is none. */
export const infoOf = (options: StreamOptions, mimeType: string): StreamInfo => {
  const { topic = '', attributes = {}, streamId = crypto.randomUUID(), totalSize } = options
  checkIdentities(options.destinationIdentities ?? [])
  if (totalSize !== undefined && (!Number.isSafeInteger(totalSize) || totalSize < 0))
    throw outside('ERR_RANGE', `the size of a stream is ${totalSize}: give a whole number of bytes, or none`)
  const about = { streamId, topic, mimeType, timestamp: Date.now(), attributes: { ...attributes } }
  return totalSize === undefined ? about : { ...about, totalSize }
}

/** `splitOf` makes chunks of a piece, of at most `CHUNK` bytes; it is asked piece by piece, in order. */
export const wireOf = <T>(
  local: LocalParticipant,
  { info, content, options }: { info: StreamInfo; content: Content; options: StreamOptions },
  splitOf: Split<T>,
): Wire<T> => {
  const { streamId, topic, mimeType, timestamp, attributes, totalSize } = info
  const { senderIdentity = local.identity, destinationIdentities = [] } = options
  const common = { localParticipantHandle: local.ffi_handle.handle, senderIdentity, destinationIdentities }
  let chunkIndex = 0n
  return {
    open: signal => {
      const about = {
        streamId,
        topic,
        mimeType,
        timestamp: BigInt(timestamp),
        attributes: { ...attributes },
        contentHeader: content,
      }
      const header = totalSize === undefined ? about : { ...about, totalLength: BigInt(totalSize) }
      return taken({ case: 'sendStreamHeader', value: { ...common, header } }, 'sendStreamHeader', signal)
    },
    send: async (piece, signal) => {
      for (const bytes of splitOf(piece)) {
        const chunk = { streamId, chunkIndex: chunkIndex++, content: bytes }
        await taken({ case: 'sendStreamChunk', value: { ...common, chunk } }, 'sendStreamChunk', signal)
      }
    },
    finish: (how, signal) =>
      taken({ case: 'sendStreamTrailer', value: { ...common, trailer: { streamId, ...how } } }, 'sendStreamTrailer', signal),
  }
}

const taken = async (asked: Asked, name: Told['case'], signal: AbortSignal): Promise<void> => {
  const { error } = await answered<{ asyncId?: bigint; error?: string }>(asked, name, signal)
  if (error) throw coded('ERR_STREAM', error)
}
