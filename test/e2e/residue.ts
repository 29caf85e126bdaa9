/** What a process still holds: what is the same before and after was given back. */
import { readdirSync } from 'node:fs'

/** Counts by kind. `native` are the listeners on rtc-node's native client, which serves the whole process. */
export type Residue = { native: number; resources: Record<string, number>; descriptors: number }

/** Those of the moment that do not belong to any room: a timer of the test runner, the pipes of this process. */
export const residue = (): Residue => {
  const resources: Record<string, number> = {}
  for (const kind of process.getActiveResourcesInfo()) resources[kind] = (resources[kind] ?? 0) + 1
  return {
    native: globalThis._ffiClientInstance?.listenerCount('ffi_event') ?? 0,
    resources,
    descriptors: readdirSync('/proc/self/fd').length,
  }
}
