/** Lets inputs in one at a time: the next one when all that follows from the one before has been done. */
import type { Clock } from './ports.ts'

/** Where somebody asked: at rest if nothing is said; `within` something the engine was doing, so deep; or so many microtasks after it. */
export type Place = { hops?: number; within?: number }

/** So many microtasks are counted after a command: whoever waits longer in one turn than that asks at rest. */
export const HOPS = 32

/** All microtasks run before the next tick does, when it is asked for in one of them; and no timer, and no I/O, before that. */
export const atRest = (next: () => void): void => soon(() => process.nextTick(next))

const done = Promise.resolve()
/** As queueMicrotask, which takes ten times as long in Node. What is done must not throw. */
export const soon = (next: () => void): void => void done.then(next)

export class Turnstile {
  readonly #clock: Clock
  readonly #failed: (error: unknown) => void
  readonly #waiting: (() => void)[] = []
  readonly #next = () => this.#turn()
  /** What is told in one go, and how many such goes wait. */
  #parcel: (() => void)[] | undefined
  #parcels = 0
  #isOneGo = false
  #isTurning = false
  #moment = 0
  /** The engine was reached in this turn. */
  #isTouched = false
  #depth = 0
  #hops = 0
  #counts = 0

  /** `failed` hears of what throws as it is let in. */
  constructor(clock: Clock, failed: (error: unknown) => void) {
    this.#clock = clock
    this.#failed = failed
  }

  /** The same moment for all that follows from one input. */
  now(): number {
    return this.#isTurning ? this.#moment : this.#clock.now()
  }
  /** Does it when its turn has come. */
  enter(deliver: () => void): void {
    this.#waiting.push(deliver)
    this.#begin()
  }
  /**
   * Tells it at once while the engine rests, or in one go with what it was told or asked just before; else when its turn has come, in one go
   * with what came in one go with it. `more`: it is not the first in its go.
   */
  tell(deliver: (more: boolean) => void): void {
    this.#begin()
    if (this.#depth === 0 && this.#parcels === 0 && (!this.#isTouched || this.#isOneGo)) {
      const more = this.#isTouched
      this.#go()
      this.#guarded(() => deliver(more))
    } else this.#queue(deliver)
  }
  /** The engine is at work: it was told something, or asked. */
  inside<T>(work: () => T): T {
    this.touch()
    this.#depth++
    try {
      return work()
    } finally {
      this.#depth--
    }
  }
  /** Something passed the seam. */
  touch(): void {
    this.#begin()
    this.#isTouched = true
  }
  /** Somebody asks something of the engine, and may ask for more in the same turn. */
  ask<T>(work: () => T, note: (place: Place) => void = () => {}): T {
    this.#begin()
    if (!this.#isTouched) this.#go()
    note(this.#depth > 0 ? { within: this.#depth } : this.#isTouched ? { hops: this.#hops } : {})
    try {
      return this.inside(work)
    } finally {
      this.count()
    }
  }

  /** Counts microtasks anew: after each question, behind all that follows from it at once. */
  count(): void {
    this.#hops = 0
    const count = ++this.#counts
    const hop = () => {
      if (count !== this.#counts) return
      if (++this.#hops < HOPS) soon(hop)
    }
    soon(hop)
  }

  #queue(deliver: (more: boolean) => void): void {
    if (this.#parcel) {
      this.#parcel.push(() => deliver(true))
      return
    }
    const all = [() => deliver(false)]
    this.#parcel = all
    this.#parcels++
    queueMicrotask(() => {
      this.#parcel = undefined
    })
    this.enter(() => {
      this.#parcels--
      for (const one of all) this.#guarded(one)
    })
  }
  /** Until this microtask runs, nothing of the engine has run but what was told or asked: it is queued before all that follows from that. */
  #go(): void {
    if (this.#isOneGo) return
    this.#isOneGo = true
    queueMicrotask(() => {
      this.#isOneGo = false
    })
  }
  #begin(): void {
    if (this.#isTurning) return
    this.#isTurning = true
    this.#moment = this.#clock.now()
    this.#isTouched = false
    this.#hops = 0
    this.#counts++
    atRest(this.#next)
  }
  #turn(): void {
    const deliver = this.#waiting.shift()
    if (!deliver) {
      this.#isTurning = false
      return
    }
    this.#moment = this.#clock.now()
    this.#isTouched = false
    this.#hops = 0
    this.#counts++
    this.#guarded(deliver)
    atRest(this.#next)
  }
  #guarded(deliver: () => void): void {
    try {
      deliver()
    } catch (error) {
      this.#failed(error)
    }
  }
}
