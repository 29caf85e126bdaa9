// @ts-check
/**
 * A LiveKit server for tests and for trying things out, on 127.0.0.1 only: found, or built once, and run with free ports.
 * `node scripts/livekit.mjs` runs one in the foreground until Ctrl-C; tests use `startServer`.
 */
import { spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { accessSync, constants, existsSync, mkdirSync, renameSync, rmSync, statSync, utimesSync } from 'node:fs'
import { createServer } from 'node:net'
import { homedir } from 'node:os'
import { delimiter, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const VERSION = 'v1.13.5' // of the `require` line in scripts/livekit/go.mod; later ones do not resolve from the module proxy
const PACKAGE = 'github.com/livekit/livekit-server/cmd/server'
/** The keys that `livekit-server --dev` has too. */
const API_KEY = 'devkey'
const API_SECRET = 'secret'
const START_TIMEOUT = 15_000 // ms until it answers; usually 0.3 s, more while other tests run
const STOP_TIMEOUT = 2_000 // ms between asking and killing: it waits for its rooms to end
const BUILD_WAIT = 900_000 // ms to wait for another process that builds; one build takes 100 to 220 s
const LOCK_STALE = 30_000 // ms without a sign of life from the builder
const PORT_TRIES = 4 // another process may take a port between our look and the server's

/** @param {number} ms */
const sleep = ms => new Promise(done => setTimeout(done, ms))

/** @param {string} name */
const onPath = name =>
  (process.env.PATH ?? '')
    .split(delimiter)
    .map(folder => join(folder, name))
    .find(isProgram)

/** @param {string} path */
const isProgram = path => {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false // not there or not ours to run: both mean "look further"
  }
}

/** Where the go.mod is, also when a test bundle carries this file elsewhere. */
const toolFolder = () => {
  const beside = fileURLToPath(new URL('./livekit/', import.meta.url))
  return existsSync(join(beside, 'go.mod')) ? beside : resolve('scripts/livekit')
}

/** The server's program: LIVEKIT_SERVER, the PATH, the cache, or built into the cache. Undefined without all of these and Go. */
export const findServer = async () => {
  const given = process.env.LIVEKIT_SERVER
  if (given && !isProgram(given)) throw new Error(`LIVEKIT_SERVER is ${given}, which is not a program: correct it or unset it`)
  const found = given ?? onPath('livekit-server')
  if (found) return found
  const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'chartroom')
  const built = join(cache, `livekit-server-${VERSION}`)
  if (isProgram(built)) return built
  const go = onPath('go')
  if (!go) return undefined
  mkdirSync(cache, { recursive: true })
  await buildAlone(go, built)
  return built
}

/** Only one process builds; the others wait for what it makes. @param {string} go @param {string} built */
const buildAlone = async (go, built) => {
  const lock = `${built}.lock`
  for (let waited = 0; waited < BUILD_WAIT; waited += 500) {
    if (isProgram(built)) return
    if (take(lock)) {
      const alive = setInterval(() => utimesSync(lock, new Date(), new Date()), LOCK_STALE / 6)
      try {
        return await build(go, built)
      } finally {
        clearInterval(alive)
        rmSync(lock, { recursive: true, force: true })
      }
    }
    await sleep(500)
  }
  throw new Error(`another process has been building ${built} for ${BUILD_WAIT / 60_000} minutes: remove ${lock} and try again`)
}

/** Makes the lock folder: that is atomic. One whose owner died is removed, for the next try. @param {string} lock */
const take = lock => {
  try {
    mkdirSync(lock)
    return true
  } catch {
    const touched = statSync(lock, { throwIfNoEntry: false })?.mtimeMs
    if (touched !== undefined && Date.now() - touched > LOCK_STALE) rmSync(lock, { recursive: true, force: true })
    return false
  }
}

/** @param {string} go @param {string} built */
const build = async (go, built) => {
  const draft = `${built}.${process.pid}`
  process.stderr.write(`building livekit-server ${VERSION} into ${built} (once, about two minutes)\n`)
  const child = spawn(go, ['build', '-o', draft, PACKAGE], { cwd: toolFolder(), stdio: ['ignore', 'ignore', 'pipe'] })
  const said = lastLines(child.stderr)
  const code = await new Promise((done, fail) => child.once('error', fail).once('close', done))
  if (code !== 0) throw new Error(`go build of livekit-server failed (${code}): ${said()}`)
  renameSync(draft, built)
}

/** Keeps the last lines of a stream, for an error message. @param {NodeJS.ReadableStream} stream */
const lastLines = stream => {
  let text = ''
  stream.setEncoding('utf8')
  stream.on('data', piece => {
    text = (text + piece).slice(-2_000)
  })
  return () => text.trim().split('\n').slice(-6).join('\n')
}

const freeTcp = () =>
  new Promise((done, fail) => {
    const probe = createServer().once('error', fail)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => done(typeof address === 'object' && address ? address.port : 0))
    })
  })

const freeUdp = () =>
  new Promise((done, fail) => {
    const probe = createSocket('udp4').once('error', fail)
    probe.bind(0, '127.0.0.1', () => {
      const { port } = probe.address()
      probe.close(() => done(port))
    })
  })

/** Everything on the loopback interface; with a `tcp_port` it would listen everywhere. @param {number} port @param {number} udpPort */
const config = (port, udpPort) =>
  JSON.stringify({
    port,
    bind_addresses: ['127.0.0.1'],
    keys: { [API_KEY]: API_SECRET },
    logging: { level: 'warn' },
    rtc: {
      tcp_port: 0,
      udp_port: udpPort,
      interfaces: { includes: ['lo'] },
      ips: { includes: ['127.0.0.1/32'] },
      node_ip: '127.0.0.1',
      use_external_ip: false,
      enable_loopback_candidate: true,
      stun_servers: [],
    },
  })

/** @param {string} program @param {number} port */
const launch = async (program, port) => {
  const child = spawn(program, ['--config-body', config(port, await freeUdp())], { stdio: ['ignore', 'ignore', 'pipe'] })
  const said = lastLines(child.stderr)
  const ended = new Promise(done => child.once('close', done).once('error', done))
  const over = () => child.exitCode !== null || child.signalCode !== null || child.pid === undefined
  for (let waited = 0; waited < START_TIMEOUT && !over(); waited += 50) {
    const answer = await fetch(`http://127.0.0.1:${port}/`).catch(() => undefined) // refused until it listens
    if (answer?.ok) return { child, ended, over, said }
    await sleep(50)
  }
  child.kill('SIGKILL')
  return { child: undefined, ended, over, said }
}

/**
 * A running server, or undefined where there is neither a server nor Go to build one: `{ url, apiKey, apiSecret, pid, stop }`.
 * `stop()` ends it and resolves when it is gone; `stop('SIGKILL')` lets it vanish without a word to its clients.
 */
export const startServer = async () => {
  const program = await findServer()
  if (!program) return undefined
  let said = ''
  for (let tried = 0; tried < PORT_TRIES; tried++) {
    const port = await freeTcp()
    const { child, ended, over, said: now } = await launch(program, port)
    said = now()
    if (!child) continue
    const kill = () => child.kill('SIGKILL')
    process.once('exit', kill) // a test that dies must not leave a server behind
    /** @param {NodeJS.Signals} [signal] */
    const stop = async (signal = 'SIGTERM') => {
      process.off('exit', kill)
      if (!over()) child.kill(signal)
      const force = setTimeout(kill, STOP_TIMEOUT)
      await ended
      clearTimeout(force)
    }
    return { url: `ws://127.0.0.1:${port}`, apiKey: API_KEY, apiSecret: API_SECRET, pid: child.pid, ended, stop }
  }
  throw new Error(`livekit-server (${program}) does not start: ${said}`)
}

const main = async () => {
  const server = await startServer()
  if (!server) {
    console.error('there is no livekit-server: set LIVEKIT_SERVER, put it on the PATH, or install Go to have it built')
    process.exitCode = 1
    return
  }
  console.log(`LIVEKIT_URL=${server.url}\nLIVEKIT_API_KEY=${server.apiKey}\nLIVEKIT_API_SECRET=${server.apiSecret}`)
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => void server.stop())
  await server.ended
}

// A bundle's import.meta.url is that of the test, so the name is compared too.
const started = process.argv[1] ?? ''
if (started.endsWith('livekit.mjs') && started === fileURLToPath(import.meta.url)) await main()
