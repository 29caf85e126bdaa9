/** A session as its client configured it, in the shape of either dialect. */
import { type Dialect, isJson, type Json } from './wire.ts'

/** The object at the end of the path; an empty one if there is none. */
const at = (value: Json, ...path: string[]): Json =>
  path.reduce<Json>((inner, key) => {
    const field = inner[key]
    return isJson(field) ? field : {}
  }, value)
/** Objects are merged, anything else is replaced. */
const merged = (old: Json, more: Json): Json => {
  const both = Object.entries(more).map(([key, value]) => {
    const before = old[key]
    return [key, isJson(value) && isJson(before) ? merged(before, value) : value]
  })
  return { ...old, ...Object.fromEntries(both) }
}

export class Config {
  readonly #dialect: Dialect
  #value: Json

  constructor(dialect: Dialect, beginning: Json) {
    this.#dialect = dialect
    this.#value = beginning
  }

  get value(): Json {
    return this.#value
  }
  merge(more: Json): void {
    this.#value = merged(this.#value, more)
  }
  /** What a turn of the caller does: unless it says otherwise, both. */
  get turns(): { interrupts: boolean; answers: boolean } {
    const path = this.#dialect === 'ga' ? ['audio', 'input', 'turn_detection'] : ['turn_detection']
    const turns = at(this.#value, ...path)
    return { interrupts: turns.interrupt_response !== false, answers: turns.create_response !== false }
  }
  get modality(): 'audio' | 'text' {
    const modalities = this.#value[this.#dialect === 'ga' ? 'output_modalities' : 'modalities']
    return Array.isArray(modalities) && !modalities.includes('audio') ? 'text' : 'audio'
  }
}
