/** Remote audio tracks as frames: read as they come, kept for at most a second. */
import { type RemoteTrack, TrackKind } from '@livekit/rtc-node'
import { lineOf } from '../errors.ts'
import type { Listening, Tracks } from '../ports.ts'
import { flow } from './flow.ts'
import type { Line } from './line.ts'
import { noiseFor } from './noise.ts'
import { AudioStream, type AudioStreamOptions } from './rtc/media/audio-stream.ts'

/** What a slow reader finds at most, in ms; the SDK's own stream would keep all (measured: 60 frames of 50 ms after 3 s). */
const KEPT_MS = 1_000
/** Where `frameMs` is not given. */
const FRAME_MS = 10

export const tracksOf = (line: Line): Tracks => ({
  listen: (key, how, signal) => {
    const { frameMs = FRAME_MS } = checked(how)
    return flow({
      ...{ line, key, kind: TrackKind.KIND_AUDIO, signal },
      open: track => streamOf(line, track, key, { ...how, frameMs }),
      of: frame => frame,
    })
  },
})

/** The native layer takes any number: check before it is asked. */
const checked = (how: Listening): Listening => {
  const { sampleRate, channels, frameMs = FRAME_MS } = how
  if (!Number.isInteger(sampleRate) || sampleRate <= 0)
    throw new RangeError(`sampleRate is ${sampleRate}: use a positive integer`)
  if (!Number.isInteger(channels) || channels < 1) throw new RangeError(`channels is ${channels}: use 1 or more`)
  if (!Number.isInteger(frameMs / 10) || frameMs <= 0 || !Number.isInteger((sampleRate * frameMs) / 1000))
    throw new RangeError(`frameMs is ${frameMs}: use a multiple of 10 that makes a whole number of samples at ${sampleRate} Hz`)
  return how
}

/** Noise cancellation that the SDK refuses is done without: the caller must not become inaudible. */
const streamOf = (line: Line, track: RemoteTrack, key: string, how: Listening & { frameMs: number }): AudioStream => {
  const options: AudioStreamOptions = {
    ...{ sampleRate: how.sampleRate, numChannels: how.channels, frameSizeMs: how.frameMs },
    capacity: Math.max(1, Math.floor(KEPT_MS / how.frameMs)),
    onDrops: ({ size, from }) => line.log('warn', 'livekit.track.behind', { key, frames: size, from }),
  }
  const noiseCancellation = how.noiseCancellation && noiseFor(how.noiseCancellation, line.log)
  if (!noiseCancellation) return new AudioStream(track, options)
  try {
    return new AudioStream(track, { ...options, noiseCancellation, autoCloseNoiseCancellation: false })
  } catch (error) {
    line.log('error', 'livekit.noise.failed', { error: lineOf(error) })
    return new AudioStream(track, options)
  }
}
