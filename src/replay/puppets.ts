/** Actors whose code a replay does without: they are made, begun and stopped, and end as they did. */
import type { AnyActorLogic } from 'xstate'

type How = { type: 'puppet.done' | 'puppet.failed'; output?: unknown; error?: unknown }
type Snapshot = { status: string; output: unknown; error: unknown }

export class Puppets {
  readonly #call: (name: string, args: unknown[]) => unknown
  readonly #actors = new Map<string, { send(event: object): void }>()
  /** How one ended in the very moment in which it was made. */
  #atOnce: How | undefined
  #stopping: string | undefined

  /** `call`: as the room calls whatever is not its own. */
  constructor(call: (name: string, args: unknown[]) => unknown) {
    this.#call = call
  }

  logic(name: string): AnyActorLogic {
    const active: Snapshot = { status: 'active', output: undefined, error: undefined }
    const made = (): Snapshot => {
      this.#atOnce = undefined
      this.#call(`${name}.made`, [])
      const how = this.#atOnce as How | undefined // the call may have set it
      if (how?.type === 'puppet.failed') throw how.error
      return next(active, how)
    }
    const logic = {
      getInitialSnapshot: made,
      start: (_: unknown, { self }: { self: { send(event: object): void } }) => {
        this.#actors.set(name, self)
        this.#call(`${name}.begun`, [])
      },
      transition: (snapshot: Snapshot, event: { type: string }): Snapshot => {
        if (event.type !== 'xstate.stop') return next(snapshot, event as How)
        this.#atOnce = undefined
        this.#stopping = name
        this.#call(`${name}.stop`, [])
        this.#stopping = undefined
        const how = this.#atOnce as How | undefined
        if (how) throw how.error
        return { ...snapshot, status: 'stopped' }
      },
      getPersistedSnapshot: (snapshot: Snapshot) => snapshot,
    }
    return logic as unknown as AnyActorLogic // its snapshots are what XState looks at
  }
  /** It ends; `made`: as it is made. */
  end(name: string, how: How, made = false): void {
    if (made || name === this.#stopping) this.#atOnce = how
    else this.#actors.get(name)?.send(how)
  }
}

const next = (snapshot: Snapshot, how: How | undefined): Snapshot => {
  if (how?.type === 'puppet.done') return { ...snapshot, status: 'done', output: how.output }
  return how?.type === 'puppet.failed' ? { ...snapshot, status: 'error', error: how.error } : snapshot
}
