/** What pages look at, a room or a recording, and what a page is to it. */
import type { Side } from '../recording/sound.ts'
import type { Chart, Definition } from './messages.ts'
import type { FromPage, FromServer } from './scene.ts'

export type Draw = (definition: Definition) => Promise<Chart>
/** A page, as it is told things. */
export type Page = {
  /** What was told has not gone out: what can wait should, until `drained` says that it has. */
  readonly isFull: boolean
  /** A page that cannot take even this is closed. */
  tell(message: FromServer): void
  /** Sound; `sent` false: dropped, since too much waits already. */
  play(samples: Int16Array): { sent: boolean }
}
/** What a page may do. Nothing throws: what cannot be done is refused in a line. */
export type PageSeat = {
  ask(message: FromPage): void
  hear(samples: Int16Array): void
  /** All that the page was told has gone out. */
  drained(): void
  leave(): void
}
/** Sound as a file of 16-bit samples, mono: `size` samples from its start. */
export type SoundFile = { rate: number; size: number; samples(side: Side, from: number, to: number): Promise<Int16Array> }
export type Show = {
  /** Within this call it is told Hello, and what there is to see. */
  attach(page: Page): PageSeat
  /** How a machine is drawn; undefined for one that was not told. */
  chart(key: string): Promise<Chart | undefined>
  readonly sound?: SoundFile
  /** Within a bound. Never rejects. */
  close(): Promise<void>
}
