/** A world as the engine takes it: whole, used once, with a log that cannot throw and a decoder. */
import { createOpus } from './codec/opus.ts'
import { coded } from './errors.ts'
import type { Log, World } from './ports.ts'

const parts = ['room', 'tracks', 'videos', 'speakers', 'textOut', 'textIn', 'byteIn', 'clock', 'ids', 'log'] as const
const used = new WeakSet<World['room']>()

/** Misuse changes nothing. */
export const checkWorld = (world: World): void => {
  for (const part of parts)
    if (world?.[part] === undefined) throw new TypeError(`the world has no "${part}": take all of it from an adapter`)
}
/** A second room on one connection would take it from the first: throws ERR_STARTED. A room that cannot be made leaves the world as it was. */
export const claimed = <T>(world: World, make: (calm: World) => T): T => {
  if (used.has(world.room)) throw coded('ERR_STARTED', 'this world had its room already: make another for another room')
  used.add(world.room)
  try {
    return make({ ...world, opus: world.opus ?? createOpus({ clock: world.clock }), log: safe(world.log) })
  } catch (error) {
    used.delete(world.room)
    throw error
  }
}

/** A log that throws changes nothing: there is nobody left to tell. */
const safe =
  (log: Log): Log =>
  (...line) => {
    try {
      log(...line)
    } catch {}
  }
