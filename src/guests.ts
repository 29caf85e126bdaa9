/** Actors that the owner of a room starts in it: their logic, which fits in no context, and what their owner has of them. */
import {
  Actor,
  type ActorRefFrom,
  type AnyActor,
  type AnyActorLogic,
  type EventFromLogic,
  type InputFrom,
  type Subscription,
} from 'xstate'
import type { RoomContext, RoomEvent } from '../machines/room.ts'
import type { Policy } from '../machines/supervision.ts'
import { isLogic } from './agent.ts'
import { coded, lineOf } from './errors.ts'
import { groupOf, oneOf } from './groups.ts'
import type { Conversation } from './mind.ts'
import type { Log } from './ports.ts'

/**
 * `restarts`: so many in a minute, each after a wait that doubles from 100 ms. `otherwise`: what follows the failure after the last of
 * them, the room's end or nothing. Defaults 0 and `without`.
 */
export type GuestOptions<L extends AnyActorLogic> = { id: string } & Input<InputFrom<L>> & Partial<Policy>
/** Of a logic that can do without, or says nothing of it, the input may be left out. */
type Input<I> = undefined extends I ? { input?: I } : { input: I }
/** An actor of its owner's, in the room as `guest:<id>`. */
export type Guest<L extends AnyActorLogic> = {
  readonly id: string
  /** The actor itself: another one after each restart, and at last the one that ended. Throws ERR_NOT_STARTED before the first. */
  readonly ref: ActorRefFrom<L>
  /** Whether it is there and got the event. */
  send(event: EventFromLogic<L>): boolean
}
/** The logic, or what makes it with what a mind has: to speak, to show and to interrupt; who hears, sees and reads is the mind. */
export type GuestLogic<L extends AnyActorLogic> = L | ((conversation: Conversation) => L)
type Held = { logic: AnyActorLogic; input: unknown; actor?: AnyActor }
export type GuestsHands = { conversation: Conversation; context: () => RoomContext; send: (event: RoomEvent) => void; log: Log }

export class Guests {
  readonly #hands: GuestsHands
  readonly #held = new Map<string, Held>()

  constructor(hands: GuestsHands) {
    this.#hands = hands
  }

  /** For the room's machine, which knows names: the actor that it starts is of the logic that was given for its name. */
  get logic(): AnyActorLogic {
    return {
      getInitialSnapshot: (scope, { name }: { name: string }) => {
        const held = this.#held.get(name)
        if (!held) throw new Error(`nobody gave a logic for ${name}`)
        if (scope.self instanceof Actor) held.actor = this.#settle(scope.self, held.logic)
        return held.logic.getInitialSnapshot(scope, held.input)
      },
      transition: snapshot => snapshot,
      getPersistedSnapshot: snapshot => snapshot,
    }
  }

  /** Starts it at once. Throws ERR_DUPLICATE_ACTOR for the id of one that is there. */
  spawn<L extends AnyActorLogic>(given: GuestLogic<L>, options: GuestOptions<L>): Guest<L> {
    const logic = typeof given === 'function' ? given(this.#hands.conversation) : given
    check(logic, options)
    const { id, input, restarts = 0, otherwise = 'without' } = options
    const name = `guest:${id}`
    for (const [other, held] of this.#held) if (!this.#lives(other, held)) this.#held.delete(other)
    if (this.#held.has(name)) throw coded('ERR_DUPLICATE_ACTOR', `an actor with the id ${id} is there: give each its own`)
    const held: Held = { logic, input }
    this.#held.set(name, held)
    this.#hands.send({ type: 'spawn', id, restarts, otherwise })
    return {
      id,
      get ref() {
        if (!held.actor) throw coded('ERR_NOT_STARTED', `the actor ${id} starts when what asked for it is over: wait a turn`)
        return held.actor as ActorRefFrom<L> // its logic is the L that was given
      },
      send: event => {
        const there = held.actor?.getSnapshot().status === 'active'
        if (there) held.actor?.send(event)
        return there
      },
    }
  }

  /** It is there, will be, or will be again. */
  #lives(name: string, { actor }: Held): boolean {
    return actor === undefined || name in this.#hands.context().guests
  }
  /** From now on the actor is one of this logic, in the eyes of an inspector too. */
  #settle(actor: AnyActor, logic: AnyActorLogic): AnyActor {
    const failed = (error: unknown) => this.#hands.log('error', 'listener.failed', { error: lineOf(error) })
    return Object.assign(actor, { logic, subscribe: calm(actor.subscribe.bind(actor), failed) })
  }
}

/**
 * XState ends the process for a failure of which a watcher says nothing (the room tells it), and for a watcher that throws; here that is
 * logged.
 */
const calm = (subscribe: AnyActor['subscribe'], failed: (error: unknown) => void) => {
  const safe =
    <T extends unknown[]>(call: ((...args: T) => void) | undefined) =>
    (...args: T) => {
      try {
        call?.(...args)
      } catch (error) {
        failed(error)
      }
    }
  return (watcher: Watcher | Watcher['next'], error?: Watcher['error'], complete?: Watcher['complete']): Subscription => {
    const given = typeof watcher === 'object' ? watcher : { next: watcher, error, complete }
    return subscribe({
      next: safe(given.next?.bind(given)),
      error: safe(given.error?.bind(given)),
      complete: safe(given.complete?.bind(given)),
    })
  }
}
type Watcher = {
  next?: ((snapshot: unknown) => void) | undefined
  error?: ((error: unknown) => void) | undefined
  complete?: (() => void) | undefined
}

const check = (logic: unknown, options: GuestOptions<AnyActorLogic>) => {
  if (!isLogic(logic)) throw new TypeError('what is started is the logic of an actor: a machine, or fromPromise(…)')
  groupOf('options', {}, options, ['id', 'input', 'restarts', 'otherwise'])
  const { id, restarts, otherwise }: Partial<GuestOptions<AnyActorLogic>> = options ?? {}
  if (typeof id !== 'string' || id === '') throw new TypeError('the id of an actor is a text that is not empty')
  if (restarts !== undefined && !(Number.isInteger(restarts) && restarts >= 0))
    throw new RangeError(`restarts is ${restarts}: use a whole number from 0`)
  if (otherwise !== undefined) oneOf('otherwise', otherwise, ['close', 'without'])
}
