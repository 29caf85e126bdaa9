/** Whether a line is a message: a file may hold anything, and nothing of it may surprise whoever folds it. */
import type { ChartNode, EndedMessage, Header, Message } from '../inspector/messages.ts'
import type { AgentState } from '../mind.ts'

type Check = (value: unknown) => boolean

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const shaped = (shape: Record<string, Check>): Check => {
  const checks = Object.entries(shape) // once: an hour has a hundred thousand lines
  return value => {
    if (!isObject(value)) return false
    for (const [key, check] of checks) if (!check(value[key])) return false
    return true
  }
}
const maybe =
  (check: Check): Check =>
  value =>
    value === undefined || check(value)
const orNull =
  (check: Check): Check =>
  value =>
    value === null || check(value)

const text: Check = value => typeof value === 'string'
const oneOf =
  <T extends string>(...known: T[]): Check =>
  value =>
    known.some(one => one === value)
const listOf =
  (check: Check): Check =>
  value =>
    Array.isArray(value) && value.every(check)
const amount: Check = value => typeof value === 'number' && Number.isFinite(value) && value >= 0
const above: Check = value => amount(value) && value !== 0
/** So that no slip of a digit fills the memory of whoever places sound in time. */
const upTo =
  (most: number): Check =>
  value =>
    above(value) && Number(value) <= most
const texts = listOf(text)
/** It becomes a key of the scene, and must find nothing there that every object has. */
const path: Check = value => text(value) && !(String(value) in {})
const typed = shaped({ type: text })
const transition = shaped({ edge: text, source: text, targets: texts })
const taken = listOf(transition)
/** Of states in states: so many levels of them at most. */
const stateIn =
  (levels: number): Check =>
  value =>
    text(value) || (levels > 0 && isObject(value) && Object.values(value).every(stateIn(levels - 1)))
const state = stateIn(32)
const change = shaped({ set: isObject, gone: maybe(texts) })
const peaks = listOf(amount)
const media: Check = value => Array.isArray(value) && value.length === 2 && value.every(amount)
const place: Check = value => text(value) && /^(?:caller$|utterance:)/.test(String(value))

const kind = oneOf<ChartNode['kind']>('atomic', 'compound', 'parallel', 'final', 'history')
const inside = { tags: texts, entry: texts, exit: texts, invoke: listOf(shaped({ id: text, src: text })) }
const node = shaped({
  id: text,
  key: text,
  parent: orNull(text),
  kind,
  initial: maybe(text),
  description: maybe(text),
  ...inside,
})
const ends = { source: text, target: maybe(text), others: maybe(texts) }
const edge = shaped({ id: text, ...ends, descriptor: text, event: text, guard: maybe(text), actions: texts })
const definition = shaped({ key: text, nodes: listOf(node), edges: listOf(edge) })

const agentState = oneOf<AgentState>('initializing', 'idle', 'listening', 'thinking', 'speaking')
const words = { id: text, speaker: oneOf('agent', 'caller'), text, at: amount, startMs: maybe(amount), endMs: maybe(amount) }
const tally = { pushed: amount, heard: amount, discarded: amount }
const played = shaped({ id: text, outcome: text, ...tally, spoken: maybe(text), error: maybe(text) })
/** Facts of a kind that is not among these are only passed on. */
const facts = new Map([
  ['agent.changed', shaped({ state: agentState, at: amount })],
  ['linked', shaped({ identity: text, at: amount })],
  ['unlinked', shaped({ identity: text, at: amount })],
  ['hung.up', shaped({ identity: text, reason: text, at: amount })],
  ['utterance.started', shaped({ id: text, at: amount })],
  ['utterance.progressed', shaped({ id: text, startedAt: amount, offset: amount, duration: amount })],
  ['utterance.ended', shaped({ played, at: amount })],
  ['paused', shaped({ at: amount })],
  ['resumed', shaped({ at: amount })],
  ['words.shown', shaped(words)],
  ['chat.received', shaped({ identity: text, text, at: amount })],
  ['input.dropped', shaped({ samples: amount })],
  ['frame.failed', shaped({ id: text, error: text })],
  ['failed', shaped({ actor: text, error: text })],
  ['closed', shaped({ reason: text, at: amount, error: maybe(text) })],
])
const named = shaped({ type: text, id: maybe(text) })
const isFact: Check = value => named(value) && isObject(value) && (facts.get(String(value.type))?.(value) ?? true)

const actor = { path, parent: orNull(path), machine: orNull(text), src: text, restarts: amount }
const sound = { of: place, offset: amount, samples: upTo(100_000_000), sampleRate: upTo(768_000), stepMs: upTo(10_000) }
const messages = new Map([
  ['machine', shaped({ definition })],
  ['started', shaped({ ...actor, value: maybe(state), context: maybe(isObject), next: maybe(texts) })],
  ['ended', shaped({ path, status: oneOf<EndedMessage['status']>('done', 'error', 'stopped'), error: maybe(text) })],
  ['event', shaped({ from: orNull(path), to: path, event: typed })],
  [
    'step',
    shaped({ path, cause: amount, taken, actions: texts, value: maybe(state), context: maybe(change), next: maybe(texts) }),
  ],
  ['fact', shaped({ fact: isFact })],
  ['log', shaped({ level: text, code: text, fields: maybe(isObject) })],
  ['sound', shaped({ ...sound, peaks, media: maybe(media) })],
  ['stall', shaped({ ms: amount })],
  ['gap', shaped({ count: amount, why: text })],
])

/** A kind of message that we do not know is a message too, of a newer Chartroom. */
const stamped = shaped({ type: text, seq: above, at: amount })
const isMessage = (value: unknown): value is Message =>
  stamped(value) && isObject(value) && (messages.get(String(value.type))?.(value) ?? true)
const head = shaped({ version: above, product: text, room: text, identity: text, sampleRate: upTo(768_000) })
const isHeader = (value: unknown): value is Header => isObject(value) && value.type === 'tape' && head(value)

const parsed = (line: string): unknown => {
  try {
    return JSON.parse(line)
  } catch {
    return undefined // a broken line; whoever asked counts it
  }
}

export const messageIn = (line: string): Message | undefined => {
  const value = parsed(line)
  return isMessage(value) ? value : undefined
}
/** `version` of whatever calls itself a tape; undefined for what does not. */
export const versionIn = (line: string): { version: number; product: string } | undefined => {
  const value = parsed(line)
  return isObject(value) && value.type === 'tape' && typeof value.version === 'number'
    ? { version: value.version, product: String(value.product) }
    : undefined
}
export const headerIn = (line: string): Header | undefined => {
  const value = parsed(line)
  return isHeader(value) ? value : undefined
}
