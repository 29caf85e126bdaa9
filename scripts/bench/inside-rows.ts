/** The rows of what the engine itself costs, without a server. */
import { execFile } from 'node:child_process'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { Child } from './child.ts'
import { median } from './figures.ts'
import type { Hour } from './hour.ts'
import type { LookingCost } from './looking.ts'
import type { MixingAsked } from './mixing.ts'
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

/** A recording of an hour. */
const hourRows = async (file: string): Promise<Row[]> => {
  const child = new Child('hour', file)
  try {
    const { openMs, momentMs, spanMs, soundMs } = await child.ask<Hour>('hour')
    return [
      limitRow('recording', 'an hour opens', openMs, 2_000, 'ms', 5),
      limitRow('recording', 'a moment of it, 95th percentile', momentMs.p95, 20, 'ms', 300),
      limitRow('recording', 'all of its lanes', spanMs, 100, 'ms', 1),
      limitRow('recording', 'a second of both voices', soundMs, 100, 'ms', 1),
    ]
  } finally {
    await child.end()
  }
}
const lookingRows = ({ off, probe, recording }: LookingCost): Row[] => [
  { ...limitRow('looking', 'an event of the actors, nobody looks on', off, 0, 'µs', 9), bar: '', ok: undefined },
  limitRow('looking', 'what an inspector adds to it', probe, 5, 'µs', 9),
  { ...limitRow('looking', 'what a recording adds to it, written to the disk', recording, 0, 'µs', 9), bar: '', ok: undefined },
]
const pageRows = async (bundle: (name: string) => string): Promise<Row[]> => {
  const page = new Child('page', bundle('page'))
  try {
    const { there, back } = await page.ask<{ there: number[]; back: number[] }>('trips')
    const idle = await page.ask<number>('idle')
    return [
      limitRow(
        'page',
        "a page's microphone, from the socket to the agent (its frames are 50 ms)",
        median(there),
        100,
        'ms',
        there.length,
      ),
      limitRow('page', 'the agent, from `say` to the socket of the page', median(back), 60, 'ms', back.length),
      limitRow('page', 'a call of a page in which nobody speaks, % of a core', 100 * idle, 10, '%', 1),
    ]
  } finally {
    await page.end()
  }
}
/** So long each kind of mixing is measured, in ms, and so often, ours and rtc-node's in turn. */
const mixingMs = 3_000
const mixingRounds = 3
const mixingRows = async (file: string): Promise<Row[]> => {
  const share = async (blockMs: number, plain: boolean) => {
    const child = new Child('mixing', file)
    try {
      return 100 * (await child.ask<number>('mixing', { ms: mixingMs, plain, blockMs } satisfies MixingAsked))
    } finally {
      await child.end()
    }
  }
  const rows: Row[] = []
  for (const blockMs of [100, 10]) {
    const [plain, ours]: [number[], number[]] = [[], []]
    for (let round = 0; round < mixingRounds; round++) {
      plain.push(await share(blockMs, true))
      ours.push(await share(blockMs, false))
    }
    const what = `32 streams mixed to blocks of ${blockMs} ms, % of a core`
    rows.push({ ...limitRow('mixing', what, median(ours), 5, '%', mixingRounds), floor: `${median(plain).toFixed(2)} %` })
  }
  return rows
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
    if (wanted.includes('looking')) rows.push(...lookingRows(await child.ask<LookingCost>('looking')))
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
  if (wanted.includes('recording')) rows.push(...(await hourRows(bundle('hour'))))
  if (wanted.includes('page')) rows.push(...(await pageRows(bundle)))
  if (wanted.includes('mixing')) rows.push(...(await mixingRows(bundle('mixing'))))
  if (wanted.includes('import')) {
    const costs = []
    for (let n = 0; n < imports; n++) costs.push(await importCost(bundle('entry/index')))
    rows.push(limitRow('import', 'import of the main entry, time', median(costs.map(({ ms }) => ms)), 100, 'ms', imports))
    rows.push(limitRow('import', 'import of the main entry, resident', median(costs.map(({ mb }) => mb)), 70, 'MB', imports))
  }
  return rows
}
