/** A LiveKit room that somebody else connects, and goes on using after us, as the engine's world. */
import type { Room as SdkRoom } from '@livekit/rtc-node'
import { coded } from '../errors.ts'
import type { Joined, Room, RoomEvent, World } from '../ports.ts'
import { listenTo } from './events.ts'
import { Line } from './line.ts'
import { hush } from './quiet.ts'
import { change } from './room.ts'
import { noteLeft, refuseWhenDown } from './rtc/room/lifetime.ts'
import { sdkOf, type Wraps } from './rtc/sdk.ts'
import { reasonOf } from './wait.ts'
import { type Surroundings, surroundings, worldOn } from './world.ts'

const needed = ['on', 'off', 'registerTextStreamHandler', 'registerByteStreamHandler'] as const

/**
 * All ports on a room of the SDK (or of `chartroom/rtc`), connected now or later: joining waits for it, leaving takes only off what is
 * ours. Nothing happens before a port is used. Throws a TypeError that names what the room lacks.
 */
export const attach = (given: SdkRoom | Wraps<SdkRoom>, surrounding: Surroundings = {}): World => {
  const room = typeof given === 'object' && given !== null ? sdkOf(given) : given
  for (const method of needed)
    if (typeof room?.[method] !== 'function') throw new TypeError(`the room has no ${method}: give a Room of @livekit/rtc-node`)
  const around = surroundings(surrounding)
  const line = new Line(around.clock, around.log)
  line.room = room
  return worldOn(line, around, () => new Guest(line, room))
}

class Guest implements Room {
  readonly #line: Line
  readonly #room: SdkRoom
  #joining = false
  #left: Promise<void> | undefined
  #offs: (() => void)[] = []

  constructor(line: Line, room: SdkRoom) {
    this.#line = line
    this.#room = room
  }

  async join(tell: (event: RoomEvent) => void, signal: AbortSignal): Promise<Joined> {
    refuseWhenDown()
    const line = this.#line
    const room = this.#room
    if (this.#left) throw coded('ERR_CLOSED', 'this room was left: attach again')
    if (this.#joining) throw coded('ERR_STARTED', 'this room was joined before: attach again for another agent')
    this.#joining = true
    hush(line.log)
    this.#offs.push(listenTo(line, room)) // what comes until the roster is taken is in the roster
    await this.#connected(signal)
    this.#name()
    const participants = line.roster()
    line.tell = tell
    return { name: room.name ?? '', identity: room.localParticipant?.identity ?? '', participants }
  }

  leave(): Promise<void> {
    this.#left ??= this.#leave()
    return this.#left
  }
  setAttributes(attributes: Record<string, string>, signal: AbortSignal): Promise<void> {
    return change(this.#line, attributes, signal)
  }

  async #leave(): Promise<void> {
    this.#line.tell = undefined
    this.#line.end()
    for (const off of this.#offs.splice(0)) off()
    noteLeft() // its owner may end it, and the process, in the next moment
  }
  #connected(signal: AbortSignal): Promise<void> {
    const room = this.#room
    const { gone } = this.#line
    return new Promise((resolve, reject) => {
      const stopping = AbortSignal.any([signal, gone.signal])
      const stop = () => {
        room.off('connectionStateChanged', look)
        stopping.removeEventListener('abort', cancel)
      }
      const look = () => {
        if (!room.isConnected) return
        stop()
        resolve()
      }
      const cancel = () => {
        stop()
        reject(reasonOf(stopping))
      }
      if (stopping.aborted) return cancel()
      stopping.addEventListener('abort', cancel, { once: true })
      room.on('connectionStateChanged', look)
      look()
    })
  }
  /** Tracks that were subscribed before we came have no name yet. */
  #name(): void {
    for (const participant of this.#room.remoteParticipants.values())
      for (const publication of participant.trackPublications.values())
        if (publication.track && this.#line.keyOf(publication) === undefined) this.#line.name(publication, publication.track)
  }
}
