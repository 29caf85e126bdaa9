/** What the owner of a room and its mind ask of it, noted as inputs; and code of theirs, which the room calls when it is at rest. */
import type { AnyActorLogic, AnyEventObject } from 'xstate'
import { isLogic, type MindLogic } from './agent.ts'
import type { NoiseSelector } from './inbound/noise.ts'
import type { Seam } from './journal.ts'
import { errorIn, isIterable, isObject } from './lines.ts'
import type { Mind, Saying, Utterance } from './mind.ts'
import type { Settings } from './options.ts'
import type { ChartRoom } from './room.ts'
import type { Telling } from './telling.ts'

/** The same room: whatever is asked of it is written down before it is done, and what it promises settles when it is at rest. */
export const asked = (room: ChartRoom, seam: Seam): ChartRoom => {
  const { actor, opened, closed, subscribed } = room
  const send = actor.send.bind(actor)
  Object.assign(actor, { send: (event: AnyEventObject) => seam.ask('send', event, () => send(event as never)) })
  const own = { ...commands(room, seam), ...talk(room, seam), ...readings(room, seam), ...promises(room, seam) }
  const ends = { opened: seam.give(opened), closed: seam.give(closed), subscribed: subscribed && seam.give(subscribed) }
  for (const end of Object.values(ends)) end?.catch(() => {}) // whoever waits for it is told
  for (const [name, value] of Object.entries({ ...own, ...ends })) Object.defineProperty(room, name, { value })
  return room
}

/** What is done at once, and gives nothing back. */
const commands = (room: ChartRoom, seam: Seam): Partial<ChartRoom> => {
  const [show, pause, resume] = [room.show.bind(room), room.pause.bind(room), room.resume.bind(room)]
  const [interrupt, heard, speech] = [room.interrupt.bind(room), room.heard.bind(room), room.speech.bind(room)]
  const [setParticipant, setAttached, nextId] = [
    room.setParticipant.bind(room),
    room.setAttached.bind(room),
    room.nextId.bind(room),
  ]
  return {
    show: text => seam.ask('show', { text }, () => show(text)),
    pause: () => seam.ask('pause', undefined, pause),
    resume: () => seam.ask('resume', undefined, resume),
    interrupt: id => seam.ask('interrupt', { id }, () => interrupt(id)),
    heard: (text, final, id) => seam.ask('heard', { text, final, id }, () => heard(text, final, id)),
    speech: change => seam.ask('speech', { change }, () => speech(change)),
    setParticipant: identity => seam.ask('setParticipant', { identity }, () => setParticipant(identity)),
    setAttached: (attached, of) => seam.ask('setAttached', { attached, of }, () => setAttached(attached, of)),
    nextId: () => seam.ask('nextId', undefined, nextId),
  }
}

/** What is said and shown, and whoever else acts in the room. */
const talk = (room: ChartRoom, seam: Seam): Partial<ChartRoom> => {
  const [say, tell, spawn] = [room.say.bind(room), room.tell.bind(room), room.spawn.bind(room)]
  return {
    say: saying => {
      if (!isObject(saying)) return say(saying)
      const { audio, text, ...rest } = saying
      const told = { ...rest, audio: isIterable(audio), ...(text === undefined ? {} : { text: isIterable(text) }) }
      return seam.ask('say', told, () => utterance(say(streams(saying, seam)), seam))
    },
    tell: given => seam.ask('tell', { id: given }, () => telling(tell(given), seam)),
    spawn: (given, options) => {
      const { id } = options ?? {}
      const watched = (logic: unknown) => (isLogic(logic) ? observed(`guest:${id}`, logic, seam) : logic)
      const made = typeof given === 'function'
      const make = (conversation: never) => {
        seam.reach(`guest:${id}.given`)
        return watched((given as (conversation: never) => unknown)(conversation))
      }
      const logic = made ? make : watched(given)
      return seam.ask('spawn', { ...options, made }, () => spawn(logic as typeof given, options))
    },
  }
}
const streams = ({ audio, text, ...rest }: Saying, seam: Seam): Saying => ({
  ...rest,
  audio: isIterable(audio) ? seam.items('say.audio', audio) : audio,
  ...(text === undefined ? {} : { text: isIterable(text) ? seam.items('say.text', text) : text }),
})
const utterance = (given: Utterance, seam: Seam): Utterance => {
  const { id } = given
  return {
    id,
    started: seam.give(given.started),
    played: seam.give(given.played),
    get heard() {
      return seam.ask('utterance.heard', { id }, () => given.heard) // to ask a device where it is brings the account up to that
    },
    get spoken() {
      return given.spoken
    },
    interrupt: () => seam.ask('utterance.interrupt', { id }, () => given.interrupt()),
  }
}
const telling = ({ id, put, end }: Telling, seam: Seam): Telling => ({
  id,
  put: text => seam.ask('telling.put', { id, text }, () => put(text)),
  end: () => seam.ask('telling.end', { id }, end),
})

/** What somebody reads. */
const readings = ({ audio, video, chat }: ChartRoom, seam: Seam): Partial<ChartRoom> => {
  let readers = 0
  const reading = <T>(name: string, source: AsyncIterable<T>): AsyncIterable<T> => ({
    [Symbol.asyncIterator]: () => {
      const reader = ++readers
      const iterator = seam.ask('read', { of: name, reader }, () => source[Symbol.asyncIterator]())
      const leave = async () => (await iterator.return?.()) ?? { done: true as const, value: undefined }
      return {
        next: () => seam.give(seam.ask('next', { reader }, () => iterator.next())),
        return: () => seam.give(seam.ask('return', { reader }, leave)),
      }
    },
  })
  return { audio: reading('audio', audio), video: reading('video', video), chat: reading('chat', chat) }
}

/** What somebody waits for, or listens to. */
const promises = (room: ChartRoom, seam: Seam): Partial<ChartRoom> => {
  const [ready, waitForPlayout, on, close] = [
    room.ready.bind(room),
    room.waitForPlayout.bind(room),
    room.on.bind(room),
    room.close.bind(room),
  ]
  return {
    ready: () => seam.give(ready()),
    waitForPlayout: id => seam.give(waitForPlayout(id)),
    on: listener => on(typeof listener === 'function' ? fact => seam.later(() => listener(fact)) : listener),
    close: reason => seam.give(seam.ask('close', { reason }, () => close(reason))),
  }
}

/** The same mind, whose code runs while the room rests, also when it is told to stop. */
export const mindful = (mind: Mind | MindLogic, seam: Seam): Mind | MindLogic => {
  if (typeof mind === 'function') return conversation => observed('mind', mind(conversation), seam)
  return {
    start: (conversation, signal) => seam.callout('mind.start', [], () => mind.start(conversation, atRestAborted(signal, seam))),
  }
}
/** That such an actor is made, begun and stopped is a call to it, within which it may ask; how it ends is noted. */
const observed = (name: string, logic: AnyActorLogic, seam: Seam): AnyActorLogic => {
  if (!isLogic(logic)) return logic
  const called = (what: string) => seam.reach(`${name}.${what}`)
  const ended = (how: object) => seam.ask('ended', { actor: name, ...how }, () => {})
  const getInitialSnapshot: AnyActorLogic['getInitialSnapshot'] = (scope, input) => {
    called('made')
    try {
      const snapshot = logic.getInitialSnapshot(scope, input)
      if (snapshot.status !== 'active') ended({ ...outcome(snapshot), made: true })
      return snapshot
    } catch (error) {
      ended({ ...thrown(error), made: true })
      throw error
    }
  }
  const start: AnyActorLogic['start'] = (snapshot, scope) => {
    const { self } = scope
    called('begun')
    const complete = () => self.getSnapshot().status === 'done' && ended(outcome(self.getSnapshot()))
    self.subscribe({ error: (error: unknown) => ended(thrown(error)), complete })
    logic.start?.(snapshot, scope)
  }
  const transition: AnyActorLogic['transition'] = (snapshot, event, scope) => {
    if (event.type === 'xstate.stop') called('stop')
    return logic.transition(snapshot, event, scope)
  }
  return Object.create(logic, {
    getInitialSnapshot: { value: getInitialSnapshot },
    start: { value: start },
    transition: { value: transition },
  })
}
const outcome = ({ status, output, error }: { status: string; output?: unknown; error?: unknown }) =>
  status === 'done' ? { output } : thrown(error)
const thrown = (error: unknown) => ({ value: error, failed: true, ...errorIn(error) })
const atRestAborted = (signal: AbortSignal, seam: Seam): AbortSignal => {
  const over = new AbortController()
  const abort = () => over.abort(signal.reason)
  if (signal.aborted) abort()
  else signal.addEventListener('abort', () => void seam.later(abort), { once: true })
  return over.signal
}

/** The same settings; what of them is code of the owner's is called across the seam. */
export const calledOut = (settings: Settings, seam: Seam): Settings => {
  const { listener, deleteRoom, textInput, textOutput, noiseCancellation: noise } = settings
  const { callback } = textInput ?? {}
  const { nextInChain: chain } = textOutput ?? {}
  const called: Settings = {
    ...settings,
    listener: listener && (fact => seam.later(() => listener(fact))),
    deleteRoom:
      deleteRoom && ((name, signal) => seam.callout('deleteRoom', [name], () => deleteRoom(name, atRestAborted(signal, seam)))),
    textInput: textInput && {
      ...textInput,
      callback: callback && ((owner, message) => seam.callout('textInput', [message], () => callback(owner, message))),
    },
    textOutput: textOutput && {
      ...textOutput,
      nextInChain: chain && {
        captureText: text => seam.callout('nextInChain.captureText', [text], () => chain.captureText(text)),
        flush: () => seam.callout('nextInChain.flush', [], () => chain.flush()),
      },
    },
    noiseCancellation: noise && quieting(noise, seam),
  }
  return Object.freeze(called)
}
type Noise = NonNullable<Settings['noiseCancellation']>
/** A function that chooses, a processor, or options, which are the world's alone. */
export const kindOfNoise = (noise: Noise) =>
  typeof noise === 'function'
    ? 'selector'
    : typeof Reflect.get(noise, 'process') === 'function'
      ? 'processor'
      : { options: noise }
const quieting = (noise: Noise, seam: Seam): Noise => {
  const kind = kindOfNoise(noise)
  if (typeof noise === 'function') return chosenBy(noise as NoiseSelector, seam)
  return kind === 'processor' ? seam.port('noise', noise) : noise
}
const chosenBy =
  (select: NoiseSelector, seam: Seam): NoiseSelector =>
  opened =>
    seam.call('noise', [opened], () => select(opened)) as ReturnType<NoiseSelector>
