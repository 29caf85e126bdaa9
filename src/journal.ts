/**
 * The one seam through which everything from outside enters: each timer, settled promise, value, item and id is a numbered input. Whatever
 * comes by itself waits at a turnstile: the engine gets one input at a time, and the next when it is at rest.
 */
import type { AnyActorRef } from 'xstate'
import type { RoomRef } from '../machines/room.ts'
import type { MindLogic } from './agent.ts'
import { kindOfNoise, mindful } from './asked.ts'
import { lineOf } from './errors.ts'
import type { Attended } from './launch.ts'
import { inputsVersion, type Journal, Notes, type Scribe } from './lines.ts'
import type { Mind } from './mind.ts'
import { Ports } from './noted.ts'
import type { Settings } from './options.ts'
import type { Clock, Ids, World } from './ports.ts'
import { Turnstile } from './turnstile.ts'

export { hashOf, type Journal, type JournalLine } from './lines.ts'

type Sinks = { journal?: Journal | undefined; recorder?: Scribe | undefined }

/** A world, and all that is between it and the engine. */
export class Seam {
  readonly notes: Notes
  readonly turnstile: Turnstile
  readonly world: World
  readonly #ports: Ports
  /** What the engine calls while this is set is called for somebody else. */
  #isAside = false

  constructor(world: World, { journal, recorder }: Sinks) {
    const { clock, log } = world
    this.turnstile = new Turnstile(clock, error => log('error', 'input.failed', { error: lineOf(error) }))
    this.notes = new Notes({ clock, log, journal, scribe: recorder }, () => this.turnstile.now())
    this.#ports = new Ports(this.notes, this.turnstile)
    this.world = this.#noted(world)
  }

  /** Something of the owner's with methods, on the far side. */
  port<T extends object>(name: string, target: T): T {
    return this.#ports.port(name, target)
  }
  /** Something of the owner's that the engine reads. */
  items<T>(name: string, source: AsyncIterable<T>): AsyncIterable<T> {
    return this.#ports.items(name, source)
  }
  /** Code of the owner's that the engine asks for something: it runs when the engine rests. */
  callout<T>(name: string, args: unknown[], work: () => T): Promise<Awaited<T>> {
    return this.#ports.callout(name, args, work)
  }
  /** Code of the owner's that gives its answer at once. */
  call(name: string, args: unknown[], work: () => unknown): unknown {
    return this.#ports.call(name, args, work)
  }
  /** Code of the owner's is about to run in the middle of what the engine does: it may ask. */
  reach(name: string): void {
    this.#ports.call(name, [], () => undefined)
    this.turnstile.count()
  }
  /** Somebody asks something of the engine. */
  ask<T>(name: string, value: unknown, work: () => T): T {
    return this.turnstile.ask(work, place => this.notes.note('asked', name, value, place))
  }
  /** The same promise for those outside: it settles when the engine rests. */
  give<T>(promise: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      promise.then(
        value => this.turnstile.enter(() => resolve(value)),
        error => this.turnstile.enter(() => reject(error)),
      )
    })
  }
  /** Does it when the engine rests. */
  later<T>(work: () => T): Promise<Awaited<T>> {
    return new Promise((resolve, reject) => {
      this.turnstile.enter(() => {
        const run = async () => work()
        run().then(value => resolve(value as Awaited<T>), reject)
      })
    })
  }
  mind(mind: Mind | MindLogic): Mind | MindLogic {
    return mindful(mind, this)
  }
  /** The timers of a mind's actor, and of guests, are not the engine's. */
  adopt(actor: RoomRef): void {
    const scheduler: { schedule(source: AnyActorRef, ...rest: unknown[]): void } = Reflect.get(actor.system, 'scheduler')
    const schedule = scheduler.schedule.bind(scheduler)
    scheduler.schedule = (source, ...rest) => {
      this.#isAside = isForeign(source)
      try {
        schedule(source, ...rest)
      } finally {
        this.#isAside = false
      }
    }
  }

  #noted(world: World): World {
    const port = <T extends object>(name: string, target: T) => this.#ports.port(name, target)
    const { clock, ids, log, epochMs = 0, packets, opus } = world
    const beside = new Ports(this.notes, this.turnstile, 'mind')
    return {
      room: port('room', world.room),
      tracks: port('tracks', world.tracks),
      videos: port('videos', world.videos),
      speakers: port('speakers', world.speakers),
      textOut: port('textOut', world.textOut),
      textIn: port('textIn', world.textIn),
      byteIn: port('byteIn', world.byteIn),
      ...(packets ? { packets: port('packets', packets) } : {}),
      ...(opus ? { opus: port('opus', opus) } : {}),
      // For what a mind brings: its own timers and ids are no inputs of ours.
      outside: { clock, ids, log, epochMs, port: (name, target) => beside.port(name, target) },
      ...{ log, epochMs, clock: this.#clock(clock), ids: this.#ids(ids) },
    }
  }
  #clock(clock: Clock): Clock {
    type Handle = { timer: unknown; isOver: boolean }
    let own = 0
    let others = 0
    return {
      virtual: clock.virtual ?? false,
      now: () => this.turnstile.now(),
      setTimeout: (callback, ms) => {
        const side = this.#isAside ? ({ side: 'mind' } as const) : {}
        const name = String(this.#isAside ? ++others : ++own)
        const handle: Handle = { timer: undefined, isOver: false }
        const fire = () => {
          if (handle.isOver) return // called off while it waited
          handle.isOver = true
          this.notes.note('timer', name, undefined, side)
          if (side.side) callback()
          else this.turnstile.inside(callback)
        }
        handle.timer = clock.setTimeout(() => this.turnstile.enter(fire), ms)
        return handle
      },
      clearTimeout: given => {
        const handle = given as Handle | undefined
        if (!handle) return
        handle.isOver = true
        clock.clearTimeout(handle.timer)
      },
      hold: work => this.#ports.held('clock.hold', clock.hold(work)),
    }
  }
  #ids(ids: Ids): Ids {
    return {
      next: prefix => {
        const id = ids.next(prefix)
        this.turnstile.touch()
        this.notes.note('id', prefix, id)
        return id
      },
    }
  }
}

/** An actor of the owner's, or below one. */
export const isForeign = (actor: AnyActorRef): boolean => {
  for (let one: AnyActorRef | undefined = actor; one?._parent; one = one._parent)
    if (one.id.startsWith('guest:') || (one.id === 'mind' && one._parent.id === 'agent')) return true
  return false
}

/** The seam of a room whose inputs somebody wants to have. */
export const seamOf = (world: World, settings: Settings, attended: Attended): Seam | undefined => {
  if (!settings.journal && !settings.recorder) return undefined
  const seam = new Seam(world, settings)
  seam.notes.begin(beginningOf(settings, attended, world))
  return seam
}
/** All that a room needs to be made again; what was code is said to be there. */
const beginningOf = (settings: Settings, attended: Attended, { packets, epochMs = 0 }: World) => {
  const {
    mind,
    textInput,
    textOutput,
    deleteRoom,
    noiseCancellation: noise,
    journal: _j,
    recorder: _r,
    listener: _l,
    ...rest
  } = settings
  const kind = typeof mind === 'function' ? 'logic' : 'object'
  return {
    ...{ version: inputsVersion, settings: rest, attended, epochMs },
    ...(mind ? { mind: { kind, attending: mind.attending } } : {}),
    ...(textInput ? { textInput: { asked: textInput.asked, callback: textInput.callback !== undefined } } : {}),
    ...(textOutput ? { textOutput: { ...textOutput, nextInChain: textOutput.nextInChain !== undefined } } : {}),
    ...{ deleteRoom: deleteRoom !== undefined, packets: packets !== undefined },
    ...(noise ? { noise: kindOfNoise(noise) } : {}),
  }
}
