/** Who calls: a recording, and what is known of its words. */
import { readFile } from 'node:fs/promises'
import { type AudioFrame, type Format, frameOf, joined } from '../audio/frame.ts'
import { conform } from '../audio/resample.ts'
import { parseWav, type Recording } from '../codec/wav.ts'
import { coded, codeOf, lineOf } from '../errors.ts'
import { loadCaller } from '../minds/assets.ts'
import { vttHearing } from '../minds/hearing.ts'
import type { Hearing } from '../minds/senses.ts'
import type { OpusDecoder } from '../ports.ts'

/** `data`: mono at `callFormat`. `hearing` where there is a transcript. */
export type Caller = { data: Int16Array; hearing?: Hearing }

/** What the room carries: the engine's usual rate. */
export const callFormat = { sampleRate: 24_000, channels: 1 } as const satisfies Format

const reasons: Record<string, string> = {
  ENOENT: 'there is no such file',
  EISDIR: 'it is a folder, not a file',
  EACCES: 'it may not be read',
  ERR_FS_FILE_TOO_LARGE: 'it is larger than 2 GiB: cut it into pieces',
}
const unreadable = (path: string, error: unknown): Error =>
  coded('ERR_INPUT', `cannot read ${path}: ${reasons[codeOf(error) ?? ''] ?? lineOf(error)}`, error)

async function* pieces({ data, sampleRate, channels }: Recording): AsyncGenerator<AudioFrame> {
  const second = sampleRate * channels
  for (let at = 0; at < data.length; at += second) yield frameOf(data.slice(at, at + second), { sampleRate, channels })
}

const conformed = async (recording: Recording): Promise<Int16Array> => {
  const done: Int16Array[] = []
  for await (const { data } of conform(callFormat)(pieces(recording))) done.push(data)
  return joined(done)
}

/** The transcript beside the recording: undefined if there is none. */
const transcriptOf = async (path: string, signal: AbortSignal): Promise<Hearing | undefined> => {
  const beside = `${path.replace(/\.wave?$/i, '')}.vtt`
  try {
    return vttHearing(await readFile(beside, { encoding: 'utf8', signal }))
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw codeOf(error) === 'ERR_VTT' ? coded('ERR_INPUT', `${beside}: ${lineOf(error)}`, error) : unreadable(beside, error)
  }
}

/** The caller in a WAV file. Rejects with one clear line (code ERR_INPUT) if it, or the transcript beside it, cannot be read. */
export const callerFrom = async (path: string, signal: AbortSignal): Promise<Caller> => {
  const bytes = await readFile(path, { signal }).catch(error => {
    throw unreadable(path, error)
  })
  const hearing = await transcriptOf(path, signal)
  try {
    return { data: await conformed(parseWav(bytes)), ...(hearing && { hearing }) }
  } catch (error) {
    throw coded('ERR_INPUT', `${path}: ${lineOf(error)}`, error)
  }
}

/** The caller that comes with the package. */
export const bundledCaller = async (assets: URL, opus: OpusDecoder, signal: AbortSignal): Promise<Caller> => {
  const { recording, vtt } = await loadCaller(assets, opus, signal)
  return { data: await conformed(recording), hearing: vttHearing(vtt) }
}
