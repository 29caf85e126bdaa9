/** The minds that a page can talk with, and what they need. */
import type { Wish } from '../../machines/live.ts'
import type { MindLogic } from '../agent.ts'
import { realClock } from '../clock.ts'
import { createOpus } from '../codec/opus.ts'
import type { Mind } from '../mind.ts'
import type { Hearing } from '../minds/senses.ts'
import type { Log } from '../ports.ts'
import { bundledCaller, callFormat } from './caller.ts'
import { mindFor } from './minds.ts'
import type { ModelFlags } from './model.ts'
import type { MindChoice } from './options.ts'

export type LiveMinds = {
  /** The usual one first. */
  readonly names: string[]
  /** A mind for one call; for the sample call also what the caller says. Rejects with one clear line. */
  load(wish: Wish, signal: AbortSignal): Promise<{ mind: Mind | MindLogic; sample?: Int16Array }>
}
export type MindsParts = {
  mind: MindChoice
  openai?: ModelFlags
  minSpeechMs: number
  assets: URL
  log: Log
  env: NodeJS.ProcessEnv
  signal: AbortSignal
}

/** Whether a realtime model can be spoken with here: there is a key, and its package is installed. */
const hasModel = async (env: NodeJS.ProcessEnv): Promise<boolean> => {
  if (!env.OPENAI_API_KEY) return false
  return import('openai').then(
    () => true,
    () => false,
  )
}
const nameOf = (mind: MindChoice): string => (typeof mind === 'object' ? mind.file : mind)

/** Finds out which there are. Rejects with one clear line if the chosen one cannot be: of ours that is known, of others it is tried. */
export const liveMinds = async ({ mind: chosen, env, signal, ...parts }: MindsParts): Promise<LiveMinds> => {
  const ours: MindChoice[] = ['docent', 'parrot', ...((await hasModel(env)) ? ['openai' as const] : [])]
  const all = new Map([chosen, ...ours].map(mind => [nameOf(mind), mind]))
  const opus = createOpus({ clock: realClock(), sampleRate: callFormat.sampleRate })
  const load = (mind: MindChoice, signal: AbortSignal, hearing?: Hearing) => mindFor({ ...parts, mind, opus, signal }, hearing)
  if (typeof chosen === 'object' || chosen === 'openai') await load(chosen, signal)
  /** Of ours what is read is kept: the next call begins at once. */
  const kept = new Map<string, ReturnType<typeof prepare>>()
  const prepare = async (mind: MindChoice, voice: Wish['voice'], signal: AbortSignal) => {
    const caller = voice === 'sample' ? await bundledCaller(parts.assets, opus, signal) : undefined
    return { make: await load(mind, signal, caller?.hearing), ...(caller && { sample: caller.data }) }
  }
  const prepared = (mind: MindChoice, voice: Wish['voice']) => {
    const key = `${nameOf(mind)} ${voice === 'sample'}`
    const known = kept.get(key) ?? prepare(mind, voice, signal)
    kept.set(key, known)
    known.catch(() => kept.delete(key)) // whoever wants it is told
    return known
  }
  const isOurs = (mind: MindChoice) => mind === 'docent' || mind === 'parrot'
  if (isOurs(chosen)) void prepared(chosen, 'microphone')
  return {
    names: [...all.keys()],
    load: async ({ mind: name, voice }, calling) => {
      const mind = all.get(name) ?? chosen
      const { make, ...rest } = await (isOurs(mind) ? prepared(mind, voice) : prepare(mind, voice, calling))
      return { mind: make(), ...rest }
    },
  }
}
