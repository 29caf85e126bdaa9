/** A recording that opens: any moment of it, what its lanes show, and how it sounded, without all of it in memory. */
import { type FileHandle, open, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { coded, codeOf, lineOf } from '../errors.ts'
import { type Definition, type Header, type Message, tapeVersion } from '../inspector/messages.ts'
import type { Scene } from '../inspector/scene.ts'
import { headerIn, versionIn } from './check.ts'
import { Index } from './index.ts'
import { type Line, linesIn } from './lines.ts'
import type { Logbook } from './logbook.ts'
import type { Side } from './sound.ts'

/** Moments in ms of the clock that the room had. */
export type Recording = {
  readonly header: Header
  /** Of the first message and of the last. */
  readonly from: number
  readonly to: number
  readonly messages: number
  /** What is not whole, a line each. */
  readonly remarks: readonly string[]
  /** The machines in it, by their keys. */
  readonly definitions: ReadonlyMap<string, Definition>
  /** How things stood right after the last message at `at`, or after the one of this `seq`; and the messages around it. */
  moment(at: number, seq?: number): Promise<{ scene: Scene; recent: Message[] }>
  /** What the lanes show between two moments: some thousand messages at most. */
  span(from: number, to: number): Message[]
  /** Its event log, for who looks at it; its questions are given up with `close`. */
  log(): Logbook
  /** Mono, at the agent's rate; silence where there is none. Throws a RangeError for what is no time, or for more than ten minutes at once. */
  sound(side: Side, from: number, to: number): Promise<Int16Array>
  /** Lets go of its files. A second call is the same end. */
  close(): Promise<void>
}

const refuse = (message: string, cause?: unknown): never => {
  throw coded('ERR_RECORDING', message, cause)
}
const reasons: Record<string, string> = {
  ENOENT: 'there is no such file or folder',
  EACCES: 'it may not be read',
}
const opened = async (file: string, shown: string): Promise<FileHandle> => {
  try {
    return await open(file)
  } catch (error) {
    return refuse(`cannot open ${shown}: ${reasons[codeOf(error) ?? ''] ?? lineOf(error)}`, error)
  }
}
/** The tape that a path means, and the media beside it. */
const filesAt = async (path: string): Promise<{ tape: string; media: string }> => {
  const about = await stat(path).catch(error =>
    refuse(`cannot open ${path}: ${reasons[codeOf(error) ?? ''] ?? lineOf(error)}`, error),
  )
  const folder = about.isDirectory()
  if (!folder && !about.isFile()) refuse(`cannot open ${path}: it is neither a folder nor a file`)
  const tape = folder ? join(path, 'tape.jsonl') : path
  if (folder && !(await stat(tape).catch(() => undefined))?.isFile())
    refuse(`${path} is not a recording: there is no tape.jsonl in it`)
  return { tape, media: join(tape, '..', 'media.bin') }
}

/** The file that holds the messages. Rejects as `openRecording` does. */
export const tapeAt = async (path: string): Promise<string> => (await filesAt(path)).tape

/** Opens the folder of a recording, or its tape alone. Rejects with one line (code ERR_RECORDING) that says what is wrong. */
export const openRecording = async (path: string): Promise<Recording> => {
  const files = await filesAt(path)
  const tape = await opened(files.tape, path)
  const media = await open(files.media).catch(() => undefined) // said in the remarks, if sound is asked of it
  try {
    return await readFrom(tape, media, path)
  } catch (error) {
    await Promise.all([tape.close(), media?.close()])
    throw error
  }
}

const headerOf = ({ text, end }: Line, path: string): Header => {
  const about = text === undefined ? undefined : versionIn(text)
  if (about && about.version > tapeVersion)
    refuse(
      `${path} was made by a newer Chartroom (${about.product}): update this one to open it; it reads version ${tapeVersion}, not ${about.version}`,
    )
  return (
    headerIn(text ?? '') ??
    refuse(`${path} is not a recording: its first line, of ${end} bytes, does not begin a tape of Chartroom's`)
  )
}

const readFrom = async (file: FileHandle, media: FileHandle | undefined, path: string): Promise<Recording> => {
  const portions = linesIn(file)
  const { value: first = [] } = await portions.next()
  const [head, ...rest] = first
  if (!head) return refuse(`${path} is empty: nothing was recorded`)
  const header = headerOf(head, path)
  const index = new Index(file, media, header, head.end)
  index.take(rest)
  for await (const lines of portions) index.take(lines)
  await index.finish()
  return index.recording
}
