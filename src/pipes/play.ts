/** play — the two streams of a playout, side by side: audio → captions' pace → the output's format → speaker, text → captions. */
import { pipe } from 'it-pipe'
import { type AudioFrame, checkFrame } from '../audio/frame.ts'
import { conform } from '../audio/resample.ts'
import type { Speaker } from '../outbound/speaker.ts'
import type { Forwarder } from '../outbound/tts.ts'
import type { Log, Word } from '../ports.ts'
import { until } from './until.ts'

export type PlayHands = {
  id: string
  speaker: Speaker
  forwarder: Forwarder
  /** Calls the forwarder: what it throws costs nobody but the captions. */
  guard: (call: () => unknown) => unknown
  log: Log
  /** The audio broke off. */
  failed: (error: unknown) => void
}

/**
 * Pushes the audio as the utterance `id`, and says when it ended or broke. A frame that is none ends it: what came before is still
 * heard. Never rejects.
 */
export const playAudio = async (audio: AsyncIterable<AudioFrame>, hands: PlayHands, signal: AbortSignal): Promise<void> => {
  const { id, speaker, forwarder, guard, failed } = hands
  let flaw: unknown
  const sound = (error: unknown) => {
    flaw = error
    failed(error)
  }
  try {
    const stages = [until<AudioFrame>(signal), sane(sound), tap(frame => guard(() => forwarder.pushAudio(frame)))] as const
    await pipe(audio, ...stages, conform(speaker.format), into(hands, signal))
    if (!signal.aborted) guard(() => forwarder.markAudioSegmentEnd())
    speaker.end(id, flaw)
  } catch (error) {
    failed(error)
    speaker.fail(id, error)
  }
}

/** Gives the text to the captions. Text that breaks ends there (PLAY-30). Never rejects. */
export const playText = async (text: AsyncIterable<string | Word>, hands: PlayHands, signal: AbortSignal): Promise<void> => {
  const { id, forwarder, guard, log } = hands
  try {
    for await (const piece of pipe(text, until<string | Word>(signal))) {
      if (isText(piece))
        await orAborted(
          guard(() => forwarder.pushText(piece)),
          signal,
        )
      else log('warn', 'playout.piece', { id, type: typeof piece })
    }
  } catch (error) {
    log('warn', 'playout.text', { id, error: String(error) })
  }
  if (!signal.aborted) guard(() => forwarder.markTextSegmentEnd())
}

/** Resolves with the work, at the latest when the signal aborts: captions that wait for ever keep no source open. */
const orAborted = (work: unknown, signal: AbortSignal): Promise<unknown> =>
  new Promise((resolve, reject) => {
    const stop = () => resolve(undefined)
    signal.addEventListener('abort', stop, { once: true })
    Promise.resolve(work)
      .then(resolve, reject)
      .finally(() => signal.removeEventListener('abort', stop))
  })
const isText = (piece: unknown) =>
  typeof piece === 'string' || (typeof piece === 'object' && piece !== null && 'text' in piece && typeof piece.text === 'string')

/** Frames without samples are nothing; one that is not what it says is the last. */
const sane = (flawed: (error: unknown) => void) =>
  async function* (frames: AsyncIterable<AudioFrame>): AsyncGenerator<AudioFrame> {
    for await (const frame of frames) {
      try {
        checkFrame(frame, frame ?? {})
        if (!(frame.sampleRate > 0 && frame.channels > 0)) throw new TypeError('an audio frame needs a rate and channels above 0')
      } catch (error) {
        return flawed(error)
      }
      if (frame.samplesPerChannel > 0) yield frame
    }
  }
const tap = (take: (frame: AudioFrame) => void) =>
  async function* (frames: AsyncIterable<AudioFrame>): AsyncGenerator<AudioFrame> {
    for await (const frame of frames) {
      take(frame)
      yield frame
    }
  }
const into =
  ({ id, speaker }: PlayHands, signal: AbortSignal) =>
  async (frames: AsyncIterable<AudioFrame>): Promise<void> => {
    for await (const frame of frames) if (!(await speaker.write(id, frame, signal))) return
  }
