/** One piece of PCM audio, and the checks that every frame passes before anything native sees it. */

/** Interleaved 16-bit PCM. `data.length === samplesPerChannel × channels`; `sampleRate` in Hz. rtc-node's frames fit as they are. */
export type AudioFrame = { data: Int16Array; sampleRate: number; channels: number; samplesPerChannel: number }

/** What a stream of frames is made of: rate in Hz and channel count. */
export type Format = { sampleRate: number; channels: number }

/** A frame around `data` (interleaved; not copied). */
export const frameOf = (data: Int16Array, { sampleRate, channels }: Format): AudioFrame => ({
  data,
  sampleRate,
  channels,
  samplesPerChannel: data.length / channels,
})

/** The samples of all pieces, one after the other. */
export const joined = (pieces: readonly Int16Array[]): Int16Array => {
  const whole = new Int16Array(pieces.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const piece of pieces) {
    whole.set(piece, at)
    at += piece.length
  }
  return whole
}

/** Samples per channel → whole milliseconds, rounded down. */
export const msOf = (samples: number, sampleRate: number): number => Math.floor((samples * 1000) / sampleRate)

/** Milliseconds → samples per channel, rounded to the nearest. */
export const samplesOf = (ms: number, sampleRate: number): number => Math.round((ms * sampleRate) / 1000)

/** Throws a TypeError that names what is wrong, if `frame` is not a frame of `format`. */
export const checkFrame = (frame: AudioFrame, format: Format): AudioFrame => {
  const { data, sampleRate, channels, samplesPerChannel } = frame ?? {}
  if (!(data instanceof Int16Array)) throw new TypeError('an audio frame needs `data` as an Int16Array of interleaved samples')
  if (sampleRate !== format.sampleRate)
    throw new TypeError(`the frame has ${sampleRate} Hz, the output ${format.sampleRate} Hz: resample it first`)
  if (channels !== format.channels)
    throw new TypeError(`the frame has ${channels} channel(s), the output ${format.channels}: mix it first`)
  if (data.length !== samplesPerChannel * channels)
    throw new TypeError(`the frame declares ${samplesPerChannel} × ${channels} samples but holds ${data.length}`)
  return frame
}
