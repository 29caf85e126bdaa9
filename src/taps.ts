/** What passes in a room, for whoever looks on from outside: its log and its sound. Nobody pays for it while nobody looks. */
import type { AudioFrame } from './audio/frame.ts'
import type { Clock, Log, World } from './ports.ts'

/** None of it may throw, or keep a frame. `offset`: of its first sample, in all that the agent hears, or in the utterance. */
export type Tap = {
  logged: Log
  /** What the agent hears, in the frames that it is to read. */
  heard(frame: AudioFrame, offset: number): void
  /** What was given to the utterance `id`. */
  said(id: string, frame: AudioFrame, offset: number): void
}

export class Taps {
  /** The same world, whose log is tapped. */
  readonly world: World
  readonly clock: Clock
  readonly log: Log
  /** Of the agent's voice, in Hz. */
  readonly sampleRate: number
  readonly #taps = new Set<Tap>()

  constructor(world: World, sampleRate: number) {
    this.world = {
      ...world,
      log: (...line) => {
        world.log(...line)
        for (const tap of this.#taps) tap.logged(...line)
      },
    }
    this.clock = world.clock
    this.log = this.world.log
    this.sampleRate = sampleRate
  }

  /** From now on, until the returned function is called. */
  add(tap: Tap): () => void {
    this.#taps.add(tap)
    return () => void this.#taps.delete(tap)
  }
  readonly heard = (frame: AudioFrame, offset: number): void => {
    for (const tap of this.#taps) tap.heard(frame, offset)
  }
  readonly said = (id: string, frame: AudioFrame, offset: number): void => {
    for (const tap of this.#taps) tap.said(id, frame, offset)
  }
}
