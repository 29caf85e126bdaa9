/** A caller with a plain rtc-node room: what a person's client does, seen and heard from their side. */
import {
  AudioStream,
  type RemoteParticipant,
  type RemoteTrack,
  Room,
  RoomEvent,
  type TextStreamReader,
  TrackKind,
} from '@livekit/rtc-node'
import type { Server } from '../../scripts/livekit.mjs'
import { type Admission, tokenFor } from '../../src/livekit/index.ts'
import { endings } from '../ports/native.ts'
import { Ear, earRate } from './ear.ts'
import { Mic, type MicOptions } from './mic.ts'
import { atMost, Watch, within } from './watch.ts'

/** A text stream as it came. `attributes`: the opening ones, at its end the closing ones laid over them. */
export type Text = { from: string; attributes: Record<string, string>; text: string; open: boolean; broken: boolean }

export class Caller {
  readonly identity: string
  readonly room = new Room()
  readonly watch = new Watch()
  /** The text streams of `lk.transcription`, in order of opening. */
  readonly texts: Text[] = []
  readonly #ears = new Map<string, Ear>()
  /** Identities of those who left, as they left. */
  readonly gone: string[] = []
  readonly #readers = new Set<{ cancel(): Promise<void> }>()
  readonly #mics = new Set<Mic>()
  #ending: ReturnType<typeof endings> | undefined

  constructor(identity: string) {
    this.identity = identity
  }

  /** Joins and listens to whoever speaks there. */
  async join(server: Server, name: string, about: Partial<Admission> = {}): Promise<this> {
    const token = await tokenFor({ ...server, room: name, identity: this.identity, kind: 'standard', ...about })
    this.room.registerTextStreamHandler('lk.transcription', (reader, { identity }) => void this.#read(reader, identity))
    this.room.on(RoomEvent.TrackSubscribed, (track, _, { identity }) => void this.#hear(track, this.earFor(identity)))
    this.room.on(RoomEvent.ParticipantDisconnected, ({ identity }) => this.gone.push(identity))
    for (const event of Object.values(RoomEvent)) this.room.on(event, this.watch.look)
    const connecting = this.room.connect(server.url, token, { autoSubscribe: true, dynacast: false })
    this.#ending = endings(this.room)
    await within('a caller joins', connecting)
    return this
  }

  /** Publishes a microphone. */
  async publish(options: MicOptions = {}): Promise<Mic> {
    const mic = await Mic.publish(this.room, options)
    this.#mics.add(mic)
    return mic
  }

  /** All that is heard of this participant. */
  earFor(identity: string): Ear {
    const ear = this.#ears.get(identity) ?? new Ear(this.watch)
    this.#ears.set(identity, ear)
    return ear
  }
  /** All that is heard of the agent. */
  get ear(): Ear {
    return this.earFor('agent')
  }
  sees(identity = 'agent'): RemoteParticipant | undefined {
    return this.room.remoteParticipants.get(identity)
  }
  /** The sids of all that this participant publishes. */
  publicationsOf(identity = 'agent'): string[] {
    return [...(this.sees(identity)?.trackPublications.keys() ?? [])]
  }
  stateOf(identity = 'agent'): string | undefined {
    return this.sees(identity)?.attributes['lk.agent.state']
  }
  /** Resolves when the agent shows this state. */
  async untilState(state: string): Promise<void> {
    await this.watch.until(`the agent shows ${state}, last seen ${this.stateOf()}`, () => this.stateOf() === state)
  }

  /** Goes, and gives everything back. */
  async leave(): Promise<void> {
    this.#ending?.end()
    for (const mic of this.#mics) mic.close()
    for (const reader of this.#readers) await atMost('its ear closes', reader.cancel())
    if (this.room.isConnected) await atMost('its room is left', this.room.disconnect())
  }

  async #hear(track: RemoteTrack, ear: Ear): Promise<void> {
    if (track.kind !== TrackKind.KIND_AUDIO) return
    let reader: ReturnType<AudioStream['getReader']>
    try {
      reader = new AudioStream(track, { sampleRate: earRate, numChannels: 1, frameSizeMs: 10 }).getReader()
    } catch (error) {
      return console.log(`a track is gone before anybody listens to it: ${error}`) // whoever speaks has left at this moment
    }
    this.#readers.add(reader)
    for (let step = await reader.read(); !step.done; step = await reader.read()) ear.push(step.value.data)
    this.#readers.delete(reader)
  }
  async #read(reader: TextStreamReader, from: string): Promise<void> {
    const text: Text = { from, attributes: { ...reader.info.attributes }, text: '', open: true, broken: false }
    this.texts.push(text)
    try {
      for await (const piece of reader) {
        text.text += piece
        this.watch.look()
      }
      Object.assign(text.attributes, this.#ending?.of(reader.info.streamId))
    } catch {
      text.broken = true // its sender went away in the middle of it
    } finally {
      text.open = false
      this.watch.look()
    }
  }
}
