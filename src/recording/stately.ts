/** Messages as Stately's inspector wants them (`@statelyai/inspect` 0.7), so that its viewer can show a room. */
import { configOf } from '../charts/config.ts'
import type { Definition, Header, Json, JsonObject, Message, Path } from '../inspector/messages.ts'
import { apply, emptyScene, type Scene } from '../inspector/scene.ts'

/** Of the protocol: https://github.com/statelyai/inspect, src/types.ts. */
const version = '0.7.2'

/** `createdAt`: ms since 1970, as text. Actors are known by their path. */
type Base = { _version: string; id: null; createdAt: string; rootId: string; sessionId: Path }
type Snapshot = {
  status: 'active' | 'done' | 'error' | 'stopped'
  value?: Json
  context?: JsonObject
  output?: Json
  error?: string
}
type AnyEvent = JsonObject & { type: string }
export type StatelyMessage =
  | (Base & { type: '@xstate.actor'; name: string; parentId?: Path; definition: string; snapshot: Snapshot })
  | (Base & { type: '@xstate.event'; sourceId?: Path; event: AnyEvent })
  | (Base & { type: '@xstate.snapshot'; event: AnyEvent; snapshot: Snapshot })

/** Events that a step may still name as its cause; then the oldest go. */
const REMEMBERED = 1_000

/** Takes the messages of one tape, in order from the first on, and gives what Stately's viewer is sent for each: none, or one. */
export const statelyMessages = ({ startedAt }: Pick<Header, 'startedAt'>): ((message: Message) => StatelyMessage[]) => {
  const zero = startedAt === undefined ? 0 : Date.parse(startedAt)
  const scene = emptyScene()
  const events = new Map<number, AnyEvent>()
  const machines = new Map<string, string>()
  const baseOf = (path: Path, at: number): Base => ({
    ...{ _version: version, id: null, createdAt: String(Math.round(zero + at)) },
    ...{ rootId: path.split('/', 1)[0] ?? path, sessionId: path },
  })
  return message => {
    apply(scene, message)
    if (message.type === 'machine') {
      machines.set(message.definition.key, configIn(message.definition))
      return []
    }
    if (message.type === 'event') {
      const { to, from, event, at, seq } = message
      events.set(seq, event)
      for (const oldest of events.keys()) if (events.size > REMEMBERED) events.delete(oldest)
      return [{ type: '@xstate.event', ...baseOf(to, at), ...(from === null ? {} : { sourceId: from }), event }]
    }
    if (message.type === 'started') {
      const { path, parent, machine, src, at } = message
      const definition = (machine === null ? undefined : machines.get(machine)) ?? JSON.stringify({ id: src })
      const snapshot = snapshotOf(scene, path)
      const about = {
        name: path.split('/').at(-1) ?? path,
        definition,
        snapshot,
        ...(parent === null ? {} : { parentId: parent }),
      }
      return [{ type: '@xstate.actor', ...baseOf(path, at), ...about }]
    }
    if (message.type !== 'step' && message.type !== 'ended') return []
    const { path, at } = message
    const event = (message.type === 'step' ? events.get(message.cause) : undefined) ?? { type: 'xstate.stop' }
    const end = message.type === 'ended' && message.output !== undefined ? { output: message.output } : {}
    return [{ type: '@xstate.snapshot', ...baseOf(path, at), event, snapshot: { ...snapshotOf(scene, path), ...end } }]
  }
}

/** Whatever a tape says: of a machine that makes no sense its viewer shows the name. */
const configIn = (definition: Definition): string => {
  try {
    return JSON.stringify(configOf(definition))
  } catch {
    return JSON.stringify({ id: definition.key })
  }
}
const snapshotOf = ({ actors }: Scene, path: Path): Snapshot => {
  const { status = 'active', value, context, error } = actors[path] ?? {}
  return {
    status,
    ...(value === undefined ? {} : { value }),
    ...(context === undefined ? {} : { context }),
    ...(error === undefined ? {} : { error }),
  }
}
