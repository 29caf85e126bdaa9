/** A process of callers: in each room one who speaks all the time and hears the agent. */
import { AudioFrame, AudioSource, dispose, LocalAudioTrack, TrackPublishOptions, TrackSource } from '@livekit/rtc-node'
import { serve } from './child.ts'
import { join, type Way } from './rooms.ts'
import { rate } from './signal.ts'

const size = rate / 10

const call = async (way: Way, speech: Int16Array) => {
  const room = await join(way, { hear: true })
  const source = new AudioSource(rate, 1, 200)
  const options = new TrackPublishOptions({ source: TrackSource.SOURCE_MICROPHONE })
  await room.localParticipant?.publishTrack(LocalAudioTrack.createAudioTrack('caller', source), options)
  const speak = async () => {
    for (let at = 0; ; at = at + 2 * size > speech.length ? 0 : at + size)
      await source.captureFrame(new AudioFrame(speech.slice(at, at + size), rate, 1, size))
  }
  void speak()
}

serve(
  {
    join: ({ ways, speech }: { ways: Way[]; speech: Int16Array }) =>
      Promise.all(ways.map(way => call(way, speech))).then(() => {}),
  },
  dispose,
)
