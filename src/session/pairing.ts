/** Which frames and which texts of a session are one turn: it knows no ids, so the order of its calls has to tell (SESS-3, SESS-4). */

/** What has come of one side of a turn: nothing yet, some, or all. */
export type Side = 'none' | 'open' | 'ended'
export type Turn = { readonly id: string; readonly text: Side; readonly audio: Side }
/** The turn that a piece belongs to; `opens`: it is the first of this turn. */
export type Place = { turn: Turn; opens: boolean }

type Mutable = { -readonly [Key in keyof Turn]: Turn[Key] }

/** How long what still comes of a dead turn is told from the next one's, in ms. */
const REMEMBERED_MS = 1_000

/** The unfinished turns of a session, oldest first. A value and its rules: no clock, no effect. */
export class Pairing {
  readonly #next: () => string
  readonly #turns: Mutable[] = []
  /** Until when pieces of this side are taken for a dead turn's. */
  readonly #dead = { text: Number.NEGATIVE_INFINITY, audio: Number.NEGATIVE_INFINITY }

  /** `next` makes the id of a turn. */
  constructor(next: () => string) {
    this.#next = next
  }

  get turns(): readonly Turn[] {
    return this.#turns
  }

  /** Where text goes that comes now; undefined if it is a dead turn's. `voiced`: a turn that it opens will have audio. */
  text(now: number, voiced = true): Place | undefined {
    if (now < this.#dead.text) return undefined
    const turn = this.#find(({ text }) => text === 'open') ?? this.#find(({ text, audio }) => text === 'none' && audio === 'open')
    return this.#place(turn, { text: 'open', audio: voiced ? 'none' : 'ended' })
  }
  /** Where a frame goes that comes now. `captioned`: a turn that it opens will have text. */
  frame(now: number, captioned = true): Place | undefined {
    if (now < this.#dead.audio) return undefined
    const turn =
      this.#find(({ audio }) => audio === 'open') ?? this.#find(({ text, audio }) => text !== 'none' && audio === 'none')
    if (turn?.audio !== 'open') this.#dead.text = Number.NEGATIVE_INFINITY
    return this.#place(turn, { text: captioned ? 'none' : 'ended', audio: 'open' })
  }

  /** No more text: of the turn that is given back, if there is one. */
  endText(now: number): Turn | undefined {
    if (this.#isLate('text', now)) return undefined
    const turn = this.#find(({ text }) => text === 'open')
    if (turn) turn.text = 'ended'
    return turn
  }
  /** No more frames: of the turn that is given back, if there is one. It takes no text any more if it has none. */
  endAudio(now: number): Turn | undefined {
    if (this.#isLate('audio', now)) return undefined
    const turn =
      this.#find(({ audio }) => audio === 'open') ?? this.#find(({ text, audio }) => text !== 'none' && audio === 'none')
    if (!turn) return undefined
    turn.audio = 'ended'
    if (turn.text === 'none') turn.text = 'ended'
    return turn
  }

  /** All turns are dead; gives them back. */
  clear(now: number): Turn[] {
    if (this.#turns.some(({ text }) => text === 'open')) this.#dead.text = now + REMEMBERED_MS
    return this.#turns.splice(0)
  }
  /** The turn whose audio is open is dead, and its next frame another's; gives it back, if there is one. */
  abandon(now: number): Turn | undefined {
    const turn = this.#find(({ audio }) => audio === 'open')
    if (!turn) return undefined
    this.#turns.splice(this.#turns.indexOf(turn), 1)
    if (turn.text === 'open') this.#dead.text = now + REMEMBERED_MS
    return turn
  }
  /** This turn is over, by itself or by somebody else's doing. */
  ended(id: string, now: number): void {
    const at = this.#turns.findIndex(turn => turn.id === id)
    if (at === -1) return
    const [turn] = this.#turns.splice(at, 1)
    if (turn?.text === 'open') this.#dead.text = now + REMEMBERED_MS
    if (turn?.audio === 'open') this.#dead.audio = now + REMEMBERED_MS // OUT-26: the rest is no turn of its own
  }

  /** A flush that belongs to a dead turn; that was its last. */
  #isLate(side: 'text' | 'audio', now: number): boolean {
    const late = now < this.#dead[side]
    if (late) this.#dead[side] = Number.NEGATIVE_INFINITY
    return late
  }
  #find(is: (turn: Turn) => boolean): Mutable | undefined {
    return this.#turns.find(is)
  }
  #place(turn: Mutable | undefined, sides: { text: Side; audio: Side }): Place {
    if (turn) {
      if (sides.text === 'open') turn.text = 'open'
      if (sides.audio === 'open') turn.audio = 'open'
      return { turn, opens: false }
    }
    const opened = { id: this.#next(), ...sides }
    this.#turns.push(opened)
    return { turn: opened, opens: true }
  }
}
