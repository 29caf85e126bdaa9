/** What a test makes go wrong: the next operation fails, or never settles by itself. */
import { deferred } from '../deferred.ts'

/** The operations of a world that may fail or stall. `closeText` is the end of a text stream, `unpublish` that of a track. */
export type Operation =
  | 'join'
  | 'leave'
  | 'setAttributes'
  | 'publish'
  | 'unpublish'
  | 'openText'
  | 'write'
  | 'writeSound'
  | 'closeText'
  | 'sendPacket'
/** `error`: fails with it. `released`: waits for it. */
export type Fault = { error: Error } | { released: Promise<void> }
export type Faults = {
  /** The next `operation` (of `identity`, where given) rejects with `error`. Several calls: several failures, in order. */
  failNext(operation: Operation, error: Error, identity?: string): void
  /** The next `operation` waits until the function given back is called, or until its signal aborts or its room is left. */
  stall(operation: Operation, identity?: string): () => void
  /** The fault meant for this operation, once. */
  take(operation: Operation, identity: string): Fault | undefined
}
type Planned = { operation: Operation; identity: string | undefined; fault: Fault }

export const createFaults = (): Faults => {
  const planned: Planned[] = []
  return {
    failNext: (operation, error, identity) => {
      planned.push({ operation, identity, fault: { error } })
    },
    stall: (operation, identity) => {
      const { promise: released, resolve: release } = deferred<void>()
      planned.push({ operation, identity, fault: { released } })
      return release
    },
    take: (operation, identity) => {
      const index = planned.findIndex(one => one.operation === operation && (one.identity ?? identity) === identity)
      return index < 0 ? undefined : planned.splice(index, 1)[0]?.fault
    },
  }
}
