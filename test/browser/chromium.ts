/** Chromium without a window: found where Debian puts it, with a microphone that is a file, and its end. */
import { once } from 'node:events'
import { accessSync, constants, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { build } from 'esbuild'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { joined } from '../../src/audio/frame.ts'
import { encodeWav } from '../../src/codec/wav.ts'
import { atMost } from '../e2e/watch.ts'

/** How long a page is waited for where nothing else is said, in ms: on a busy machine a browser takes its time. */
export const PATIENCE = 20_000

const isProgram = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false // not there, or not ours to run: both mean "look further"
  }
}
const onPath = (name: string) => (process.env.PATH ?? '').split(delimiter).map(folder => join(folder, name))

/** CHROMIUM, or what the PATH has. */
const findChromium = (): string | undefined => {
  const given = process.env.CHROMIUM
  if (given && !isProgram(given)) throw new Error(`CHROMIUM is ${given}, which is not a program: correct it or unset it`)
  return given ?? ['chromium', 'chromium-browser'].flatMap(onPath).find(isProgram)
}
const program = findChromium()
/** Why there is no browser; undefined where there is one. */
export const lacks = program ? undefined : 'there is no Chromium: apt-get install chromium, or set CHROMIUM'

/** What is spoken into the microphone from the moment it is opened, once; then silence. */
export type Voice = { data: Int16Array; sampleRate: number }
/** `refused`: there is a microphone, and nobody may use it; undefined: there is none. */
export type BrowserOptions = { microphone?: Voice | 'refused' } & BrowserContextOptions

const flags = [
  '--no-sandbox',
  '--autoplay-policy=no-user-gesture-required',
  // Else a browser offers no address of the machine itself, and the server of the tests listens nowhere else.
  '--allow-loopback-in-peer-connection',
]
const device = '--use-fake-device-for-media-stream'
const fakeMicrophone = (file: string) => [
  device,
  '--use-fake-ui-for-media-stream',
  `--use-file-for-fake-audio-capture=${file}%noloop`,
]
/** As a file. At its end Chromium plays its last moment for ever: that is to be silence. */
const wavOf = ({ data, sampleRate }: Voice) =>
  encodeWav({ data: joined([data, new Int16Array(sampleRate)]), sampleRate, channels: 1 })

/** The browsers of a test: what they open, what their pages complain of, and an end to all of it. */
export class Desk {
  /** What pages threw, and wrote as errors. */
  readonly complaints: string[] = []
  readonly #ends: (() => Promise<unknown>)[] = []
  readonly #folder = mkdtempSync(join(tmpdir(), 'chartroom-browser-'))

  /** A browser of its own with one page, which is blank. */
  async open({ microphone, ...options }: BrowserOptions = {}): Promise<Page> {
    const file = join(this.#folder, `${this.#ends.length}.wav`)
    if (typeof microphone === 'object') writeFileSync(file, wavOf(microphone))
    const args = [...flags, ...(microphone === 'refused' ? [device] : microphone ? fakeMicrophone(file) : [])]
    const browser = await chromium.launch({ args, timeout: 2 * PATIENCE, ...(program ? { executablePath: program } : {}) })
    this.#ends.push(() => atMost('the browser ends', browser.close(), PATIENCE))
    return this.page(browser, options)
  }
  /** One more page in this browser, which shares nothing with the others. */
  async page(browser: Browser, options: BrowserContextOptions = {}): Promise<Page> {
    const context = await browser.newContext(options)
    context.setDefaultTimeout(PATIENCE)
    const page = await context.newPage()
    page.on('pageerror', error => this.complaints.push(String(error)))
    page.on('console', message => {
      if (message.type() === 'error') this.complaints.push(message.text())
    })
    return page
  }
  /** A page of the test's own. */
  async show(page: Page, entry: string): Promise<void> {
    const { url, stop } = await serve(entry)
    this.#ends.push(stop)
    await page.goto(url)
  }
  async close(): Promise<void> {
    for (const end of this.#ends.reverse()) await end()
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

/** Serves a page that is one script, from `entry`, a file of the project: from this machine, where a microphone is allowed. */
const serve = async (entry: string): Promise<{ url: string; stop: () => Promise<void> }> => {
  const { outputFiles } = await build({ entryPoints: [entry], bundle: true, format: 'esm', platform: 'browser', write: false })
  const html =
    '<!doctype html><meta charset="utf-8" /><link rel="icon" href="data:," /><script type="module" src="main.js"></script>'
  const server = createServer(({ url }, response) => {
    const isScript = url === '/main.js'
    response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html')
    response.end(isScript ? outputFiles[0]?.text : html)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo // it listens on a port
  const stop = async () => {
    server.closeAllConnections()
    await new Promise(done => server.close(done))
  }
  return { url: `http://127.0.0.1:${port}/`, stop }
}

/** A suite in which every test has a desk of its own, on which nothing may be complained of; without a browser its tests are skipped. */
export const suiteInBrowser = (name: string) => {
  const it = suite(name)
  let tests = 0
  const test = (sentence: string, body: (desk: Desk) => Promise<void>) => {
    tests++
    if (lacks) return
    it(sentence, () => onDesk(body))
  }
  const run = (after: () => Promise<void> = async () => {}) => {
    if (lacks) return console.log(`SKIPPED ${tests}: ${lacks}`)
    it.after(after)
    it.run()
  }
  return Object.assign(test, { run })
}

/** Does something at a desk; then nothing may have been complained of. */
export const onDesk = async (body: (desk: Desk) => Promise<void>): Promise<void> => {
  const desk = new Desk()
  try {
    await body(desk)
    assert.equal(desk.complaints, [])
  } finally {
    await desk.close()
  }
}
