/** `chartroom join`: the agent in a room of a LiveKit server, until the room ends or somebody stops it. */
import type { MindLogic } from '../agent.ts'
import { realClock } from '../clock.ts'
import { createOpus } from '../codec/opus.ts'
import { coded } from '../errors.ts'
import type { RoomFact } from '../facts.ts'
import type { Served } from '../inspector/server.ts'
import { livekit, shutdown, tokenFor } from '../livekit/index.ts'
import type { Mind } from '../mind.ts'
import type { Clock } from '../ports.ts'
import { type ChartRoom, openRoom } from '../room.ts'
import { callFormat } from './caller.ts'
import { type Kept, keeping } from './keep.ts'
import { mindFor } from './minds.ts'
import { failureOf, newsroom } from './news.ts'
import type { JoinOptions } from './options.ts'
import type { Screen } from './screen.ts'
import { shownAside } from './shown.ts'
import { stageFor } from './stage.ts'
import { every } from './tick.ts'

type Visit = { screen: Screen; clock: Clock; signal: AbortSignal; arrived: () => void }

const tokenOf = async ({ access, room = '', identity }: JoinOptions): Promise<string> =>
  'token' in access ? access.token : tokenFor({ apiKey: access.key, apiSecret: access.secret, room, identity })

/** Why a room closes, for people. */
const endings: Record<string, string> = {
  stopped: 'left the room',
  'mind.ended': 'the agent is done, and has left',
  participant_disconnected: 'the agent has left too',
  'room.disconnected': 'the connection to the room has ended',
}

/** The same mind, which begins when there is somebody to talk to; an actor waits by itself. */
const waiting = (mind: Mind | MindLogic, somebody: Promise<void>): Mind | MindLogic => {
  if (typeof mind === 'function') return mind
  const start: Mind['start'] = async (conversation, signal) => {
    await unlessAborted(somebody, signal).catch(() => undefined) // whoever ended it knows
    if (!signal.aborted) await mind.start(conversation, signal)
  }
  return { ...(mind.attending && { attending: mind.attending }), start }
}

/** Resolves when the room has closed; closes it if `signal` aborts. Rejects if a failure ended it. */
const stay = async (room: ChartRoom, { screen, clock, signal, arrived }: Visit): Promise<void> => {
  const zero = clock.now()
  const report = newsroom(zero, news => screen.tell(news))
  let failure = 'no reason was given'
  const note = (fact: RoomFact) => {
    report(fact, clock.now())
    if (fact.type === 'linked') arrived()
    if (fact.type === 'failed' && !fact.restarted) failure = failureOf(fact)
  }
  room.on(note)
  // What was told while the room opened, nobody heard.
  const { state } = room.actor.getSnapshot().context
  note({ type: 'agent.changed', state, at: zero })
  if (room.linkedParticipant !== undefined) note({ type: 'linked', identity: room.linkedParticipant, at: zero })
  const leave = () => void room.close('stopped')
  signal.addEventListener('abort', leave, { once: true })
  if (signal.aborted) leave()
  const stopTicking = every(clock, 1000, () => screen.progress(clock.now() - zero))
  const reason = await room.closed
  stopTicking()
  signal.removeEventListener('abort', leave)
  if (reason === 'failed') throw coded('ERR_CALL', `the conversation broke off: ${failure}`)
  screen.tell({ type: 'remark', text: endings[reason] ?? `the room has closed (${reason})`, at: clock.now() - zero })
}

/** Joins, and stays. Rejects with one clear line; either way the process can end by itself afterwards. */
export const join = async (options: JoinOptions, assets: URL, signal: AbortSignal): Promise<void> => {
  const { url } = options
  const { screen, log } = stageFor(options)
  const clock = realClock()
  const opus = createOpus({ clock, sampleRate: callFormat.sampleRate })
  let kept: Kept | undefined
  let served: Served | undefined
  let arrived = () => {}
  const somebody = new Promise<void>(resolve => {
    arrived = resolve
  })
  try {
    const mind = await mindFor({ ...options, assets, opus, log, signal })
    const world = livekit({ url, token: await tokenOf(options), clock, log, opus })
    kept = await keeping(options.record)
    const opening = openRoom(world, { mind: waiting(mind(), somebody), ...(kept ? { recorder: kept.recorder } : {}) })
    const room = await unlessAborted(opening, signal)
    if (options.inspect) served = await shownAside(room, options.inspect, { screen, quiet: options.quiet })
    screen.tell({ type: 'remark', text: `in the room "${room.name}" as ${room.identity}, waiting for a caller`, at: 0 })
    await stay(room, { screen, clock, signal, arrived })
  } finally {
    kept?.recorder.close()
    if (kept) screen.tell({ type: 'remark', text: `recorded in ${kept.folder}` })
    screen.close()
    await served?.close()
    await shutdown()
  }
}

/** The value of `work`; rejects as soon as `signal` aborts. */
const unlessAborted = <T>(work: Promise<T>, signal: AbortSignal): Promise<T> =>
  new Promise((resolve, reject) => {
    const leave = () => reject(signal.reason)
    if (signal.aborted) leave()
    signal.addEventListener('abort', leave, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave))
  })
