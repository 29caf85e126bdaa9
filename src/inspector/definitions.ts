/** How the machines of a room are made, each told once. */
import type { AnyStateMachine } from 'xstate'
import { definitionOf } from '../charts/definition.ts'
import type { Message } from './messages.ts'

/** Gives a message its number, which comes back, and its time, and tells it. */
export type Tell = (message: Message) => number

/** So many are told; who makes machines anew for everything would fill the memory with them. */
const MOST = 1_000

export class Definitions {
  readonly #tell: Tell
  readonly #keys = new WeakMap<object, string>()
  readonly #told = new Map<string, string>()

  constructor(tell: Tell) {
    this.#tell = tell
  }

  /** Its id; with a number, where another machine has that. A machine that is bound anew is the same one. Null: there are too many. */
  keyOf(machine: AnyStateMachine): string | null {
    const known = this.#keys.get(machine.config)
    if (known !== undefined) return known
    const definition = definitionOf(machine)
    const text = JSON.stringify(definition)
    for (let n = 1; ; n++) {
      const key = n === 1 ? definition.key : `${definition.key}~${n}`
      const other = this.#told.get(key)
      if (other !== undefined && other !== text) continue
      if (other === undefined && this.#told.size >= MOST) return null
      this.#keys.set(machine.config, key)
      if (other === undefined) {
        this.#told.set(key, text)
        this.#tell({ seq: 0, at: 0, type: 'machine', definition: { ...definition, key } })
      }
      return key
    }
  }
}
