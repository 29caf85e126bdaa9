/** The room itself: joining, leaving, and what this process does with the SDK as a whole. */
import { dispose, Room as SdkRoom } from '@livekit/rtc-node'
import { realClock, sleep } from '../clock.ts'
import { coded, lineOf } from '../errors.ts'
import type { Joined, Room, RoomEvent } from '../ports.ts'
import { enter, exit } from './entry.ts'
import { listenTo, listenToNative } from './events.ts'
import { joinFailure } from './failures.ts'
import type { Line } from './line.ts'
import { forget, setAttributes } from './native.ts'
import { reasonOf, within } from './wait.ts'

/** How long joining may take, in ms: the native layer gives up each of its tries after 5 s, but waits longer for a silent server. */
const JOIN_TIMEOUT = 15_000
/** How long leaving waits for the server, in ms; usually it takes 0.01 s. */
const LEAVE_TIMEOUT = 3_000
/** A change of attributes that is not answered in this time, in ms, was lost. */
const ATTRIBUTES_TIMEOUT = 5_000

/** Where to go, and what puts the topics listened to so far into the SDK's room. */
export type Way = { url: string; token: string; attach: (room: SdkRoom) => void }

/** So long after a room was left the native layer may still negotiate the end of its tracks, in ms: it does so every 150. */
const NEGOTIATION = 200

/** All rooms that are joined or joining; `shutdown` leaves them. */
const joined = new Set<() => Promise<void>>()
let down: Promise<void> | undefined
/** When a room was left last, in ms of the process. */
let leftAt = Number.NEGATIVE_INFINITY

/** A room was left at this moment, by us or with its owner's leave. */
export const noteLeft = (): void => {
  leftAt = performance.now()
}
/** For how long the native layer may still be busy with the room that was left last, in ms. */
export const settlingMs = (): number => Math.max(0, leftAt + NEGOTIATION - performance.now())

/** Throws with code ERR_DISPOSED after `shutdown`. */
export const refuseWhenDown = (): void => {
  if (down)
    throw coded('ERR_DISPOSED', 'the LiveKit SDK of this process was shut down: rooms can be joined in a new process only')
}

/**
 * Leaves all rooms and gives the native layer back, for the whole process: without it, a process that joined a room does not end
 * by itself; after it, no room can be joined. Never rejects.
 */
export const shutdown = (): Promise<void> => {
  const end = async () => {
    await Promise.all([...joined].map(leave => leave()))
    await sleep(realClock(), settlingMs()) // or else the native layer complains on stderr that it cannot
    await dispose()
  }
  down ??= end()
  return down
}

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
  #quiet = () => {}

  constructor(line: Line, way: Way) {
    this.#line = line
    this.#way = way
  }

  async join(tell: (event: RoomEvent) => void, signal: AbortSignal): Promise<Joined> {
    refuseWhenDown()
    if (this.#left) throw coded('ERR_CLOSED', 'this room was left: open another one for another connection')
    if (this.#joining) throw coded('ERR_STARTED', 'this room was joined before: open another one for another connection')
    if (signal.aborted) throw reasonOf(signal)
    this.#joining = true
    joined.add(this.leave)
    const room = new SdkRoom()
    try {
      await this.#connect(room, signal)
    } catch (error) {
      this.#joining = false
      this.#line.room = undefined
      joined.delete(this.leave)
      throw signal.aborted ? error : joinFailure(error, this.#way.url)
    }
    this.#quiet = listenToNative(this.#line, room)
    const participants = this.#line.roster()
    this.#line.tell = tell
    return { name: room.name ?? '', identity: room.localParticipant?.identity ?? '', participants }
  }

  async #connect(room: SdkRoom, signal: AbortSignal): Promise<void> {
    const { clock, gone } = this.#line
    const { url, token, attach } = this.#way
    // All handlers are there before the first event can be: what comes until the roster is taken is in the roster.
    this.#line.room = room
    attach(room)
    listenTo(this.#line, room)
    const stopping = AbortSignal.any([signal, gone.signal])
    const connecting = enter(room, url, token, stopping)
    try {
      await within(connecting, { clock, ms: JOIN_TIMEOUT, what: 'joining the room', signal: stopping })
    } catch (error) {
      void this.#undo(room, connecting)
      throw error
    }
  }
  /** An attempt to connect that nobody waits for any more: if it succeeds after all, it is taken back. Never rejects. */
  async #undo(room: SdkRoom, connecting: Promise<void>): Promise<void> {
    room.removeAllListeners()
    try {
      await connecting
      await room.disconnect()
    } catch {
      // It failed, as it was told to whoever wanted to join, or it is not needed any more.
    } finally {
      this.#forget(room)
    }
  }
  #forget(room: SdkRoom): void {
    exit(room)
    forget(room)
  }

  readonly leave = (): Promise<void> => {
    this.#left ??= this.#leave()
    return this.#left
  }
  async #leave(): Promise<void> {
    const line = this.#line
    const { clock, log, room } = line
    line.tell = undefined
    line.end()
    this.#quiet()
    try {
      if (room) await within(room.disconnect(), { clock, ms: LEAVE_TIMEOUT, what: 'leaving the room' })
    } catch (error) {
      log('warn', 'livekit.leave.failed', { error: lineOf(error) })
    } finally {
      if (room) this.#forget(room)
      noteLeft()
      joined.delete(this.leave)
    }
  }
}
