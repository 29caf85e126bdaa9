/** What happens in a room, as messages: one observer of its actor system, its facts, its log and its sound, by the room's own clock. */
import type { AnyActorRef } from 'xstate'
import { lineOf } from '../errors.ts'
import type { ChartRoom } from '../room.ts'
import type { Taps } from '../taps.ts'
import { Actors } from './actors.ts'
import type { Tell } from './definitions.ts'
import type { MediaRef, Message } from './messages.ts'
import { observe } from './observe.ts'
import { members } from './plain.ts'
import { type Piece, Sounds } from './sounds.ts'
import { watchStalls } from './stalls.ts'

/** What of a room is looked at. */
export type Inspected = Pick<ChartRoom, 'on'> & { actor: AnyActorRef; taps: Pick<Taps, 'add' | 'clock' | 'log' | 'sampleRate'> }
export type ProbeHands = {
  /** Gets every message at once. It may not call the room. Throws it, the probe is taken off. */
  sink: (message: Message) => void
  /** The number of the journal's last input, where a journal is kept. */
  input?: () => number
  /** Keeps samples, for `sound` messages; if it can, right `after` others. */
  media?: (view: Int16Array, after?: number) => MediaRef
}

/** A pause in a sound is told when so many ms of it have passed. */
const PATIENCE_MS = 100

/**
 * Tells all that happens from now on, until the returned function is called. In a room that already runs, first how it stands: every
 * actor that lives as `started`. It never throws into the room: what fails is logged once, as `inspector.failed`, and then no more is told.
 */
export const probe = (room: Inspected, hands: ProbeHands): (() => void) => {
  const { log } = room.taps
  let over = false
  const ends: (() => void)[] = []
  const stop = () => {
    over = true
    for (const end of ends.splice(0)) end()
  }
  /** Nothing goes on after a failure: a tape with a hole would tell lies. */
  const safe: Safe =
    call =>
    (...args) => {
      if (over) return
      try {
        call(...args)
      } catch (error) {
        stop()
        log('error', 'inspector.failed', { error: lineOf(error) })
      }
    }
  const sounds = watch(room, hands, safe, ends)
  if (over) stop() // while it looked around
  return () => {
    safe(() => sounds.flush())()
    stop()
  }
}

type Safe = <A extends unknown[]>(call: (...args: A) => void) => (...args: A) => void
const watch = (room: Inspected, hands: ProbeHands, safe: Safe, ends: (() => void)[]): Sounds => {
  const { taps, actor } = room
  const { tell, tellPiece } = teller(taps.clock.now.bind(taps.clock), hands, () => sounds.flush(undefined, PATIENCE_MS))
  const sounds = new Sounds({ now: () => taps.clock.now(), tell: tellPiece, media: hands.media })
  const actors = new Actors(tell)
  safe(() => actors.meet(actor))()
  const unobserve = observe(
    actor.system,
    safe(news => actors.see(news)),
  )
  const failure = actor.subscribe({ error: safe(() => actors.look(actor)) }) // of a root's failure XState tells nobody else
  ends.push(
    unobserve,
    () => failure.unsubscribe(),
    room.on(
      safe(fact => {
        if (fact.type === 'utterance.ended') sounds.flush(`utterance:${fact.played.id}`)
        tell({ seq: 0, at: 0, type: 'fact', fact })
      }),
    ),
    taps.add({
      logged: safe((level, code, fields) => {
        tell({ seq: 0, at: 0, type: 'log', level, code, ...(fields ? { fields: members(fields) } : {}) })
      }),
      heard: safe((frame, offset) => sounds.take('caller', frame, offset)),
      said: safe((id, frame, offset) => sounds.take(`utterance:${id}`, frame, offset)),
    }),
  )
  if (!taps.clock.virtual) {
    const unwatch = watchStalls(safe(ms => void tell({ seq: 0, at: 0, type: 'stall', ms })))
    // All rooms have one watch: whoever is not taken off it is kept for the life of the process.
    actor.subscribe({ complete: unwatch, error: unwatch })
    ends.push(unwatch)
  }
  return sounds
}

/** Numbers what is told. What was gathered and waits goes first, with the time when the last of it came. */
const teller = (now: () => number, { sink, input }: ProbeHands, settle: () => void) => {
  let seq = 0
  let last = 0
  const stamped = (message: Message, at: number): number => {
    last = Math.max(last, at)
    message.seq = ++seq
    message.at = last
    if (input) message.n = input()
    sink(message)
    return seq
  }
  const tell: Tell = message => {
    settle()
    return stamped(message, now())
  }
  const tellPiece = (piece: Piece) => void stamped({ ...piece, seq: 0 }, piece.at)
  return { tell, tellPiece }
}
