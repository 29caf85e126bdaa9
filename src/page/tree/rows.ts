/** The rows of the actor tree: who is shown, how deep, in which order. */
import type { Path } from '../../inspector/messages.ts'
import type { ActorScene, Scene } from '../../inspector/scene.ts'

/** `ended`: a row that stands for so many actors that are over. */
export type Row =
  | { kind: 'actor'; key: string; actor: ActorScene; level: number; open?: boolean }
  | { kind: 'ended'; key: string; parent: Path | null; level: number; count: number; open: boolean }

/** So many machines that are over are shown of each parent without being asked for. */
const SHOWN = 2

/** Who is there before who is over; among those that are over the newest first, and what failed always. */
export const rowsOf = ({ actors }: Scene, isOpen: (key: string, usual: boolean) => boolean): Row[] => {
  const children = new Map<Path | null, ActorScene[]>()
  for (const actor of Object.values(actors)) {
    const parent = actor.parent !== null && actors[actor.parent] ? actor.parent : null
    children.set(parent, [...(children.get(parent) ?? []), actor])
  }
  const below = (parent: Path | null, level: number): Row[] => {
    const all = children.get(parent) ?? []
    const over = all.filter(({ status }) => status !== 'active').sort((one, other) => (other.endedAt ?? 0) - (one.endedAt ?? 0))
    const known = over.filter(({ machine }) => machine !== null).slice(0, SHOWN)
    const hidden = over.filter(actor => !known.includes(actor) && actor.status !== 'error')
    const rest = hidden.length === 1 ? [] : hidden // a row for one is as long as that one
    const shown = over.filter(actor => !rest.includes(actor))
    const key = `ended:${parent ?? ''}`
    const open = isOpen(key, false)
    return [
      ...all.filter(({ status }) => status === 'active').flatMap(actor => rowOf(actor, level)),
      ...shown.flatMap(actor => rowOf(actor, level)),
      ...(rest.length > 0 ? [{ kind: 'ended', key, parent, level, count: rest.length, open } as const] : []),
      ...(open ? rest.flatMap(actor => rowOf(actor, level)) : []),
    ]
  }
  const rowOf = (actor: ActorScene, level: number): Row[] => {
    const { path, status } = actor
    if (!children.has(path)) return [{ kind: 'actor', key: path, actor, level }]
    const open = isOpen(path, status === 'active')
    return [{ kind: 'actor', key: path, actor, level, open }, ...(open ? below(path, level + 1) : [])]
  }
  return below(null, 1)
}
