/** What may go wrong at a service, on request (FAKE-8). Plain data: a chaos can draw it by lot and print it. */

/**
 * Types are those of events of today, whatever the dialect. Of the server: `late` by `ms`; `never`; `broken` is no JSON; `twice`; `swap`
 * changes places with the next one; `unknown` sends an event before it that nobody knows. `cut` closes the socket when an event of either
 * side is due, with a `code`: 1006, if not given, without a farewell. Of the client: `refuse` answers a command with an error, and does
 * nothing. Of responses: `endless` never ends; `straggle` sends so many deltas after its end; `inText` says its audio as text. `slow`: for
 * so many ms nothing is read. `stall`: for so many ms nothing is said; what it would be comes then.
 */
export type Fault = { times?: number; skip?: number } & (
  | { late: string; ms: number }
  | { never: string }
  | { broken: string }
  | { twice: string }
  | { swap: string }
  | { unknown: string; event?: object }
  | { cut: string; code?: number; reason?: string }
  | { refuse: string; code?: string; message?: string }
  | { endless: true }
  | { straggle: number }
  | { inText: true }
  | { slow: number }
  | { stall: number }
)
type Kind = 'late' | 'never' | 'broken' | 'twice' | 'swap' | 'unknown' | 'cut' | 'refuse' | 'endless' | 'straggle' | 'inText'
type Of<K extends Kind> = Extract<Fault, { [key in K]: unknown }>

export type Faults = {
  add(fault: Fault): void
  clear(): void
  take<K extends Kind>(kind: K, type?: string): Of<K> | undefined
  readonly waiting: Fault[]
}

type Waiting = { fault: Fault; times: number; skip: number }
const isOf = <K extends Kind>(fault: Fault, kind: K): fault is Of<K> => kind in fault

/** Each fault strikes `times` times (once), after the first `skip` chances for it went by. */
export const faults = (): Faults => {
  const all: Waiting[] = []
  return {
    get waiting() {
      return all.map(({ fault }) => fault)
    },
    add: fault => void all.push({ fault, times: fault.times ?? 1, skip: fault.skip ?? 0 }),
    clear: () => {
      all.length = 0
    },
    take: (kind, type) => {
      for (const one of all) {
        const { fault } = one
        if (!isOf(fault, kind) || (type !== undefined && Object(fault)[kind] !== type)) continue
        if (one.skip-- > 0) continue
        if (--one.times <= 0) all.splice(all.indexOf(one), 1)
        return fault
      }
      return undefined
    },
  }
}
