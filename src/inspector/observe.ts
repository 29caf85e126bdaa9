/** The one observer of an actor system, at little cost. */
import type { AnyActorRef, InspectionEvent } from 'xstate'

type System = AnyActorRef['system']
type See = (news: InspectionEvent) => void
const source = '_sendInspectionEvent'
/** Who stands at a system's source. */
const standing = new WeakMap<System, { all: Set<See>; original: unknown }>()

/**
 * Tells all that XState's inspection has, without its copies: those cost three times as much as all that is made of them here. Other
 * observers are told as ever. Where XState has no such source any more, it is an observer like others. Ends by the returned function.
 */
export const observe = (system: System, see: See): (() => void) => {
  const place = standing.get(system) ?? stand(system)
  if (!place) {
    const observer = system.inspect({ next: see })
    return () => observer.unsubscribe()
  }
  place.all.add(see)
  return () => {
    place.all.delete(see)
    if (place.all.size > 0 || standing.get(system) !== place) return
    standing.delete(system)
    Reflect.set(system, source, place.original)
  }
}

const stand = (system: System) => {
  const original: unknown = Reflect.get(system, source)
  if (typeof original !== 'function') return undefined
  const place = { all: new Set<See>(), original }
  standing.set(system, place)
  Reflect.set(system, source, (news: InspectionEvent) => {
    for (const see of place.all) see(news)
    original(news)
  })
  return place
}
