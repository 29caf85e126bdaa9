/** Somebody who looks at a page of ours: what it shows, in the words of a person. */
import type { Locator, Page } from 'playwright-core'
import * as assert from 'uvu/assert'
import type { Scene } from '../../src/inspector/scene.ts'
import { activeIds, conditionOf } from '../../src/page/words.ts'
import { PATIENCE } from './chromium.ts'

/** So often somebody looks again, in ms. */
const AGAIN = 100

/** Looks until `is` holds; throws what it last threw if that takes too long. */
export const until = async <T>(is: () => Promise<T>, limitMs = PATIENCE): Promise<T> => {
  const end = performance.now() + limitMs
  for (;;) {
    try {
      return await is()
    } catch (error) {
      if (performance.now() > end) throw error
      await new Promise(resolve => setTimeout(resolve, AGAIN))
    }
  }
}

export class Look {
  readonly page: Page

  constructor(page: Page) {
    this.page = page
  }
  /** Opens the address, and waits until the page shows something. */
  static async at(page: Page, url: string): Promise<Look> {
    await page.goto(url)
    const look = new Look(page)
    await look.status.waitFor()
    return look
  }

  /** How the page stands: `Live`, `Recording`. */
  get status(): Locator {
    return this.page.getByRole('banner').getByRole('status')
  }
  get slider(): Locator {
    return this.page.getByRole('slider', { name: 'Moment of the call' })
  }
  /** One line that says what is wrong. */
  get trouble(): Locator {
    return this.page.getByRole('alert').filter({ visible: true })
  }
  button(name: string): Locator {
    return this.page.getByRole('button', { name, exact: true }).filter({ visible: true }).first()
  }
  async tab(name: string): Promise<void> {
    await this.page.getByRole('tab', { name, exact: true }).filter({ visible: true }).click()
  }
  async select(path: string): Promise<void> {
    await this.page.locator(`[data-actor="${path}"]`).click()
  }
  async stands(text: RegExp): Promise<void> {
    await until(async () => assert.match(await this.status.innerText(), text))
  }

  /** The moment that is shown, in ms. */
  async moment(): Promise<number> {
    return Number(await this.slider.getAttribute('aria-valuenow'))
  }
  /** Points at a part of the slider, from 0 to 1. */
  async point(part: number): Promise<void> {
    const { width = 0, height = 0 } = (await this.slider.boundingBox()) ?? {}
    await this.slider.click({ position: { x: part * width, y: height / 2 } })
  }
  /** The actors that live, each with its state. */
  async actors(): Promise<string[]> {
    const rows = await this.page
      .locator('[data-actor].active')
      .evaluateAll(all => all.map(one => one.getAttribute('title') ?? ''))
    return rows.sort()
  }
  /** The states that are lit in the chart. */
  async lit(): Promise<string[]> {
    const nodes = await this.page.locator('.node.active').evaluateAll(all => all.map(one => one.getAttribute('data-node') ?? ''))
    return nodes.sort()
  }
  /** What the context of the selected actor says: names, and values in one line. */
  async context(): Promise<Record<string, string>> {
    const list = this.page.getByRole('region', { name: 'Context' }).locator('> dl.values')
    const [names, values] = [list.locator('> dt'), list.locator('> dd > .value')]
    const [keys, texts] = [await names.allInnerTexts(), await values.allInnerTexts()]
    return Object.fromEntries(keys.map((key, n) => [key, texts[n]?.trim() ?? '']))
  }
}

/** What `actors` shows of a scene. */
export const actorsIn = ({ actors }: Scene): string[] =>
  Object.values(actors)
    .filter(({ status }) => status === 'active')
    .map(actor => `${actor.path}: ${conditionOf(actor)}`)
    .sort()
/** What `lit` shows of an actor in it. */
export const litIn = ({ actors }: Scene, path: string): string[] => {
  const { machine, value } = actors[path] ?? {}
  return machine ? activeIds(machine, value).sort() : []
}
