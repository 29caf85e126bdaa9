/** An agent on plain rtc-node, as simple as can be: what ours is measured against. */
import { AudioFrame, AudioSource, LocalAudioTrack, Room, TrackPublishOptions, TrackSource } from '@livekit/rtc-node'
import type { Server } from '../../scripts/livekit.mjs'
import { tokenFor } from '../../src/livekit/index.ts'
import { atMost } from './watch.ts'

const RATE = 24_000
/** As ours has it, in ms. */
const QUEUE_MS = 200

export class Bare {
  readonly room = new Room()
  readonly #source = new AudioSource(RATE, 1, QUEUE_MS)
  readonly #track = LocalAudioTrack.createAudioTrack('bare', this.#source)

  async join(server: Server, name: string, identity = 'bare'): Promise<this> {
    const token = await tokenFor({ ...server, room: name, identity })
    await this.room.connect(server.url, token, { autoSubscribe: true, dynacast: false })
    const options = new TrackPublishOptions({ source: TrackSource.SOURCE_MICROPHONE })
    await this.room.localParticipant?.publishTrack(this.#track, options)
    return this
  }
  async speak(data: Int16Array): Promise<void> {
    const size = RATE / 20
    for (let at = 0; at < data.length; at += size) {
      const part = data.slice(at, at + size)
      await this.#source.captureFrame(new AudioFrame(part, RATE, 1, part.length))
    }
  }
  async leave(): Promise<void> {
    await atMost('its room is left', this.room.disconnect())
    await this.#track.close()
    await this.#source.close()
  }
}
