/** A loopback room in virtual time, for the tests of the loopback itself. */

import { createLoopback, type LoopbackOptions, type WorldOptions } from '../../src/loopback/index.ts'
import type { RoomEvent, SpeakerTrack } from '../../src/ports.ts'
import { virtualClock } from '../../src/virtual.ts'
import { countingIds } from '../fakes/ids.ts'

export const voice: SpeakerTrack = { sampleRate: 24_000, channels: 1, name: 'voice', queueMs: 200 }
export const never = (): AbortSignal => new AbortController().signal
/** 1, 2, 3 …: every sample tells its place. */
export const counting = (length: number, from = 1): Int16Array =>
  Int16Array.from({ length }, (_, n) => ((from + n - 1) % 32_767) + 1)

/** A hub, its clock and the codes it logged. */
export const scene = (options: Partial<LoopbackOptions> = {}) => {
  const clock = virtualClock()
  const logged: string[] = []
  const hub = createLoopback({ clock, ids: countingIds(), log: (_level, code) => logged.push(code), ...options })
  /** An agent who has joined, with all it was told. */
  const agent = async (world: WorldOptions = { identity: 'agent' }) => {
    const ports = hub.world(world)
    const facts: RoomEvent[] = []
    const joined = await ports.room.join(event => facts.push(event), never())
    const types = () => facts.map(({ type }) => type)
    return { ...ports, facts, types, joined }
  }
  /** Somebody who has joined. */
  const caller = (identity = 'ann') => {
    const person = hub.participant({ identity })
    person.join()
    return person
  }
  return { clock, hub, logged, agent, caller }
}

/** How a promise stands: its value, its error's message, or nothing yet. */
export const outcome = <T>(work: Promise<T>): { value?: T; error?: string } => {
  const at: { value?: T; error?: string } = {}
  work.then(
    value => {
      at.value = value
    },
    (error: unknown) => {
      at.error = error instanceof Error ? error.message : String(error)
    },
  )
  return at
}
