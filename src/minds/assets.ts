/** The recordings that come with the package: the docent's voice, and a caller. */
import { readFile } from 'node:fs/promises'
import { pipe } from 'it-pipe'
import { type Format, joined } from '../audio/frame.ts'
import { conform } from '../audio/resample.ts'
import type { Recording } from '../codec/wav.ts'
import type { OpusDecoder } from '../ports.ts'
import { type Voice, voiceOf } from './voice.ts'

/** The voices are kept in what the engine works with, whatever they are packed in. */
const format: Format = { sampleRate: 24_000, channels: 1 }

/** Decodes an Ogg Opus file into one recording of 24 kHz mono. Real I/O: await it before a virtual clock runs, or under its `hold`. */
const decoded = async (file: URL, opus: OpusDecoder, signal: AbortSignal): Promise<Recording> => {
  const bytes = async function* () {
    yield new Uint8Array(await readFile(file, { signal }))
  }
  const pieces: Int16Array[] = []
  for await (const { data } of pipe(opus.decode(bytes(), signal), conform(format))) pieces.push(data)
  signal.throwIfAborted()
  return { ...format, data: joined(pieces) }
}

/** Reads a recording and the WebVTT beside it. `assets` is the folder's URL, with a slash at its end. */
const read = async (name: string, assets: URL, opus: OpusDecoder, signal: AbortSignal) => {
  const [recording, vtt] = await Promise.all([
    decoded(new URL(`${name}.opus`, assets), opus, signal),
    readFile(new URL(`${name}.vtt`, assets), { encoding: 'utf8', signal }),
  ])
  return { recording, vtt }
}

/** Loads the docent's voice: real I/O, before the call's time runs. `assets` as above. */
export const loadVoice = async (assets: URL, opus: OpusDecoder, signal: AbortSignal): Promise<Voice> => {
  const { recording, vtt } = await read('docent', assets, opus, signal)
  return voiceOf(recording, vtt)
}

/** Loads the bundled caller: what it says, 24 kHz mono, and the WebVTT of its words for `vttHearing`. */
export const loadCaller = (assets: URL, opus: OpusDecoder, signal: AbortSignal): Promise<{ recording: Recording; vtt: string }> =>
  read('caller', assets, opus, signal)
