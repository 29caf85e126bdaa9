/** The room itself: joining it and leaving it. */
import type { Room as SdkRoom } from '@livekit/rtc-node'
import { coded } from '../errors.ts'
import type { Joined, Room, RoomEvent } from '../ports.ts'
import { listenTo } from './events.ts'
import { joinFailure } from './failures.ts'
import type { Line } from './line.ts'
import { join, leave, leaveAtShutdown, newRoom, refuseWhenDown } from './rtc/room/lifetime.ts'
import { setAttributes } from './rtc/room/native-room.ts'
import { reasonOf, within } from './wait.ts'

/** A change of attributes that is not answered in this time, in ms, was lost. */
const ATTRIBUTES_TIMEOUT = 5_000

/** Where to go, and what puts the topics listened to so far into the SDK's room. */
export type Way = { url: string; token: string; attach: (room: SdkRoom) => void }

export const roomOf = (line: Line, way: Way): Room => {
  const visit = new Visit(line, way)
  return {
    join: (tell, signal) => visit.join(tell, signal),
    leave: () => visit.leave(),
    setAttributes: (attributes, signal) => change(line, attributes, signal),
  }
}
/** Sets our own attributes in the room that the line is on. */
export const change = async (line: Line, attributes: Record<string, string>, signal: AbortSignal): Promise<void> => {
  if (signal.aborted) throw reasonOf(signal)
  const { room, participant } = line
  const stopping = AbortSignal.any([signal, line.gone.signal])
  await within(setAttributes({ room, participant }, attributes, stopping), {
    clock: line.clock,
    ms: ATTRIBUTES_TIMEOUT,
    what: 'setting attributes',
    signal: stopping,
  })
}

class Visit {
  readonly #line: Line
  readonly #way: Way
  #joining = false
  #left: Promise<void> | undefined
  #offs: (() => void)[] = []

  constructor(line: Line, way: Way) {
    this.#line = line
    this.#way = way
  }

  async join(tell: (event: RoomEvent) => void, signal: AbortSignal): Promise<Joined> {
    refuseWhenDown()
    if (this.#left) throw coded('ERR_CLOSED', 'this room was left: open another one for another connection')
    if (this.#joining) throw coded('ERR_STARTED', 'this room was joined before: open another one for another connection')
    if (signal.aborted) throw reasonOf(signal)
    const line = this.#line
    const room = newRoom(line.log)
    this.#joining = true
    this.#offs.push(leaveAtShutdown(this.leave))
    try {
      await this.#connect(room, signal)
    } catch (error) {
      this.#joining = false
      line.room = undefined
      this.#quiet()
      throw signal.aborted ? error : joinFailure(error, this.#way.url)
    }
    const participants = line.roster()
    line.tell = tell
    return { name: room.name ?? '', identity: room.localParticipant?.identity ?? '', participants }
  }

  async #connect(room: SdkRoom, signal: AbortSignal): Promise<void> {
    const { clock, gone } = this.#line
    const { url, token, attach } = this.#way
    // All handlers are there before the first event can be: what comes until the roster is taken is in the roster.
    this.#line.room = room
    attach(room)
    this.#offs.push(listenTo(this.#line, room))
    const way = { url, token, options: { autoSubscribe: true, dynacast: false } }
    await join(room, way, { clock, signal: AbortSignal.any([signal, gone.signal]) })
  }

  readonly leave = (): Promise<void> => {
    this.#left ??= this.#leave()
    return this.#left
  }
  async #leave(): Promise<void> {
    const line = this.#line
    line.tell = undefined
    line.end()
    if (line.room) await leave(line.room, line)
    this.#quiet()
  }
  #quiet(): void {
    for (const off of this.#offs.splice(0)) off()
  }
}
