/** Text streams of ours. */
import type { LocalParticipant } from '@livekit/rtc-node'
import { coded } from '../../../errors.ts'
import { checkIdentities, disconnected, misuse } from '../errors.ts'
import { answered } from '../native.ts'
import type { TextStreamInfo, TextStreamOptions } from './info.ts'
import { CHUNK, infoOf, wireOf } from './wire.ts'
import { openWriter, type TextStreamWriter } from './writer.ts'

const CREATE = 0 // the operation: the others change a text that was sent before

/**
 * Opens one; resolves when its header is sent. `gone` aborts when the room is left: then all that waits rejects with ERR_DISCONNECTED.
 * When `wanted` aborts the opening is given up, and what was opened after all is closed.
 */
export const streamText = async (
  local: LocalParticipant,
  options: TextStreamOptions,
  gone: AbortSignal,
  wanted?: AbortSignal,
): Promise<TextStreamWriter> => {
  const { replyToId, attachments = [] } = options
  const info = {
    ...infoOf(options, 'text/plain'),
    ...(replyToId === undefined ? {} : { replyToId }),
    attachments: [...attachments],
  }
  const reply = replyToId === undefined ? {} : { replyToStreamId: replyToId }
  const content = { case: 'textHeader' as const, value: { operationType: CREATE, attachedStreamIds: info.attachments, ...reply } }
  return openWriter(wireOf(local, { info, content, options }, splitter()), info, { gone, sizeOf: pieceSizeOf, wanted })
}

/** `compress`: whether it may be, where that makes it shorter and all its readers can; true where not given. */
export type SendTextOptions = Omit<TextStreamOptions, 'totalSize'> & { compress?: boolean }

type Sent = Pick<TextStreamInfo, 'streamId' | 'topic' | 'mimeType' | 'attributes'> & { timestamp: bigint; totalLength?: bigint }
type Answer = { asyncId?: bigint; result: { case: 'info'; value: Sent } | { case: 'error'; value: { description?: string } } }

/** Sends all of a text as one stream; `info.totalSize` is its length in UTF-8 (LP-4). */
export const sendText = async (
  local: LocalParticipant,
  text: string,
  options: SendTextOptions,
  gone: AbortSignal,
): Promise<TextStreamInfo> => {
  const totalSize = sizeOf(text)
  checkIdentities(options.destinationIdentities ?? [])
  const { topic = '', attributes = {}, streamId, destinationIdentities = [], compress } = options
  const { senderIdentity = local.identity, replyToId, attachments = [] } = options
  const asked = {
    ...{ topic, attributes, destinationIdentities, senderIdentity, attachedStreamIds: attachments },
    ...(streamId === undefined ? {} : { id: streamId }),
    ...(replyToId === undefined ? {} : { replyToStreamId: replyToId }),
    ...(compress === undefined ? {} : { compress }),
  }
  const value = { localParticipantHandle: local.ffi_handle.handle, text, options: asked }
  const { result } = await answered<Answer>({ case: 'sendText', value }, 'sendText', gone).catch(error => {
    throw gone.aborted ? disconnected(gone) : error
  })
  if (result.case !== 'info') throw coded('ERR_STREAM', result.value.description ?? 'the text was not sent')
  const { mimeType, timestamp } = result.value
  const about = { streamId: result.value.streamId, topic, mimeType, timestamp: Number(timestamp), totalSize }
  const reply = replyToId === undefined ? {} : { replyToId }
  return { ...about, attributes: { ...attributes }, ...reply, attachments: [...attachments] }
}

const sizeOf = (text: string): number => {
  if (typeof text !== 'string') throw misuse('ERR_FORMAT', `a text stream takes strings, not ${typeof text}`)
  return Buffer.byteLength(text)
}
/** The same of a piece: half a character is half of it. */
const pieceSizeOf = (piece: string): number => sizeOf(piece) - (half.test(piece) ? 1 : 0) - (otherHalf.test(piece) ? 1 : 0)

const utf8 = new TextEncoder()
/** The first half of a pair that makes one character, at the end of a piece: the other half may begin the next. */
const half = /[\uD800-\uDBFF]$/
const otherHalf = /^[\uDC00-\uDFFF]/

/** Cuts texts into chunks that are whole characters each (TSR-1), also where a character lies in two pieces. A half that stays alone is none. */
export const splitter = () => {
  let before = ''
  return function* (piece: string): Iterable<Uint8Array> {
    const text = before + piece
    before = half.exec(text)?.[0] ?? ''
    const bytes = utf8.encode(before ? text.slice(0, -1) : text)
    for (let at = 0; at < bytes.length; ) {
      const end = boundary(bytes, at + CHUNK)
      yield bytes.subarray(at, end)
      at = end
    }
  }
}
/** The end of the last whole character before `end`. */
const boundary = (bytes: Uint8Array, end: number): number => {
  let at = Math.min(end, bytes.length)
  while (((bytes[at] ?? 0) & 0xc0) === 0x80) at-- // in the middle of one
  return at
}
