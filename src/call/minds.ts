/** The minds that can be called, by name. */
import type { MindLogic } from '../agent.ts'
import type { Mind } from '../mind.ts'
import { loadVoice } from '../minds/assets.ts'
import type { Ears } from '../minds/attend.ts'
import { docent } from '../minds/docent.ts'
import { speechHearing } from '../minds/hearing.ts'
import { parrot } from '../minds/parrot.ts'
import type { Hearing } from '../minds/senses.ts'
import { voiceActivity } from '../minds/vad.ts'
import type { Log, OpusDecoder } from '../ports.ts'
import type { ModelFlags } from './model.ts'
import type { MindChoice } from './options.ts'

export type MindParts = {
  mind: MindChoice
  /** With the mind `openai` only. */
  openai?: ModelFlags
  /** Default true. */
  realtime?: boolean
  assets: URL
  opus: OpusDecoder
  minSpeechMs: number
  log: Log
  signal: AbortSignal
}
/** Makes the mind; `through` may put something between it and its hearing, where it has one of ours. */
export type MindMaker = (through?: (hearing: Hearing) => Hearing) => Mind | MindLogic

/**
 * Loads what the mind needs: all real I/O happens here, before the call's time runs. Without a `hearing` of its own it tells how
 * long the caller spoke.
 */
export const mindFor = async (parts: MindParts, hearing?: Hearing): Promise<MindMaker> => {
  const { mind: name, openai = {}, realtime = true, assets, opus, minSpeechMs, log, signal } = parts
  if (typeof name === 'object') {
    const { hurried, ownMind } = await import('./own.ts')
    const own = await ownMind(name.file)
    return () => (realtime ? own : hurried(own))
  }
  if (name === 'openai') {
    const model = await import('./model.ts').then(({ modelMind }) => modelMind(openai))
    return () => model
  }
  const turns = { minSpeechMs }
  const activity = await voiceActivity()
  const voice = name === 'docent' ? await loadVoice(assets, opus, signal) : undefined
  return (through = same => same) => {
    const ears: Ears = { activity, turns, log, hearing: through(hearing ?? speechHearing(activity, turns)) }
    return voice ? docent({ ...ears, voice }) : parrot(ears)
  }
}
