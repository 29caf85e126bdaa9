// deadline: 300 s
/** The page of `npm start`: somebody talks with the agent, writes to it, listens to the sample call, and sees the charts at work. */
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import * as assert from 'uvu/assert'
import { joined } from '../../src/audio/frame.ts'
import { openRecording } from '../../src/recording/read.ts'
import { pass } from '../e2e/watch.ts'
import { faultsOf } from './axe.ts'
import { type BrowserOptions, type Desk, suiteInBrowser, type Voice } from './chromium.ts'
import { Look, until } from './look.ts'
import { callerVoice } from './recorded.ts'
import { Served } from './served.ts'

const it = suiteInBrowser('browser call')

/** A call takes its time, and a busy machine more, in ms. */
const LONG = 60_000
const rate = 24_000
const wide = { viewport: { width: 1440, height: 900 } }

/** Says back what was written. */
const echo = `
  const tone = Int16Array.from({ length: 24_000 * 4 }, (_, n) => Math.round(6_000 * Math.sin(n / 9)))
  async function* audio() { yield { data: tone, sampleRate: 24_000, channels: 1, samplesPerChannel: tone.length } }
  async function* words(text) { yield* ['You ', 'wrote ', text] }
  export default {
    async start({ chat, say }) {
      for await (const { text } of chat()) say({ audio: audio(), text: words(text) })
    },
  }`

type Talking = { served: Served; look: Look; page: Page; records: string }
/** The page, on a server of its own. */
const page = async (desk: Desk, body: (talking: Talking) => Promise<void>, options: BrowserOptions = {}, ...args: string[]) => {
  const served = await Served.start(['live', '--no-open', '--port', '0', '--record=calls', ...args], {}, folder =>
    writeFileSync(join(folder, 'echo.mjs'), echo),
  )
  try {
    const page = await desk.open({ ...wide, ...options })
    await body({ served, page, look: await Look.at(page, served.url), records: join(served.folder, 'calls') })
  } finally {
    await served.stop()
  }
}

const lines = ({ page }: Talking, speaker: 'agent' | 'caller', state = '') =>
  page.locator(`li[data-speaker="${speaker}"]${state && `[data-state="${state}"]`} .call-words`)
const does = ({ page }: Talking, what: string) => page.locator('.call-state').filter({ hasText: what }).waitFor({ timeout: LONG })
/** Of the only call, what was said of each utterance. */
const spokenIn = async (records: string): Promise<string[]> => {
  const [name = ''] = readdirSync(records)
  const recording = await openRecording(join(records, name))
  try {
    return recording
      .span(recording.from, recording.to)
      .flatMap(message => (message.type === 'fact' && message.fact.type === 'utterance.ended' ? [message.fact.played] : []))
      .flatMap(({ spoken = '' }) => (spoken.trim() === '' ? [] : [spoken.trim()]))
  } finally {
    await recording.close()
  }
}
/** The caller of the sample call says hello, and breaks in when the agent is in the middle of what it answers. */
const voice = async (): Promise<Voice> => {
  const { data } = await callerVoice()
  const part = (from: number, to: number) => data.slice((from * rate) / 1000, (to * rate) / 1000)
  return { data: joined([part(0, 3_500), new Int16Array(6 * rate), part(16_000, 20_000)]), sampleRate: rate }
}

it('is talked with: the agent answers, is interrupted by the voice and by the button, pauses and goes on; what is written was heard', async desk => {
  const microphone = await voice()
  await page(
    desk,
    async talking => {
      const { look, records } = talking
      await look.button('Talk').click()
      await does(talking, 'The agent is speaking')
      await lines(talking, 'caller')
        .filter({ hasText: /^\[speech \d+\.\d s\]$/ })
        .first()
        .waitFor({ timeout: LONG })
      await lines(talking, 'agent', 'cut').first().waitFor({ timeout: LONG })
      const byVoice = await lines(talking, 'agent', 'cut').count()
      await does(talking, 'The agent is speaking')
      await look.button('Pause').click()
      await does(talking, 'The agent is paused')
      const said = await lines(talking, 'agent').allInnerTexts()
      await pass(1_500)
      assert.equal(await lines(talking, 'agent').allInnerTexts(), said, 'while it is paused no word is added')
      await look.button('Resume').click()
      await does(talking, 'The agent is speaking')
      await look.button('Interrupt').click()
      await until(async () => assert.ok((await lines(talking, 'agent', 'cut').count()) > byVoice))
      await look.button('Hang up').click()
      await look.button('Talk').waitFor()
      const shown = (await lines(talking, 'agent').allInnerTexts()).map(text => text.trim())
      assert.equal(shown, await spokenIn(records))
    },
    { microphone },
  )
})

it('is written to, and answers; events may be sent where that is allowed', async desk => {
  await page(
    desk,
    async talking => {
      const { look, page, records } = talking
      await look.button('Only write').click()
      await page.getByLabel('Write to the agent').fill('a word')
      await look.button('Send').click()
      await lines(talking, 'agent').filter({ hasText: 'You wrote a word' }).waitFor({ timeout: LONG })
      assert.equal(await lines(talking, 'caller').allInnerTexts(), ['a word'])
      await page.getByLabel('Write to the agent').fill('and one more')
      await look.button('Send').click()
      await does(talking, 'The agent is speaking')
      await look.select('room')
      await look.tab('State')
      await page.getByRole('region', { name: 'It would take' }).getByRole('button', { name: 'pause', exact: true }).click()
      await page.getByRole('button', { name: 'Send', exact: true }).filter({ visible: true }).last().click()
      await look.tab('Call')
      await does(talking, 'The agent is paused')
      await look.button('Hang up').click()
      await look.button('Talk').waitFor()
      assert.equal((await spokenIn(records))[0], 'You wrote a word')
    },
    {},
    ...['--mind', './echo.mjs', '--send'],
  )
})

it('plays the sample call; who comes later sees the same, nobody may send, and a socket that breaks is opened again', async desk => {
  await page(desk, async talking => {
    const { look, page, served } = talking
    await look.button('Play a sample call').click()
    await lines(talking, 'caller').filter({ hasText: 'Hello! What is this?' }).waitFor({ timeout: LONG })
    await lines(talking, 'agent').filter({ hasText: 'I am the docent' }).waitFor({ timeout: LONG })
    await look.select('room/agent')
    await until(async () =>
      assert.equal((await look.lit()).slice(0, 3), ['agent', 'agent.conversing', 'agent.conversing.speaking']),
    )
    await look.tab('Events')
    await until(async () => {
      const rows = await page.getByRole('treegrid', { name: 'Event log' }).getByRole('row').count()
      assert.ok(rows > 3, 'what happens is in the log')
    })
    await look.tab('State')
    assert.match(await page.getByRole('region', { name: 'It would take' }).innerText(), /switched off/)

    const browser = page.context().browser()
    if (!browser) throw new Error('this page has no browser')
    const sockets: { close(): Promise<void> }[] = []
    const latePage = await desk.page(browser, wide)
    await latePage.routeWebSocket(/socket/, socket => {
      socket.connectToServer()
      sockets.push(socket)
    })
    const late = await Look.at(latePage, served.url)
    await late.select('room/agent')
    const same = async () => {
      const [one, other] = await Promise.all([look.actors(), late.actors()])
      assert.equal(other, one)
      assert.ok(one.length > 5)
      assert.equal(await late.lit(), await look.lit())
    }
    await until(same)
    await sockets[0]?.close()
    await until(async () => assert.ok(sockets.length > 1, 'it is opened again'))
    await late.stands(/Live/)
    await until(same)
  })
})

it('says in one line that the microphone was refused', async desk => {
  await page(
    desk,
    async ({ look }) => {
      await look.button('Talk').click()
      await until(async () => assert.match(await look.trouble.innerText(), /^The browser may not use the microphone: .+\.$/))
      await look.button('Talk').waitFor()
    },
    { microphone: 'refused' },
  )
})

it('says that the server is away, and that it is back', async desk => {
  const served = await Served.start(['live', '--no-open', '--port', '0'])
  const look = await Look.at(await desk.open(wide), served.url)
  await look.stands(/Ready/)
  const { port } = new URL(served.url)
  await served.stop('SIGKILL')
  await look.stands(/Disconnected/)
  await until(async () => assert.match(await look.trouble.innerText(), /server is away/))
  const again = await Served.start(['live', '--no-open', '--port', port])
  try {
    // Another start has another token: the page cannot go on, and says what to do.
    await until(async () => assert.match(await look.trouble.innerText(), /open the address that it printed/))
    await look.stands(/Refused/)
  } finally {
    await again.stop()
    desk.complaints.length = 0 // the browser complains of a server that is not there
  }
})

it('has no fault that keeps somebody out, in light and dark, on a desk and on a phone', async desk => {
  await page(desk, async ({ page, served }) => {
    const browser = page.context().browser()
    if (!browser) throw new Error('this page has no browser')
    const faults: Record<string, string[]> = {}
    for (const viewport of [wide.viewport, { width: 390, height: 844 }])
      for (const colorScheme of ['light', 'dark'] as const) {
        const look = await Look.at(await desk.page(browser, { viewport, colorScheme }), served.url)
        if (viewport.width < 800) await look.tab('Call')
        const name = `${viewport.width} ${colorScheme}`
        faults[name] = await faultsOf(look.page)
        await look.button('Play a sample call').click()
        await look.page.locator('.call-words').first().waitFor({ timeout: LONG })
        faults[`${name}, in a call`] = await faultsOf(look.page)
        await look.page.context().close()
      }
    assert.equal(
      Object.entries(faults).filter(([, found]) => found.length > 0),
      [],
    )
  })
})

it.run()
