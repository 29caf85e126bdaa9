/** A whole room server in one process: agents join it through the ports, scripted participants do what they are told. */
import type { Clock, Ids, LeaveReason, Log, World } from '../ports.ts'
import { createFaults, type Operation } from './faults.ts'
import { Inside } from './inside.ts'
import type { Open } from './open.ts'
import { loseConnection, type OutageKind } from './outage.ts'
import { type ParticipantOptions, RemoteParticipant } from './participant.ts'
import { Server } from './server.ts'
import { type Agent, createWorld, type WorldOptions } from './world.ts'

/** `name` of the room (`loopback`); `epochMs`: the epoch time of the clock's zero, for the time stamps of streams (0). */
export type LoopbackOptions = { clock: Clock; ids: Ids; log?: Log; name?: string; epochMs?: number }

/** A new, empty room. */
export const createLoopback = (options: LoopbackOptions): Loopback => new Loopback(options)

/** One room. Faults strike the next one who does the operation, or the one of `identity`. */
export class Loopback {
  readonly name: string
  readonly #inside: Inside
  readonly #agents: Agent[] = []

  constructor({ clock, ids, log = () => {}, name = 'loopback', epochMs = 0 }: LoopbackOptions) {
    this.name = name
    this.#inside = new Inside(new Server({ name, clock, ids, log }), createFaults(), epochMs)
  }

  /** All ports for one connection of an agent. */
  world(options: WorldOptions): World {
    const { world, agent } = createWorld(this.#inside, options)
    this.#agents.push(agent)
    return world
  }
  /** Somebody who can join. */
  participant(options: ParticipantOptions): RemoteParticipant {
    return new RemoteParticipant(this.#inside, options)
  }

  /** The connections of the agents go away for `ms` and come back; see `OutageOptions`. */
  reconnect(kind: OutageKind, ms: number, { identity, missed = false }: { identity?: string; missed?: boolean } = {}): void {
    for (const { seat } of this.#agentsOf(identity))
      if (seat.here) loseConnection(this.#inside.server, seat, { kind, ms, missed })
  }
  /** The server throws somebody out. */
  disconnect(identity: string, reason: LeaveReason = 'participant_removed'): void {
    const seat = this.#inside.server.find(identity)
    if (!seat) throw new Error(`nobody here is called ${identity}`)
    this.#inside.server.exit(seat, reason)
  }
  /** The next `operation` rejects with `error`. */
  failNext(operation: Operation, error: Error, identity?: string): void {
    this.#inside.faults.failNext(operation, error, identity)
  }
  /** The next `operation` never settles by itself. The function given back lets it go on. */
  stall(operation: Operation, identity?: string): () => void {
    return this.#inside.faults.stall(operation, identity)
  }
  /** The speakers' queues stop playing. The function given back lets them go on. */
  stallSinks(identity?: string): () => void {
    const releases = this.#agentsOf(identity).flatMap(({ devices }) => [...devices].map(device => device.stall()))
    return () => {
      for (const release of releases) release()
    }
  }
  /** The room ends for everybody. */
  close(reason: LeaveReason = 'room_deleted'): void {
    for (const seat of this.#inside.server.seats()) this.#inside.server.exit(seat, reason)
  }

  /** What is open now, the timers of the worlds' clocks included: all zero when everybody has left. */
  get open(): Readonly<Open> {
    return this.#inside.open()
  }
  /** The same of one identity. */
  openOf(identity: string): Readonly<Open> {
    return this.#inside.open(identity)
  }
  /** Samples that listeners lost because they were more than a second behind. */
  get lost(): number {
    return this.#inside.lost
  }

  #agentsOf(identity?: string): Agent[] {
    return this.#agents.filter(({ seat }) => identity === undefined || seat.identity === identity)
  }
}
