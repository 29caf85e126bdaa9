/**
 * A queue of audio that plays in real time. What would end the process is refused; captures are done in the order in which they were
 * asked for; and what is cleared is gone, all of it.
 */
import { AudioFrame as SdkAudioFrame, AudioSource as SdkAudioSource } from '@livekit/rtc-node'
import { coded } from '../../../errors.ts'
import { misuse, outside } from '../errors.ts'
import { leaveAtShutdown, refuseWhenDown } from '../room/lifetime.ts'
import { type AudioFrameLike, checkAudioFrame, safeAudioFrame } from './audio-frame.ts'

/** In ms, for the queue where it is not given. */
const QUEUE_MS = 1_000
/** The native queue counts in blocks of so many ms. */
const BLOCK_MS = 10
/** In Hz; below, a stream of the track may end the process (1000 does, in WebRTC's resampler). */
const LOWEST_RATE = 8_000
/** What WebRTC takes, once the track is published: more channels, or more samples in a block of 10 ms (all channels), end the process. */
const [MOST_CHANNELS, MOST_IN_BLOCK] = [24, 7_680]
/** The native queue counts its samples with 32 bits, and twice its size is what it holds. */
const MOST_SAMPLES = 2 ** 30
/** What may wait for its turn, in ms: who does not wait for his captures must not fill the memory. */
const WAITING_MS = 600_000

export class AudioSource extends SdkAudioSource {
  /** Settles when all that was asked so far is in the queue; undefined when it is. */
  #line: Promise<void> | undefined
  /** Ms that were asked for and not handed over yet. */
  #waitingMs = 0
  /** Goes up with each clear: what was asked before it is void. */
  #round = 0

  /**
   * `queueSize` in ms, in tens; with 0 nothing is kept, and each frame must have exactly 10 ms. Throws a RangeError, code ERR_FORMAT, for
   * what the native layer cannot take.
   */
  constructor(sampleRate: number, numChannels: number, queueSize: number = QUEUE_MS) {
    checkQueue(sampleRate, numChannels, queueSize)
    super(sampleRate, numChannels, queueSize)
  }

  /** What was captured and is not played yet, in ms; what waits for its turn counts. Never negative. */
  override get queuedDuration(): number {
    return super.queuedDuration + this.#waitingMs
  }

  /**
   * Resolves when all of the frame is in the queue, or was cleared before. One that has to wait is copied: its data may be used again at
   * once. Rejects for a frame of another format (ERR_FORMAT), a broken one (ERR_FRAME), after `close` (ERR_CLOSED) or `dispose`
   * (ERR_DISPOSED), and when far too much waits already (ERR_FULL).
   */
  override async captureFrame(frame: AudioFrameLike): Promise<void> {
    this.#check(frame)
    if (frame.samplesPerChannel === 0) return
    const isNext = this.#line === undefined
    const pieces = this.#piecesOf(isNext ? frame : { ...formatOf(frame), data: frame.data.slice() })
    const capture = this.#capturing(pieces)
    const done = isNext ? capture() : this.#line?.then(capture)
    const stay = leaveAtShutdown(async () => this.clearQueue()) // the native layer would never answer
    const settle = () => {
      stay()
      if (this.#line === line) this.#line = undefined
    }
    const line = Promise.resolve(done).then(settle, settle)
    this.#line = line
    return done
  }

  /** Hands the frame over in this very turn, unchecked: for who has one capture at a time, of a whole frame of the right format. @internal */
  captureAtOnce(frame: SdkAudioFrame): Promise<void> {
    return super.captureFrame(frame)
  }

  /** Drops all that was captured and is not played, what waits for its turn included, and releases whoever waits. */
  override clearQueue(): void {
    this.#drop()
    if (!this.closed) super.clearQueue()
  }

  /** Resolves when all that was captured until then has been played, or is cleared. */
  override async waitForPlayout(): Promise<void> {
    const round = this.#round
    await super.waitForPlayout()
    while (this.#line && round === this.#round) {
      await this.#line
      await super.waitForPlayout()
    }
  }

  /** Frees the queue, and releases whoever waits. A second one does nothing. */
  override async close(): Promise<void> {
    this.#drop()
    if (!this.closed) await super.close()
  }

  #drop(): void {
    this.#round++
    this.#waitingMs = 0
  }

  #check(frame: AudioFrameLike): void {
    const { sampleRate, numChannels, queueSize } = this
    if (this.closed) throw coded('ERR_CLOSED', 'the audio source is closed: make another one')
    refuseWhenDown()
    checkAudioFrame(frame)
    if (frame.sampleRate !== sampleRate || frame.channels !== numChannels)
      throw misuse(
        'ERR_FORMAT',
        `the frame has ${frame.sampleRate} Hz and ${frame.channels} channel(s), the source ${sampleRate} and ${numChannels}: convert it first`,
      )
    const { samplesPerChannel: samples } = frame
    if (queueSize === 0 && samples !== 0 && samples !== blockOf(sampleRate))
      throw outside('ERR_FRAME', `without a queue each frame must have 10 ms, ${blockOf(sampleRate)} samples, not ${samples}`)
    if (this.#waitingMs > WAITING_MS)
      throw coded('ERR_FULL', `${WAITING_MS / 1000} s of audio wait for their turn: wait for each captureFrame`)
  }

  /** A frame longer than the queue goes in by pieces: the native layer would go on with the rest of it after a clear. */
  #piecesOf(frame: AudioFrameLike): SdkAudioFrame[] {
    const most = (Math.max(this.queueSize, BLOCK_MS) / BLOCK_MS) * blockOf(frame.sampleRate)
    const { data, sampleRate, channels, samplesPerChannel } = frame
    if (samplesPerChannel <= most) return [safeAudioFrame(frame)]
    return Array.from({ length: Math.ceil(samplesPerChannel / most) }, (_, n) => {
      const samples = Math.min(most, samplesPerChannel - n * most)
      const start = n * most * channels
      return new SdkAudioFrame(data.slice(start, start + samples * channels), sampleRate, channels, samples)
    })
  }

  /** Counts the pieces as waiting, and gives what hands them over. */
  #capturing(pieces: SdkAudioFrame[]): () => Promise<void> {
    const round = this.#round
    let waiting = pieces.reduce((sum, piece) => sum + msOf(piece), 0)
    const noteTaken = (ms: number) => {
      waiting -= ms
      this.#waitingMs = Math.max(0, this.#waitingMs - ms)
    }
    this.#waitingMs += waiting
    return async () => {
      try {
        for (const piece of pieces) {
          if (round !== this.#round) return
          noteTaken(msOf(piece))
          await super.captureFrame(piece)
        }
      } catch (error) {
        if (round === this.#round) noteTaken(waiting)
        throw error
      }
    }
  }
}

/** What is queued in seconds, the unit of media times: rtc-node counts it in ms. */
export const secondsQueued = ({ queuedDuration }: Pick<SdkAudioSource, 'queuedDuration'>): number => queuedDuration / 1000

const blockOf = (sampleRate: number): number => Math.floor((sampleRate * BLOCK_MS) / 1000)
const msOf = ({ samplesPerChannel, sampleRate }: AudioFrameLike): number => (samplesPerChannel * 1000) / sampleRate
const formatOf = ({ sampleRate, channels, samplesPerChannel }: AudioFrameLike) => ({ sampleRate, channels, samplesPerChannel })

const checkQueue = (sampleRate: number, channels: number, queueSize: number): void => {
  if (!Number.isInteger(sampleRate) || sampleRate < LOWEST_RATE)
    throw outside('ERR_FORMAT', `sampleRate is ${sampleRate}: use an integer from ${LOWEST_RATE} on`)
  if (!Number.isInteger(channels) || channels < 1 || channels > MOST_CHANNELS)
    throw outside('ERR_FORMAT', `channels is ${channels}: use 1 to ${MOST_CHANNELS}`)
  if (blockOf(sampleRate) * channels > MOST_IN_BLOCK)
    throw outside(
      'ERR_FORMAT',
      `${channels} channels at ${sampleRate} Hz are too much: ${MOST_IN_BLOCK} samples in 10 ms is the most`,
    )
  if (!Number.isInteger(queueSize / BLOCK_MS) || queueSize < 0)
    throw outside('ERR_FORMAT', `queueSize is ${queueSize} ms: use 0 or a multiple of ${BLOCK_MS}`)
  if ((queueSize / 1000) * sampleRate * channels > MOST_SAMPLES)
    throw outside('ERR_FORMAT', `queueSize is ${queueSize} ms: the queue cannot hold so much, use a shorter one`)
}
