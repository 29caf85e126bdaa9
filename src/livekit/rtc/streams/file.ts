/** Files as byte streams. */
import { constants, open } from 'node:fs/promises'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { LocalParticipant } from '@livekit/rtc-node'
import { coded, lineOf } from '../../../errors.ts'
import { misuse } from '../errors.ts'
import { streamBytes } from './bytes.ts'
import type { ByteStreamInfo, ByteStreamOptions } from './info.ts'
import { CHUNK } from './wire.ts'

/** `onProgress`: how much is sent, from 0 to 1, after each chunk and at the end. */
export type SendFileOptions = Omit<ByteStreamOptions, 'totalSize'> & { onProgress?: (progress: number) => void }

/** To be read. Opening a pipe would wait for somebody who writes into it; Windows has none. */
const AT_ONCE = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)

/**
 * Sends a file, of which it has one chunk in memory at a time. The name is the last part of the path and the MIME type that of its
 * extension, where they are not given (LP-2). A file that cannot be read rejects before anything is sent. What fails later, a file that
 * becomes shorter too (ERR_FILE), breaks the stream off: its readers do not take the part for the whole. What is added meanwhile is not sent.
 */
export const sendFile = async (
  local: LocalParticipant,
  path: string | URL,
  options: SendFileOptions,
  gone: AbortSignal,
): Promise<ByteStreamInfo> => {
  const { onProgress = () => {}, ...rest } = options
  const file = path instanceof URL ? fileURLToPath(path) : path
  const handle = await open(file, AT_ONCE)
  try {
    const stat = await handle.stat()
    if (!stat.isFile()) throw misuse('ERR_FILE', `${file} is not a file: give the path of one`)
    const totalSize = stat.size
    const { name = basename(file), mimeType = await typeOf(file) } = options
    const writer = await streamBytes(local, { ...rest, name, mimeType, totalSize }, gone)
    const buffer = new Uint8Array(CHUNK)
    try {
      for (let at = 0; at < totalSize; ) {
        const { bytesRead } = await handle.read(buffer, 0, Math.min(CHUNK, totalSize - at))
        if (bytesRead === 0) throw coded('ERR_FILE', `${file} became shorter while it was sent: send it again`)
        await writer.write(buffer.subarray(0, bytesRead))
        at += bytesRead
        onProgress(at / totalSize)
      }
    } catch (error) {
      await writer.close({ reason: lineOf(error) }).catch(() => {}) // the first failure is the one to tell
      throw error
    }
    await writer.close()
    if (totalSize === 0) onProgress(1)
    return writer.info
  } finally {
    await handle.close()
  }
}

const typeOf = async (file: string): Promise<string> => {
  const { default: mime } = await import('mime')
  return mime.getType(file) ?? 'application/octet-stream'
}
