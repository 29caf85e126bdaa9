/** Models of LiveKit's agents: any `llm.RealtimeModel` of its plugins is a model for a `MultimodalAgent`. Needs `@livekit/agents`. */
import type { llm } from '@livekit/agents'
import type { RealtimeModel } from '../../realtime/port.ts'
import { AgentsSession } from './session.ts'

/** `instructions`: what the model is told of its part. Rates in Hz: theirs convert what they get, what they say is converted here. */
export type AgentsModelOptions = { instructions?: string; inputSampleRate?: number; outputSampleRate?: number }

/** What nearly all of these models take and give, in Hz. */
const USUAL_RATE = 24_000

/**
 * A model of `@livekit/agents`: OpenAI's, Google's, and whoever's has a plugin. Where it does not run in their worker, their library
 * wants `initializeLogger` to be called before. Throws a TypeError for what is no such model.
 */
export const agentsModel = (model: llm.RealtimeModel, options: AgentsModelOptions = {}): RealtimeModel => {
  if (typeof model?.session !== 'function' || typeof model.capabilities !== 'object')
    throw new TypeError('agentsModel needs an llm.RealtimeModel of @livekit/agents: one with session() and capabilities')
  const { instructions, inputSampleRate = USUAL_RATE, outputSampleRate = USUAL_RATE } = options
  for (const [name, rate] of Object.entries({ inputSampleRate, outputSampleRate }))
    if (!Number.isInteger(rate) || rate <= 0) throw new RangeError(`${name} must be a number of Hz, not ${rate}`)
  const { messageTruncation: truncate, turnDetection } = model.capabilities
  return {
    label: model.label(),
    capabilities: { truncate, turnDetection, inputSampleRate, outputSampleRate },
    session: (start, hands) => new AgentsSession(model, { ...start, instructions, inputSampleRate, outputSampleRate }, hands),
  }
}
