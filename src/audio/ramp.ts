/** Linear gain over a few milliseconds, so that a cut does not click. */

/** Scales interleaved `data` in place: sample i (per channel) by the gain at `from + i` of a line that goes 0 → 1 over `length` samples. */
export const rise = (data: Int16Array, channels: number, from: number, length: number): void => {
  const end = Math.min(data.length / channels, length - from)
  for (let i = 0; i < end; i++) scale(data, i, channels, (from + i) / length)
}

/** Scales interleaved `data` in place from full gain down to silence over its whole length. */
export const fall = (data: Int16Array, channels: number): void => {
  const length = data.length / channels
  for (let i = 0; i < length; i++) scale(data, i, channels, (length - 1 - i) / length)
}

const scale = (data: Int16Array, index: number, channels: number, gain: number) => {
  for (let at = index * channels; at < (index + 1) * channels; at++) data[at] = Math.round((data[at] ?? 0) * gain)
}
