/** say — the agent's audio on its way to the speaker: source → until the utterance ends → into its place in the line. */
import { pipe } from 'it-pipe'
import type { AudioFrame } from '../audio/frame.ts'
import type { Speaker } from '../outbound/speaker.ts'
import { until } from './until.ts'

/**
 * Pushes `audio` as the utterance `id`, and says when it ended or broke. Waits while the speaker has enough; stops pulling once the
 * utterance is over. Never rejects: a source that throws is the utterance's failure.
 */
export const say = async (audio: AsyncIterable<AudioFrame>, speaker: Speaker, id: string, signal: AbortSignal): Promise<void> => {
  try {
    await pipe(audio, until<AudioFrame>(signal), into(speaker, id, signal))
    speaker.end(id)
  } catch (error) {
    speaker.fail(id, error)
  }
}

const into = (speaker: Speaker, id: string, signal: AbortSignal) => async (frames: AsyncIterable<AudioFrame>) => {
  for await (const frame of frames) if (!(await speaker.write(id, frame, signal))) return
}
