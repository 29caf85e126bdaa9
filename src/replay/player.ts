/** Plays a recording: a room is made, and what came in then comes in again, one input after the other. */
import type { JournalLine } from '../lines.ts'
import type { ChartRoom } from '../room.ts'
import { atRest } from '../turnstile.ts'
import { type Inputs, type Media, revived } from './inputs.ts'
import { Outside } from './outside.ts'
import { ask, ownerOf } from './owner.ts'
import { Script } from './script.ts'

/** After so many inputs others have their turn. */
const TURNS = 1_000

export class Player {
  readonly script: Script
  readonly outside: Outside
  #owner: ReturnType<typeof ownerOf> | undefined
  #isOver = false

  constructor({ lines, at, beginning }: Inputs, media: Media) {
    const asking = ({ name, value }: JournalLine) => ask(this.#owner, name, revived(value, media))
    this.script = new Script(lines, at, { ask: asking, entering: line => this.outside.entering(line) })
    this.outside = new Outside(this.script, media, beginning)
  }

  /** Plays no more: what follows is of no interest. */
  stop(): void {
    this.#isOver = true
  }
  /** Resolves at the end of the recording, where the room does something else, or after `stop`. */
  async play(make: () => ChartRoom): Promise<void> {
    this.script.asking(() => {
      this.#owner = ownerOf(make(), this.outside)
    })
    for (let turns = 1; !this.#isOver && !this.script.departure; turns++) {
      await rest(turns)
      if (!this.#isOver && !this.script.departure && !this.script.deliver()) return
    }
  }
}
/** Resolves when all has been done that follows from what was. */
const rest = (turns: number) => new Promise<void>(resolve => (turns % TURNS === 0 ? setImmediate(resolve) : atRest(resolve)))
