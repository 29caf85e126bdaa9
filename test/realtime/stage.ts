/** An agent with a scripted model in a room in virtual time, and all that it told. */
import * as assert from 'uvu/assert'
import { MultimodalAgent, type MultimodalAgentOptions } from '../../src/multimodal-agent.ts'
import type { AgentEvent, AgentEvents, SpeechMessage } from '../../src/realtime/news.ts'
import type { ModelCapabilities } from '../../src/realtime/port.ts'
import { type CallOptions, newCall } from '../fakes/call.ts'
import { FakeModel } from '../fakes/model.ts'

const names = Object.keys({
  user_started_speaking: 0,
  user_stopped_speaking: 0,
  agent_started_speaking: 0,
  agent_stopped_speaking: 0,
  user_speech_committed: 0,
  agent_speech_committed: 0,
  agent_speech_interrupted: 0,
  function_calls_collected: 0,
  function_calls_finished: 0,
  metrics_collected: 0,
  error: 0,
  closed: 0,
} satisfies Record<AgentEvent, 0>) as AgentEvent[]

export type StageOptions = Omit<CallOptions, 'options'> & {
  options?: Partial<MultimodalAgentOptions>
  model?: Partial<ModelCapabilities> & { eager?: boolean }
}
export type Told = { event: AgentEvent; payload: unknown; at: number }

/** Everything, and an agent that is not started. */
export const newStage = ({ options, model: capabilities, ...around }: StageOptions = {}) => {
  const call = newCall(around)
  const model = new FakeModel(capabilities)
  const agent = new MultimodalAgent({ model, ...options })
  const told: Told[] = []
  for (const event of names) agent.on(event, payload => told.push({ event, payload, at: call.clock.now() }))
  const events = () => told.map(({ event }) => event)
  const of = <E extends AgentEvent>(event: E) => told.flatMap(one => (one.event === event ? [one.payload as AgentEvents[E]] : []))
  const commits = (): SpeechMessage[] => [...of('agent_speech_committed'), ...of('agent_speech_interrupted')]
  const attribute = () => call.caller.attributesOf('agent')?.['lk.agent.state']
  const close = () => call.clock.runUntil(agent.close())
  return { ...call, model, agent, told, events, of, commits, attribute, close }
}
/** The same, live: started, with ann linked and hearing, and a microphone of hers. */
export const liveStage = async (options: StageOptions = {}) => {
  const stage = newStage(options)
  const mic = stage.caller.publish()
  const ear = stage.caller.hears('agent')
  await stage.clock.runUntil(stage.agent.start(stage.world))
  await stage.clock.advance(1)
  return { ...stage, mic, ear, session: stage.model.now }
}
export type Stage = ReturnType<typeof newStage>

/** Nothing of it is left, and nothing more is told whatever its sessions say. */
export const checkGone = async ({ clock, hub, caller, model, told }: Stage) => {
  await clock.settle()
  const { length } = told
  assert.equal(hub.openOf('agent'), { listeners: 0, streams: 0, timers: 0 })
  for (const session of model.sessions) {
    assert.equal([session.listeners, session.closed], [0, true])
    session.reply(100, ['Late.'])
    session.emit('input_speech_started', {})
  }
  if (caller.here) caller.leave()
  await clock.advance(60_000)
  assert.is(clock.timers, 0)
  assert.is(told.length, length, 'tells something after its end')
  assert.equal([told.at(-1)?.event, told.filter(({ event }) => event === 'closed').length], ['closed', 1])
}
