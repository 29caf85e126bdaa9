/** A microphone that speaks what it is given, in real time, and sends silence otherwise. */
import type { AudioFrame } from '../audio/frame.ts'
import { conform } from '../audio/resample.ts'
import { sleep } from '../clock.ts'
import type { Clock } from '../ports.ts'
import type { Timeline } from './timeline.ts'
import type { Track } from './track.ts'
import { unless } from './unless.ts'

/** A published track of a scripted participant. */
export type Mic = {
  /** Of the publication. */
  readonly sid: string
  readonly sampleRate: number
  readonly channels: number
  /**
   * Speaks frames of any format, or interleaved samples of the microphone's own; what is given while it speaks comes after that.
   * Resolves when the last sample was spoken, `signal` aborted or the track ended. Rejects if the source fails.
   */
  speak(audio: AsyncIterable<AudioFrame> | Int16Array, signal?: AbortSignal): Promise<void>
  mute(): void
  unmute(): void
  /** Goes on as another track under the same sid: listeners get another key. `late`: the old one's end is told after that. */
  replace(options?: { late?: boolean }): void
  unpublish(): void
}
export type MicInside = {
  clock: Clock
  track: Track
  /** Aborts when the track ends. */
  ended: AbortSignal
  mute: (muted: boolean) => void
  replace: (late: boolean) => void
  unpublish: () => void
}

/** A source is read so far ahead of what is spoken, and no further … */
const leadMs = 200
/** … and again when only this much is left. */
const refillMs = 100

/** Speaks from `audio` at the pace of the clock, reading a little ahead. */
const speakFrames = async (audio: AsyncIterable<AudioFrame>, timeline: Timeline, clock: Clock, signal: AbortSignal) => {
  const aheadMs = () => (timeline.ahead() * 1000) / timeline.format.sampleRate
  const frames = conform(timeline.format)(audio)
  try {
    while (!signal.aborted) {
      const step = await unless(frames.next(), signal)
      if (step.done) return
      timeline.write(step.value.data.slice())
      if (aheadMs() >= leadMs) await sleep(clock, aheadMs() - refillMs, signal)
    }
  } catch (error) {
    if (!signal.aborted) throw error // else it is only the news that we stopped
  } finally {
    frames.return(undefined).catch(() => undefined) // nobody is left to hear how a source ended that was let go
  }
}

const speakOut = async (timeline: Timeline, clock: Clock, signal: AbortSignal) => {
  while (timeline.ahead() > 0 && !signal.aborted)
    await sleep(clock, (timeline.ahead() * 1000) / timeline.format.sampleRate, signal)
  if (signal.aborted) timeline.takeBack()
}

export const createMic = ({ clock, track, ended, mute, replace, unpublish }: MicInside): Mic => {
  const { timeline } = track
  const { sampleRate, channels } = timeline.format
  let lane = Promise.resolve()
  const speak = async (audio: AsyncIterable<AudioFrame> | Int16Array, signal: AbortSignal) => {
    if (signal.aborted) return
    if (audio instanceof Int16Array) timeline.write(audio)
    else await speakFrames(audio, timeline, clock, signal)
    await speakOut(timeline, clock, signal)
  }
  return {
    get sid() {
      return track.sid
    },
    sampleRate,
    channels,
    speak: (audio, signal) => {
      const either = signal ? AbortSignal.any([signal, ended]) : ended
      const done = lane.then(() => speak(audio, either))
      lane = done.catch(() => undefined) // whoever called is told; the next one speaks all the same
      return done
    },
    mute: () => mute(true),
    unmute: () => mute(false),
    replace: ({ late = false } = {}) => replace(late),
    unpublish,
  }
}
