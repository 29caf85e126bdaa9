/** The inputs of a recording, as the engine gets them again. */
import { coded } from '../errors.ts'
import { hashOf, inputsVersion, isObject, type JournalLine, kinds } from '../lines.ts'

/** The bytes of a place in `media.bin`; undefined where they are not there. */
export type Media = (offset: number, length: number) => Uint8Array | undefined

/** What the first line says of the room. */
export type Beginning = {
  version: number
  settings: object
  attended: { session?: boolean; patient?: boolean; late?: boolean }
  epochMs: number
  mind?: { kind: 'object' | 'logic'; attending?: string }
  textInput?: { asked: boolean; callback: boolean }
  textOutput?: { nextInChain: boolean }
  deleteRoom: boolean
  packets: boolean
  noise?: 'selector' | 'processor' | { options: object }
}
/** `whole`: its last line is a whole one, so that nothing is known to be missing. */
export type Inputs = { beginning: Beginning; at: number; lines: JournalLine[]; whole: boolean }

const unusable = (why: string) => coded('ERR_NOT_REPLAYABLE', why)

/** Of each line one JSON object; the last may be cut off. Throws ERR_NOT_REPLAYABLE, in one line, for what cannot be replayed. */
export const inputsOf = (text: string): Inputs => {
  const rows = text.split('\n')
  const cut = rows.pop() !== ''
  const all = rows.map(lineOf)
  const [first, ...lines] = all
  if (first?.kind !== 'begin')
    throw unusable('the inputs do not begin at the beginning of the call: record the room from its start, with { recorder }')
  const beginning = first.value as Beginning
  if (!(beginning.version <= inputsVersion))
    throw unusable(
      `the inputs have version ${beginning.version}, this Chartroom knows ${inputsVersion}: replay them with a newer Chartroom`,
    )
  checkOrder(lines)
  // What a mind has of its own, a replay does without.
  return { beginning, at: first.at, lines: lines.filter(({ side }) => side === undefined), whole: !cut }
}
const damaged = (index: number, why: string) => unusable(`line ${index + 1} of the inputs ${why}: the file is damaged`)
const lineOf = (row: string, index: number): JournalLine => {
  try {
    const line: unknown = JSON.parse(row)
    if (isLine(line)) return line
  } catch {} // it is told below
  throw damaged(index, 'is no input')
}
const isAmount = (value: unknown) => typeof value === 'number' && value >= 0
const isLine = (line: unknown): line is JournalLine => {
  if (!isObject(line)) return false
  const { kind, name, n, at, of = 0, args = [] } = line as Record<string, unknown>
  if (!kinds.includes(kind as JournalLine['kind']) || typeof name !== 'string') return false
  return [n, at, of].every(isAmount) && Array.isArray(args)
}
/** Each input has the next number, and none comes before another in time. */
const checkOrder = (lines: JournalLine[]): void => {
  let [last, lastAt] = [0, 0]
  for (const [index, { kind, n, at }] of lines.entries()) {
    const expected = kind === 'called' ? last : last + 1
    if (n !== expected) throw damaged(index + 1, `has the number ${n}, it should be ${expected}`)
    if (at < lastAt) throw damaged(index + 1, 'is older than the one before')
    ;[last, lastAt] = [n, at]
  }
}

const views = { Int16Array, Uint8Array, Int8Array, Uint16Array, Int32Array, Uint32Array, Float32Array, Float64Array }
/** A value as it was. Throws ERR_NOT_REPLAYABLE where its bytes are not there. */
export const revived = (value: unknown, media: Media): unknown => {
  if (Array.isArray(value)) return value.map(one => revived(one, media))
  if (!isObject(value)) return value
  if (isBytes(value)) return bytesOf(value, media)
  if ('thrown' in value) return errorOf({ error: value.thrown as JournalLine['error'] })
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, revived(member, media)]))
}
type Bytes = { bytes: number; hash: string; media?: [number, number]; as?: string }
const isBytes = (value: object): value is Bytes => 'bytes' in value && 'hash' in value
const bytesOf = ({ bytes, hash, media: place, as = 'Uint8Array' }: Bytes, media: Media): ArrayBufferView => {
  const kept = place ? media(place[0], place[1]) : new Uint8Array(bytes) // of pictures only how many there were
  if (kept?.byteLength !== bytes) throw unusable(`${bytes} bytes are missing from media.bin: the recording is not whole`)
  if (place && hashOf(kept) !== hash) throw unusable(`media.bin has other bytes at ${place[0]} than came in: the file is damaged`)
  const Kind = views[as as keyof typeof views] ?? Uint8Array
  return new Kind(new Uint8Array(kept).buffer) // a copy: where its bytes begin in the file is no place for samples
}

/** What was thrown, as far as the engine looks at it. */
export const errorOf = ({ error, value }: { error?: JournalLine['error'] | undefined; value?: unknown }): unknown => {
  if (!error) return value
  const { name, message, code } = error
  const revived = new Error(message)
  Object.defineProperty(revived, 'name', { value: name })
  return code === undefined ? revived : Object.assign(revived, { code })
}
