/** The charts of machines, each fetched once. */
import type { Chart } from '../../inspector/messages.ts'
import type { Actions } from '../panel.ts'

/** `coming`: it is being fetched. */
export type Fetched = { chart: Chart } | { problem: string } | 'coming'

export type Charts = { of(key: string): Fetched; again(key: string): void }

/** `changed` is called when one has come, or failed. */
export const chartsFrom = (get: Actions['get'], changed: () => void): Charts => {
  const known = new Map<string, Fetched>()
  const fetchOne = async (key: string) => {
    try {
      const response = await get(`charts/${encodeURIComponent(key)}.json`)
      known.set(key, { chart: await response.json() })
    } catch (error) {
      known.set(key, { problem: `The chart of ${key} could not be fetched: ${error instanceof Error ? error.message : error}.` })
    }
    changed()
  }
  const of = (key: string): Fetched => {
    const found = known.get(key)
    if (found) return found
    known.set(key, 'coming')
    void fetchOne(key)
    return 'coming'
  }
  return {
    of,
    again: key => {
      known.delete(key)
      of(key)
      changed()
    },
  }
}
