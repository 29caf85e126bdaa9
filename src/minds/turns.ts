/** The caller's turns: frames → the detector's rate → yes and no → facts. */
import { pipe } from 'it-pipe'
import { cut } from '../audio/cut.ts'
import { type AudioFrame, samplesOf } from '../audio/frame.ts'
import { conform } from '../audio/resample.ts'
import type { Detector, VoiceActivity } from './senses.ts'
import { type SpeechFact, type TurnOptions, turnsOf } from './speech.ts'

const answers = (detector: Detector, samples: number) =>
  async function* answersOf(frames: AsyncIterable<AudioFrame>): AsyncGenerator<boolean> {
    for await (const { data } of frames) if (data.length === samples) yield detector.isSpeech(data) // the last may be shorter
  }

/** Stage: frames of any format → facts, timed from the first frame. Opens a detector for itself and closes it. */
export const turns = (activity: VoiceActivity, options: TurnOptions | undefined, signal: AbortSignal) =>
  async function* turnsIn(frames: AsyncIterable<AudioFrame>): AsyncGenerator<SpeechFact> {
    const detector = await activity.open(signal)
    try {
      const { sampleRate, frameMs } = detector
      const size = samplesOf(frameMs, sampleRate)
      yield* pipe(frames, conform({ sampleRate, channels: 1 }), cut(size), answers(detector, size), turnsOf(frameMs, options))
    } finally {
      detector.close()
    }
  }
