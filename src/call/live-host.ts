/** Holds calls with pages: each has a seat, and sees its own call, or the newest of others. */
import type { Wish } from '../../machines/live.ts'
import { seededIds } from '../ids.ts'
import type { CallHost, CallPage, CallSeat } from '../inspector/host.ts'
import type { RoomOptions } from '../options.ts'
import type { Clock, Log } from '../ports.ts'
import type { ChartRoom } from '../room.ts'
import { openCall } from './live-call.ts'
import type { LiveMinds } from './live-minds.ts'
import { Seat } from './live-seat.ts'

/** What watches one call: `options` its room is opened with, and what pages look at, once it is open. */
export type Watch<Feed> = { options: RoomOptions; feedOf(room: ChartRoom): Feed }
export type HostParts<Feed> = {
  clock: Clock
  /** The next call's own, which begins with it. */
  callClock(): Clock
  log: Log
  minds: LiveMinds
  /** Made for each call. Rejects if it cannot be written down. */
  watch(): Promise<Watch<Feed>>
  /** A number that the ids of the next call are made from. */
  seed(): number
}

export const createHost = <Feed>({ clock, callClock, log, minds, watch, seed }: HostParts<Feed>): CallHost<Feed> => {
  /** Each with its end. */
  const seats = new Map<Seat<Feed>, Promise<void>>()
  let newest: Feed | undefined

  const open = async (page: CallPage<Feed>, wish: Wish, play: (samples: Int16Array) => boolean, signal: AbortSignal) => {
    const { mind, sample } = await minds.load(wish, signal)
    signal.throwIfAborted()
    const { options, feedOf } = await watch()
    const opened = (room: ChartRoom) => {
      const feed = feedOf(room)
      newest = feed
      for (const seat of seats.keys()) if (seat.page === page || !seat.isBusy) seat.page.watch(feed)
    }
    try {
      signal.throwIfAborted()
      const own = { clock: callClock(), ids: seededIds(seed()), mind, voice: wish.voice, ...(sample && { sample }) }
      return await openCall({ ...own, log, options, opened, play }, signal)
    } catch (error) {
      options.recorder?.close() // a room that opened has done so
      throw error
    }
  }
  const attach = (page: CallPage<Feed>): CallSeat => {
    if (newest !== undefined) page.watch(newest)
    let gone = () => {}
    const over = new Promise<void>(resolve => {
      gone = resolve
    })
    const seat = new Seat<Feed>({
      ...{ clock, log, page, minds: minds.names },
      open: (wish, play, signal) => open(page, wish, play, signal),
      gone: () => {
        seats.delete(seat)
        gone()
      },
    })
    seats.set(seat, over)
    return seat
  }
  const close = async () => {
    const all = [...seats.values()]
    for (const seat of [...seats.keys()]) seat.leave()
    await Promise.all(all)
  }
  return { minds: minds.names, attach, close }
}
