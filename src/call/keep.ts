/** The recording of a call, as `--record` asks for it. */
import { join } from 'node:path'
import { coded } from '../errors.ts'
import type { Recorder } from '../recording/recorder.ts'
import { checkWritable, freeName, stampOf } from './files.ts'

export type Kept = { folder: string; recorder: Recorder }

/** What is recorded goes there from the first moment on; undefined where nobody asked. An empty `record`: to `usual`, or to calls/<time>. */
export const keeping = async (record: string | undefined, usual?: string): Promise<Kept | undefined> => {
  if (record === undefined) return undefined
  const folder = record || usual || (await freeName(join('calls', stampOf(new Date()))))
  await checkWritable(folder, '--record=DIR')
  const { recorderIn } = await import('../recording/write.ts')
  return { folder, recorder: recorderIn(folder) }
}

/** The same error; one that stopped the call says what is left of it. */
export const stopped = (kept: Kept | undefined): Error =>
  coded('ERR_STOPPED', kept ? `stopped: what was recorded is in ${kept.folder}` : 'stopped: nothing was written')
