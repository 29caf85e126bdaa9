/** The lines of the event log: what happened to whom, and what it led to. */
import type { RoomFact } from '../facts.ts'
import type { Json, JsonObject, Message, Path, StateValue, StepMessage } from './messages.ts'

export type RowKind = 'event' | 'fact' | 'log' | 'actor' | 'trouble'
export const rowKinds: readonly RowKind[] = ['event', 'fact', 'log', 'actor', 'trouble']
export type Row = {
  seq: number
  at: number
  kind: RowKind
  /** Who took it; '' where it is the room's or the process's. */
  actor: Path
  from: Path | null
  /** The event's type, the fact's, a log's code. */
  name: string
  /** Its payload in short. */
  about: string
  /** What it led to. */
  led: string
  /** Of an actor that is no machine: a promise, a callback. */
  minor?: true
  mark?: 'dead' | 'ignored' | 'failed' | 'warned' | 'gap'
  message: Message
  steps: StepMessage[]
}

/** How much of a payload stands in its row; all of it is seen when it is opened. */
const aboutLength = 160
const quoted = (value: Json): string => (typeof value === 'string' ? value : JSON.stringify(value))

/** `id: SG_1, heard: 840`. */
export const inShort = (value: { [key: string]: unknown }): string => {
  let text = ''
  for (const [key, one] of Object.entries(value)) {
    if (key === 'type' || key === 'at' || one === undefined || (key === 'actorId' && one === null)) continue
    text += `${text === '' ? '' : ', '}${key}: ${quoted(one as Json)}`
    if (text.length > aboutLength) return `${text.slice(0, aboutLength)}…`
  }
  return text
}

/** `playing`, `voice.open, ear.closed`. */
export const stateText = (value: StateValue): string =>
  typeof value === 'string'
    ? value
    : Object.entries(value)
        .map(([key, inner]) =>
          typeof inner === 'object' && Object.keys(inner).length === 0 ? key : `${key}.${stateText(inner)}`,
        )
        .join(', ')

/** `playout.voice.open` → `voice.open`; the root is its machine. */
export const stateName = (id: string): string => id.slice(id.indexOf('.') + 1)
/** `room/playout:SG_0af0554c2e` → `playout:SG_0af055`: the last name, with the first digits of an id. */
export const shortPath = (path: Path): string => path.slice(path.lastIndexOf('/') + 1).replace(/(SG_[0-9a-f]{6})[0-9a-f]+/g, '$1')

/** As a chart has it: `done drain`, `error drain`, `after drainTimeout`. */
export const eventName = (type: string): string => {
  const [, kind, of = ''] = /^xstate\.(done|error)\.actor\.(.*)$/.exec(type) ?? []
  if (kind !== undefined) return `${kind} ${shortPath(of)}`
  const [, delay] = /^xstate\.after\.([^.]*)/.exec(type) ?? []
  return delay === undefined ? type.replace(/^xstate\./, '') : `after ${delay}`
}

/** In words: `120 messages were left out: the page was too slow`. */
export const gapText = (count: number, why: string): string =>
  `${count} ${count === 1 ? 'message was' : 'messages were'} left out: ${why}`

/** `idle → playing`, of all transitions of a step. */
export const ledText = ({ taken, actions }: StepMessage): string => {
  if (taken.length === 0) return 'ignored'
  const moves = taken.map(({ source, targets }) =>
    targets.length === 0 ? '' : `${stateName(source)} → ${targets.map(stateName).join(', ')}`,
  )
  const moved = moves.filter(text => text !== '').join('; ')
  return moved !== '' ? moved : actions.length > 0 ? actions.slice(0, 3).join(', ') : 'stays'
}

const factActor = (fact: RoomFact): Path =>
  'id' in fact ? fact.id : fact.type === 'utterance.ended' ? fact.played.id : fact.type === 'failed' ? fact.actor : ''
/** What the row does not say already. */
const factAbout = (fact: RoomFact): string => {
  if (fact.type === 'words.shown') return `${fact.speaker}: ${fact.text.trim()}`
  if (fact.type === 'chat.received') return `${fact.identity}: ${fact.text}`
  if (fact.type === 'utterance.ended') return inShort({ ...fact.played, id: undefined })
  return inShort({ ...fact, id: undefined, actor: undefined })
}
const failures = ['failed', 'frame.failed', 'captions.lost', 'input.dropped']

/** XState says again who is done, which the name does. */
const withoutActor = (event: JsonObject & { type: string }): JsonObject =>
  event.type.startsWith('xstate.') ? { ...event, actorId: null } : event

type Plain = Omit<Row, 'seq' | 'at' | 'message' | 'steps'>
const plain = (kind: RowKind, name: string, about: string, more: Partial<Plain> = {}): Plain => ({
  ...{ kind, name, about, actor: '', from: null, led: '' },
  ...more,
})

/** What a message says in a row of its own; undefined for what is no row. */
const plainOf = (message: Message): Plain | undefined => {
  if (message.type === 'event') {
    const { to: actor, from, event, dead } = message
    return plain('event', eventName(event.type), inShort(withoutActor(event)), {
      actor,
      from,
      ...(dead && { mark: 'dead', led: 'nobody was there' }),
    })
  }
  if (message.type === 'fact') {
    const { fact } = message
    const bad = failures.includes(fact.type) || (fact.type === 'closed' && fact.error !== undefined)
    return plain('fact', fact.type, factAbout(fact), { actor: factActor(fact), ...(bad && { mark: 'failed' }) })
  }
  if (message.type === 'log') {
    const { level, code, fields = {} } = message
    const bad = level === 'error' ? 'failed' : level === 'warn' ? 'warned' : undefined
    return plain('log', code, inShort(fields), bad && { mark: bad })
  }
  if (message.type === 'started') {
    const { path: actor, src, restarts, value } = message
    const again = restarts > 0 ? `restart ${restarts}` : ''
    return plain('actor', 'started', again === '' ? src : `${src}, ${again}`, {
      actor,
      led: value === undefined ? '' : stateText(value),
    })
  }
  if (message.type === 'ended') {
    const { path: actor, status, error, output } = message
    const about = error ?? (output === undefined ? '' : inShort({ output }))
    return plain('actor', status === 'error' ? 'failed' : status, about, { actor, ...(status === 'error' && { mark: 'failed' }) })
  }
  if (message.type === 'stall')
    return plain('trouble', 'stall', `the process stood still for ${Math.round(message.ms)} ms`, { mark: 'warned' })
  return message.type === 'gap' ? plain('trouble', 'gap', gapText(message.count, message.why), { mark: 'gap' }) : undefined
}

/**
 * The rows of a tape, to which messages are added. `causes`: the rows of events, which their steps are joined to. `minors`: actors that
 * are no machines.
 */
export type Log = { rows: Row[]; causes: Map<number, Row>; minors: Set<Path>; most: number; forgotten: number }
/** Of so many actors it is remembered that they are no machines. */
const mostMinors = 5000
/** `most` rows are kept; it slides. */
export const emptyLog = (most = 100_000): Log => ({ rows: [], causes: new Map(), minors: new Set(), most, forgotten: 0 })

/** A step whose event is not there any more has a row of its own. */
const noteStep = (log: Log, step: StepMessage): Row => {
  const row =
    log.causes.get(step.cause) ??
    add(log, step, plain('event', step.cause === 0 ? 'started' : '(an earlier event)', '', { actor: step.path }))
  row.steps.push(step)
  const led = row.steps
    .map(ledText)
    .filter(text => text !== 'ignored')
    .join('; ')
  row.led = led === '' ? 'ignored' : led
  if (led === '') row.mark ??= 'ignored'
  else if (row.mark === 'ignored') delete row.mark
  return row
}

const add = (log: Log, message: Message, one: Plain): Row => {
  const row: Row = { seq: message.seq, at: message.at, ...one, message, steps: [] }
  if (log.minors.has(one.actor)) row.minor = true
  log.rows.push(row)
  if (message.type === 'event') log.causes.set(message.seq, row)
  if (log.rows.length > log.most * 1.1) forget(log, log.most)
  return row
}

/** Paths come again: a promise of this name may be a machine later. */
export const noteKind = ({ minors }: Log, path: Path, machine: string | null): void => {
  if (machine === null) minors.add(path)
  else minors.delete(path)
  const [oldest] = minors
  if (minors.size > mostMinors && oldest !== undefined) minors.delete(oldest)
}

/** Gives back the oldest rows but for so many, which no step is joined to any more. */
export const forget = (log: Log, most: number): Row[] => {
  const gone = log.rows.splice(0, log.rows.length - most)
  for (const { seq } of gone) log.causes.delete(seq)
  log.forgotten += gone.length
  return gone
}

/** Whom events were for, and what they are called, in the order in which they came. */
export type Names = { actors: Set<Path>; events: Set<string> }
/** A choice of more than so many is of no use. */
const mostNames = 300
export const emptyNames = (): Names => ({ actors: new Set(), events: new Set() })
const addName = (names: Set<string>, name: string): void => {
  if (name !== '' && names.size < mostNames) names.add(name)
}
/** `log`: to which the message was added. */
export const noteNames = ({ actors, events }: Names, message: Message, { minors }: Log): void => {
  if (message.type === 'started' && message.machine !== null) addName(actors, message.path)
  if (message.type === 'event') {
    if (!minors.has(message.to)) addName(actors, message.to)
    addName(events, eventName(message.event.type))
  } else if (message.type === 'fact') addName(events, message.fact.type)
}

/** Gives back the row that says it, if one does. */
export const addTo = (log: Log, message: Message): Row | undefined => {
  if (message.type === 'started') noteKind(log, message.path, message.machine)
  if (message.type === 'step') return noteStep(log, message)
  const one = plainOf(message)
  return one && add(log, message, one)
}
