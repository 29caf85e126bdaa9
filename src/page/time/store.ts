/** The rows of what is kept, for every panel that shows some: folded once. */

import { addTo, emptyLog, emptyNames, type Log, type Names, noteKind, noteNames } from '../../inspector/rows.ts'
import type { Actions, View } from '../panel.ts'
import { newsOf } from './news.ts'

export type Store = {
  log: Log
  names: Names
  /** Becomes another number when it begins anew. */
  generation: number
  /** Becomes another number with every message. */
  version: number
  take(view: View): void
}

const makeStore = (): Store => {
  const news = newsOf()
  const store: Store = {
    ...{ log: emptyLog(), names: emptyNames(), generation: 0, version: 0 },
    take: ({ messages, scene }) => {
      const { fresh, anew } = news(messages)
      if (anew) {
        store.log = emptyLog()
        for (const { path, machine } of Object.values(scene.actors)) noteKind(store.log, path, machine)
        store.generation++
      }
      for (const message of fresh) {
        addTo(store.log, message)
        noteNames(store.names, message, store.log)
      }
      if (anew || fresh.length > 0) store.version++
    },
  }
  return store
}

const stores = new WeakMap<Actions, Store>()
/** The store of a page. */
export const storeOf = (actions: Actions): Store => {
  const store = stores.get(actions) ?? makeStore()
  stores.set(actions, store)
  return store
}
