/** The same with plain rtc-node. */
import { AudioFrame, AudioSource, LocalAudioTrack, TrackPublishOptions, TrackSource } from '@livekit/rtc-node'
import { replies, replySamples, serveLoad } from './load.ts'
import { paced } from './paced.ts'
import { framesOf, join, voiceIn } from './rooms.ts'

serveLoad(async (way, speech) => {
  const room = await join(way, { hear: true })
  const source = new AudioSource(24_000, 1, 200)
  const options = new TrackPublishOptions({ source: TrackSource.SOURCE_MICROPHONE })
  await room.localParticipant?.publishTrack(LocalAudioTrack.createAudioTrack('floor', source), options)
  const session = { heardFrames: 0, speaks: false }
  const hear = async () => {
    for await (const _ of framesOf(await voiceIn(room), 24_000, 50)) session.heardFrames++
  }
  const speak = async () => {
    for (const reply of replies(speech, replySamples)) {
      for await (const { data } of paced(reply)) {
        await source.captureFrame(new AudioFrame(data, 24_000, 1, data.length))
        session.speaks = true
      }
      await source.waitForPlayout()
    }
  }
  void hear()
  void speak()
  return session
})
