/** A machine in words: what its drawings and the tables of its tests have in common. */
import type { AnyStateMachine, AnyTransitionDefinition } from 'xstate'

export type Node = AnyStateMachine['root']

/** A node and all that is in it, in the order in which it is written. */
export const nodesOf = (node: Node): Node[] => [node, ...Object.values(node.states).flatMap(nodesOf)]
export const transitionsOf = (node: Node): AnyTransitionDefinition[] => [
  ...[...node.transitions.values()].flat(),
  ...(node.always ?? []),
]

/** `done:drain`, `error:drain`, `after:drainTimeout`, `always`, or the event's own type. */
export const shortType = (type: string): string =>
  type === ''
    ? 'always'
    : type
        .replace(/^xstate\.(done|error)\.actor\./, '$1:')
        .replace(/^xstate\.after\.([^.]+)\..*$/, 'after:$1')
        .replace(/^xstate\.done\.state\..*$/, 'done')
        .replace(/^xstate\.snapshot\./, 'snapshot:')

/** The same as a drawing has it: `done drain`. */
export const spokenType = (type: string): string => shortType(type).replace(':', ' ')

export const guardText = (guard: unknown): string => {
  if (typeof guard === 'string') return guard
  if (typeof guard === 'object' && guard && 'type' in guard) return String(guard.type)
  if (typeof guard !== 'function') return '?'
  // XState's not, and, or are functions of that name that carry what they join.
  const parts = 'guards' in guard && Array.isArray(guard.guards) ? guard.guards.map(guardText) : []
  const joined = { not: `!${parts[0]}`, and: parts.join('&'), or: parts.join('|') }[guard.name]
  return joined ?? guard.name
}

/** The name of an action; of one of XState's that is written in its place, which it is: `assign`, `raise`. */
export const actionText = (action: unknown): string => {
  if (typeof action === 'string') return action
  if (typeof action === 'object' && action && 'type' in action) return String(action.type)
  if (typeof action !== 'function') return '?'
  return 'type' in action ? String(action.type).replace(/^xstate\./, '') : action.name || '?'
}
