/** A tape as a trace in Chrome's format, for https://ui.perfetto.dev: what was heard, what every actor was in, and where the loop stood still. */
import type { RoomFact } from '../facts.ts'
import type { Header, JsonObject, Message, Path, StateValue } from '../inspector/messages.ts'

/** `ts` and `dur` in µs from the first message on. X: a stretch; i: a moment; C: a curve; M: a name. */
export type TraceEvent = {
  ph: 'X' | 'i' | 'C' | 'M'
  name: string
  pid: number
  tid: number
  ts?: number
  dur?: number
  s?: 't'
  args?: JsonObject
}
/** Messages in, in order; what can be said by then out. `end` says the rest. */
export type Trace = { take(message: Message): TraceEvent[]; end(): TraceEvent[] }

/** Two processes: the call as it was heard, and the actors. */
const [CALL, ACTORS] = [1, 2]
const tracks = [
  'caller',
  'caller says',
  'agent',
  'agent heard',
  'agent says',
  'agent state',
  'paused',
  'room',
  'log',
  'event loop',
] as const
type Track = (typeof tracks)[number]
/** A word whose end nobody knows is shown for so long at most, in ms. */
const wordMs = 400

type Open = { name: string; since: number; args?: JsonObject }

/** `linked.subscribed`; of parallel states all: `voice.open + text.shut`. */
export const stateText = (value: StateValue): string => {
  if (typeof value === 'string') return value
  const parts = Object.entries(value).map(([key, inner]) => {
    const below = stateText(inner as StateValue) // as XState has it: a text, or states in it
    return below === '' ? key : `${key}.${below}`
  })
  return parts.join(' + ')
}

export const traceOf = (header: Pick<Header, 'room' | 'identity' | 'sampleRate'>): Trace => {
  const trace = new Tracing(header.sampleRate)
  return { take: message => trace.take(message), end: () => trace.end(header) }
}

/** Tracks for actors: those of a kind come one after another in one, since a call has hundreds. */
class Lanes {
  /** In the order in which they were needed. */
  readonly names: string[] = []
  readonly #taken = new Map<Path, number>()
  readonly #free = new Map<string, number[]>()

  of(path: Path): number {
    const known = this.#taken.get(path)
    if (known !== undefined) return known
    const kind = kindOf(path)
    const tid = this.#free.get(kind)?.shift() ?? this.names.push(kind)
    this.#taken.set(path, tid)
    return tid
  }
  /** For what comes to somebody who is not there (any more): where one of their kind is, or was. */
  near(path: Path): number {
    const kind = kindOf(path)
    return this.#taken.get(path) ?? (this.names.indexOf(kind) + 1 || this.names.push(kind))
  }
  free(path: Path): void {
    const tid = this.#taken.get(path)
    if (tid === undefined) return
    this.#taken.delete(path)
    this.#free.set(kindOf(path), [...(this.#free.get(kindOf(path)) ?? []), tid])
  }
}
/** `room/playout` for `room/playout:SG_1`. */
const kindOf = (path: Path): string => path.replaceAll(/:[^/]+/g, '')

class Tracing {
  readonly #sampleRate: number
  readonly #actors = new Lanes()
  /** What goes on in a track, by `pid tid`. */
  readonly #open = new Map<string, Open>()
  readonly #utterances = new Map<string, number>()
  #zero: number | undefined
  #at = 0
  /** Up to here it is known to have stood still. */
  #stalled = Number.NEGATIVE_INFINITY
  #out: TraceEvent[] = []

  constructor(sampleRate: number) {
    this.#sampleRate = sampleRate
  }

  take(message: Message): TraceEvent[] {
    this.#zero ??= message.at
    this.#at = Math.max(this.#at, message.at)
    this.#note(message)
    return this.#given()
  }
  end({ room, identity }: Pick<Header, 'room' | 'identity'>): TraceEvent[] {
    for (const key of [...this.#open.keys()]) {
      const [pid = 0, tid = 0] = key.split(' ').map(Number)
      this.#close(pid, tid, this.#at)
    }
    for (const [id, since] of this.#utterances) this.#stretch(CALL, tidOf('agent'), id, since, this.#at)
    this.#name('process_name', CALL, 0, `${room || 'a call'} as ${identity || 'nobody'}`)
    this.#name('process_name', ACTORS, 0, 'actors')
    for (const track of tracks) this.#name('thread_name', CALL, tidOf(track), track)
    for (const [n, name] of this.#actors.names.entries()) this.#name('thread_name', ACTORS, n + 1, name)
    return this.#given()
  }

  #note(message: Message): void {
    const { at } = message
    if (message.type === 'started') this.#begin(message)
    else if (message.type === 'ended') this.#finish(message)
    else if (message.type === 'event') this.#moment(ACTORS, this.#actors.near(message.to), message.event.type, at, told(message))
    else if (message.type === 'step') this.#step(message)
    else if (message.type === 'fact') this.#fact(message.fact, at)
    else if (message.type === 'log')
      this.#moment(CALL, tidOf('log'), `${message.level} ${message.code}`, at, { ...message.fields })
    else if (message.type === 'sound') this.#sound(message)
    else if (message.type === 'stall') this.#stall(Math.max(this.#stalled, at - message.ms), at)
    else if (message.type === 'gap')
      this.#moment(CALL, tidOf('event loop'), `${message.count} messages missing`, at, { why: message.why })
  }

  #begin({ path, src, value, restarts, at, input }: Extract<Message, { type: 'started' }>): void {
    const args = { path, restarts, ...(input === undefined ? {} : { input }) }
    this.#turn(ACTORS, this.#actors.of(path), value === undefined ? src : stateText(value), at, args)
  }
  #finish({ path, status, error, at }: Extract<Message, { type: 'ended' }>): void {
    const tid = this.#actors.of(path)
    this.#close(ACTORS, tid, at)
    this.#moment(ACTORS, tid, status, at, { path, ...(error === undefined ? {} : { error }) })
    this.#actors.free(path)
  }
  #step({ path, value, taken, actions, at }: Extract<Message, { type: 'step' }>): void {
    if (value === undefined) return
    this.#turn(ACTORS, this.#actors.of(path), stateText(value), at, { path, taken: taken.map(({ edge }) => edge), actions })
  }
  /** One point of the curve for each piece: finer is in the recording itself. */
  #sound({ of, peaks, samples, sampleRate, at }: Extract<Message, { type: 'sound' }>): void {
    if (of !== 'caller') return
    const since = at - (samples * 1000) / sampleRate
    const loud = peaks.reduce((most, peak) => Math.max(most, peak), 0)
    this.#out.push({ ph: 'C', name: 'caller', pid: CALL, tid: tidOf('caller'), ts: this.#ts(since), args: { loudness: loud } })
  }

  #stall(from: number, to: number): void {
    if (to > from) this.#stretch(CALL, tidOf('event loop'), 'stall', from, to)
    this.#stalled = Math.max(this.#stalled, to)
  }

  #fact(fact: RoomFact, at: number): void {
    if (fact.type === 'agent.changed') this.#turn(CALL, tidOf('agent state'), fact.state, fact.at)
    else if (fact.type === 'utterance.started') this.#utterances.set(fact.id, fact.at)
    else if (fact.type === 'utterance.ended') this.#ended(fact)
    else if (fact.type === 'utterance.progressed') {
      const end = fact.startedAt + (fact.duration * 1000) / this.#sampleRate
      this.#stretch(CALL, tidOf('agent heard'), 'heard', fact.startedAt, end, { id: fact.id, offset: fact.offset })
    } else if (fact.type === 'words.shown') this.#words(fact)
    else if (fact.type === 'paused') this.#turn(CALL, tidOf('paused'), 'paused', fact.at)
    else if (fact.type === 'resumed') this.#close(CALL, tidOf('paused'), fact.at)
    else {
      const { type, ...rest } = fact
      this.#moment(CALL, tidOf('room'), type, at, rest)
    }
  }
  #ended({ played, at }: Extract<RoomFact, { type: 'utterance.ended' }>): void {
    const since = this.#utterances.get(played.id)
    this.#utterances.delete(played.id)
    const { id, outcome, pushed, heard, discarded, spoken } = played
    const name = outcome === 'finished' ? id : `${id} ${outcome}`
    this.#stretch(CALL, tidOf('agent'), name, since ?? at, at, {
      ...{ outcome, pushed, heard, discarded },
      ...(spoken === undefined ? {} : { spoken }),
    })
  }
  #words({ speaker, text, id, final, at }: Extract<RoomFact, { type: 'words.shown' }>): void {
    if (text.trim() === '') return
    this.#turn(CALL, tidOf(speaker === 'agent' ? 'agent says' : 'caller says'), text.trim(), at, { id, final })
  }

  /** What went on in a track is over, and this begins. */
  #turn(pid: number, tid: number, name: string, at: number, args?: JsonObject): void {
    this.#close(pid, tid, at)
    this.#open.set(`${pid} ${tid}`, { name, since: at, ...(args ? { args } : {}) })
  }
  #close(pid: number, tid: number, at: number): void {
    const open = this.#open.get(`${pid} ${tid}`)
    if (!open) return
    this.#open.delete(`${pid} ${tid}`)
    const isWord = pid === CALL && [tidOf('agent says'), tidOf('caller says')].includes(tid)
    this.#stretch(pid, tid, open.name, open.since, isWord ? Math.min(at, open.since + wordMs) : at, open.args)
  }
  #stretch(pid: number, tid: number, name: string, from: number, to: number, args?: JsonObject): void {
    const ts = this.#ts(from)
    this.#out.push({ ph: 'X', name, pid, tid, ts, dur: Math.max(0, this.#ts(to) - ts), ...(args ? { args } : {}) })
  }
  #moment(pid: number, tid: number, name: string, at: number, args: JsonObject): void {
    this.#out.push({ ph: 'i', s: 't', name, pid, tid, ts: this.#ts(at), args })
  }
  #name(what: string, pid: number, tid: number, name: string): void {
    this.#out.push({ ph: 'M', name: what, pid, tid, args: { name } })
    if (what === 'thread_name') this.#out.push({ ph: 'M', name: 'thread_sort_index', pid, tid, args: { sort_index: tid } })
  }
  #ts(at: number): number {
    return Math.max(0, Math.round((at - (this.#zero ?? 0)) * 1000))
  }
  #given(): TraceEvent[] {
    const out = this.#out
    this.#out = []
    return out
  }
}

const tidOf = (track: Track): number => tracks.indexOf(track) + 1
const told = ({ from, event, dead }: Extract<Message, { type: 'event' }>): JsonObject => {
  const { type: _, ...payload } = event
  return { from: from ?? 'outside', ...payload, ...(dead ? { dead } : {}) }
}
