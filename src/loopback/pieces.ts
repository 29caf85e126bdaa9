/** Samples with their places on the clock, in order of time and without overlap. Positions: samples per channel since the clock's zero. */

/** Interleaved samples, the first of them at position `at`. */
export type Piece = { at: number; data: Int16Array }

export const endOf = (piece: Piece, channels: number): number => piece.at + piece.data.length / channels

/** Takes away all that lies at or behind position `at`. */
export const cutAt = (pieces: Piece[], channels: number, at: number): void => {
  for (let last = pieces.at(-1); last && endOf(last, channels) > at; last = pieces.at(-1)) {
    pieces.pop()
    if (last.at < at) pieces.push({ at: last.at, data: last.data.subarray(0, (at - last.at) * channels) })
  }
}

/** Takes away the pieces that end before position `at`. */
export const forgetBefore = (pieces: Piece[], channels: number, at: number): void => {
  let old = 0
  for (let piece = pieces[old]; piece && endOf(piece, channels) < at; piece = pieces[old]) old++
  if (old > 0) pieces.splice(0, old)
}

/** Copies what lies within `from … from + count` to `into`, whose sample `at` is position `from`. The rest of `into` stays as it is. */
export const copyPieces = (
  pieces: Piece[],
  channels: number,
  from: number,
  count: number,
  into: Int16Array,
  at: number,
): void => {
  for (let index = pieces.length - 1; index >= 0; index--) {
    const piece = pieces[index]
    if (!piece || endOf(piece, channels) <= from) return
    const start = Math.max(from, piece.at)
    const end = Math.min(from + count, endOf(piece, channels))
    if (end <= start) continue
    into.set(piece.data.subarray((start - piece.at) * channels, (end - piece.at) * channels), (at + start - from) * channels)
  }
}
