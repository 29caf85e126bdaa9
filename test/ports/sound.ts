/** Sound that survives a codec: tones to send, and what was heard of them. */

/** The tone of the tests: it is far from the frequencies that echo cancellers and codecs favour or drop. */
export const testHz = 440

/** A mono tone at half of full scale. */
export const tone = (ms: number, sampleRate: number, hz = testHz): Int16Array =>
  Int16Array.from({ length: Math.round((ms * sampleRate) / 1000) }, (_, n) =>
    Math.round(16_384 * Math.sin((2 * Math.PI * hz * n) / sampleRate)),
  )

const blocksOf = (samples: Int16Array, sampleRate: number): Int16Array[] => {
  const length = sampleRate / 100
  return Array.from({ length: Math.floor(samples.length / length) }, (_, n) => samples.subarray(n * length, (n + 1) * length))
}
/** A tenth of the tone's own level. */
const isLoud = (block: Int16Array): boolean => Math.sqrt(block.reduce((sum, x) => sum + x * x, 0) / block.length) > 1_158

/** How many milliseconds of it are audible, by blocks of 10 ms. */
export const loudMs = (samples: Int16Array, sampleRate: number): number =>
  10 * blocksOf(samples, sampleRate).filter(isLoud).length

/** The pitch of what is audible in it, in Hz, by counting where it rises through zero. */
export const pitchOf = (samples: Int16Array, sampleRate: number): number => {
  let rises = 0
  let counted = 0
  for (const block of blocksOf(samples, sampleRate).filter(isLoud)) {
    for (let n = 1; n < block.length; n++) if ((block[n - 1] ?? 0) < 0 && (block[n] ?? 0) >= 0) rises++
    counted += block.length - 1
  }
  return counted === 0 ? 0 : (rises * sampleRate) / counted
}

/** Where `part` begins in `all`, sample for sample; -1 if it is not in it. */
export const placeOf = (part: Int16Array, all: Int16Array): number => {
  for (let start = 0; start + part.length <= all.length; start++) if (part.every((x, n) => all[start + n] === x)) return start
  return -1
}
