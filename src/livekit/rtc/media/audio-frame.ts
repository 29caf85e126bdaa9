/**
 * One piece of audio. Checked when it is made: of one with too little data the native layer would read past the end, and of one that
 * lies within a larger buffer it would send that buffer's beginning.
 */
import { AudioFrame as SdkAudioFrame } from '@livekit/rtc-node'
import { joined, type AudioFrame as Pcm } from '../../../audio/frame.ts'
import { encodeWav } from '../../../codec/wav.ts'
import { lineOf } from '../../../errors.ts'
import { misuse, outside } from '../errors.ts'
import { firstOf, fromBase64, isFields, numberIn, toBase64 } from './json.ts'

/** Whatever has a frame's shape: ours, rtc-node's, the engine's. */
export type AudioFrameLike = Pcm & { readonly userdata?: Record<string, unknown> }
/** `data`: base64 of 16-bit little-endian samples. */
export type AudioFrameJson = { data: string; sample_rate: number; num_channels: number; samples_per_channel: number }
/** What an audio stream gives in its event form. */
export type AudioFrameEvent = { frame: AudioFrame }

/** 16-bit samples, interleaved by channel; `data` is the frame's own and starts its own buffer. */
export class AudioFrame extends SdkAudioFrame {
  declare readonly data: Int16Array
  declare readonly sampleRate: number
  declare readonly channels: number
  declare readonly samplesPerChannel: number

  /**
   * Copies `data`: samples, or their bytes (little-endian); it may have more of them than it needs. Throws a TypeError for what holds no
   * samples and a RangeError for too few, code ERR_FRAME; a RangeError for numbers that no frame has, code ERR_FORMAT.
   */
  constructor(
    data: Int16Array | Uint8Array,
    sampleRate: number,
    channels: number,
    samplesPerChannel: number,
    userdata: Record<string, unknown> = {},
  ) {
    const samples = samplesOf(data)
    checkAudioFrame({ data: samples, sampleRate, channels, samplesPerChannel })
    super(samples, sampleRate, channels, samplesPerChannel, userdata)
  }

  /** A silent frame. */
  static override create(
    sampleRate: number,
    channels: number,
    samplesPerChannel: number,
    userdata: Record<string, unknown> = {},
  ): AudioFrame {
    checkFormat({ sampleRate, channels, samplesPerChannel })
    const data = new Int16Array(channels * samplesPerChannel)
    return adoptedAudio(new SdkAudioFrame(data, sampleRate, channels, samplesPerChannel, userdata))
  }

  /** Takes what the native layer gives out. @internal */
  static override fromOwnedInfo(owned: Parameters<typeof SdkAudioFrame.fromOwnedInfo>[0]): AudioFrame {
    return adoptedAudio(SdkAudioFrame.fromOwnedInfo(owned))
  }

  /** A frame of its JSON form; a frame (rtc-node's is copied), or the first item of an array. Throws a TypeError, code ERR_JSON. */
  static fromJSON(value: unknown): AudioFrame {
    const one = firstOf(value)
    if (one instanceof AudioFrame) return one
    if (one instanceof SdkAudioFrame)
      return new AudioFrame(one.data, one.sampleRate, one.channels, one.samplesPerChannel, one.userdata)
    if (!isFields(one))
      throw misuse('ERR_JSON', 'this is no audio frame: it has data, sample_rate, num_channels, samples_per_channel')
    const [rate, channels, samples] = ['sample_rate', 'num_channels', 'samples_per_channel'].map(name => numberIn(one, name))
    const data = fromBase64(one.data)
    try {
      return new AudioFrame(data, rate ?? 0, channels ?? 0, samples ?? 0)
    } catch (error) {
      throw misuse('ERR_JSON', lineOf(error))
    }
  }

  /** In seconds. */
  get duration(): number {
    return this.samplesPerChannel / this.sampleRate
  }

  /** All of its data as a WAV file. */
  toWavBytes(): Uint8Array {
    return encodeWav(this)
  }

  /** The userdata is not in it. */
  toJSON(): AudioFrameJson {
    return {
      data: toBase64(this.data),
      sample_rate: this.sampleRate,
      num_channels: this.channels,
      samples_per_channel: this.samplesPerChannel,
    }
  }

  override toString(): string {
    const { sampleRate, channels, samplesPerChannel, duration } = this
    const about = `sample_rate=${sampleRate}, num_channels=${channels}, samples_per_channel=${samplesPerChannel}`
    return `rtc.AudioFrame(${about}, duration=${duration.toFixed(3)})`
  }
}

/** One of rtc-node's made ours where it is, unchecked: for frames that are whole and that nobody else has. */
export const adoptedAudio = (frame: SdkAudioFrame): AudioFrame =>
  frame instanceof AudioFrame ? frame : Object.setPrototypeOf(frame, AudioFrame.prototype)

/** The same frame as rtc-node may have it: checked, and copied only if its data lies within a larger buffer. */
export const safeAudioFrame = (frame: AudioFrameLike): SdkAudioFrame => {
  checkAudioFrame(frame)
  const { data, sampleRate, channels, samplesPerChannel, userdata } = frame
  const isWhole = data.byteLength === data.buffer.byteLength
  if (isWhole && frame instanceof SdkAudioFrame) return frame
  return new SdkAudioFrame(isWhole ? data : data.slice(), sampleRate, channels, samplesPerChannel, userdata)
}

/** Throws what the constructor throws. */
export const checkAudioFrame = (frame: AudioFrameLike): void => {
  const { data, channels, samplesPerChannel } = frame ?? {}
  if (!(data instanceof Int16Array))
    throw misuse('ERR_FRAME', 'an audio frame needs data: an Int16Array of interleaved samples, or their bytes')
  checkFormat(frame)
  const needed = channels * samplesPerChannel
  if (data.length < needed)
    throw outside('ERR_FRAME', `the frame needs ${needed} samples (${samplesPerChannel} × ${channels}), but holds ${data.length}`)
}

const checkFormat = ({ sampleRate, channels, samplesPerChannel }: Omit<Pcm, 'data'>): void => {
  const check = (name: string, value: number, least: number) => {
    if (!Number.isInteger(value) || value < least)
      throw outside('ERR_FORMAT', `${name} is ${value}: use an integer from ${least} on`)
  }
  check('sampleRate', sampleRate, 1)
  check('channels', channels, 1)
  check('samplesPerChannel', samplesPerChannel, 0)
}

const samplesOf = (data: Int16Array | Uint8Array): Int16Array => {
  if (!(data instanceof Uint8Array)) return data instanceof Int16Array ? new Int16Array(data) : data
  if (data.byteLength % 2 !== 0) throw outside('ERR_FRAME', `${data.byteLength} bytes are no 16-bit samples: there is half a one`)
  return new Int16Array(new Uint8Array(data).buffer) // a copy first: the bytes may begin at an odd place
}

/**
 * The audio of all frames one after the other, and their userdata merged (the later one wins); a single frame as it is. Of each only the
 * samples that it declares count. Throws a RangeError, code ERR_FRAME, for none and for frames of several formats.
 */
export function combineAudioFrames<F extends AudioFrameLike>(frame: F): F
export function combineAudioFrames(frames: readonly AudioFrameLike[]): AudioFrame
export function combineAudioFrames(one: AudioFrameLike | readonly AudioFrameLike[]): AudioFrameLike {
  if (!isSeveral(one)) return one
  const [first] = one
  if (!first) throw outside('ERR_FRAME', 'buffer is empty: there is no frame to combine')
  const { sampleRate, channels } = first
  const data = joined(one.map(frame => declaredLike(frame, first)))
  const whole = adoptedAudio(new SdkAudioFrame(data, sampleRate, channels, data.length / channels))
  for (const { userdata } of one) Object.assign(whole.userdata, userdata)
  return whole
}

const isSeveral = (one: AudioFrameLike | readonly AudioFrameLike[]): one is readonly AudioFrameLike[] => Array.isArray(one)

/** The samples that it declares, if it has the format of the first. */
const declaredLike = (frame: AudioFrameLike, { sampleRate, channels }: AudioFrameLike): Int16Array => {
  checkAudioFrame(frame)
  if (frame.sampleRate !== sampleRate)
    throw outside('ERR_FRAME', `sample rate mismatch: expected ${sampleRate}, got ${frame.sampleRate}`)
  if (frame.channels !== channels) throw outside('ERR_FRAME', `channel mismatch: expected ${channels}, got ${frame.channels}`)
  return frame.data.subarray(0, frame.samplesPerChannel * channels)
}
