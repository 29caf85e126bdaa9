/** Who heard our tracks first: told once per track, and not before `publish` has given the publication out. */
export class Audience {
  readonly #tell: (sid: string) => void
  /** Tracks that are given out, and those that somebody subscribed to. */
  readonly #out = new Set<string>()
  readonly #heard = new Set<string>()

  constructor(tell: (sid: string) => void) {
    this.#tell = tell
  }

  /** Somebody subscribed to the track with this sid. */
  heard(sid: string): void {
    if (this.#heard.has(sid)) return
    this.#heard.add(sid)
    if (this.#out.has(sid)) this.#tell(sid)
  }
  /** The publication is given out in this turn. */
  published(sid: string): void {
    // In the next turn: whoever waits for the publication knows its sid by then.
    setImmediate(() => {
      this.#out.add(sid)
      if (this.#heard.has(sid)) this.#tell(sid)
    })
  }
  /** The SDK published it again under another sid: that is no first time. */
  renamed(previousSid: string, sid: string): void {
    if (this.#out.delete(previousSid)) this.#out.add(sid)
    if (this.#heard.delete(previousSid)) this.#heard.add(sid)
  }
}
