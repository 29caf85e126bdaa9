/** How the page calls things. */
import type { Path, StateValue } from '../inspector/messages.ts'
import type { ActorScene } from '../inspector/scene.ts'

/** The last part of a path: `playout:SG_1`. */
export const nameOf = (path: Path): string => path.slice(path.lastIndexOf('/') + 1)

/** `playing`, `online.seeking`, `voice.open + screen.shut`: the states that are active, those that lie in others by their path. */
export const stateText = (value: StateValue | undefined): string => {
  if (value === undefined) return ''
  if (typeof value === 'string') return value
  const texts = Object.entries(value).map(([key, inner]) => {
    const rest = stateText(inner)
    return rest === '' ? key : `${key}.${rest}`
  })
  return texts.join(' + ')
}

/** The ids of the state nodes that are active, the machine's own first. */
export const activeIds = (machine: string, value: StateValue | undefined): string[] => {
  const below = (prefix: string, inner: StateValue): string[] => {
    if (typeof inner === 'string') return inner === '' ? [] : [`${prefix}.${inner}`]
    return Object.entries(inner).flatMap(([key, next]) => [`${prefix}.${key}`, ...below(`${prefix}.${key}`, next)])
  }
  return value === undefined ? [] : [machine, ...below(machine, value)]
}

/** `after 500 ms`, `drain is done`: an event's type as a person reads it. */
export const eventText = (type: string): string => {
  const [, what, whose] = /^xstate\.(done|error|snapshot)\.actor\.(.+)$/.exec(type) ?? []
  if (what && whose) return { done: `done ${whose}`, error: `failed ${whose}`, snapshot: `news of ${whose}` }[what] ?? type
  const [, delay] = /^xstate\.after\.([^.]+)\..+$/.exec(type) ?? []
  if (delay) return /^\d+$/.test(delay) ? `after ${delay} ms` : `after ${delay}`
  const [, state] = /^xstate\.done\.state\.(.+)$/.exec(type) ?? []
  if (state) return `done ${state.slice(state.indexOf('.') + 1)}`
  return type === '' ? 'always' : type === 'xstate.init' ? 'start' : type
}

/** The innermost states alone. */
const leaves = (value: StateValue): string[] => (typeof value === 'string' ? [value] : Object.values(value).flatMap(leaves))
/** The same as its condition, where there is little room. */
export const shortly = ({ status, value }: ActorScene): string => {
  if (status === 'active') return (value === undefined ? '' : leaves(value).join(' + ')) || 'running'
  return status === 'error' ? 'failed' : status
}

/** What became of an actor, or what it is in now, in one or two words. */
export const conditionOf = ({ status, value }: ActorScene): string => {
  const state = stateText(value)
  if (status === 'active') return state || 'running'
  const fate = { done: 'done', error: 'failed', stopped: 'stopped' }[status]
  return state && status !== 'error' ? `${fate} in ${state}` : fate
}

/** The actor that was there first and has no parent: what is selected until somebody selects another. */
export const rootOf = (actors: Record<Path, ActorScene>): Path | null =>
  Object.values(actors).find(({ parent, machine }) => parent === null && machine !== null)?.path ?? null
