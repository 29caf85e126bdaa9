/** What the page and its socket know of each other. */
import type { FromPage, FromServer } from '../inspector/scene.ts'

export type Connection = {
  /** False: it is not open. */
  send(message: FromPage): boolean
  /** False: dropped, since it is not open or too much waits already. */
  talk(samples: ArrayBuffer): boolean
  close(): void
}
export type Told = {
  message(message: FromServer): void
  sound(samples: ArrayBuffer): void
  /** It is over, told once and last; not where `close` was called. `why`: the server is there, and does not want us, or not any more. */
  ended(why?: string): void
}
