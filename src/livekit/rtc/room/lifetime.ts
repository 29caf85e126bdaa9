/** How a room of rtc-node's is entered and left, each within its limits, and what this process does with the SDK as a whole. */
import { dispose, Room as SdkRoom } from '@livekit/rtc-node'
import { realClock, sleep } from '../../../clock.ts'
import { coded, lineOf } from '../../../errors.ts'
import type { Clock, Log } from '../../../ports.ts'
import { within } from '../../wait.ts'
import { member, native } from '../native.ts'
import { enter, exit, type Way } from './entry.ts'
import { forget } from './native-room.ts'

/** How long joining may take, in ms: the native layer gives up each of its tries after 5 s, but waits longer for a silent server. */
export const JOIN_TIMEOUT = 15_000
/** How long leaving waits for the server, in ms; usually it takes 0.01 s. */
const LEAVE_TIMEOUT = 3_000
/** So long after a room was left the native layer may still negotiate the end of its tracks, in ms: it does so every 150. */
const NEGOTIATION = 200

/** What leaves each room that is joined or joining; `shutdown` calls them. */
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
    throw coded(
      'ERR_DISPOSED',
      'the LiveKit SDK of this process was shut down: call dispose at the very end, or go on in a new process',
    )
}

/**
 * Leaves all rooms and gives the native layer back, for the whole process: without it, a process that used the SDK does not end by
 * itself, be it for a room, a source, a resampler or an `AudioProcessingModule`. After it no room can be joined, and sources take
 * nothing more (ERR_DISPOSED); who waits for one is released. Never rejects.
 */
export const shutdown = (): Promise<void> => {
  const end = async () => {
    await Promise.all([...joined].map(leave => leave()))
    // An attempt that the native layer takes with it would stay in its room, unseen, as long as the process lives.
    const settled = new AbortController()
    void Promise.all(joins).then(() => settled.abort())
    await sleep(realClock(), LEAVE_TIMEOUT, settled.signal)
    await sleep(realClock(), settlingMs()) // or else the native layer complains on stderr that it cannot
    await dispose()
  }
  down ??= end()
  return down
}

/** A room that `shutdown` leaves by this, until the function given back is called. */
export const leaveAtShutdown = (leave: () => Promise<void>): (() => void) => {
  joined.add(leave)
  return () => void joined.delete(leave)
}

/** One of rtc-node's rooms in which an event that it cannot make sense of is logged: by itself it makes an unhandled rejection of it. */
export const newRoom = (log: Log): SdkRoom => {
  const room = new SdkRoom()
  const process = member(room, 'processFfiEvent')
  if (typeof process !== 'function') return room
  const guarded = async (event: unknown): Promise<void> => {
    try {
      await process(event)
    } catch (error) {
      log('error', 'livekit.event.failed', { error: lineOf(error) })
    }
  }
  return Object.defineProperty(room, 'processFfiEvent', { value: guarded })
}

/** `ms`: how long it may take in all. What aborts `signal` ends the wait. */
type Entering = { clock: Clock; signal: AbortSignal; ms?: number }

/** What is being entered, until we are in or it is taken back: to wait for when all is to end. None of them rejects. */
const joins = new Set<Promise<void>>()

/** Connects, or takes back what it began. */
export const join = async (room: SdkRoom, way: Way, { clock, signal, ms = JOIN_TIMEOUT }: Entering): Promise<void> => {
  native() // where it cannot be reached, this says so before anything begins
  const connecting = enter(room, way, signal)
  const entering = within(connecting, { clock, ms, what: 'joining the room', signal })
  const settled = entering.catch(() => undo(room, connecting)).finally(() => joins.delete(settled))
  joins.add(settled)
  await entering
}
/** An attempt to connect that nobody waits for any more: if it succeeds after all, it is taken back. Never rejects. */
const undo = async (room: SdkRoom, connecting: Promise<void>): Promise<void> => {
  room.removeAllListeners()
  try {
    await connecting
    await room.disconnect()
    noteLeft()
  } catch {
    // It failed, as it was told to whoever wanted to join, or it is not needed any more.
  } finally {
    letGo(room)
  }
}

/** Disconnects; never rejects. */
export const leave = async (room: SdkRoom, { clock, log }: { clock: Clock; log: Log }): Promise<void> => {
  try {
    await within(room.disconnect(), { clock, ms: LEAVE_TIMEOUT, what: 'leaving the room' })
  } catch (error) {
    log('warn', 'livekit.leave.failed', { error: lineOf(error) })
  } finally {
    letGo(room)
    noteLeft()
  }
}

/** What is to be done for a room whose connection is over, whoever ended it. */
export const letGo = (room: SdkRoom): void => {
  exit(room)
  forget(room)
}
