// @ts-check
/** Measures what the room engine does and costs, beside plain rtc-node on a real LiveKit server, and prints it as a table. */
import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { cpus, loadavg } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs, promisify } from 'node:util'
import { build } from 'esbuild'
import { common, ownUrl, ownUrls, root } from './bundle.mjs'
import { findServer, startServer } from './livekit.mjs'
import { installPeers } from './peers.mjs'

const outdir = join(root, '.cache/bench')
const scripts = [
  ...['main', 'agent', 'model-agent', 'listener', 'callers', 'load-ours', 'load-floor'],
  ...['inside', 'reply', 'hour', 'page', 'mixing'],
]
/** What speaks as the peer: bundled beside its packages, so that it finds them and not ours. */
const peerScripts = ['agent-peer', 'load-peer']
const peerOutdir = join(root, '.cache/peers/bench')

/** @param {string[]} names */
const help = names => `Usage: npm run bench -- [options]

Starts a LiveKit server on 127.0.0.1, lets ours and plain rtc-node (the floor) speak by turns to a listener
in a process of its own, and prints what was heard beside the bar. docs/performance.md explains the rows.

  --rows A,B,…    only these: ${names.slice(0, 9).join(', ')},
                  ${names.slice(9).join(', ')}
  --rounds N      how often everything is said (8)
  --seconds N     how long each number of sessions is measured (4)
  --json FILE     writes the rows there too
  --keep FOLDER   leaves the recordings there
  --strict        exit code 1 if a bar is missed
  --peers         beside @livekit/agents too, which is installed into .cache/peers (170 packages)
  --help          print this`

const options = /** @type {const} */ ({
  rows: { type: 'string', default: '' },
  rounds: { type: 'string', default: '8' },
  seconds: { type: 'string', default: '4' },
  json: { type: 'string' },
  keep: { type: 'string' },
  strict: { type: 'boolean' },
  peers: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
})

/** @param {string} name */
const bundleOf = name => join(peerScripts.includes(name) ? peerOutdir : outdir, `${name}.mjs`)

const bundle = async () => {
  /** @param {string[]} names */
  const entries = names => ({ entryPoints: names.map(name => `scripts/bench/${name}.ts`), outExtension: { '.js': '.mjs' } })
  await build({ ...common, ...entries(scripts), outdir, define: ownUrl, plugins: [ownUrls] })
  await build({ ...common, ...entries(peerScripts), outdir: peerOutdir })
  // As the build makes it: what loads on first use is a file of its own.
  const entry = { entryPoints: ['src/index.ts'], outdir: join(outdir, 'entry'), splitting: true }
  await build({ ...common, ...entry, outExtension: { '.js': '.mjs' } })
}

/** @param {string} name @param {string} text */
const numberIn = (name, text) => {
  const value = Number(text)
  if (!(value > 0)) throw new Error(`--${name} is ${text}: give a number above 0`)
  return value
}

const server = async () => {
  const started = await startServer()
  if (!started)
    throw new Error('there is no livekit-server: set LIVEKIT_SERVER, put it on the PATH, or install Go to have it built')
  return started
}

/** What the figures belong to. */
const circumstances = async () => {
  const program = await findServer()
  const said = program ? await promisify(execFile)(program, ['--version']) : { stdout: 'no livekit-server' }
  const sdk = JSON.parse(await readFile(join(root, 'node_modules/@livekit/rtc-node/package.json'), 'utf8'))
  const processors = cpus()
  return {
    date: new Date().toISOString().slice(0, 10),
    machine: `${processors.length} × ${processors[0]?.model.trim()}, ${process.platform}`,
    versions: `Node ${process.versions.node}, rtc-node ${sdk.version}, ${said.stdout.trim()}`,
    load: Number(loadavg()[0]?.toFixed(1)),
  }
}

/** @returns {Promise<number>} the exit code */
const main = async () => {
  const { values } = parseArgs({ options })
  const rounds = numberIn('rounds', values.rounds)
  const seconds = numberIn('seconds', values.seconds)
  await bundle()
  const { run, render, rowNames, killAll } = await import(pathToFileURL(bundleOf('main')).href)
  if (values.help) console.log(help(rowNames))
  if (values.help) return 0
  const rows = values.rows.split(',').filter(Boolean)
  const unknown = rows.find(row => !rowNames.includes(row))
  if (unknown) throw new Error(`there is no row ${unknown}: the rows are ${rowNames.join(', ')}`)
  for (const [signal, code] of /** @type {const} */ ([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ]))
    process.once(signal, () => {
      killAll()
      process.exit(code)
    })

  const peers = values.peers ? await installPeers() : undefined
  const about = await circumstances()
  console.log(`${about.date}, ${about.machine}, load ${about.load}\n${about.versions}${peers ? `, ${peers}` : ''}`)
  if (about.load > cpus().length / 2) console.log('the machine has other work: delays and costs are higher than they need be')
  const assets = new URL('../assets/', import.meta.url)
  const say = (/** @type {string} */ line) => process.stderr.isTTY && process.stderr.write(`\r\x1b[K${line}`)
  const { rows: table, notes } = await run(
    { rows, rounds, seconds, keep: values.keep, peers: peers !== undefined },
    { server, bundle: bundleOf, assets, replies: join(root, 'test/fixtures/words.json'), say },
  )
  say('')
  for (const line of [...render(table), ...notes]) console.log(line)
  if (values.json) await writeFile(values.json, `${JSON.stringify({ ...about, rounds, seconds, rows: table, notes }, null, 2)}\n`)
  return values.strict && table.some((/** @type {{ ok?: boolean }} */ { ok }) => ok === false) ? 1 : 0
}

main().then(
  code => {
    process.exitCode = code
  },
  error => {
    console.error(error instanceof Error ? error.message : error)
    process.exitCode = 2
  },
)
