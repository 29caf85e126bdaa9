/** Remote audio tracks as frames: read as they come, kept for at most a second. */
import { AudioStream, type RemoteTrack, TrackKind } from '@livekit/rtc-node'
import { slide } from '../audio/buffer.ts'
import type { AudioFrame } from '../audio/frame.ts'
import { lineOf } from '../errors.ts'
import type { Listening, Tracks } from '../ports.ts'
import type { Line } from './line.ts'
import { noiseFor } from './noise.ts'

/** What a slow reader finds at most, in ms; the SDK's own stream would keep all (measured: 60 frames of 50 ms after 3 s). */
const KEPT_MS = 1_000
/** Where `frameMs` is not given. */
const FRAME_MS = 10

export const tracksOf = (line: Line): Tracks => ({
  listen: (key, how, signal) => {
    const { frameMs = FRAME_MS } = checked(how)
    return lazily(() => open(line, key, { ...how, frameMs }, signal))
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

type Reading = { frames: AsyncIterable<AudioFrame>; stop: () => void }

/** Opens at the first `next()`; `return()` settles at once, also while a `next()` waits. */
const lazily = (start: () => Reading): AsyncIterable<AudioFrame> => ({
  [Symbol.asyncIterator]: () => {
    let reading: Reading | undefined
    let reader: AsyncIterator<AudioFrame> | undefined
    let over = false
    return {
      next: () => {
        if (over) return Promise.resolve({ done: true as const, value: undefined })
        reading ??= start()
        reader ??= reading.frames[Symbol.asyncIterator]()
        return reader.next()
      },
      return: async () => {
        over = true
        reading?.stop()
        return { done: true, value: undefined }
      },
    }
  },
})

const open = (line: Line, key: string, how: Listening & { frameMs: number }, signal: AbortSignal): Reading => {
  const frames = slide<AudioFrame>(KEPT_MS / how.frameMs, undefined, ({ size, from }) =>
    line.log('warn', 'livekit.track.behind', { key, frames: size, from }),
  )
  const subscription = line.track(key)
  if (subscription?.track.kind !== TrackKind.KIND_AUDIO || signal.aborted) {
    frames.end()
    return { frames, stop: () => {} }
  }
  const { track, ended } = subscription
  const reader = streamOf(line, track, how).getReader()
  const finish = () => {
    release()
    signal.removeEventListener('abort', stop)
    ended.signal.removeEventListener('abort', finish)
    frames.end()
    // A stream that ended or failed by itself refuses the cancel: then there is nothing left to cancel.
    reader.cancel().catch(() => {})
  }
  const stop = () => {
    finish()
    frames.clear()
  }
  const release = line.hold('listener', stop)
  signal.addEventListener('abort', stop, { once: true })
  ended.signal.addEventListener('abort', finish, { once: true })
  pump(reader, frame => void frames.push(frame))
    .catch(error => line.log('warn', 'livekit.track.failed', { key, error: lineOf(error) }))
    .finally(finish)
  return { frames, stop }
}

/** Noise cancellation that the SDK refuses is done without: the caller must not become inaudible. */
const streamOf = (line: Line, track: RemoteTrack, how: Listening & { frameMs: number }): ReadableStream<AudioFrame> => {
  const options = { sampleRate: how.sampleRate, numChannels: how.channels, frameSizeMs: how.frameMs }
  const noiseCancellation = how.noiseCancellation && noiseFor(how.noiseCancellation, line.log)
  if (!noiseCancellation) return new AudioStream(track, options)
  try {
    return new AudioStream(track, { ...options, noiseCancellation, autoCloseNoiseCancellation: false })
  } catch (error) {
    line.log('error', 'livekit.noise.failed', { error: lineOf(error) })
    return new AudioStream(track, options)
  }
}

const pump = async (reader: ReadableStreamDefaultReader<AudioFrame>, take: (frame: AudioFrame) => void): Promise<void> => {
  for (let step = await reader.read(); !step.done; step = await reader.read()) take(step.value)
}
