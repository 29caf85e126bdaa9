/** Somebody with a browser in a room of LiveKit's, seen and heard from their side. */
import type { Page } from 'playwright-core'
import { tokenFor } from '../../src/livekit/index.ts'
import { Ear } from '../e2e/ear.ts'
import type { Stage } from '../e2e/stage.ts'
import { Watch } from '../e2e/watch.ts'
import type { BrowserOptions, Desk } from './chromium.ts'

/** What the page tells: page/guest.ts has it too. */
type Told =
  | { type: 'heard'; from: string; data: string }
  | { type: 'state'; from: string; state: string }
  | { type: 'text'; from: string; segment: string; final: string; text: string }

export class Guest {
  readonly watch = new Watch()
  /** All that is heard of the agent. */
  readonly ear = new Ear(this.watch)
  /** What the agent showed of its state, in order. */
  readonly states: string[] = []
  /** Whole text streams of `lk.transcription`, in order of their ends. */
  readonly texts: { from: string; segment: string; text: string }[] = []
  readonly #page: Page

  /** A page that is in no room yet. */
  static async open(desk: Desk, options: BrowserOptions = {}): Promise<Guest> {
    const page = await desk.open(options)
    const guest = new Guest(page)
    await page.exposeFunction('tell', guest.#take)
    await desk.show(page, 'test/browser/page/guest.ts')
    return guest
  }
  private constructor(page: Page) {
    this.#page = page
  }

  async join({ server, name }: Stage): Promise<void> {
    await this.#do('join', server.url, await tokenFor({ ...server, room: name, identity: 'guest', kind: 'standard' }))
  }
  /** Opens the microphone; what is said before the agent comes is kept for it. */
  speak(): Promise<void> {
    return this.#do('speak')
  }
  write(text: string): Promise<void> {
    return this.#do('write', text)
  }
  leave(): Promise<void> {
    return this.#do('leave')
  }

  async #do(what: string, ...args: string[]): Promise<void> {
    await this.#page.evaluate(`guest.${what}(...${JSON.stringify(args)}).then(() => {})`)
  }
  readonly #take = (told: Told): void => {
    if (told.type === 'state') this.states.push(told.state)
    else if (told.type === 'text') this.texts.push(told)
    else if (told.from === 'agent') this.ear.push(Int16Array.from(new Int16Array(Buffer.from(told.data, 'base64').buffer)))
    this.watch.look()
  }
}
