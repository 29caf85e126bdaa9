/**
 * A scripted server of OpenAI's Realtime protocol. A test reads like a call:
 *
 *   const server = scriptedServer({ clock })
 *   const client = new OpenAIRealtimeWS({ model, options: server.dial }, new OpenAI({ apiKey, baseURL: server.baseURL }))
 *   await server.expect('session.update')
 *   server.answer({ parts: [audio({ ms: 2000, words: 'It is ten past two.' })], pace: 1 })
 *   server.speech({ end: 800, transcript: 'What time is it?' })
 *   server.fault({ late: 'conversation.item.truncated', ms: 300 })
 *   const { audio_end_ms } = await server.expect('conversation.item.truncate', { content_index: 0 }, { within: 2000 })
 *   await server.close()
 */
import type { ClientOptions } from 'ws'
import { realClock } from '../../../src/clock.ts'
import type { Clock } from '../../../src/ports.ts'
import { type Door, exhausted, refusalAt } from './door.ts'
import { type Expectations, expectationsOn } from './expectations.ts'
import { type Fault, faults } from './faults.ts'
import { type Link, linkTo } from './link.ts'
import { type Recording, recordOn } from './record.ts'
import type { Reply } from './replies.ts'
import { type Replying, Session, type Shared } from './session.ts'
import { type Speech, speak, type Turn } from './speech.ts'
import { deferred, timersOn } from './timers.ts'
import { type Ear, type Knock, transportFor } from './transport.ts'
import type { Dialect, Json, Line, Refusal } from './wire.ts'

export type { Fault } from './faults.ts'
export type { Link } from './link.ts'
export type { Entry } from './record.ts'
export { audio, call, type Part, type Reply, text } from './replies.ts'
export type { Replying, Session } from './session.ts'
export { placeOf, samplesIn } from './sound.ts'
export type { Speech, Turn } from './speech.ts'
export type { Refused } from './transport.ts'

/**
 * `key`, `models`: what is let in. `quota`: it is used up, as an answer of HTTP or as an event. `otherwise`: the reply to every turn and
 * every `response.create` for which the script has none; without it the former gets none, the latter an empty one.
 */
export type ServerOptions = {
  clock?: Clock
  dialect?: Dialect
  key?: string
  models?: readonly string[]
  quota?: 'http' | 'event'
  otherwise?: Reply
}
export type ScriptedServer = Pick<Expectations, 'expect' | 'expectAll' | 'ignore' | 'verify'> & {
  /** For `ws` and the `openai` client: how a client in this process gets here, by the port once that is open. */
  readonly dial: ClientOptions
  /** The address to give to a client. It means something to others after `listen` only. */
  readonly baseURL: string
  /** Opens a free port of 127.0.0.1; gives back `baseURL`. */
  listen(): Promise<string>
  /** The same without a socket, for a client of this process that finds its way by itself: so it runs in virtual time. */
  plug(): string
  /** Without any socket; throws why it is not let in. */
  link(knock?: Partial<Knock>): Link
  /** The latest connection; throws if there was none. */
  readonly session: Session
  readonly sessions: readonly Session[]
  /** Resolves with the next connection from now on. */
  connected(): Promise<Session>
  /** The caller speaks. */
  speech(speech?: Speech): Turn
  /** The model speaks, now. */
  reply(reply: Reply): Replying
  /** What the model says next when it is its turn: after the caller's, or when the client asks. */
  answer(...replies: Reply[]): void
  fault(...faults: Fault[]): void
  /** What was to go wrong from now on goes right. */
  calm(): void
  /** The service complains, of nothing that it was asked. */
  error(refusal?: Partial<Refusal>): void
  readonly recording: Recording
  /** What the client said, of one type or all; `atMs` by the server's clock. */
  said(type?: string): (Json & { type: string; atMs: number })[]
  /** The quota is used up, or there again. */
  exhaust(how: Door['quota']): void
  /** Ends all connections and the port, and throws what `verify` does. */
  close(): Promise<void>
}

const knownModels = [
  'gpt-realtime',
  'gpt-realtime-1.5',
  'gpt-realtime-mini',
  'gpt-4o-realtime-preview',
  'gpt-4o-realtime-preview-2024-12-17',
]
/** `evt_1`, `evt_2`, `item_1` … */
const counted = () => {
  const counts = new Map<string, number>()
  return (prefix: string) => {
    const count = (counts.get(prefix) ?? 0) + 1
    counts.set(prefix, count)
    return `${prefix}${count}`
  }
}

/** The connections of one server. */
const receptionOf = (shared: Shared, door: Door) => {
  const sessions: Session[] = []
  let next = deferred<Session>()
  const join = ({ model }: Knock, line: Line): Ear => {
    const session = new Session(shared, line, sessions.length + 1, model)
    const came = next
    next = deferred()
    sessions.push(session)
    if (door.quota !== 'event') session.greet()
    else {
      session.refuse(exhausted)
      session.close(4000, exhausted.code)
    }
    came.resolve(session)
    return { take: text => session.take(text), over: () => session.over() }
  }
  const latest = () => {
    const session = sessions.at(-1)
    if (!session) throw new Error('nobody has connected yet')
    return session
  }
  return { sessions, join, latest, connected: () => next.promise }
}

export const scriptedServer = (options: ServerOptions = {}): ScriptedServer => {
  const { clock = realClock(), dialect = 'ga', key = 'sk-test', models = knownModels, quota, otherwise } = options
  const [timers, recording, trouble] = [timersOn(clock), recordOn(clock), faults()]
  const { heard, ...expectations } = expectationsOn(timers, recording)
  const answers: Reply[] = []
  const nextReply = () => answers.shift() ?? otherwise
  const door: Door = { dialect, key, models, quota }
  const { sessions, join, latest, connected } = receptionOf(
    { dialect, timers, recording, faults: trouble, nextId: counted(), nextReply, heard },
    door,
  )
  const transport = transportFor(knock => refusalAt(door, knock), join)
  return {
    ...expectations,
    dial: transport.dial,
    get baseURL() {
      return transport.baseURL
    },
    listen: transport.listen,
    plug: transport.plug,
    link: given => {
      const knock = { key, model: models[0] ?? '', beta: dialect === 'beta', ...given }
      const refused = refusalAt(door, knock)
      if (refused) throw Object.assign(new Error(refused.message), refused)
      return linkTo(line => join(knock, line))
    },
    get session() {
      return latest()
    },
    sessions,
    connected,
    speech: (speech = {}) => speak(latest(), speech),
    reply: reply => latest().reply(reply),
    answer: (...replies) => void answers.push(...replies),
    fault: (...all) => {
      for (const fault of all)
        if ('slow' in fault) latest().pauseReading(fault.slow)
        else if ('stall' in fault) latest().stall(fault.stall)
        else trouble.add(fault)
    },
    calm: trouble.clear,
    error: refusal =>
      latest().refuse({ type: 'server_error', code: 'server_error', message: 'The service had an error.', ...refusal }),
    recording,
    said: type => saidIn(recording, type),
    exhaust: how => {
      door.quota = how
    },
    close: async () => {
      for (const session of sessions) session.close()
      timers.clear()
      await transport.close()
      expectations.verify()
    },
  }
}
const saidIn = ({ entries }: Recording, wanted?: string) =>
  entries.flatMap(({ from, event, type, atMs }) =>
    from === 'client' && event && (wanted === undefined || type === wanted) ? [{ ...event, type, atMs }] : [],
  )
