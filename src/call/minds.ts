/** The minds that can be called, by name. */
import { loadVoice } from '../minds/assets.ts'
import type { Ears } from '../minds/attend.ts'
import { docent } from '../minds/docent.ts'
import { speechHearing } from '../minds/hearing.ts'
import { parrot } from '../minds/parrot.ts'
import type { Hearing } from '../minds/senses.ts'
import { voiceActivity } from '../minds/vad.ts'
import type { Log, Mind, OpusDecoder } from '../ports.ts'
import type { MindName } from './options.ts'

export type MindParts = { name: MindName; assets: URL; opus: OpusDecoder; minSpeechMs: number; log: Log; signal: AbortSignal }
/** Makes the mind; `through` may put something between it and its hearing. */
export type MindMaker = (through?: (hearing: Hearing) => Hearing) => Mind

/**
 * Loads what the mind needs: all real I/O happens here, before the call's time runs. Without a `hearing` of its own it tells how
 * long the caller spoke.
 */
export const mindFor = async (
  { name, assets, opus, minSpeechMs, log, signal }: MindParts,
  hearing?: Hearing,
): Promise<MindMaker> => {
  const turns = { minSpeechMs }
  const activity = await voiceActivity()
  const voice = name === 'docent' ? await loadVoice(assets, opus, signal) : undefined
  return (through = same => same) => {
    const ears: Ears = { activity, turns, log, hearing: through(hearing ?? speechHearing(activity, turns)) }
    return voice ? docent({ ...ears, voice }) : parrot(ears)
  }
}
