/** How loud sound is at its loudest. */

/** 0 to 100, of the samples from `from` on up to `to`. */
export const peakOf = (data: Int16Array, from = 0, to = data.length): number => {
  let peak = 0
  for (let n = from; n < to; n++) {
    const sample = Math.abs(data[n] ?? 0)
    if (sample > peak) peak = sample
  }
  return Math.round((peak * 100) / 32_768)
}
