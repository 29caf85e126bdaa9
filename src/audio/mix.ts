/** Channels up and down. */

/**
 * Interleaved samples of `from` channels as `to` channels: fewer = the mean of those that fall together, more = repeated in turn.
 * Equal counts give back `data` itself.
 */
export const mix = (data: Int16Array, from: number, to: number): Int16Array => {
  if (from === to) return data
  const samples = data.length / from
  const mixed = new Int16Array(samples * to)
  for (let sample = 0; sample < samples; sample++)
    for (let channel = 0; channel < to; channel++) {
      let sum = 0
      let count = 0
      for (let source = channel % from; source < from; source += to, count++) sum += data[sample * from + source] ?? 0
      mixed[sample * to + channel] = Math.round(sum / count)
    }
  return mixed
}
