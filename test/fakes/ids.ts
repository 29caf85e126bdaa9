/** Ids that count: the same in every run. */
import type { Ids } from '../../src/ports.ts'

export const countingIds = (): Ids => {
  let count = 0
  return { next: prefix => `${prefix}${(++count).toString(16).padStart(12, '0')}` }
}
