// @ts-check
/** A caller in a process of its own: speaks a steady tone, hears everybody, and goes when its stdin ends. Arguments: url, token. */
import { AudioFrame, AudioSource, dispose, LocalAudioTrack, Room, TrackPublishOptions, TrackSource } from '@livekit/rtc-node'

const RATE = 48_000
const BLOCK = RATE / 100
const HZ = 440
const [url = '', token = ''] = process.argv.slice(2)

const room = new Room()
await room.connect(url, token, { autoSubscribe: true, dynacast: false })
const source = new AudioSource(RATE, 1, 100)
const track = LocalAudioTrack.createAudioTrack('guest', source)
await room.localParticipant?.publishTrack(track, new TrackPublishOptions({ source: TrackSource.SOURCE_MICROPHONE }))

let staying = true
const speak = async () => {
  for (let from = 0; staying; from += BLOCK) {
    const wave = Int16Array.from({ length: BLOCK }, (_, n) => 12_000 * Math.sin((2 * Math.PI * HZ * (from + n)) / RATE))
    await source.captureFrame(new AudioFrame(wave, RATE, 1, BLOCK))
  }
}
const speaking = speak()
process.stdout.write('here\n')
process.stdin.resume().once('end', async () => {
  staying = false
  await speaking
  await room.disconnect()
  await dispose()
})
