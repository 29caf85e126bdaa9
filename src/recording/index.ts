/** What is kept of a tape while it is read through, once: where everything is, and little of what it says. */
import type { FileHandle } from 'node:fs/promises'
import type { Definition, Header, Message } from '../inspector/messages.ts'
import type { Line } from './lines.ts'
import { Logbook } from './logbook.ts'
import { Marks } from './marks.ts'
import type { Recording } from './read.ts'
import { Checkpoints } from './seek.ts'
import { Sound } from './sound.ts'
import { Tape } from './tape.ts'

/** So long a piece of sound is given at once, in ms: 30 MB. */
const LONGEST_SOUND = 600_000

export class Index {
  readonly #file: FileHandle
  readonly #offset: number
  readonly #files: (FileHandle | undefined)[]
  readonly #media: FileHandle | undefined
  readonly #header: Header
  readonly #tape = new Tape()
  readonly #checkpoints: Checkpoints
  readonly #marks: Marks
  readonly #sound: Sound
  readonly #definitions = new Map<string, Definition>()
  readonly #remarks: string[] = []
  readonly #count = { messages: 0, gaps: 0, mediaEnd: 0 }
  #from: number | undefined
  #to = 0
  #cut = false

  constructor(file: FileHandle, media: FileHandle | undefined, header: Header, offset: number) {
    this.#file = file
    this.#offset = offset
    this.#files = [file, media]
    this.#media = media
    this.#header = header
    this.#checkpoints = new Checkpoints(file, offset)
    this.#marks = new Marks(header.sampleRate)
    this.#sound = new Sound(header.sampleRate, media)
  }

  take(lines: Line[]): void {
    for (const line of lines) {
      const messages = this.#tape.take(line)
      if (!line.whole && messages.length === 0) this.#cut = true
      this.#note(messages)
      this.#checkpoints.add(messages, line.end, this.#tape)
    }
  }
  async finish(): Promise<void> {
    const left = this.#tape.end()
    this.#note(left)
    this.#checkpoints.finish(left)
    const { gaps, mediaEnd } = this.#count
    if (this.#cut)
      this.#remarks.push('the last line is not whole and was left out: whoever wrote it was ended in the middle of it')
    if (gaps > 0)
      this.#remarks.push(
        `${gaps === 1 ? 'one message is' : `${gaps} messages are`} missing or cannot be read: there is a gap where they were`,
      )
    if (mediaEnd === 0) return
    const size = (await this.#media?.stat())?.size
    if (size === undefined) this.#remarks.push('there is no media.bin beside the tape: the recording is silent')
    else if (size < mediaEnd) this.#remarks.push(`media.bin ends after ${size} of ${mediaEnd} bytes: what came later is silent`)
  }

  get recording(): Recording {
    const [from, to] = [this.#from ?? 0, this.#to]
    let closing: Promise<unknown> | undefined
    return {
      ...{ header: this.#header, from, to, messages: this.#count.messages },
      ...{ remarks: this.#remarks, definitions: this.#definitions },
      moment: (at, seq) => this.#checkpoints.moment(at, seq),
      log: () => new Logbook(this.#file, this.#offset),
      span: (from, to) => this.#marks.span(from, to),
      sound: async (side, start, end) => {
        if (!(end >= start && end - start <= LONGEST_SOUND))
          throw new RangeError(`sound is given from a moment to a later one, ten minutes at most, not from ${start} to ${end}`)
        const sampleOf = (ms: number) => Math.round(((ms - from) * this.#header.sampleRate) / 1000)
        return this.#sound.render(side, from, sampleOf(start), sampleOf(end))
      },
      close: async () => {
        closing ??= Promise.all(this.#files.map(file => file?.close()))
        await closing
      },
    }
  }

  #note(messages: Message[]): void {
    for (const message of messages) {
      this.#from ??= message.at
      this.#to = Math.max(this.#to, message.at)
      this.#count.messages++
      if (message.type === 'machine') this.#definitions.set(message.definition.key, message.definition)
      if (message.type === 'gap') this.#count.gaps += message.count
      if (message.type === 'sound' && message.media)
        this.#count.mediaEnd = Math.max(this.#count.mediaEnd, message.media[0] + message.media[1])
      this.#marks.add(message)
      this.#sound.add(message)
    }
  }
}
