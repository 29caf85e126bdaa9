// deadline: 240 s
/** A recording in a browser: what the page shows of a moment is what the recording says of it. */
import type { Page } from 'playwright-core'
import * as assert from 'uvu/assert'
import { openRecording } from '../../src/recording/read.ts'
import { faultsOf } from './axe.ts'
import { type Desk, suiteInBrowser } from './chromium.ts'
import { actorsIn, Look, litIn, until } from './look.ts'
import { recorded } from './recorded.ts'
import { Served } from './served.ts'

const it = suiteInBrowser('browser recording')

/** Views that are looked at for themselves, by their tabs. */
const views = ['Actors', 'Chart', 'Sequence', 'State', 'Events', 'Time line']
const sizes = { wide: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } }

let opened: Promise<{ folder: string; served: Served }> | undefined
const start = async () => {
  const folder = await recorded()
  return { folder, served: await Served.start(['open', folder, '--no-open']) }
}
/** The sample call, which one server shows to all tests. */
const shown = () => {
  opened ??= start()
  return opened
}
const look = async (desk: Desk, options: Parameters<Desk['open']>[0] = { viewport: sizes.wide }) => {
  const { folder, served } = await shown()
  const page: Page = await desk.open(options)
  return { folder, look: await Look.at(page, served.url) }
}

it('shows any moment: actors, the states that are lit, and the context are those of the recording', async desk => {
  const { folder, look: page } = await look(desk)
  const recording = await openRecording(folder)
  try {
    await page.stands(/Recording/)
    const seen = new Set<string>()
    for (const [part, path] of [
      [0.3, 'room/agent'],
      [0.75, 'room/agent'],
      [0.1, 'room/link'],
      [0.55, 'room/microphone'],
    ] as const) {
      const before = await page.moment()
      await page.point(part)
      await until(async () => assert.is.not(await page.moment(), before))
      await page.select(path)
      const { scene } = await until(async () => {
        const moment = await recording.moment(await page.moment())
        assert.equal(await page.actors(), actorsIn(moment.scene))
        assert.equal(await page.lit(), litIn(moment.scene, path))
        return moment
      })
      const context = await page.context()
      assert.equal(Object.keys(context).sort(), Object.keys(scene.actors[path]?.context ?? {}).sort())
      for (const [key, value] of Object.entries(scene.actors[path]?.context ?? {}))
        if (typeof value !== 'object') assert.is(context[key], String(value) || '""', key)
      seen.add(JSON.stringify(await page.actors()))
    }
    assert.is(seen.size, 4, 'each moment shows something else')
  } finally {
    await recording.close()
  }
})

it('tells in words what was said, and how much of it was heard', async desk => {
  const { folder, look: page } = await look(desk)
  const recording = await openRecording(folder)
  try {
    await page.button('Look at the whole call').click()
    const said = recording.span(recording.from, recording.to).flatMap(message => {
      if (message.type !== 'fact' || message.fact.type !== 'utterance.ended') return []
      const { spoken = '', outcome, heard } = message.fact.played
      return [`${spoken.trim()} (${outcome}, heard ${(heard / recording.header.sampleRate).toFixed(1)} s)`]
    })
    assert.ok(said.length > 5)
    await until(async () => {
      const rows = await page.page.getByRole('table', { name: 'What the lanes show' }).getByRole('row').allInnerTexts()
      for (const line of said)
        assert.ok(
          rows.some(row => row.replace(/\s+/g, ' ').includes(line)),
          `${line} in ${rows.join('\n')}`,
        )
    })
  } finally {
    await recording.close()
  }
})

it('is stepped through by keys, and plays on until it is held', async desk => {
  const { look: page } = await look(desk)
  await page.point(0.5)
  await until(async () => assert.ok((await page.moment()) > 1_000))
  const middle = await page.moment()
  await page.slider.press('Shift+ArrowLeft')
  await until(async () => assert.ok(Math.abs((await page.moment()) - (middle - 5_000)) <= 1))
  const before = await page.moment()
  for (let n = 0; n < 10; n++) await page.slider.press('ArrowRight')
  await until(async () => assert.ok(Math.abs((await page.moment()) - (before + 2_000)) <= 1, 'no step is lost'))
  await Promise.all(Array.from({ length: 10 }, () => page.page.keyboard.down('ArrowLeft')))
  await page.page.keyboard.up('ArrowLeft')
  await until(async () => assert.ok(Math.abs((await page.moment()) - before) <= 1, 'nor one of those that come at once'))
  await page.slider.press('Home')
  await until(async () => assert.is(await page.moment(), 0))
  await page.button('Play on').click()
  await page.stands(/Playing/)
  await until(async () => assert.ok((await page.moment()) > 1_000, 'it plays'))
  await page.button('Hold this moment').click()
  await page.stands(/Recording/)
})

it('tells why each actor is in its state, back to the start or to what came from outside', async desk => {
  const { folder, look: page } = await look(desk)
  const recording = await openRecording(folder)
  try {
    for (const part of [0.95, 0.49]) {
      const before = await page.moment()
      await page.point(part)
      await until(async () => assert.is.not(await page.moment(), before))
      const { scene } = await recording.moment(await page.moment())
      const machines = Object.values(scene.actors).filter(({ status, value }) => status === 'active' && value !== undefined)
      assert.ok(machines.length > 6)
      for (const { path } of machines) {
        await page.select(path)
        const why = page.page.getByRole('region', { name: 'Why it is in this state' })
        await until(async () =>
          assert.match((await why.innerText()).replace(/\s+/g, ' '), /since .*(outside|nothing before|And so on)/, path),
        )
      }
    }
  } finally {
    await recording.close()
  }
})

it('finds events by their names, and travels to one that is chosen', async desk => {
  const { folder, look: page } = await look(desk)
  const recording = await openRecording(folder)
  try {
    await page.tab('Events')
    const log = page.page.getByRole('treegrid', { name: 'Event log' })
    await page.point(0.5)
    await until(async () => assert.ok((await log.getByRole('row').count()) > 3))
    const before = await page.moment()
    await log.getByRole('row').first().click()
    await until(async () => assert.is.not(await page.moment(), before))
    const { scene } = await recording.moment(await page.moment())
    assert.ok(Object.keys(scene.actors).length > 5)
  } finally {
    await recording.close()
  }
})

for (const [size, viewport] of Object.entries(sizes))
  for (const colorScheme of ['light', 'dark'] as const)
    it(`has no fault that keeps somebody out: ${size}, ${colorScheme}`, async desk => {
      const { look: page } = await look(desk, { viewport, colorScheme })
      if (size === 'phone') await page.tab('Time line')
      await page.point(0.5)
      await until(async () => assert.ok((await page.moment()) > 1_000))
      const faults: Record<string, string[]> = {}
      for (const view of views) {
        const tab = page.page.getByRole('tab', { name: view, exact: true }).filter({ visible: true })
        if ((await tab.count()) === 0) continue // it is the only one of its place
        await tab.click()
        const found = await faultsOf(page.page)
        if (found.length > 0) faults[view] = found
      }
      assert.equal(faults, {})
    })

it('is shown to nobody without the token, and to no page from elsewhere', async desk => {
  const { served } = await shown()
  const page = await desk.open()
  const { origin } = new URL(served.url)
  const refused = await page.goto(`${origin}/${'x'.repeat(22)}/`)
  assert.ok([401, 403, 404].includes(refused?.status() ?? 0), `the answer is ${refused?.status()}`)
  const bare = await page.goto(origin)
  assert.ok([401, 403, 404].includes(bare?.status() ?? 0), `the answer is ${bare?.status()}`)
  // What the browser says of a socket that was refused is an error on its console.
  await page.goto('data:text/html,elsewhere')
  desk.complaints.length = 0
  const socket = `${served.url.replace('http', 'ws')}socket`
  const answer = await page.evaluate(
    `new Promise(done => { const one = new WebSocket(${JSON.stringify(socket)}); one.onopen = () => done('open'); one.onerror = () => done('refused') })`,
  )
  assert.is(answer, 'refused')
  desk.complaints.length = 0
})

it.run(async () => {
  const { served } = (await opened) ?? {}
  await served?.stop()
})
