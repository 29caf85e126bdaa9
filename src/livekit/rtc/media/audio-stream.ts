/** The sound of a track, or of whatever a participant publishes as one source, in frames of one size. */
import {
  type FrameProcessor,
  isFrameProcessor,
  type NoiseCancellationOptions,
  type AudioFrame as SdkAudioFrame,
  AudioStream as SdkAudioStream,
  type Track as SdkTrack,
  TrackKind,
} from '@livekit/rtc-node'
import { slide } from '../../../audio/buffer.ts'
import { lineOf } from '../../../errors.ts'
import { checkWhole, outside } from '../errors.ts'
import { stderrLog } from '../log.ts'
import { type AudioFrame, type AudioFrameEvent, adoptedAudio } from './audio-frame.ts'
import { type Followed, followed, isFollowed, type Whose } from './follow.ts'
import { checkCapacity, type GivenTrack, refusedBy, type StreamOptions, type Tap, TrackStream, trackOf } from './track-stream.ts'

/** What a slow reader finds at most where no capacity is given, in ms: without a bound a process would run out of memory. */
const BACKLOG_MS = 60_000
/** More samples of 10 ms, those of all channels, end the process when the first sound comes (WebRTC's AudioFrame). */
const MOST_SAMPLES = 7_680
/** What the native layer does where nothing is asked for. */
const [SAMPLE_RATE, CHANNELS, FRAME_MS] = [48_000, 1, 10]

export type AudioStreamOptions = StreamOptions & {
  /** In Hz; 48,000 where not given. The native layer resamples. */
  sampleRate?: number
  /** 1 where not given. */
  numChannels?: number
  /** Every frame has exactly so many ms; 10 where not given. */
  frameSizeMs?: number
  /** The options of a filter that the native layer has loaded, or a processor, through which each frame goes. */
  noiseCancellation?: NoiseCancellationOptions | FrameProcessor<SdkAudioFrame>
  /** Whether a processor is closed with the stream: true where not given. */
  autoCloseNoiseCancellation?: boolean
}

export class AudioStream extends TrackStream<AudioFrame> {
  /**
   * What `track` sounds like from now on. Throws a RangeError with code ERR_RANGE for numbers that cannot work, a TypeError with code
   * ERR_TRACK for what is no audio track, and an Error with code ERR_STREAM if the native layer refuses: the track is closed, or the
   * filter is not there.
   */
  constructor(track: GivenTrack, options?: AudioStreamOptions)
  constructor(track: GivenTrack, sampleRate?: number, numChannels?: number)
  /** @internal */
  constructor(whose: Followed, options: AudioStreamOptions)
  constructor(from: GivenTrack | Followed, how: AudioStreamOptions | number = SAMPLE_RATE, numChannels = CHANNELS) {
    const options = typeof how === 'number' ? { sampleRate: how, numChannels } : how
    const capacity = checked(options)
    const tapOf = (track: SdkTrack) => hear(track, options)
    const tap = isFollowed(from) ? from.follow(tapOf, options.log ?? stderrLog) : tapOf(trackOf(from, TrackKind.KIND_AUDIO))
    super(slide(capacity, undefined, options.onDrops), closing(tap, options))
  }

  /** The same as the constructor. */
  static fromTrack({ track, ...options }: { track: GivenTrack } & AudioStreamOptions): AudioStream {
    return new AudioStream(track, options)
  }
  /**
   * What this participant publishes as this source sounds like, one track after the other: nothing comes while there is none, and it is
   * over when the participant has left or the room is. Throws as the constructor does.
   */
  static fromParticipant({ participant, trackSource, room, ...options }: Whose & AudioStreamOptions): AudioStream {
    return new AudioStream(followed({ participant, trackSource, ...(room && { room }) }, TrackKind.KIND_AUDIO), options)
  }

  /** The same as events; they are the one reader of the stream. */
  events(): AsyncIterableIterator<AudioFrameEvent> {
    const frames = this.values()
    const events: AsyncIterableIterator<AudioFrameEvent> = {
      next: async () => {
        const step = await frames.next()
        return step.done ? step : { done: false, value: { frame: step.value } }
      },
      return: async () => {
        await frames.return?.()
        return { done: true, value: undefined }
      },
      [Symbol.asyncIterator]: () => events,
    }
    return events
  }
}

/** How many frames may wait. The native layer takes any number, and floods the process with frames of nothing for some. */
const checked = (options: AudioStreamOptions): number => {
  const { sampleRate = SAMPLE_RATE, numChannels = CHANNELS, frameSizeMs = FRAME_MS } = options
  checkWhole('sampleRate', sampleRate, 1)
  checkWhole('numChannels', numChannels, 1)
  checkWhole('frameSizeMs', frameSizeMs, 1)
  if (sampleRate * frameSizeMs < 1_000)
    throw outside('ERR_RANGE', `a frame of ${frameSizeMs} ms has no sample at ${sampleRate} Hz: raise one of them`)
  if (Math.ceil(sampleRate / 100) * numChannels > MOST_SAMPLES)
    throw outside(
      'ERR_RANGE',
      `${numChannels} channel(s) at ${sampleRate} Hz are more than the native layer bears: lower one of them`,
    )
  return checkCapacity(options) || Math.ceil(BACKLOG_MS / frameSizeMs)
}

/** rtc-node's own stream ends itself with the subscription, and tells processors where they are; but it keeps all that nobody reads. */
const hear =
  (
    track: SdkTrack,
    { sampleRate = SAMPLE_RATE, numChannels = CHANNELS, frameSizeMs, noiseCancellation }: AudioStreamOptions,
  ): Tap<AudioFrame> =>
  ({ take, end }) => {
    const options = {
      sampleRate,
      numChannels,
      ...(frameSizeMs && { frameSizeMs }),
      ...(noiseCancellation && { noiseCancellation }),
    }
    const reader = open(() => new SdkAudioStream(track, { ...options, autoCloseNoiseCancellation: false })).getReader()
    let on = true
    const pump = async () => {
      for (let step = await reader.read(); on && !step.done; step = await reader.read()) take(adoptedAudio(step.value))
    }
    pump().then(() => end(), end)
    return () => {
      on = false
      reader.cancel().catch(() => {}) // a stream that failed by itself refuses: then there is nothing left to cancel
    }
  }
const open = <T>(make: () => T): T => {
  try {
    return make()
  } catch (error) {
    throw refusedBy(error)
  }
}

/** A processor serves all tracks that a stream follows, so it is closed with the stream. */
const closing =
  <T>(tap: Tap<T>, { noiseCancellation, autoCloseNoiseCancellation = true, log = stderrLog }: AudioStreamOptions): Tap<T> =>
  to => {
    const stop = tap(to)
    return () => {
      stop()
      if (!autoCloseNoiseCancellation || !isFrameProcessor<FrameProcessor<SdkAudioFrame>>(noiseCancellation)) return
      try {
        noiseCancellation.close()
      } catch (error) {
        log('error', 'livekit.noise.failed', { call: 'close', error: lineOf(error) })
      }
    }
  }
