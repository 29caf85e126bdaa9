/** A machine as data: its states and transitions in words, for whoever draws it elsewhere. */
import type { AnyStateMachine, AnyTransitionDefinition } from 'xstate'
import { type ChartEdge, type ChartNode, type Definition, edgeId } from '../inspector/messages.ts'
import { actionText, guardText, type Node, nodesOf, spokenType, transitionsOf } from './words.ts'

/** The same whether the machine is bound or not; `key` is its id. */
export const definitionOf = (machine: AnyStateMachine): Definition => {
  const nodes = nodesOf(machine.root)
  return { key: machine.id, nodes: nodes.map(chartNode), edges: nodes.flatMap(transitionsOf).flatMap(chartEdge) }
}

/** The id of a transition that was taken; undefined for the one into a machine's or a state's initial state, which is no edge. */
export const edgeOf = (transition: AnyTransitionDefinition): string | undefined => {
  const { source, eventType: descriptor } = transition
  const index = ((descriptor === '' ? source.always : source.transitions.get(descriptor)) ?? []).indexOf(transition)
  return index < 0 ? undefined : edgeId(source.id, descriptor, index)
}

const chartNode = (node: Node): ChartNode => {
  const [initial] = node.type === 'compound' ? (node.initial.target ?? []) : []
  return {
    id: node.id,
    key: node.key,
    parent: node.parent?.id ?? null,
    kind: node.type,
    ...(initial ? { initial: initial.id } : {}),
    ...(node.description === undefined ? {} : { description: node.description.replaceAll(/\s+/g, ' ').trim() }),
    tags: node.tags,
    entry: node.entry.filter(isOwn).map(actionText),
    exit: node.exit.filter(isOwn).map(actionText),
    invoke: node.invoke.map(({ id, src }) => ({ id, src: sourceText(src) })),
  }
}

/** XState begins and ends the delays of a state with actions of its own. */
const isOwn = (action: unknown): boolean => {
  if (typeof action !== 'function') return true
  const { event, sendId }: { event?: unknown; sendId?: unknown } = Object(action)
  const { type }: { type?: unknown } = Object(event)
  return ![type, sendId].some(id => typeof id === 'string' && id.startsWith('xstate.after.'))
}

/** XState names what is written in its place after where it stands. */
const sourceText = (src: unknown): string => {
  const text = typeof src === 'string' ? src : actionText(src)
  return text.startsWith('xstate.invoke.') ? '?' : text
}

const chartEdge = (transition: AnyTransitionDefinition): ChartEdge[] => {
  const { source, eventType: descriptor, guard, target: [first, ...others] = [], reenter } = transition
  const id = edgeOf(transition)
  if (id === undefined) return []
  return [
    {
      id,
      source: source.id,
      ...(first ? { target: first.id } : {}),
      ...(others.length > 0 ? { others: others.map(node => node.id) } : {}),
      descriptor,
      event: descriptor === '' ? '' : spokenType(descriptor),
      ...(guard ? { guard: guardText(guard) } : {}),
      actions: transition.actions.map(actionText),
      ...(reenter ? { reenter } : {}),
    },
  ]
}
