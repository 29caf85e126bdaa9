/** What the worlds and participants of one loopback room share. */
import { lineOf } from '../errors.ts'
import type { Clock, RoomEvent } from '../ports.ts'
import type { Faults } from './faults.ts'
import { countingClock, type Open, sumOf } from './open.ts'
import { createSeat, type Seat, type SeatOptions } from './seat.ts'
import type { Server } from './server.ts'

/** What one of them holds open, and its clock, whose timers are counted there. */
export type Account = { identity: string; open: Open; clock: Clock }

export class Inside {
  readonly server: Server
  readonly faults: Faults
  /** What is added to the clock for the time stamps of streams, in ms. */
  readonly epochMs: number
  /** Samples that slow listeners lost. */
  lost = 0
  readonly #accounts: Account[] = []

  constructor(server: Server, faults: Faults, epochMs: number) {
    this.server = server
    this.faults = faults
    this.epochMs = epochMs
  }

  account(identity: string): Account {
    const open: Open = { listeners: 0, streams: 0, timers: 0 }
    const account = { identity, open, clock: countingClock(this.server.clock, open) }
    this.#accounts.push(account)
    return account
  }
  /** The sum of all accounts, or of those of one identity. */
  open(identity?: string): Open {
    const mine = this.#accounts.filter(account => identity === undefined || account.identity === identity)
    return sumOf(mine.map(({ open }) => open))
  }
  /** A seat that tells its facts to `tell`, whose errors are logged. */
  seat(options: SeatOptions, clock: Clock, tell: (event: RoomEvent) => void): Seat {
    return createSeat(options, clock, event => {
      try {
        tell(event)
      } catch (error) {
        this.server.log('error', 'fact.listener.failed', { type: event.type, error: lineOf(error) })
      }
    })
  }
  /** Counts what a listener lost. */
  lostBy(identity: string): (samples: number) => void {
    return samples => {
      this.lost += samples
      this.server.log('warn', 'listener.behind', { identity, samples })
    }
  }
}
