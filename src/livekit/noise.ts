/** Noise cancellation as rtc-node's audio stream wants it. */
import { type AudioFrame, FrameProcessor, type NoiseCancellationOptions } from '@livekit/rtc-node'
import { lineOf } from '../errors.ts'
import type { Log } from '../ports.ts'

/** Options go as they are; of a processor, through which the engine sends the frames, only the SDK's news for it. */
export const noiseFor = (given: object, log: Log): NoiseCancellationOptions | FrameProcessor<AudioFrame> | undefined => {
  if ('process' in given) return new Messenger(given, log)
  if (isOptions(given)) return given
  log('warn', 'livekit.noise.refused', { error: 'the options name no moduleId: take them from a noise cancellation plugin' })
  return undefined
}

const isOptions = (given: object): given is NoiseCancellationOptions => 'moduleId' in given && typeof given.moduleId === 'string'

/** A processor that is never enabled: the SDK tells it of the stream, and of the room's credentials, which some need. */
class Messenger extends FrameProcessor<AudioFrame> {
  readonly #to: object
  readonly #log: Log

  constructor(to: object, log: Log) {
    super()
    this.#to = to
    this.#log = log
  }

  isEnabled(): boolean {
    return false
  }
  setEnabled(): void {}
  process(frame: AudioFrame): AudioFrame {
    return frame
  }
  close(): void {}
  override onStreamInfoUpdated(info: unknown): void {
    this.#pass('onStreamInfoUpdated', info)
  }
  override onStreamInfoCleared(): void {
    this.#pass('onStreamInfoCleared')
  }
  override onCredentialsUpdated(credentials: unknown): void {
    this.#pass('onCredentialsUpdated', credentials)
  }
  override onCredentialsCleared(): void {
    this.#pass('onCredentialsCleared')
  }

  #pass(name: string, ...news: unknown[]): void {
    const method: unknown = Reflect.get(this.#to, name)
    if (typeof method !== 'function') return
    try {
      method.apply(this.#to, news)
    } catch (error) {
      this.#log('error', 'livekit.noise.failed', { call: name, error: lineOf(error) })
    }
  }
}
