/** What the owner of a room and its mind asked of it, asked again. */
import type { JournalLine } from '../lines.ts'
import type { Saying, Utterance } from '../mind.ts'
import type { ChartRoom } from '../room.ts'
import type { Telling } from '../telling.ts'
import { errorOf } from './inputs.ts'
import type { Outside } from './outside.ts'

/** What was asked with it, as its line has it: each question has some of these. */
type Value = {
  id: string
  text: string
  final: boolean
  audio: boolean
  change: 'started' | 'ended'
  identity: string
  attached: boolean
  /** A sense, a stream or the number of a call. */
  of: never
  reader: number
  what: string
  reason: string
  actor: string
  output: unknown
  value: unknown
  error: JournalLine['error']
  failed: boolean
  made: boolean
}
type Asks = Record<string, (value: Value) => unknown>

/** What can be asked of this room, by name. */
export const ownerOf = (room: ChartRoom, outside: Outside): Asks => ({
  ...commands(room),
  ...speech(room, outside),
  ...readings(room),
  ...actors(room, outside),
  pull: ({ of, what }) => {
    const source = outside.source(of)
    void (what === 'next' ? source?.next() : source?.return?.())?.catch(() => {}) // the world then was told
  },
})
/** Asks it; what was refused then is refused again, and changes nothing. */
export const ask = (owner: Asks | undefined, name: string, value: unknown): void => {
  try {
    owner?.[name]?.((value ?? {}) as Value)
  } catch {} // whoever asked was told
}

const commands = (room: ChartRoom): Asks => ({
  show: ({ text }) => room.show(text),
  pause: () => room.pause(),
  resume: () => room.resume(),
  interrupt: ({ id }) => room.interrupt(id),
  heard: ({ text, final, id }) => room.heard(text, final, id),
  speech: ({ change }) => room.speech(change),
  setParticipant: ({ identity }) => room.setParticipant(identity),
  setAttached: ({ attached, of }) => room.setAttached(attached, of),
  nextId: () => room.nextId(),
  send: event => room.actor.send(event as never),
  close: ({ reason }) => void room.close(reason),
})
const speech = (room: ChartRoom, outside: Outside): Asks => {
  const utterances = new Map<string, Utterance>()
  const tellings = new Map<string, Telling>()
  const say = ({ audio, text, ...rest }: Value) => {
    const saying = { ...rest, audio: audio ? outside.items() : undefined, ...(text === undefined ? {} : { text: undefined }) }
    const utterance = room.say({ ...saying, ...(text ? { text: outside.items() } : {}) } as Saying)
    utterances.set(utterance.id, utterance)
  }
  return {
    say,
    tell: ({ id }) => {
      const telling = room.tell(id)
      tellings.set(telling.id, telling)
    },
    'telling.put': ({ id, text }) => tellings.get(id)?.put(text),
    'telling.end': ({ id }) => tellings.get(id)?.end(),
    'utterance.heard': ({ id }) => utterances.get(id)?.heard,
    'utterance.interrupt': ({ id }) => utterances.get(id)?.interrupt(),
  }
}
const readings = (room: ChartRoom): Asks => {
  const readers = new Map<number, AsyncIterator<unknown>>()
  const next = ({ reader }: Value) => {
    const step = readers.get(reader)?.next()
    step?.catch(() => {}) // the reader then was told
  }
  return {
    read: ({ of, reader }) => readers.set(reader, (Reflect.get(room, of) as ChartRoom['audio'])[Symbol.asyncIterator]()),
    next,
    return: ({ reader }) => void readers.get(reader)?.return?.(),
  }
}
const actors = (room: ChartRoom, outside: Outside): Asks => ({
  spawn: ({ made, ...options }) => {
    const logic = outside.puppets.logic(`guest:${options.id}`)
    const make = () => {
      outside.call(`guest:${options.id}.given`, [])
      return logic
    }
    room.spawn(made ? make : logic, options as never)
  },
  ended: given => {
    const { actor, output, value, failed, error, made } = given
    if (failed) outside.puppets.end(actor, { type: 'puppet.failed', error: errorOf({ error, value }) }, made)
    else outside.puppets.end(actor, { type: 'puppet.done', output }, made)
  },
})
