/** The rows of what the engine itself costs, without a server. */
import { execFile } from 'node:child_process'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { Child } from './child.ts'
import { median } from './figures.ts'
import { limitRow, type Row } from './table.ts'

/** Says what an import costs: ms until it is there, and MB that are resident then. */
const probe = (url: string) =>
  `const start = performance.now(); await import('${url}'); console.log(performance.now() - start, process.memoryUsage.rss() / 2 ** 20); process.exit()`
const imports = 5

const importCost = async (file: string): Promise<{ ms: number; mb: number }> => {
  const args = ['--input-type=module', '--eval', probe(pathToFileURL(file).href)]
  const { stdout } = await promisify(execFile)(process.execPath, args, { env: { ...process.env, NODE_ENV: 'production' } })
  const [ms = Number.NaN, mb = Number.NaN] = stdout.trim().split(' ').map(Number)
  return { ms, mb }
}

/** `bundle`: where the bundles of the bench are; `entry` among them is that of the package. */
export const insideRows = async (wanted: readonly string[], bundle: (name: string) => string): Promise<Row[]> => {
  const rows: Row[] = []
  const child = new Child('inside', bundle('inside'))
  try {
    if (wanted.includes('frames')) {
      const { bare, plain, hear } = await child.ask<{ bare: number; plain: number; hear: number }>('frames')
      rows.push(limitRow('frames', 'five pipe stages, µs a frame', plain - bare, 3, 'µs', 5))
      rows.push({
        ...limitRow('frames', 'track → room.audio (five stages and two queues), µs a frame', hear - bare, 0, 'µs', 5),
        bar: '',
        ok: undefined,
      })
    }
    if (wanted.includes('start'))
      rows.push(limitRow('start', 'room start on the loopback', await child.ask('start'), 3, 'ms', 100))
    if (wanted.includes('minute'))
      rows.push(limitRow('minute', 'a simulated minute of conversation', await child.ask('minute'), 100, 'ms', 5))
  } finally {
    await child.end()
  }
  if (wanted.includes('reply')) {
    const speaker = new Child('reply', bundle('reply'))
    try {
      const delays = await speaker.ask<number[]>('replies')
      const what = "a model's reply, from the service to the device's queue"
      rows.push(limitRow('reply', what, median(delays), 10, 'ms', delays.length))
    } finally {
      await speaker.end()
    }
  }
  if (wanted.includes('import')) {
    const costs = []
    for (let n = 0; n < imports; n++) costs.push(await importCost(bundle('entry/index')))
    rows.push(limitRow('import', 'import of the main entry, time', median(costs.map(({ ms }) => ms)), 100, 'ms', imports))
    rows.push(limitRow('import', 'import of the main entry, resident', median(costs.map(({ mb }) => mb)), 70, 'MB', imports))
  }
  return rows
}
