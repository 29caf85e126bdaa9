/** What XState leaves undone when an actor fails: its children run on. */
import type { AnyActorRef } from 'xstate'

/** XState keeps `_stop` out of its types; `stop()` refuses actors that have a parent. A failed parent can no longer do it. */
const stop = (actor: AnyActorRef) => {
  if ('_stop' in actor && typeof actor._stop === 'function') actor._stop()
}

/** Stops everything below `actor`, deepest first, and then, unless it has ended already, the actor itself. */
export const stopSubtree = (actor: AnyActorRef): void => {
  const { children = {}, status } = actor.getSnapshot() ?? {}
  for (const child of Object.values<AnyActorRef | undefined>(children)) if (child) stopSubtree(child)
  if (status === 'active') stop(actor)
}
