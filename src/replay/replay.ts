/** Plays a recorded call again, with the machines of today, and compares what they do with what they did. */
import { closeSync, existsSync, openSync, readFileSync, readSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { realClock } from '../clock.ts'
import { coded, codeOf, lineOf } from '../errors.ts'
import { probe } from '../inspector/probe.ts'
import type { JournalLine } from '../lines.ts'
import { ChartRoom } from '../room.ts'
import { type Inputs, inputsOf, type Media } from './inputs.ts'
import { Player } from './player.ts'
import { Lives, type Refolded, refold } from './refold.ts'
import { replayed } from './settings.ts'
import { Comparison, type Difference, type Tape, tapeOf } from './told.ts'
import { around, departureText, differenceText, inputText, placeText } from './words.ts'

/**
 * How a replay came out. `callMs`: as long the call was, as far as it is recorded; `tookMs`: the replay. `difference`: the first, in words;
 * `around`: what was there before it, and both that differ. `folded`: steps of machines that have no hands in a replay, by actor, which were
 * done again from the events of the tape. `remarks`: what is not whole, a line each.
 */
export type Replay = {
  same: boolean
  inputs: number
  events: number
  callMs: number
  tookMs: number
  folded: Record<string, number>
  difference?: string
  around?: string[]
  remarks: string[]
}

/**
 * Replays the recording in a folder. Rejects with one line: ERR_RECORDING where there is none, ERR_NOT_REPLAYABLE where it cannot be
 * replayed. The folder is only read. When `signal` aborts it rejects with its reason.
 */
export const replay = async (folder: string, signal?: AbortSignal): Promise<Replay> => {
  try {
    return await replayIn(folder, signal)
  } catch (error) {
    const code = codeOf(error)
    if (code !== 'ERR_RECORDING' && code !== 'ERR_NOT_REPLAYABLE') throw error
    throw coded(code, `cannot replay ${folder}: ${lineOf(error)}`, error)
  }
}

const replayIn = async (folder: string, signal?: AbortSignal): Promise<Replay> => {
  const inputs = inputsOf(textIn(folder, 'inputs.jsonl'))
  const own = inputs.lines.filter(({ kind }) => kind !== 'called').map(({ n }) => n)
  const lives = new Lives()
  const isTaped = statSync(join(folder, 'tape.jsonl'), { throwIfNoEntry: false })?.size
  const tape = tapeOf(isTaped ? textIn(folder, 'tape.jsonl') : '', own, told => lives.take(told))
  const media = mediaIn(folder)
  try {
    return await played(inputs, tape, lives.all.map(refold), media.read, signal)
  } finally {
    media.close()
  }
}

const textIn = (folder: string, name: string): string => {
  const file = join(folder, name)
  const isThere = existsSync(folder) && statSync(folder).isDirectory()
  if (!isThere) throw coded('ERR_RECORDING', 'there is no such folder')
  const isEmpty = (one: string) => !statSync(join(folder, one), { throwIfNoEntry: false })?.size
  if (isEmpty(name) && isEmpty('tape.jsonl'))
    throw coded('ERR_NOT_REPLAYABLE', 'nothing was recorded there, its room was never made')
  if (isEmpty(name)) throw coded('ERR_NOT_REPLAYABLE', 'it has no inputs, record with { recorder: recorderIn(folder) }')
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw coded('ERR_RECORDING', `${name} may not be read (${codeOf(error) ?? lineOf(error)})`, error)
  }
}
const mediaIn = (folder: string): { read: Media; close: () => void } => {
  const file = join(folder, 'media.bin')
  const handle = existsSync(file) ? openSync(file, 'r') : undefined
  const read: Media = (offset, length) => {
    const bytes = new Uint8Array(length)
    return handle !== undefined && readSync(handle, bytes, 0, length, offset) === length ? bytes : undefined
  }
  return { read, close: () => handle !== undefined && closeSync(handle) }
}

const played = async (inputs: Inputs, tape: Tape, refolded: Refolded[], media: Media, signal?: AbortSignal): Promise<Replay> => {
  const clock = realClock()
  const player = new Player(inputs, media)
  const { script, outside } = player
  const comparison = new Comparison(tape, () => player.stop())
  const watch = (room: ChartRoom) => void probe(room, { sink: message => comparison.see(message), input: () => script.n })
  const settings = replayed(inputs.beginning, outside, watch)
  const make = () => new ChartRoom(outside.world, settings, inputs.beginning.attended, outside)
  const stop = () => player.stop()
  signal?.addEventListener('abort', stop, { once: true })
  await guarded(player.play(make), does => script.depart(does))
  signal?.removeEventListener('abort', stop)
  signal?.throwIfAborted()
  if (!script.departure && inputs.whole) comparison.end(script.n)
  return {
    ...{ inputs: script.n, events: comparison.count, callMs: script.at - inputs.at, tookMs: clock.now() },
    ...{ same: true, folded: foldedIn(refolded), remarks: remarksOn(inputs, tape, comparison) },
    ...firstIn([comparison, ...refolded], player, inputs.lines),
  }
}

/** What a recording makes a room do that was changed by hand may fail in a microtask of its own: of that only the process is told. */
const guarded = async (play: Promise<void>, depart: (does: string) => void): Promise<void> => {
  const kinds = ['uncaughtException', 'unhandledRejection'] as const
  let refusal: unknown
  const failed = (error: unknown) => {
    if (codeOf(error) === 'ERR_NOT_REPLAYABLE') refusal ??= error
    else depart(`fails: ${lineOf(error)}`)
  }
  for (const kind of kinds) process.on(kind, failed)
  try {
    await play.catch(failed)
    await new Promise(resolve => setImmediate(resolve)) // within a turn no time passes
  } finally {
    for (const kind of kinds) process.off(kind, failed)
  }
  if (refusal) throw refusal
}

const foldedIn = (refolded: Refolded[]): Replay['folded'] => {
  const all: Replay['folded'] = {}
  for (const { path, steps } of refolded) all[path] = (all[path] ?? 0) + steps
  return all
}
const nOf = ({ recorded, replayed }: Difference): number => (recorded ?? replayed)?.n ?? 0
const firstIn = (
  compared: { difference?: Difference | undefined }[],
  { script, outside }: Player,
  lines: JournalLine[],
): Partial<Replay> => {
  const { departure } = script
  const differences = compared.flatMap(({ difference }) => difference ?? [])
  const [difference] = differences.toSorted((one, other) => nOf(one) - nOf(other))
  /** What the room looked at, or took, came by itself: the one before that is what came in. */
  const place = (n: number, at: number) => {
    const input = lines.findLast(line => line.n <= n && !['called', 'read', 'id'].includes(line.kind))
    if (!input) return placeText(0, at, '')
    return placeText(input.n, at, inputText(input, input.kind === 'timer' ? outside.timerMs(input.name) : undefined))
  }
  if (difference && (!departure || nOf(difference) <= departure.n)) {
    const { n = 0, at = 0 } = difference.recorded ?? difference.replayed ?? {}
    return { same: false, difference: `${place(n, at)}: ${differenceText(difference)}`, around: around(difference) }
  }
  return departure ? { same: false, difference: `${place(departure.n, departure.at)}: ${departureText(departure)}` } : {}
}
const remarksOn = ({ whole, lines }: Inputs, { messages, gapAt, missing }: Tape, { endsAt }: Comparison): string[] => [
  ...(whole ? [] : ['the recording breaks off in the middle of a line: it was replayed up to the last whole one']),
  ...picturesIn(lines),
  ...(messages.length === 0 ? ['there is no tape: only what the room asked of the world was compared'] : []),
  ...(missing > 0 ? [`the tape is damaged: in ${missing} of its places lines are missing or cannot be read`] : []),
  ...(endsAt !== undefined && gapAt === undefined && messages.length > 0 && whole
    ? [`the tape ends before the inputs: events were compared up to input ${endsAt}`]
    : []),
  ...(gapAt === undefined ? [] : [`messages are missing in the tape: events were compared up to input ${gapAt}`]),
]

const picturesIn = (lines: JournalLine[]): string[] => {
  const { length } = lines.filter(({ kind, name }) => kind === 'item' && name.startsWith('videos.'))
  return length === 0
    ? []
    : [`pictures are recorded by size and hash: ${count(length)} of them were played without what they show`]
}

const count = (n: number): string => n.toLocaleString('en-US')
const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`
/** In one line, and in a few more where there is a difference. */
export const replayText = (result: Replay): string => {
  const { same, inputs, events, callMs, tookMs, folded, difference, around: lines = [], remarks } = result
  const again = Object.entries(folded).map(([path, steps]) => `, ${count(steps)} steps of ${path} folded again`)
  return [
    same
      ? `same: ${count(inputs)} inputs, ${count(events)} events, ${seconds(callMs)} in ${seconds(tookMs)}${again.join('')}`
      : `different: ${difference}`,
    ...lines,
    ...remarks.map(remark => `  note: ${remark}`),
  ].join('\n')
}

/** Throws an AssertionError that says what is different, unless a replay of the recording in this folder is the same. */
export const expectReplay = async (folder: string): Promise<void> => {
  const result = await replay(folder)
  if (!result.same) throw Object.assign(coded('ERR_ASSERTION', `${folder}: ${replayText(result)}`), { name: 'AssertionError' })
}
