/** A difference, in words. */
import { isObject, type JournalLine } from '../lines.ts'
import type { Departure } from './script.ts'
import { type Difference, sameAs, type Told } from './told.ts'

/** So much of a value is shown in a sentence, and of a message as it is. */
const [LONGEST, WHOLE] = [160, 600]
const short = (value: unknown, longest = LONGEST): string => {
  const text = typeof value === 'string' ? `'${value}'` : (JSON.stringify(value) ?? 'nothing')
  return text.length <= longest ? text : `${text.slice(0, longest)}…`
}
const typeIn = (value: unknown): string => (isObject(value) && 'type' in value ? String(value.type) : '')

/** What came in. `timerMs`: what a timer was set to. */
export const inputText = ({ kind, name, value }: JournalLine, timerMs?: number): string => {
  if (kind === 'timer') return `the timer ${name}${timerMs === undefined ? '' : ` of ${Math.round(timerMs)} ms`}`
  if (kind === 'settled') return `the answer to ${name}`
  if (kind === 'failed') return `the failure of ${name}`
  if (kind === 'item') return `a piece of ${name}`
  if (kind === 'end') return `the end of ${name}`
  if (kind === 'told') return `${typeIn(value) || 'something'} told by ${name}`
  if (kind === 'asked') return `${name} asked of the room`
  return kind === 'id' ? `the id ${String(value)}` : `a look at ${name}`
}
/** Where in the call. */
export const placeText = (n: number, at: number, input: string): string =>
  n === 0 ? 'before the first input' : `after input ${n} (${input}) at ${(at / 1000).toFixed(3)} s`

/** What a machine did, as it is said of it. */
const didText = (told: Told): string => {
  if (told.type === 'started') return `${told.path} is started`
  if (told.type === 'ended')
    return `${told.path} ends${told.status === 'done' ? '' : ` as ${told.status}`}${told.error ? `: ${told.error}` : ''}`
  if (told.type === 'event') return `${told.to} gets ${told.event.type} ${short(told.event)}`
  if (told.type === 'fact') return `the fact ${short(told.fact)} is told`
  if (told.value !== undefined) return `${told.path} goes to ${short(told.value)}`
  return told.taken.length > 0
    ? `${told.path} takes ${told.taken.map(({ edge }) => edge).join(', ')}`
    : `${told.path} takes nothing`
}

/** Of two that should be one: what each of them says where they differ. */
const contrast = (recorded: unknown, replayed: unknown, path = ''): [where: string, recorded: unknown, replayed: unknown] => {
  if (!isObject(recorded) || !isObject(replayed)) return [path, recorded, replayed]
  for (const key of new Set([...Object.keys(recorded), ...Object.keys(replayed)])) {
    const [one, other] = [Reflect.get(recorded, key), Reflect.get(replayed, key)]
    if (!sameAs(one, other)) return contrast(one, other, path ? `${path}.${key}` : key)
  }
  return [path, recorded, replayed]
}
const nameOf = (told: Told): string => {
  if (told.type === 'event') return `event ${told.event.type} to ${told.to}`
  return told.type === 'fact' ? `fact ${told.fact.type}` : `${told.type} ${told.path}`
}

/** What the recording has, and what the replay has in its place. */
export const differenceText = ({ recorded, replayed }: Difference): string => {
  if (!recorded || !replayed) return `${didText((recorded ?? replayed) as Told)} in the recording, and not in the replay`
  if (nameOf(recorded) !== nameOf(replayed)) return `${didText(recorded)} in the recording, ${didText(replayed)} in the replay`
  if (recorded.type === 'step' && replayed.type === 'step' && !sameAs(recorded.value, replayed.value)) {
    const to = (told: typeof recorded) => (told.value === undefined ? 'nowhere' : `to ${short(told.value)}`)
    return `${recorded.path} goes ${to(recorded)} in the recording, ${to(replayed)} in the replay`
  }
  const [where, one, other] = contrast(recorded, replayed)
  return `of the ${nameOf(recorded)} the ${where} is ${short(one)} in the recording, ${short(other)} in the replay`
}
/** What the recording has next, and what the replay does instead. */
export const departureText = ({ expected, does }: Departure): string => {
  if (!expected) return `the replay ${does}, and the recording is over`
  const next = expected.kind === 'called' || (expected.kind === 'read' && expected.of !== undefined)
  const args = (expected.args ?? []).map(arg => short(arg)).join(',')
  const recorded = next ? `the room calls ${expected.name}(${args})` : `${inputText(expected)} is next`
  return `${recorded} in the recording; the replay ${does}`
}
/** The few lines before, and both that differ. */
export const around = ({ before, recorded, replayed }: Difference): string[] => [
  ...before.map(told => `    ${didText(told)}`),
  ...(recorded ? [`  - recording: ${short(recorded, WHOLE)}`] : []),
  ...(replayed ? [`  + replay:    ${short(replayed, WHOLE)}`] : []),
]
