/** say — the agent's audio on its way to the speaker: source → until the utterance ends → past its follower → into its place in the line. */
import { pipe } from 'it-pipe'
import { type AudioFrame, checkFrame, type Format } from '../audio/frame.ts'
import type { Speaker } from '../outbound/speaker.ts'
import { until } from './until.ts'

/** Gets all samples as they are pushed, and is told when there are no more. */
export type Follower = { listen(data: Int16Array): void; listened(): void }
const nobody: Follower = { listen: () => {}, listened: () => {} }

/**
 * Pushes `audio` as the utterance `id`, and says when it ended or broke. Waits while the speaker has enough; stops pulling once the
 * utterance is over. Never rejects: a source that throws is the utterance's failure.
 */
export const say = async (
  audio: AsyncIterable<AudioFrame>,
  speaker: Speaker,
  id: string,
  signal: AbortSignal,
  follower = nobody,
): Promise<void> => {
  try {
    await pipe(audio, until<AudioFrame>(signal), past(follower, speaker.format), into(speaker, id, signal))
    speaker.end(id)
    follower.listened()
  } catch (error) {
    speaker.fail(id, error)
  }
}

const past = (follower: Follower, format: Format) =>
  async function* (frames: AsyncIterable<AudioFrame>) {
    for await (const frame of frames) {
      follower.listen(checkFrame(frame, format).data)
      yield frame
    }
  }
const into = (speaker: Speaker, id: string, signal: AbortSignal) => async (frames: AsyncIterable<AudioFrame>) => {
  for await (const frame of frames) if (!(await speaker.write(id, frame, signal))) return
}
