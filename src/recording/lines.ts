/** A file of lines, read in a stream: whatever is in it, only a piece of it is in memory. */
import type { FileHandle } from 'node:fs/promises'

/** `end`: the byte after it and its newline. `text` undefined: it is longer than any line that we write. `whole`: it ends with a newline. */
export type Line = { text: string | undefined; offset: number; end: number; whole: boolean }

/** Bytes that are read at once: what is made of them must not hold up the event loop. */
const PIECE = 256 * 1024
/** Bytes of the longest line that is read: a hundred times the longest that we write. */
export const LONGEST = 4 * 1024 * 1024

/** The lines between two bytes of a file, in portions; `from` must be the start of a line. */
export async function* linesIn(file: FileHandle, from = 0, to = Number.POSITIVE_INFINITY): AsyncGenerator<Line[], void> {
  const open: { offset: number; size: number; parts: Buffer[] } = { offset: from, size: 0, parts: [] }
  const add = (part: Buffer) => {
    open.size += part.length
    if (open.size <= LONGEST) open.parts.push(part)
    else open.parts.length = 0
  }
  const close = (whole: boolean): Line => {
    const { offset, size, parts } = open
    const [only = Buffer.alloc(0)] = parts
    const text = size > LONGEST ? undefined : (parts.length > 1 ? Buffer.concat(parts) : only).toString()
    const end = offset + size + (whole ? 1 : 0)
    Object.assign(open, { offset: end, size: 0, parts: [] })
    return { text, offset, end, whole }
  }
  for (let at = from; at < to; ) {
    const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(PIECE), 0, Math.min(PIECE, to - at), at)
    if (bytesRead === 0) break
    at += bytesRead
    const piece = buffer.subarray(0, bytesRead)
    const lines: Line[] = []
    let start = 0
    for (let end = piece.indexOf(10); end !== -1; end = piece.indexOf(10, start)) {
      add(piece.subarray(start, end))
      lines.push(close(true))
      start = end + 1
    }
    if (start < piece.length) add(piece.subarray(start))
    if (lines.length > 0) yield lines
  }
  if (open.size > 0) yield [close(false)]
}
