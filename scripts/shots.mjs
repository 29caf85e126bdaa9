// @ts-check
/** Pictures of the page: every view of a recording and of a call, wide and on a phone, light and dark. */
import { execFile, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { parseArgs, promisify } from 'node:util'
import { chromium } from 'playwright-core'
import { root } from './bundle.mjs'

/** @typedef {import('playwright-core').Page} Page */
/** @typedef {{ name: string, width: number, height: number }} Size */

const help = `Usage: node scripts/shots.mjs [options] [pattern ...]

Takes pictures of the page with Chromium (CHROMIUM, or that of the PATH), of the dist/ that is built:
every view at 1440 and 390 px, light and dark; or those whose name contains one of the patterns.

  --out FOLDER   Default: .cache/shots
  --list         print the names, take nothing
  --help         print this`

/** @type {Size[]} */
const sizes = [
  { name: 'wide', width: 1440, height: 900 },
  { name: 'phone', width: 390, height: 844 },
]
const schemes = /** @type {const} */ (['light', 'dark'])
/** What moves has come to rest after this, in ms. */
const restMs = 1_200
/** The agent is in the middle of a sentence, and was interrupted before: a part of the recording. */
const moment = 0.49
/** So much of the sample call is heard before a picture of it is taken, in ms. */
const callMs = 24_000

/** @param {Page} page @param {string} title */
const openTab = async (page, title) => {
  const tab = page.getByRole('tab', { name: title, exact: true }).filter({ visible: true })
  if ((await tab.count()) > 0) await tab.click()
}
/** @param {Page} page */
const travel = async page => {
  await openTab(page, 'Time line')
  const slider = page.getByRole('slider')
  const { width = 0, height = 0 } = (await slider.boundingBox()) ?? {}
  await slider.click({ position: { x: moment * width, y: height / 2 } })
  await page.waitForTimeout(restMs)
}
/** @param {Page} page @param {string} path */
const select = async (page, path) => {
  await openTab(page, 'Actors')
  await page.locator(`[data-actor^="${path}"].active`).first().click()
}

/** Views of a recording: what is selected, and the tabs that are in front. @type {Record<string, { actor: string, tabs: string[] }>} */
const views = {
  chart: { actor: 'room/agent', tabs: ['State', 'Chart'] },
  playout: { actor: 'room/playout:', tabs: ['State', 'Chart'] },
  room: { actor: 'room', tabs: ['State', 'Chart'] },
  sequence: { actor: 'room/agent', tabs: ['Events', 'Sequence'] },
  events: { actor: 'room/microphone', tabs: ['Chart', 'Events'] },
  state: { actor: 'room/link', tabs: ['Chart', 'State'] },
  actors: { actor: 'room/agent', tabs: ['Actors'] },
  time: { actor: 'room/agent', tabs: ['Time line'] },
}

/** Starts the command, and waits for the address of its page. @param {string[]} args */
const serving = async args => {
  const child = spawn(process.execPath, [join(root, 'dist/cli.js'), ...args, '--no-open'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const stop = () => child.kill('SIGINT')
  for await (const line of createInterface({ input: child.stdout })) {
    const [url] = /http:\/\/\S+/.exec(line) ?? []
    if (url) return { url, stop }
  }
  throw new Error(`chartroom ${args.join(' ')} printed no address`)
}

/** @param {(name: string) => boolean} wanted @param {string} out */
const shoot = async (wanted, out) => {
  const folder = mkdtempSync(join(tmpdir(), 'chartroom-shots-'))
  const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium'
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--autoplay-policy=no-user-gesture-required'] })
  /** @param {Size} size @param {'light' | 'dark'} colorScheme @param {string} url @param {(page: Page, shot: (view: string) => Promise<unknown>) => Promise<void>} body */
  const onPage = async ({ name, width, height }, colorScheme, url, body) => {
    const context = await browser.newContext({ viewport: { width, height }, colorScheme })
    const page = await context.newPage()
    await page.goto(url)
    await body(page, async view => {
      await page.waitForTimeout(restMs)
      await page.screenshot({ path: join(out, `${view}-${name}-${colorScheme}.png`) })
    })
    await context.close()
  }
  /** @param {string[]} args @param {string[]} names @param {(page: Page, shot: (view: string) => Promise<unknown>, names: string[]) => Promise<void>} body */
  const each = async (args, names, body) => {
    for (const size of sizes)
      for (const scheme of schemes) {
        const here = names.filter(view => wanted(`${view}-${size.name}-${scheme}`))
        if (here.length === 0) continue
        const { url, stop } = await serving(args)
        await onPage(size, scheme, url, (page, shot) => body(page, shot, here)).finally(stop)
      }
  }
  try {
    const tape = join(folder, 'tape')
    if (Object.keys(views).some(view => wanted(view)))
      await promisify(execFile)(process.execPath, [join(root, 'dist/cli.js'), 'call', '--record', '--out', tape, '--quiet'])
    await each(['open', tape], Object.keys(views), async (page, shot, names) => {
      await travel(page)
      for (const view of names) {
        const { actor = 'room', tabs = [] } = views[view] ?? {}
        await select(page, actor)
        for (const tab of tabs) await openTab(page, tab)
        await shot(view)
      }
    })
    await each(['live', '--port', '0', '--quiet'], ['start', 'call'], async (page, shot, names) => {
      await openTab(page, 'Call')
      if (names.includes('start')) await shot('start')
      if (!names.includes('call')) return
      await page.getByRole('button', { name: 'Play a sample call' }).click()
      await page.waitForTimeout(callMs)
      await select(page, 'room/agent')
      await openTab(page, 'Call')
      await shot('call')
    })
  } finally {
    await browser.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

const { values, positionals } = parseArgs({
  options: { out: { type: 'string', default: '.cache/shots' }, list: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
  allowPositionals: true,
})
const names = [...Object.keys(views), 'start', 'call'].flatMap(view =>
  sizes.flatMap(({ name }) => schemes.map(scheme => `${view}-${name}-${scheme}`)),
)
/** A part of a name is asked for too, before it is known of which size. @param {string} name */
const wanted = name =>
  names.some(full => full.startsWith(name) && (positionals.length === 0 || positionals.some(pattern => full.includes(pattern))))
if (values.help) console.log(help)
else if (values.list) for (const name of names) console.log(name)
else {
  const out = resolve(values.out)
  mkdirSync(out, { recursive: true })
  await shoot(wanted, out)
  console.log(`pictures are in ${out}`)
}
