/** A call in a loopback room: somebody calls, the agent answers, and everything is written down. */
import type { MindLogic } from '../agent.ts'
import { realClock, sleep } from '../clock.ts'
import { coded } from '../errors.ts'
import { seededIds } from '../ids.ts'
import { createLoopback, type Loopback, type RemoteParticipant } from '../loopback/index.ts'
import type { Mind } from '../mind.ts'
import type { RoomOptions } from '../options.ts'
import type { Clock, Log } from '../ports.ts'
import { type ChartRoom, openRoom } from '../room.ts'
import { virtualClock } from '../virtual.ts'
import { callFormat } from './caller.ts'
import { failureOf, newsroom } from './news.ts'
import type { OverheardWord } from './overheard.ts'
import { type Recorder as Book, type CallRecord, recorder, type Speaker } from './record.ts'
import type { Screen } from './screen.ts'
import { every } from './tick.ts'

/** `audio`: what the caller says, mono at `callFormat`. `mind` is given the clock, and a way to tell each word it hears. */
export type Call = {
  audio: Int16Array
  mind: (clock: Clock, overhear: (word: OverheardWord) => void) => Mind | MindLogic
  seed: number
  realtime: boolean
  recorder?: RoomOptions['recorder']
}
/** `opened`: somebody may look at the room; the call begins when that resolves; who rejects has closed the room. */
export type CallHands = { screen: Screen; log: Log; signal: AbortSignal; opened?: (room: ChartRoom) => Promise<void> }
/** What was heard, and every input of the engine, a line of JSON each. */
export type Called = { record: CallRecord; events: string[] }

/** The caller hangs up when nothing was said for this long after his last word, in ms: longer than any pause a mind makes. */
const quietMs = 5_000
/** A call does not go on for longer than this after the caller's last word, in ms. */
const patienceMs = 300_000
/** The recording goes on for this long after the end, in ms: a picture that ends in mid-wave looks like a fault. */
const afterMs = 500
/** How often the call looks at itself, in its own ms. */
const lookInterval = 100

const names = { agent: 'agent', caller: 'caller', recorder: 'recorder' }
const { sampleRate } = callFormat

/** Somebody of a kind to whom no agent listens, who hears both from now on. */
const recordingIn = (hub: Loopback): (() => CallRecord['voices']) => {
  const listener = hub.participant({ identity: names.recorder, kind: 'egress' })
  listener.join()
  const ears = { caller: listener.hears(names.caller, sampleRate), agent: listener.hears(names.agent, sampleRate) }
  const voiceOf = (speaker: Speaker) => ({ sampleRate, samples: ears[speaker].samples() })
  return () => ({ caller: voiceOf('caller'), agent: voiceOf('agent') })
}

/** Says everything, and hangs up when the agent has nothing more to say. */
export const phone = async (
  caller: RemoteParticipant,
  room: ChartRoom,
  audio: Int16Array,
  clock: Clock,
  over: AbortSignal,
): Promise<void> => {
  caller.join()
  await caller.publish({ ...callFormat }).speak(audio, over)
  const latest = clock.now() + patienceMs
  let quietSince = clock.now()
  while (!over.aborted && clock.now() < latest && clock.now() - quietSince < quietMs) {
    const { state } = room.actor.getSnapshot().context
    if (state === 'speaking' || state === 'thinking') quietSince = clock.now()
    await sleep(clock, lookInterval, over)
  }
  caller.leave()
}

/** Passes on what the room tells; gives back the error that ended the call, if one did. */
const watched = (room: ChartRoom, book: Book, clock: Clock, screen: Screen): (() => Error | undefined) => {
  let failure: string | undefined
  const zero = clock.now()
  const report = newsroom(zero, news => screen.tell(news))
  room.on(fact => {
    book.note(fact)
    report(fact, clock.now())
    if (fact.type === 'failed' && !fact.restarted) failure = failureOf(fact)
    if (fact.type === 'closed' && fact.reason !== 'failed') failure = undefined // the conversation went on without that part
  })
  return () => (failure === undefined ? undefined : coded('ERR_CALL', `the call broke off: ${failure}`))
}

const converse = async (call: Call, clock: Clock, { screen, log, signal, opened }: CallHands): Promise<Called> => {
  const hub = createLoopback({ clock, ids: seededIds(call.seed), log })
  const events: string[] = []
  const recording = recordingIn(hub)
  const book = recorder(clock.now(), sampleRate)
  const room = await openRoom(hub.world({ identity: names.agent }), {
    mind: call.mind(clock, book.hear),
    journal: line => events.push(JSON.stringify(line)),
    ...(call.recorder ? { recorder: call.recorder } : {}),
  })
  await opened?.(room)
  book.note({ type: 'agent.changed', state: room.actor.getSnapshot().context.state, at: clock.now() })
  const failure = watched(room, book, clock, screen)
  const closed = new AbortController()
  void room.closed.then(() => closed.abort())
  const over = AbortSignal.any([closed.signal, signal])
  const start = clock.now()
  const lengthMs = (call.audio.length * 1000) / sampleRate
  const stopTicking = every(clock, lookInterval, () =>
    screen.progress(clock.now() - start, Math.max(lengthMs, clock.now() - start)),
  )
  try {
    await phone(hub.participant({ identity: names.caller }), room, call.audio, clock, over)
    await room.close()
    signal.throwIfAborted()
    const broken = failure()
    if (broken) throw broken
    await sleep(clock, afterMs, signal)
    return { record: book.record(clock.now() - start, recording()), events }
  } finally {
    stopTicking()
  }
}

/** Makes the call, in virtual time unless it is to be `realtime`. Rejects if it broke off or `signal` aborted. */
export const callOn = (call: Call, hands: CallHands): Promise<Called> => {
  if (call.realtime) return converse(call, realClock(), hands)
  const clock = virtualClock()
  const lengthMs = (call.audio.length * 1000) / sampleRate
  return clock.runUntil(converse(call, clock, hands), lengthMs + 2 * patienceMs)
}
