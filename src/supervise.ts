/** What XState leaves undone: the children of an actor that failed run on, and a wait for one that ends has no code. */
import { type Actor, type AnyActorLogic, type AnyActorRef, type SnapshotFrom, waitFor } from 'xstate'
import { coded } from './errors.ts'

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

/** Resolves when the actor is so; rejects with ERR_CLOSED if it ends before. */
export const reached = async <L extends AnyActorLogic>(
  actor: unknown,
  is: (snapshot: SnapshotFrom<L>) => boolean,
): Promise<void> => {
  const closed = () => coded('ERR_CLOSED', 'the room has closed: what was waited for will not happen')
  if (!actor) throw closed()
  await waitFor(actor as Actor<L>, is).catch(() => {
    throw closed()
  })
}
