/** Another sample rate, by the native Sox resampler. Of some rates it answers nothing, for ever, and of others the process ends: those are refused. */
import { AudioResamplerQuality, AudioFrame as SdkAudioFrame, AudioResampler as SdkAudioResampler } from '@livekit/rtc-node'
import { coded } from '../../../errors.ts'
import { misuse, outside } from '../errors.ts'
import { AudioFrame, type AudioFrameLike, adoptedAudio, checkAudioFrame } from './audio-frame.ts'

export { AudioResamplerQuality }

/**
 * In Hz: more than any audio has, and less. With rates in the billions, and from 384,000 to 10, the native layer does not answer; from 1
 * to 384,000 it ends the process. Between these all qualities work, with 1 and with 64 channels (bindings 0.12.73).
 */
const [LOWEST_RATE, HIGHEST_RATE] = [1_000, 384_000]
/** With 1,024 of them it still works, with millions it does not answer. */
const MOST_CHANNELS = 64

const names = {
  quick: AudioResamplerQuality.QUICK,
  low: AudioResamplerQuality.LOW,
  medium: AudioResamplerQuality.MEDIUM,
  high: AudioResamplerQuality.HIGH,
  very_high: AudioResamplerQuality.VERY_HIGH,
}
/** The better, the more work and the longer the delay: 3 ms at `quick`, 18 at `very_high` (48 to 16 kHz). */
export type ResamplerQuality = AudioResamplerQuality | keyof typeof names

/** The quality of this name or number. Throws a TypeError, code ERR_FORMAT, for any other. */
export const qualityOf = (quality: ResamplerQuality): AudioResamplerQuality => {
  const found = Object.entries(names).find(([name, number]) => quality === name || quality === number)
  if (found) return found[1]
  throw misuse('ERR_FORMAT', `there is no quality "${quality}": use ${Object.keys(names).join(', ')}`)
}

export class AudioResampler extends SdkAudioResampler {
  #closed = false

  /** Rates in Hz, whole ones from 1,000 to 384,000. Throws a RangeError or a TypeError, code ERR_FORMAT, for what the native layer cannot take. */
  constructor(
    inputRate: number,
    outputRate: number,
    channels: number = 1,
    quality: ResamplerQuality = AudioResamplerQuality.MEDIUM,
  ) {
    check('inputRate', inputRate, LOWEST_RATE, HIGHEST_RATE)
    check('outputRate', outputRate, LOWEST_RATE, HIGHEST_RATE)
    check('channels', channels, 1, MOST_CHANNELS)
    super(inputRate, outputRate, channels, qualityOf(quality))
  }

  /**
   * What can be had of it so far: no frame or one, with a copy of this one's userdata. Takes a frame, or the bytes of 16-bit
   * little-endian samples. Throws for one of another format (ERR_FORMAT), a broken one (ERR_FRAME), and after `close` (ERR_CLOSED).
   */
  override push(data: AudioFrameLike | Uint8Array): AudioFrame[] {
    this.#use()
    const frame = this.#taken(data)
    return frame.samplesPerChannel === 0 ? [] : adopted(super.push(frame))
  }
  /** What is left inside: no frame or one. The next one pushed begins something new. Throws after `close` (ERR_CLOSED). */
  override flush(): AudioFrame[] {
    this.#use()
    return adopted(super.flush())
  }
  /** Gives the native resampler back. A second one does nothing. */
  override close(): void {
    if (this.#closed) return
    this.#closed = true
    super.close()
  }

  #use(): void {
    if (this.#closed) throw coded('ERR_CLOSED', 'the resampler is closed: make another one')
  }
  /** A frame of our own with exactly the samples that it declares: the native layer is given all that there are, from the buffer's beginning. */
  #taken(data: AudioFrameLike | Uint8Array): SdkAudioFrame {
    const { inputRate, channels } = this
    if (data instanceof Uint8Array) return this.#framed(data)
    checkAudioFrame(data)
    if (data.sampleRate !== inputRate || data.channels !== channels)
      throw misuse(
        'ERR_FORMAT',
        `the frame has ${data.sampleRate} Hz and ${data.channels} channel(s), the resampler takes ${inputRate} and ${channels}`,
      )
    const needed = channels * data.samplesPerChannel
    const isWhole = data.data.length === needed && data.data.byteLength === data.data.buffer.byteLength
    const samples = isWhole ? data.data : data.data.slice(0, needed)
    return new SdkAudioFrame(samples, inputRate, channels, data.samplesPerChannel, { ...data.userdata })
  }
  #framed(bytes: Uint8Array): AudioFrame {
    const samples = bytes.byteLength / 2 / this.channels
    if (Number.isInteger(samples)) return new AudioFrame(bytes, this.inputRate, this.channels, samples)
    throw outside(
      'ERR_FRAME',
      `${bytes.byteLength} bytes are no 16-bit samples of ${this.channels} channel(s): they end within one`,
    )
  }
}

const check = (name: string, value: number, least: number, most: number): void => {
  if (Number.isInteger(value) && value >= least && value <= most) return
  throw outside('ERR_FORMAT', `${name} is ${value}: use an integer from ${least} to ${most}`)
}
/** rtc-node gives an empty frame where there is nothing left. */
const adopted = (frames: SdkAudioFrame[]): AudioFrame[] => frames.filter(frame => frame.samplesPerChannel > 0).map(adoptedAudio)
