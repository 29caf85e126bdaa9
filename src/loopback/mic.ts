/** A microphone that speaks what it is given, in real time, and sends silence otherwise. */
import type { AudioFrame } from '../audio/frame.ts'
import { conform } from '../audio/resample.ts'
import { sleep } from '../clock.ts'
import type { Clock } from '../ports.ts'
import { Lead, type LeadCounters } from './lead.ts'
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
   * Resolves when the last sample was spoken, `signal` aborted or the track ended. Rejects if the source fails. Throws once it is live.
   */
  speak(audio: AsyncIterable<AudioFrame> | Int16Array, signal?: AbortSignal): Promise<void>
  /** For samples that come live, from now on and in their own time. Throws while it speaks or is live already, and unless it is mono. */
  live(): LiveInput
  mute(): void
  unmute(): void
  /** Goes on as another track under the same sid: listeners get another key. `late`: the old one's end is told after that. */
  replace(options?: { late?: boolean }): void
  unpublish(): void
}
/** `push`: any number of samples, which sound a moment after they came; nothing once the track has ended. */
export type LiveInput = { push(data: Int16Array): void; readonly counters: Readonly<LeadCounters> }
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
const readAheadMs = 200
/** … and again when only this much is left. */
const refillMs = 100
/** What comes live, by a socket from a page at work, comes up to so much late or early, in ms: it sounds so much later … */
const leadMs = 40
/** … and this is the most that may wait. */
const mostMs = 160

/** Speaks from `audio` at the pace of the clock, reading a little ahead. */
const speakFrames = async (audio: AsyncIterable<AudioFrame>, timeline: Timeline, clock: Clock, signal: AbortSignal) => {
  const aheadMs = () => (timeline.ahead() * 1000) / timeline.format.sampleRate
  const frames = conform(timeline.format)(audio)
  try {
    while (!signal.aborted) {
      const step = await unless(frames.next(), signal)
      if (step.done) return
      timeline.write(step.value.data.slice())
      if (aheadMs() >= readAheadMs) await sleep(clock, aheadMs() - refillMs, signal)
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

const liveOn = (timeline: Timeline, ended: AbortSignal): LiveInput => {
  const { sampleRate, channels } = timeline.format
  if (channels !== 1) throw new RangeError(`live sound is mono, and this microphone has ${channels} channels: publish another`)
  const lead = new Lead({ sampleRate, leadMs, mostMs })
  return {
    push: data => {
      if (!ended.aborted) timeline.write(lead.place(data, timeline.ahead()))
    },
    counters: lead.counters,
  }
}

export const createMic = ({ clock, track, ended, mute, replace, unpublish }: MicInside): Mic => {
  const { timeline } = track
  const { sampleRate, channels } = timeline.format
  let lane = Promise.resolve()
  let speaking = 0
  let isLive = false
  const inUse = () => new Error('this microphone is in use: publish another')
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
      if (isLive) throw inUse()
      speaking++
      const either = signal ? AbortSignal.any([signal, ended]) : ended
      const done = lane.then(() => speak(audio, either))
      const over = () => void speaking--
      lane = done.then(over, over) // whoever called is told; the next one speaks all the same
      return done
    },
    live: () => {
      if (isLive || speaking > 0) throw inUse()
      const input = liveOn(timeline, ended)
      isLive = true
      return input
    },
    mute: () => mute(true),
    unmute: () => mute(false),
    replace: ({ late = false } = {}) => replace(late),
    unpublish,
  }
}
