/** What a machine did in a step: which transitions it took, and what they had it do, in names. */
import type { AnyMachineSnapshot, AnyTransitionDefinition, StateValue as Value } from 'xstate'
import { edgeOf } from '../charts/definition.ts'
import { actionText, type Node } from '../charts/words.ts'
import type { Change, StateValue, Taken } from './messages.ts'
import { plain } from './plain.ts'

/** `alone`: the list of it and nothing else, which most steps have: they share it. */
type Known = { alone: Taken[]; names: string[]; domain: Node | undefined }
const transitions = new WeakMap<AnyTransitionDefinition, Known>()

/** XState's own are no news: what they do is seen in the context, and in the events that follow. */
const isOurs = (action: unknown): boolean =>
  !(typeof action === 'function' && 'type' in action) && actionText(action) !== '?' && isNamed(actionText(action))
export const isNamed = (type: string): boolean => !type.startsWith('xstate.')
const namesOf = (actions: readonly unknown[]) => actions.filter(isOurs).map(actionText)

const named = { entry: new WeakMap<Node, string[]>(), exit: new WeakMap<Node, string[]>() }
const atNode = (node: Node, when: 'entry' | 'exit'): string[] => {
  const names = named[when].get(node) ?? namesOf(node[when])
  named[when].set(node, names)
  return names
}

const isBelow = (node: Node, above: Node): boolean => {
  for (let one = node.parent; one; one = one.parent) if (one === above) return true
  return false
}
/** The state that stays active while everything below it is left, as SCXML has it; undefined if nothing is left at all. */
const domainOf = ({ source, target, reenter }: AnyTransitionDefinition): Node | undefined => {
  if (!target?.length) return undefined
  if (!reenter && target.every(node => node === source || isBelow(node, source))) return source
  for (let above = source.parent; above; above = above.parent) {
    const common: Node = above
    if (target.every(node => isBelow(node, common))) return common
  }
  return source.machine.root
}
const known = (transition: AnyTransitionDefinition): Known => {
  const before = transitions.get(transition)
  if (before) return before
  const edge = edgeOf(transition)
  const { source, target = [], actions } = transition
  const alone = edge === undefined ? [] : [{ edge, source: source.id, targets: target.map(({ id }) => id) }]
  const found = { alone, names: namesOf(actions), domain: domainOf(transition) }
  transitions.set(transition, found)
  return found
}

const joined = <T>(one: T[], other: T[]): T[] => (one.length === 0 ? other : other.length === 0 ? one : [...one, ...other])
/** Adds what a microstep from the nodes `before` to those `after` did. */
export const note = (
  step: { taken: Taken[]; declared: string[] },
  took: readonly AnyTransitionDefinition[],
  before: readonly Node[],
  after: readonly Node[],
): void => {
  for (const transition of took) {
    const { alone, names, domain } = known(transition)
    step.taken = joined(step.taken, alone)
    step.declared = joined(step.declared, domain ? along(domain, names, before, after) : names)
  }
}
/** Out of the states below `domain`, and into others. */
const along = (domain: Node, names: string[], before: readonly Node[], after: readonly Node[]): string[] => {
  const all: string[] = []
  for (const node of before.toReversed()) if (isBelow(node, domain)) all.push(...atNode(node, 'exit'))
  all.push(...names)
  for (const node of after) if (isBelow(node, domain)) all.push(...atNode(node, 'entry'))
  return all
}

const keyOf = (value: Value): string => (typeof value === 'string' ? value : JSON.stringify(value))
export const differs = (one: Value, other: Value): boolean => one !== other && keyOf(one) !== keyOf(other)
export const stateOf = (value: Value | undefined): StateValue => {
  if (typeof value !== 'object') return value ?? ''
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, stateOf(inner)]))
}
/** What of the context is another than before, key by key: what changes within one and the same object is not seen. */
export const changeOf = (before: unknown, after: unknown): Change | undefined => {
  const [old, now] = [contextOf(before), contextOf(after)]
  if (old === now) return undefined
  const change: Change = { set: {} }
  let some = false
  for (const key in now) {
    if (now[key] === old[key]) continue
    const value = plain(now[key])
    if (value === undefined) lose(change, key, old)
    else change.set[key] = value
    some = true
  }
  for (const key in old) {
    if (key in now) continue
    lose(change, key, old)
    some = true
  }
  return some ? change : undefined
}
const lose = (change: Change, key: string, old: Record<string, unknown>) => {
  if (plain(old[key]) === undefined) return
  change.gone ??= []
  change.gone.push(key)
}
const none: Record<string, unknown> = {}
const contextOf = (snapshot: unknown): Record<string, unknown> => {
  const context: unknown = typeof snapshot === 'object' && snapshot !== null && 'context' in snapshot ? snapshot.context : none
  return isRecord(context) ? context : none
}
const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null
const enabled = new WeakMap<object, Map<string, string[]>>()
/** What a machine would take as it is, whatever its guards say: descriptors, those of the innermost states first. */
export const enabledIn = ({ machine, value, _nodes: nodes }: AnyMachineSnapshot): string[] => {
  const byValue = enabled.get(machine) ?? new Map<string, string[]>()
  enabled.set(machine, byValue)
  const key = keyOf(value)
  const found = byValue.get(key) ?? [...new Set(nodes.toReversed().flatMap(node => [...node.transitions.keys()]))].filter(Boolean)
  byValue.set(key, found)
  return found
}
