/** An audio source in virtual time: its queue plays as fast as time goes by, and a capture waits until the queue is within its bound. */
import { sleep } from '../../../src/clock.ts'
import type { AudioFrameLike } from '../../../src/livekit/rtc/media/audio-frame.ts'
import type { Clock } from '../../../src/ports.ts'

export class FakeSource {
  /** All samples that it was given, in order. */
  readonly taken: number[] = []
  readonly #clock: Clock
  readonly #queueMs: number
  /** When all that it has will have been played. */
  #end = 0
  #busy = false
  #uncleared = new AbortController()

  constructor(clock: Clock, queueMs: number) {
    this.#clock = clock
    this.#queueMs = queueMs
  }

  get queuedDuration(): number {
    return Math.max(0, this.#end - this.#clock.now())
  }

  /** One at a time, as the native one. */
  async captureFrame({ data, sampleRate, samplesPerChannel }: AudioFrameLike): Promise<void> {
    if (this.#busy) throw new Error('failed to capture frame')
    this.#busy = true
    this.taken.push(...data)
    this.#end = this.#clock.now() + this.queuedDuration + (samplesPerChannel * 1_000) / sampleRate
    await this.#until(this.#queueMs)
    this.#busy = false
  }
  clearQueue(): void {
    this.#end = this.#clock.now()
    this.#uncleared.abort()
    this.#uncleared = new AbortController()
  }
  waitForPlayout(): Promise<void> {
    return this.#until(0)
  }

  async #until(queuedMs: number): Promise<void> {
    const { signal } = this.#uncleared
    while (this.queuedDuration > queuedMs && !signal.aborted) await sleep(this.#clock, this.queuedDuration - queuedMs, signal)
  }
}
