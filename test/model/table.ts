/** Every transition of a machine as text, to be written out in its test. */
import type { AnyStateMachine, AnyTransitionDefinition } from 'xstate'
import { guardText, type Node, nodesOf, shortType, transitionsOf } from '../../src/charts/words.ts'

const nameOf = (node: Node) => node.path.join('.')

/** `resume[isEnded]→flushing`; `↻` re-enters, `→·` only acts, `→-` ignores on purpose. */
const textOf = ({ eventType, guard, target, actions, reenter }: AnyTransitionDefinition) => {
  const where = target?.map(nameOf).join('+') || (actions.length > 0 ? '·' : '-')
  return `${shortType(String(eventType))}${guard ? `[${guardText(guard)}]` : ''}${reenter ? '↻' : '→'}${where}`
}
/** A transition with the state it leaves, as a walk names it. */
export const taken = (definition: AnyTransitionDefinition) => `${nameOf(definition.source)} ${textOf(definition)}`.trim()

/**
 * The whole transition table, one string a state, nested states by their path, the machine itself under `''`.
 * Throws if a machine that can end has transitions at its root, since they stay enabled in its final states.
 */
export const table = (machine: AnyStateMachine): Record<string, string> => {
  const { root } = machine
  if (root.config.on && Object.values(root.states).some(({ type }) => type === 'final'))
    throw new Error(`${machine.id} can end, so it must not have "on" at its root: it stays enabled in final states`)
  const lineOf = (node: Node) => {
    const kind = node.type === 'final' || node.type === 'parallel' ? [node.type] : []
    const start = node.type === 'compound' ? (node.initial.target ?? []).map(target => `→${nameOf(target)}`) : []
    return [...kind, ...start, ...transitionsOf(node).map(textOf)].join(' ')
  }
  return Object.fromEntries(nodesOf(root).map(node => [nameOf(node), lineOf(node)]))
}

/** `participant.*` and `*` hear more than one type. */
const hears = (descriptors: string[], type: string) =>
  descriptors.some(descriptor => descriptor === type || (descriptor.endsWith('*') && type.startsWith(descriptor.slice(0, -1))))

/** Which of the machine's events (all that it names anywhere, or `events`) each state that is not final has no transition for. */
export const ignored = (machine: AnyStateMachine, events?: readonly string[]): Record<string, string> => {
  const nodes = nodesOf(machine.root)
  const types =
    events ??
    [...new Set(nodes.flatMap(node => [...node.transitions.keys()]))].filter(
      type => !type.startsWith('xstate.') && !type.includes('*'),
    )
  /** Who hears an event while `node` is active: itself, what it is in, and what is active beside it. */
  const hearers = (node: Node): Node[] => {
    const { parent } = node
    if (!parent) return [node]
    const beside = parent.type === 'parallel' ? Object.values(parent.states).filter(other => other !== node) : []
    return [node, ...beside.flatMap(nodesOf), ...hearers(parent)]
  }
  const lines = nodes
    .filter(({ type }) => type === 'atomic')
    .map(node => {
      const heard = hearers(node)
      return [
        nameOf(node),
        types.filter(type => !heard.some(({ transitions }) => hears([...transitions.keys()], type))).join(' '),
      ] as const
    })
  return Object.fromEntries(lines.filter(([, line]) => line !== ''))
}
