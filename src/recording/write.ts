/** Writes a room down while it lives, so that it can be read whatever becomes of the process, of the disk or of the folder. */
import { mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { coded, codeOf, lineOf } from '../errors.ts'
import { headerOf, type Named, startOf } from '../inspector/header.ts'
import type { MediaRef } from '../inspector/messages.ts'
import { type Inspected, probe } from '../inspector/probe.ts'
import { hashOf, type JournalLine } from '../journal.ts'
import type { ChartRoom } from '../room.ts'
import { Pages } from './pages.ts'
import type { Recorder } from './recorder.ts'

/** Bytes of the first line, with blanks at its end: it is written once more when the room is joined. */
const HEADER_BYTES = 2_048
/** Characters of a room's or an identity's name in it: so many fit, whatever they are. */
const NAME = 100
/** Bytes that wait for the end of a turn, at most. */
const MOST = 1_000_000

export type Recorded = Inspected & Named & Pick<ChartRoom, 'opened' | 'closed'>

/**
 * For a room that is opened with it, `openRoom(world, { recorder })`: all of it, to be replayed too. Throws ERR_RECORDING for a folder that
 * is not empty, or cannot be made.
 */
export const recorderIn = (folder: string): Recorder => new Writer(folder, true)

/**
 * Records a room that runs, from now on, until it closes or `stop` is called: to be looked at, not to be replayed. Throws ERR_RECORDING for
 * a folder that is not empty, or cannot be made.
 */
export const record = (room: Recorded, folder: string): { stop(): void } => {
  const writer = new Writer(folder, false)
  writer.attach(room)
  return { stop: () => writer.close() }
}

/** Those with something to write before the process ends. */
const writers = new Set<Writer>()
const finish = () => {
  for (const writer of writers) writer.close()
}

class Writer implements Recorder {
  readonly #folder: string
  readonly #replayable: boolean
  readonly #tape: Pages
  readonly #inputs: Pages
  readonly #media: Pages
  readonly #places = new WeakMap<ArrayBufferView, { place: MediaRef; hash: string }>()
  #room: Recorded | undefined
  #startedAt = new Date(0)
  #input = 0
  #isDue = false
  #isOver = false
  #stop = () => {}

  constructor(folder: string, replayable: boolean) {
    this.#folder = folder
    this.#replayable = replayable
    const [tape, inputs, media] = claim(folder)
    this.#tape = tape
    this.#inputs = inputs
    this.#media = media
  }

  attach(room: Recorded): void {
    if (this.#room) throw coded('ERR_RECORDER', 'this recorder has its room already: make another for another room')
    this.#room = room
    if (writers.size === 0) process.on('exit', finish)
    writers.add(this)
    this.#startedAt = startOf(room)
    this.#tape.add(this.#header())
    this.#stop = probe(room, {
      sink: message => this.#add(this.#tape, message),
      media: (view, after) => this.#place(view, after),
      ...(this.#replayable ? { input: () => this.#input } : {}),
    })
    room.opened.then(
      () => this.#guard(() => this.#tape.amend(this.#header())),
      () => {}, // it closes
    )
    void room.closed.then(() => this.close())
  }
  input(line: JournalLine): void {
    this.#input = line.n
    this.#add(this.#inputs, line)
  }
  media(view: ArrayBufferView, hash?: string): MediaRef {
    return this.#place(view, undefined, hash)
  }
  close(): void {
    if (this.#isOver) return
    this.#stop()
    this.#flush()
    if (!this.#isOver) this.#end()
  }

  #header(): string {
    const { room, identity, ...rest } = headerOf(this.#room as Recorded, this.#replayable, this.#startedAt) // it is attached
    const text = JSON.stringify({ ...rest, room: room.slice(0, NAME), identity: identity.slice(0, NAME) })
    return `${text}${' '.repeat(HEADER_BYTES - 1 - Buffer.byteLength(text))}\n`
  }
  #add(pages: Pages, line: object): void {
    if (this.#isOver) return
    pages.add(`${JSON.stringify(line)}\n`)
    this.#soon(pages)
  }
  /** Where the bytes of a view are; where they are already, unless they are wanted right `after` others. */
  #place(view: ArrayBufferView, after?: number, hash = hashOf(view)): MediaRef {
    const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength)
    const known = this.#places.get(view)
    if (known?.hash === hash && (after === undefined || known.place[0] === after)) return known.place
    if (this.#isOver) return [0, 0]
    const place: MediaRef = [this.#media.append(bytes), bytes.length]
    this.#places.set(view, { place, hash })
    this.#soon(this.#media)
    return place
  }

  /** Once a turn: what is written then was finished then. */
  #soon(pages: Pages): void {
    if (pages.waiting > MOST) this.#flush()
    if (this.#isDue) return
    this.#isDue = true
    setImmediate(() => {
      this.#isDue = false
      this.#flush()
    })
  }
  /** First what the others refer to. */
  #flush(): void {
    this.#guard(() => {
      if (this.#tape.isGone) throw new Error('its files were deleted')
      for (const pages of [this.#media, this.#inputs, this.#tape]) pages.flush()
    })
  }
  #guard(write: () => void): void {
    if (this.#isOver) return
    try {
      write()
    } catch (error) {
      this.#stop()
      this.#end()
      const [reason, advice] = reasonFor(error)
      this.#room?.taps.log('error', 'recording.failed', { folder: this.#folder, error: reason, advice })
    }
  }
  #end(): void {
    this.#isOver = true
    writers.delete(this)
    if (writers.size === 0) process.off('exit', finish)
    for (const pages of [this.#tape, this.#inputs, this.#media]) pages.close()
  }
}

const kept = 'the room goes on, and what was recorded until now can be opened'
const reasonFor = (error: unknown): [reason: string, advice: string] => {
  if (codeOf(error) === 'ENOSPC') return ['no room is left on the disk', `make some before the next recording; ${kept}`]
  if (codeOf(error) === 'EDQUOT') return ['the quota of the disk is used up', `make room before the next recording; ${kept}`]
  if (codeOf(error) === undefined)
    return [lineOf(error), 'leave the folder where it is until the room has closed; the room goes on']
  return [lineOf(error), kept]
}

const obstacles: Record<string, string> = {
  EEXIST: 'a file is in the way, name another',
  ENOTDIR: 'a file is in the way, name another',
  EACCES: 'it may not be written there, name another',
  EROFS: 'nothing may be written there, name another',
  ENOSPC: 'no room is left on the disk',
}
/** Makes the folder, if it must be, and its files. */
const claim = (folder: string): [tape: Pages, inputs: Pages, media: Pages] => {
  try {
    mkdirSync(folder, { recursive: true })
    if (readdirSync(folder).length > 0)
      throw coded('ERR_RECORDING', `the folder ${folder} is not empty: name another for the recording`)
    const [tape, inputs, media] = ['tape.jsonl', 'inputs.jsonl', 'media.bin'].map(name => new Pages(join(folder, name)))
    if (tape && inputs && media) return [tape, inputs, media]
    throw new Error('its files could not be made')
  } catch (error) {
    if (codeOf(error) === 'ERR_RECORDING') throw error
    const why = obstacles[codeOf(error) ?? ''] ?? lineOf(error)
    throw coded('ERR_RECORDING', `cannot record into the folder ${folder}: ${why}`, error)
  }
}
