/** The charts of Chartroom's own machines, which are laid out when they are changed: `npm run draw`. */
import { readFile } from 'node:fs/promises'
import type { Chart } from '../inspector/messages.ts'
import type { Way } from './graph.ts'

/** By the hash of the definition. */
export type Shipped = Record<string, { way: Way; chart: Chart }>

/** Of this package: this file is bundled into one that lies directly in dist/. Real I/O. */
export const shipped = async (): Promise<Shipped> =>
  JSON.parse(await readFile(new URL('../assets/charts.json', import.meta.url), 'utf8'))
