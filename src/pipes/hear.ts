/** hear — a live track on its way to the agent: track → held back → after what was said before → quieter → into the input. */
import { pipe } from 'it-pipe'
import type { Queue } from '../audio/buffer.ts'
import type { Cutter } from '../audio/cut.ts'
import { type AudioFrame, type Format, frameOf, samplesOf } from '../audio/frame.ts'
import { mix } from '../audio/mix.ts'
import { overlap } from '../audio/overlap.ts'
import { conform } from '../audio/resample.ts'
import { sleep } from '../clock.ts'
import type { Input } from '../inbound/input.ts'
import type { Reading } from '../inbound/reading.ts'
import type { Clock } from '../ports.ts'
import { until } from './until.ts'

/** PRE-13: so much of the live audio is compared with the end of the recording at most, and so much must be there first, in ms. */
const COMPARED_MS = 1000
const ENOUGH_MS = 200
/** A replay comes faster than real time: it waits for a reader that is slow, but not for one that took nothing for so long, in ms. */
export const PATIENCE_MS = 1000

export type Hearing = {
  reading: Reading
  input: Input
  format: Format
  clock: Clock
  /** Noise cancellation; it never throws. */
  process?: ((frame: AudioFrame) => AudioFrame) | undefined
}

/** Resolves when the track has ended, or `signal` aborts: then nothing more of it reaches the input. Rejects if the track does. */
export const hear = (live: AsyncIterable<AudioFrame>, hearing: Hearing, signal: AbortSignal): Promise<void> =>
  pipe(
    live,
    until<AudioFrame>(signal), // lets go of the track
    conform(hearing.format),
    holdBack(hearing),
    afterRecording(hearing),
    quieter(hearing),
    until<AudioFrame>(signal), // lets go of what is still held
    into(hearing, signal),
  )

/** Reads on whether or not the next stage does: a live track does not wait. What comes while the agent does not hear goes no further. */
const holdBack =
  ({ reading, input }: Hearing) =>
  (live: AsyncIterable<AudioFrame>): Queue<AudioFrame> => {
    const fill = async () => {
      try {
        for await (const frame of live) {
          if (input.isOpen) void reading.held.push(frame)
          else {
            input.take(frame)
            reading.begun.resolve()
          }
        }
        reading.held.end()
      } catch (error) {
        reading.held.end(error)
      }
    }
    void fill()
    return reading.held
  }

/** First what was said before the track was there, then the track, without what both of them have. */
const afterRecording = ({ reading, input, format, process }: Hearing) =>
  async function* (live: Queue<AudioFrame>): AsyncGenerator<AudioFrame> {
    const recording = await reading.before.promise
    const tail: AudioFrame[] = []
    const said = recording?.audio ?? []
    for await (const frame of process && recording ? whole(recording.audio, reading.knife) : said) {
      tail.push(frame)
      while (samplesOfAll(tail.slice(1)) >= samplesOf(COMPARED_MS, format.sampleRate)) tail.shift()
      yield frame
    }
    reading.replayed.resolve()
    let repeated = tail.length > 0 ? await repetition(tail, live, format) : 0
    for await (const frame of live) {
      const skipped = Math.min(repeated, frame.samplesPerChannel)
      repeated -= skipped
      if (skipped > 0) input.waste('overlap', skipped)
      if (skipped < frame.samplesPerChannel)
        yield skipped === 0 ? frame : frameOf(frame.data.subarray(skipped * frame.channels), frame)
      if (live.size === 0 && input.hasRoomFor(frame)) reading.behind = false
    }
  }

/** How many samples at the start of the live track repeat the end of the recording. */
const repetition = async (tail: AudioFrame[], live: Queue<AudioFrame>, { sampleRate }: Format): Promise<number> => {
  while (live.size < samplesOf(ENOUGH_MS, sampleRate) && !live.ended) await live.changed()
  const most = samplesOf(COMPARED_MS, sampleRate)
  return overlap(mono(tail).slice(-most), mono(live.waiting).slice(0, most), sampleRate)
}

/** Through the processor, if there is one; what is shorter than it wants is filled up with silence for it. */
const quieter =
  ({ process, reading: { knife } }: Hearing) =>
  (frames: AsyncIterable<AudioFrame>): AsyncIterable<AudioFrame> =>
    process
      ? mapped(frames, frame => (frame.samplesPerChannel < knife.samples ? short(frame, knife.samples, process) : process(frame)))
      : frames

async function* mapped<T>(source: AsyncIterable<T>, change: (item: T) => T): AsyncGenerator<T> {
  for await (const item of source) yield change(item)
}
const short = (frame: AudioFrame, samples: number, process: (frame: AudioFrame) => AudioFrame): AudioFrame => {
  const whole = frameOf(new Int16Array(samples * frame.channels), frame)
  whole.data.set(frame.data)
  return frameOf(process(whole).data.slice(0, frame.data.length), frame)
}

/** A recording comes in pieces of any length: a processor wants them as a track gives them. */
async function* whole(frames: AsyncIterable<AudioFrame>, knife: Cutter): AsyncGenerator<AudioFrame> {
  for await (const frame of frames) yield* knife.push(frame)
  const rest = knife.rest()
  if (rest) yield rest
}

const into = (hearing: Hearing, signal: AbortSignal) => async (frames: AsyncIterable<AudioFrame>) => {
  const { reading, input } = hearing
  for await (const frame of frames) {
    while (reading.behind && !input.hasRoomFor(frame)) reading.behind = await isRead(hearing, signal)
    if (signal.aborted) return
    input.take(frame)
    reading.begun.resolve()
  }
}

/** Whether the reader takes something in time: before the live audio that is held meanwhile has no place any more. */
const isRead = async ({ reading: { held }, input, format, clock }: Hearing, signal: AbortSignal): Promise<boolean> => {
  if (held.size + samplesOf(PATIENCE_MS, format.sampleRate) > held.limit) return false
  const { size } = input.audio
  const settled = new AbortController()
  const either = AbortSignal.any([signal, settled.signal])
  await Promise.race([input.audio.changed(either), sleep(clock, PATIENCE_MS, either)])
  settled.abort()
  return input.audio.size < size
}

const samplesOfAll = (frames: AudioFrame[]) => frames.reduce((sum, { samplesPerChannel }) => sum + samplesPerChannel, 0)

const mono = (frames: AudioFrame[]): Int16Array => {
  const joined = new Int16Array(samplesOfAll(frames))
  let at = 0
  for (const { data, channels, samplesPerChannel } of frames) {
    joined.set(mix(data, channels, 1), at)
    at += samplesPerChannel
  }
  return joined
}
