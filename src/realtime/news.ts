/** What an agent with a model tells its owner. */
import type { FunctionCall, FunctionResult, ModelMetrics } from './port.ts'

/** What was said: of the caller as it was recognised, of the agent as it was heard, with `...` where it was cut. `id`: of the model's item. */
export type SpeechMessage = { id: string; role: 'user' | 'assistant'; text: string }
/** `source`: the model, or the part of the room. Not `recoverable`: the agent closes. */
export type AgentFailure = { source: string; error: Error; recoverable: boolean }

/** Events by name, with what their listeners get. */
export type AgentEvents = {
  user_started_speaking: undefined
  user_stopped_speaking: undefined
  /** An utterance is heard, and is heard no more; the message follows the second. */
  agent_started_speaking: undefined
  agent_stopped_speaking: undefined
  user_speech_committed: SpeechMessage
  agent_speech_committed: SpeechMessage
  agent_speech_interrupted: SpeechMessage
  function_calls_collected: FunctionCall[]
  function_calls_finished: FunctionResult[]
  metrics_collected: ModelMetrics
  error: AgentFailure
  /** The last of all, once. `error`: what ended it, if a failure did. */
  closed: { reason: string; error?: unknown }
}
export type AgentEvent = keyof AgentEvents
const names: Record<AgentEvent, true> = {
  user_started_speaking: true,
  user_stopped_speaking: true,
  agent_started_speaking: true,
  agent_stopped_speaking: true,
  user_speech_committed: true,
  agent_speech_committed: true,
  agent_speech_interrupted: true,
  function_calls_collected: true,
  function_calls_finished: true,
  metrics_collected: true,
  error: true,
  closed: true,
}
/** Throws a TypeError for a name that is none, or a listener. */
export const checkListener = (event: string, listener: unknown): void => {
  if (!Object.hasOwn(names, event)) throw new TypeError(`there is no event "${event}": it tells ${Object.keys(names).join(', ')}`)
  if (typeof listener !== 'function') throw new TypeError(`a listener is a function of what is told, not a ${typeof listener}`)
}
/** One of them. */
export type AgentNews = { [E in AgentEvent]: { event: E; payload: AgentEvents[E] } }[AgentEvent]
/** Tells one of them; it must not throw. */
export type TellAgent = <E extends AgentEvent>(event: E, payload: AgentEvents[E]) => void

/** Tells each error that the agent survives once: the service tells it, and the command that it answers rejects with the same (MM-49). */
export const eachErrorOnce = (tell: TellAgent): TellAgent => {
  const told = new WeakSet<Error>()
  return (event, payload) => {
    const { error, recoverable } = Object(payload)
    const isTold = event === 'error' && recoverable && told.has(error)
    if (event === 'error') told.add(error)
    if (!isTold) tell(event, payload)
  }
}
