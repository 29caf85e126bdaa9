/** `chartroom open`: a recording in the browser, until Ctrl-C. */
import { once } from 'node:events'
import { draw } from '../inspector/inspect.ts'
import { serve } from '../inspector/server.ts'
import { tapeShow } from '../inspector/tape-show.ts'
import { openRecording, type Recording } from '../recording/read.ts'
import { openBrowser } from './browser.ts'
import { tame } from './paint.ts'
import { serverOf } from './shown.ts'
import { counted, spell } from './times.ts'
import type { OpenOptions } from './viewing.ts'

/** What a person is told first. */
const about = ({ header, from, to, messages, remarks }: Recording): string[] => [
  `${header.room || 'a room'} as ${header.identity || 'nobody'}, ${spell(to - from)}, ${counted(messages, 'message')}`,
  ...remarks.map(remark => `note: ${remark}`),
]

/** Rejects with one clear line if there is nothing to open, or nowhere to serve it. */
export const open = async (options: OpenOptions, signal: AbortSignal): Promise<void> => {
  const recording = await openRecording(options.path)
  try {
    for (const line of about(recording)) console.log(tame(line))
    const served = await serve(tapeShow(recording, draw), serverOf(options))
    console.log(`\n  ${served.url}\n\nCtrl-C ends.`)
    if (options.browser) openBrowser(served.url)
    if (!signal.aborted) await once(signal, 'abort')
    await served.close()
  } finally {
    await recording.close()
  }
}
