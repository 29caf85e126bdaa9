/** `chartroom call`: a caller's recording in, a folder with the call out. */
import { join } from 'node:path'
import { realClock } from '../clock.ts'
import { createOpus } from '../codec/opus.ts'
import { encodeWav } from '../codec/wav.ts'
import { bundledCaller, callerFrom, callFormat } from './caller.ts'
import { captions } from './captions.ts'
import { addFiles, checkFree, checkWritable, type Files, stampOf, writeFolder } from './files.ts'
import { type Kept, keeping, stopped } from './keep.ts'
import { mindFor } from './minds.ts'
import type { CallOptions } from './options.ts'
import { overheard } from './overheard.ts'
import { palette } from './paint.ts'
import { type Call, type Called, callOn } from './run.ts'
import { stageFor } from './stage.ts'
import { figures, timeline } from './timeline.ts'
import { spell } from './times.ts'

/** The files of a call, by name, in the order in which one looks at them. */
export const filesOf = ({ record, events }: Called): Files => {
  const { caller, agent } = record.voices
  return {
    'timeline.svg': timeline(record),
    'call.vtt': captions(record.words),
    'caller.wav': encodeWav({ ...callFormat, data: caller.samples }),
    'agent.wav': encodeWav({ ...callFormat, data: agent.samples }),
    'events.jsonl': events.map(line => `${line}\n`).join(''),
  }
}

const summaryOf = ({ record }: Called, folder: string, files: Files, kept: Kept | undefined, color: boolean): string[] => {
  const { faint, strong } = palette(color)
  const [utterances, interruptions, pauses, ...words] = figures(record)
  return [
    '',
    `${strong(spell(record.durationMs))}  ${[utterances, interruptions, pauses].join(', ')}`,
    faint(words.join(', ')),
    `${strong(`${folder}/`)}  ${Object.keys(files).join('  ')}`,
    ...(kept ? [`recorded: chartroom open ${kept.folder}`] : []),
  ]
}

/** Gives back the folder of the call: that of its recording, unless that is to be elsewhere. */
const placed = async (files: Files, kept: Kept | undefined, { out, record }: CallOptions, signal: AbortSignal) => {
  if (!kept || record !== '')
    return writeFolder(out ?? join('calls', stampOf(new Date())), files, { others: out === undefined, signal })
  await addFiles(kept.folder, files)
  return kept.folder
}

/** Makes the call and writes its folder. Rejects with one clear line; then, and after an abort, there is no folder but a recording's. */
export const call = async (options: CallOptions, assets: URL, signal: AbortSignal): Promise<void> => {
  const { out, wav, quiet, color, seed, realtime } = options
  if (out !== undefined) await checkFree(out)
  await checkWritable(out ?? join('calls', stampOf(new Date())))
  const { screen, log } = stageFor({ quiet, color })
  const opus = createOpus({ clock: realClock(), sampleRate: callFormat.sampleRate })
  let kept: Kept | undefined
  try {
    const caller = wav === undefined ? await bundledCaller(assets, opus, signal) : await callerFrom(wav, signal)
    const mind = await mindFor({ ...options, assets, opus, log, signal }, caller.hearing)
    kept = await keeping(options.record, out)
    const overhear: Call['mind'] = (clock, hear) => mind(hearing => overheard(hearing, clock, hear))
    const called = await callOn(
      { audio: caller.data, seed, realtime, mind: overhear, recorder: kept?.recorder },
      { screen, log, signal },
    )
    const files = filesOf(called)
    // The name of the folder is the one thing that tells when the call was made: nothing in it does.
    const folder = await placed(files, kept, options, signal)
    screen.close(summaryOf(called, folder, files, kept, color && process.stdout.isTTY))
    if (quiet) console.log(folder)
  } catch (error) {
    throw signal.aborted ? stopped(kept) : error
  } finally {
    kept?.recorder.close()
    screen.close()
  }
}
