/** What writes a room down while it lives. `recorderIn(folder)` makes one; a room that is opened with it can be replayed. */
import type { MediaRef } from '../inspector/messages.ts'
import type { JournalLine } from '../journal.ts'
import type { ChartRoom } from '../room.ts'

/** For one room. None of it throws, but for misuse: a recording that fails is logged once, and from then on all of it is without effect. */
export type Recorder = {
  /** An input of the engine, in order and from the first on. Its value is JSON; where it has bytes, they are `media`. */
  input(line: JournalLine): void
  /** Keeps the bytes, and says where they are. The same view object with the same bytes again is the same place. `hash`: if it is known. */
  media(view: ArrayBufferView, hash?: string): MediaRef
  /** Watches the room, until it closes: called before its machines start, so that nothing is missed. Throws if it has a room already. */
  attach(room: ChartRoom): void
  /** Writes what is left, and ends. A second call is without effect. */
  close(): void
}
