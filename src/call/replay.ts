/** `chartroom replay`: recordings played again, and what came out the same, or did not. */
import { coded, lineOf } from '../errors.ts'
import { type Replay, replay, replayText } from '../replay/replay.ts'
import { tame } from './paint.ts'
import type { ReplayOptions } from './replaying.ts'

const lineOn = (folder: string, result: Replay, { folders, json }: ReplayOptions): string => {
  if (json) return JSON.stringify({ folder, ...result })
  return (folders.length > 1 ? `${folder}: ` : '') + replayText(result)
}

/** A recording that cannot be replayed is told of among others, if there are others. */
const refusalOf = (folder: string, error: unknown, { folders, json }: ReplayOptions): string => {
  if (folders.length === 1) throw error
  return json ? JSON.stringify({ folder, error: lineOf(error) }) : lineOf(error)
}

/** Rejects with one line if a recording cannot be replayed, or one of them came out different. */
export const replayAll = async (options: ReplayOptions, signal: AbortSignal): Promise<void> => {
  const bad = { different: 0, refused: 0 }
  for (const folder of options.folders) {
    if (signal.aborted) return
    const result = await replay(folder, signal).catch(error => {
      signal.throwIfAborted()
      return refusalOf(folder, error, options)
    })
    const text = typeof result === 'string' ? result : lineOn(folder, result, options)
    if (typeof result === 'string') bad.refused++
    else if (!result.same) bad.different++
    for (const line of text.split('\n')) console.log(options.json ? line : tame(line))
  }
  const all = options.folders.length
  const verdicts = [
    ...(bad.different > 0 ? [all === 1 ? 'the replay is different' : `${bad.different} of ${all} replays are different`] : []),
    ...(bad.refused > 0 ? [`${bad.refused} of ${all} cannot be replayed`] : []),
  ]
  if (verdicts.length > 0) throw coded('ERR_DIFFERENT', verdicts.join(', '))
}
