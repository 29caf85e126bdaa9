/** Sound and pictures of one source, sent together: sound goes to its queue at once, pictures go out one by one at a fixed rate. */
import type { AudioSource, VideoFrame, VideoSource } from '@livekit/rtc-node'
import { hold, type Queue } from '../../../audio/buffer.ts'
import { realClock } from '../../../clock.ts'
import { coded, lineOf } from '../../../errors.ts'
import type { Clock, Log } from '../../../ports.ts'
import { misuse, outside } from '../errors.ts'
import { stderrLog } from '../log.ts'
import { type AudioFrameLike, safeAudioFrame } from './audio-frame.ts'
import { secondsQueued } from './audio-source.ts'
import { Rate } from './rate.ts'
import { safeVideoFrame } from './video-frame.ts'

export type AVSynchronizerOptions = {
  /** Both stay open when the synchronizer is closed. */
  audioSource: Pick<AudioSource, 'captureFrame' | 'clearQueue' | 'waitForPlayout' | 'queuedDuration'>
  videoSource: Pick<VideoSource, 'captureFrame'>
  /** Frames a second; need not be whole. */
  videoFps: number
  /** How much video may wait, in ms: 100. At least one frame; 0 or less for 1,000 frames. */
  videoQueueSizeMs?: number
  /** By how much a picture may be late, in ms: 300. Those after it catch up; if it is later, the rate begins anew from it. */
  maxDelayToleranceMs?: number
  clock?: Clock
  /** Hears of pictures that are too late (`livekit.video.late`) and of those that were refused (`livekit.video.failed`, the first of a row). */
  log?: Log
}

type Picture = { frame: VideoFrame; timestamp: number | undefined }
/** What stands for "as many as you like", in frames: half a minute. */
const UNBOUNDED = 1_000

/** Timestamps are media times in seconds, and 0 before there is one. */
export class AVSynchronizer {
  readonly #audio: AVSynchronizerOptions['audioSource']
  readonly #video: AVSynchronizerOptions['videoSource']
  readonly #log: Log
  readonly #rate: Rate
  readonly #pictures: Queue<Picture>
  readonly #sending: Promise<void>
  /** Settles when all pictures that wait for room have it; undefined when none waits. */
  #line: Promise<void> | undefined
  /** Pictures that were pushed and are neither sent nor dropped, and those who wait until there is none. */
  #undone = 0
  #idlers: (() => void)[] = []
  /** End the waits for others when it is closed. */
  readonly #releases = new Set<() => void>()
  #audioEnd: number | undefined
  #lastVideoTime = 0
  #failing = false
  #closed = false

  /** Throws a RangeError with code ERR_RANGE for numbers that cannot be kept to, and a TypeError with code ERR_SOURCE for what is no source. */
  constructor(options: AVSynchronizerOptions) {
    const { audioSource, videoSource, videoFps, videoQueueSizeMs = 100, maxDelayToleranceMs = 300 } = options
    const { clock = realClock(), log = stderrLog } = options
    checkSources(audioSource, videoSource)
    checkNumbers(videoFps, { videoQueueSizeMs, maxDelayToleranceMs })
    this.#audio = audioSource
    this.#video = videoSource
    this.#log = log
    this.#rate = new Rate({ fps: videoFps, toleranceMs: maxDelayToleranceMs, clock, log })
    const limit = Math.max(1, Math.floor((videoFps * videoQueueSizeMs) / 1000))
    this.#pictures = hold(videoQueueSizeMs > 0 ? limit : UNBOUNDED)
    this.#sending = this.#send()
  }

  /**
   * Resolves when a sound is in its source's queue, or a picture in ours; also when the synchronizer is closed meanwhile. Of a sound
   * `timestamp` is the end. Rejects as the audio source does, with a code for a broken frame, and with ERR_CLOSED after `close`.
   */
  async push(frame: AudioFrameLike | VideoFrame, timestamp?: number): Promise<void> {
    if (this.#closed) throw coded('ERR_CLOSED', 'the synchronizer is closed: make another one')
    if (timestamp !== undefined && !Number.isFinite(timestamp))
      throw outside('ERR_RANGE', `timestamp is ${timestamp}: use a time in seconds`)
    if (isSound(frame)) return this.#hear(frame, timestamp)
    const picture = { frame: safeVideoFrame(frame), timestamp }
    this.#undone++
    await this.#queue(picture)
  }

  /** Drops what waits in the audio source, then the pictures that wait; one that is next already is sent. */
  clearQueue(): void {
    this.#audio.clearQueue()
    this.#noteDone(this.#pictures.clear())
  }

  /** Resolves when all sound was played and all pictures were sent or dropped; also when the synchronizer is closed. */
  async waitForPlayout(): Promise<void> {
    const idle = this.#undone === 0 ? undefined : new Promise<void>(resolve => this.#idlers.push(resolve))
    await this.#unlessClosed(Promise.all([this.#audio.waitForPlayout(), idle]))
  }

  /** The next picture is due at once, and the rate is measured anew; what waits stays. */
  reset(): void {
    this.#rate.reset()
  }

  /** Sends nothing more, and drops the pictures that wait. The sources stay open. */
  async close(): Promise<void> {
    this.#closed = true
    this.#pictures.end()
    this.#pictures.clear()
    this.#rate.stop()
    for (const release of [...this.#releases]) release()
    await this.#sending
  }
  /** The same, by its name elsewhere. */
  aclose(): Promise<void> {
    return this.close()
  }

  /** Pictures a second, over those of about the last second; 0 with fewer than two. */
  get actualFps(): number {
    return this.#rate.fps
  }
  /** The timestamp of the picture that was sent last. */
  get lastVideoTime(): number {
    return this.#lastVideoTime
  }
  /** The time of the sound that is played now: the end of what was pushed last, less what its source still holds. */
  get lastAudioTime(): number {
    return this.#audioEnd === undefined ? 0 : this.#audioEnd - secondsQueued(this.#audio)
  }

  /** Of several that wait for room, who came first goes first: also when another comes in the very turn in which there is room again. */
  #queue(picture: Picture): Promise<void> {
    const { size, limit } = this.#pictures
    if (!this.#line && size < limit) return this.#pictures.push(picture)
    const line: Promise<void> = (this.#line ?? Promise.resolve())
      .then(() => this.#pictures.push(picture))
      .then(() => {
        if (this.#line === line) this.#line = undefined
      })
    this.#line = line
    return line
  }

  async #hear(frame: AudioFrameLike, timestamp: number | undefined): Promise<void> {
    await this.#unlessClosed(this.#audio.captureFrame(safeAudioFrame(frame)))
    if (timestamp !== undefined && !this.#closed) this.#audioEnd = timestamp
  }

  async #send(): Promise<void> {
    for await (const picture of this.#pictures) {
      await this.#rate.due()
      if (this.#closed) return
      this.#capture(picture)
      this.#rate.next()
      this.#noteDone(1)
    }
  }

  /** A source that refuses a picture may take the next one: so it is told, once until it does, and sending goes on. */
  #capture({ frame, timestamp }: Picture): void {
    try {
      this.#video.captureFrame(frame)
    } catch (error) {
      if (!this.#failing) this.#log('error', 'livekit.video.failed', { error: lineOf(error) })
      this.#failing = true
      return
    }
    this.#failing = false
    this.#rate.noteSent()
    if (timestamp !== undefined) this.#lastVideoTime = timestamp
  }

  #noteDone(count: number): void {
    this.#undone -= count
    if (this.#undone > 0) return
    for (const wake of this.#idlers.splice(0)) wake()
  }

  /** Settles as `work` does, or resolves when the synchronizer is closed. Not Promise.race: against one long-lived promise it would leak. */
  #unlessClosed(work: Promise<unknown>): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (how: () => void) => {
        this.#releases.delete(release)
        how()
      }
      const release = () => settle(resolve)
      this.#releases.add(release)
      work.then(release, error => settle(() => reject(error)))
      if (this.#closed) release()
    })
  }
}

const isSound = (frame: AudioFrameLike | VideoFrame): frame is AudioFrameLike =>
  typeof frame === 'object' && frame !== null && 'samplesPerChannel' in frame

const checkSources = (audio: unknown, video: unknown): void => {
  const can = (source: unknown, methods: string[]) =>
    methods.every(name => typeof Reflect.get(Object(source), name) === 'function')
  if (!can(audio, ['captureFrame', 'clearQueue', 'waitForPlayout']))
    throw misuse('ERR_SOURCE', 'audioSource must be an AudioSource')
  if (!can(video, ['captureFrame'])) throw misuse('ERR_SOURCE', 'videoSource must be a VideoSource')
}
const checkNumbers = (fps: number, { videoQueueSizeMs, maxDelayToleranceMs }: Record<string, number>): void => {
  if (!(Number.isFinite(fps) && fps > 0)) throw outside('ERR_RANGE', `videoFps is ${fps}: use a number above 0`)
  if (!Number.isFinite(videoQueueSizeMs))
    throw outside('ERR_RANGE', `videoQueueSizeMs is ${videoQueueSizeMs}: use a number of ms`)
  if (!(Number(maxDelayToleranceMs) >= 0))
    throw outside('ERR_RANGE', `maxDelayToleranceMs is ${maxDelayToleranceMs}: use a number of ms from 0`)
}
