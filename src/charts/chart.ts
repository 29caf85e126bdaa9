/** The chart of any machine: of ours as they are shipped, of others as elk draws them, once for each. */
import { createHash } from 'node:crypto'
import { coded } from '../errors.ts'
import type { Chart, Definition } from '../inspector/messages.ts'
import type { Shipped } from './shipped.ts'

/** The same for the same machine in every process. */
export const hashOf = (definition: Definition): string =>
  createHash('sha256').update(JSON.stringify(definition)).digest('hex').slice(0, 16)

/** So many charts are kept, the last ones; a process knows few machines, and what a stranger's recording has is unknown. */
const KEPT = 100
const charts = new Map<string, Promise<Chart>>()
let ours: Promise<Shipped> | undefined

/** What has more is nobody's machine: its drawing would be as big as a house. */
const MOST = { nodes: 500, edges: 2_000 }
/** Of more transitions than these no two drawings are compared: that takes this thread, and some 100 ms. */
const COMPARED = 150

/** Takes as long as elk does for a machine that is not ours: up to some seconds for a big one. Rejects if elk cannot draw it. */
export const chartFor = (definition: Definition): Promise<Chart> => {
  const hash = hashOf(definition)
  const known = charts.get(hash) ?? drawn(definition, hash)
  charts.delete(hash)
  charts.set(hash, known)
  for (const [oldest] of charts) if (charts.size > KEPT) charts.delete(oldest)
  return known
}

const drawn = async (definition: Definition, hash: string): Promise<Chart> => {
  ours ??= import('./shipped.ts').then(({ shipped }) => shipped())
  const chart = (await ours)[hash]?.chart
  if (chart) return chart
  const { key, nodes, edges } = definition
  if (nodes.length > MOST.nodes || edges.length > MOST.edges)
    throw coded('ERR_CHART', `${key} is too big to be drawn: ${nodes.length} states, ${edges.length} transitions`)
  const [{ layoutOf }, { quick }] = await Promise.all([import('./layout.ts'), import('./best.ts')])
  return (await layoutOf(definition, edges.length > COMPARED ? quick.slice(0, 1) : quick)).chart
}
