/** What 1, 4 and 8 sessions in one process cost: ours, the floor and perhaps a peer by turns, each in a fresh process. */
import { Child } from './child.ts'
import { median } from './figures.ts'
import type { Cost } from './load.ts'
import { type Bench, type Each, eachOf, type Kind } from './talk.ts'

export const counts = [1, 4, 8] as const
export type Costs = Record<(typeof counts)[number], Cost>

/** Until the first packets, the codecs and the code are warm, in ms. */
const warmMs = 5_000

/** `rounds` times each count; gives back the medians. What failed is told to `note`, and left out. */
export const costs = async (
  bench: Bench,
  { rounds, ms, note }: { rounds: number; ms: number; note: (line: string) => void },
): Promise<Each<Costs>> => {
  const { kinds } = bench
  const all: { kind: Kind; count: number; cost: Cost }[] = []
  for (let round = 0; round < rounds; round++)
    for (const count of counts)
      for (const kind of round % 2 ? kinds : kinds.toReversed()) {
        bench.say(`${count} session${count > 1 ? 's' : ''}, ${kind}, ${round + 1} of ${rounds}`)
        try {
          all.push({ kind, count, cost: await costOf(bench, kind, count, `load-${count}-${kind}-${round}`, ms) })
        } catch (error) {
          note(`${count} sessions: ${error instanceof Error ? error.message : error}`)
        }
      }
  const of = (kind: Kind, count: number): Cost => {
    const found = all.filter(one => one.kind === kind && one.count === count)
    return { cpu: median(found.map(({ cost }) => cost.cpu)), rss: median(found.map(({ cost }) => cost.rss)) }
  }
  const costsOf = (kind: Kind): Costs => ({ 1: of(kind, 1), 4: of(kind, 4), 8: of(kind, 8) })
  return eachOf(kinds, costsOf)
}

const costOf = async ({ speech, bundle, admit }: Bench, kind: Kind, count: number, room: string, ms: number): Promise<Cost> => {
  const callers = new Child('callers', bundle('callers'))
  const agents = new Child(kind, bundle(`load-${kind}`))
  const ways = (who: string) => Promise.all(Array.from({ length: count }, (_, n) => admit(`${room}-${n}`, who)))
  try {
    await callers.ask('join', { ways: await ways('caller'), speech })
    await agents.ask('join', { ways: await ways('agent'), speech })
    await new Promise(done => setTimeout(done, warmMs))
    return await agents.ask<Cost>('measure', { ms })
  } finally {
    // First those who speak: the callers' leaving would be the end of their rooms.
    await agents.end()
    await callers.end()
  }
}
