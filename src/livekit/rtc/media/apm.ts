/** WebRTC's audio processing: takes echo and noise out of what a microphone heard, in place. For anything but 10 ms it would end the process. */
import { coded } from '../../../errors.ts'
import { misuse, outside } from '../errors.ts'
import { type Handle, native } from '../native.ts'
import { type AudioFrameLike, checkAudioFrame } from './audio-frame.ts'

/** In Hz: what WebRTC's audio processing takes. */
const RATES = { least: 8_000, most: 384_000 }

/** What it does; nothing unless it is said. */
export type AudioProcessing = {
  echoCancellation?: boolean
  noiseSuppression?: boolean
  highPassFilter?: boolean
  autoGainControl?: boolean
}
type Answer = { error?: string }
type Made = { apm?: { handle?: { id?: bigint } } }

export class AudioProcessingModule {
  #handle: Handle | undefined

  constructor(options: AudioProcessing = {}) {
    const value = {
      echoCancellerEnabled: options.echoCancellation ?? false,
      noiseSuppressionEnabled: options.noiseSuppression ?? false,
      highPassFilterEnabled: options.highPassFilter ?? false,
      gainControllerEnabled: options.autoGainControl ?? false,
    }
    const { apm } = native().request<Made>({ case: 'newApm', value })
    const id = apm?.handle?.id
    if (id === undefined) throw coded('ERR_NATIVE', 'the native layer made no audio processing')
    this.#handle = native().own(id)
  }

  /**
   * Processes what the microphone heard: the result replaces the samples in the frame's `data`. Takes exactly 10 ms, so only rates that
   * have them; throws a RangeError or a TypeError for anything else (ERR_FRAME, ERR_FORMAT), and after `close` (ERR_CLOSED).
   */
  processStream(frame: AudioFrameLike): void {
    this.#process('apmProcessStream', frame)
  }
  /** The same for what the loudspeaker is to play: of this the echo is known. */
  processReverseStream(frame: AudioFrameLike): void {
    this.#process('apmProcessReverseStream', frame)
  }

  /**
   * How long an echo takes, in ms, whole ones from 0 to 500: to be told if and only if echoes are cancelled. It is
   * (tRender - tAnalyze) + (tProcess - tCapture): from when a frame was given to `processReverseStream` until its first sample is
   * played, and from when a first sample was captured until its frame is given to `processStream`.
   */
  setStreamDelayMs(delayMs: number): void {
    const handle = this.#use()
    if (!Number.isInteger(delayMs)) throw outside('ERR_RANGE', `the delay is ${delayMs} ms: use a whole number`)
    heed(native().request({ case: 'apmSetStreamDelay', value: { apmHandle: handle.handle, delayMs } }))
  }

  /** Gives the native module back. A second one does nothing. */
  close(): void {
    const handle = this.#handle
    this.#handle = undefined
    handle?.dispose()
  }

  #process(what: 'apmProcessStream' | 'apmProcessReverseStream', frame: AudioFrameLike): void {
    const { handle } = this.#use()
    const { data, sampleRate, channels } = check(frame)
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    const block = { dataPtr: native().pointerTo(bytes), size: bytes.byteLength, sampleRate, numChannels: channels }
    heed(native().request({ case: what, value: { apmHandle: handle, ...block } }))
  }
  #use(): Handle {
    if (this.#handle) return this.#handle
    throw coded('ERR_CLOSED', 'the audio processing is closed: make another one')
  }
}

const check = (frame: AudioFrameLike): AudioFrameLike => {
  checkAudioFrame(frame)
  const { data, sampleRate, channels, samplesPerChannel } = frame
  if (sampleRate % 100 !== 0 || sampleRate < RATES.least || sampleRate > RATES.most)
    throw outside(
      'ERR_FORMAT',
      `at ${sampleRate} Hz there are no frames of 10 ms: use hundreds from ${RATES.least} to ${RATES.most}`,
    )
  if (samplesPerChannel * 100 !== sampleRate)
    throw outside('ERR_FRAME', `the frame has ${samplesPerChannel} samples per channel, not the ${sampleRate / 100} of 10 ms`)
  if (data.length !== channels * samplesPerChannel)
    throw misuse(
      'ERR_FRAME',
      `the frame declares ${channels * samplesPerChannel} samples and has ${data.length}: give it just those`,
    )
  return frame
}
const heed = ({ error }: Answer): void => {
  if (error) throw coded('ERR_NATIVE', error)
}
