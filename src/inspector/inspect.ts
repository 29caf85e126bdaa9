/** `inspect(room)`: a room, or any actor of XState's, in the browser. */
import { Actor, type AnyActor } from 'xstate'
import { realClock } from '../clock.ts'
import { coded } from '../errors.ts'
import type { ChartRoom } from '../room.ts'
import { feedOf, type Seen } from './feed.ts'
import { roomShow } from './room-show.ts'
import type { Served, ServerOptions } from './server.ts'
import type { Draw } from './show.ts'

/** `sends`: whoever looks may send events to actors. Default false. */
export type InspectOptions = ServerOptions & { sends?: boolean }

/** The heavier part of a drawing loads when one is asked for. */
export const draw: Draw = async definition => (await import('../charts/chart.ts')).chartFor(definition)

/**
 * Serves a page that shows what happens, from now on, until `close()`: at `url`, which is a secret. It keeps the process alive. Rejects with
 * one line where it cannot listen (ERR_LISTEN), others could look and that was not said (ERR_REMOTE), or the room is over (ERR_CLOSED).
 */
export const inspect = async (room: ChartRoom | AnyActor, options: InspectOptions = {}): Promise<Served> => {
  const seen = room instanceof Actor ? actorAlone(room) : room
  if (!(seen?.actor instanceof Actor)) throw new TypeError("inspect takes a room, or an actor of XState's")
  if (seen.actor.getSnapshot().status !== 'active') throw coded('ERR_CLOSED', 'it is over: nothing will happen in it any more')
  const { sends = false, ...server } = options
  // It must lie in a file directly in dist/, from where it finds the page.
  const { serve } = await import('./server.ts')
  const feed = feedOf(seen)
  const show = roomShow({ feed, sends, draw })
  try {
    return await serve({ ...show, close: () => show.close().finally(() => feed.close()) }, server)
  } catch (error) {
    await show.close()
    feed.close()
    throw error
  }
}

/** An actor has no room around it: no facts, no sound, and the clock is ours. */
const actorAlone = (actor: AnyActor): Seen => {
  const none = () => () => {}
  const log = (level: string, code: string, fields: object = {}) => {
    process.stderr.write(`${level}: ${code} ${JSON.stringify(fields)}\n`)
  }
  return { actor, name: actor.id, identity: '', on: none, taps: { clock: realClock(), log, sampleRate: 24_000, add: none } }
}
