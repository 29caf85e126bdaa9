/** A recording as pages see it: any moment that they ask for. */
import { slide } from '../audio/buffer.ts'
import { lineOf } from '../errors.ts'
import type { Logbook } from '../recording/logbook.ts'
import type { Recording } from '../recording/read.ts'
import type { FromPage } from './scene.ts'
import type { Draw, Page, PageSeat, Show } from './show.ts'

type Seek = Extract<FromPage, { type: 'seek' }>
type List = Extract<FromPage, { type: 'list' }>
type Find = Extract<FromPage, { type: 'find' }>
/** Who scrubs asks faster than is answered: of so many questions the newest are. */
const WAITING = 8

export const tapeShow = (recording: Recording, draw: Draw): Show => ({
  attach: page => new TapeSeat(page, recording),
  chart: async key => {
    const definition = recording.definitions.get(key)
    return definition && draw(definition)
  },
  sound: {
    rate: recording.header.sampleRate,
    size: Math.round(((recording.to - recording.from) * recording.header.sampleRate) / 1000),
    samples: (side, from, to) => {
      const ms = (sample: number) => recording.from + (sample * 1000) / recording.header.sampleRate
      return recording.sound(side, ms(from), ms(to))
    },
  },
  close: () => recording.close(),
})

class TapeSeat implements PageSeat {
  readonly #page: Page
  readonly #recording: Recording
  readonly #seeks = slide<Seek>(WAITING)
  readonly #lists = slide<List>(WAITING)
  readonly #log: Logbook
  /** The newest filter: lists of others are of no use any more. */
  #filter = ''
  /** The newest `find`: only it is answered. */
  #finding = 0

  constructor(page: Page, recording: Recording) {
    this.#page = page
    this.#recording = recording
    this.#log = recording.log()
    const { header, from, to, remarks } = recording
    page.tell({
      type: 'hello',
      mode: 'recording',
      header,
      sends: false,
      minds: [],
      from,
      to,
      ...(remarks.length > 0 ? { remarks: [...remarks] } : {}),
    })
    void this.#answer()
    void this.#list()
  }

  ask(asked: FromPage): void {
    if (asked.type === 'seek')
      void this.#seeks.push(asked) // a queue that slides makes nobody wait
    else if (asked.type === 'list') {
      this.#filter = JSON.stringify(asked.filter)
      void this.#log.rows(asked.filter).catch(() => {}) // told by its answer; a new filter gives up the one before at once
      void this.#lists.push(asked)
    } else if (asked.type === 'find') void this.#find(asked)
    else if (asked.type === 'span') {
      const { id, from, to } = asked
      this.#page.tell({ type: 'span', id, from, to, messages: this.#recording.span(from, to) })
    } else this.#page.tell({ type: 'refused', text: 'this is a recording: it can be looked at, and nothing in it changed' })
  }
  hear(): void {}
  drained(): void {}
  leave(): void {
    this.#seeks.end()
    this.#seeks.clear()
    this.#lists.end()
    this.#lists.clear()
    this.#finding = 0
    this.#log.close()
  }

  async #answer(): Promise<void> {
    for await (const { id, at, seq } of this.#seeks) {
      try {
        const moment = await this.#recording.moment(at, seq)
        this.#page.tell({ type: 'moment', id, ...moment })
      } catch (error) {
        this.#refuse('this moment cannot be read', error)
      }
    }
  }
  async #list(): Promise<void> {
    for await (const asked of this.#lists) {
      if (JSON.stringify(asked.filter) !== this.#filter) continue
      try {
        this.#page.tell({ type: 'listed', id: asked.id, ...(await this.#log.list(asked)) })
      } catch (error) {
        if (!isGivenUp(error)) this.#refuse('the events cannot be read', error)
      }
    }
  }
  async #find(asked: Find): Promise<void> {
    this.#finding = asked.id
    try {
      const found = await this.#log.find(asked)
      if (this.#finding === asked.id) this.#page.tell({ type: 'found', id: asked.id, ...found })
    } catch (error) {
      if (!isGivenUp(error)) this.#refuse('the recording cannot be searched', error)
    }
  }
  #refuse(what: string, error: unknown): void {
    this.#page.tell({ type: 'refused', text: `${what}: ${lineOf(error)}` })
  }
}

const isGivenUp = (error: unknown): boolean => error instanceof Error && error.name === 'AbortError'
