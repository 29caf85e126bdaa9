/** A caller's microphone on plain rtc-node. */
import { AudioFrame, AudioSource, LocalAudioTrack, type Room, TrackPublishOptions, TrackSource } from '@livekit/rtc-node'

/** What people speak, in Hz. */
export const micRate = 48_000
const BLOCK = micRate / 100
/** A capture waits when so many ms are queued: that paces what is spoken. */
const QUEUE_MS = 100

/** `preconnect`: says that the agent may get what was said before it came. */
export type MicOptions = { preconnect?: boolean; name?: string }

export class Mic {
  readonly sid: string
  readonly #room: Room
  readonly #source: AudioSource
  readonly #track: LocalAudioTrack
  #closed = false

  static async publish(room: Room, { preconnect = false, name = 'microphone' }: MicOptions): Promise<Mic> {
    if (!room.localParticipant) throw new Error('join first')
    const source = new AudioSource(micRate, 1, QUEUE_MS)
    const track = LocalAudioTrack.createAudioTrack(name, source)
    const options = new TrackPublishOptions({ source: TrackSource.SOURCE_MICROPHONE, preconnectBuffer: preconnect })
    const { sid = '' } = await room.localParticipant.publishTrack(track, options)
    return new Mic(room, source, track, sid)
  }
  private constructor(room: Room, source: AudioSource, track: LocalAudioTrack, sid: string) {
    this.#room = room
    this.#source = source
    this.#track = track
    this.sid = sid
  }

  /** Speaks these samples in real time; ends early if the microphone is closed. */
  async speak(data: Int16Array): Promise<void> {
    for (let at = 0; at < data.length && !this.#closed; at += BLOCK) {
      const part = new Int16Array(BLOCK)
      part.set(data.subarray(at, at + BLOCK))
      await this.#source.captureFrame(new AudioFrame(part, micRate, 1, BLOCK))
    }
  }
  /** A steady tone of this pitch, until the returned function is called. */
  hum(hz: number): () => void {
    let on = true
    const sing = async () => {
      for (let n = 0; on && !this.#closed; n += BLOCK) await this.speak(wave(hz, n))
    }
    void sing()
    return () => {
      on = false
    }
  }
  /** rtc-node's tracks cannot be muted; its native layer can. */
  mute(muted: boolean): void {
    const value = { trackHandle: this.#track.ffi_handle.handle, mute: muted }
    globalThis._ffiClientInstance?.request({ message: { case: 'localTrackMute', value } })
  }
  async unpublish(): Promise<void> {
    await this.#room.localParticipant?.unpublishTrack(this.sid)
    this.close()
  }
  close(): void {
    if (this.#closed) return
    this.#closed = true
    void this.#track.close()
    void this.#source.close()
  }
}

/** The block of a tone that begins at sample `from`. */
const wave = (hz: number, from: number): Int16Array =>
  Int16Array.from({ length: BLOCK }, (_, n) => Math.round(12_000 * Math.sin((2 * Math.PI * hz * (from + n)) / micRate)))
