/**
 * Rooms enter one after the other until one is in. While no room of the process is connected, an attempt that fails during another
 * one takes the native audio device with it: every later room connects and hears nothing (rtc-node 1.1.0; once a room is in,
 * attempts may overlap and fail).
 */
import type { Room as SdkRoom, RoomOptions as SdkRoomOptions } from '@livekit/rtc-node'
import { reasonOf, until } from '../../wait.ts'

/** Where to go, and how. */
export type Way = { url: string; token: string; options: SdkRoomOptions }

/** Attempts under way, given up ones too; they settle and never reject. */
const attempts = new Set<Promise<unknown>>()
/** Rooms that have entered. */
const inside = new Set<SdkRoom>()

const isSafe = () => attempts.size === 0 || [...inside].some(room => room.isConnected)

/** Connects when it may; the attempt itself goes on when `signal` aborts, and is for the caller to undo. */
export const enter = async (room: SdkRoom, { url, token, options }: Way, signal: AbortSignal): Promise<void> => {
  while (!isSafe()) await until(Promise.race(attempts), signal)
  if (signal.aborted) throw reasonOf(signal)
  const attempt = room.connect(url, token, options)
  const settled: Promise<unknown> = attempt.then(
    () => {
      attempts.delete(settled)
      inside.add(room)
    },
    () => attempts.delete(settled),
  )
  attempts.add(settled)
  await attempt
}

/** The room is gone. */
export const exit = (room: SdkRoom): void => void inside.delete(room)
