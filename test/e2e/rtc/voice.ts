/** A microphone that hums: for tests that need a track, or somebody who speaks. */
import { AudioFrame, AudioSource, TrackSource } from '@livekit/rtc-node'
import { LocalAudioTrack } from '../../../src/livekit/rtc/index.ts'
import { within } from '../watch.ts'
import type { Guest, Stage } from './stage.ts'

const RATE = 48_000
/** A tenth of a second. */
const SIZE = RATE / 10

/** Publishes a tone of `guest`'s as a microphone, until it is unpublished or the test ends. */
export const hum = async (stage: Stage, guest: Guest, hz = 440, name = 'voice') => {
  const source = new AudioSource(RATE, 1, 1_000)
  const track = LocalAudioTrack.createAudioTrack(name, source)
  const publication = await within(
    `${guest.identity} publishes`,
    guest.local.publishTrack(track, { source: TrackSource.SOURCE_MICROPHONE }),
  )
  const data = Int16Array.from({ length: SIZE }, (_, n) => Math.round(12_000 * Math.sin((2 * Math.PI * hz * n) / RATE)))
  let humming = true
  const over = (async () => {
    while (humming) await source.captureFrame(new AudioFrame(data.slice(), RATE, 1, SIZE))
  })()
  stage.ends(`the humming of ${guest.identity}`, async () => {
    humming = false
    await over
    await source.close()
  })
  return { source, track, publication }
}
